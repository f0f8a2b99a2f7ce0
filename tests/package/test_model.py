"""LoRA, the policy, the critic and Adam: shapes, the identity at the start, what stays frozen."""

import math

import pytest
import torch
from torch import nn

import toycore as tc
from toycore.engine.optim import Adam
from toycore.model import join


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def trained_layer(rank: int = 4, alpha: float = 8.0, runs: tuple = ()) -> tc.LoRALinear:
    """A layer of 32 → 11 whose weights are all set, lora_B included."""
    layer = tc.LoRALinear(32, 11, rank, alpha, runs=runs)
    for seed, tensor in enumerate((layer.weight, layer.bias, layer.lora_A, layer.lora_B)):
        tensor.data = noise(*tensor.shape, seed=seed)
    return layer


def check_forward(layer: tc.LoRALinear, alpha: float, rank: int) -> None:
    """y = W x + b + (α/r) B A x, one sample and one unit at a time."""
    x = noise(6, 32, seed=9)
    w, b = layer.weight.detach(), layer.bias.detach()
    down, up = layer.lora_A.detach(), layer.lora_B.detach()
    by_hand = [
        [w[o] @ row + b[o] + alpha / rank * (up[o] @ (down @ row)) for o in range(11)] for row in x
    ]
    assert torch.allclose(layer(x), torch.tensor(by_hand), rtol=0, atol=1e-12)


def test_names_and_shapes_are_pefts_and_only_the_factors_are_trained():
    layer = tc.LoRALinear(32, 11, rank=4, alpha=8)
    shapes = {name: tuple(p.shape) for name, p in layer.named_parameters()}
    assert shapes == {"weight": (11, 32), "bias": (11,), "lora_A": (4, 32), "lora_B": (11, 4)}
    trained = [name for name, p in layer.named_parameters() if p.requires_grad]
    assert trained == ["lora_A", "lora_B"]
    assert all(p.dtype == torch.float64 for p in layer.parameters())


def test_lora_b_is_zero_and_lora_a_kaiming_uniform_at_the_start():
    layer = tc.LoRALinear(32, 11, rank=11, alpha=8)
    assert not layer.lora_B.any()
    bound = 1 / math.sqrt(32)
    assert 0.9 * bound < layer.lora_A.abs().max() <= bound
    assert layer.lora_A.std().item() == pytest.approx(bound / math.sqrt(3), rel=0.1)


def test_a_new_adapter_leaves_the_frozen_layer_as_it_is_to_the_bit():
    layer, frozen = tc.LoRALinear(32, 11, 4, 8), nn.Linear(32, 11, dtype=torch.float64)
    frozen.load_state_dict({"weight": layer.weight, "bias": layer.bias})
    for x in (noise(32), noise(6, 32)):
        assert torch.allclose(layer(x), frozen(x), rtol=0, atol=1e-14)
        with_adapter = layer(x)
        layer.merge()
        assert torch.equal(layer(x), with_adapter)
        layer.unmerge()


def test_the_policy_at_the_start_is_the_frozen_base_to_the_bit(world):
    model = tc.ToyLM(seeds=range(3), lora_rank=8)
    base = model.select(torch.arange(3))
    base.head.lora_A.data.zero_()
    assert torch.equal(model.logp(), base.logp())
    run = tc.train_sft(world, tc.SFTConfig(seeds=3, steps=1))
    assert torch.equal(torch.tensor(run.ref_logp.values), base.logp())
    logits = torch.stack(
        [
            e @ w.T + b
            for e, w, b in zip(model.prompt_embed, model.head.weight, model.head.bias, strict=True)
        ]
    )
    assert torch.allclose(model.logp(), logits.log_softmax(-1), rtol=0, atol=1e-14)


@pytest.mark.parametrize(("rank", "alpha"), [(1, 8.0), (4, 8.0), (11, 1.0)])
def test_the_update_is_scaled_by_alpha_over_rank(rank, alpha):
    layer = trained_layer(rank, alpha)
    check_forward(layer, alpha, rank)
    update = alpha / rank * layer.lora_B @ layer.lora_A
    assert torch.allclose(layer.delta_weight(), update, rtol=0, atol=1e-12)
    assert torch.linalg.matrix_rank(layer.delta_weight()) == rank


@pytest.mark.parametrize("scaling", [8.0, 8.0 / 2, 4 / 8.0, 1.0], ids=["α", "α/√r", "r/α", "1"])
def test_another_scaling_is_rejected(scaling):
    layer = trained_layer(rank=4, alpha=8.0)
    layer.scaling.fill_(scaling)
    with pytest.raises(AssertionError):
        check_forward(layer, alpha=8.0, rank=4)


def test_a_policy_scales_each_run_by_its_own_alpha_over_its_own_rank():
    settings = [(1, 8.0), (3, 8.0), (8, 2.0)]
    ranks, alphas = (torch.tensor(values)[:, None] for values in zip(*settings, strict=True))
    many = tc.ToyLM((0, 1, 2), ranks, alphas)
    for run, (rank, alpha) in enumerate(settings):
        alone = tc.ToyLM((run,), rank, alpha)
        up = noise(11, rank, seed=run)
        alone.head.lora_B.data[0] = many.head.lora_B.data[run, :, :rank] = up
        weight = alone.head.weight[0] + alpha / rank * up @ alone.head.lora_A[0]
        logits = alone.prompt_embed[0] @ weight.T + alone.head.bias[0]
        assert torch.allclose(alone()[0], logits, rtol=0, atol=1e-12)
        assert torch.allclose(many()[run], logits, rtol=0, atol=1e-12)


def test_one_sample_a_batch_and_a_stack_of_batches_give_the_same_numbers():
    layer, x = trained_layer(), noise(5, 6, 32, seed=9)
    stacked = layer(x)
    assert stacked.shape == (5, 6, 11)
    assert torch.allclose(layer(x[2]), stacked[2], rtol=0, atol=1e-12)
    assert torch.allclose(layer(x[2, 3]), stacked[2, 3], rtol=0, atol=1e-12)


def test_a_layer_of_many_runs_is_as_many_layers():
    many, x = trained_layer(runs=(3,)), noise(3, 6, 32, seed=9)
    for run in range(3):
        alone = tc.LoRALinear(32, 11, 4, 8)
        for name, tensor in alone.named_parameters():
            tensor.data = getattr(many, name)[run].detach()
        assert torch.allclose(many(x)[run], alone(x[run]), rtol=0, atol=1e-12)


def test_the_gradient_of_the_factors_is_that_of_finite_differences():
    layer, x = trained_layer(), noise(3, 32, seed=9)

    def forward(down, up):
        return torch.func.functional_call(layer, {"lora_A": down, "lora_B": up}, (x,))

    assert torch.autograd.gradcheck(forward, (layer.lora_A, layer.lora_B))


def test_each_seed_draws_a_base_and_a_factor_of_its_own_wherever_it_stands():
    many = tc.ToyLM(seeds=(3, 0, 8))
    names = ("prompt_embed", "head.weight", "head.bias", "head.lora_A")
    for run, seed in enumerate((3, 0, 8)):
        alone = tc.ToyLM(seeds=(seed,))
        for name in names:
            assert torch.equal(many.get_parameter(name)[run], alone.get_parameter(name)[0])
    for name in names:
        first, second, third = many.get_parameter(name)
        assert not torch.equal(first, second)
        assert not torch.equal(second, third)


def test_embeddings_have_a_spread_of_an_eighth_and_all_else_is_uniform_as_torch_draws_it():
    model, bound = tc.ToyLM(seeds=range(64)), 1 / math.sqrt(32)
    assert model.prompt_embed.std().item() == pytest.approx(1 / 8, rel=0.03)
    for tensor in (model.head.weight, model.head.bias, model.head.lora_A):
        assert 0.99 * bound < tensor.abs().max() <= bound
        assert tensor.std().item() == pytest.approx(bound / math.sqrt(3), rel=0.03)


def test_a_policy_of_nothing_but_defaults_is_seed_0_rank_8_and_alpha_8():
    default, said = tc.ToyLM(), tc.ToyLM((0,), 8, 8.0, prompts=6, tokens=11)
    assert default.state_dict().keys() == said.state_dict().keys()
    for name, tensor in said.state_dict().items():
        assert torch.equal(default.state_dict()[name], tensor)


def test_at_the_start_only_lora_b_has_a_gradient(world):
    model = tc.ToyLM(seeds=range(3))
    loss, _ = tc.sft.sft_loss(model.logp(), world.sft_targets)
    loss.sum().backward()
    assert not model.head.lora_A.grad.any()
    assert model.head.lora_B.grad.abs().amax((1, 2)).min() > 1e-3
    frozen = (model.prompt_embed, model.head.weight, model.head.bias)
    assert [tensor.grad for tensor in frozen] == [None] * 3


def test_training_moves_the_factors_and_nothing_else(world):
    run = tc.train_sft(world, tc.SFTConfig(seeds=[4, 7]))
    fresh = tc.ToyLM(seeds=[4, 7])
    for name, tensor in fresh.named_parameters():
        trained = run.model.get_parameter(name)
        if name in ("head.lora_A", "head.lora_B"):
            assert (trained - tensor).abs().amax((1, 2)).min() > 1e-3
        else:
            assert torch.equal(trained, tensor)


def test_merge_folds_the_update_in_and_unmerge_brings_the_weight_back_to_the_bit():
    layer, x = trained_layer(), noise(6, 32, seed=9)
    weight, y = layer.weight.clone(), layer(x)
    layer.unmerge()
    assert torch.equal(layer.weight, weight)
    layer.merge()
    once = layer.weight.clone()
    assert torch.allclose(once, weight + 2 * layer.lora_B @ layer.lora_A, rtol=0, atol=1e-12)
    assert torch.allclose(layer(x), y, rtol=0, atol=1e-12)
    layer.merge()
    assert torch.equal(layer.weight, once)
    layer.unmerge()
    assert torch.equal(layer.weight, weight)
    assert torch.equal(layer(x), y)


def test_smaller_ranks_nest_in_larger_ones_and_rows_beyond_a_rank_stay_zero(world):
    run = tc.train_sft(world, tc.SFTConfig(lora_rank=[1, 4, 8], seeds=2, steps=20))
    fresh = tc.ToyLM((0, 1), 8)
    for rank in (1, 4, 8):
        model = run.sel(lora_rank=rank).model
        assert not model.head.lora_A[:, rank:].any()
        assert not model.head.lora_B[:, :, rank:].any()
        assert model.head.lora_B[:, :, :rank].abs().amax(1).min() > 0
        own = tc.ToyLM((0, 1), rank)
        assert torch.equal(own.head.lora_A, fresh.head.lora_A[:, :rank])


@pytest.mark.parametrize("rank", [0, -1, 12, True, 2.0, "4", None])
def test_a_rank_out_of_bounds_is_an_error_that_says_so(rank):
    with pytest.raises(
        (ValueError, TypeError), match="rank must be a whole number of at least 1 and at most 11"
    ):
        tc.LoRALinear(32, 11, rank, 8.0)
    with pytest.raises(
        (ValueError, TypeError), match="rank must be a whole number of at least 1 and at most 3"
    ):
        tc.LoRALinear(3, 11, rank, 8.0)


def test_a_width_of_one_is_a_layer_and_of_none_is_an_error():
    for widths in ((1, 5), (5, 1)):
        assert tc.LoRALinear(*widths, 1, 8.0)(noise(3, widths[0])).shape == (3, widths[1])
    for name, widths in {"in_features": (0, 5), "out_features": (5, 0)}.items():
        with pytest.raises(ValueError, match=f"{name} must be a whole number of at least 1"):
            tc.LoRALinear(*widths, 1, 8.0)


@pytest.mark.parametrize("alpha", [0, -1.0, math.nan, math.inf])
def test_an_alpha_that_is_not_above_0_is_an_error(alpha):
    with pytest.raises(ValueError, match="alpha must be a finite number above 0"):
        tc.LoRALinear(32, 11, 4, alpha)


def tensors(model: tc.ToyLM) -> dict[str, torch.Tensor]:
    return {**dict(model.named_parameters()), **dict(model.named_buffers())}


def test_select_copies_runs_adapters_included_and_shares_no_memory():
    model = tc.ToyLM(seeds=range(3))
    model.head.lora_B.data = noise(*model.head.lora_B.shape)
    before = {name: tensor.clone() for name, tensor in tensors(model).items()}
    chosen = model.select(torch.tensor([2, 0, 2]))
    assert torch.equal(chosen.logp(), model.logp()[[2, 0, 2]])
    for tensor in tensors(chosen).values():
        tensor.data += 1
    assert all(torch.equal(tensor, before[name]) for name, tensor in tensors(model).items())


def test_select_of_a_merged_policy_is_the_same_policy_unmerged():
    model = tc.ToyLM(seeds=range(2))
    model.head.lora_B.data = noise(*model.head.lora_B.shape)
    logp = model.logp()
    model.head.merge()
    assert torch.equal(model.select(torch.tensor([1])).logp(), logp[1:])
    assert model.head.merged


def test_join_puts_runs_side_by_side_and_shares_no_memory():
    parts = [tc.ToyLM(seeds=(0, 1)), tc.ToyLM(seeds=(5,))]
    before = [part.logp().clone() for part in parts]
    joined = join(parts)
    assert torch.equal(joined.logp(), torch.cat(before))
    for tensor in tensors(joined).values():
        tensor.data += 1
    assert all(torch.equal(part.logp(), was) for part, was in zip(parts, before, strict=True))
    assert sum(1 for p in joined.parameters() if p.requires_grad) == 2
    assert torch.equal(join(parts[1:]).logp(), before[1])


def test_the_trainable_share_is_pefts():
    ranks = torch.tensor([[1], [4], [8]])
    # PEFT on the same embedding of 6 × 32 and head of 32 → 11, r = 4: 172 of 727.
    share = tc.ToyLM((0, 1, 2), ranks).trainable_fraction()
    assert share[1].item() == pytest.approx(172 / 727, abs=1e-12)
    counts = [rank * (32 + 11) for rank in (1, 4, 8)]
    by_hand = [count / (count + 6 * 32 + 11 * 32 + 11) for count in counts]
    assert share.tolist() == pytest.approx(by_hand, abs=1e-12)
    wide = tc.ToyLM((0,), 2, tokens=40).trainable_fraction()
    trained = 2 * (32 + 40)
    assert wide.item() == pytest.approx(trained / (trained + 6 * 32 + 40 * 32 + 40), abs=1e-12)


def test_the_critic_has_one_number_for_each_prompt_of_each_run_and_starts_at_zero():
    critic, returns = tc.ValueNet(2), noise(2, 6)
    assert torch.equal(critic(), torch.zeros(2, 6, dtype=torch.float64))
    (critic() - returns).square().mul(0.5).sum().backward()
    (value,) = critic.parameters()
    value.data -= value.grad  # one step of Newton on a squared error: there at once
    assert torch.equal(critic(), returns)


def adams(lrs: list[float], active=None, steps: int = 30, decay: bool = True):
    """The weights after `steps` of our Adam over all runs, and of torch's, one run at a time."""
    start, gradients = noise(len(lrs), 4, 3), noise(steps, len(lrs), 4, 3, seed=1)
    factor = [1 - step / steps if decay else 1.0 for step in range(steps)]
    ours = nn.Parameter(start.clone())
    optimizer = Adam([ours], lr=torch.tensor(lrs, dtype=torch.float64)[:, None])
    for step, gradient in enumerate(gradients):
        ours.grad = gradient.clone()
        moving = None if active is None else active[step]
        optimizer.step(decay=factor[step], active=moving)
    theirs = []
    for run, lr in enumerate(lrs):
        alone = nn.Parameter(start[run].clone())
        plain = torch.optim.Adam([alone], lr=lr)
        for step, gradient in enumerate(gradients):
            if active is None or active[step][run]:
                plain.param_groups[0]["lr"] = lr * factor[step]
                alone.grad = gradient[run].clone()
                plain.step()
        theirs.append(alone.detach())
    return ours.detach(), torch.stack(theirs), start


def test_adam_is_torchs_with_a_rate_of_its_own_for_each_run():
    ours, theirs, _ = adams([1e-3, 3e-2, 1.0])
    assert torch.allclose(ours, theirs, rtol=0, atol=1e-12)


def test_an_inactive_run_waits_and_then_moves_as_if_it_had_not_waited():
    active = noise(30, 3, 1, seed=2) > 0
    active[0] = True
    active[1:25, 1] = False
    ours, theirs, _ = adams([1e-2, 1e-2, 0.1], active)
    assert torch.allclose(ours, theirs, rtol=0, atol=1e-12)


def test_a_run_that_is_never_active_does_not_move():
    active = torch.tensor([[True], [False]]).expand(30, 2, 1)
    ours, theirs, start = adams([1e-2, 1e-2], active)
    assert torch.equal(ours[1], start[1])
    assert torch.allclose(ours, theirs, rtol=0, atol=1e-12)


def test_with_both_factors_zero_neither_ever_learns(world):
    model = tc.ToyLM(seeds=[0])
    model.head.lora_A.data.zero_()
    tc.sft.sft_loss(model.logp(), world.sft_targets)[0].sum().backward()
    assert (model.head.lora_A.grad == 0).all()
    assert (model.head.lora_B.grad == 0).all()
