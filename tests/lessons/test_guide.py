"""The teacher's guides: current, whole, and never a number that the notebooks do not give."""

import re
from pathlib import Path

import nbformat
import pytest

import build
from builder import guide, work
from builder.lesson import LANGUAGES, LessonError
from builder.plan import Course, plan
from course import COURSE

LONGEST = 320  # lines that a teacher wrote; the boxes of numbers come on top
BOX = re.compile(r"^ *```text\n.*?^ *```\n|^ *> [^\n]*\n", re.DOTALL | re.MULTILINE)

# --- the course's own guides ----------------------------------------------------------------------


@pytest.fixture(params=LANGUAGES)
def own(request) -> str:
    return (COURSE.output / f"teaching.{request.param}.md").read_text(encoding="utf-8")


def test_the_courses_own_guides_are_current():
    assert guide.stale(COURSE) == []


def test_every_lesson_has_its_plan_its_questions_its_numbers_and_its_mistakes(own):
    _, *chapters = re.split(r"^## \[", own, flags=re.MULTILINE)
    assert len(chapters) == len(list(COURSE.lessons.glob("*.py")))
    for chapter in chapters:
        assert chapter.count("| § | 45 | 90 |") == 1
        asks, shows = chapter.split("\n### ")[1:]
        assert len(BOX.findall(asks)) >= 4
        assert asks.count("\n- **") >= 5
        assert shows.count("\n| ") >= 6
    assert "{{" not in own


def test_a_guide_is_short_beside_its_numbers(own):
    written = BOX.sub("", own)
    assert len([line for line in written.splitlines() if line]) <= LONGEST


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_section_stands_in_its_lessons_plan(language):
    own = (COURSE.output / f"teaching.{language}.md").read_text(encoding="utf-8")
    for path in COURSE.lessons.glob("*.py"):
        lesson = guide.read(COURSE, path, language)
        chapter = own.partition(f"]({lesson.link})")[2].partition("\n## ")[0]
        rows = [f"\n| {number} · {title} |" for number, title in lesson.sections.items()]
        assert len(rows) >= 7
        assert [row for row in rows if row not in chapter] == []


# --- a course made up, to be spoiled --------------------------------------------------------------

HEADER = "# ---\n# jupyter:\n#   toycore:\n#     tr: {}\n#     en: {}\n# ---\n\n"
PLAN = """\
| § | 45 | 90 | How |
| --- | --- | --- | --- |
| 1 | 40 | 70 | x |
| 2 | – | 15 | x |
| x | 5 | 5 | x |"""
CHAPTER = f"""\
## {{{{01}}}}

{PLAN}

- it is {{{{rewards ~ reward (\\S+)}}}}

  {{{{rewards.printed}}}}

{{{{curve}}}}"""


def prose(text: str) -> str:
    lines = "\n".join(f"# {line}".rstrip() for line in text.split("\n"))
    return "".join(f'# %% [markdown] lang="{k}"\n{lines}\n\n' for k in LANGUAGES)


LESSON = [
    prose("# Lesson"),
    prose("## 1 · First (5 minutes)\ntext"),
    "# %% rewards\nrewards\n\n",
    prose("end of it\n\n## 2 · Second (6 minutes)"),
    '# %% timing tags=["nbval-ignore-output"]\ntiming\n\n',
    "# %% curve\ncurve\n\n",
]
new_output = nbformat.v4.new_output


def shown(cell: str, reward: str) -> list:
    """What a cell of LESSON would show, were it run."""
    printed = new_output("stream", text=f"reward {reward}\n")
    value = new_output("execute_result", {"text/plain": "True"})
    picture = {"image/png": "iVBO", "text/plain": "the curve rises"}
    curve = new_output("display_data", picture)
    return {"rewards": [printed, value], "timing": [printed], "curve": [curve]}.get(cell, [])


@pytest.fixture
def course(tmp_path) -> Course:
    course = Course(tmp_path / "lessons", tmp_path / "package", tmp_path)
    course.lessons.mkdir()
    course.package.mkdir()
    learn(course, LESSON)
    store(course, "0.25")
    write(course, CHAPTER)
    guide.write(course)
    return course


def learn(course: Course, cells: list[str]) -> None:
    source = HEADER.format("01_ders", "01_lesson") + "".join(cells)
    (course.lessons / "01.py").write_text(source, encoding="utf-8")


def store(course: Course, reward: str) -> None:
    """The notebooks of the lesson, with outputs."""
    for path, notebook in (pair for notebooks in plan(course) for pair in notebooks.items()):
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs = shown(cell.source, reward)
        path.parent.mkdir(exist_ok=True)
        nbformat.write(notebook, path)


def write(course: Course, text: str) -> None:
    source = HEADER.format("teaching.tr", "teaching.en") + prose(text)
    (course.lessons.parent / "teaching.py").write_text(source, encoding="utf-8")


def text(course: Course, language: str) -> str:
    return (course.output / f"teaching.{language}.md").read_text(encoding="utf-8")


def test_a_guide_takes_titles_numbers_and_pictures_from_its_notebooks(course):
    tr, en = (text(course, language) for language in ("tr", "en"))
    assert "## [Lesson](en/01_lesson.ipynb)" in en
    assert "| 1 · First | 40 | 70 | x |\n| 2 · Second | – | 15 | x |\n| x | 5 | 5 | x |" in en
    assert "- it is 0.25\n\n  ```text\n  reward 0.25\n  ```\n" in en
    assert "- it is 0,25\n" in tr  # in a sentence as the language writes it
    assert "  reward 0.25\n" in tr  # in a box as it stands on the screen
    assert en.endswith("\n> Picture: the curve rises\n")  # and not what differs between machines


def test_all_that_a_cell_shows_or_one_part_of_it(course):
    write(course, CHAPTER.replace("rewards.printed", "rewards"))
    guide.write(course)
    whole = "  ```text\n  reward 0.25\n  ```\n\n  ```text\n  True\n  ```\n"
    assert whole in text(course, "en")
    write(course, CHAPTER.replace("rewards.printed", "rewards.value"))
    guide.write(course)
    assert whole.partition("\n\n")[2] in text(course, "en")
    assert whole not in text(course, "en")


@pytest.mark.parametrize("place", range(2, len(LESSON) + 1))
def test_a_cell_put_in_before_another_repoints_nothing(course, place):
    before = text(course, "tr"), text(course, "en")
    learn(course, [*LESSON[:place], "# %%\nanother\n\n", *LESSON[place:]])
    store(course, "0.25")
    assert guide.stale(course) == []
    guide.write(course)
    assert (text(course, "tr"), text(course, "en")) == before


def test_a_guide_is_not_made_of_notebooks_that_another_lesson_gave(course):
    """Cells are found by their place, which would be that of another cell."""
    learn(course, [*LESSON[:2], "# %%\nanother\n\n", *LESSON[2:]])
    with pytest.raises(LessonError, match=r"tr/01_ders\.ipynb is not built of 01\.py"):
        guide.write(course)


NAMES = {
    "two cells of one name": ("# %% curve", "# %% rewards", "two cells have the name 'rewards'"),
    "a name of two words": ("# %% curve", "# %% the curve", "a name is one word, not 'the curve'"),
    "a number": ("# %% curve", "# %% 2", "a name is one word, not '2'"),
}


@pytest.mark.parametrize(("old", "new", "message"), NAMES.values(), ids=NAMES)
def test_a_lesson_whose_names_are_no_addresses_is_refused(course, old, new, message):
    learn(course, [cell.replace(old, new) for cell in LESSON])
    with pytest.raises(LessonError, match=rf"^01\.py, cell \d+ .*{message}"):
        plan(course)


def test_the_name_of_a_cell_stays_in_the_source(course):
    (notebooks,) = plan(course)
    for notebook in notebooks.values():
        assert [cell.metadata for cell in notebook.cells if cell.cell_type == "code"] == [
            {},
            {"tags": ["nbval-ignore-output"]},
            {},
        ]


def test_a_changed_number_in_a_notebook_makes_the_guide_stale_and_changes_it(course):
    assert guide.stale(course) == []
    store(course, "0.26")
    assert [line.partition(":")[0] for line in guide.stale(course)] == [
        "teaching.tr.md",
        "teaching.en.md",
    ]
    guide.write(course)
    assert "it is 0.26" in text(course, "en")
    assert "0.25" not in text(course, "en")


@pytest.mark.parametrize("spoil", ["edited", "missing", "source"])
def test_a_stale_guide_is_found_by_the_check(course, spoil, monkeypatch, capsys):
    monkeypatch.setattr(work, "stale", lambda *_: [])  # the notebooks are another test's
    assert build.main(["--check"], course) == 0
    path = course.output / "teaching.en.md"
    if spoil == "edited":
        path.write_text(path.read_text(encoding="utf-8") + "more\n", encoding="utf-8")
    elif spoil == "missing":
        path.unlink()
    else:
        write(course, CHAPTER.replace("it is", "see:"))
    assert build.main(["--check"], course) == 1
    assert "teaching.en.md: it is not what teaching.py" in capsys.readouterr().err


BAD = {
    "minutes of the short plan": ("| 1 | 40 |", "| 1 | 41 |", "01: 46 minutes in the plan of 45"),
    "minutes of the long plan": ("| 15 |", "| 14 |", "01: 89 minutes in the plan of 90"),
    "a planned section": ("| 2 | –", "| 3 | –", "01 has no section 3"),
    "an unknown name": ("{{curve}}", "{{curves}}", "no cell of 01 has the name curves"),
    "an unknown name in a sentence": ("{{rewards ~", "{{reward ~", "01 has the name reward$"),
    "a part not there": (".printed", ".picture", "rewards of 01 shows printed, value; not one pic"),
    "an unknown part": (".printed", ".text", "rewards of 01 shows printed, value; not one text"),
    "what differs": ("{{curve}}", "{{timing}}", "timing of 01 shows nothing that is always alike"),
    "counting": ("{{curve}}", "{{2/1}}", r"not understood in 01: \{\{2/1\}\}"),
    "an address in a sentence": ("it is", "see {{curve}}", r"not understood in 01: \{\{curve\}\}"),
    "a number not there": ("~ reward", "~ loss", "rewards of 01 shows nothing like loss"),
    "an unknown lesson": ("## {{01}}", "## {{02}}", r"its chapters are \['02'\], the lessons"),
    "no plan": ("| § |", "| x |", "01 has 0 plans, not 1"),
}


@pytest.mark.parametrize(("old", "new", "message"), BAD.values(), ids=BAD)
def test_a_guide_that_promises_what_is_not_there_is_refused(course, old, new, message):
    assert old in CHAPTER
    write(course, CHAPTER.replace(old, new))
    before = text(course, "en")
    with pytest.raises(LessonError, match=message):
        guide.write(course)
    assert text(course, "en") == before


def test_both_languages_say_the_same_numbers(course):
    source = course.lessons.parent / "teaching.py"
    told = source.read_text(encoding="utf-8")
    source.write_text(told.replace("| 15 |", "| 16 |", 1), encoding="utf-8")
    with pytest.raises(LessonError, match=r"teaching\.py.*numbers differ.*\[16\].*\[15\]"):
        guide.stale(course)


def test_a_course_without_a_source_has_no_guides(course):
    Path(course.lessons.parent / "teaching.py").unlink()
    assert guide.guides(course) == {}
