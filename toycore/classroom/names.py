"""Whose a file is, by its name; and names as people read and sort them."""

import re
import unicodedata
from collections import Counter
from pathlib import PurePath

from toycore.classroom.lessons import NOTEBOOKS
from toycore.glossary import ALPHABET
from toycore.language import check

SEPARATORS = " _-.,·–"
STEMS = sorted({stem for names in NOTEBOOKS.values() for stem in names.values()})
# Systems and people put a space or a dash where a name had an underscore.
STEM = re.compile(
    rf"(?<!\d)({'|'.join(stem.replace('_', '[ _-]?') for stem in STEMS)})(?![^\W\d_])", re.I
)
# What a browser, Jupyter, Windows, macOS and Google's drive add to a second file of the same name.
COPY = re.compile(
    r"^copy[ _]of[ _]+"
    r"|[ _]adlı[ _][\w ]+[ _]kopyası"
    r"|[ _]*\(\d+\)"
    r"|[ _-]+(copy|kopyası|kopya)[ _-]*\d*(?![^\W_])",
    re.I,
)
MOODLE = re.compile(r"_(\d+)_assignsubmission_[a-z]+_?")


def plain(words: str, most: int = 60) -> str:
    """Words from outside on one line: no control characters, no half of a sign, not too long."""
    signs = (sign if sign.isprintable() else " " for sign in unicodedata.normalize("NFC", words))
    line = " ".join("".join(signs).split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def is_copy(name: str) -> bool:
    """Whether a name bears the mark of a second file of the same name."""
    return COPY.search(unicodedata.normalize("NFC", name)) is not None


def of_a_notebook(name: str) -> bool:
    """Whether a file was a notebook of the course, going by its name."""
    return ".ipynb" in name.lower() or STEM.search(name) is not None


def learner(path: PurePath) -> tuple[str, str]:
    """Whose it is: the first folder that has a name of its own, else the file's; "": nobody knows.

    Beside the name, the number by which Moodle tells two learners of the same name apart.
    """
    parts = [*path.parts[:-1], re.sub(r"\.ipynb.*$|\.[^.]*$", "", path.name, flags=re.I)]
    return next(filter(any, map(_owner, parts)), ("", ""))


def _owner(part: str) -> tuple[str, str]:
    part = unicodedata.normalize("NFC", part)
    number = MOODLE.search(part)
    pieces = STEM.split(COPY.sub("", MOODLE.sub(" ", part)))[::2]  # without the stems themselves
    left = " ".join(piece.strip(SEPARATORS) for piece in pieces)
    return plain(left), number[1] if number else ""


def shown(owners: set[tuple[str, str]]) -> dict[tuple[str, str], str]:
    """Each learner by name; with the number where the name alone would not tell."""
    same = Counter(name for name, _ in owners)
    return {
        (name, number): name if name and same[name] == 1 else f"{name} {number}".strip()
        for name, number in owners
    }


def order(name: str, language: str) -> tuple[list, str]:
    """A key for sorting: word by word, numbers by size, the letters of both languages, the rest."""
    lower = name.replace("I", "ı").replace("İ", "i") if check(language) == "tr" else name
    pieces = re.findall(r"\d{1,18}|\D", lower.lower().replace("i\u0307", "i"))
    return [*map(_place, pieces)], name


def _place(piece: str) -> tuple[int, int]:
    """Where it stands; a letter with a foreign accent, with the letter without it."""
    if piece.isdecimal():
        return 1, int(piece)
    bare = piece if piece in ALPHABET else unicodedata.normalize("NFKD", piece)[0]
    if bare in ALPHABET:
        return 2, ALPHABET.find(bare)
    return (0 if piece.isspace() else 3), ord(piece)
