"""What two executed notebooks of a lesson have in common: their words, their printed numbers.

Both run the same code. So a word of code or output that is still English in the Turkish notebook
stands in the English one too, in the cell of the same id: the words that both hold are looked at,
and what is left must be a name, or a word that Turkish shares with English.
"""

import re
from collections import Counter
from html.parser import HTMLParser

from builder.lesson import CODE, FORMULA, NUMBER
from builder.wording import SHARED as IN_CODE
from builder.wording import texts
from toycore.language import PROMPTS, TOKENS

# Of two letters or more. Not: kl_beta, k1, INT8, head.weight, range(…), steps=…, @title, ΔW, 4'in
WORD = re.compile(r"(?<![\w.@'’])[^\W\d_α-ωΑ-Ω²³]{2,}(?![\w(=²³]|\.\w)")
# In prose Turkish gives the foreign word in brackets; a link's words are a title.
BRACKETS = re.compile(r"\[[^\]]*\]\([^)]*\)|\([^()]*\)|</?(?:details|summary)>")
HIDDEN = ("style", "script", "code")
SAID = ("alt", "title", "aria-label")

# Names in full: a method's, a library's, what a paper calls a thing.
IN_FULL = (
    *("proximal policy optimization", "direct preference optimization"),
    *("identity preference optimization", "generalized advantage estimation"),
    *("likelihood displacement", "leave-one-out", "open-instruct", "best-of-", "Best-of-"),
)
SHARED = {
    "methods": "DPO GAE GPTQ GRPO IPO LoRA PEFT PPO QLoRA REINFORCE RL RLOO SFT SVD TRL rsLoRA",
    "places": "Colab Kaggle README",
    "settings and what they may be": "clip cpu eos ipo lr seeds sigmoid steps",
    "models and libraries": "MLP PyTorch ReLU TinyMLP ToyLM tokenizer torchao toycore transformers",
    "people": "Adam Bradley Eckart Goodhart Hu Shao Student Terry Young",
    "mathematics and machines": "CPU GPU Kubernetes MB SLURM TV exp kB ms nat softmax µs",
    "Turkish as well": "bias bit logit model norm not on optimum pay token top transformer",
    "Python's own": "False ModuleNotFoundError None True",
}
NAMES = IN_CODE.union(*map(str.split, SHARED.values()))


class Visible(HTMLParser):
    """The text of a page, and what a reader hears in its place."""

    def __init__(self, html: str):
        super().__init__()
        self.parts, self.hidden = [], 0
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.hidden += tag in HIDDEN
        self.parts += [value for name, value in attrs if name in SAID and value]

    def handle_endtag(self, tag):
        self.hidden -= tag in HIDDEN

    def handle_data(self, data):
        self.parts += [] if self.hidden else [data]


def outputs(cell) -> str:
    """All that the outputs of a code cell say. A table's head in one word is a name of the code."""
    said = []
    for output in cell.get("outputs", ()):
        data = output.get("data", {})
        if html := data.get("text/html"):
            said += Visible(re.sub(r"<th\b[^>]*>\s*\S*\s*</th>", "", html)).parts
        else:
            said += [output.get("text", ""), data.get("text/markdown", data.get("text/plain", ""))]
    return " ".join(said)


def printed(cell) -> str:
    return " ".join(output.get("text", "") for output in cell.get("outputs", ()))


def prose(text: str) -> str:
    for aside in (CODE, FORMULA, BRACKETS):
        text = aside.sub(" ", text)
    for name in IN_FULL:
        text = text.replace(name, " ")
    return text


def words(cell) -> set[str]:
    """Of prose; or of the strings, comments and outputs of a code cell."""
    if cell.cell_type == "markdown":
        return set(WORD.findall(prose(cell.source)))
    said = [text.template for text in texts(cell.source) if not text.is_name]
    return {word for text in [*said, outputs(cell)] for word in WORD.findall(prose(text))}


def english_left(turkish, english) -> set[str]:
    """Words that both cells have, and that are no names."""
    labels = {word for kind in (PROMPTS, TOKENS) for one in kind["tr"] for word in one.split()}
    both = words(turkish) & words(english)
    return {word for word in both - labels if not {word, word.lower()} & NAMES}


def numbers(text: str) -> Counter:
    return Counter(NUMBER.findall(text.replace("−", "-")))
