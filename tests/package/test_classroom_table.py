"""Returned notebooks become one table: whose they are, what they say, and which are set aside."""

import csv
import html
import importlib.util
import io
import json
import os
import random
import re
import sys
import warnings
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath

import nbformat
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.colors import to_rgba
from nbformat import v4
from test_colours import APART, VISIONS, distance

import toycore as tc
from accessibility import findings
from toycore import classroom
from toycore.checks.done import exercises
from toycore.checks.verdict import HEADS, PHRASES
from toycore.classroom import lessons, names, page, reading, summary
from toycore.classroom.reading import Aside, Class, HandIn, NoTable, collect
from toycore.errors import LANGUAGES
from toycore.language import text
from toycore.plots.handed_in import SHADES, handed_in

ROOT = Path(tc.__file__).parent.parent
EXERCISES = ("dpo_loss", "ipo_start", "few_pairs", "own_pairs")
STATES = {"p": "passed", "t": "tried", "u": "unwritten"}
each_language = pytest.mark.parametrize("language", LANGUAGES)


@pytest.fixture(autouse=True)
def english_session():
    yield
    tc.set_language("en")


# --- what learners hand in ------------------------------------------------------------------------


def told(work="u" * 5, tries=(0,) * 5, met=None, said="", language="en", lesson="dpo") -> dict:
    """What the summary of a lesson says.

    work   a letter for each exercise: passed, tried or unwritten
    met    exercise → its mistakes: (name, said, times)
    said   a letter for each prediction: r that came true, w wrong, ? not revealed, - not made
    """
    met = met or {}
    done = [
        {
            "name": name,
            "state": STATES[state],
            "tries": count,
            "met": [
                dict(zip(("name", "said", "times"), one, strict=True)) for one in met.get(name, ())
            ],
        }
        for name, state, count in zip(exercises(lesson), work, tries, strict=False)
    ]
    right = {"r": True, "w": False, "?": None, "-": None}
    predictions = [
        {"about": f"question {at}", "said": None if one == "-" else "b", "right": right[one]}
        for at, one in enumerate(said, 1)
    ]
    return {
        "toycore": "0.1.0",
        "lesson": lesson,
        "language": language,
        "exercises": done,
        "predictions": predictions,
    }


def shown(what) -> str:
    """The HTML of the summary cell."""
    data = what if isinstance(what, str) else json.dumps(what)
    return f'<div class="tc-summary" data-summary="{html.escape(data)}"><p>…</p></div>'


def notebook(*summaries) -> dict:
    """Prose, the cell of the summary, and one with outputs of other kinds."""
    outputs = [
        v4.new_output("execute_result", {"text/plain": "…", "text/html": shown(one)})
        for one in summaries
    ]
    others = [v4.new_output("stream", text="…"), v4.new_output("error", traceback=["…"])]
    others += [v4.new_output("display_data", {"image/png": "AA=="})]
    return v4.new_notebook(
        cells=[
            v4.new_markdown_cell("# DPO"),
            v4.new_code_cell('tc.checks.summary("dpo")', outputs=outputs),
            v4.new_code_cell("1 / 0", outputs=others),
        ]
    )


def checked(summary: dict, verdict: str, source='tc.checks.dpo_loss(loss, language="en")') -> dict:
    """A notebook whose first check shows a verdict."""
    made = notebook(summary)
    output = v4.new_output("execute_result", {"text/plain": f"{verdict} Words."})
    made.cells.insert(0, v4.new_code_cell(source, outputs=[output]))
    return made


def put(folder: Path, name: str, what=b"") -> Path:
    """A file below the folder: bytes as they are, a notebook, or one with this summary."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(what, dict):
        made = what if "nbformat" in what or "cells" in what else notebook(what)
        what = json.dumps(made).encode()
    path.write_bytes(what)
    return path


def hand_in(learner: str, what: dict, file: str = "x.ipynb") -> HandIn:
    """As if it had been read, whatever the name is: not every system allows it for a file."""
    read = summary.parse(shown(what))
    return HandIn((learner, ""), learner, PurePosixPath(file), learner.encode(), read)


def group(*learners: HandIn, language="en", aside=()) -> Class:
    return Class("dpo", language, [*learners], [*aside])


def reasons(found: Class) -> dict[str, str]:
    return {one.file.as_posix(): one.reason for one in found.aside}


def learners(found: Class) -> list[str]:
    return [one.learner for one in found.hand_ins]


# --- the page, as a reader takes it ---------------------------------------------------------------

VOID = {"meta", "img", "br"}


class Page(HTMLParser):
    """Its elements, closed in order; tables as lists of rows of words."""

    def __init__(self, data: bytes):
        super().__init__()
        self.open, self.elements, self.tables, self.words = [], [], [], []
        self.feed(data.decode("utf-8"))
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if {"td", "th"} & set(self.open):
            self.tables[-1][-1][-1] += data
        elif "style" not in self.open:
            self.words.append(data.strip())

    def all(self, tag: str) -> list[dict]:
        return [attrs for name, attrs in self.elements if name == tag]


def shown_page(found: Class) -> Page:
    return Page(page.page(found))


def cells(found: Class) -> list[list[str]]:
    """The CSV file, as a spreadsheet in that language opens it."""
    data = page.csv(found)
    assert data.startswith(b"\xef\xbb\xbf")
    sign = ";" if found.language == "tr" else ","
    return [*csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=sign)]


# --- a class of thirty ----------------------------------------------------------------------------

BETA = {
    "tr": "β eksik: `beta` ile **çarp**.",
    "en": "β is missing: **multiply** by `beta`.",
}
SHAPE = {"tr": "Biçim (shape) tutmuyor.", "en": "The shape is wrong."}
GOOD = 24


def kind(at: int, language: str) -> dict:
    """What learner number `at` has done: four kinds of six learners each."""
    beta = ("missing_beta", BETA[language], 2)
    shape = ("shape", SHAPE[language], 1)
    return (
        told("pppp", (1, 1, 2, 1), said="rrr", language=language),
        told("pptu", (3, 1, 2, 0), {"dpo_loss": [beta]}, "rw-", language),
        told("ttuu", (4, 1, 0, 0), {"dpo_loss": [beta, shape]}, "w?-", language),
        told(language=language),
    )[at % 4]


def class_of_thirty(folder: Path, language: str) -> None:
    """24 that count, and one of each kind that does not."""
    for at in range(GOOD):
        put(folder, f"{NAMES[at]}_04_dpo.ipynb", kind(at, language))
    put(folder, "Zeki_04_dpo.ipynb", b"")
    put(folder, "Ziya_04_dpo.ipynb", b'{"cells": [')
    put(folder, "Zuhal_04_dpo.ipynb", v4.new_notebook())
    put(folder, "Zerrin_04_dpo.ipynb", notebook())
    put(folder, "Zühre_04_dpo.ipynb", notebook("{}"))
    put(folder, "Zahide_03_ppo.ipynb", told("p" * 5, [1] * 5, lesson="ppo", language=language))
    put(folder, f"{NAMES[0]}_04_dpo (1).ipynb", kind(1, language))
    put(folder, "Zafer_04_dpo.ipynb", json.dumps(notebook(kind(1, language))).encode())
    put(folder, "Zümrüt_04_dpo.ipynb", (folder / "Zafer_04_dpo.ipynb").read_bytes())
    put(folder, "Zeynel_04_dpo.ipynb", checked(told(language=language), HEADS["passed"][language]))
    put(folder, "Zekai_04_dpo.ipynb.txt", kind(0, language))
    put(folder, "04_dpo.ipynb", kind(0, language))


# In the order of the table.
NAMES = (
    "Ahmet", "Ali", "Aslı Çınar", "Ayşe", "Can", "Cem", "Çağla", "Çınar", "Deniz", "Elif", "Gül",
    "Gülay", "Hale", "Hülya", "İlke", "İrem", "Oya", "Ömer İnci", "Pınar", "Su", "Sude", "Şule",
    "Umut", "Ümit",
)  # fmt: skip
WHY = {
    "tr": {
        "04_dpo.ipynb": "Kimin olduğu belli değil. Dosyanın adına öğrencinin adını ekleyin ya da "
        "dosyayı onun adını taşıyan bir klasöre koyun.",
        "Ahmet_04_dpo (1).ipynb": "Aynı öğrencinin ikinci dosyası. Sayılan: Ahmet_04_dpo.ipynb. "
        "Onu kaldırırsanız bu sayılır.",
        "Zahide_03_ppo.ipynb": "Başka bir dersin not defteri: Ders 3 · PPO.",
        "Zekai_04_dpo.ipynb.txt": "Bu bir not defteri, ama adı değişmiş. Zekai_04_dpo.ipynb yapın, "
        "komutu yeniden çalıştırın.",
        "Zeki_04_dpo.ipynb": "Dosya boş. Öğrenciden yeniden isteyin.",
        "Zerrin_04_dpo.ipynb": "Özet yok: dersin sonundaki özet hücresi çalıştırılmamış ya da not "
        "defteri ondan sonra kaydedilmemiş. Öğrenci o hücreyi çalıştırsın, kaydedip yeniden "
        "göndersin.",
        "Zeynel_04_dpo.ipynb": "Özeti eksik: denetimler ondan fazlasını söylüyor. Öğrenci bütün "
        "hücreleri baştan çalıştırsın, özet hücresi de onlarla çalışır; sonra kaydedip göndersin.",
        "Ziya_04_dpo.ipynb": "Not defteri olarak okunamıyor: bozuk, ya da içinde başka bir şey "
        "var. Öğrenciden .ipynb dosyasını yeniden isteyin.",
        "Zuhal_04_dpo.ipynb": "Not defterinde hiç hücre yok. Öğrenciden yeniden isteyin.",
        "Zühre_04_dpo.ipynb": "Özeti okunamıyor: sonradan değiştirilmiş ya da toycore'un başka "
        "bir sürümünden. Öğrenci özet hücresini yeniden çalıştırsın, kaydedip göndersin.",
        "Zümrüt_04_dpo.ipynb": "Baştan sona şu dosyanın aynısı: Zafer_04_dpo.ipynb. Aynı çalışma "
        "bir kez sayılır; onu kaldırırsanız bu sayılır.",
    },
    "en": {
        "04_dpo.ipynb": "Nobody knows whose it is. Add the learner's name to the file's, or put "
        "it into a folder of that name.",
        "Ahmet_04_dpo (1).ipynb": "The same learner's second file. The one that counts: "
        "Ahmet_04_dpo.ipynb. Remove that, and this one counts.",
        "Zahide_03_ppo.ipynb": "It is the notebook of another lesson: Lesson 3 · PPO.",
        "Zekai_04_dpo.ipynb.txt": "This is a notebook, but it was renamed. Call it "
        "Zekai_04_dpo.ipynb and run the command again.",
        "Zeki_04_dpo.ipynb": "The file is empty. Ask the learner for it again.",
        "Zerrin_04_dpo.ipynb": "It holds no summary: the summary cell at the end of the lesson was "
        "not run, or the notebook was not saved after it. Let the learner run that cell, save and "
        "hand in again.",
        "Zeynel_04_dpo.ipynb": "Its summary is incomplete: the checks say more than it does. Let "
        "the learner run all the cells, with them the summary, then save and hand in again.",
        "Ziya_04_dpo.ipynb": "It cannot be read as a notebook: it is broken, or holds something "
        "else. Ask the learner for the .ipynb file again.",
        "Zuhal_04_dpo.ipynb": "The notebook has no cells. Ask the learner for it again.",
        "Zühre_04_dpo.ipynb": "Its summary cannot be read: it was changed, or comes from another "
        "version of toycore. Let the learner run the summary cell again, save and hand in.",
        "Zümrüt_04_dpo.ipynb": "Byte for byte the same as Zafer_04_dpo.ipynb. The same work "
        "counts once; remove that, and this one counts.",
    },
}
HEAD = {
    "tr": [
        "Öğrenci", *EXERCISES, "Doğru alıştırma", *[f"{name} (deneme)" for name in EXERCISES],
        "Yazılan tahmin", "Tutan tahmin", "Dosya",
    ],
    "en": [
        "Learner", *EXERCISES, "Exercises passed", *[f"{name} (tries)" for name in EXERCISES],
        "Predictions made", "Predictions that came true", "File",
    ],
}  # fmt: skip
P, T, U = (
    {"tr": "doğru", "en": "passed"},
    {"tr": "denendi", "en": "tried"},
    {
        "tr": "yazılmadı",
        "en": "not written",
    },
)
ROWS = (
    ([P, P, P, P], "4", ["1", "1", "2", "1"], ["3", "3"]),
    ([P, P, T, U], "2", ["3", "1", "2", "0"], ["2", "1"]),
    ([T, T, U, U], "0", ["4", "1", "0", "0"], ["2", "0"]),
    ([U, U, U, U], "0", ["0", "0", "0", "0"], ["0", "0"]),
)


@each_language
def test_thirty_files_become_the_expected_table(tmp_path, language, capsys):
    class_of_thirty(tmp_path, language)
    classroom.main([str(tmp_path)])
    whole = (tmp_path / "toycore-dpo.csv").read_bytes().decode("utf-8-sig")
    sign = ";" if language == "tr" else ","
    head, *rows = csv.reader(io.StringIO(whole, newline=""), delimiter=sign)
    due = []
    for at, name in enumerate([*NAMES, "Zafer"]):
        work, passed, tries, predictions = ROWS[at % 4 if name != "Zafer" else 1]
        states = [state[language] for state in work]
        due.append([name, *states, passed, *tries, *predictions, f"{name}_04_dpo.ipynb"])
    assert head == HEAD[language]
    assert rows == due

    shown = Page((tmp_path / "toycore-dpo.html").read_bytes())
    mistakes, surprises, table, aside = shown.tables
    assert mistakes[1:] == [
        ["13", "26", "dpo_loss", re.sub(r"[`*]", "", BETA[language])],
        ["6", "6", "dpo_loss", SHAPE[language]],
    ]
    # Of three kinds: rrr, rw-, w?-; and Zafer is another rw-.
    assert surprises[1:] == [["7", "13", "question 2"], ["6", "19", "question 1"]]
    assert [row[0] for row in table[1:-1]] == [*NAMES, "Zafer"]
    assert table[-1][1:5] == ["13 / 25", "13 / 25", "6 / 25", "6 / 25"]
    assert dict(aside[1:]) == WHY[language]

    printed = capsys.readouterr()
    assert printed.err == ""
    first, *why, last = printed.out.splitlines()
    assert re.findall(r"\d+", first) == ["25", "11"]
    assert [line.strip() for line in why] == [f"{k}: {v}" for k, v in WHY[language].items()]
    assert re.findall(r"[^ ,]+toycore-dpo\.\w+", last) == [
        (tmp_path / f"toycore-dpo.{end}").as_posix() for end in ("csv", "html")
    ]


def test_the_commands_own_files_are_no_hand_ins_and_a_second_run_says_the_same(tmp_path):
    class_of_thirty(tmp_path, "tr")
    classroom.main([str(tmp_path)])
    before = [path.read_bytes() for path in sorted(tmp_path.glob("toycore-*"))]
    classroom.main([str(tmp_path)])
    assert [path.read_bytes() for path in sorted(tmp_path.glob("toycore-*"))] == before


# --- whose it is ----------------------------------------------------------------------------------

DECOMPOSED = "O\u0308mer"  # as macOS stores it


@pytest.mark.parametrize(
    ("file", "owner"),
    {
        "ayse_04_dpo.ipynb": "ayse",
        "04_dpo_ayse.ipynb": "ayse",
        "04_dpo-ayse-yilmaz.ipynb": "ayse-yilmaz",
        "Ayşe Işık 04_dpo.ipynb": "Ayşe Işık",
        "Ömer İnci - 04 dpo (2).ipynb": "Ömer İnci",
        f"{DECOMPOSED}_04_dpo.ipynb": "Ömer",
        "ayse_05_nicemleme.ipynb": "ayse",
        "ayse_05_QUANTIZATION.IPYNB": "ayse",
        "ayse04_dpo.ipynb": "ayse",
        "ayse_04_dpo_final.ipynb": "ayse final",
        "ayse.ipynb": "ayse",
        "ayse_04_dpo-Copy1.ipynb": "ayse",
        "04_dpo-Copy1_ayse.ipynb": "ayse",
        "ayse_04_dpo - Copy.ipynb": "ayse",
        "ayse_04_dpo - Kopya (2).ipynb": "ayse",
        "ayse_04_dpo - Kopyası.ipynb": "ayse",
        "ayse_04_dpo kopyası 2.ipynb": "ayse",
        "Copy of ayse_04_dpo.ipynb": "ayse",
        "ayse_04_dpo.ipynb adlı not defterinin kopyası.ipynb": "ayse",
        "Copy Dean_04_dpo.ipynb": "Copy Dean",
        "ayse/04_dpo.ipynb": "ayse",
        "ayse/dpo/x.ipynb": "ayse",
        "ayse/ali_04_dpo.ipynb": "ayse",
        "ayse_04_dpo/04_dpo.ipynb": "ayse",
        "04_dpo/ali_04_dpo.ipynb": "ali",
        "04_dpo/04_dpo.ipynb": "",
        "04_dpo.ipynb": "",
        "04_dpo (1).ipynb": "",
        "Copy of 04_dpo.ipynb": "",
        "04_dpo - Kopya.ipynb": "",
        "104_dpo.ipynb": "104_dpo",
        "04_dpoyraz.ipynb": "04_dpoyraz",
        "Ayşe Gül_1234567_assignsubmission_file_/04_dpo.ipynb": "Ayşe Gül",
        "Ayşe Gül_1234567_assignsubmission_file/04_dpo.ipynb": "Ayşe Gül",
        "Ayşe Gül_1234567_assignsubmission_file_04_dpo.ipynb": "Ayşe Gül",
        "J. R. Smith/04_dpo.ipynb": "J. R. Smith",
    }.items(),
)
def test_whose_a_file_is(file, owner):
    assert names.learner(PurePosixPath(file))[0] == owner


def test_two_learners_of_one_name_are_told_apart_by_moodles_number(tmp_path):
    for at, name in enumerate(("Ali_1000001", "Ali_1000002", "Oya_1000003")):
        put(tmp_path, f"{name}_assignsubmission_file_/04_dpo.ipynb", told("pppp", [at] * 4))
    found = collect(tmp_path)
    assert learners(found) == ["Ali 1000001", "Ali 1000002", "Oya"]
    assert found.aside == []


def test_nbgraders_folders_name_the_learner(tmp_path):
    for name in ("ada", "bob"):
        put(tmp_path, f"{name}/dpo/04_dpo.ipynb", told("pppp"))
        put(tmp_path, f"{name}/dpo/.ipynb_checkpoints/04_dpo-checkpoint.ipynb", told())
        put(tmp_path, f"{name}/dpo/timestamp.txt", b"2026-11-27 06:00 UTC")
    found = collect(tmp_path)
    assert (learners(found), found.aside) == (["ada", "bob"], [])


IN_ORDER = {
    "tr": "ada,Ali,Ali Can,Alican,Cem,Çağ,Gül,ğ,Irmak,ıtır,İnci,irem,Oz,öğrenci 2,öğrenci 10,"
    "Ömer,Su,Şu,Uz,Üz",
    "en": "Ian,İnci,irem,Irmak,Jose,José,Josef,Oz,Ömer,student 2,student 10,student 10a,Борис,李",
}


@each_language
def test_names_are_sorted_as_people_expect(language):
    due = IN_ORDER[language].split(",")
    for seed in range(5):
        mixed = due.copy()
        random.Random(seed).shuffle(mixed)
        assert sorted(mixed, key=lambda name: names.order(name, language)) == due


# --- twice ----------------------------------------------------------------------------------------

MARKS = (
    " (1)", "-Copy1", " - Copy", " - Copy (2)", " - Kopya", " - Kopyası", " kopyası 2", " copy",
)  # fmt: skip


@pytest.mark.parametrize("mark", MARKS)
def test_a_copy_is_set_aside_and_counts_once_the_other_is_removed(tmp_path, mark):
    first = put(tmp_path, "ayse_04_dpo.ipynb", told("pppp"))
    put(tmp_path, f"ayse_04_dpo{mark}.ipynb", told("tttt"))
    found = collect(tmp_path)
    assert found.hand_ins[0].file.name == first.name
    assert found.aside == [Aside(PurePosixPath(f"ayse_04_dpo{mark}.ipynb"), "twice", first.name)]
    first.unlink()
    (one,) = collect(tmp_path).hand_ins
    assert (one.learner, one.file.name) == ("ayse", f"ayse_04_dpo{mark}.ipynb")


def test_a_copy_counts_where_the_first_file_is_broken(tmp_path):
    put(tmp_path, "ayse_04_dpo.ipynb", b"{")
    put(tmp_path, "ayse_04_dpo (1).ipynb", told("pppp"))
    found = collect(tmp_path)
    assert learners(found) == ["ayse"]
    assert reasons(found) == {"ayse_04_dpo.ipynb": "broken"}


def test_a_learner_has_one_row_however_many_files_a_folder_holds(tmp_path):
    put(tmp_path, "ayse/01 old/04_dpo.ipynb", told("tttt"))
    put(tmp_path, "ayse/04_dpo.ipynb", told("pppp"))
    found = collect(tmp_path)
    assert [one.file.as_posix() for one in found.hand_ins] == ["ayse/04_dpo.ipynb"]
    assert reasons(found) == {"ayse/01 old/04_dpo.ipynb": "twice"}


@pytest.mark.parametrize("what", [told("uuuu", said="-r"), told("tuuu"), told("uuup")])
def test_the_same_bytes_under_two_names_count_once(tmp_path, what):
    work = json.dumps(notebook(what)).encode()
    for name in ("ali", "oya", "su"):
        put(tmp_path, f"{name}_04_dpo.ipynb", work)
    assert collect(tmp_path).aside == [
        Aside(PurePosixPath("oya_04_dpo.ipynb"), "same", "ali_04_dpo.ipynb"),
        Aside(PurePosixPath("su_04_dpo.ipynb"), "same", "ali_04_dpo.ipynb"),
    ]
    (tmp_path / "ali_04_dpo.ipynb").unlink()
    assert learners(collect(tmp_path)) == ["oya"]


def test_untouched_notebooks_are_alike_and_all_count(tmp_path):
    untouched = json.dumps(notebook(told(said="---"))).encode()
    for name in ("ali", "oya", "su"):
        put(tmp_path, f"{name}_04_dpo.ipynb", untouched)
    assert learners(collect(tmp_path)) == ["ali", "oya", "su"]


def test_the_same_work_in_other_bytes_is_no_copy(tmp_path):
    put(tmp_path, "ali_04_dpo.ipynb", told("pppp"))
    put(tmp_path, "oya_04_dpo.ipynb", told("pppp"))  # a cell has an id of its own
    assert learners(collect(tmp_path)) == ["ali", "oya"]


# --- which lesson ---------------------------------------------------------------------------------


def test_most_files_decide_which_lesson_it_is_or_the_teacher_does(tmp_path):
    for name, lesson in {"a": "dpo", "b": "dpo", "c": "ppo"}.items():
        put(tmp_path, f"{name}.ipynb", told("ppppp", lesson=lesson))
    found = collect(tmp_path)
    assert (found.lesson, learners(found)) == ("dpo", ["a", "b"])
    assert found.aside == [Aside(PurePosixPath("c.ipynb"), "other", "ppo")]
    found = collect(tmp_path, "ppo")
    assert (found.lesson, learners(found)) == ("ppo", ["c"])
    with pytest.raises(NoTable, match=r"(?s)no notebook that could.*b\.ipynb: .*Lesson 4 · DPO"):
        collect(tmp_path, "lora")


def test_a_tie_is_an_error_that_asks(tmp_path):
    for name, lesson in {"a": "dpo", "b": "ppo", "c": "dpo", "d": "ppo", "e": "lora"}.items():
        put(tmp_path, f"{name}.ipynb", told("ppppp", lesson=lesson))
    with pytest.raises(NoTable, match=r"of another: ppo, dpo\. .* --lesson ppo"):
        collect(tmp_path)
    assert learners(collect(tmp_path, "dpo")) == ["a", "c"]


def test_each_lesson_has_its_notebooks_and_all_its_exercises_in_their_order():
    source = ROOT / "notebooks" / "source" / "lessons"
    found = [path.stem for path in sorted((ROOT / "notebooks" / "en").glob("*.ipynb"))]
    assert [one["en"] for one in lessons.NOTEBOOKS.values()] == found
    found = [path.stem for path in sorted((ROOT / "notebooks" / "tr").glob("*.ipynb"))]
    assert [one["tr"] for one in lessons.NOTEBOOKS.values()] == found
    for lesson, stems in lessons.NOTEBOOKS.items():
        asked = re.findall(r"tc\.checks\.(\w+)\(", (source / f"{stems['en']}.py").read_text())
        asked = [name for name in dict.fromkeys(asked) if name in tc.checks.__all__]
        assert [name for name in asked if name != "summary"] == [*exercises(lesson)]


@each_language
def test_a_lesson_is_called_as_its_notebook_is(language):
    for lesson, stems in lessons.NOTEBOOKS.items():
        (path,) = (ROOT / "notebooks" / language).glob(f"{stems[language]}.ipynb")
        head = json.loads(path.read_text(encoding="utf-8"))["cells"][0]["source"][0]
        assert head.startswith(f"# {lessons.title(lesson, language)}: ")


# --- files ----------------------------------------------------------------------------------------


def test_what_is_plainly_no_hand_in_is_passed_over(tmp_path):
    put(tmp_path, "ayse_04_dpo.ipynb", told("pppp"))
    for name in (".DS_Store", "._ayse_04_dpo.ipynb", "__MACOSX/ayse_04_dpo.ipynb", "photo.png",
                 ".ipynb_checkpoints/ali_04_dpo-checkpoint.ipynb", "list.csv", "notes.txt",
                 "empty.txt"):  # fmt: skip
        put(tmp_path, name, b"" if name == "empty.txt" else b"\x00\x01")
    put(tmp_path, "settings.json", b'{"theme": "dark"}')
    put(tmp_path, "list.json", b'[{"nbformat": 4}]')
    put(tmp_path, "maze.json", b'{"cells": []}')
    (tmp_path / "nothing").mkdir()
    found = collect(tmp_path)
    assert (learners(found), found.aside) == (["ayse"], [])


@pytest.mark.skipif(sys.platform == "win32", reason="links and pipes need rights there")
def test_what_is_no_file_is_not_opened(tmp_path):
    put(tmp_path, "a.ipynb", told("pppp"))
    (tmp_path / "b.ipynb").symlink_to("nowhere")
    os.mkfifo(tmp_path / "c.ipynb")  # to open it would be to wait for ever
    assert [path.name for path in reading.files(tmp_path)] == ["a.ipynb"]


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("b.ipynb", b"", "empty"),
        ("b.ipynb", b" \n", "empty"),
        ("b.ipynb", b"\x89PNG\r\n", "broken"),
        ("b.ipynb", b"{}", "broken"),
        ("b.ipynb", b"[]", "broken"),
        ("b.ipynb", b'{"cells": []}', "broken"),
        ("b.ipynb", b'{"nbformat": 4, "nbformat_minor": 5, "cells": {"a": 1}}', "broken"),
        ("b.ipynb", b"3", "broken"),
        ("b.ipynb", b'{"nbformat": 4}', "broken"),
        ("b.ipynb", b'{"nbformat": "x", "cells": []}', "broken"),
        ("b.ipynb", b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": 3}', "broken"),
        ("b.ipynb", b'{"nbformat": 99, "nbformat_minor": 0, "cells": [{}]}', "broken"),
        ("b.ipynb", b"[" * 100_000, "broken"),
        ("b.ipynb", '{"nbformat": 4}'.encode("utf-16"), "broken"),
        ("b_04_dpo.html", b"<html>exported</html>", "broken"),
        ("b_04_dpo.pdf", b"%PDF", "broken"),
        ("b.ipynb.zip", b"PK", "broken"),
        ("b_04_dpo.txt", b"", "empty"),
    ],
)
def test_a_file_without_a_notebook_in_it_is_named(tmp_path, name, data, reason):
    put(tmp_path, "a.ipynb", told("pppp"))
    put(tmp_path, name, data)
    assert reasons(collect(tmp_path)) == {name: reason}


def test_a_file_that_the_system_refuses_to_open_is_named(tmp_path, monkeypatch):
    put(tmp_path, "a.ipynb", told("pppp"))
    put(tmp_path, "b.ipynb", told("pppp"))
    put(tmp_path, "photo.png", b"\x89PNG")
    usual = Path.open

    def refused(path, *mode):
        if path.name in ("b.ipynb", "photo.png"):
            raise PermissionError(13, "Permission denied")
        return usual(path, *mode)

    monkeypatch.setattr(Path, "open", refused)
    assert reasons(collect(tmp_path)) == {"b.ipynb": "broken"}


@pytest.mark.parametrize("change", ["cells", "metadata", "outputs", "data", "html"])
def test_a_notebook_that_only_looks_like_one_has_no_summary(tmp_path, change):
    put(tmp_path, "a.ipynb", told("pppp"))
    made = json.loads(json.dumps(notebook(told("pppp"))))
    if change == "cells":
        made["cells"] = [3, None, "x", []]
    elif change == "metadata":
        made["metadata"], made["cells"][1]["outputs"] = [], {}
    elif change == "outputs":
        made["cells"][1]["outputs"] = [3, None, {"output_type": "stream", "text": "x"}]
    elif change == "data":
        made["cells"][1]["outputs"][0]["data"] = 3
    else:
        made["cells"][1]["outputs"][0]["data"]["text/html"] = {"x": 3}
    put(tmp_path, "b.ipynb", made)
    assert reasons(collect(tmp_path))["b.ipynb"] in ("broken", "unrun")


@pytest.mark.parametrize(
    ("name", "due"),
    {
        "b_04_dpo.ipynb.txt": "b_04_dpo.ipynb",
        "b_04_dpo.json": "b_04_dpo.ipynb",
        "b_04_dpo.ipynb.html": "b_04_dpo.ipynb",
        "b_04_dpo.ipynb.json": "b_04_dpo.ipynb",
        "b_04_dpo": "b_04_dpo.ipynb",
        "b.txt": "b.ipynb",
    }.items(),
)
def test_a_renamed_notebook_is_told_its_name(tmp_path, name, due):
    put(tmp_path, "a.ipynb", told("pppp"))
    data = json.dumps(notebook(told("tttt"))).encode()
    path = put(tmp_path, name, b"\xef\xbb\xbf\r\n" + data)  # as an editor on Windows saves it
    assert collect(tmp_path).aside == [Aside(PurePosixPath(name), "renamed", due)]
    path.rename(tmp_path / due)
    assert learners(collect(tmp_path)) == ["a", "b"]


def old(minor: int) -> dict:
    made = json.loads(json.dumps(notebook(told("pppp"))))
    made["nbformat_minor"] = minor
    for cell in made["cells"]:
        del cell["id"]
    return made


def third() -> dict:
    output = {"output_type": "pyout", "prompt_number": 1, "html": [shown(told("pppp"))]}
    cell = {"cell_type": "code", "input": ["x"], "language": "python", "collapsed": False}
    cell |= {"metadata": {}, "prompt_number": 1, "outputs": [output]}
    sheets = [{"cells": [cell], "metadata": {}}]
    return {"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": ""}, "worksheets": sheets}


def colab() -> dict:
    made = old(0)
    made["metadata"] = {"colab": {"provenance": [], "collapsed_sections": ["x"]}}
    made["metadata"] |= {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    for cell in made["cells"]:
        cell["metadata"] = {"id": "kR4x", "colab": {"base_uri": "https://x", "height": 35}}
    made["cells"][1]["outputs"][0]["data"]["application/vnd.google.colaboratory.intrinsic+json"] = {
        "type": "string"
    }
    return made


def kaggle() -> dict:
    made = old(4)
    made["metadata"] = {"kaggle": {"accelerator": "none", "dataSources": []}}
    made["cells"][1]["metadata"] = {"execution": {"iopub.status.busy": "2026"}, "trusted": True}
    made["cells"][1]["outputs"][0] |= {"output_type": "display_data"}
    del made["cells"][1]["outputs"][0]["execution_count"]
    return made


def twins() -> dict:
    made = json.loads(json.dumps(notebook(told("pppp"))))
    made["cells"][0]["id"] = made["cells"][1]["id"] = "same"
    made["cells"][1]["surplus"] = True
    return made


@pytest.mark.parametrize(
    "made", [old(2), old(4), third(), colab(), kaggle(), twins()],
    ids=["4.2", "4.4 without ids", "3", "Colab", "Kaggle", "two equal ids, a surplus key"],
)  # fmt: skip
@pytest.mark.parametrize("split", [False, True])
def test_notebooks_of_all_kinds_are_read_without_a_word(tmp_path, made, split, capfd):
    if split and "cells" in made:
        data = made["cells"][1]["outputs"][0]["data"]
        data["text/html"] = re.findall(r".{1,40}", data["text/html"])
    put(tmp_path, "a.IPYNB" if split else "a.ipynb", b"\xef\xbb\xbf" + json.dumps(made).encode())
    found = collect(tmp_path)
    assert (learners(found), found.aside) == (["a"], [])
    assert capfd.readouterr() == ("", "")


def test_of_two_summaries_the_last_counts(tmp_path):
    put(tmp_path, "a.ipynb", notebook(told("tttt"), told("pppp")))
    assert page.passed(collect(tmp_path).hand_ins[0]) == 4


# --- what a summary says --------------------------------------------------------------------------


def changed(path: tuple, value) -> dict:
    made = told("pptu", (1, 2, 3, 0), {"dpo_loss": [("shape", "x", 1)]}, "rw")
    place = made
    for step in path[:-1]:
        place = place[step]
    if value is KeyError:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return made


def made_up(count: int) -> list[dict]:
    """Exercises that no lesson has."""
    return [{"name": f"x{at}", "state": "tried", "tries": 1, "met": []} for at in range(count)]


FIRST, MET, SAID = ("exercises", 0), ("exercises", 0, "met", 0), ("predictions", 0)
WRONG = [
    (("lesson",), "chess"), (("lesson",), None), (("lesson",), ["dpo"]), (("lesson",), KeyError),
    (("language",), "de"), (("language",), KeyError), (("exercises",), {}), (("exercises",), []),
    (("exercises",), KeyError), (("exercises",), [told()["exercises"][0]] * 4),
    (("exercises",), told()["exercises"] + made_up(1)),
    (("exercises",), told()["exercises"] + told()["exercises"][:1]),
    (("exercises",), made_up(4)), (("exercises",), made_up(1000)),
    (FIRST, None), ((*FIRST, "name"), "constructor"), ((*FIRST, "name"), 3),
    ((*FIRST, "state"), "won"), ((*FIRST, "state"), KeyError), ((*FIRST, "state"), ["passed"]),
    ((*FIRST, "tries"), -1), ((*FIRST, "tries"), 1.5), ((*FIRST, "tries"), True),
    ((*FIRST, "tries"), float("nan")), ((*FIRST, "tries"), float("inf")), ((*FIRST, "tries"), "3"),
    ((*FIRST, "tries"), 10**9), ((*FIRST, "met"), None), ((*FIRST, "met"), [3]),
    ((*FIRST, "met"), [{"name": f"m{i}", "said": "", "times": 1} for i in range(101)]),
    ((*MET, "name"), 3), ((*MET, "said"), None), ((*MET, "times"), "2"), ((*MET, "times"), -1),
    (("predictions",), KeyError), (("predictions",), [SAID] * 3), ((*SAID, "about"), None),
    ((*SAID, "said"), 3), ((*SAID, "said"), KeyError), ((*SAID, "right"), "yes"),
    ((*SAID, "right"), 1), ((*SAID, "right"), KeyError),
    (("predictions",), told(said="r" * 101)["predictions"]),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value"), WRONG, ids=[str(at) for at in range(len(WRONG))])
def test_a_summary_of_another_shape_is_refused_as_a_whole(path, value):
    summary.parse(shown(changed(("toycore",), "9.9")))  # what we do not read may be as it likes
    with pytest.raises(summary.Unreadable):
        summary.parse(shown(changed(path, value)))


def test_exercises_are_in_the_lessons_order_whatever_the_file_says():
    made = told("pptu")
    made["exercises"].reverse()
    done = summary.parse(shown(made)).exercises
    assert [(name, one.state) for name, one in done.items()] == [
        *zip(EXERCISES, ("passed", "passed", "tried", "unwritten"), strict=True)
    ]


@pytest.mark.parametrize(
    "output",
    [
        '<div class="tc-summary">',
        '<div class="tc-summary" data-summary="',
        '<div class="tc-summary" data-summary="">',
        shown("{" * 100_000),
        shown("[" * 100_000),
        shown('{"lesson": ' + "9" * 5000 + "}"),
        shown("null"),
    ],
)
def test_what_holds_no_summary_is_refused(output):
    with pytest.raises(summary.Unreadable):
        summary.parse(output)


WORDS = st.text(st.characters(codec=None), max_size=20) | st.sampled_from(
    ["<script>", "=1+1", "`", "**", "\ud800", "\x00", "\u202e", "$x^", "{{ 7 }}", "tried", "dpo"]
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | WORDS,
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(WORDS, inside, max_size=4),
    max_leaves=8,
)


@settings(max_examples=300, deadline=None)
@given(value=JSON, data=st.data())
def test_nothing_that_a_summary_may_hold_breaks_the_table(value, data):
    """Anything in place of any part of a right one: refused, or shown."""
    whole = here = {"whole": changed(("toycore",), "0")}
    while isinstance(here, dict | list) and here:
        holder, places = here, [*here] if isinstance(here, dict) else range(len(here))
        here = holder[place := data.draw(st.sampled_from(places))]
        if data.draw(st.booleans()):
            break
    holder[place] = value
    try:
        read = summary.parse(shown(json.dumps(whole["whole"])))
    except summary.Unreadable:
        return
    one = HandIn(("a", ""), "a", PurePosixPath("a"), b"", read)
    found = group(one)
    assert len(cells(found)) == 2
    for row in (*page.mistakes(found), *page.surprises(found)):
        words = str(page.marked(row.get("said", row.get("about"))))
        assert not re.findall(r"<(?!/?(?:code|strong)>)", words)
        words.encode()


@settings(max_examples=200, deadline=None)
@given(value=JSON)
def test_whatever_a_notebook_holds_is_read_or_set_aside(tmp_path_factory, value):
    folder = tmp_path_factory.mktemp("x")
    held = value if isinstance(value, dict) else {"cells": value}
    for name, what in {"a": value, "b": {"nbformat": 4} | held, "c": {"nbformat": value}}.items():
        put(folder, f"{name}.ipynb", json.dumps(what).encode())
    put(folder, "d.ipynb", notebook(json.dumps(value)))
    put(folder, "e.ipynb", told("pppp"))
    found = collect(folder)
    assert learners(found) == ["e"]
    assert set(reasons(found).values()) <= {"broken", "cells", "unrun", "unreadable"}
    assert len(found.aside) == 4


# --- hostile names and words ----------------------------------------------------------------------

HOSTILE = (
    "<script>alert(1)</script>", "=cmd|' /C calc'!A0", "Ömer İnci", "../x", "+1", "-1", "@SUM(A1)",
    "＝1+1", "a\tb", '"quoted", with; signs', "$x^{$", "李", "🙂", "x" * 60,
)  # fmt: skip


@each_language
def test_hostile_names_are_only_words(language):
    found = group(
        *(hand_in(name, told("pppp", language=language)) for name in HOSTILE), language=language
    )
    rows = cells(found)
    assert [row[0].removeprefix("'") for row in rows[1:]] == [*HOSTILE]
    assert {len(row) for row in rows} == {len(HEAD[language])}
    assert not [cell for row in rows for cell in row if cell.startswith(tuple("=+-@＝\t"))]
    shown = shown_page(found)
    assert [row[0] for row in shown.tables[-1][1:-1]] == [*HOSTILE]
    assert "script" not in {tag for tag, _ in shown.elements}


def test_hostile_words_are_only_words():
    met = [("<img src=x onerror=alert(1)>", "<script>`<b>` **<i>x</i>** {{ 7*7 }} &amp; $a$", 1)]
    found = group(hand_in("a", told("tttt", met={"dpo_loss": met}, said="w")))
    found.hand_ins[0] = hand_in("a", changed(("predictions", 1, "about"), "<a href='//x'>`y`</a>"))
    found.hand_ins.append(hand_in("b", told("tttt", met={"dpo_loss": met})))
    shown = shown_page(found)
    said = [row[3] for row in shown.tables[0][1:]]
    assert said == ["<script><b> <i>x</i> {{ 7*7 }} &amp; $a$", "x"]
    assert shown.tables[1][1][2] == "<a href='//x'>y</a>"
    tags = {tag for tag, _ in shown.elements}
    assert not tags & {"script", "a", "b", "i"}
    assert {"code", "strong"} <= tags


def test_words_are_put_on_one_line_without_signs_that_nobody_sees():
    assert names.plain("a\x00b\n c\u202ed\ud800 \x1b[31m") == "a b c d [31m"
    assert names.plain("x" * 100) == "x" * 59 + "…"
    assert names.plain(DECOMPOSED) == "Ömer"


def test_a_summarys_words_are_put_on_one_line_too():
    odd = "a\ud800\n\x1bb " + "x" * 1000
    due = "a b " + "x" * 595 + "…"
    met = {"dpo_loss": [("na\x00me", odd, 1)]}
    read = summary.parse(shown(told("tttt", met=met)))
    assert read.exercises["dpo_loss"].met == (("na me", due, 1),)
    read = summary.parse(shown(changed((*SAID, "about"), odd)))
    assert read.predictions[0].about == due


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names are Unicode there")
def test_a_name_that_is_no_text_is_shown(tmp_path):
    put(tmp_path, b"\xd6mer_04_dpo.ipynb".decode("utf-8", "surrogateescape"), told("pppp"))
    put(tmp_path, b"\xd6nder_04_dpo.ipynb".decode("utf-8", "surrogateescape"), b"")
    classroom.main([str(tmp_path)])
    assert learners(collect(tmp_path)) == ["mer"]


# --- what the page says ---------------------------------------------------------------------------


def test_mistakes_are_counted_by_learners_those_of_most_first():
    def met(*named):
        return [(name, f"words of {name}", times) for name, times in named]

    work = {
        "a": {"dpo_loss": met(("x", 9)), "own_pairs": met(("x", 1))},
        "b": {"dpo_loss": met(("y", 1), ("y", 1)), "few_pairs": met(("z", 20))},
        "c": {"dpo_loss": met(("y", 1), ("w", 0)), "own_pairs": met(("x", 2))},
        "d": {"own_pairs": met(("x", 1))},
    }
    found = group(*(hand_in(name, told("tttt", met=its)) for name, its in work.items()))
    counted = [
        [row[key] for key in ("learners", "times", "exercise", "name")]
        for row in page.mistakes(found)
    ]
    assert counted == [
        [3, 4, "own_pairs", "x"],
        [2, 3, "dpo_loss", "y"],
        [1, 20, "few_pairs", "z"],
        [1, 9, "dpo_loss", "x"],
    ]


def test_one_learner_has_one_voice_however_often_a_file_says_it():
    forged = {"dpo_loss": [("shape", "forged", 1)] * 50}
    honest = {"dpo_loss": [("shape", "The shape is wrong.", 1)]}
    met = {"a": forged, "b": honest, "c": honest}
    found = group(*(hand_in(name, told("tttt", met=its)) for name, its in met.items()))
    (row,) = page.mistakes(found)
    assert (row["learners"], row["said"]) == (3, "The shape is wrong.")


def test_predictions_are_counted_where_they_were_made_and_revealed():
    answers = ("rrw", "wrw", "wr-", "w?-", "rw-", "-w-")
    found = group(*(hand_in(f"n{at}", told("uuuu", said=one)) for at, one in enumerate(answers)))
    # The last one claims that a prediction came true which was not made.
    found.hand_ins.append(hand_in("n9", changed((*SAID, "said"), None)))
    keys = ("about", "wrong", "predicted")
    assert [[row[key] for key in keys] for row in page.surprises(found)] == [
        ["question 1", 3, 5], ["question 2", 3, 6], ["question 3", 2, 2]
    ]  # fmt: skip
    assert [page.predicted(one) for one in found.hand_ins] == [
        (3, 2), (3, 1), (2, 1), (2, 0), (2, 1), (1, 0), (1, 0)
    ]  # fmt: skip


def test_a_mixed_class_reads_the_words_of_the_pages_language():
    def learner(name, language, said, **more):
        met = {"dpo_loss": [("missing_beta", said, 1)], **more}
        return hand_in(name, told("tttt", met=met, said="w", language=language))

    hand_ins = [
        learner("a", "tr", "β eksik", few_pairs=[("other", "başka", 1)]),
        learner("b", "tr", "β eksik"),
        learner("c", "tr", "β eksik"),
        learner("d", "en", "β is missing", own_pairs=[("x", "different", 1)]),
        learner("e", "en", "β is missing"),
        learner("f", "en", "forged"),
    ]
    for language, said in {"tr": "β eksik", "en": "β is missing"}.items():
        found = group(*hand_ins, language=language)
        rows = page.mistakes(found)
        assert [(row["learners"], row["said"]) for row in rows] == [
            (6, said),
            (1, "başka"),
            (1, "different"),
        ]
        shown = shown_page(found)
        foreign = [attrs["lang"] for attrs in shown.all("td") if "lang" in attrs]
        assert foreign == ["en" if language == "tr" else "tr"]
        assert shown.all("html") == [{"lang": language}]


def test_the_language_is_that_of_most_or_the_teachers(tmp_path):
    for name, language in {"a": "tr", "b": "tr", "c": "en"}.items():
        put(tmp_path, f"{name}.ipynb", told("pppp", language=language))
    assert collect(tmp_path).language == "tr"
    assert collect(tmp_path, language="en").language == "en"
    classroom.main([str(tmp_path), "--language", "en"])
    assert cells(collect(tmp_path, language="en"))[0] == HEAD["en"]
    shown = Page((tmp_path / "toycore-dpo.html").read_bytes())
    assert shown.all("html") == [{"lang": "en"}]


@each_language
@pytest.mark.parametrize("size", [1, 2, 60])
def test_a_class_of_any_size_has_a_valid_page_that_needs_nothing(language, size):
    rng = random.Random(size)
    works = ["".join(rng.choice("ptu") for _ in EXERCISES) for _ in range(size)]
    people = (
        hand_in(f"n{at}", told(work, said="w", language=language)) for at, work in enumerate(works)
    )
    aside = [Aside(PurePosixPath("x<y.ipynb"), "empty")]
    found = group(*people, language=language, aside=aside)
    data = page.page(found)
    shown = Page(data)
    for needs in (b"http:", b"https:", b"<script", b"javascript:", b"<link", b"url(", b"@import"):
        assert needs not in data
    assert {tag for tag, _ in shown.elements} <= {
        "html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "p", "img", "div",
        "table", "thead", "tbody", "tfoot", "tr", "th", "td", "code", "strong", "span",
    }  # fmt: skip
    assert not [key for _, attrs in shown.elements for key in attrs if key.startswith("on")]
    assert all(attrs["scope"] in ("col", "row") for attrs in shown.all("th"))
    assert "default-src 'none'" in str(shown.all("meta"))
    (img,) = shown.all("img")
    assert img["src"].startswith("data:image/png;base64,")
    for at, name in enumerate(EXERCISES):
        states = [[*STATES].index(work[at]) for work in works]
        told_of_it = text("class.states", language).format(name, *map(states.count, range(3)))
        assert told_of_it in img["alt"]
    table = shown.tables[-2]
    assert len(table) == size + 2
    sign = {"p": "✓", "t": "✗", "u": "–"}
    assert [[cell[0] for cell in row[1:5]] for row in table[1:-1]] == [
        [sign[state] for state in work] for work in works
    ]
    assert [row[5] for row in table[1:-1]] == [str(work.count("p")) for work in works]


@each_language
def test_a_class_without_mistakes_surprises_and_files_set_aside_says_so(language):
    shown = shown_page(group(hand_in("a", told("pppp", said="r")), language=language))
    assert len(shown.tables) == 1
    for key in ("no_mistakes", "no_surprises", "no_aside"):
        assert text(f"class.{key}", language) in shown.words


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_for_every_eye_and_width_and_asks_for_nothing(browser, axe, tmp_path, scheme):
    class_of_thirty(tmp_path, "en")
    classroom.main([str(tmp_path)])
    address, asked = (tmp_path / "toycore-dpo.html").as_uri(), []
    for width in (1100, 400):
        view = {"width": width, "height": 900}
        # The page forbids scripts; axe is one.
        context = browser.new_context(color_scheme=scheme, viewport=view, bypass_csp=True)
        shown = context.new_page()
        shown.on("request", lambda request: asked.append(request.url[:200]))
        shown.goto(address)
        assert findings(shown, axe) == []
        assert shown.evaluate("document.documentElement.scrollWidth") <= width
        assert shown.evaluate("document.images[0].naturalWidth") == 1000
        context.close()
    assert {url for url in asked if not url.startswith("data:image/png")} == {address}


def test_every_cell_says_its_state_in_words_too():
    shown = shown_page(group(hand_in("a", told("ptup", (1, 2, 0, 7)))))
    assert shown.tables[0][1][1:5] == [
        "✓ 1 passed; tries: 1",
        "✗ 2 tried; tries: 2",
        "– not written; tries: 0",
        "✓ 7 passed; tries: 7",
    ]


@pytest.mark.parametrize("size", [1, 60])
def test_the_picture_has_a_row_for_each_learner_and_a_colour_and_a_sign_for_each_state(size):
    work = [[("passed", 1), ("tried", 2), ("unwritten", 0), ("passed", 12)]] * size
    people = [f"learner $_{at}^" for at in range(size)]
    picture = handed_in(people, EXERCISES, work, "en")
    (axes,) = picture.figure.axes
    (image,) = axes.images
    assert np.array_equal(image.get_array(), [[0, 1, 2, 0]] * size)
    assert [label.get_text() for label in axes.get_yticklabels()] == people
    assert [label.get_text() for label in axes.get_xticklabels()] == [*EXERCISES]
    assert [one.get_text() for one in axes.texts] == ["✓ 1", "✗ 2", "–", "✓ 12"] * size
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        height = picture.figure.get_figheight()
        assert picture.png.startswith(b"\x89PNG")
    assert height > 0.3 * size
    for at, state in enumerate(STATES.values()):  # in its colour too where all are alike
        drawn = handed_in(people, EXERCISES, [[(state, 1)] * 4] * size, "en")
        (alike,) = drawn.figure.axes[0].images
        assert np.allclose(alike.to_rgba(alike.get_array()), to_rgba(SHADES.colors[at]))
    for one, other in ((0, 1), (0, 2), (1, 2)):
        for vision in VISIONS.values():
            assert distance(SHADES.colors[one], SHADES.colors[other], vision) >= APART


# --- the command ----------------------------------------------------------------------------------


@each_language
def test_the_command_says_why_there_is_no_table_and_ends_with_1(tmp_path, language, capsys):
    def said(*arguments) -> str:
        with pytest.raises(SystemExit) as ended:
            classroom.main([*map(str, arguments), "--language", language])
        assert isinstance(ended.value.code, str)  # which Python prints, and ends with 1
        assert list(tmp_path.rglob("toycore-*")) == []
        return ended.value.code

    tr = language == "tr"
    nowhere = tmp_path / "nowhere"
    assert said(nowhere).startswith("Böyle bir klasör yok" if tr else "There is no such folder")
    assert nowhere.as_posix() in said(nowhere)
    put(tmp_path, "photo.png", b"\x89PNG")
    assert "hiç ders defteri yok" in said(tmp_path) if tr else "no notebook in" in said(tmp_path)
    put(tmp_path, "04_dpo.ipynb", told("pppp"))
    put(tmp_path, "a.ipynb", b"")
    lines = said(tmp_path).splitlines()
    assert lines[1:] == [
        f"  04_dpo.ipynb: {WHY[language]['04_dpo.ipynb']}",
        f"  a.ipynb: {WHY[language]['Zeki_04_dpo.ipynb']}",
    ]
    put(tmp_path, "b.ipynb", told("pppp"))
    put(tmp_path, "c.ipynb", told("ppppp", lesson="ppo"))
    assert "--lesson ppo" in said(tmp_path)
    with pytest.raises(SystemExit) as ended:
        classroom.main([str(tmp_path), "--lesson", "chess"])
    assert ended.value.code == 2
    classroom.main([str(tmp_path), "--lesson", "dpo"])
    assert (tmp_path / "toycore-dpo.html").exists()


@each_language
def test_what_is_not_installed_is_named_before_any_work(tmp_path, monkeypatch, language):
    found = importlib.util.find_spec
    missing = ("jinja2", "nbformat")
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name in missing else found(name)
    )
    told = "Kurmak için" if language == "tr" else "To install it"
    command = re.escape('pip install "toycore[class]"')
    with pytest.raises(SystemExit, match=rf"jinja2, nbformat\. {told}: {command}"):
        classroom.main([str(tmp_path / "nowhere"), "--language", language])


def test_a_file_that_another_program_holds_is_named(tmp_path):
    put(tmp_path, "a.ipynb", told("pppp", language="tr"))
    (tmp_path / "toycore-dpo.csv").mkdir()
    with pytest.raises(SystemExit, match=r"toycore-dpo\.csv yazılamadı: .*Başka bir programda"):
        classroom.main([str(tmp_path)])


def test_the_command_needs_no_more_than_its_extra_and_the_package():
    source = "".join(path.read_text() for path in Path(classroom.__file__).parent.glob("*.py"))
    needed = set(re.findall(r"^    import (\w+)|^    from (\w+) import", source, re.MULTILINE))
    assert {a or b for a, b in needed} == {*classroom.NEEDED, "markupsafe"}  # jinja2 rests on it
    assert nbformat.__version__


# --- a summary that is older than the work --------------------------------------------------------

SAYS = {"p": "passed", "t": "wrong", "u": "unwritten"}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("verdict", SAYS)
@pytest.mark.parametrize("work", SAYS)
def test_a_summary_that_tells_less_than_a_check_is_old(tmp_path, language, verdict, work):
    said = told(work + "p" + "u" * 3, [1, 1, 0, 0, 0], language=language)
    put(tmp_path, "ada.ipynb", checked(said, HEADS[SAYS[verdict]][language]))
    put(tmp_path, "bea.ipynb", told("p" * 5, [1] * 5))
    old = [*SAYS].index(verdict) < [*SAYS].index(work)
    assert reasons(collect(tmp_path)) == ({"ada.ipynb": "behind"} if old else {})


@pytest.mark.parametrize("key", ["busy", "own_failure", "otherwise"])
def test_a_try_that_could_not_be_judged_makes_no_summary_old(tmp_path, key):
    for language in LANGUAGES:
        words = PHRASES[key][language].format(error="`E`")
        verdict = f"{HEADS['wrong'][language]} {words}"
        put(tmp_path, f"{language}.ipynb", checked(told(), verdict))
    assert reasons(collect(tmp_path)) == {}


@pytest.mark.parametrize(
    "source", ["tc.checks.kl(kl)", "print(1)", "# tc.checks.", 'tc.checks.summary("dpo")', ""]
)
def test_only_a_check_of_the_lesson_makes_a_summary_old(tmp_path, source):
    put(tmp_path, "ada.ipynb", checked(told(), HEADS["passed"]["en"], source))
    assert reasons(collect(tmp_path)) == {}


# --- from the checks to the page ------------------------------------------------------------------


def shows(source: str, made) -> dict:
    """A cell that was run, with what it shows."""
    data = {"text/plain": repr(made)}
    if hasattr(made, "_repr_html_"):
        data["text/html"] = made._repr_html_()
    return v4.new_code_cell(source, outputs=[v4.new_output("execute_result", data)])


def test_what_learners_did_in_the_lesson_is_what_the_teacher_reads(tmp_path):
    """The checks' own verdicts, the lesson's own summary, and the table of them."""
    wrong = next(iter(tc.checks.ipo_start.mistakes.values())).answer
    for learner, answers in {
        "ada": [4],
        "bea": [wrong, wrong, 4],
        "can": [wrong],
        "dua": [],
    }.items():
        for name in exercises("dpo"):
            getattr(tc.checks, name).verdicts.clear()
        cells = [shows("tc.checks.ipo_start(x)", tc.checks.ipo_start(one)) for one in answers]
        cells.append(shows('tc.checks.summary("dpo")', tc.checks.summary("dpo")))
        put(tmp_path, f"{learner}_04_dpo.ipynb", v4.new_notebook(cells=cells))
    tc.checks.ipo_start.verdicts.clear()
    found = collect(tmp_path)
    assert found.aside == []
    done = {one.learner: one.summary.exercises["ipo_start"] for one in found.hand_ins}
    assert {name: (one.state, one.tries) for name, one in done.items()} == {
        "ada": ("passed", 1),
        "bea": ("passed", 3),
        "can": ("tried", 1),
        "dua": ("unwritten", 0),
    }
    (mistake,) = page.mistakes(found)
    assert (mistake["learners"], mistake["times"], mistake["exercise"]) == (2, 3, "ipo_start")
    assert "the <strong>sigmoid</strong> loss" in page.page(found).decode()
