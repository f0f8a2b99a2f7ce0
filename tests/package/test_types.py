"""What an editor and a type checker know of the package."""

import pytest
from mypy import api

from course import long

RIGHT = """
import numpy as np
import toycore as tc
tc.PPOConfig(kl_beta=[0.1, 0.5], clip_range=0.2, target_kl=None, seeds=8)
tc.DPOConfig(beta=np.linspace(0.1, 1, 3), loss_type=["sigmoid", "ipo"], reference_free=True)
tc.SFTConfig(lora_rank=2, steps=10).runs
"""


@pytest.fixture
def told(tmp_path):
    def told(code: str) -> str:
        path = tmp_path / "code.py"
        path.write_text(code)
        said, errors, _ = api.run([str(path)])
        assert errors == ""
        return said

    return told


@long
def test_settings_are_known_to_a_type_checker(told):
    assert told(RIGHT).startswith("Success")


@long
@pytest.mark.parametrize(
    ("code", "fault"),
    [
        ("tc.PPOConfig(kl_bata=0.1)", 'Unexpected keyword argument "kl_bata" for "PPOConfig"'),
        ("tc.SFTConfig(2)", 'Too many positional arguments for "SFTConfig"'),
        ("tc.DPOConfig().beta_ = 1", '"DPOConfig" has no attribute "beta_"'),
        ("tc.train_sft(tc.SFTConfig())", 'Argument 1 to "train_sft" has incompatible type'),
    ],
)
def test_a_wrong_call_is_underlined(told, code, fault):
    assert fault in told(f"import toycore as tc\n{code}\n")
