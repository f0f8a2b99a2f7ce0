"""What 1/|o| teaches: all 132 answers to a prompt counted, and how far their lengths move."""

import itertools
import math

import numpy as np
import pytest
import torch
from torch.autograd import gradcheck

import toycore as tc
from toycore.length import LengthConfig, length_loss

P, V, SEEDS = 6, 11, 16
SHORT_AND_LONG = {"grpo": (1.0, 1 / 2), "dr_grpo": (1.0, 1.0)}


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def weights(loss_type: str) -> torch.Tensor:
    short, long = SHORT_AND_LONG[loss_type]
    return torch.tensor([short] + [long] * V, dtype=torch.float64)


@pytest.fixture(scope="module")
def trained(world):
    return tc.train_length(world, LengthConfig(loss_type=["grpo", "dr_grpo"], seeds=SEEDS))


def by_hand(first, second, advantage, loss_type: str) -> torch.Tensor:
    """Answer by answer and word by word, as the papers write it, each weighed by its chance."""
    loss = torch.zeros((), dtype=torch.float64)
    for prompt, a, b in itertools.product(range(P), range(V), range(1 + V)):
        words = [first[prompt, a]] if b == 0 else [first[prompt, a], second[prompt, a, b]]
        whole = first[prompt, a] + second[prompt, a, b]  # the end is chosen too, but is no word
        length = len(words) if loss_type == "grpo" else 1
        loss = loss - whole.detach().exp() * advantage[prompt, a] * whole / length / P
    return loss


@pytest.mark.parametrize("loss_type", SHORT_AND_LONG)
def test_the_loss_is_the_sum_over_all_answers(loss_type):
    logits = noise(P, V).requires_grad_(), noise(P, V, 1 + V, seed=1).requires_grad_()
    advantage = noise(P, V, seed=2)
    tables = [one.log_softmax(-1) for one in logits]
    ours = length_loss(*tables, advantage, weights(loss_type))
    theirs = by_hand(*tables, advantage, loss_type)
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-12)
    pulls = (torch.autograd.grad(loss, logits, retain_graph=True) for loss in (ours, theirs))
    for mine, yours in zip(*pulls, strict=True):
        torch.testing.assert_close(mine, yours, rtol=0, atol=1e-12)


def test_what_follows_a_word_is_pushed_by_its_advantage_and_by_no_more():
    """π(a) A(a) π(b|a) (w(b) − Σ π(b′|a) w(b′)): the formula of the header, softmax by hand."""
    first, second = noise(P, V).log_softmax(-1), noise(P, V, 1 + V, seed=1).requires_grad_()
    advantage = noise(P, V, seed=2)
    for loss_type in SHORT_AND_LONG:
        weight = weights(loss_type)
        loss = length_loss(first, second.log_softmax(-1), advantage, weight)
        (gradient,) = torch.autograd.grad(loss, second)
        follows = second.detach().softmax(-1)
        mean = (follows * weight).sum(-1, keepdim=True)
        pushed = (first.exp() * advantage)[..., None] * follows * (weight - mean)
        torch.testing.assert_close(-P * gradient, pushed, rtol=0, atol=1e-14)


def check_length_is_learned(dataset) -> None:
    """With 1/|o|, in every seed: right words learn to stop, wrong ones to go on."""
    first, last = dataset.isel(step=0), dataset.isel(step=-1)
    assert (last.long_right < first.long_right - 0.1).all()
    assert (last.long_wrong > first.long_wrong + 0.01).all()


def check_length_is_not_learned(dataset) -> None:
    assert abs(dataset.long - dataset.long.isel(step=0)).max() < 1e-12
    for name in ("long_right", "long_wrong"):
        assert abs(dataset[name] - dataset[name].isel(step=0)).max() < 1e-12


def test_one_over_the_length_is_learned_and_without_it_nothing_is(trained):
    check_length_is_learned(trained.sel(loss_type="grpo"))
    check_length_is_not_learned(trained.sel(loss_type="dr_grpo"))
    assert (trained.right.isel(step=-1) > 0.98).all()
    assert trained.long.sizes == {
        "loss_type": 2, "seed": SEEDS, "step": 401, "prompt": P, "token": V,
    }  # fmt: skip


def test_a_division_that_is_forgotten_or_not_left_out_is_noticed(trained):
    with pytest.raises(AssertionError):
        check_length_is_learned(trained.sel(loss_type="dr_grpo"))
    with pytest.raises(AssertionError):
        check_length_is_not_learned(trained.sel(loss_type="grpo"))


def test_the_curves_are_those_of_the_table(world, trained):
    right = torch.zeros(P, V).index_put((torch.arange(P), world.sft_targets), torch.ones(P))
    own = (trained.long * right.numpy()).sum("token").mean("prompt")
    assert np.allclose(own, trained.long_right, rtol=0, atol=1e-12)
    start = np.exp(tc.train_sft(world, tc.SFTConfig(seeds=SEEDS)).logp) * (1 - right.numpy())
    wrong = (trained.long * start).sum("token") / start.sum("token")
    assert np.allclose(
        wrong.mean("prompt").transpose(*trained.long_wrong.dims), trained.long_wrong, atol=1e-12
    )
    assert ((trained.long > 0) & (trained.long < 1)).all()
    assert abs(trained.long.isel(step=0).mean() - 0.5) < 0.1


def test_a_run_inside_a_sweep_is_the_run_alone(world):
    axes = {"loss_type": ["grpo", "dr_grpo"], "lr": [0.5, 1.0], "steps": [3, 5]}
    sweep = tc.train_length(world, LengthConfig(seeds=[3, 5], **axes))
    one = {"loss_type": "grpo", "lr": 0.5, "steps": 3}
    alone = tc.train_length(world, LengthConfig(seeds=[5], **one))
    inside = sweep.sel(**one, seed=[5])
    for name in alone:
        told = inside[name].isel(step=slice(0, 4)).transpose(*alone[name].dims)
        assert np.allclose(told, alone[name], rtol=0, atol=1e-12)
        assert (inside[name].isel(step=-1) == inside[name].isel(step=3)).all()  # it rests


def test_gradients_are_those_of_finite_differences_but_for_the_chances():
    """The chance of an answer and its advantage are not differentiated: at a fixed chance."""
    first, second = noise(2, 3).log_softmax(-1), noise(2, 3, 4, seed=1).log_softmax(-1)
    chance = (first[..., None] + second).exp()
    advantage, weight = noise(2, 3, seed=2), torch.tensor([1.0, 0.5, 0.5, 0.5])

    def plain(one, two):
        return -(chance * advantage[..., None] * weight * (one[..., None] + two)).sum() / 2

    leaves = first.clone().requires_grad_(), second.clone().requires_grad_()
    assert gradcheck(plain, leaves)
    ours = torch.autograd.grad(length_loss(*leaves, advantage, weight), leaves)
    for mine, yours in zip(ours, torch.autograd.grad(plain(*leaves), leaves), strict=True):
        torch.testing.assert_close(mine, yours, rtol=0, atol=1e-14)


def test_shapes_that_do_not_fit_are_an_error():
    table, follows, weight = torch.zeros(P, V), torch.zeros(P, V, 1 + V), torch.ones(1 + V)
    assert length_loss(table, follows, table, weight) == 0
    for wrong in (
        (table[:, :3], follows, table, weight),
        (table, follows[..., :3], table, weight),
        (table, follows, table[:3], weight),
        (torch.tensor(1.0), torch.tensor(1.0), torch.tensor(1.0), torch.tensor(math.inf)),
    ):
        with pytest.raises(ValueError, match="shape"):
            length_loss(*wrong)
