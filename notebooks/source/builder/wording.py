"""The words in a code cell, printed or commented, in both languages.

A cell is written in English. Its last lines say the Turkish of each string and comment that holds
words, `{}` standing for what an f-string fills in; `{0}`, `{1}` where Turkish turns the order:

    print(f"rollout {rollout:3}: attained {attained:.4f}")  # of the possible gain
    # tr: rollout {}: attained {} → tur {}: ulaşılan {}
    # tr: of the possible gain → kazanılabilecek olandan

Neither notebook holds those lines. A string without a space ("seed", "text/plain") is taken for a
name of the code unless it has its line; the words that both languages share are in SHARED.
"""

import ast
import io
import re
import tokenize
from typing import NamedTuple

TURKISH = re.compile(r"# tr: (?P<en>.+?) → (?P<tr>.+)")
FIELD = re.compile(r"\{(?:[^{}]|\{[^{}]*\})*\}")  # of an f-string
WORD = re.compile(r"(?<![\w.])[^\W\d_]{2,}(?![\w(.=])")  # no k1, kl_beta, torch.device, log()
STRING = re.compile(r"\w*(?P<quotes>\"{3}|'{3}|\"|')(?P<text>.*)(?P=quotes)", re.DOTALL)
SHARED = {
    *("KL", "SNR", "dB", "alpha", "beta", "grad", "ln", "log", "pi", "ref", "rank"),
    *("DPO", "GRPO", "Dr", "PPO", "RLOO", "SFT"),
    *("GPT", "Llama", "Mistral", "Python", "torch"),
}


class WordingError(Exception):
    """The words of a code cell are not all in both languages."""


class Text(NamedTuple):
    """A string or a comment: where it stands, and the words in it."""

    start: int
    end: int
    words: str
    is_name: bool

    @property
    def template(self) -> str:
        return FIELD.sub("{}", self.words)


def both(source: str) -> dict[str, str]:
    """The code of a cell in each language; a WordingError where a word is missing or too much."""
    lines = source.splitlines()
    said = [TURKISH.fullmatch(line) for line in lines]
    english = "\n".join(line for line, words in zip(lines, said, strict=True) if not words).rstrip()
    words = {match["en"]: match["tr"] for match in said if match}
    if len(words) < sum(map(bool, said)):
        raise WordingError("the same words have two lines")
    turkish = translated(english, words)
    if skeleton(turkish) != skeleton(english):
        raise WordingError("the Turkish code is not the English but for its words")
    return {"tr": turkish.replace('language="en"', 'language="tr"'), "en": english}


def translated(code: str, words: dict[str, str]) -> str:
    found = texts(code)
    if unused := words.keys() - {text.template for text in found}:
        raise WordingError(f"no string or comment says {min(unused)!r}")
    missing = [text for text in found if text.template not in words and needs_words(text)]
    if missing:
        raise WordingError(f"no Turkish for {missing[0].template!r}")
    for text in reversed(found):  # from the end: what stands before keeps its place
        if text.template in words:
            fields = FIELD.findall(text.words)
            code = code[: text.start] + filled(words[text.template], fields) + code[text.end :]
    return code


def needs_words(text: Text) -> bool:
    return not text.is_name and bool(set(WORD.findall(FIELD.sub(" ", text.words))) - SHARED)


def filled(template: str, fields: list[str]) -> str:
    """The fields of the English in their places, in the order of the Turkish."""
    try:
        return template.format(*fields)
    except (IndexError, KeyError, ValueError) as error:
        raise WordingError(f"{template!r} does not hold the {len(fields)} fields") from error


def texts(code: str) -> list[Text]:
    """The strings and comments of a code, in order. An f-string is one, whatever it holds."""
    starts = [0]
    for line in code.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    found, opened = [], []
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        start = starts[token.start[0] - 1] + token.start[1]
        end = starts[token.end[0] - 1] + token.end[1]
        kind = tokenize.tok_name[token.type]
        if kind == "FSTRING_START":  # from Python 3.12 on, an f-string is many tokens
            opened.append(start)
        elif kind == "FSTRING_END":
            start = opened.pop()
        if opened or kind not in ("STRING", "FSTRING_END", "COMMENT"):
            continue
        if kind == "COMMENT":
            found.append(Text(start + 2, end, code[start + 2 : end], False))
            continue
        match = STRING.fullmatch(code, start, end)
        words, is_name = match["text"], " " not in match["text"]
        found.append(Text(match.start("text"), match.end("text"), words, is_name))
    return found


def skeleton(code: str) -> str:
    """The syntax tree without the words: of an f-string what it fills in, in whatever order."""
    try:
        tree = ast.parse(code)
    except SyntaxError as error:
        raise WordingError(f"not Python: {error}") from error
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            filled_in = [part for part in node.values if isinstance(part, ast.FormattedValue)]
            node.values = sorted(filled_in, key=ast.dump)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            node.value = ""
    return ast.dump(tree)
