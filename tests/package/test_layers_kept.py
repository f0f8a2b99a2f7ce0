"""A layer answers the same after any save, load, copy or move, merged or not; or it is refused.

The answers are x Wᵀ + b + s (x Aᵀ) Bᵀ, computed here from the weights that were drawn.
"""

import copy
import io
import pickle

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import toycore as tc
from toycore.model import join

EXAMPLES = settings(max_examples=100, deadline=None, derandomize=True)


def noise(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def drawn(seed: int = 0, rank: int = 2, alpha: float = 8.0, runs: tuple = ()) -> tc.LoRALinear:
    """A layer of 5 → 3, every weight of which is a random number, lora_B included."""
    layer = tc.LoRALinear(5, 3, rank, alpha, runs=runs)
    for place, parameter in enumerate(layer.parameters()):
        parameter.data = noise(*parameter.shape, seed=10 * seed + place)
    return layer


def x_of(layer: tc.LoRALinear) -> torch.Tensor:
    return noise(*layer.runs, 4, 5, seed=99)


def by_hand(layer: tc.LoRALinear) -> torch.Tensor:
    """What an unmerged layer has to answer."""
    assert not layer.merged
    weight = layer.weight + layer.scaling * layer.lora_B @ layer.lora_A
    bias = layer.bias[..., None, :] if layer.runs else layer.bias
    return (x_of(layer) @ weight.mT + bias).detach()


def base(layer: tc.LoRALinear) -> torch.Tensor:
    assert not layer.merged
    bias = layer.bias[..., None, :] if layer.runs else layer.bias
    return (x_of(layer) @ layer.weight.mT + bias).detach()


def near(a: torch.Tensor, b: torch.Tensor, atol: float = 1e-12) -> bool:
    return a.shape == b.shape and torch.allclose(a.double(), b.double(), rtol=0, atol=atol)


def check(layer: tc.LoRALinear, answer: torch.Tensor, frozen: torch.Tensor) -> None:
    """It answers so, merged and unmerged in turn, and so does its frozen part."""
    x = x_of(layer)
    for turn in (lambda: None, layer.unmerge, layer.merge, layer.unmerge):
        turn()
        assert near(layer(x), answer)
        assert near(layer.base(x), frozen)
        assert near(layer.base(x) + layer.update(x), answer)


def saved(state: dict) -> dict:
    """The state after a file, loaded safely."""
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


def made(layer: tc.LoRALinear, merged: bool) -> tc.LoRALinear:
    if merged:
        layer.merge()
    return layer


# --- save and load --------------------------------------------------------------------------------

FORMS = {
    "as it is": lambda state: state,
    "a copy": copy.deepcopy,
    "a file": saved,
    "a pickle": lambda state: pickle.loads(pickle.dumps(state)),
}


@EXAMPLES
@given(
    merged=st.booleans(),
    onto=st.booleans(),
    form=st.sampled_from(sorted(FORMS)),
    runs=st.sampled_from([(), (1,), (3,), (2, 2)]),
    alpha=st.sampled_from([1e-3, 1.0, 8.0, 64.0]),
    strict=st.booleans(),
    assign=st.booleans(),
)
def test_a_loaded_layer_answers_as_the_saved_one(merged, onto, form, runs, alpha, strict, assign):
    layer = drawn(runs=runs, alpha=alpha)
    answer, frozen = by_hand(layer), base(layer)
    state = FORMS[form](made(layer, merged).state_dict())
    other = made(drawn(1, runs=runs), onto)
    keys = other.load_state_dict(state, strict=strict, assign=assign)
    assert not keys.missing_keys
    assert not keys.unexpected_keys
    assert other.merged == merged
    assert not other.weight.requires_grad
    check(other, answer, frozen)
    # Nor did a change of the one reach the other.
    made(layer, not merged)
    check(layer, answer, frozen)


@EXAMPLES
@given(before=st.booleans(), steps=st.lists(st.booleans(), min_size=1, max_size=4))
def test_a_state_stays_what_it_was_when_the_layer_is_merged_or_unmerged_later(before, steps):
    layer = drawn()
    answer, frozen = by_hand(layer), base(layer)
    state = made(layer, before).state_dict()
    for merge in steps:
        layer.merge() if merge else layer.unmerge()
    other = drawn(1)
    other.load_state_dict(state)
    check(other, answer, frozen)


@pytest.mark.parametrize("onto", [False, True])
def test_a_state_of_factors_alone_is_an_adapter_for_the_layers_own_weight(onto):
    layer, adapter = drawn(), drawn(1, alpha=4.0)
    chosen = {n: t for n, t in made(adapter, True).state_dict().items() if n in FACTORS}
    weight = layer.weight + 2 * adapter.lora_B @ adapter.lora_A
    answer, frozen = x_of(layer) @ weight.mT + layer.bias, base(layer)
    made(layer, onto).load_state_dict(chosen, strict=False)
    assert layer.merged == onto
    assert near(layer.weight, weight if onto else layer.weight)
    check(layer, answer, frozen)


FACTORS = ("lora_A", "lora_B", "scaling")


@pytest.mark.parametrize("onto", [False, True])
def test_a_state_of_the_frozen_weight_alone_brings_a_base_for_the_layers_own_adapter(onto):
    layer, plain = drawn(), nn.Linear(5, 3, dtype=torch.float64)
    weight = plain.weight + 4 * layer.lora_B @ layer.lora_A
    answer = x_of(layer) @ weight.mT + plain.bias
    made(layer, onto).load_state_dict(plain.state_dict(), strict=False)
    check(layer, answer, plain(x_of(layer)))


def test_the_merged_weight_is_what_a_plain_layer_needs():
    layer, plain = drawn(), nn.Linear(5, 3, dtype=torch.float64)
    answer = by_hand(layer)
    state = made(layer, True).state_dict()
    plain.load_state_dict({name: state[name] for name in ("weight", "bias")})
    assert near(plain(x_of(layer)), answer)


@pytest.mark.parametrize("onto", [False, True])
@pytest.mark.parametrize("merged", [False, True])
@pytest.mark.parametrize("size", [{"rank": 1}, {"runs": (2,)}, {"runs": (1,)}])
@pytest.mark.parametrize("strict", [False, True])
def test_weights_of_another_size_are_refused(size, merged, onto, strict):
    state = made(drawn(1, **size), merged).state_dict()
    layer = drawn()
    answer, frozen = by_hand(layer), base(layer)
    with pytest.raises(RuntimeError, match="size mismatch for lora_A"):
        made(layer, onto).load_state_dict(state, strict=strict)
    if "runs" in size:  # then nothing fits, and nothing has changed
        check(layer, answer, frozen)


def test_half_of_a_merged_state_is_refused():
    state = made(drawn(), True).state_dict()
    for missing in ("weight", "lora_A", "scaling", "bias"):
        part = {name: tensor for name, tensor in state.items() if name != missing}
        with pytest.raises(RuntimeError, match=f'Missing key.*"{missing}"'):
            drawn(1).load_state_dict(part)
    only = {"unmerged_weight": state["unmerged_weight"]}
    other = drawn(1)
    answer, frozen = by_hand(other), base(other)
    assert other.load_state_dict(only, strict=False).unexpected_keys == ["unmerged_weight"]
    check(other, answer, frozen)


def test_the_state_of_an_unmerged_layer_is_as_it_always_was():
    assert [*drawn().state_dict()] == ["weight", "bias", "lora_A", "lora_B", "scaling"]
    merged = made(drawn(), True).state_dict()
    assert set(merged) - set(drawn().state_dict()) == {"unmerged_weight"}


# --- copies and moves -----------------------------------------------------------------------------


def through_a_file(layer: tc.LoRALinear) -> tc.LoRALinear:
    file = io.BytesIO()
    torch.save(layer, file)
    file.seek(0)
    return torch.load(file, weights_only=False)


COPIES = {
    "deepcopy": copy.deepcopy,
    "copy": copy.copy,
    "pickle": lambda layer: pickle.loads(pickle.dumps(layer)),
    "torch.save": through_a_file,
    "in a module": lambda layer: copy.deepcopy(nn.Sequential(layer))[0],
}


@pytest.mark.parametrize("merged", [False, True])
@pytest.mark.parametrize("how", COPIES)
def test_a_copy_answers_the_same(how, merged):
    layer = drawn(runs=(2,))
    answer, frozen = by_hand(layer), base(layer)
    copied = COPIES[how](made(layer, merged))
    assert (copied.merged, copied.rank, copied.runs) == (merged, 2, (2,))
    check(copied, answer, frozen)


def test_a_shallow_copy_is_the_same_layer():
    layer = drawn()
    answer, frozen = by_hand(layer), base(layer)
    other = copy.copy(layer)
    layer.merge()
    check(other, answer, frozen)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_what_is_kept_of_a_merged_layer_moves_with_it(dtype):
    layer, plain = drawn().to(dtype), drawn().to(dtype)
    weight = layer.weight.clone()
    made(layer.double(), True).to(dtype)
    assert {tensor.dtype for tensor in layer.state_dict().values()} == {dtype}
    layer.unmerge()
    assert torch.equal(layer.weight, weight)
    x = x_of(layer).to(dtype)
    assert torch.equal(layer(x), plain(x))
    assert made(layer, True).to("meta").unmerged_weight.is_meta


def test_a_state_of_another_dtype_is_that_state_rounded():
    layer = drawn()
    answer = by_hand(layer)
    other = made(drawn(1).float(), True)
    other.load_state_dict(made(layer, True).state_dict())
    x = x_of(layer).float()
    for turn in (lambda: None, other.unmerge):
        turn()
        assert near(other(x), answer, 1e-4)


def test_a_layer_called_with_the_state_of_another_answers_as_that_one():
    for merged in (False, True):
        layer = drawn()
        answer = by_hand(layer)
        state = made(layer, merged).state_dict()
        other = drawn(1)
        mine, frozen = by_hand(other), base(other)
        assert near(torch.func.functional_call(other, state, (x_of(layer),)), answer)
        check(other, mine, frozen)


def test_a_merged_layer_called_with_an_unmerged_state_is_refused_where_torch_is_strict():
    layer, state = made(drawn(), True), drawn(1).state_dict()
    with pytest.raises(RuntimeError, match=r"Missing key.*unmerged_weight"):
        torch.func.functional_call(layer, state, (x_of(layer),), strict=True)


# --- while merged ---------------------------------------------------------------------------------


def test_merging_twice_is_merging_once():
    layer = drawn()
    answer, frozen = by_hand(layer), base(layer)
    made(layer, True).merge()
    check(layer, answer, frozen)


def test_merging_leaves_alone_who_shares_the_weight():
    layer, tied = drawn(), nn.Linear(5, 3, dtype=torch.float64)
    tied.weight = layer.weight
    before = tied(x_of(layer))
    layer.merge()
    assert torch.equal(tied(x_of(layer)), before)
    layer.unmerge()
    assert layer.weight is tied.weight


def test_merging_leaves_alone_the_gradient_of_an_answer_given_before():
    layer, x = drawn(), x_of(drawn()).requires_grad_()
    weight = (layer.weight + layer.scaling * layer.lora_B @ layer.lora_A).detach()
    answer = layer(x)
    layer.merge()
    answer.sum().backward()
    assert near(x.grad, weight.sum(0).expand(4, 5))


def test_a_merged_layer_refuses_to_be_trained_and_learns_again_unmerged():
    layer = made(drawn(), True)
    assert [n for n, p in layer.named_parameters() if p.requires_grad] == ["lora_A", "lora_B"]
    with pytest.raises(RuntimeError, match="does not require grad"):
        layer(x_of(layer)).sum().backward()
    layer.unmerge()
    layer(x_of(layer)).sum().backward()
    assert layer.lora_B.grad.any()


def test_factors_changed_while_merged_count_from_the_next_merge_on():
    layer, other = made(drawn(), True), drawn(1)
    with torch.no_grad():
        layer.lora_A.copy_(other.lora_A)
        layer.lora_B.copy_(other.lora_B)
    layer.unmerge()
    check(layer, by_hand(layer), base(layer))


def test_an_optimizer_goes_on_with_the_weight_that_it_was_given():
    layer = drawn()
    layer.weight.requires_grad_()
    weight = layer.weight
    layer.merge()
    layer.unmerge()
    assert layer.weight is weight
    assert layer.weight.requires_grad


# --- the policy -----------------------------------------------------------------------------------


def policy(seeds=(0, 1), rank=2, alpha=8.0) -> tc.ToyLM:
    model = tc.ToyLM(seeds, rank, alpha)
    model.head.lora_B.data = noise(*model.head.lora_B.shape, seed=sum(seeds))
    return model


def merged_policy(*arguments) -> tc.ToyLM:
    model = policy(*arguments)
    model.head.merge()
    return model


@pytest.mark.parametrize("onto", [policy, merged_policy])
@pytest.mark.parametrize("saved_from", [policy, merged_policy])
def test_a_policy_that_loads_another_is_that_one(saved_from, onto):
    ranks = torch.tensor([[1], [3]])
    right = policy((0, 1), ranks, 2.0)
    model = onto((5, 6), 3)
    model.load_state_dict(saved_from((0, 1), ranks, 2.0).state_dict())
    for turn in (lambda: None, model.head.unmerge, model.head.merge):
        turn()
        assert near(model.logp(), right.logp())
        assert near(model.base_logits(), right.base_logits())
        assert near(model.logp(model.base_logits()), right.logp())
        assert torch.equal(model.trainable_fraction(), right.trainable_fraction())
    assert torch.equal(model.lora_rank, ranks)


def test_a_policy_that_loads_the_embedding_alone_stays_merged():
    model, other = merged_policy(), policy((5, 6))
    model.load_state_dict({"prompt_embed": other.prompt_embed}, strict=False)
    assert model.head.merged
    with torch.no_grad():
        right = policy()
        right.prompt_embed.copy_(other.prompt_embed)
    assert near(model.logp(), right.logp())
    assert near(model.head.weight, right.head.weight + right.head.delta_weight())


@settings(EXAMPLES, max_examples=30)
@given(
    chosen=st.lists(st.integers(0, 2), max_size=4),
    merged=st.tuples(st.booleans(), st.booleans()),
    ranks=st.lists(st.integers(1, 4), min_size=3, max_size=3),
)
def test_select_and_join_know_merged_policies(chosen, merged, ranks):
    ranks = torch.tensor(ranks)[:, None]
    parts = [policy((0, 1, 2), ranks), policy((7, 8, 9), ranks.flip(0))]
    if ranks.max() != ranks.flip(0).max():
        return
    right = [part.logp() for part in parts]
    for part, merge in zip(parts, merged, strict=True):
        made(part.head, merge)
    picked = parts[0].select(torch.tensor(chosen, dtype=torch.long))
    assert torch.equal(picked.logp(), right[0][chosen])
    joined = join(parts)
    assert torch.equal(joined.logp(), torch.cat(right))
    assert (picked.head.runs, joined.head.runs) == ((len(chosen),), (6,))
    assert not joined.head.merged
    assert tuple(part.head.merged for part in parts) == merged
    for part, answer in zip(parts, right, strict=True):
        assert near(part.logp(), answer)


def test_a_merged_policy_is_a_start_like_any_other(world):
    config = tc.PPOConfig(rollouts=2, seeds=2)
    start = tc.train_sft(world, tc.SFTConfig(seeds=2))
    right = tc.train_ppo(world, config, start)
    start.model.head.merge()
    run = tc.train_ppo(world, config, start)
    assert run.logp.equals(right.logp)
    assert run.ref_logp.equals(right.ref_logp)
