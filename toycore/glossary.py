"""The terms of the course, each once: Turkish, English, and one line of meaning in both.

Lesson 1 ends with this table. A test holds the prose of all lessons to it: the words under
`avoid_tr` and `avoid_en` are what a text in that language must not say instead.
"""

import re
from typing import NamedTuple

from toycore.language import check

# It holds the English letters in their own order; what is not a letter comes before all letters.
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
        "KL ıraksaması",
        "KL divergence",
        "iki politikanın ne kadar ayrıldığı, nat olarak; sıfırsa aynıdırlar",
        "how far apart two policies are, in nats; zero if they are the same",
        ("KL uzaklığı", "KL diverjansı", "KL sapması"),
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
        "an estimate of the reward to expect at each prompt",
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
        "drawing one set of fresh samples and training on it",
    ),
    Term(
        "tohum",
        "seed",
        "bütün rastgeleliği belirleyen sayı",
        "the number that fixes everything random",
        ("çekirdek sayısı", "seed'i"),
    ),
    Term(
        "pekiştirmeli öğrenme (RL)",
        "reinforcement learning (RL)",
        "yanıtları deneyip alınan ödülden öğrenme",
        "learning by trying answers and getting rewards",
        ("takviyeli öğrenme",),
    ),
    Term(
        "düşük ranklı uyarlama (LoRA)",
        "low-rank adaptation (LoRA)",
        "ağırlıkları iki ince matrisin çarpımıyla değiştirme",
        "changing the weights by a product of two thin matrices",
        ("düşük dereceli uyarlama", "düşük mertebeli"),
    ),
    Term(
        "gözetimli ince ayar (SFT)",
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
        "her KL'de alınabilecek en büyük ödül",
        "the largest reward possible at each KL",
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
        "taban çizgisi",
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
        "nicemlemede ızgara adımının boyu, Δ; LoRA'da α/r",
        "in quantization, the size of a step of the grid, Δ; in LoRA, α/r",
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
        "a number that enters a layer; it changes with the input",
        ("etkinleşim", "aktivite"),
    ),
    Term(
        "sinyal-gürültü oranı (SNR)",
        "signal-to-noise ratio (SNR)",
        "ağırlıkların gücünün hatanın gücüne oranı, desibel olarak",
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
    Term(
        "ulaşılan pay",
        "attained share",
        "attained: alınabilecek kazancın alınan payı, (J(π) − J(π_ref)) / (J(π*) − J(π_ref))",
        "attained: the share of the possible gain, (J(π) − J(π_ref)) / (J(π*) − J(π_ref))",
    ),
    Term(
        "amaç",
        "objective",
        "eğitimin büyüttüğü sayı, J(π) = E[r] − β KL(π‖π_ref)",
        "what training raises, J(π) = E[r] − β KL(π‖π_ref)",
    ),
    Term(
        "vekil amaç",
        "surrogate objective",
        "PPO'nun adım adım büyüttüğü: min(ρ Â, kırpılmış ρ Â)",
        "what PPO raises step by step: min(ρ Â, clipped ρ Â)",
    ),
    Term(
        "beklenen ödül",
        "expected reward",
        "ödülün, politikanın olasılıklarıyla alınan ortalaması, E[r]",
        "the mean of the reward under the policy's probabilities, E[r]",
    ),
    Term(
        "en iyi politika",
        "best policy",
        "amacı en büyük yapan politika, π* = π_ref e^(r/β) / Z(x)",
        "the policy with the largest objective, π* = π_ref e^(r/β) / Z(x)",
    ),
    Term(
        "kapalı biçim",
        "closed form",
        "yanıtı eğitimsiz, doğrudan veren formül",
        "a formula that gives the answer without any training",
    ),
    Term(
        "best-of-n",
        "best-of-n",
        "n yanıt çekip ödülü en büyük olanı verme; eğitim istemez",
        "drawing n answers and giving the one with the largest reward; it needs no training",
    ),
    Term(
        "reddetmeli örnekleme",
        "rejection sampling",
        "çekilen yanıtı bir olasılıkla kabul etme, yoksa yenisini çekme",
        "accepting a drawn answer with some probability, otherwise drawing another",
        ("ret örneklemesi", "reddederek örnekleme"),
    ),
    Term(
        "ödül modeli",
        "reward model",
        "tercih çiftlerinden öğrenilen ödül, r̂",
        "a reward learned from preference pairs, r̂",
        ("ödül ağı",),
    ),
    Term(
        "vekil ödül",
        "proxy",
        "asıl ödülün yerine büyütülen ödül",
        "the reward that is raised in place of the true one",
        ("proxy'yi", "proxy'nin"),
    ),
    Term(
        "altın ödül",
        "gold reward",
        "asıl istenen ödül; gerçekte çoğu zaman elde değildir",
        "the reward that is really wanted; in practice it is seldom at hand",
        ("gold'u", "gold ödül"),
    ),
    Term(
        "Goodhart yasası",
        "Goodhart's law",
        "bir ölçü hedef olunca iyi bir ölçü olmaktan çıkar",
        "when a measure becomes a target, it ceases to be a good measure",
    ),
    Term(
        "kovaryans",
        "covariance",
        "iki sayının birlikte ne kadar değiştiği; eksiyse biri artarken öteki genellikle azalır",
        "how much two numbers vary together; if negative, one tends to fall when the other rises",
        ("eşdeğişinti", "kovaryasyon"),
    ),
    Term(
        "doğal gradyan",
        "natural gradient",
        "her yanıtın logitini, ne kadar olası olursa olsun, tam avantajı kadar iten adım",
        "a step that pushes each answer's logit by exactly its advantage, however likely it is",
        ("tabii gradyan",),
    ),
    Term(
        "uzunluk yanlılığı",
        "length bias",
        "kayıp yanıtın boyuna bölününce yanıtların uzaması ya da kısalması",
        "answers becoming longer or shorter because the loss is divided by their length",
    ),
    Term(
        "Z(x)",
        "Z(x)",
        "bir istemin olasılıklarını 1'e tamamlayan bölen",
        "the divisor that makes the probabilities of a prompt sum to 1",
    ),
    Term(
        "token",
        "token",
        "yanıtın birimi; burada her yanıt tek token'dır",
        "the unit of an answer; here every answer is a single one",
    ),
    Term(
        "logit",
        "logit",
        "softmax'tan önceki puan",
        "a score before softmax",
    ),
    Term(
        "softmax",
        "softmax",
        "logitleri, toplamı 1 olan olasılıklara çeviren işlev",
        "it turns logits into probabilities that sum to 1",
    ),
    Term(
        "log-olasılık",
        "log-probability",
        "bir olasılığın doğal logaritması",
        "the natural logarithm of a probability",
    ),
    Term(
        "log oran",
        "log ratio",
        "oranın logaritması: iki log-olasılığın farkı",
        "the logarithm of a ratio: a difference of log-probabilities",
    ),
    Term(
        "nat",
        "nat",
        "entropi ile KL'nin birimi; doğal logaritmadan gelir",
        "the unit of entropy and KL; it comes from the natural logarithm",
    ),
    Term(
        "düzgün dağılım",
        "uniform distribution",
        "bütün yanıtların eşit olası olması",
        "all answers equally likely",
    ),
    Term(
        "standart sapma",
        "standard deviation",
        "değerlerin ortalamadan tipik uzaklığı; karesi varyanstır",
        "how far values typically lie from their mean; its square is the variance",
    ),
    Term(
        "bias",
        "bias",
        "bir katmanın, girdi ne olursa olsun eklediği sayılar",
        "the numbers that a layer adds, whatever its input",
    ),
    Term(
        "donuk",
        "frozen",
        "eğitimde değişmeyen (ağırlık)",
        "not changed by training (of weights)",
    ),
    Term(
        "hedef",
        "target",
        "SFT'nin bir istemde öğrettiği yanıt",
        "the answer that SFT teaches at a prompt",
    ),
    Term(
        "ret",
        "refusal",
        "kötü bir isteğe hayır demek",
        "saying no to a bad request",
    ),
    Term(
        "geçiş",
        "pass",
        "bir turun örneklerini bir kez baştan sona kullanma (epoch)",
        "using all samples of a rollout once (an epoch)",
    ),
    Term(
        "REINFORCE",
        "REINFORCE",
        "gradyanı örneklerden bulan yöntem: avantaj · ∇log π, ortalaması alınır",
        "a gradient from samples: the mean of advantage · ∇log π",
    ),
    Term(
        "PPO",
        "proximal policy optimization (PPO)",
        "oranı kırparak, aynı örneklerden birkaç geçişte öğrenme",
        "learning in several passes over the same samples, with the ratio clipped",
    ),
    Term(
        "DPO",
        "direct preference optimization (DPO)",
        "tercih çiftlerinden, ödülü görmeden öğrenme",
        "learning from preference pairs, without seeing the reward",
    ),
    Term(
        "IPO",
        "IPO",
        "marjı sonsuza değil, 1/2'ye götüren DPO kaybı",
        "a DPO loss that takes the margin to 1/2 instead of infinity",
    ),
    Term(
        "sigmoid",
        "sigmoid",
        "her sayıyı 0 ile 1 arasına götüren işlev, σ(x) = 1 / (1 + e⁻ˣ)",
        "it takes every number to between 0 and 1, σ(x) = 1 / (1 + e⁻ˣ)",
    ),
    Term(
        "tasmalı ödül",
        "leashed reward",
        "KL cezası düşülmüş ödül, r − β log(π/π_ref)",
        "the reward minus the KL penalty, r − β log(π/π_ref)",
    ),
    Term(
        "entropi ödülü",
        "entropy bonus",
        "kayıpta entropiyi büyüten terim",
        "the term of the loss that raises the entropy",
    ),
    Term(
        "k1, k2, k3",
        "k1, k2, k3",
        "KL'nin örnekten üç tahmini; u = log(π_ref/π) ile −u, u²/2, eᵘ − 1 − u",
        "three estimates of the KL from a sample; with u = log(π_ref/π): −u, u²/2, eᵘ − 1 − u",
    ),
    Term(
        "χ²",
        "χ²",
        "politikanın referanstan uzaklığı, (ρ − 1)² ile ölçülür; ρ = π/π_ref",
        "how far the policy is from the reference, measured by (ρ − 1)²; ρ = π/π_ref",
    ),
    Term(
        "grup",
        "group",
        "nicemlemede bir ölçeği paylaşan sütunlar; GRPO'da bir isteme çekilen yanıtlar",
        "in quantization, columns that share a scale; in GRPO, the answers drawn for one prompt",
    ),
    Term(
        "GRPO",
        "GRPO",
        "değer ağı yerine grubun ortalamasını kullanan, standart sapmasına da bölen PPO",
        "PPO with the mean of a group in place of the critic, divided by its standard deviation",
    ),
    Term(
        "Dr. GRPO",
        "Dr. GRPO",
        "standart sapmaya ve yanıtın boyuna bölmeyen GRPO",
        "GRPO without the divisions by the standard deviation and by an answer's length",
    ),
    Term(
        "RLOO",
        "RLOO",
        "taban çizgisi, grubun öteki yanıtlarının ortalaması olan yöntem",
        "its baseline is the mean of the group's other answers",
    ),
    Term(
        "ızgara",
        "grid",
        "nicemlenmiş bir sayının alabileceği değerler",
        "the values that a quantized number can take",
    ),
    Term(
        "sıfır noktası",
        "zero point",
        "simetrik olmayan bir ızgarada sıfırın yerini tutan tam sayı",
        "the whole number that stands for zero on a grid that is not symmetric",
    ),
    Term(
        "kalibrasyon",
        "calibration",
        "ölçeği önceden, örnek verilerle bulma",
        "finding a scale beforehand, from sample data",
    ),
    Term(
        "statik nicemleme",
        "static quantization",
        "ölçek önceden bulunur ve değişmez; dinamikte her girdide yeniden bulunur",
        "the scale is found beforehand and kept; dynamic quantization finds it anew for each input",
    ),
    Term(
        "transformer",
        "transformer",
        "sözcükleri birbirine dikkat katmanlarıyla bağlayan ağ; büyük dil modellerinin yapısı",
        "a network that relates words to one another by attention; what large language models are",
    ),
    Term(
        "tokenizer",
        "tokenizer",
        "metni token'ların sayılarına çeviren parça",
        "what turns a text into the numbers of its tokens",
    ),
    Term(
        "ön eğitim",
        "pretraining",
        "görevden önce, genel metinlerle eğitme",
        "training on texts in general, before any task",
        ("önceden eğitme",),
    ),
    Term(
        "desibel (dB)",
        "decibel (dB)",
        "iki gücün oranı: 10 kat güç, 10 dB",
        "a ratio of powers: 10 times the power is 10 dB",
    ),
)


def table(language: str):
    """The glossary as a table (pandas.DataFrame), sorted by the language's own term."""
    import pandas as pd

    whole = pd.option_context("display.max_rows", None, "display.max_colwidth", None)

    class Words(pd.DataFrame):
        """Shown whole. Jupyter would align words, like numbers, at the right."""

        @whole
        def __repr__(self) -> str:
            return super().__repr__()

        @whole
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
