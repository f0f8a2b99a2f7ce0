"""What a check says, in the learner's language."""

import dataclasses
from typing import Any, NamedTuple

from toycore.language import check, number


class Mistake(NamedTuple):
    """One wrong answer, and the words that name it and lead out of it.

    answer  an example: what a learner who makes this mistake would hand in
    tr, en  Markdown; figures of the trial are in braces, by name
    also    other ways to make the same mistake
    """

    answer: Any
    tr: str
    en: str
    also: tuple = ()


@dataclasses.dataclass(frozen=True)
class Verdict:
    """The judgement of one answer.

    credit   the share of the points that it earns: 1 solved, 1/2 where a function's values are
             right and only their gradients are not, else 0
    mistake  the name of the mistake, if the exercise's catalogue has it; else None
    trouble  else the phrase below that is said ("raised", "shape", "unwritten" …); "" if passed
    head, body  a word of judgement, and what to do about it: Markdown in the learner's language
    """

    credit: float
    mistake: str | None
    trouble: str
    head: str
    body: str

    @property
    def passed(self) -> bool:
        """Whether the exercise is solved."""
        return self.credit == 1

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
        "tr": "Henüz bir şey yazılmamış: yukarıdaki hücrede `...` yerine yanıtını yaz; önce o hücreyi, sonra bunu çalıştır. Yazdığın hâlde bunu görüyorsan `return` eksik olabilir.",
        "en": "Nothing is written yet: put your answer in place of `...` in the cell above, run that cell, then this one. If you have done that and still see this, a `return` may be missing.",
    },
    "no_function": {
        "tr": "Burada bir fonksiyon gerekir; gelen: {got}. Parantezsiz, yalnızca adını ver.",
        "en": "This needs a function; you gave {got}. Hand in its name, without parentheses.",
    },
    "raised": {
        "tr": "Kodun hata verdi{where}: {error}",
        "en": "Your code raised an error{where}: {error}",
    },
    "refused": {
        "tr": "Bu yanıt kullanılamıyor: {error}",
        "en": "This answer cannot be used: {error}",
    },
    "backward": {
        "tr": "Fonksiyonun bir eğitim adımı atıyor{where}: `backward()`, `.grad`, `zero_grad()` ya da bir optimizer. Burada yalnızca değer gerekir: hesapla, `return` ile döndür; gradyanı denetim kendisi alır.",
        "en": "Your function takes a training step{where}: `backward()`, `.grad`, `zero_grad()` or an optimizer. Only the value is needed here: compute it and `return` it; the check takes the gradient itself.",
    },
    "unpulled": {
        "tr": "Fonksiyonun bir değer döndürüyor, ama PyTorch onun gradyanını alamıyor: {error}. Sonuca giden yolda bir tensör yerinde mi değişiyor (`+=`, `x[...] = ...`, adı `_` ile biten bir işlem)?",
        "en": "Your function returns a value, but PyTorch cannot take its gradient: {error}. Is a tensor changed in place on the way to the result (`+=`, `x[...] = ...`, an operation whose name ends in `_`)?",
    },
    "endless": {
        "tr": "Fonksiyonun {seconds} saniyede bitmedi, bu yüzden durduruldu. Sonu gelmeyen bir döngü (`while`) ya da bir bekleme (`sleep`) var mı? Doğru bir yanıt saniyenin binde birkaçında biter.",
        "en": "Your function had not finished after {seconds} seconds and was stopped. Is there an endless loop (`while`), or a wait (`sleep`)? A right answer takes a few thousandths of a second.",
    },
    "slow": {
        "tr": "Fonksiyonun hâlâ çalışıyor. Sonu gelmeyen bir döngü ya da bir bekleme olabilir: durdur düğmesi (■) onu keser.",
        "en": "Your function is still running. Perhaps it is in an endless loop, or waiting: the stop button (■) interrupts it.",
    },
    "busy": {
        "tr": "Bu makine şu an çok meşgul: fonksiyonuna çalışacak zaman kalmadı, yanıtın da değerlendirilemedi. Birazdan bu hücreyi yeniden çalıştır.",
        "en": "This machine is very busy: your function got no time to run, so your answer could not be judged. Run this cell again in a moment.",
    },
    "recursion": {
        "tr": "Fonksiyonun kendini durmadan çağırıyor{where}: özyinelemenin (recursion) sonu yok.",
        "en": "Your function keeps calling itself{where}: the recursion never ends.",
    },
    "memory": {
        "tr": "Fonksiyonun çok fazla bellek istedi{where}. Durmadan büyüyen bir liste ya da kocaman bir tensör mü kuruyor? Doğru bir yanıt yalnızca birkaç sayıdır.",
        "en": "Your function asked for too much memory{where}. Does it build a huge tensor, or a list that keeps growing? A right answer is only a few numbers.",
    },
    "left": {
        "tr": "Fonksiyonun, sonuç döndürmek yerine programı bitiriyor{where} (`sys.exit`, `os._exit`, `exit` gibi). Sonucu `return` ile döndür.",
        "en": "Your function ends the program instead of returning a result{where} (`sys.exit`, `os._exit`, `exit` and the like). Hand the result back with `return`.",
    },
    "crashed": {
        "tr": "Fonksiyonun denendiği süreç çöktü (sinyal {signal}). En sık nedenleri: biten bellek ve sonu gelmeyen bir özyineleme. Not defterin yerinde duruyor.",
        "en": "The process in which your function was tried crashed (signal {signal}). The usual causes are running out of memory and endless recursion. Your notebook is unharmed.",
    },
    "asked": {
        "tr": "Fonksiyonun klavyeden bir yanıt bekliyor{where} (`input` gibi). Gereken her şey ona argüman olarak gelir; sormasına gerek yok.",
        "en": "Your function waits for an answer from the keyboard{where} (`input` and the like). Everything it needs comes in as arguments; it does not have to ask.",
    },
    "own_failure": {
        "tr": "Denetimin kendisi burada bir hata verdi: {error}. Bu senin hatan değil; çekirdeği (kernel) yeniden başlatıp hücreleri baştan çalıştır.",
        "en": "The check itself failed here: {error}. That is not your mistake; restart the kernel and run the cells from the top.",
    },
    "other": {
        "tr": "Burada bir sayı, bir sözcük ya da bunlardan bir liste gerekir; gelen: {got}.",
        "en": "This needs a number, a word, or a list of them; you gave {got}.",
    },
    "too_many": {
        "tr": "Yanıtında {most} değerden fazlası var; birkaç tane yeter.",
        "en": "Your answer holds more than {most} values; a few are enough.",
    },
    "where": {"tr": ", satır {line}", "en": " on line {line}"},
    "type": {
        "tr": "{inputs} için fonksiyonun, sayılardan oluşan bir tensör döndürmeli; gelen: {got}.",
        "en": "With {inputs} your function should return a tensor of numbers; it returned {got}.",
    },
    "count": {
        "tr": "Sırayla, virgülle ayırarak {due} sonuç döndür; gelen: {got}.",
        "en": "Return {due} results, in order, separated by commas; your function returned {got}.",
    },
    "pair": {
        "tr": "İki tensör döndür.",
        "en": "Return two tensors.",
    },
    "shape": {
        "tr": "Biçim (shape) tutmuyor: {inputs} için {due} gerekirdi; gelen: {got}. Toplamın ya da ortalamanın eksenine (ve `keepdim`'e), birden çok sonuç varsa sıralarına bak.",
        "en": "The shape is wrong: with {inputs} it should be {due} but is {got}. Look at the axis over which you sum or take the mean (and at `keepdim`), and at the order if there are several results.",
    },
    "dtype": {
        "tr": "Sayılar tutuyor, ama türleri {got}; girdilerinki ise {due}. Arada bir yerde duyarlık kayboluyor; tensörlerini girdilerin türünde kur.",
        "en": "The numbers are right but of type {got}, while the inputs are {due}. Precision is lost somewhere; create your tensors in the type of the inputs.",
    },
    "not_finite": {
        "tr": "{inputs} için sonuçta NaN ya da sonsuz var: {got}. Beklenen: {due}. Sıfıra bölme, sıfırın logaritması ya da taşan bir üstel ara.",
        "en": "With {inputs} there is NaN or infinity in the result: {got}. Expected: {due}. Look for a division by zero, a logarithm of zero or an exponential that overflows.",
    },
    "differs": {
        "tr": "Bu hatayı tanımıyorum. {inputs} için seninki {got}; beklenen: {due}.",
        "en": "I don't recognise this mistake. With {inputs} you get {got}; expected: {due}.",
    },
    "random": {
        "tr": "Aynı girdiyle iki çağrı iki ayrı sonuç verdi: {got} ve {again}. Kodunda rastgele ya da çağrıdan çağrıya değişen bir şey var.",
        "en": "Two calls with the same input gave two results: {got} and {again}. Something in your code is random, or changes from call to call.",
    },
    "no_gradient": {
        "tr": "Değer doğru, ama `{name}` girdisine hiç gradyan ulaşmıyor: eğitim hiçbir şey öğrenmezdi. `.item()`, `float(...)`, `.detach()` ya da `torch.tensor(...)` zinciri koparır.",
        "en": "The value is right, but no gradient reaches `{name}`: training would learn nothing. `.item()`, `float(...)`, `.detach()` and `torch.tensor(...)` break the chain.",
    },
    "stray_gradient": {
        "tr": "Değer doğru, ama `{name}` girdisine gradyan ulaşıyor; oysa o burada bir sabittir: `.detach()`.",
        "en": "The value is right, but a gradient reaches `{name}`, which is a constant here: `.detach()`.",
    },
    "gradient": {
        "tr": "Değer doğru, gradyan değil. {inputs} için `{name}` girdisinin gradyanı {got}; beklenen: {due}.",
        "en": "The value is right, but the gradient is not. With {inputs} the gradient of `{name}` is {got}; expected: {due}.",
    },
    "otherwise": {
        "tr": "Bu makinede dersin beklediğinden başka bir sonuç çıktı; yanıtın buna göre değerlendirilemiyor.",
        "en": "On this machine the run did not come out as the lesson expects, so your answer cannot be judged by it.",
    },
    "no_number": {
        "tr": "Burada bir sayı gerekir; gelen: {got}.",
        "en": "This needs a number; you gave {got}.",
    },
    "no_choice": {
        "tr": "Şunlardan birini yaz: {due}. Yazdığın: {got}.",
        "en": "Write one of {due}. You wrote {got}.",
    },
}


def say(key: str, language: str, **figures) -> str:
    """One phrase of the engine in the language asked for."""
    return PHRASES[key][check(language)].format(**figures)


def fill(mistake: Mistake, language: str, figures: dict) -> str:
    """The words of a mistake, numbers written as the language writes them."""
    shown = {k: number(v, language) if isinstance(v, float) else v for k, v in figures.items()}
    return getattr(mistake, check(language)).format(**shown)
