"""A reward model, learned from preference pairs: lesson 7.

    judge    P(y_c ≻ y_r | x) = σ(r(x, y_c) − r(x, y_r))           (Bradley & Terry 1952)
    loss     L = −mean log σ(r̂(x, y_c) − r̂(x, y_r))                (Ouyang et al. 2022, eq. 1)
    model    r̂(x, y) = U_x · V_y + b_y                             rank k: U (P, k), V (V, k)
    ridge    L + ridge · (|U|² + |V|² + |b|²)

At rank 0 an answer is worth b_y whatever was asked; at rank 6 any table of 6 prompts can be told.
Between them the model must make prompts share what it knows, and where they do not agree it errs:
that is what a policy which climbs r̂ finds (Gao et al. 2022).

With r̂ = β log(π_θ/π_ref) this is the loss of DPO. Any table is such a log-ratio, up to a number
for each prompt that no pair can see. So, without a ridge and at full rank, DPO ends at the π* of
this r̂: exact.optimal_policy(run.ref_logp, run.reward, β).

Where all pairs agree, r̂ grows for as long as training lasts; the ridge makes it stop.

What one step deletes: an answer is one token, and there are 66 of them. So r̂ is a table, where a
language model would read a whole answer and give a number at its last token.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from toycore.engine import guards
from toycore.engine.optim import Adam
from toycore.engine.settings import Numbers, Settings, Wholes, config, setting
from toycore.errors import in_its_language
from toycore.model import ToyLM, entries
from toycore.progress import progress
from toycore.run import History, Run, check, run_sweep
from toycore.start import starting_policy, starting_run
from toycore.world import World


@config
class RewardModelConfig(Settings):
    """Settings of `train_reward_model`. Any number may be a sequence: the run covers them all."""

    per_loop = ("steps",)

    # k, in how many ways prompts may differ in what they reward; 0: in none, 6: in all
    rank: Wholes = setting(default=6, low=0, high=6)
    # weight of the squared parameters; larger: rewards nearer to 0, and to one another
    ridge: Numbers = setting(default=1e-3, low=0)
    # Adam's learning rate at the start; it falls linearly to 0 at the end
    lr: Numbers = setting(default=0.1, low=0, above=True)
    # updates, each on all pairs
    steps: Wholes = setting(default=200, low=1)
    # a count, or the seed numbers themselves
    seeds: Wholes = 1


def reward_model_loss(
    chosen_reward: Tensor, rejected_reward: Tensor
) -> tuple[Tensor, dict[str, Tensor]]:
    """Bradley–Terry loss, in nats. Where all answers are worth the same it is ln 2.

    chosen_reward, rejected_reward  (..., B) r̂ of the two answers of a pair; gradients flow

    Returns the loss (...), a mean over B, and info, each (...): `margin`, the mean of
    r̂_c − r̂_r; `accuracy`, the share of pairs with a positive margin (TRL's names).
    """
    chosen, rejected = guards.batches(chosen_reward=chosen_reward, rejected_reward=rejected_reward)
    margin = chosen - rejected
    return _reward_model_loss(margin, torch.full_like(margin, 1 / margin.shape[-1]))


def _reward_model_loss(margin: Tensor, weight: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
    """The same of pairs that count by their weights, shares of one whole: (..., B) both."""
    loss = -(weight * F.logsigmoid(margin)).sum(-1)
    with torch.no_grad():
        info = {
            "margin": (weight * margin).sum(-1),
            "accuracy": (weight * (margin > 0)).sum(-1),
        }
    return loss, info


@in_its_language
def train_reward_model(
    world: World, config: RewardModelConfig, pairs, start: Run | None = None
) -> Run:
    """Learn from preference pairs what answers are worth: `run.reward`, r̂ of every answer.

    pairs  (N, 3) rows of (prompt, chosen, rejected), labels or indices, for all seeds; or
           (S, N, 3), one set for each of the S seeds
    start  the reference that the pairs were drawn from and that a policy is to stay near (default:
           the default SFT of the same seeds). It is not trained: `run.logp` and `run.ref_logp` are
           its log-probabilities, beside `run.reward`, with the same dims

    History, before each step and after the last: `loss` (nats, without the ridge), `accuracy` and
    `margin` over the pairs. Below full rank the loss has several minima; training starts where it
    falls most steeply, and ends in one of the lower ones.
    """
    check(world, config, RewardModelConfig)
    distinct, weight = world.distinct_pairs(pairs, len(config.seeds))
    start = starting_run(world, config, start)
    return run_sweep(_train, world, config, start, distinct, weight)


def _train(
    world: World, config, start: Run, pairs: Tensor, weight: Tensor
) -> tuple[ToyLM, Tensor, History, Tensor]:
    policy = starting_policy(start, config)
    weight = config.per_run(weight)
    prompt, *answers = (column.expand(config.runs, -1) for column in pairs.T)
    model = _starting_model(world, config.column("rank"), pairs, weight)
    left, right, bias = model
    optimizer = Adam(model, lr=config.shared("lr"))
    ridge = config.column("ridge").squeeze(-1)
    history = History(config.runs, config.steps)

    for step in progress(range(config.steps + 1), "progress.reward_model", world.language):
        reward = left @ right.mT + bias  # r̂ = U Vᵀ + b
        chosen, rejected = (entries(reward, prompt, answer) for answer in answers)
        loss, info = _reward_model_loss(chosen - rejected, weight)
        history.record(step, loss=loss, **info)
        if step < config.steps:
            size = sum(part.square().sum((-2, -1)) for part in model)
            (loss + ridge * size).sum().backward()
            optimizer.step(decay=1 - step / config.steps)

    return policy, policy.logp().detach(), history, reward.detach()


def _starting_model(world: World, rank: Tensor, pairs: Tensor, weight: Tensor) -> list[Tensor]:
    """U (R, P, P), V (R, V, P) and b (R, 1, V) with r̂ = 0; in U, rank columns are not 0.

    They are the leading singular vectors of wins less losses: of all tables of rank k, the one
    along which the loss falls most steeply is made of them. The other columns get no gradient
    from V, nor V from them: they stay 0.
    """
    prompts, tokens = world.reward.shape
    prompt, chosen, rejected = pairs.T
    wins = weight.new_zeros(len(weight), prompts * tokens)
    wins.index_add_(1, prompt * tokens + chosen, weight)
    wins.index_add_(1, prompt * tokens + rejected, -weight)
    wins = wins.view(-1, prompts, tokens)
    # A little more weight on each later prompt: of two equal singular values no processor need
    # choose which is the first.
    order = torch.linspace(1, 1.1, prompts, dtype=wins.dtype)[:, None]
    left = torch.linalg.svd(order * wins)[0]
    left = left * (torch.arange(prompts) < rank)[:, None]
    shapes = ((tokens, prompts), (1, tokens))
    rest = [wins.new_zeros(len(wins), *shape) for shape in shapes]
    return [part.requires_grad_() for part in (left, *rest)]
