"""Lesson 8's own trainer calls, as they stand in the notebook: the package's, and that they run."""

import nbformat
import pytest

import toycore as tc
from course import NOTEBOOKS
from toycore import real
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
