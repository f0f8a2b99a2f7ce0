"""Lesson 8's own trainer calls, as they stand in the notebook: the package's, and that they run."""

import dataclasses
import re

import nbformat
import pytest

import toycore as tc
from course import NOTEBOOKS
from toycore import real
from toycore.model import LoRALinear
from toycore.real import groups, pairs, sft

pytestmark = pytest.mark.long

WORLD = tc.World()
LESSONS = [path for path in NOTEBOOKS if path.stem.startswith("08")]
NOT_COMPARED = ("output_dir", "run_name", "logging_dir")


@pytest.fixture(scope="module", params=LESSONS, ids=lambda path: path.parent.name)
def lesson(request):
    """What the cells define up to the first trained model, without training."""
    cells = nbformat.read(request.param, as_version=4).cells
    sources = [cell.source for cell in cells if cell.cell_type == "code"]
    named: dict = {}
    for source in sources:
        if source.startswith(("import ", "@tc.real.undisturbed")):
            exec(source, named)
    return named


@pytest.fixture
def asked(monkeypatch):
    """Trainers as they were set up, in place of what they would have trained."""
    made: list = []

    def note(trainer, *_, **__):
        made.append(trainer)

    for module in (groups, pairs, sft):
        monkeypatch.setattr(module, "train", note)
    monkeypatch.setattr(real, "train", note)
    return made


def told(trainer) -> tuple[dict, dict, list]:
    """Its settings, those of its adapters, and its first rows."""
    args = {k: v for k, v in trainer.args.to_dict().items() if k not in NOT_COMPARED}
    (adapters,) = trainer.model.peft_config.values()
    return args, adapters.to_dict(), [trainer.train_dataset[at] for at in range(12)]


@pytest.mark.parametrize("name", ["lora_sft", "rloo", "grpo", "dpo"])
def test_a_call_in_the_lesson_is_that_of_the_package(name, lesson, asked):
    model = real.pretrain(WORLD, steps=1)
    lesson[name](model)
    if name == "dpo":
        chosen = real.preferences(real.table(model, WORLD), WORLD, 10_000, 0)
        real.dpo(model, WORLD, chosen)
    else:
        getattr(real, name)(model, WORLD)
    here, there = map(told, asked)
    assert here == there


def test_tokenizer_and_model_are_those_of_the_package(lesson):
    tokenizer, model = lesson["tokenizer_and_model"]()
    due = real.pretrain(WORLD, steps=1)
    assert (
        tokenizer(list(WORLD.prompts)).input_ids
        == real.tokenizer(WORLD)(list(WORLD.prompts)).input_ids
    )
    assert tokenizer.padding_side == "left"
    assert model.config.to_dict() == due.config.to_dict()


def fields(config) -> set[str]:
    return {field.name for field in dataclasses.fields(config)}


def default(config, name: str):
    return next((one.default for one in dataclasses.fields(config) if one.name == name), None)


def rows_of_names(path) -> list[list[set[str]]]:
    """The names in the table of section 8: for each row, those of each column."""
    cells = nbformat.read(path, as_version=4).cells
    (table,) = (cell.source for cell in cells if "| PEFT |" in cell.source)
    lines = [line.strip("| ").split(" |") for line in table.splitlines() if line.startswith("| ")]
    return [[set(re.findall(r"`(\w+)`", column)) for column in line[1:]] for line in lines[1:]]


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.parent.name)
def test_each_name_in_the_table_of_knobs_is_one_that_its_library_has(path):
    import transformers
    from peft import LoraConfig, LoraModel, PeftModel
    from trl import DPOConfig, GRPOConfig, RLOOConfig

    ours = (tc.SFTConfig, tc.PPOConfig, tc.GRPOConfig, tc.DPOConfig, tc.Run)
    of_trl, of_peft = (GRPOConfig, RLOOConfig, DPOConfig), (LoraModel, PeftModel)
    known = [
        {*dir(LoRALinear), *dir(tc.quantization)}.union(*map(fields, ours)),
        set().union(*map(fields, of_trl)),
        fields(LoraConfig).union(*map(dir, of_peft)),
        {*fields(transformers.TrainingArguments), *dir(transformers)},
    ]
    rows = rows_of_names(path)
    assert len(rows) > 10
    for row in rows[1:]:
        assert row[0]
        for names, has in zip(row, known, strict=False):
            assert names <= has, names - has
    told = [[default(config, name) for config in of_trl] for name in ("beta", "num_generations")]
    assert told == [[0.0, 0.05, 0.1], [8, 2, None]]
