"""Predictions: written down before the answer can be seen, then set beside it.

    leash = tc.widgets.predict(
        "?",  # your letter in place of the ?
        "a short leash",
        a="towards the reference",
        b="towards the reward",
    )
    ...  # the cells that find out
    leash.reveal(a=near < far, b=far < near)

The letter is in the cell, so it is kept with the notebook, whatever shows it, and can be read by
whoever marks it. The truth is computed: `reveal` is told of each answer whether it is true.
Without a letter, running all cells just shows the truth.
"""

import html
from collections.abc import Callable
from string import ascii_lowercase

from toycore import language as words
from toycore.engine import guards
from toycore.errors import in_its_language, say

NOTHING = ("", "?")
MADE: "dict[tuple[str, str], Prediction]" = {}  # of this kernel, as they were first made


@in_its_language
def predict(letter: str, about: str, *, language: str = "en", **answers: str) -> "Prediction":
    """A prediction to be revealed: the letter of one of the answers, "?" for none yet.

    about    what it is about, in a few words: its name in the overview
    answers  two or more, by their letters from a on: a="it rises", b="it falls"
    """
    guards.instance("about", about, str)
    due = tuple(ascii_lowercase[: max(2, len(answers))])
    if tuple(answers) != due or len(set(answers.values())) < len(due):
        raise ValueError(say("answers", got=answers))
    given = letter.strip().lower() if isinstance(letter, str) else letter
    if given is not ... and given not in (*NOTHING, *answers):
        letters = ", ".join(f'"{known}"' for known in answers)
        raise ValueError(say("letter", letters=letters, got=repr(letter)))
    guess = given if given in answers else None
    MADE[language, about] = Prediction(about, answers, guess, words.check(language))
    return MADE[language, about]


class Prediction:
    """A letter, or None, and what is true, once it is revealed."""

    def __init__(self, about: str, answers: dict[str, str], guess: str | None, language: str):
        self.about, self.answers, self.guess, self.language = about, answers, guess, language
        self.truth: str | None = None
        self.revealed = False

    @in_its_language
    def reveal(self, **holds) -> "Prediction":
        """The prediction beside the truth, given whether each answer is true."""
        if set(holds) != set(self.answers):
            asked, got = ", ".join(self.answers), ", ".join(holds)
            raise ValueError(say("reveal", asked=asked, got=got))
        true = [letter for letter, it in holds.items() if bool(it)]
        # A learner who changed the experiment may get a result that nobody foresaw.
        self.truth = true[0] if len(true) == 1 else None
        self.revealed = True
        return self

    @property
    def right(self) -> bool:
        return self.guess is not None and self.guess == self.truth

    def said(self, guess: str | None) -> list[str]:
        """What is said, sentence by sentence, after such a guess."""
        if not self.revealed:
            letters = ", ".join(self.answers)
            return [self._of("noted", guess) if guess else self._text("none").format(letters)]
        first = self._of("said", guess) if guess else self._text("silent")
        if guess and guess == self.truth:
            return [first, self._text("right")]
        return [first, self._of("true", self.truth) if self.truth else self._text("unclear")]

    def __repr__(self) -> str:
        return " ".join(self.said(self.guess))

    def _repr_html_(self) -> str:
        """The website reads from data-truth which letter is right."""
        told = "<br>".join(map(html.escape, self.said(self.guess)))
        return f'<p class="tc-told" data-truth="{self.truth or ""}"><strong>{told}</strong></p>'

    def _of(self, key: str, letter: str) -> str:
        return self._text(key).format(letter, self.answers[letter])

    def _text(self, key: str) -> str:
        return words.text(f"predict.{key}", self.language)


def predictions(language: str = "en") -> "Overview":
    """How the predictions that were made in this kernel went."""
    words.check(language)
    made = [made for (spoken, _), made in MADE.items() if spoken == language]
    return Overview(made, language)


class Overview:
    """Predictions as a table, and the surprising ones by name."""

    def __init__(self, predictions: list[Prediction], language: str):
        self.predictions, self.language = predictions, language

    @property
    def made(self) -> int:
        """How many were made, rightly or wrongly."""
        return sum(p.guess is not None for p in self.predictions)

    @property
    def sentence(self) -> str:
        made = [p for p in self.predictions if p.guess and p.truth]
        if not made:
            return words.text("predictions.none", self.language)
        right = sum(p.right for p in made)
        told = words.text("predictions.score", self.language).format(right, len(made))
        surprises = ", ".join(p.about for p in made if not p.right)
        more = words.text("predictions.surprises", self.language).format(surprises)
        return f"{told} {more}" if surprises else told

    def frame(self):
        """A pandas.DataFrame: for each prediction its name, what was said and what is true."""
        import pandas as pd  # slow to import, and not needed before

        heads = [
            words.text(f"predictions.{key}", self.language) for key in ("about", "said", "true")
        ]
        rows = [
            (p.about, p.answers.get(p.guess, "–"), p.answers.get(p.truth, "–"))
            for p in self.predictions
        ]
        return pd.DataFrame(rows, columns=heads)

    def __repr__(self) -> str:
        return f"{self.sentence}\n{whole(self.frame().to_string, index=False)}"

    def _repr_html_(self) -> str:
        table = whole(self.frame().to_html, index=False, classes="tc-predictions", border=0)
        return f"<p>{html.escape(self.sentence)}</p>{table}"


def whole(written: Callable[..., str], **options) -> str:
    """A table in full, however pandas is set."""
    import pandas as pd

    with pd.option_context("display.max_colwidth", None, "display.max_rows", None):
        return written(**options)
