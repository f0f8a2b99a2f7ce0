"""A terminal or a pipe that lacks one of our characters gets one that it has, and no error.

Python writes into a pipe on Windows in the system's own encoding, cp1254 in Turkey, and raises
at each character that is not in it: at the mark of a verdict, at a β in a table.
"""

import codecs
import sys
import unicodedata

PLAIN = {"✓": "+", "✗": "x", "✎": "...", "–": "-", "−": "-", "×": "x", "→": "->", "±": "+-"}
PLAIN |= {"ı": "i", "·": "*", "’": "'", "“": '"', "”": '"'}


def plain(sign: str) -> str:
    """A character in ASCII: ş as s, β as beta, → as ->, an unknown one as ?."""
    if unicodedata.name(sign, "").startswith("GREEK"):
        return unicodedata.name(sign).split()[3].lower()
    letters = unicodedata.normalize("NFKD", sign).encode("ascii", "ignore").decode()
    return PLAIN.get(sign) or letters or "?"


def readable(error: UnicodeError) -> tuple[str, int]:
    """What is written for characters that an encoding lacks: an error handler for `codecs`."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(plain, error.object[error.start : error.end])), error.end


def never_raise() -> None:
    """Let stdout write whatever it is given; one that can, or has its own way, is left alone."""
    codecs.register_error("toycore", readable)
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    strict = getattr(sys.stdout, "errors", None) == "strict"
    if strict and not encoding.lower().startswith("utf") and hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="toycore")
