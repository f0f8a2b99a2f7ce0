"""Which slides a notebook gives, and what the speaker reads beside each.

The slides show what a class looks at together, one thing at a time: a formula or two, a picture, a
slider, a question with its answers. Everything else that the lesson says goes into the notes: of
the slide before it or, under a heading, of the next slide.

A prediction is a vote, and then what is true: builder/predict.py reads both.
"""

import re
from collections.abc import Iterable
from html import escape
from string import ascii_uppercase

from builder import predict
from builder.predict import tagged
from builder.quiz import is_quiz
from slides import text
from slides.running import running
from toycore.widgets import Prediction
from toycore.widgets.quiz import parse
from website import models

WORDS = 25  # to read on a slide
VOTE = 70  # on one that asks: a class cannot choose among answers that it does not see
LINES = 3  # of two formulas on a slide
STYLE = re.compile(r"<style.*?</style>", re.DOTALL)
FIGURE = re.compile(r'<figure>.*?alt="([^"]*)".*?</figure>', re.DOTALL)


class Slide:
    """Its kind names what it shows; a "section" or a "part" of one has shown nothing yet."""

    def __init__(self, kind: str, section: str = "", part: str = ""):
        self.kind, self.section, self.part = kind, section, part
        self.body: list[str] = []
        self.notes: list[str] = []

    @property
    def heading(self) -> str:
        return f"{self.section} <small>{self.part}</small>" if self.part else self.section

    @property
    def open(self) -> bool:
        return self.kind in ("section", "part")

    @property
    def words(self) -> int:
        return text.words(" ".join([self.heading, *self.body]))


def deck(notebook, most: int) -> list[Slide]:
    """At most this many slides, if the notebook can be told in as many."""
    made = Deck(models.state(notebook))
    cells = [cell for cell in notebook.cells if not left_out(cell)]
    for cell, following in zip(cells, [*cells[1:], None], strict=True):
        if cell.cell_type == "markdown":
            if following is not None and tagged(following, predict.TAG):
                made.question = cell.source
            else:
                made.prose(cell.source)
        elif is_quiz(cell):
            made.quiz(cell.source)
        elif tagged(cell, predict.TAG):
            made.predict(cell)
        elif tagged(cell, predict.REVEAL):
            made.reveal(cell)
        else:
            made.code(cell)
    for slide in made.slides:
        if slide.kind == "exercises":
            slide.body = [f"<ol>{''.join(slide.body)}</ol>"] if slide.words <= WORDS else []
    return fewer(made.slides, most)


def left_out(cell) -> bool:
    """The line of links, the glossary, and what is one learner's own: verdicts, how it all went."""
    of_one = any(tagged(cell, tag) for tag in ("check", predict.OVERVIEW, "summary"))
    return of_one or cell.id.endswith("-00") or "tc.glossary." in cell.source


class Deck:
    """The slides so far."""

    def __init__(self, state: dict):
        self.state = state  # of the widgets, if the notebook was run
        self.slides: list[Slide] = []
        self.question = ""  # of the next prediction, or of the last one
        self.asked: Prediction | None = None
        self.printed: list[str] = []  # since the last vote

    # --- what happens to the slides -------------------------------------------------------------

    def show(self, kind: str, *body: str) -> None:
        """On the slide that the last heading opened, otherwise on a new one."""
        last = self.slides[-1]
        if not last.open:
            last = Slide(kind, last.section, last.part)
            self.slides.append(last)
        elif last.kind == "part" and self.slides[-2].kind == "section":
            last.notes[:0] = self.slides.pop(-2).notes
        last.kind, last.body = kind, list(body)

    def note(self, html: str) -> None:
        if html:
            self.slides[-1].notes.append(html)

    # --- what is read ---------------------------------------------------------------------------

    def prose(self, source: str) -> None:
        for kind, said in text.pieces(source):
            if kind == "formula":
                self.formula(said)
            elif kind == "prose":
                self.note(text.html(said))
            else:
                self.heading(kind, text.line(said))

    def heading(self, level: str, said: str) -> None:
        if level == "#":
            number, _, title = said.rpartition(" · ")
            self.slides.append(Slide("title"))
            self.slides[-1].body = [f"<p>{number}</p>", f"<h1>{title}</h1>"]
        elif level == "##":
            self.slides.append(Slide("section", said))
        else:
            self.slides.append(Slide("part", self.slides[-1].section, said))

    def formula(self, tex: str) -> None:
        """Two that follow each other share a slide, unless they are long."""
        shown, last = text.formula(tex), self.slides[-1]
        alone = last.kind == "formula" and len(last.body) == 1
        if alone and (last.body[0] + shown).count("<p>") <= LINES:
            last.body.append(shown)
        else:
            self.show("formula", shown)

    def quiz(self, source: str) -> None:
        for number, question in enumerate(parse(source.split('"""')[1]), 1):
            lettered = list(zip(ascii_uppercase, question.answers, strict=False))
            asked = f"<b>{number}.</b> {question.text}"
            self.vote(asked, [(letter, answer.text) for letter, answer in lettered])
            told = (f"- {'✓' if a.right else '✗'} **{k}** {a.why}" for k, a in lettered)
            self.note(text.html("\n".join(told)))

    def predict(self, call) -> None:
        self.asked = predict.read(call)
        self.vote(self.question, self.asked.answers.items())
        self.printed = []

    def vote(self, question: str, answers: Iterable[tuple[str, str]]) -> None:
        items = (f"<li><b>{k}</b> <span>{text.line(said)}</span></li>" for k, said in answers)
        self.show("vote", text.html(question), f"<ul>{''.join(items)}</ul>")

    def reveal(self, cell) -> None:
        """Under the picture that shows it, else with what was printed, if that is short."""
        *_, said = predict.revealed(self.asked, cell).said(None)
        told = f'<p class="told">{text.line(escape(said))}</p>'
        if self.slides[-1].kind in ("picture", "slider"):
            self.slides[-1].body.append(told)
            return
        self.show("answer", told)
        self.slides[-1].body += map(text.printed, self.printed)
        if self.slides[-1].words > WORDS:
            self.slides[-1].body = [told]

    def code(self, cell) -> None:
        if tagged(cell, "exercise") and self.slides[-1].kind == "part":
            self.exercise()
        self.note(text.printed(cell.source))
        for output in cell.outputs:
            data = output.get("data", {})
            if "image/png" in data:
                self.picture(data, slides="tc.widgets." in cell.source)
            elif "text/html" in data:
                self.note(STYLE.sub("", data["text/html"]))
            else:
                said = output.get("text") or data.get("text/plain", "")
                self.printed.append(said)
                self.note(text.printed(said))

    def picture(self, data: dict, slides: bool) -> None:
        """For a slider whose notebook was not run, the picture that the notebook keeps."""
        alt, png = escape(data["text/plain"]), data["image/png"].strip()
        view = data.get(models.VIEW, {}).get("model_id")
        moving = view in self.state and running(f"slider-{len(self.slides)}", view, self.state)
        still = f'<figure><img src="data:image/png;base64,{png}" alt="{alt}"></figure>'
        self.show("slider" if slides else "picture", moving or still)

    def exercise(self) -> None:
        """All titles on one slide, what they ask in its notes."""
        asked = self.slides.pop()
        last, title = self.slides[-1], asked.part.partition(" · ")[2] or asked.part
        last.kind = "exercises"
        last.body.append(f"<li>{title}</li>")
        last.notes += [f"<h3>{asked.part}</h3>", *asked.notes]


# --- how many there are -------------------------------------------------------------------------

# Which give way where a lesson has too many: an answer without a picture, a picture whose slider
# comes next, a heading alone, the titles of the exercises.
GIVE_WAY = (("answer",), ("picture", "slider"), ("section",), ("exercises",))


def fewer(slides: list[Slide], most: int) -> list[Slide]:
    """A part that has shown nothing gets no slide; if the rest are too many, the last ones go."""
    slides = list(slides)
    for here in reversed(range(len(slides))):
        if slides[here].kind == "part":
            into_notes(slides, here)
    for kinds in GIVE_WAY:
        for here in reversed(range(1, len(slides))):
            found = tuple(slide.kind for slide in slides[here : here + len(kinds)])
            if found == kinds and len(slides) > most:
                into_notes(slides, here)
    return slides


def into_notes(slides: list[Slide], here: int) -> None:
    """What a slide says goes into the notes of the one before it."""
    gone = slides.pop(here)
    begins = gone.heading != slides[here - 1].heading
    title = [f"<h3>{gone.part or gone.section}</h3>"] if begins else []
    said = [FIGURE.sub(r"<p>\1</p>", shown) for shown in gone.body]
    slides[here - 1].notes += [*title, *said, *gone.notes]
