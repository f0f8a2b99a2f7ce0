"""The terms of the course, each once: Turkish, English, and one line of meaning in both.

Lesson 1 ends with this table. A test holds the prose of all lessons to it: the words under
`avoid_tr` and `avoid_en` are what a text in that language must not say instead.
"""

import re
from typing import NamedTuple

from toycore.language import check

# English letters stand in it as in English; what is no letter comes before all that are.
ALPHABET = "abcçdefgğhıijklmnoöpqrsştuüvwxyz"


class Term(NamedTuple):
    tr: str
    en: str
    meaning_tr: str
    meaning_en: str
    avoid_tr: tuple[str, ...] = ()
    avoid_en: tuple[str, ...] = ()


TERMS = (
    Term(
        "istem",
        "prompt",
        "modele verilen girdi",
        "what the model is given",
        ("komut istemi", "prompt'u", "prompt'a"),
    ),
    Term(
        "politika",
        "policy",
        "her istem için token'ların olasılıkları",
        "the probabilities of the tokens at each prompt",
        ("poliçe", "siyasa"),
    ),
    Term(
        "referans",
        "reference",
        "politikanın başlangıçtaki birebir kopyası; tasma ona bağlıdır",
        "an exact copy of the policy at the start; the leash is tied to it",
        (),
        (
            "anchor policy",
            "base reference",
        ),
    ),
    Term(
        "ödül",
        "reward",
        "bir yanıtın ne kadar değerli olduğu",
        "what an answer is worth",
        ("mükâfat", "reward'ı"),
    ),
    Term(
        "entropi",
        "entropy",
        "politikanın kararsızlığı, nat olarak",
        "how undecided a policy is, in nats",
        ("entropy",),
    ),
    Term(
        "KL uzaklığı",
        "KL divergence",
        "iki politikanın ne kadar ayrıldığı, nat olarak; sıfırsa aynıdırlar",
        "how far apart two policies are, in nats; zero if they are the same",
        ("KL ıraksaması", "KL diverjansı"),
        (
            "KL distance",
            "KL-divergence",
            "Kullback distance",
        ),
    ),
    Term(
        "tasma",
        "leash",
        "politikayı referansa bağlayan KL cezası",
        "the KL penalty that ties the policy to the reference",
        ("kayış",),
        ("tether",),
    ),
    Term(
        "avantaj",
        "advantage",
        "bir yanıtın beklenenden ne kadar iyi çıktığı",
        "how much better an answer was than expected",
        ("üstünlük",),
    ),
    Term(
        "oran",
        "ratio",
        "yeni olasılığın eski olasılığa bölümü",
        "the new probability over the old one",
        ("rasyo",),
    ),
    Term(
        "kırpma",
        "clip",
        "oranı bir aralıkta tutma",
        "keeping the ratio within a range",
        ("klipleme", "clipping'i"),
        ("clamping",),
    ),
    Term(
        "değer ağı",
        "critic",
        "her istemde beklenen ödülün tahmini",
        "a guess of the reward to expect at each prompt",
        ("eleştirmen", "kritik ağ"),
        (
            "value network",
            "value net",
            "value function",
        ),
    ),
    Term(
        "tur",
        "rollout",
        "bir kez yeni örnek çekip onlarla eğitme",
        "drawing fresh samples once, and training on them",
    ),
    Term(
        "tohum",
        "seed",
        "bütün rastgeleliği belirleyen sayı",
        "the number that fixes everything random",
        ("çekirdek sayısı", "seed'i"),
    ),
    Term(
        "pekiştirmeli öğrenme",
        "reinforcement learning (RL)",
        "yanıtları deneyip alınan ödülden öğrenme",
        "learning by trying answers and getting rewards",
        ("takviyeli öğrenme",),
    ),
    Term(
        "düşük ranklı uyarlama",
        "low-rank adaptation (LoRA)",
        "ağırlıkları iki ince matrisin çarpımıyla değiştirme",
        "changing the weights by a product of two thin matrices",
        ("düşük dereceli uyarlama", "düşük mertebeli"),
    ),
    Term(
        "gözetimli ince ayar",
        "supervised fine-tuning (SFT)",
        "doğru yanıtı örnek göstererek eğitme",
        "training by showing the right answer",
        ("denetimli ince ayar",),
        (
            "finetun",
            "fine tuning",
        ),
    ),
    Term(
        "tercih çifti",
        "preference pair",
        "aynı isteme iki yanıt: biri seçilen, öbürü reddedilen",
        "two answers to one prompt: one chosen, one rejected",
        ("seçim çifti",),
        (
            "preference couple",
            "comparison pair",
        ),
    ),
    Term(
        "gömme",
        "embedding",
        "bir istemin yerine geçen sayılar",
        "the numbers that stand for a prompt",
        ("embedding'i", "gömülüm"),
    ),
    Term(
        "kâhin",
        "oracle",
        "kesin yanıtı sayarak veren kod",
        "code that gives the exact answer by counting",
    ),
    Term(
        "sınır",
        "frontier",
        "her KL'de alınabilecek en çok ödül",
        "the most reward to be had at each KL",
        ("cephe",),
    ),
    Term(
        "kayıp",
        "loss",
        "eğitimin küçülttüğü sayı",
        "the number that training makes smaller",
        ("loss'u", "yitim"),
    ),
    Term(
        "doğruluk",
        "accuracy",
        "en olası yanıtı doğru olan istemlerin payı",
        "the share of prompts whose likeliest answer is right",
        ("isabet oranı",),
    ),
    Term(
        "taban",
        "baseline",
        "ödülden düşülen, gradyanın ortalamasını değiştirmeyen sayı",
        "a number subtracted from the reward that leaves the mean gradient as it is",
        ("temel çizgi",),
    ),
    Term(
        "beyazlatma",
        "whitening",
        "ortalamayı 0, standart sapmayı yaklaşık 1 yapma",
        "making the mean 0 and the spread about 1",
    ),
    Term(
        "ödülü kandırma",
        "reward hacking",
        "ödülü, istenen şeyi yapmadan büyütme",
        "raising the reward without doing what was wanted",
        ("ödül hack", "ödül korsanlığı"),
        ("reward gaming",),
    ),
    Term(
        "adaptör",
        "adapter",
        "LoRA'nın eğitilen iki ince matrisi",
        "the two thin matrices that LoRA trains",
        ("uyarlayıcı", "adaptor"),
        ("adaptor",),
    ),
    Term(
        "rank",
        "rank",
        "bir matrisin kaç bağımsız yönde iş gördüğü",
        "the number of independent directions in which a matrix works",
        ("kerte", "matris derecesi"),
    ),
    Term(
        "birleştirme",
        "merge",
        "adaptörü donuk ağırlığa ekleme",
        "adding the adapter to the frozen weight",
        ("merge et",),
    ),
    Term(
        "tam ince ayar",
        "full fine-tuning",
        "bir matrisin bütün ağırlıklarını eğitme",
        "training all weights of a matrix",
        ("tam fine-tun",),
    ),
    Term(
        "tekil değer",
        "singular value",
        "bir matrisin bir yöndeki gücü",
        "the strength of a matrix in one direction",
        ("singüler değer",),
    ),
    Term(
        "örtük ödül",
        "implicit reward",
        "politikanın referansa göre verdiği ödül, β log(π/π_ref)",
        "the reward that a policy gives relative to its reference, β log(π/π_ref)",
        ("kapalı ödül", "gizli ödül"),
        ("hidden reward",),
    ),
    Term(
        "marj",
        "margin",
        "seçilenin örtük ödülü eksi reddedileninki",
        "the implicit reward of the chosen answer minus that of the rejected one",
        ("margin'i", "sınır payı"),
    ),
    Term(
        "olasılık kayması",
        "likelihood displacement",
        "marj büyürken seçilenin olasılığının düşmesi",
        "the chosen answer becoming less likely while the margin grows",
        ("olabilirlik yer değiştirmesi",),
        ("probability displacement", "likelihood shift"),
    ),
    Term(
        "sert etiket",
        "hard label",
        "hep aynı yanıtı seçen yargı",
        "a judgement that always chooses the same answer",
        ("katı etiket",),
    ),
    Term(
        "ölçek",
        "scale",
        "nicemlemede bir basamağın boyu, Δ",
        "the size of a step of the grid in quantization, Δ",
        ("skala",),
    ),
    Term(
        "kanal",
        "channel",
        "bir katmanın bir çıkışı: ağırlık matrisinin bir satırı",
        "one output of a layer: a row of its weight matrix",
        ("channel'ı",),
    ),
    Term(
        "aktivasyon",
        "activation",
        "bir katmana gelen sayı; girdiye göre değişir",
        "a number that comes into a layer; it changes with the input",
        ("etkinleşim", "aktivite"),
    ),
    Term(
        "sinyal-gürültü oranı",
        "signal-to-noise ratio (SNR)",
        "ağırlığın gücünün hatanın gücüne oranı, desibel olarak",
        "the power of the weights over that of the error, in decibels",
        ("işaret-gürültü", "sinyal/gürültü"),
    ),
    Term(
        "nicemleme",
        "quantization",
        "sayıları az bitle yazma",
        "writing numbers with few bits",
        ("kuantizasyon", "kuantalama", "niceleme"),
        (
            "quantisation",
            "quantising",
            "quantised",
        ),
    ),
    Term(
        "öğrenme oranı",
        "learning rate",
        "bir adımın büyüklüğü",
        "the size of a step",
        ("öğrenme hızı", "öğrenme katsayısı"),
        (
            "learning-rate",
            "learn rate",
        ),
    ),
    Term(
        "gradyan",
        "gradient",
        "değerin en hızlı arttığı yön",
        "the direction in which a value grows fastest",
        ("gradient", "türev vektörü"),
    ),
)


def table(language: str):
    """The glossary as a table (pandas.DataFrame), sorted by the language's own term."""
    import pandas as pd

    class Words(pd.DataFrame):
        """Jupyter would align them, like numbers, at the right."""

        def _repr_html_(self) -> str:
            html = super()._repr_html_().replace("text-align: right", "text-align: left")
            return re.sub(r"<(t[hd])>", r'<\1 style="text-align: left">', html)

    tr = check(language) == "tr"
    columns = ("Terim", "İngilizcesi", "Anlamı") if tr else ("Term", "Turkish", "Meaning")
    rows = [
        (term.tr, term.en, term.meaning_tr) if tr else (term.en, term.tr, term.meaning_en)
        for term in TERMS
    ]
    rows.sort(key=lambda row: order(row[0], language))
    return Words(pd.DataFrame(rows, columns=columns).set_index(columns[0]))


def order(term: str, language: str) -> list[int]:
    """A key for sorting, as a dictionary of the language would."""
    if check(language) == "tr":
        term = term.replace("I", "ı").replace("İ", "i")
    plain = term.lower().translate(str.maketrans("âîû", "aiu"))
    return [ALPHABET.find(letter) for letter in plain]
