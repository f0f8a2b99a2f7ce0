"""The models: LoRALinear, ToyLM (prompt → token logits) and ValueNet, many runs side by side.

Every weight has leading run axes: R independent models are one batched matrix product. The
loss is summed over runs before `backward`; each run's gradient is its own, because no run's
loss depends on another run's weights.

    ToyLM:  logits(x) = W_eff e_x + b,   W_eff = W + (α/r) B A       (Hu et al. 2021, eq. 3)

e_x is the embedding of prompt x. Embedding, W and b are frozen; A and B are trained. Prompts
can be enumerated, so a forward pass is the whole table (R, P, V), and a batch gathers from it.
"""

import copy
import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from toycore.engine import guards
from toycore.engine.guards import Rule
from toycore.engine.noise import generator
from toycore.engine.plain_torch import plain_torch
from toycore.errors import Phrase, say


class LoRALinear(nn.Module):
    """A frozen linear layer with a trained low-rank update (Hu et al. 2021, eq. 3):

        y = x @ weight.T + bias                                   # frozen
        y = y + x @ lora_A.T @ lora_B.T * (alpha / rank)          # trained: two thin matrices

    weight  (*runs, out, in)   frozen        lora_A  (*runs, rank, in)   Kaiming-uniform
    bias    (*runs, out)       frozen        lora_B  (*runs, out, rank)  zero at the start

    Names and shapes are PEFT's. With B = 0 the layer starts, to the bit, as the frozen one.
    ValueError if rank is not from 1 to min(in, out), or alpha is not above 0.

    A merged layer keeps W beside `weight`, as `unmerged_weight`: it is saved, moved and copied
    with the rest, so that a layer that loads a state computes and unmerges as the saved one.
    """

    @plain_torch
    def __init__(
        self,
        in_features,
        out_features,
        rank,
        alpha,
        *,
        runs=(),
        dtype=torch.float64,
        generator=None,
    ):
        super().__init__()
        in_features = Rule(int, 1).check("in_features", in_features)
        out_features = Rule(int, 1).check("out_features", out_features)
        rank = Rule(int, 1, high=min(in_features, out_features)).check("rank", rank)
        alpha = Rule(float, 0, above=True).check("alpha", alpha)
        per_run = (*runs, 1, 1) if runs else ()
        self.register_buffer("scaling", torch.full(per_run, alpha / rank, dtype=dtype))
        self.weight = _frozen(torch.empty(*runs, out_features, in_features, dtype=dtype))
        self.bias = _frozen(torch.empty(*runs, out_features, dtype=dtype))
        self.register_parameter("unmerged_weight", None)
        self.lora_A = nn.Parameter(torch.empty(*runs, rank, in_features, dtype=dtype))
        self.lora_B = nn.Parameter(torch.zeros(*runs, out_features, rank, dtype=dtype))
        bound = 1 / math.sqrt(in_features)  # Kaiming-uniform with a = √5, torch's own default
        for tensor in (self.weight, self.bias, self.lora_A):
            nn.init.uniform_(tensor, -bound, bound, generator)

    @property
    def rank(self) -> int:
        """The largest rank that ΔW can have: the number of rows of A."""
        return self.lora_A.shape[-2]

    @property
    def runs(self) -> tuple[int, ...]:
        """The leading axes of every weight."""
        return tuple(self.lora_A.shape[:-2])

    def forward(self, x: Tensor) -> Tensor:
        """(..., in) → (..., out); with runs, (*runs, N, in) → (*runs, N, out)."""
        return self._affine(x, self.weight) if self.merged else self.base(x) + self.update(x)

    def base(self, x: Tensor) -> Tensor:
        """The frozen part, x Wᵀ + b, also of a merged layer."""
        return self._affine(x, self.unmerged_weight if self.merged else self.weight)

    def _affine(self, x: Tensor, weight: Tensor) -> Tensor:
        return x @ weight.mT + (self.bias.unsqueeze(-2) if self.runs else self.bias)

    def update(self, x: Tensor) -> Tensor:
        """The trained part, (alpha/rank) (x Aᵀ) Bᵀ."""
        return (x @ self.lora_A.mT * self.scaling) @ self.lora_B.mT

    def delta_weight(self) -> Tensor:
        """ΔW = (alpha/rank) B A: (*runs, out, in), of rank at most `rank`."""
        return self.lora_B @ self.lora_A * self.scaling

    @property
    def merged(self) -> bool:
        """Whether the update is folded into `weight`, so that forward uses `weight` alone."""
        return self.unmerged_weight is not None

    # Folding makes a new tensor: a change in place would also reach a state_dict taken earlier, a
    # layer that shares the weight, and the gradients of earlier outputs.

    @torch.no_grad()
    def merge(self) -> None:
        """Fold ΔW into `weight`. Once merged, a second call changes nothing."""
        if not self.merged:
            folded = _frozen(self.weight + self.delta_weight())
            self.unmerged_weight, self.weight = self.weight, folded

    def unmerge(self) -> None:
        """Bring back the frozen weight as it was before `merge`, to the bit."""
        if self.merged:
            self.weight, self.unmerged_weight = self.unmerged_weight, None

    def _load_from_state_dict(self, state, prefix, *rest) -> None:
        """Become what was saved, merged or not; without a weight in the state, stay as it is."""
        weight, unmerged = (state.get(prefix + name) for name in ("weight", "unmerged_weight"))
        stays_merged = self.merged and weight is None
        self.unmerge()
        if weight is not None and unmerged is not None:
            self.merge()  # room for both weights
        super()._load_from_state_dict(state, prefix, *rest)
        if stays_merged:
            self.merge()


def _frozen(weight: Tensor) -> nn.Parameter:
    return nn.Parameter(weight, requires_grad=False)


class ToyLM(nn.Module):
    """The policy: R models side by side, one for each seed given, each 6 prompts → 11 logits.

    seeds                  one per run; a seed fixes the frozen base (embedding, W, b) and A
    lora_rank, lora_alpha  a number, or one value per run, (R, 1)

    The factor A of rank r is the first r rows of the seed's 11, so smaller ranks nest in
    larger ones. Where ranks differ, the rows beyond a run's rank are zero; as B starts at
    zero too, they get no gradient and stay zero.
    """

    D_MODEL = 32
    # Small embeddings keep training stable. At a spread of 1, one step of A moves the logits so
    # far that rounding errors grow a hundredfold per rollout, and no two machines agree in the end.
    EMBEDDING_STD = 1 / 8
    lora_rank: Tensor  # (R, 1)

    @plain_torch
    def __init__(self, seeds=(0,), lora_rank=8, lora_alpha=8.0, *, prompts=6, tokens=11):
        super().__init__()
        seeds = [Rule(int, 0).check(Phrase("a_seed"), seed) for seed in seeds]
        prompts = Rule(int, 1).check("prompts", prompts)
        tokens = Rule(int, 1).check("tokens", tokens)
        runs, width = len(seeds), self.D_MODEL
        if not runs:
            raise ValueError(say("at_least_one", name="seeds"))
        rule = Rule(int, 1, high=min(width, tokens))
        ranks = _column("lora_rank", lora_rank, rule, runs).long()
        alpha = _column("lora_alpha", lora_alpha, Rule(float, 0, above=True), runs)
        self.register_buffer("lora_rank", ranks.clone())
        embedding = torch.empty(runs, prompts, width, dtype=torch.float64)
        self.prompt_embed = nn.Parameter(embedding, requires_grad=False)
        drawn_below = torch.Generator()  # the global generator is left alone
        self.head = LoRALinear(
            width, tokens, int(ranks.max()), 1.0, runs=(runs,), generator=drawn_below
        )
        self.head.scaling.copy_((alpha / ranks)[..., None])
        for run, seed in enumerate(seeds):
            self._draw(run, seed, rank=int(ranks[run]))

    @torch.no_grad()
    def _draw(self, run: int, seed: int, rank: int) -> None:
        base, lora, head = generator(seed, "base"), generator(seed, "lora"), self.head
        bound = 1 / math.sqrt(self.D_MODEL)
        self.prompt_embed[run].normal_(std=self.EMBEDDING_STD, generator=base)
        head.weight[run].uniform_(-bound, bound, generator=base)
        head.bias[run].uniform_(-bound, bound, generator=base)
        head.lora_A[run].uniform_(-bound, bound, generator=lora)
        head.lora_A[run, rank:] = 0.0

    def forward(self) -> Tensor:
        """Logits of every prompt in every run: (R, P, V)."""
        return self.head(self.prompt_embed)

    def base_logits(self) -> Tensor:
        """The frozen part of the logits, (R, P, V): a training loop needs it only once."""
        return self.head.base(self.prompt_embed)

    def logp(self, base_logits: Tensor | None = None) -> Tensor:
        """Log-probabilities of every token at every prompt in every run: (R, P, V)."""
        if base_logits is None:
            logits = self()
        else:
            logits = base_logits + self.head.update(self.prompt_embed)
        return logits.log_softmax(-1)

    def trainable_fraction(self) -> Tensor:
        """Share of each run's parameters that are trained, (R,): A and B over all of them."""
        weights = (self.prompt_embed, self.head.weight, self.head.bias)
        frozen = sum(weight[0].numel() for weight in weights)
        trained = self.lora_rank[:, 0] * (self.D_MODEL + self.head.lora_B.shape[-2])
        return trained.double() / (trained + frozen)

    @plain_torch
    def select(self, index: Tensor) -> "ToyLM":
        """A copy of the runs at `index` (which may repeat), adapters included and unmerged."""
        copied = copy.deepcopy(self)
        copied.head.unmerge()
        for tensor in (*copied.parameters(), *copied.buffers()):
            tensor.data = tensor.data[index]
        return copied


def _column(name: str, value, rule: Rule, runs: int) -> Tensor:
    """A setting as one value per run, (R, 1), from a number or from one number per run."""
    values = torch.as_tensor(guards.setting(name, value, rule), dtype=torch.float64)
    if values.numel() not in (1, runs):
        allowed = Phrase("per_run", shape=(runs, 1))
        raise ValueError(guards.must(name, allowed, guards.the_shape(values)))
    return values.detach().reshape(-1, 1).expand(runs, 1)


def entries(table: Tensor, prompt: Tensor, token: Tensor) -> Tensor:
    """Each run's entries at its prompts and tokens: (R, P, V), (R, B), (R, B) → (R, B)."""
    return table.flatten(-2).gather(-1, prompt * table.shape[-1] + token)


@plain_torch
def join(models: Sequence[ToyLM]) -> ToyLM:
    """The runs of several models in one, in order and unmerged; the models stay as they are."""
    joined, *others = (model.select(torch.arange(len(model.lora_rank))) for model in models)
    groups = [[*model.parameters(), *model.buffers()] for model in (joined, *others)]
    for tensor, *others in zip(*groups, strict=True):
        tensor.data = torch.cat([tensor.data, *(other.data for other in others)])
    return joined


class ValueNet(nn.Module):
    """The critic V(x): one trained number for each prompt of each run, zero at the start.

    Prompts can be enumerated, so a table (R, P) is the most general critic there is.
    """

    @plain_torch
    def __init__(self, runs: int, prompts: int = 6):
        super().__init__()
        runs, prompts = Rule(int, 1).check("runs", runs), Rule(int, 1).check("prompts", prompts)
        self.value = nn.Parameter(torch.zeros(runs, prompts, dtype=torch.float64))

    def forward(self) -> Tensor:
        """Values of every prompt in every run: (R, P)."""
        return self.value
