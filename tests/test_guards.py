"""The message says which argument, what came and what is allowed."""

import math

import pytest
import torch

import toycore as tc

TABLE = torch.zeros(6, 11).log_softmax(-1)
B = torch.zeros(3)

WRONG = {
    "a shape": (lambda: tc.exact.kl(TABLE, TABLE[:, :4]), ValueError, r"ref_logp \(6, 4\)"),
    "no table": (lambda: tc.exact.entropy(B), ValueError, r"\(\.\.\., prompts, tokens\).*\(3,\)"),
    "truth values": (lambda: tc.exact.entropy(TABLE > 0), TypeError, "logp .* torch.bool"),
    "no tensor": (lambda: tc.dpo.dpo_loss([0.0], B, B, B), TypeError, "chosen_logp .* got \\[0"),
    "whole numbers": (lambda: tc.dpo.dpo_loss(B.long(), B, B, B), TypeError, "chosen_logp .*int64"),
    "a batch": (lambda: tc.ppo.ppo_loss(B, B[:2], B, B, B, B), ValueError, r"old_logp \(2,\)"),
    "an index": (
        lambda: tc.sft.sft_loss(TABLE, torch.full((6,), 11)),
        ValueError,
        "target must be from 0 to 10; got 11 to 11",
    ),
    "a target": (lambda: tc.sft.sft_loss(TABLE, torch.zeros(6)), TypeError, "target .*float32"),
    "one prompt alone": (
        lambda: tc.sft.sft_loss(TABLE[0], torch.tensor(3)),
        ValueError,
        r"the shape must be \(\.\.\., B\), for logp .* target \(\), batch \(\)",
    ),
    "a run": (lambda: tc.plots.curves(TABLE, "kl"), TypeError, "run must be a toycore.Run"),
    "a policy": (
        lambda: tc.plots.policies(tc.World(), before=TABLE.exp()),
        ValueError,
        r"before must be log-probabilities \(\.\.\., 6, 11\), none above 0; .*0\.09",
    ),
    "no policy": (lambda: tc.plots.policies(tc.World()), ValueError, "at least one table.* none"),
    "a picture": (
        lambda: tc.widgets.slider("a", [1.0], lambda _: "picture"),
        TypeError,
        "what draw returns must be a toycore.Picture; got 'picture'",
    ),
    "a value": (
        lambda: tc.widgets.slider("a", [1.0, "2"], None),
        TypeError,
        "a value of 'a' must be a number; got '2'",
    ),
}


@pytest.mark.parametrize("more", [2, 7])
def test_targets_of_more_batches_than_there_are_predictions_are_refused(more):
    target = torch.zeros(more, 6, dtype=torch.long)
    with pytest.raises(ValueError, match=r"target must be .* got \(., 6\) for logp \(6, 11\)"):
        tc.sft.sft_loss(TABLE, target)
    assert tc.sft.sft_loss(TABLE.expand(more, 6, 11), target[0])[0].shape == (more,)


DPO = ("chosen_logp", "rejected_logp", "ref_chosen_logp", "ref_rejected_logp")
PPO = ("logp", "old_logp", "advantage", "value", "returns", "entropy")


@pytest.mark.parametrize("wrong", [*DPO, *PPO])
def test_each_argument_of_a_loss_is_looked_at(wrong):
    loss, names = (tc.dpo.dpo_loss, DPO) if wrong in DPO else (tc.ppo.ppo_loss, PPO)
    with pytest.raises(TypeError, match=f"^{wrong} must be a torch.Tensor; got None"):
        loss(**dict.fromkeys(names, B) | {wrong: None})
    with pytest.raises(ValueError, match=rf"{wrong} \(3, 0\)"):
        loss(**dict.fromkeys(names, B) | {wrong: B.new_zeros(3, 0)})


def test_dpo_without_a_reference_looks_at_none():
    given = dict(zip(DPO, (B, B, None, None), strict=True))
    assert tc.dpo.dpo_loss(**given, reference_free=True)[0].item() == pytest.approx(math.log(2))


@pytest.mark.parametrize(("call", "kind", "message"), WRONG.values(), ids=WRONG)
def test_the_argument_what_came_and_what_is_allowed_are_named(call, kind, message):
    with pytest.raises(kind, match=message):
        call()
