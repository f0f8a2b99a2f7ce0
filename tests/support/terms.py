"""Words that the glossary forbids, found in a text."""

import re

from toycore.glossary import TERMS

# What is not the lesson's own prose: code, formulas, and the foreign word in parentheses.
ASIDE = re.compile(r"```.*?```|`[^`]*`|\$\$.*?\$\$|\$[^$]*\$|\([^)]*\)", re.DOTALL)


def misused(prose: str, language: str = "tr") -> list[str]:
    """Words that a text uses against the glossary."""
    if language == "tr":
        prose = prose.replace("I", "ı").replace("İ", "i")
    text = ASIDE.sub(" ", prose).lower()
    words = (word.lower() for term in TERMS for word in getattr(term, f"avoid_{language}"))
    return [word for word in words if re.search(rf"(?<!\w){re.escape(word)}", text)]
