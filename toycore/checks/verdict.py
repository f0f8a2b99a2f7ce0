"""What a check says, in the learner's language."""

import dataclasses
from typing import NamedTuple

from toycore.language import check, number


class Mistake(NamedTuple):
    """One wrong answer, and the words that name it and lead out of it.

    answer  an example: what a learner would hand in who makes this mistake
    tr, en  Markdown; figures of the trial stand in braces, by name
    also    other ways to make the same mistake
    """

    answer: object
    tr: str
    en: str
    also: tuple = ()


@dataclasses.dataclass(frozen=True)
class Verdict:
    """The judgement of one answer.

    passed   whether the exercise is solved
    mistake  the name of the mistake, if it is one of the exercise's catalogue; else None
    head, body  a word of judgement, and what to do about it: Markdown in the learner's language
    """

    passed: bool
    mistake: str | None
    head: str
    body: str

    def __repr__(self) -> str:
        return f"{self.head} {self.body}"

    def _repr_markdown_(self) -> str:
        return f"**{self.head}** {self.body}"


HEADS = {
    "passed": {"tr": "✓ Doğru.", "en": "✓ Right."},
    "unwritten": {"tr": "✎ Sıra sende.", "en": "✎ Your turn."},
    "wrong": {"tr": "✗ Henüz değil.", "en": "✗ Not yet."},
}

PHRASES = {
    "unwritten": {
        "tr": "Henüz bir şey yazılmamış: yukarıdaki hücrede `...` yerine yanıtını koy, o hücreyi ve sonra bunu çalıştır. Yazdıysan ve bunu görüyorsan `return` eksik olabilir.",
        "en": "Nothing is written yet: put your answer in place of `...` in the cell above, run that cell, then this one. If you did and still read this, a `return` may be missing.",
    },
    "no_function": {
        "tr": "Burada bir fonksiyon gerekir; gelen: {got}. Parantezsiz, yalnızca adını ver.",
        "en": "A function is due here; what came is {got}. Hand in its name, without parentheses.",
    },
    "raised": {
        "tr": "Kodun hata verdi{where}: {error}",
        "en": "Your code raised an error{where}: {error}",
    },
    "refused": {
        "tr": "Bu yanıtla çalışılamıyor: {error}",
        "en": "This answer cannot be used: {error}",
    },
    "where": {"tr": ", satır {line}", "en": " in line {line}"},
    "type": {
        "tr": "{inputs} için sayılardan bir tensör gerekirdi; gelen: {got}.",
        "en": "With {inputs} a tensor of numbers is due; what came is {got}.",
    },
    "count": {
        "tr": "{due} sonuç gerekirdi, sırayla ve virgülle; gelen: {got}.",
        "en": "Due are {due} results, in order, with commas between; what came is {got}.",
    },
    "pair": {
        "tr": "İki tensör gerekirdi.",
        "en": "Two tensors are due.",
    },
    "shape": {
        "tr": "Biçim (shape) tutmuyor: {inputs} için {due} gerekirdi, gelen {got}. Toplamın ya da ortalamanın eksenine (ve `keepdim`'e), birden çok sonuç varsa sıralarına bak.",
        "en": "The shape is wrong: with {inputs} it should be {due} and is {got}. Look at the axis over which you sum or take the mean (and at `keepdim`), and at the order where there are several results.",
    },
    "dtype": {
        "tr": "Sayılar tutuyor ama türleri {got}, oysa girdiler {due}. Arada bir yerde duyarlık kayboluyor; tensörleri girdilerin türünde kur.",
        "en": "The numbers are right but of type {got}, while the inputs are {due}. Somewhere precision is lost; make your tensors in the type of the inputs.",
    },
    "not_finite": {
        "tr": "{inputs} için sonuçta NaN ya da sonsuz var: {got}. Beklenen: {due}. Sıfıra bölme, sıfırın logaritması ya da taşan bir üs ara.",
        "en": "With {inputs} there is NaN or infinity in the result: {got}. Due: {due}. Look for a division by zero, a logarithm of zero or an exponential that overflows.",
    },
    "differs": {
        "tr": "Tanıdık bir hata değil. {inputs} için sonuç {got}, beklenen {due}.",
        "en": "This is no mistake that I know. With {inputs} you get {got}; due is {due}.",
    },
    "random": {
        "tr": "Aynı girdiyle iki çağrı iki ayrı sonuç verdi: {got} ve {again}. Kodunda rastgele ya da çağrıdan çağrıya değişen bir şey var.",
        "en": "Two calls with the same input gave two results: {got} and {again}. Something in your code is random, or changes from call to call.",
    },
    "no_gradient": {
        "tr": "Değer doğru, ama `{name}` üzerine hiç gradyan gelmiyor: eğitim hiçbir şey öğrenmezdi. `.item()`, `float(...)`, `.detach()` ya da `torch.tensor(...)` zinciri koparır.",
        "en": "The value is right, but no gradient reaches `{name}`: training would learn nothing. `.item()`, `float(...)`, `.detach()` and `torch.tensor(...)` break the chain.",
    },
    "stray_gradient": {
        "tr": "Değer doğru, ama `{name}` üzerine gradyan geliyor; oysa o burada bir sabittir: `.detach()`.",
        "en": "The value is right, but a gradient reaches `{name}`, which is a constant here: `.detach()`.",
    },
    "gradient": {
        "tr": "Değer doğru, gradyan değil. {inputs} için `{name}` üzerindeki gradyan {got}, beklenen {due}.",
        "en": "The value is right and the gradient is not. With {inputs} the gradient of `{name}` is {got}; due is {due}.",
    },
    "otherwise": {
        "tr": "Bu makinede dersin beklediğinden başka bir sonuç çıktı; yanıtın buna göre yargılanamıyor.",
        "en": "On this machine the run came out otherwise than the lesson expects; your answer cannot be judged by it.",
    },
    "no_number": {
        "tr": "Burada bir sayı gerekir; gelen: {got}.",
        "en": "A number is due here; what came is {got}.",
    },
    "no_choice": {
        "tr": "Şunlardan birini yaz: {due}. Gelen: {got}.",
        "en": "Write one of {due}. What came is {got}.",
    },
}


def say(key: str, language: str, **figures) -> str:
    """One phrase of the engine in the language asked for."""
    return PHRASES[key][check(language)].format(**figures)


def fill(mistake: Mistake, language: str, figures: dict) -> str:
    """The words of a mistake, numbers written as the language writes them."""
    shown = {k: number(v, language) if isinstance(v, float) else v for k, v in figures.items()}
    return getattr(mistake, check(language)).format(**shown)
