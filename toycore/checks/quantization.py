"""The exercises of lesson 5: there and back per channel, an outlier, a fixed scale, own bits."""

import functools

import torch
from torch import Tensor

from toycore import PPOConfig, Run, World, exact, snr_db, train_ppo
from toycore import quantize as package
from toycore.checks.draws import between, normal, setting
from toycore.checks.exercise import Predicted, Tried, Written, number
from toycore.checks.trained import SEEDS, start, the_world
from toycore.checks.verdict import Mistake

# --- there and back, per channel ------------------------------------------------------------------


def weights(generator):
    """Rows of different sizes; the last matrix has a row of zeros."""
    for rows, columns, bits in ((2, 3, 4), (3, 5, 8), (4, 4, 3)):
        sizes = between(generator, 0.5, 3.0, rows, 1)
        weight = normal(generator, rows, columns) * sizes
        # The largest magnitude of each row is negative in the first, so that |w| matters.
        largest = weight.abs().argmax(1, keepdim=True)
        weight = weight.scatter(1, largest, -weight.abs().gather(1, largest))
        if bits == 3:
            weight[-1] = 0.0
        yield {"weight": weight, "bits": bits}


def top(bits: int) -> int:
    return 2 ** (bits - 1) - 1


def guarded(scale: Tensor) -> Tensor:
    return torch.where(scale == 0, 1.0, scale)


def by_rows(weight, bits) -> Tensor:
    return weight.abs().amax(1, keepdim=True) / top(bits)


def both_ways(*scales, rounding=torch.round) -> dict:
    """There and back with other scales or another rounding, with a guard for zeros and without
    one; and with values kept in a byte's range, as many implementations do."""

    def guard(scale):
        return lambda w, bits: guarded(scale(w, bits))

    def in_byte(values):
        return rounding(values).clamp(-128, 127)

    kinds = [kind for scale in scales or (by_rows,) for kind in (guard(scale), scale)]
    first, *others = (round_trip_with(kind, r) for kind in kinds for r in (rounding, in_byte))
    return {"answer": first, "also": tuple(others)}


def round_trip_with(scale, rounding=torch.round):
    def trip(weight, bits):
        step = scale(weight, bits)
        values = rounding(weight / step)
        return values, step, values * step

    return trip


def oracle(weight, bits):
    q = package(weight, bits)
    return q.values, q.scale, q.dequantize()


def without_scale(weight, bits):
    values, step, _ = oracle(weight, bits)
    return values, step, values.double()


def tiny_scale(least: float):
    return round_trip_with(lambda w, bits: by_rows(w, bits).clamp(min=least))


def multiplied(weight, bits):
    step = guarded(by_rows(weight, bits))
    values = (weight * step).round()
    return values, step, values * step


def divided_back(weight, bits):
    values, step, _ = oracle(weight, bits)
    return values, step, values / step


def flat_scale(weight, bits):
    values, step, back = oracle(weight, bits)
    return values, step.squeeze(1), back


def as_bytes(values: Tensor) -> Tensor:
    return values.round().to(torch.int8)


TRIP = {
    "per_tensor": Mistake(
        round_trip_with(lambda w, bits: (w.abs().max() / top(bits)).view(1, 1)),
        also=(round_trip_with(lambda w, bits: w.abs().max() / top(bits)),),
        tr="Bütün matrise tek ölçek. En büyük satır, ızgara adımını ötekilere dayatır (bölüm 4): her satırın kendi ölçeği olsun, `amax(1, keepdim=True)`.",
        en="One scale for the whole matrix. The largest row forces its step on the others (section 4): give each row its own, `amax(1, keepdim=True)`.",
    ),
    "wrong_axis": Mistake(
        **both_ways(lambda w, bits: w.abs().amax(0, keepdim=True) / top(bits)),
        tr="Yanlış eksen: sütun başına bir ölçek. Kanal bir çıkıştır, yani ağırlık matrisinin **satırı**.",
        en="The wrong axis: a scale per column. A channel is an output, a **row** of the weight matrix.",
    ),
    "no_abs": Mistake(
        **both_ways(lambda w, bits: w.amax(1, keepdim=True) / top(bits)),
        tr="Mutlak değer unutulmuş: eksi yönde büyük olan bir ağırlık ızgaranın dışında kalır.",
        en="You forgot the absolute value: a large negative weight falls outside the grid.",
    ),
    "qmax_128": Mistake(
        **both_ways(lambda w, bits: w.abs().amax(1, keepdim=True) / 2 ** (bits - 1)),
        tr="qmax bir fazla (8 bitte 127 yerine 128). Izgara simetrik olsun diye `2**(bits - 1) - 1`.",
        en="qmax is too large by one (128 in place of 127 with 8 bits). For a symmetric grid it is `2**(bits - 1) - 1`.",
    ),
    "hard_coded": Mistake(
        **both_ways(
            lambda w, bits: w.abs().amax(1, keepdim=True) / 127,
            lambda w, bits: w.abs().amax(1, keepdim=True) / 7,
        ),
        tr="qmax sayıyla yazılmış (8 bitte 127, dersin hücresindeki 4 bitte 7). Burada `bits` her denemede başkadır: `2**(bits - 1) - 1`.",
        en="qmax is written as a number (127 with 8 bits, 7 with the 4 bits of the lesson's cell). Here `bits` is different in each trial: `2**(bits - 1) - 1`.",
    ),
    "from_end_to_end": Mistake(
        **both_ways(
            lambda w, bits: (w.amax(1, keepdim=True) - w.amin(1, keepdim=True)) / (2**bits - 1),
        ),
        tr="Ölçek, en küçük ile en büyüğün arasındaki açıklıktan bulunmuş: bu, asimetrik bir ızgaranın ölçeğidir. Bu dersin ızgarası sıfıra göre simetriktir: en büyük |w| bölü qmax.",
        en="The scale comes from the span between the smallest and the largest: that of an asymmetric grid. The grid of this lesson is symmetric about zero: the largest |w| divided by qmax.",
    ),
    "all_values_on_one_side": Mistake(
        **both_ways(lambda w, bits: w.abs().amax(1, keepdim=True) / (2**bits - 1)),
        tr="Bütün değerler sıfırın tek yanına sayılmış: `2**bits - 1`. Onların yarısı eksidir; bir bayta da sığmaz.",
        en="All the values are counted on one side of zero: `2**bits - 1`. Half of them are negative; nor would they fit in a byte.",
    ),
    "truncated": Mistake(
        **both_ways(rounding=torch.trunc),
        tr="Yuvarlama yok, sıfıra doğru kesme var (`.to(torch.int8)` de keser). Hata yarım değil bir ızgara adımına kadar çıkar: önce `.round()`.",
        en="You cut off towards zero instead of rounding (`.to(torch.int8)` does that too). The error goes up to a whole step instead of half a step: `.round()` first.",
    ),
    "rounded_down": Mistake(
        **both_ways(rounding=torch.floor),
        tr="Hep aşağı yuvarlanmış: hata bir ızgara adımına kadar çıkar ve hep aynı yöne kayar. `.round()` en yakınına gider.",
        en="Always rounded down: the error goes up to a whole step, and always in one direction. `.round()` goes to the nearest.",
    ),
    "not_rounded": Mistake(
        **both_ways(rounding=lambda values: values),
        tr="Yuvarlama unutulmuş: değerler tam sayı değil, hiçbir şey nicemlenmemiş.",
        en="You forgot to round: the values are not whole numbers, and nothing is quantized.",
    ),
    "zero_row": Mistake(
        round_trip_with(by_rows),
        also=(round_trip_with(by_rows, as_bytes), tiny_scale(1e-12)),
        tr="Sıfırlardan oluşan bir satırın ölçeği 0 (ya da hemen hemen 0) çıkıyor: 0/0, NaN'dır. Orada ölçek 1 olsun; `torch.where` ayırır.",
        en="A row of zeros gets a scale of 0 (or next to 0), and 0/0 is NaN. Let the scale be 1 there; `torch.where` tells them apart.",
    ),
    "tiny_scale": Mistake(
        tiny_scale(1e-8),
        also=tuple(map(tiny_scale, (1e-5, 1e-6, torch.finfo(torch.float32).eps, 1e-7))),
        tr="Öteki satırlar doğru, 0/0 da önlenmiş. Ama sıfır satırın ölçeği çok küçük bir sayı olmuş; 1 olması istenmişti: `torch.where` ayırır.",
        en="The other rows are right, and 0/0 is avoided. But the row of zeros has a tiny number for its scale where 1 was asked for; `torch.where` tells them apart.",
    ),
    "multiplied": Mistake(
        multiplied,
        tr="Ölçekle çarpılmış. Ölçek, bir ızgara adımının boyudur: kaç adım olduğunu bölerek bulursun, çarparak geri dönersin.",
        en="Multiplied by the scale. A scale is the size of a step: you divide to find how many steps there are, and multiply on the way back.",
    ),
    "divided_back": Mistake(
        divided_back,
        tr="Tam sayılar ve ölçek doğru; geri dönüşte çarpılacak yerde bölünmüş: Δ q.",
        en="The whole numbers and the scale are right; on the way back you divide where you should multiply: Δ q.",
    ),
    "without_scale": Mistake(
        without_scale,
        tr="Geri dönüşte ölçek unutulmuş: üçüncü sonuç Δ q olmalı, q değil.",
        en="You forgot the scale on the way back: the third result must be Δ q, not q.",
    ),
    "flat_scale": Mistake(
        flat_scale,
        tr="Sayılar doğru, ölçeğin biçimi değil: (satır,) yerine (satır, 1) olsun, `keepdim=True`. Yoksa kare bir matriste sessizce sütunlara uygulanır.",
        en="The numbers are right, but the shape of the scale is not: (rows, 1) instead of (rows,), `keepdim=True`. On a square matrix it would silently be applied to the columns.",
    ),
}

round_trip = Written(
    draw=weights,
    results=3,
    right=Mistake(
        oracle,
        tr="Değerler, ölçek ve geri dönüş paketinki gibi; sıfır satır da sağlam.",
        en="Values, scale and the way back are those of the package, and the row of zeros is handled.",
    ),
    mistakes=TRIP,
)


# --- an outlier ten times as large ------------------------------------------------------------------


@functools.cache
def snr_beside_an_outlier(factor: float) -> float:
    """SNR of the other rows, in dB, with one scale and a row `factor` times as large."""
    weight = torch.randn(64, 256, generator=torch.Generator().manual_seed(0))
    weight[0] *= factor
    return snr_db(weight[1:], package(weight, per_channel=False).dequantize()[1:]).item()


def outlier_of_300(answer, language: str) -> tuple[str, dict]:
    guess = number(answer)
    figures = {"small": snr_beside_an_outlier(30), "due": round(snr_beside_an_outlier(300), 1)}
    if abs(guess - figures["due"]) <= 1:
        return "right", figures
    return ("too_low" if guess < figures["due"] else "too_high"), figures


OUTLIER = {
    "too_low": Mistake(
        -6.0,
        tr="Bu kadar düşmez. Bu taze matriste 30 katta {small} dB; Δ²/12'ye göre oradan 20 dB daha kaybedilirdi, ama formül oraya kadar geçerli değildir: adım öyle büyüktür ki öteki ağırlıkların hemen hepsi **sıfıra** yuvarlanır. Hatanın gücü o zaman neyin gücüdür?",
        en="It does not fall that far. On this fresh matrix it is {small} dB at 30 times; by Δ²/12 another 20 dB would be lost, but the formula does not hold that far: the step is so large that nearly all of the other weights are rounded to **zero**. What, then, is the power of the error?",
    ),
    "too_high": Mistake(
        13.0,
        tr="Daha da düşer (bu taze matriste 30 katta {small} dB). Adımın yarısı, öteki ağırlıkların hemen hepsinden büyüktür: neye yuvarlanırlar, hata ne olur?",
        en="It falls further (on this fresh matrix it is {small} dB at 30 times). Half a step is larger than nearly all of the other weights: what are they rounded to, and what is the error?",
    ),
}

outlier = Predicted(
    examine=outlier_of_300,
    right=Mistake(
        0.0,
        tr="Ölçülen {due} dB (bu taze matriste 30 katta {small} dB). Hemen hepsi sıfıra yuvarlanınca hata, ağırlığın kendisidir: güçleri eşittir.",
        en="Measured: {due} dB (on this fresh matrix, {small} dB at 30 times). When nearly all are rounded to zero the error is the weight itself: their powers are equal.",
    ),
    mistakes=OUTLIER,
)


# --- a scale found beforehand ---------------------------------------------------------------------


def activations(generator):
    """More than the grid holds, at both ends; with 8 bits, more than a byte holds."""
    for count, bits in ((4, 8), (6, 8), (9, 4)):
        scale = setting(generator, 0.02, 0.06)
        x = normal(generator, count) * scale * top(bits) / 2
        ends = torch.tensor([1.0, -1.0]) * between(generator, 1.1, 1.8, 2) * scale * top(bits)
        yield {"x": torch.cat([ends, x[2:]]), "scale": scale, "bits": bits}


def as_wrapped_byte(x, scale, bits) -> Tensor:
    return (x / scale).round().to(torch.int32).to(torch.int8)


FIXED = {
    "no_clamp": Mistake(
        lambda x, scale, bits: (x / scale).round(),
        tr="Izgaraya sığmayan sayılar kalmış: `.clamp(...)` ya yok ya da uçları yanlış. x / ölçek, −qmax ile qmax arasında kalmalı; qmax `2**(bits - 1) - 1`'dir.",
        en="Some numbers are still outside the grid: a `.clamp(...)` is missing, or its limits are wrong. Keep x / scale between −qmax and qmax, where qmax is `2**(bits - 1) - 1`.",
    ),
    "wrapped": Mistake(
        as_wrapped_byte,
        also=(lambda x, scale, bits: as_wrapped_byte(x, scale, bits).clamp(-top(bits), top(bits)),),
        tr="Uçlarda tutulmadan bayta çevrilmiş: 130, −126 olur. En büyük sayı en küçüğe döner; önce `.clamp(...)`.",
        en="You convert to bytes without a limit: 130 becomes −126. The largest number turns into one of the smallest; `.clamp(...)` first.",
    ),
    "byte_range": Mistake(
        lambda x, scale, bits: (x / scale).round().clamp(-127, 127),
        also=(lambda x, scale, bits: (x / scale).round().clamp(-128, 127),),
        tr="Uçlar hep bir baytınki. Izgara `bits` ile değişir: 4 bitte qmax 7'dir, 127 değil.",
        en="The limits are always those of a byte. The grid changes with `bits`: with 4 bits qmax is 7, not 127.",
    ),
    "one_sided_grid": Mistake(
        lambda x, scale, bits: (x / scale).round().clamp(0, 2**bits - 1),
        also=(lambda x, scale, bits: (x / scale).round().clamp(0, top(bits)),),
        tr="Izgara sıfırdan başlatılmış: eksi sayıların hepsi 0 olur. Izgara sıfırın iki yanındadır, −qmax ile qmax arası.",
        en="The grid begins at zero: every negative number becomes 0. The grid lies on either side of zero, from −qmax to qmax.",
    ),
    "not_rounded": Mistake(
        lambda x, scale, bits: (x / scale).clamp(-top(bits), top(bits)),
        tr="Yuvarlama unutulmuş: ızgarada yalnızca tam sayılar vardır, `.round()`.",
        en="You forgot to round: the grid has whole numbers only, `.round()`.",
    ),
    "one_value_more": Mistake(
        lambda x, scale, bits: (x / scale).round().clamp(-top(bits) - 1, top(bits)),
        also=(lambda x, scale, bits: (x / scale).round().clamp(-top(bits) - 1, top(bits) + 1),),
        tr="Izgaranın ucunda bir değer fazla. Izgara sıfıra göre simetriktir, −qmax ile qmax arası; qmax `2**(bits - 1) - 1`'dir.",
        en="One value too many at an end of the grid. The grid is symmetric about zero, from −qmax to qmax, where qmax is `2**(bits - 1) - 1`.",
    ),
    "one_end": Mistake(
        lambda x, scale, bits: (x / scale).round().clamp(max=top(bits)),
        also=(lambda x, scale, bits: (x / scale).round().clamp(min=-top(bits)),),
        tr="Yalnızca bir uçta tutulmuş; öteki uç da taşar.",
        en="Only one end is limited; the other can overflow too.",
    ),
    "truncated": Mistake(
        lambda x, scale, bits: (x / scale).trunc().clamp(-top(bits), top(bits)),
        tr="Yuvarlama yok, kesme var: `.to(torch.int8)` yuvarlamaz. Önce `.round()`.",
        en="You cut off instead of rounding: `.to(torch.int8)` does not round. `.round()` first.",
    ),
    "rounded_down": Mistake(
        lambda x, scale, bits: (x / scale).floor().clamp(-top(bits), top(bits)),
        tr="Hep aşağı yuvarlanmış: hata bir ızgara adımına kadar çıkar ve hep aynı yöne kayar. `.round()` en yakınına gider.",
        en="Always rounded down: the error goes up to a whole step, and always in one direction. `.round()` goes to the nearest.",
    ),
    "own_scale": Mistake(
        lambda x, scale, bits: (x / (x.abs().max() / top(bits))).round(),
        tr="Ölçek yeniden bulunmuş. Bu, dinamik nicemlemedir; burada ölçek önceden belli ve değişmez.",
        en="You compute the scale anew. That is dynamic quantization; here the scale is fixed beforehand.",
    ),
    "dequantized": Mistake(
        lambda x, scale, bits: (x / scale).round().clamp(-top(bits), top(bits)) * scale,
        tr="Geri çevrilmiş. İstenen, ızgaradaki tam sayılardı.",
        en="You have already converted back. The task asks for the whole numbers on the grid.",
    ),
    "multiplied": Mistake(
        lambda x, scale, bits: (x * scale).round().clamp(-top(bits), top(bits)),
        tr="Ölçekle çarpılmış. Ölçek bir ızgara adımının boyudur: kaç adım olduğunu bölerek bulursun.",
        en="Multiplied by the scale. A scale is the size of a step: you divide to find how many steps there are.",
    ),
}

fixed_scale = Written(
    draw=activations,
    right=Mistake(
        lambda x, scale, bits: (x / scale).round().clamp(-top(bits), top(bits)).to(torch.int8),
        tr="Sığmayan sayılar uçta duruyor. Bu bir hatadır, ama küçüğü; taşan bir bayt işareti değiştirir.",
        en="What does not fit stays at the end. That is an error too, but a small one; an overflowing byte changes the sign.",
    ),
    mistakes=FIXED,
)


# --- bits of one's own ----------------------------------------------------------------------------

BUDGET, AIM = 44, 0.002
SILENT = (5, 6, 9, 10)  # tokens that the trained policy hardly ever gives


@functools.cache
def judged() -> Run:
    """The policy of section 9: PPO with the judge that reads the prompt, adapter merged."""
    table = World().reward.clone()
    table[3], table[3, 1] = -1.0, 1.0
    run = train_ppo(the_world(reward=table), PPOConfig(kl_beta=0.1, seeds=SEEDS), start())
    run.model.head.merge()
    return run


def kl_with_bits(bits: list[int]) -> float:
    model = judged().model
    rows = zip(model.head.weight.detach().unbind(1), bits, strict=True)
    weight = torch.stack([package(row[:, None], b).dequantize()[:, 0] for row, b in rows], 1)
    logits = model.prompt_embed.detach() @ weight.mT + model.head.bias.detach()[:, None]
    return exact.kl(judged().logp, logits.log_softmax(-1)).mean().item()


def with_own_bits(answer, language: str) -> tuple[str, dict]:
    """KL of the trained policy when each row of W, one per token, has bits of its own."""
    bits = answer
    if not isinstance(bits, list | tuple) or len(bits) != len(World().tokens):
        return "count", {}
    kl = kl_with_bits(list(bits))
    figures = {"kl": kl, "spent": sum(bits), "even": kl_with_bits([4] * len(bits))}
    if figures["spent"] > BUDGET:
        return "over_budget", figures
    if kl <= AIM:
        return "right", figures
    figures["times"] = kl / AIM
    if len(set(bits)) == 1:
        return "even", figures
    silent = [bits[token] for token in SILENT]
    said = [b for token, b in enumerate(bits) if token not in SILENT]
    wasted = sum(silent) / len(silent) >= sum(said) / len(said)
    if wasted:
        return "wasted", figures
    piled_up = kl >= figures["even"] and max(said) > min(said)
    return ("piled_up" if piled_up else "still_coarse"), figures


BITS = {
    "count": Mistake(
        [4, 4, 4],
        tr="11 token'a kaç bit düştüğünü söyleyen 11 sayılık bir liste gerekir.",
        en="11 tokens need 11 numbers of bits, in a list.",
    ),
    "over_budget": Mistake(
        [8] * 11,
        tr="Toplam {spent} bit; en çok 44 olabilir. (KL {kl} olurdu.)",
        en="{spent} bits in all; at most 44 are allowed. (The KL would be {kl}.)",
    ),
    "even": Mistake(
        [4] * 11,
        tr="Hepsine eşit bit: KL {kl}; izin verilenin {times} katı. Bazı token'ları bu politika hiç söylemez; onların satırı kaba olabilir.",
        en="The same for all: KL {kl}, {times} times the limit. There are tokens that this policy never says; their rows may be coarse.",
    ),
    "wasted": Mistake(
        [3, 3, 3, 3, 3, 5, 5, 3, 3, 6, 6],
        tr="KL {kl}; izin verilenin {times} katı (eşit bitle {even}). Bitlerin, politikanın hiç söylemediği token'lara gidiyor.",
        en="KL {kl}, {times} times the limit (even bits give {even}). Your bits go to tokens that the policy never says.",
    ),
    "piled_up": Mistake(
        [4, 8, 4, 4, 4, 2, 2, 4, 4, 4, 4],
        tr="KL {kl}; eşit bitle {even}: kazanç yok. Bitlerin birkaç satıra yığılmış; sık söylenen öteki token'ların kaba kalan satırları KL'yi büyük tutar. Daha eşit paylaştır.",
        en="KL {kl}, and {even} with even bits: nothing is gained. Your bits are piled on a few rows; the coarse rows of other tokens that are often said keep the KL large. Share more evenly among them.",
    ),
    "still_coarse": Mistake(
        [4, 4, 4, 4, 4, 3, 3, 4, 4, 3, 3],
        tr="Yön doğru: KL {kl}; izin verilenin {times} katı (eşit bitle {even}; harcanan {spent} bit). Sık söylenen token'lara daha çok ver; ret de bunlardan biridir.",
        en="The right direction: KL {kl}, {times} times the limit (even bits give {even}; you spent {spent}). Give more to the tokens that are often said; the refusal is one of them.",
    ),
}

own_bits = Tried(
    examine=with_own_bits,
    right=Mistake(
        [5, 5, 5, 5, 5, 2, 2, 5, 5, 2, 2],
        tr="{spent} bitle KL {kl}; eşit bitle {even} olurdu. Duyarlık, olasılığın olduğu yerde gerekir.",
        en="With {spent} bits the KL is {kl}; with even bits it would be {even}. Precision is needed where the probability is.",
    ),
    mistakes=BITS,
)
