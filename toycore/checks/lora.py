"""The exercises of lesson 2: the LoRA forward, a new adapter, alpha for lr, own targets."""

import functools

import numpy as np
import torch

from toycore import SFTConfig, World, exact, train_sft
from toycore.checks.attempt import Numbers, Unusable
from toycore.checks.draws import normal, setting
from toycore.checks.exercise import Predicted, Tried, Written, predicted_choice
from toycore.checks.trained import SEEDS, the_world
from toycore.checks.verdict import Mistake

# --- the forward pass -----------------------------------------------------------------------------


def forward_inputs(generator):
    """First a square layer of full rank, where swapped factors still have shapes that fit."""
    for samples, inside, out, rank in ((2, 3, 3, 3), (3, 5, 4, 2), (4, 6, 3, 2)):
        yield {
            "x": normal(generator, samples, inside),
            "W": normal(generator, out, inside),
            "b": normal(generator, out),
            "A": normal(generator, rank, inside),
            "B": normal(generator, out, rank),
            "alpha": setting(generator, 4.5, 9.0),
        }


def with_update(update):
    """The layer with another update: (x, A, B, alpha) → (N, out)."""
    return lambda x, W, b, A, B, alpha: x @ W.T + b + update(x, A, B, alpha)


def update(x, A, B, alpha):
    return alpha / len(A) * (x @ A.T) @ B.T


FORWARD = {
    "alpha_without_r": Mistake(
        with_update(lambda x, A, B, alpha: alpha * (x @ A.T) @ B.T),
        tr="α, r'ye bölünmemiş. O zaman rank büyüdükçe adım da büyür (bölüm 6, ek).",
        en="α is not divided by r. The step would then grow with the rank (section 6, extra).",
    ),
    "root_of_r": Mistake(
        with_update(lambda x, A, B, alpha: alpha / len(A) ** 0.5 * (x @ A.T) @ B.T),
        tr="α/√r, rsLoRA'nın ölçeğidir. Burada α/r istendi.",
        en="α/√r is the scale of rsLoRA. Here it is α/r.",
    ),
    "no_scale": Mistake(
        with_update(lambda x, A, B, alpha: (x @ A.T) @ B.T),
        tr="Ölçek hiç yok: α/r eksik. (Dersin hücresindeki `8 / 8`, 1'dir; orada fark edilmez.)",
        en="There is no scale at all: α/r is missing. (The `8 / 8` in the lesson's cell is 1, so it does not show there.)",
    ),
    "alpha_of_the_lesson": Mistake(
        with_update(lambda x, A, B, alpha: 8 / len(A) * (x @ A.T) @ B.T),
        tr="α yerine 8 yazılmış. Dersin modelinde öyleydi; burada `alpha` verilir. r ise doğru bulunmuş.",
        en="You wrote 8 in place of α. That was right in the lesson's model, but here `alpha` is given. Your r is right.",
    ),
    "whole_division": Mistake(
        with_update(lambda x, A, B, alpha: alpha // len(A) * (x @ A.T) @ B.T),
        tr="`//` tam sayı bölmesidir, kesri atar. α/r için tek bölü gerekir: `/`.",
        en="`//` is whole-number division: it drops the fraction. α/r needs a single slash: `/`.",
    ),
    "r_over_alpha": Mistake(
        with_update(lambda x, A, B, alpha: len(A) / alpha * (x @ A.T) @ B.T),
        tr="Kesir ters: α/r, r/α değil.",
        en="The fraction is upside down: α/r, not r/α.",
    ),
    "r_is_in": Mistake(
        with_update(lambda x, A, B, alpha: alpha / A.shape[1] * (x @ A.T) @ B.T),
        tr="α, giriş boyuna bölünmüş. r, A'nın **satır** sayısıdır: A, girdiyi r sayıya indirir.",
        en="α is divided by the number of inputs. r is the number of **rows** of A: A brings the input down to r numbers.",
    ),
    "r_is_out": Mistake(
        with_update(lambda x, A, B, alpha: alpha / len(B) * (x @ A.T) @ B.T),
        tr="α, çıkış boyuna bölünmüş. r, A'nın satır, B'nin **sütun** sayısıdır.",
        en="α is divided by the number of outputs. r is the number of rows of A, and of **columns** of B.",
    ),
    "r_of_the_lesson": Mistake(
        with_update(lambda x, A, B, alpha: alpha / 8 * (x @ A.T) @ B.T),
        tr="r yerine 8 yazılmış. Dersin modelinde öyleydi; burada r'yi A'dan oku: satır sayısı.",
        en="You wrote 8 in place of r. That was right in the lesson's model; here, read r off A: it is the number of its rows.",
    ),
    "swapped": Mistake(
        with_update(lambda x, A, B, alpha: alpha / len(A) * (x @ B.T) @ A.T),
        tr="A ile B yer değiştirmiş: girdi önce A'dan, sonra B'den geçer, yani ΔW = B A. Kare matrislerde biçimler yine tutar, sayılar tutmaz.",
        en="A and B are swapped: the input goes through A first and then through B, so ΔW = B A. With square matrices the shapes still fit and the numbers do not.",
    ),
    "not_transposed": Mistake(
        with_update(lambda x, A, B, alpha: alpha / len(A) * (x @ A) @ B),
        tr="Devrik (transpose) unutulmuş. Girdiler satırdır; bu yüzden `x @ A.T`, sonra `@ B.T`.",
        en="You forgot the transposes. Inputs are rows, so it is `x @ A.T`, then `@ B.T`.",
    ),
    "transposed_product": Mistake(
        with_update(lambda x, A, B, alpha: alpha / len(A) * x @ (B @ A)),
        tr="ΔW = B A doğru, ama W gibi o da devrik çarpılır: `x @ (B @ A).T`.",
        en="ΔW = B A is right, but, like W, it has to be transposed: `x @ (B @ A).T`.",
    ),
    "weight_not_transposed": Mistake(
        lambda x, W, b, A, B, alpha: x @ W + b + update(x, A, B, alpha),
        tr="W'nin devriği unutulmuş: satırları çıkışlardır, bu yüzden `x @ W.T`.",
        en="You forgot the transpose of W: its rows are outputs, so it is `x @ W.T`.",
    ),
    "update_only": Mistake(
        lambda x, W, b, A, B, alpha: update(x, A, B, alpha),
        tr="Donuk katman kayıp: yalnızca düzeltme kalmış. LoRA, W'nin **yanına** konur.",
        en="The frozen layer is missing: only the update is left. LoRA stands **beside** W.",
    ),
    "base_only": Mistake(
        lambda x, W, b, A, B, alpha: x @ W.T + b,
        tr="Yalnızca donuk katman var; adaptör hiç kullanılmıyor.",
        en="Only the frozen layer is there; the adapter is not used at all.",
    ),
    "no_bias": Mistake(
        lambda x, W, b, A, B, alpha: x @ W.T + update(x, A, B, alpha),
        tr="Katmanın bias'ı, `b`, eksik.",
        en="The bias `b` is missing.",
    ),
    "bias_scaled": Mistake(
        lambda x, W, b, A, B, alpha: x @ W.T + alpha / len(A) * ((x @ A.T) @ B.T + b),
        tr="Ölçek, bias'ı da çarpıyor. α/r yalnızca B A içindir.",
        en="The scale multiplies the bias too. α/r belongs to B A alone.",
    ),
    "all_scaled": Mistake(
        lambda x, W, b, A, B, alpha: alpha / len(A) * (x @ W.T + (x @ A.T) @ B.T) + b,
        also=(lambda x, W, b, A, B, alpha: alpha / len(A) * (x @ W.T + b + (x @ A.T) @ B.T),),
        tr="Ölçek, donuk W'yi de çarpıyor: B = 0 iken bile model değişirdi.",
        en="The scale multiplies the frozen W too: even with B = 0 the model would change.",
    ),
}

lora_forward = Written(
    draw=forward_inputs,
    trained=("A", "B"),
    right=Mistake(
        with_update(update),
        tr="Değer de, A ile B'nin gradyanı da doğru. B = 0 olunca geriye donuk katman kalır.",
        en="The value is right, and so are the gradients of A and B. With B = 0 the frozen layer is what is left.",
    ),
    mistakes=FORWARD,
)


# --- a new adapter --------------------------------------------------------------------------------

SIZES = ((7, 5, 2), (6, 9, 3))  # (in, out, rank)


def fresh_adapter(made: list, language: str) -> tuple[str, dict]:
    """The properties of a new pair, since A is random: shapes, B = 0, A alive."""
    for (A, B), (inside, out, rank) in zip(made, SIZES, strict=True):
        if A.dtype is None or B.dtype is None:
            raise Unusable("pair")
        if name := fault(A, B, inside, out, rank):
            sizes = {"inside": inside, "out": out, "rank": rank}
            return name, sizes | {"a": shape(A), "b": shape(B)}
    return "right", {}


def shape(table: Numbers) -> str:
    return f"`{table.shape}`"


def fault(A: Numbers, B: Numbers, inside: int, out: int, rank: int) -> str | None:
    if (A.shape, B.shape) == ((out, rank), (rank, inside)):
        return "pair_swapped"
    if (A.shape, B.shape) != ((rank, inside), (out, rank)):
        return "shapes"
    if any(B.flat):
        return "both_random" if any(A.flat) else "a_is_zero"
    if not any(A.flat):
        return "both_zero"
    return "not_random" if len({row.flat for row in A.rows(rank)}) < rank else None


def random_matrix(*shape):
    return torch.randn(*shape, dtype=torch.float64)


NEW = {
    "both_random": Mistake(
        lambda inside, out, rank: (random_matrix(rank, inside), random_matrix(out, rank)),
        tr="Biçimler doğru, ama ikisi de rastgele: politika daha ilk adımdan önce kayar (bölüm 3, gerçek bir hata). Biri sıfır olmalı.",
        en="The shapes are right, but both are random: the policy shifts before the first step (section 3, a real bug). One of them must be zero.",
    ),
    "both_zero": Mistake(
        lambda inside, out, rank: (torch.zeros(rank, inside), torch.zeros(out, rank)),
        tr="İkisi de sıfır: başlangıç aynı kalır, ama gradyanlar da sıfırdır; hiçbiri yerinden kıpırdamaz.",
        en="Both are zero: the start is unchanged, but the gradients are zero too, and neither ever moves.",
    ),
    "a_is_zero": Mistake(
        lambda inside, out, rank: (torch.zeros(rank, inside), random_matrix(out, rank)),
        tr="Başlangıç aynı kalır, eğitim de başlardı: ikisi doğru. Ama PEFT'teki gibi istendi; orada sıfır başlayan öteki matristir (bölüm 3).",
        en="The start stays unchanged and training could begin: both are right. But the task asks for it as in PEFT, where the other matrix starts at zero (section 3).",
    ),
    "not_random": Mistake(
        lambda inside, out, rank: (torch.ones(rank, inside), torch.zeros(out, rank)),
        also=(
            lambda inside, out, rank: (
                torch.randn(inside).expand(rank, inside),
                torch.zeros(out, rank),
            ),
        ),
        tr="B doğru, başlangıç da aynı. Ama A'nın satırları birbirinin aynı: hepsi aynı yöne bakar, hep aynı gradyanı alır, rank da 1 kalır. Her sayıyı ayrı, rastgele başlat.",
        en="B is right, and the start unchanged. But the rows of A are all the same: they point the same way, get the same gradient, and the rank stays 1. Start every number at random.",
    ),
    "pair_swapped": Mistake(
        lambda inside, out, rank: (torch.zeros(out, rank), random_matrix(rank, inside)),
        tr="Biçimler yer değiştirmiş. A, girdiyi r sayıya indirir: (rank, giriş). B, çıkışı ondan kurar: (çıkış, rank).",
        en="The shapes are swapped. A brings the input down to r numbers: (rank, in). B turns them into the output: (out, rank).",
    ),
    "shapes": Mistake(
        lambda inside, out, rank: (random_matrix(inside, rank), torch.zeros(rank, out)),
        tr="Biçimler tutmuyor: {inside} giriş, {out} çıkış ve rank {rank} için A {a} ve B {b} geldi. A (rank, giriş), B (çıkış, rank) olmalı; B A, W'nin biçimindedir.",
        en="The shapes are wrong: for {inside} inputs, {out} outputs and a rank of {rank}, A came as {a} and B as {b}. A is (rank, in) and B is (out, rank); B A has the shape of W.",
    ),
}

new_adapter = Tried(
    calls=tuple({"in": inside, "out": out, "rank": rank} for inside, out, rank in SIZES),
    results=2,
    examine=fresh_adapter,
    right=Mistake(
        lambda inside, out, rank: (random_matrix(rank, inside), torch.zeros(out, rank)),
        tr="Çarpım sıfır, başlangıç aynı; ilk adımı B atar, A onun ardından yola çıkar.",
        en="The product is zero and the start unchanged; B takes the first step, and A follows.",
    ),
    mistakes=NEW,
)


# --- four times the alpha, a quarter of the step --------------------------------------------------


@functools.cache
def larger_alpha() -> tuple[str, dict]:
    traded, default = (
        train_sft(the_world(), SFTConfig(lora_alpha=alpha, lr=lr, seeds=SEEDS)).history.loss
        for alpha, lr in ((32.0, 0.0025), (8.0, 0.01))
    )
    traded, default = (loss.isel(step=-1).mean().item() for loss in (traded, default))
    letter = "a" if traded < 0.5 * default else "b" if traded < 1.5 * default else "c"
    return letter, {"default": default, "traded": traded}


ALPHA = {
    "a": Mistake(
        "a",
        tr="Dört kat α, tek başına olsaydı öyle olurdu. Ama `lr` de dörtte bire indi: B'nin hızı ne oldu, A'nınki ne oldu?",
        en="That would be so with four times the α alone. But `lr` went down to a quarter: what happens to the pace of B, and to that of A?",
    ),
    "b": Mistake(
        "b",
        tr="B için doğru: dört kat ölçek ile dörtte bir adım birbirini götürür. Ama α, A'nın adımını büyütmez: onu kim telafi etti?",
        en="True for B: four times the scale and a quarter of the step cancel. But α does not make the steps of A larger: what made up for those?",
    ),
}

alpha = Predicted(
    examine=predicted_choice(larger_alpha, "abc"),
    right=Mistake(
        "c",
        tr="Kayıp {default} yerine {traded}. α/r yalnızca B'nin hızıdır, `lr` ise ikisininki: B eski hızında kaldı, A dörtte bire indi. Yani α bir öğrenme oranıdır, ama yalnızca B'ninki.",
        en="The loss is {traded} instead of {default}. α/r is the pace of B alone, `lr` that of both: B kept its pace, and A fell to a quarter. So α is a learning rate, but only that of B.",
    ),
    mistakes=ALPHA,
)


# --- own targets ----------------------------------------------------------------------------------

AIM, LEAST, REFUSAL = 0.85, 4, (3, 1)


def with_own_targets(answer, language: str) -> tuple[str, dict]:
    """The reward of a policy locked on the learner's targets by 400 steps of SFT."""
    world = World(language=language)
    if not isinstance(answer, list | tuple) or len(answer) != len(world.prompts):
        return "count", {}
    targets = [world.token(label) for label in answer]
    if targets[REFUSAL[0]] != REFUSAL[1]:
        return "refusal_lost", {}
    if len(set(targets)) < LEAST:
        return "too_few", {"distinct": len(set(targets))}
    world.sft_targets = torch.tensor(targets)
    run = train_sft(world, SFTConfig(steps=400, seeds=SEEDS))
    reward = exact.expected_reward(run.logp.values, world.reward).mean().item()
    worth = world.reward[0, targets].numpy()
    figures = {"reward": reward, "missed": AIM - reward, "worth": float(np.mean(worth))}
    if reward >= AIM:
        return "right", figures
    return ("harmful" if worth.min() < 0 else "neutral"), figures


TARGETS = {
    "count": Mistake(
        [3, 4, 7],
        tr="Altı istem için altı token'lık bir liste gerekir.",
        en="Six prompts need six tokens, in a list.",
    ),
    "refusal_lost": Mistake(
        [3, 4, 7, 0, 8, 2],
        tr="Dördüncü istemin hedefi ret olarak kalmalıydı: `hayır`, numarası 1.",
        en="The target of the fourth prompt must stay the refusal: `no`, number 1.",
    ),
    "too_few": Mistake(
        [3, 3, 3, 1, 3, 3],
        tr="Yalnızca {distinct} ayrı token var; en az dört istendi.",
        en="The number of distinct tokens is {distinct}; the task asks for at least four.",
    ),
    "neutral": Mistake(
        [3, 4, 7, 1, 8, 10],
        tr="Kilitlenen politikanın ödülü {reward}; istenenin {missed} altında. Hedeflerinin ödül ortalaması {worth}: ret dışında bir nötr hedef daha var.",
        en="The locked policy earns {reward}, {missed} too little. Your targets are worth {worth} on average: besides the refusal, another one is neutral.",
    ),
    "harmful": Mistake(
        [3, 4, 7, 1, 8, 6],
        tr="Kilitlenen politikanın ödülü {reward}; istenenin {missed} altında. Hedeflerinin arasında zararlı bir token var: SFT ne gösterirsen onu öğrenir.",
        en="The locked policy earns {reward}, {missed} too little. One of your targets is harmful: SFT learns whatever it is shown.",
    ),
}

own_targets = Tried(
    examine=with_own_targets,
    right=Mistake(
        [3, 4, 7, 1, 8, 0],
        tr="Politika {reward} kazanıyor; hedeflerin ortalaması {worth}. Kilitlenen bir politikanın değeri, örneklerinin değeridir: eğitim, ödülü hiç görmedi.",
        en="The policy earns {reward}; your targets are worth {worth} on average. A locked policy is worth what its examples are worth: training never saw the reward.",
    ),
    mistakes=TARGETS,
)
