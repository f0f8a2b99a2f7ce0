"""Lesson 5 where a library or an instruction is missing: it runs, and says what is true there."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell

from builder.execution import execute
from course import ROOT, long

NOTHING = """
import sys, torch
import torch.ao.quantization
del torch.ao.quantization.quantize_dynamic
del torch._int_mm
sys.modules["torchao"] = None  # an import of it fails
"""
OLD = """
import sys, types, torch
torchao = types.ModuleType("torchao")
torchao.quantization = types.ModuleType("torchao.quantization")
torchao.quantization.quantize_ = lambda model, config: None  # a version with other names
sys.modules.update({"torchao": torchao, "torchao.quantization": torchao.quantization})
true_int_mm = torch._int_mm
torch._int_mm = lambda a, b: true_int_mm(a, b) + 1  # as on CPUs where it is wrong
"""
MACHINES = [
    pytest.param("tr/05_nicemleme", NOTHING, "torch.ao", id="nothing"),
    pytest.param("en/05_quantization", OLD, "torchao", id="old or wrong", marks=long),
]


@pytest.mark.parametrize(("name", "prelude", "missing"), MACHINES)
def test_lesson_5_says_the_same_numbers_and_what_is_missing(name, prelude, missing):
    path = ROOT / "notebooks" / f"{name}.ipynb"
    stored = nbformat.read(path, as_version=4)
    changed = nbformat.read(path, as_version=4)
    changed.cells.insert(0, new_code_cell(prelude, id="prelude"))
    changed.cells.append(new_code_cell("tc.quantization.matmul.why_not_int_mm()", id="why"))
    done = execute(path, changed)
    for before, after in zip(stored.cells, done.cells[1:-1], strict=True):
        if "nbval-ignore-output" not in before.metadata.get("tags", ()):
            assert said(after) == said(before)
    (races,) = (said(cell) for cell in done.cells if "print(races[64]" in cell.source)
    assert "INT8, bizim" in races
    assert f"ölçülmedi: {missing}: " in races
    assert f"\n{missing} " not in races
    assert "_int_mm" in said(done.cells[-1])


def said(cell) -> str:
    """Everything that a cell has printed or shown, as text."""
    outputs = cell.get("outputs", ())
    return "".join(o.get("text") or o.get("data", {}).get("text/plain", "") for o in outputs)
