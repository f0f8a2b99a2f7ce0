"""The pure losses of sft, ppo and dpo: TRL's own numbers, closed forms and finite differences.

Each check is a function of a loss. The losses of the course pass it; wrong variants, built here
in one line each, must fail it.
"""

import json
import math
from functools import partial
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch.autograd import gradcheck

from toycore.dpo import DPOConfig, dpo_loss
from toycore.ppo import PPOConfig, _ppo_loss, _whiten, leash, ppo_loss, whiten
from toycore.sft import sft_loss

GOLDEN = json.loads((Path(__file__).parents[1] / "support/data/golden_trl_1.16.0.json").read_text())
CELL = torch.arange(66, dtype=torch.float64).view(6, 11)
THETA = (CELL + 1).sin().log_softmax(-1)
REF = CELL.cos().log_softmax(-1)
OLD = (CELL + 1.2).sin().log_softmax(-1)


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def exactly(value, tolerance=1e-12):
    return pytest.approx(value, rel=0, abs=tolerance)


def dpo_batch() -> tuple[torch.Tensor, ...]:
    prompt, chosen, rejected = torch.tensor(GOLDEN["dpo"]["pairs"]).T
    return tuple(table[prompt, token] for table in (THETA, REF) for token in (chosen, rejected))


def ppo_batch() -> tuple[torch.Tensor, ...]:
    """logp, old_logp, advantage, value, returns, entropy of TRL's 24 samples; nothing to value."""
    prompt, k = torch.arange(6).repeat_interleave(4), torch.arange(4).repeat(6)
    token = (3 * prompt * prompt + 2 * k + prompt * k) % 11
    advantage = (1.7 * torch.arange(24, dtype=torch.float64)).sin()
    entropy = -(THETA.exp() * THETA).sum(-1)[prompt]
    nothing = torch.zeros(24, dtype=torch.float64)
    return THETA[prompt, token], OLD[prompt, token], advantage, nothing, nothing, entropy


# One row a sample: ρ, advantage, the loss −min(ρ Â, clip(ρ, 0.8, 1.2) Â), dloss/dlogp,
# and whether the clip changes the loss.
QUADRANTS = torch.tensor(
    [
        [1.5, 1.0, -1.2, 0.0, 1],
        [1.5, -1.0, 1.5, 1.5, 0],
        [0.5, 1.0, -0.5, -0.5, 0],
        [0.5, -1.0, 0.8, 0.0, 1],
        [1.1, 2.0, -2.2, -2.2, 0],
        [1.0, -3.0, 3.0, 3.0, 0],
    ],
    dtype=torch.float64,
)


def check_sft(loss_fn) -> None:
    prompt, chosen, _ = torch.tensor(GOLDEN["dpo"]["pairs"]).T
    loss, _ = loss_fn(THETA[prompt], chosen)
    assert loss.item() == exactly(GOLDEN["dpo"]["sft"])
    uniform = torch.full((2, 5, 11), 1 / 11, dtype=torch.float64).log()
    loss, info = loss_fn(uniform, torch.zeros(5, dtype=torch.long))
    assert loss.tolist() == [exactly(math.log(11))] * 2
    logp = noise(2, 3, 11).log_softmax(-1)
    likeliest = logp.argmax(-1)
    target = torch.stack([likeliest[0], (likeliest[1] + torch.tensor([0, 1, 1])) % 11])
    loss, info = loss_fn(logp, target)
    assert loss[0].item() == exactly(-logp[0].max(-1).values.mean().item())
    assert info["accuracy"].tolist() == [1, pytest.approx(1 / 3)]


def check_dpo(loss_fn) -> None:
    golden, batch = GOLDEN["dpo"], dpo_batch()
    loss, info = loss_fn(*batch, beta=golden["beta"])
    assert loss.item() == exactly(golden["loss"])
    assert info["margin"].item() == exactly(golden["rewards/margins"])
    assert info["chosen_logp"].item() == exactly(golden["logps/chosen"])
    assert info["rejected_logp"].item() == exactly(golden["logps/rejected"])
    assert info["accuracy"].item() == exactly(golden["rewards/accuracies"], 1e-7)  # a float32
    for beta in (0.1, 3.0):
        start, info = loss_fn(*batch[2:], *batch[2:], beta=beta)
        assert start.item() == exactly(math.log(2))
        assert info["margin"].item() == 0


def check_ipo(loss_fn) -> None:
    golden, batch = GOLDEN["dpo"], dpo_batch()
    loss, info = loss_fn(*batch, beta=golden["beta"])
    assert loss.item() == exactly(golden["ipo"])
    assert info["margin"].item() == exactly(golden["rewards/margins"])
    for beta in (0.1, 3.0):
        start, _ = loss_fn(*batch[2:], *batch[2:], beta=beta)
        assert start.item() == exactly(1 / (2 * beta) ** 2)
        content = batch[2] + 0.5 / beta  # the margin is ½: nothing is left to do
        loss, _ = loss_fn(content, batch[3], *batch[2:], beta=beta)
        assert loss.item() == exactly(0)


def check_sft_term(loss_fn) -> None:
    """TRL's "sft" beside its "sigmoid" and its "ipo": the sum, each with its weight."""
    golden, batch = GOLDEN["dpo"], dpo_batch()
    for loss_type, name in (("sigmoid", "loss"), ("ipo", "ipo")):
        for share in (0, 0.2, 3):
            loss, info = loss_fn(*batch, beta=golden["beta"], loss_type=loss_type, sft_weight=share)
            assert loss.item() == exactly(golden[name] + share * golden["sft"])
            assert info["margin"].item() == exactly(golden["rewards/margins"])


def check_ppo(loss_fn) -> None:
    golden, batch = GOLDEN["grpo"], ppo_batch()
    loss, info = loss_fn(*batch, clip_range=golden["epsilon"], vf_coef=0.5, ent_coef=0.0)
    assert loss.item() == exactly(golden["clip"])
    assert info["policy_loss"].item() == exactly(golden["clip"])
    assert info["clip_fraction"].item() == exactly(golden["clip_ratio/region_mean"], 1e-8)
    loss, _ = loss_fn(*batch, clip_range=golden["epsilon"], vf_coef=0.5, ent_coef=0.01)
    assert batch[-1].mean().item() == exactly(golden["entropy"])
    assert loss.item() == exactly(golden["clip_ent0.01"])

    ratio, advantage, by_hand, slope, changed = QUADRANTS.T
    logp, zero = ratio.log().requires_grad_(), torch.zeros(len(ratio), dtype=torch.float64)
    loss, info = loss_fn(
        logp, zero, advantage, zero, zero, zero, clip_range=0.2, vf_coef=0.0, ent_coef=0.0
    )
    assert loss.item() == exactly(by_hand.mean().item())
    assert info["clip_fraction"].item() == exactly(changed.mean().item())
    assert info["approx_kl"].item() == exactly((ratio - 1 - ratio.log()).mean().item())
    (gradient,) = torch.autograd.grad(loss, logp)
    assert gradient.tolist() == exactly((slope / len(slope)).tolist())

    value, returns = torch.tensor([1.0, 3.0]).double(), torch.tensor([2.0, 7.0]).double()
    none = torch.zeros(2, dtype=torch.float64)
    loss, info = loss_fn(
        none, none, none, value, returns, none, clip_range=0.2, vf_coef=0.1, ent_coef=0.0
    )
    assert info["value_loss"].item() == exactly((1 + 16) / 2)
    assert loss.item() == exactly(0.1 * (1 + 16) / 2)


def check_runs_apart(loss_fn, arguments, **settings) -> None:
    """A leading axis of runs, each with settings of its own, equals one call per run."""
    loss, info = loss_fn(*arguments, **settings)
    assert loss.shape == (3,)
    for run in range(3):
        own = {name: value[run] for name, value in settings.items()}
        alone, alone_info = loss_fn(*(a[run] for a in arguments), **own)
        assert loss[run].item() == exactly(alone.item())
        for name, value in alone_info.items():
            assert info[name][run].item() == exactly(value.item())


check_dpo_runs = partial(
    check_runs_apart,
    arguments=[noise(3, 4, seed=i) for i in range(4)],
    beta=torch.tensor([[0.1], [0.3], [2.0]]).double(),
)
check_sft_term_runs = partial(
    check_runs_apart,
    arguments=[noise(3, 4, seed=i) for i in range(4)],
    sft_weight=torch.tensor([[0.0], [0.3], [2.0]]).double(),
)
check_ppo_runs = partial(
    check_runs_apart,
    arguments=[0.2 * noise(3, 8, seed=i) for i in range(6)],
    clip_range=torch.tensor([[0.05], [0.2], [0.4]]).double(),
    vf_coef=torch.tensor([[0.0], [0.5], [1.0]]).double(),
    ent_coef=torch.tensor([[0.1], [0.0], [0.01]]).double(),
)
check_sft_runs = partial(
    check_runs_apart, arguments=[noise(3, 4, 11), torch.tensor([[0, 3, 7, 10]] * 3)]
)


def check_gradient(loss_fn, arguments: int = 6) -> None:
    """Finite differences: each input of these losses must be differentiated, none detached."""
    inputs = [noise(2, 6, seed=i).mul(0.3).requires_grad_() for i in range(arguments)]
    assert gradcheck(lambda *i: loss_fn(*i)[0], inputs, raise_exception=False)


def test_the_sft_loss_is_trls_nll():
    check_sft(sft_loss)
    check_sft_runs(sft_loss)


def test_the_dpo_loss_and_its_logs_are_trls():
    check_dpo(dpo_loss)
    check_dpo_runs(dpo_loss)


ipo_loss = partial(dpo_loss, loss_type="ipo")


def test_the_ipo_loss_is_trls():
    check_ipo(ipo_loss)
    check_dpo_runs(ipo_loss)


def test_an_sft_term_is_trls():
    check_sft_term(dpo_loss)
    check_sft_term_runs(dpo_loss)


def test_a_pair_that_does_not_count_costs_no_sft_either():
    impossible = torch.tensor([-1.0, -math.inf]).double()
    counted, _ = dpo_loss(*[impossible] * 4, sft_weight=0.5, weight=torch.tensor([1.0, 0.0]))
    assert counted.item() == exactly(math.log(2) + 0.5)


def test_the_ppo_loss_is_trls_clip_loss_and_a_plain_squared_error():
    check_ppo(ppo_loss)
    check_ppo_runs(ppo_loss)


def test_accuracy_is_the_share_whose_likeliest_token_is_the_target_itself():
    logp = torch.eye(11).log_softmax(-1)[[3, 3, 3, 3]]  # the likeliest token is 3
    for target, share in {
        (3, 3, 3, 3): 1,
        (3, 2, 4, 3): 0.5,
        (0, 1, 2, 2): 0,
        (4, 9, 10, 3): 0.25,
    }.items():
        assert sft_loss(logp, torch.tensor(target))[1]["accuracy"] == share


def test_approx_kl_far_from_the_policy_that_sampled():
    """(ρ − 1) − log ρ, for a ratio of e² and one of e⁻³."""
    nothing = torch.zeros(1, dtype=torch.float64)
    for log_ratio in (2.0, -3.0):
        _, info = ppo_loss(nothing + log_ratio, *[nothing] * 5)
        assert info["approx_kl"].item() == exactly(math.exp(log_ratio) - 1 - log_ratio)


def test_without_settings_a_loss_has_those_of_its_config():
    settings = ("clip_range", "vf_coef", "ent_coef")
    said = {name: getattr(PPOConfig(), name) for name in settings}
    logp, old_logp, advantage, value, _, entropy = ppo_batch()
    batch = (logp, old_logp, advantage, value, advantage, entropy)  # something to value
    assert torch.equal(ppo_loss(*batch)[0], ppo_loss(*batch, **said)[0])
    settings = ("beta", "loss_type", "reference_free", "sft_weight")
    said = {name: getattr(DPOConfig(), name) for name in settings}
    assert torch.equal(dpo_loss(*dpo_batch())[0], dpo_loss(*dpo_batch(), **said)[0])


def test_gradients_are_those_of_finite_differences():
    check_gradient(partial(ppo_loss, clip_range=0.2, vf_coef=0.5, ent_coef=0.01))
    per_run = torch.tensor([[0.1], [0.3]]).double()
    check_gradient(partial(ppo_loss, clip_range=per_run, vf_coef=per_run, ent_coef=per_run))
    check_gradient(partial(dpo_loss, beta=3), arguments=4)
    check_gradient(partial(dpo_loss, beta=3, reference_free=True), arguments=4)
    check_gradient(partial(ipo_loss, beta=per_run), arguments=4)
    check_gradient(partial(dpo_loss, sft_weight=per_run), arguments=4)
    weight = noise(2, 6).softmax(-1)
    check_gradient(partial(dpo_loss, beta=per_run, weight=weight), arguments=4)
    logits = noise(2, 6, 11).requires_grad_()
    target = torch.tensor([0, 3, 10, 3, 5, 1])
    assert gradcheck(lambda z: sft_loss(z.log_softmax(-1), target)[0], [logits])


def test_no_gradient_flows_through_the_logs_of_a_loss():
    inputs = [noise(6, seed=i).requires_grad_() for i in range(6)]
    for info in (ppo_loss(*inputs)[1], dpo_loss(*inputs[:4])[1]):
        assert not any(value.requires_grad for value in info.values())


def test_reference_free_dpo_is_dpo_with_a_uniform_reference():
    chosen, rejected, ref_chosen, ref_rejected = dpo_batch()
    uniform = torch.full_like(chosen, -math.log(11))
    free, info = dpo_loss(chosen, rejected, ref_chosen, ref_rejected, beta=2, reference_free=True)
    even, even_info = dpo_loss(chosen, rejected, uniform, uniform, beta=2)
    assert free.item() == exactly(even.item())
    assert info == {name: exactly(value.item()) for name, value in even_info.items()}


def test_a_weight_counts_a_pair_as_often_as_repeating_it_does():
    batch, times = dpo_batch(), torch.tensor([3, 1, 4, 1, 5])
    repeated, repeated_info = dpo_loss(*(b.repeat_interleave(times) for b in batch))
    weighed, info = dpo_loss(*batch, weight=times.double() / times.sum())
    assert weighed.item() == exactly(repeated.item())
    assert info == {name: exactly(value.item()) for name, value in repeated_info.items()}


def test_counted_cells_weigh_as_much_as_their_samples():
    """Loss, logs and gradients, where the clip acts on both sides; some cells are never drawn."""
    cell = torch.randint(66, (3, 90), generator=torch.Generator().manual_seed(0))
    count = torch.stack([torch.bincount(one, minlength=66) for one in cell]).double()
    assert (count == 0).any()
    assert (count > 2).any()
    old, advantage, returns = (noise(3, 66, seed=seed) for seed in (1, 2, 3))
    leaves = [old + 0.3 * noise(3, 66, seed=4), noise(3, 66, seed=5), noise(3, 6, seed=6)]
    logp, value, entropy = (leaf.requires_grad_() for leaf in leaves)
    asked = (0.2, torch.tensor([[0.0], [0.5], [2.0]]).double(), 0.01)
    samples = [x.gather(-1, cell) for x in (logp, old, _whiten(advantage, count, 90))]
    samples += [x.gather(-1, cell) for x in (value, returns)]
    assert torch.allclose(samples[2], whiten(advantage.gather(-1, cell)), rtol=0, atol=1e-12)
    cells = logp, old, _whiten(advantage, count, 90), value, returns
    due, due_info = _ppo_loss(*samples, entropy, *asked)
    loss, info = _ppo_loss(*cells, entropy, *asked, share=count / 90)
    assert info["clip_fraction"].min() > 0.1
    for ours, theirs in ((loss, due), *((info[name], due_info[name]) for name in due_info)):
        assert torch.allclose(ours, theirs, rtol=0, atol=1e-12)
    slopes = (torch.autograd.grad(one.sum(), leaves) for one in (loss, due))
    for ours, theirs in zip(*slopes, strict=True):
        assert torch.allclose(ours, theirs, rtol=0, atol=1e-12)


def test_the_leash_costs_beta_kl_on_average_and_differs_from_token_to_token():
    reward, beta = noise(6, 11), 0.3
    held = leash(reward, THETA, REF, beta)
    assert torch.allclose(held, reward - 0.3 * THETA + 0.3 * REF, rtol=0, atol=1e-12)
    cost = (THETA.exp() * (reward - held)).sum(-1)
    kl = F.kl_div(REF, THETA, reduction="none", log_target=True).sum(-1)
    assert torch.allclose(cost, beta * kl, rtol=0, atol=1e-12)
    assert (reward - held).std(-1).min() > 0.1
    betas = torch.tensor([[0.0], [1.0]]).double()
    runs = leash(reward[:2], THETA[:2], REF[:2], betas)
    assert torch.equal(runs[0], reward[0])
    assert torch.allclose(runs[1], reward[1] - THETA[1] + REF[1], rtol=0, atol=1e-12)


def test_whitened_advantages_have_mean_0_and_are_divided_by_their_spread_and_a_tenth():
    advantage = 5 + 3 * noise(2, 64)
    white = whiten(advantage)
    for row, given in zip(white, advantage, strict=True):
        by_hand = (given - given.mean()) / (given.std() + 0.1)
        assert torch.allclose(row, by_hand, rtol=0, atol=1e-12)
    assert white.mean(-1).tolist() == exactly([0, 0])
    assert whiten(1e6 * advantage).std(-1).tolist() == exactly([1, 1], 1e-6)


def test_whitening_does_not_blow_up_rounding_errors():
    """At the optimum the leashed reward is one number for all tokens, but for its last digits."""
    assert whiten(torch.full((4,), 7.0)).tolist() == [0, 0, 0, 0]
    assert whiten(7 + 1e-15 * noise(64)).abs().max() < 1e-13


def dpo_variant(margin, mean=lambda values: values.mean(-1), loss=lambda m: -F.logsigmoid(m)):
    """A DPO loss whose margin, mean or loss is what is given; the rest is right."""

    def variant(chosen, rejected, ref_chosen, ref_rejected, *, beta):
        value = margin(chosen, rejected, ref_chosen, ref_rejected, beta)
        info = {
            "chosen_logp": mean(chosen),
            "rejected_logp": mean(rejected),
            "margin": mean(value),
            "accuracy": mean((value > 0).double()),
        }
        return mean(loss(value)), info

    return variant


def right_margin(c, r, rc, rr, beta):
    return beta * (c - r - rc + rr)


def ipo_variant(loss):
    """An IPO loss: `loss` of the margin and beta."""

    def variant(chosen, rejected, ref_chosen, ref_rejected, *, beta):
        margin = right_margin(chosen, rejected, ref_chosen, ref_rejected, beta)
        return loss(margin, beta).mean(-1), {"margin": margin.mean(-1)}

    return variant


def without_sft_term(*logps, sft_weight, **settings):
    return dpo_loss(*logps, **settings)


def sft_term(of):
    def loss_fn(chosen, rejected, ref_chosen, ref_rejected, *, sft_weight, **settings):
        loss, info = dpo_loss(chosen, rejected, ref_chosen, ref_rejected, **settings)
        return loss - sft_weight * of(chosen, rejected, ref_chosen).mean(-1), info

    return loss_fn


def ppo_variant(
    surrogate=lambda ratio, clipped, a: -torch.minimum(ratio * a, clipped * a),
    fraction=lambda ratio, clipped, a, eps: (clipped * a < ratio * a).double(),
    value_scale=1.0,
    entropy_sign=-1.0,
    mean=lambda values: values.mean(-1),
):
    """A PPO loss with one part replaced."""

    def variant(logp, old, advantage, value, returns, entropy, *, clip_range, vf_coef, ent_coef):
        ratio = (logp - old).exp()
        clipped = ratio.clamp(1 - clip_range, 1 + clip_range)
        policy = surrogate(ratio, clipped, advantage)
        error = value_scale * (value - returns).square()
        info = {
            "policy_loss": mean(policy),
            "value_loss": mean(error),
            "clip_fraction": mean(fraction(ratio, clipped, advantage, clip_range)),
            "approx_kl": mean(ratio - 1 - ratio.log()),
        }
        return mean(policy + vf_coef * error + entropy_sign * ent_coef * entropy), info

    return variant


def sft_variant(loss):
    def variant(logp, target):
        target = target.expand(logp.shape[:-1])
        accuracy = (logp.argmax(-1) == target).double().mean(-1)
        return loss(logp.gather(-1, target[..., None]).squeeze(-1)), {"accuracy": accuracy}

    return variant


def test_the_variants_are_right_but_for_the_part_that_is_replaced():
    check_sft(sft_variant(lambda picked: -picked.mean(-1)))
    check_dpo(dpo_variant(right_margin))
    check_dpo_runs(dpo_variant(right_margin))
    check_ipo(ipo_variant(lambda m, beta: ((m - 0.5) / beta).square()))
    check_ppo(ppo_variant())
    check_ppo_runs(ppo_variant())


def over_runs(values):
    return values.mean(0)


WRONG = {
    "sft: missing minus": (check_sft, sft_variant(lambda p: p.mean(-1))),
    "sft: probability, not its logarithm": (check_sft, sft_variant(lambda p: -p.exp().mean(-1))),
    "sft: bits, not nats": (check_sft, sft_variant(lambda p: -p.mean(-1) / math.log(2))),
    "sft: a sum": (check_sft, sft_variant(lambda p: -p.sum(-1))),
    "sft: mean over the wrong axis": (check_sft_runs, sft_variant(lambda p: -p.mean(0))),
    "dpo: missing beta": (check_dpo, dpo_variant(lambda c, r, rc, rr, b: c - r - rc + rr)),
    "dpo: beta divides": (check_dpo, dpo_variant(lambda c, r, rc, rr, b: (c - r - rc + rr) / b)),
    "dpo: chosen and rejected swapped": (
        check_dpo,
        dpo_variant(lambda c, r, rc, rr, b: right_margin(r, c, rr, rc, b)),
    ),
    "dpo: policy and reference swapped": (
        check_dpo,
        dpo_variant(lambda c, r, rc, rr, b: right_margin(rc, rr, c, r, b)),
    ),
    "dpo: no reference": (check_dpo, dpo_variant(lambda c, r, rc, rr, b: b * (c - r))),
    "dpo: reference added": (check_dpo, dpo_variant(lambda c, r, rc, rr, b: b * (c - r + rc - rr))),
    "dpo: missing minus": (check_dpo, dpo_variant(right_margin, loss=F.logsigmoid)),
    "dpo: no logarithm": (check_dpo, dpo_variant(right_margin, loss=lambda m: -m.sigmoid())),
    "dpo: a sum": (check_dpo, dpo_variant(right_margin, mean=lambda values: values.sum(-1))),
    "dpo: mean over the wrong axis": (check_dpo_runs, dpo_variant(right_margin, mean=over_runs)),
    "ipo: the sigmoid loss": (check_ipo, dpo_loss),
    "ipo: a target of 1": (check_ipo, ipo_variant(lambda m, b: ((m - 1) / b).square())),
    "ipo: beta forgotten": (check_ipo, ipo_variant(lambda m, b: (m - 0.5).square())),
    "ipo: the target not divided by beta": (
        check_ipo,
        ipo_variant(lambda m, b: (m / b - 0.5).square()),
    ),
    "sft term: left out": (check_sft_term, without_sft_term),
    "sft term: of the rejected": (check_sft_term, sft_term(lambda c, r, rc: r)),
    "sft term: missing minus": (check_sft_term, sft_term(lambda c, r, rc: -c)),
    "sft term: against the reference": (check_sft_term, sft_term(lambda c, r, rc: c - rc)),
    "ipo: no square": (check_ipo, ipo_variant(lambda m, b: (m - 0.5).abs() / b)),
    "ppo: maximum for minimum": (
        check_ppo,
        ppo_variant(lambda ratio, clipped, a: -torch.maximum(ratio * a, clipped * a)),
    ),
    "ppo: missing minus": (
        check_ppo,
        ppo_variant(lambda ratio, clipped, a: torch.minimum(ratio * a, clipped * a)),
    ),
    "ppo: always clipped": (check_ppo, ppo_variant(lambda ratio, clipped, a: -clipped * a)),
    "ppo: no clip": (check_ppo, ppo_variant(lambda ratio, clipped, a: -ratio * a)),
    "ppo: log-probability for ratio": (
        check_ppo,
        ppo_variant(lambda ratio, clipped, a: -ratio.log() * a),
    ),
    "ppo: clip fraction in CleanRL's meaning": (
        check_ppo,
        ppo_variant(fraction=lambda ratio, clipped, a, eps: ((ratio - 1).abs() > eps).double()),
    ),
    "ppo: half the squared error": (check_ppo, ppo_variant(value_scale=0.5)),
    "ppo: entropy is punished": (check_ppo, ppo_variant(entropy_sign=1.0)),
    "ppo: a sum": (check_ppo, ppo_variant(mean=lambda values: values.sum(-1))),
    "ppo: mean over the wrong axis": (check_ppo_runs, ppo_variant(mean=over_runs)),
    "gradient: the entropy bonus detached": (
        check_gradient,
        lambda *i: ppo_loss(*i[:5], i[5].detach()),
    ),
    "gradient: the policy detached": (check_gradient, lambda *i: ppo_loss(i[0].detach(), *i[1:])),
}


@pytest.mark.parametrize(("check", "loss_fn"), WRONG.values(), ids=WRONG)
def test_a_wrong_loss_is_rejected(check, loss_fn):
    with pytest.raises(AssertionError):
        check(loss_fn)
