"""Words that the glossary forbids, found in a text; in Turkish also words with two meanings."""

import re

from toycore.glossary import TERMS

# What is not the lesson's own prose: code, formulas, and the foreign word in parentheses.
CODE = r"```.*?```|`[^`]*`|\$\$.*?\$\$|\$[^$]*\$"
ASIDE = re.compile(rf"{CODE}|\([^)]*\)", re.DOTALL)

# Turkish words that once stood for two ideas, each with the phrases in which it has one meaning.
# A new phrase with the meaning that is kept belongs here; another meaning has a word of its own.
ONE_MEANING = {
    # of a reward, or of a logarithm; the model that is adapted is a temel model
    "taban": "taban çizgi|logaritmanın taban|logaritmayı 2 taban",
    "sapma": "standart sapma",  # what a layer adds is its bias
    "basama[kğ]": "(anlamlı|ondalık|son|ikinci) basama[kğ]",  # a digit; a grid has an ızgara adımı
    "cevap|cevab": "kısa cevap",  # the prompt; an answer is a yanıt
    # the frontier, and to bound; what must not be passed is an eşik or an üst sınır
    "sınır(?!la|lı|sız)": r"sınır(ın)? \(frontier|(üst|alt|kesin) sınır|ödül–kl sınır"
    "|sınır: ödül ile kl|sınır: her kl|sınıra var|sınırın üst|sınırın üzerinde"
    "|sınırdan kopar|sınırda nokta|sınırı aç"
    "|tek sınır|aynı sınır|sınır değişmez|sınır çizile|sınırda kalın|çizginin adı sınır"
    "|sınırdan (ne kadar )?uzak"
    "|sınırın (hemen |belirgin )?alt|sınırın öte|sınır boyunca",
    "adım 0": "(?!)",  # where the axis counts rollouts it is tur 0
}
# Of a list, right behind a number with decimals (0,9, 1) or before one (0, 0,9).
COMMAS = re.compile(r"(?<![\d,])[−-]?\d+,\d+,(?=\s|$)|\d,\s+[−-]?\d+,\d")


def misused(prose: str, language: str = "tr") -> list[str]:
    """Words that a text uses against the glossary."""
    text = lowered(ASIDE.sub(" ", prose), language)
    words = (word.lower() for term in TERMS for word in getattr(term, f"avoid_{language}"))
    return [word for word in words if re.search(rf"(?<!\w){re.escape(word)}", text)]


def lowered(text: str, language: str) -> str:
    if language == "tr":
        text = text.replace("I", "ı").replace("İ", "i")
    return text.lower()


def doubled(prose: str) -> list[str]:
    """Turkish words in a meaning that is not theirs, with what stands around them."""
    text = " ".join(lowered(re.sub(CODE, "□", prose, flags=re.DOTALL), "tr").split())
    text = text.replace("*", "")
    found = []
    for word, phrases in ONE_MEANING.items():
        left = re.sub(rf"\b({phrases})\w*", "□", text)
        found += re.findall(rf".{{,20}}\b(?:{word})\w*.{{,20}}", left)
    return found


def crowded(text: str) -> list[str]:
    """Places where a decimal comma stands beside a comma between two words or numbers."""
    text = re.sub(CODE, "□", text, flags=re.DOTALL)
    return [text[max(0, m.start() - 30) : m.end() + 20] for m in COMMAS.finditer(text)]
