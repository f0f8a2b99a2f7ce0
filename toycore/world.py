"""The world: 6 prompts, 11 tokens, one step. Rewards, SFT targets and preference pairs.

Both languages share the indices, so every number of the course is the same in both.
"""

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from toycore import language as words
from toycore.engine import guards
from toycore.engine.noise import generator, sample_index, sample_token
from toycore.engine.plain_torch import plain_torch
from toycore.engine.threads import one_thread
from toycore.errors import Phrase, in_its_language, say

# Token and prompt indices; the labels are in language.py.
HELPFUL = (0, 2, 3, 4, 7, 8)  # yes, please, thanks, help, medical, summarize
HARMFUL = (5, 6)  # insult, bad
NEUTRAL = (1, 9, 10)  # no, long, short
SFT_TARGETS = (3, 4, 7, 1, 8, 10)  # what a good answer to each prompt would be
PAIR = Phrase("pair")
PREFERENCE_PAIRS = ((3, 1, 5), (1, 4, 6), (2, 7, 6), (4, 8, 6), (0, 3, 5))


class World:
    """What the learner's policy lives in: prompts, tokens, and what each answer is worth.

    prompts, tokens    labels, tuples of P = 6 and V = 11 strings
    reward             (P, V) float64
    sft_targets        (P,) token indices
    preference_pairs   (5, 3) rows of (prompt, chosen, rejected) indices

    Rewards are given by class (`helpful`, `harmful`, `neutral`: the same for every prompt, a
    keyword reward) or as any finite (P, V) table. TypeError or ValueError for anything else.
    """

    @in_its_language
    @plain_torch
    def __init__(
        self,
        helpful: float = 1.0,
        harmful: float = -1.0,
        neutral: float = 0.2,
        *,
        reward=None,
        language: str = "en",
    ):
        self.language = words.check(language)
        self.prompts = words.PROMPTS[language]
        self.tokens: tuple[str, ...] = words.TOKENS[language]
        self.sft_targets = torch.tensor(SFT_TARGETS)
        self.preference_pairs = torch.tensor(PREFERENCE_PAIRS)
        by_class = {"helpful": helpful, "harmful": harmful, "neutral": neutral}
        by_class = {name: guards.ANY.check(name, value) for name, value in by_class.items()}
        if reward is None:
            self.reward = self._reward_by_class(by_class)
        elif tuple(by_class.values()) == (1.0, -1.0, 0.2):
            self.reward = self._reward_table(reward)
        else:
            raise ValueError(say("both_rewards"))

    def __repr__(self) -> str:
        return f"World({len(self.prompts)} prompts, {len(self.tokens)} tokens, {self.language})"

    @in_its_language
    def prompt(self, label: str | int) -> int:
        """Index of a prompt, from its label in this world's language or from the index itself."""
        return _index("prompt", label, self.prompts)

    @in_its_language
    def token(self, label: str | int) -> int:
        """Index of a token, from its label in this world's language or from the index itself."""
        return _index("token", label, self.tokens)

    @in_its_language
    @plain_torch
    def pairs(self, rows: Sequence) -> Tensor:
        """Preference pairs as (N, 3) indices, from rows (prompt, chosen, rejected).

        Prompts and tokens may be labels or indices. Chosen and rejected must differ.
        """
        if isinstance(rows, Tensor | np.ndarray):
            return self._index_pairs(guards.tensor("pairs", rows, PAIR))
        if not isinstance(rows, Sequence) or isinstance(rows, str) or len(rows) == 0:
            raise ValueError(guards.must("pairs", Phrase("rows"), repr(rows)))
        table = []
        for row in rows:
            if not isinstance(row, Sequence) or isinstance(row, str) or len(row) != 3:
                raise ValueError(say("a_pair", got=repr(row)))
            table.append((self.prompt(row[0]), self.token(row[1]), self.token(row[2])))
        return self._index_pairs(torch.tensor(table))

    def _index_pairs(self, table: Tensor) -> Tensor:
        """The same for a table of indices, all rows at once: there may be a million of them."""
        if table.ndim != 2 or table.shape[1] != 3 or len(table) == 0:
            allowed = Phrase("rows_of", pair=PAIR)
            raise ValueError(guards.must("pairs", allowed, tuple(table.shape)))
        if table.is_floating_point():
            raise ValueError(guards.must("pairs", PAIR, table.dtype))
        table = table.long()
        limits = torch.tensor([len(self.prompts), *[len(self.tokens)] * 2])
        wrong = ((table < 0) | (table >= limits)).any(-1)
        if bool(wrong.any()):
            prompt, *answers = table[wrong][0].tolist()
            self.prompt(prompt), *map(self.token, answers)  # the error says which
        same = table[:, 1] == table[:, 2]
        if bool(same.any()):
            prompt, token, _ = table[same][0].tolist()
            found = (self.prompts[prompt], self.tokens[token], self.tokens[token])
            raise ValueError(say("same_answer", got=found))
        return table

    @in_its_language
    @one_thread
    @plain_torch
    def distinct_pairs(self, pairs, seeds: int) -> tuple[Tensor, Tensor]:
        """Each pair once, (M, 3), and each seed's share of it, (S, M): a step costs M, not N.

        pairs: (N, 3) for all seeds, or (S, N, 3), as the method `pairs` takes; else ValueError.
        """
        per_seed = getattr(pairs, "ndim", None) == 3
        if per_seed and len(pairs) != seeds:
            allowed = Phrase("sets", seeds=seeds)
            raise ValueError(guards.must("pairs", allowed, tuple(pairs.shape)))
        sets = [self.pairs(one) for one in pairs] if per_seed else [self.pairs(pairs)] * seeds
        tokens = len(self.tokens)
        shares = torch.zeros(seeds, len(self.prompts) * tokens**2, dtype=torch.float64)
        for share, (prompt, chosen, rejected) in zip(shares, (one.T for one in sets), strict=True):
            kind = (prompt * tokens + chosen) * tokens + rejected
            share += torch.bincount(kind, minlength=len(share)).double() / len(kind)
        kind = shares.any(0).nonzero().squeeze(-1)
        pair, rejected = kind // tokens, kind % tokens
        return torch.stack([pair // tokens, pair % tokens, rejected], -1), shares[:, kind]

    @in_its_language
    @one_thread
    @plain_torch
    def sample_preferences(self, ref_logp, n: int, seed: int) -> Tensor:
        """n preference pairs that a Bradley–Terry judge of this world's reward would give.

        Prompts are equally likely; both tokens are drawn from the reference (the second
        given that it differs from the first); the judge prefers token a to b with
        probability σ(r(x, a) − r(x, b)).

        ref_logp: (..., P, V) log-probabilities of the reference. Returns (..., n, 3) indices
        (prompt, chosen, rejected). ValueError unless two tokens or more are possible at each
        prompt; otherwise there would be nothing to compare.
        """
        ref_logp = guards.policy("ref_logp", ref_logp, (len(self.prompts), len(self.tokens)))
        alone = (ref_logp > -math.inf).sum(-1) < 2
        if bool(alone.any()):
            prompt = int(alone.nonzero()[0, -1])
            raise ValueError(say("two_tokens", prompt=repr(self.prompts[prompt])))
        n = guards.number("n", n, guards.Rule(int, 1))
        seed = guards.number("seed", seed, guards.Rule(int, 0))
        noise = torch.rand(
            (4, *ref_logp.shape[:-2], n),
            generator=generator(seed, "preferences"),
            dtype=torch.float64,
        )
        prompt = sample_index(len(self.prompts), noise[0])
        first = sample_token(ref_logp, prompt, noise[1])
        # The row of a prompt and a first answer: the reference without that answer.
        others = ref_logp[..., None, :].expand(*ref_logp.shape, len(self.tokens)).clone()
        others.diagonal(dim1=-2, dim2=-1).fill_(-math.inf)
        others = others.log_softmax(-1).flatten(-3, -2)
        second = sample_token(others, prompt * len(self.tokens) + first, noise[2])
        gap = self.reward[prompt, first] - self.reward[prompt, second]
        wins = noise[3] < torch.sigmoid(gap)
        chosen, rejected = torch.where(wins, first, second), torch.where(wins, second, first)
        return torch.stack([prompt, chosen, rejected], -1)

    def _reward_by_class(self, by_class: dict[str, float]) -> Tensor:
        row = torch.empty(len(self.tokens), dtype=torch.float64)
        for value, members in zip(by_class.values(), (HELPFUL, HARMFUL, NEUTRAL), strict=True):
            row[list(members)] = value
        return row.repeat(len(self.prompts), 1)

    def _reward_table(self, reward) -> Tensor:
        shape = (len(self.prompts), len(self.tokens))
        table = guards.table("reward", reward, Phrase("reward_table", shape=shape)).detach()
        table = table.double().clone()
        if tuple(table.shape) != shape:
            due = Phrase("reward_shape", shape=shape)
            raise ValueError(say("shape", name="reward", shape=due, got=tuple(table.shape)))
        if not bool(torch.isfinite(table).all()):
            raise ValueError(say("not_finite", name="reward"))
        return table


def _index(kind: str, label: str | int, labels: tuple[str, ...]) -> int:
    if isinstance(label, str) and label in labels:
        return labels.index(label)
    try:
        return int(guards.number(kind, label, guards.Rule(int, 0, high=len(labels) - 1)))
    except (TypeError, ValueError):
        told = {"kind": Phrase(f"kind.{kind}"), "label": repr(label), "most": len(labels) - 1}
        raise ValueError(say("no_label", labels=", ".join(labels), **told)) from None
