"""The parts of the class on one server that need no server: what it compares, what it refuses."""

import re
from typing import NamedTuple

import nbformat
import psutil
import pytest
import traitlets.config
import yaml
from nbformat.v4 import new_code_cell, new_notebook, new_output

import classroom
import classroom_learner
from classroom_processes import Load
from classroom_report import Lesson, faults, over_the_aim
from course import NOTEBOOKS, ROOT

VIEW = "application/vnd.jupyter.widget-view+json"


def notebook(text="0.25\n", picture="iVBO", words="a bar", **data):
    printed = new_output("stream", text=text)
    shown = new_output("display_data", {"image/png": picture, "text/plain": words} | data)
    return new_notebook(cells=[new_code_cell("x", id="first", outputs=[printed, shown])])


@pytest.mark.parametrize("other", [{"text": "0.26\n"}, {"words": "two bars"}])
def test_a_learner_who_sees_another_text_is_found(other):
    assert classroom_learner.difference(notebook(), notebook(**other)).startswith("cell first gave")


@pytest.mark.parametrize(
    "other", [{}, {"picture": "iVBX"}, {VIEW: {"model_id": "1"}}, {"text/html": "<img>"}]
)
def test_pictures_and_widgets_are_no_text(other):
    assert classroom_learner.difference(notebook(), notebook(**other)) is None


def test_an_output_that_says_nothing_is_none():
    """Beside a folded cell stands one; a slow learner's bar leaves one behind."""
    with_one = notebook()
    with_one.cells[0].outputs.insert(0, new_output("display_data"))
    assert classroom_learner.difference(with_one, notebook()) is None
    assert classroom_learner.difference(notebook(), with_one) is None


def test_every_stored_notebook_of_the_lesson_has_texts_to_compare():
    for path in NOTEBOOKS:
        cells = nbformat.read(path, as_version=4).cells
        assert sum(bool(classroom_learner.texts(cell)) for cell in cells) >= 10


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--learners", "-1"], "whole number from 0 on"),
        (["--learners", "2.5"], "whole number from 0 on, not '2.5'"),
        (["--neighbours", "two"], "whole number from 0 on, not 'two'"),
        (["--learners", "100000"], "GiB is free, enough for"),
        (["--lesson", "README.md"], "must be a notebook"),
        (["--lesson", "nowhere.ipynb"], "must be a notebook"),
    ],
)
def test_bad_arguments_are_refused_before_any_work(given, said, capsys):
    with pytest.raises(SystemExit) as refused:
        classroom.main(given)
    assert refused.value.code == 2
    assert said in capsys.readouterr().err


def test_without_jupyterhub_it_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert classroom.main(["--learners", "1"]) == 2
    requirements = "tests/tools/classroom-requirements.txt"
    assert f"pip install -r {requirements}" in capsys.readouterr().err
    assert "jupyterhub" in (ROOT / requirements).read_text()


@pytest.mark.parametrize(("mib", "found"), [(336, []), (361, ["a kernel takes 361 MiB"])])
def test_kernels_over_the_aim_are_named(mib, found):
    kernels = [Load("kernel", 0, 0, uss * 2**20, 0.0) for uss in (300, mib)]
    lesson = Lesson([None, None], kernels, 0.0, 0.0)
    assert [line.split(" of ")[0] for line in over_the_aim(lesson)] == found


def test_a_kernel_that_is_gone_is_missed():
    done = [classroom_learner.Done("ayşe", 1.0, None), classroom_learner.Done("ali", 1.0, "died")]
    lesson = Lesson(done, [Load("kernel", 0, 0, 0, 0.0)], 0.0, 0.0)
    assert faults(lesson) == ["ali: died", "1 kernels of 2 live"]


class Spent(NamedTuple):
    user: float
    system: float
    idle: float = 0
    iowait: float = 0


def test_what_else_runs_on_the_machine_is_counted_without_us(monkeypatch):
    class Process:
        def cpu_times(self) -> Spent:
            return Spent(3, 1)

        def children(self, recursive: bool) -> list:
            return [Process(), Process()] if recursive else []

    monkeypatch.setattr(psutil, "Process", Process)
    monkeypatch.setattr(psutil, "cpu_times", lambda: Spent(40, 10, 500, 7))
    assert classroom.cpu_of_others() == 50 - 3 * 4


# --- what docs/ tells a teacher -----------------------------------------------------------------

PAGES = {"en": ROOT / "docs" / "classroom.md", "tr": ROOT / "docs" / "tr" / "classroom.md"}


def page(language: str) -> str:
    return PAGES[language].read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    """Its settings, with both languages' notebooks under one name."""
    found = re.findall(r"^```\w+\n(.*?)^```", page(language), re.DOTALL | re.MULTILINE)
    return [block.replace(f"notebooks/{language}", "notebooks/LANGUAGE") for block in found]


def test_both_languages_give_the_same_settings():
    assert blocks("en") == blocks("tr")
    kinds = [("tljh-config" in block, "singleuser:" in block) for block in blocks("en")]
    assert kinds == [(False, False), (True, False), (False, True)]


def test_both_languages_give_the_same_measurements():
    numbers = {
        k: re.findall(r"\d+(?:[.,]\d+)?", "\n".join(re.findall(r"^\|.*", page(k), re.MULTILINE)))
        for k in PAGES
    }
    assert [number.replace(",", ".") for number in numbers["tr"]] == numbers["en"]
    assert len(numbers["en"]) > 10


def test_the_settings_name_files_that_exist_and_agree_with_the_hub_of_the_script():
    _, shell, cluster = blocks("en")
    settings = "etc/jupyterhub/classroom.py"
    assert f"cp {settings} /opt/tljh/config/jupyterhub_config.d/" in shell
    assert (ROOT / settings).is_file()
    c = traitlets.config.Config()
    exec((ROOT / settings).read_text(encoding="utf-8"), {"get_config": lambda: c})
    values = yaml.safe_load(cluster)
    assert values["singleuser"]["extraEnv"] == c.Spawner.environment.to_dict()["update"]
    assert values["hub"]["config"]["KubeSpawner"]["http_timeout"] == c.Spawner.http_timeout
    assert all((ROOT / "notebooks" / language).is_dir() for language in PAGES)
