"""The terms of the course, each once: Turkish, English, and one line of meaning in both.

Lesson 1 ends with this table. A test holds the prose of all lessons to it: the words under
`avoid` are what a Turkish text must not say instead.
"""

from typing import NamedTuple

from toycore.language import check


class Term(NamedTuple):
    tr: str
    en: str
    meaning_tr: str
    meaning_en: str
    avoid: tuple[str, ...] = ()


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
    ),
    Term(
        "tasma",
        "leash",
        "politikayı referansa bağlayan KL cezası",
        "the KL penalty that ties the policy to the reference",
        ("kayış",),
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
    ),
    Term(
        "değer ağı",
        "critic",
        "her istemde beklenen ödülün tahmini",
        "a guess of the reward to expect at each prompt",
        ("eleştirmen", "kritik ağ"),
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
    ),
    Term(
        "tercih çifti",
        "preference pair",
        "aynı isteme iki yanıt: biri seçilen, öbürü reddedilen",
        "two answers to one prompt: one chosen, one rejected",
        ("seçim çifti",),
    ),
    Term(
        "nicemleme",
        "quantization",
        "sayıları az bitle yazma",
        "writing numbers with few bits",
        ("kuantizasyon", "kuantalama", "niceleme"),
    ),
    Term(
        "öğrenme oranı",
        "learning rate",
        "bir adımın büyüklüğü",
        "the size of a step",
        ("öğrenme hızı", "öğrenme katsayısı"),
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

    tr = check(language) == "tr"
    columns = ("Terim", "İngilizcesi", "Anlamı") if tr else ("Term", "Turkish", "Meaning")
    rows = [
        (term.tr, term.en, term.meaning_tr) if tr else (term.en, term.tr, term.meaning_en)
        for term in TERMS
    ]
    rows.sort(key=lambda row: row[0].lower().translate(str.maketrans("çğıöşü", "cgiosu")))
    return pd.DataFrame(rows, columns=columns).set_index(columns[0])
