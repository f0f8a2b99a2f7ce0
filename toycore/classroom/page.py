"""A class as a table for spreadsheets, and as one page that needs neither network nor script."""

import base64
import warnings
from collections.abc import Callable
from pathlib import Path

from toycore.checks.done import exercises
from toycore.classroom import lessons
from toycore.classroom.reading import Class, HandIn, where
from toycore.language import text
from toycore.plots.handed_in import handed_in, signed
from toycore.widgets.inline import as_html

FORMULA = tuple("=+-@＝＋－＠")  # with which a spreadsheet's formula begins (OWASP)


def csv(group: Class) -> bytes:
    """The table as a spreadsheet takes it: with a BOM, so that it sees UTF-8.

    In Turkish a comma is a decimal sign, so there spreadsheets expect semicolons between cells.
    """
    told = (
        table(group)
        .map(harmless)
        .to_csv(index=False, sep=";" if group.language == "tr" else ",", lineterminator="\r\n")
    )
    return told.encode("utf-8-sig")


def harmless(cell):
    """What somebody has named =1+1 is a text, not a formula."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell


def table(group: Class):
    """Learners down; state and tries of each exercise, and sums (pandas.DataFrame)."""
    import pandas as pd

    rows, say = [], speaker(group.language)
    for one in group.hand_ins:
        done = one.summary.exercises
        rows.append(
            {say("learner"): one.learner}
            | {name: say(work.state) for name, work in done.items()}
            | {say("passed_count"): passed(one)}
            | {say("tries").format(name): work.tries for name, work in done.items()}
            | dict(zip((say("made"), say("right")), predicted(one), strict=True))
            | {say("file"): where(one.file)}
        )
    return pd.DataFrame(rows)


def passed(one: HandIn) -> int:
    """How many exercises a learner has passed."""
    return sum(work.state == "passed" for work in one.summary.exercises.values())


def predicted(one: HandIn) -> tuple[int, int]:
    """How many predictions a learner has made, and how many of them came true."""
    made = [said for said in one.summary.predictions if said.made]
    return len(made), sum(said.right is True for said in made)


def mistakes(group: Class) -> list[dict]:
    """Each mistake that was met: by how many learners, how often, in what words.

    Those of most learners come first. The words are those that most of them read, in the page's
    language if any of them read it in that.
    """
    import pandas as pd

    columns = ["place", "name", "exercise", "times", "owner", "language", "said"]
    met = [
        (place, mistake.name, name, mistake.times, one.owner, one.summary.language, mistake.said)
        for one in group.hand_ins
        for place, (name, work) in enumerate(one.summary.exercises.items())
        for mistake in work.met
        if mistake.times
    ]
    rows = []
    for (place, name), found in pd.DataFrame(met, columns=columns).groupby(["place", "name"]):
        language, said = most_read(found, group.language)
        counts = {"learners": found["owner"].nunique(), "times": int(found["times"].sum())}
        counts |= {"exercise": found["exercise"].iloc[0], "place": place, "name": name}
        rows.append(counts | {"language": language, "said": said})
    return sorted(rows, key=lambda r: (-r["learners"], -r["times"], r["place"], r["name"]))


def most_read(found, language: str) -> tuple[str, str]:
    """What most learners read of one mistake: in which language, in what words."""
    counts = found.groupby(["language", "said"])["owner"].nunique()
    return min(counts.index, key=lambda at: (at[0] != language, -counts[at], at))


def surprises(group: Class) -> list[dict]:
    """The predictions that did not come true: of how many learners. The most surprising first."""
    import pandas as pd

    columns = ["language", "about", "right"]
    made = [
        (one.summary.language, said.about, said.right)
        for one in group.hand_ins
        for said in one.summary.predictions
        if said.made and said.right is not None
    ]
    rows = []
    for (language, about), found in pd.DataFrame(made, columns=columns).groupby(columns[:2]):
        wrong = int((~found["right"].astype(bool)).sum())
        rows.append({"wrong": wrong, "predicted": len(found), "language": language, "about": about})
    rows = [row for row in rows if row["wrong"]]
    return sorted(rows, key=lambda r: (-r["wrong"], r["predicted"], r["about"]))


# --- the page -------------------------------------------------------------------------------------


def page(group: Class) -> bytes:
    """The page, in UTF-8."""
    import jinja2

    files = jinja2.FileSystemLoader(Path(__file__).parent)
    inside = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, loader=files)
    inside.filters["marked"] = marked
    png, alt = picture(group)
    say = speaker(group.language)
    told = inside.get_template("page.html").render(
        say=say,
        language=group.language,
        title=say("title").format(lessons.title(group.lesson, group.language)),
        counts=counts(group),
        png=png,
        alt=alt,
        exercises=[*exercises(group.lesson)],
        rows=[row(one, group.language) for one in group.hand_ins],
        passed_by=passed_by(group),
        mistakes=mistakes(group),
        surprises=surprises(group),
        aside=[(where(one.file), one.why(group.language)) for one in group.aside],
    )
    return told.encode()


def picture(group: Class) -> tuple[str, str]:
    """The class at a glance: a PNG in base64, and what it shows in words."""
    learners = [one.learner for one in group.hand_ins]
    work = [
        [(done.state, done.tries) for done in one.summary.exercises.values()]
        for one in group.hand_ins
    ]
    drawn = handed_in(learners, [*exercises(group.lesson)], work, group.language)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a name in letters that the font has not
        return base64.b64encode(drawn.png).decode(), drawn.alt


def row(one: HandIn, language: str) -> dict:
    """What the page says of one learner."""
    work, say = [], speaker(language)
    for done in one.summary.exercises.values():
        words = say("cell").format(say(done.state), done.tries)
        sign = signed(done.state, done.tries)
        work.append({"state": done.state, "sign": sign, "words": words})
    sums = (passed(one), *predicted(one))
    return {"learner": one.learner, "work": work, "sums": sums}


def passed_by(group: Class) -> list[int]:
    """How many learners have passed each exercise."""
    all_work = (one.summary.exercises for one in group.hand_ins)
    states = [[done.state for done in work.values()] for work in all_work]
    return [column.count("passed") for column in zip(*states, strict=True)]


def speaker(language: str) -> Callable[[str], str]:
    """What has the words of this page in a language."""
    return lambda key: text(f"class.{key}", language)


def counts(group: Class) -> str:
    """How many hand-ins there are, and how many files were set aside."""
    return speaker(group.language)("counts").format(len(group.hand_ins), len(group.aside))


def marked(words: str):
    """Words with their Markdown as HTML; all else is escaped."""
    from markupsafe import Markup

    return Markup(as_html(words))
