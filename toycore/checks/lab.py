"""The exercises of lesson 6: k3, the baseline of the others, β in a group, answers that die out."""

import math

import torch

from toycore import World
from toycore.broken.optima import chi_square_optimum, leashed_group_optimum
from toycore.checks.draws import between, normal
from toycore.checks.exercise import Predicted, Tried, Written, number, predicted_number
from toycore.checks.trained import start
from toycore.checks.verdict import Mistake

HARMFUL, NEUTRAL = [5, 6], [1, 9, 10]


# --- k3 ---------------------------------------------------------------------------------------------


def sampled_inputs(generator):
    """Log-probabilities of sampled tokens; ratios on both sides of 1."""
    for count in (2, 4, 12):
        logp = between(generator, -3.0, -0.3, count)
        sign = torch.tensor([1.0, -1.0]).repeat(count // 2)
        yield {"logp": logp, "ref_logp": logp + sign * between(generator, 0.2, 1.5, count)}


K3 = {
    "sign_flipped": Mistake(
        lambda logp, ref: (logp - ref).exp() - 1 - (logp - ref),
        tr="Log oranın işareti ters: üstelde π_ref/π durmalı, seninkinde π/π_ref var. Bu, vaka 5'in formülüdür; ortalaması KL değil, χ² − KL'dir.",
        en="The log ratio has the wrong sign: π_ref/π belongs in the exponential, but yours has π/π_ref. This is the formula of case 5; its mean is not the KL but χ² − KL.",
    ),
    "k1": Mistake(
        lambda logp, ref: logp - ref,
        tr="Bu k1: ortalaması doğrudur, ama eksi de çıkabilir. k3 her örnekte en az 0'dır.",
        en="This is k1: its mean is right, but it can be negative. k3 is at least 0 at every sample.",
    ),
    "k2": Mistake(
        lambda logp, ref: (logp - ref) ** 2 / 2,
        tr="Bu k2: log oranın karesinin yarısı. Hiç eksi çıkmaz, ama ortalaması KL değildir.",
        en="This is k2: half the square of the log ratio. It is never negative, but its mean is not the KL.",
    ),
    "no_one": Mistake(
        lambda logp, ref: (ref - logp).exp() + logp - ref,
        tr="−1 eksik: π ile π_ref eşitken k3'ün 0 olması gerekir, seninki 1.",
        en="The −1 is missing: where π and π_ref are equal k3 must be 0, and yours is 1.",
    ),
    "no_log": Mistake(
        lambda logp, ref: (ref - logp).exp() - 1,
        tr="Yalnızca π_ref/π − 1 var. Ortalaması 0'dır; KL'yi taşıyan log oran unutulmuş.",
        en="Only π_ref/π − 1 is there. Its mean is 0; you forgot the log ratio, which carries the KL.",
    ),
    "log_sign": Mistake(
        lambda logp, ref: (ref - logp).exp() - 1 - (logp - ref),
        tr="Üstel doğru, ama k1 çıkarılmış: k3 = π_ref/π − 1 **artı** k1.",
        en="The exponential is right, but k1 is subtracted: k3 = π_ref/π − 1 **plus** k1.",
    ),
    "divided": Mistake(
        lambda logp, ref: ref / logp - 1 + logp - ref,
        tr="Log-olasılıklar birbirine bölünmüş. Oran, olasılıkların oranıdır: log farkının üsteli.",
        en="Log-probabilities are divided by one another. The ratio is one of probabilities: the exponential of the difference of logs.",
    ),
    "mean": Mistake(
        lambda logp, ref: ((ref - logp).exp() - 1 + logp - ref).mean(),
        tr="Ortalama alınmış. Her örneğin kendi sayısı isteniyor; ortalamayı kayıp alır.",
        en="You took the mean. The task asks for one number per sample; the loss takes the mean.",
    ),
}

k3 = Written(
    draw=sampled_inputs,
    right=Mistake(
        lambda logp, ref_logp: (ref_logp - logp).exp() - 1 + logp - ref_logp,
        tr="Her örnekte en az 0, ortalaması tam KL. İyi bir ölçüm; gradyanı için bölüm 4'e ve 6'ya bak.",
        en="At least 0 at every sample, and its mean is exactly the KL. A good measurement; for its gradient see sections 4 and 6.",
    ),
    mistakes=K3,
)


# --- the baseline of the others ---------------------------------------------------------------------


def group_inputs(generator):
    for prompts, group in ((1, 2), (2, 4), (3, 8)):
        yield {"reward": normal(generator, prompts, group)}


def own_mean(reward):
    return reward - reward.mean(-1, keepdim=True)


def others_mean(reward):
    return (reward.sum(-1, keepdim=True) - reward) / (reward.shape[-1] - 1)


OTHERS = {
    "own_mean": Mistake(
        own_mean,
        tr="Taban çizgisinde yanıtın kendisi de var: vaka 7'nin hatası. Geriye yanıtın hakkının (G − 1)/G'si kalır.",
        en="The baseline includes the answer itself: the bug of case 7. Only (G − 1)/G of what the answer deserves is left.",
    ),
    "divided_by_all": Mistake(
        lambda reward: reward - (reward.sum(-1, keepdim=True) - reward) / reward.shape[-1],
        tr="Ötekilerin toplamı G'ye bölünmüş; ötekiler G − 1 tanedir.",
        en="The sum of the others is divided by G; there are G − 1 of them.",
    ),
    "sum": Mistake(
        lambda reward: reward - (reward.sum(-1, keepdim=True) - reward),
        tr="Ötekilerin toplamı düşülmüş, ortalaması değil.",
        en="You subtracted the sum of the others; take their mean.",
    ),
    "std": Mistake(
        lambda reward: own_mean(reward) / (reward.std(-1, keepdim=True) + 1e-4),
        tr="Bu GRPO'nun avantajı: grubun kendi ortalaması düşülür, sonra standart sapmaya bölünür. İkisi de istenmiyor.",
        en="This is the advantage of GRPO: its own mean, and a division by the deviation. The task asks for neither.",
        also=(lambda reward: own_mean(reward) / reward.std(-1, keepdim=True),),
    ),
    "whole_batch": Mistake(
        lambda reward: reward - (reward.sum() - reward) / (reward.numel() - 1),
        tr="Bütün grupların ortalaması alınmış. Her istemin kendi grubu vardır: son eksende kal.",
        en="The mean runs over all groups. Each prompt has a group of its own: stay on the last axis.",
    ),
    "baseline_only": Mistake(
        others_mean,
        tr="Bu, taban çizgisinin kendisi. Avantaj, yanıtın ödülünden onun düşülmüş hâlidir.",
        en="This is the baseline itself. The advantage is the answer's reward minus the baseline.",
    ),
    "sign": Mistake(
        lambda reward: others_mean(reward) - reward,
        tr="İşareti ters: iyi çıkan yanıt azaltılır.",
        en="The sign is wrong: answers that turned out well become rarer.",
    ),
}

leave_one_out = Written(
    draw=group_inputs,
    right=Mistake(
        lambda reward: reward - others_mean(reward),
        tr="RLOO'nun avantajı. Kendi ortalamasından G/(G − 1) kat büyüktür; KL kayıptayken bile β artık yazdığın β'dır.",
        en="The advantage of RLOO. It is G/(G − 1) times the one whose mean includes the answer; and with the KL in the loss, β is now the β that you wrote.",
    ),
    mistakes=OTHERS,
)


# --- β in a group -----------------------------------------------------------------------------------


def beta_of_a_group() -> float:
    """From the recipe's own optimum at β = 0.7: reward differences over log-ratio differences."""
    ref_logp, reward = torch.as_tensor(start().logp.values), World().reward
    log_ratio = leashed_group_optimum(ref_logp, reward, 0.7) - ref_logp
    return ((reward[0, 0] - reward[0, 1]) / (log_ratio[0, 0, 0] - log_ratio[0, 0, 1])).item()


GROUP_BETA = {
    "unchanged": Mistake(
        0.7,
        tr="Yazılan β bu; varılan başka. Ödülün çekişi küçüldü, kayıptaki KL'ninki küçülmedi.",
        en="This is the β that was written, but training leads to another. The pull of the reward shrank, that of the KL in the loss did not.",
    ),
    "inverted": Mistake(
        0.7 * 7 / 8,
        tr="Çarpan ters: ödülün payı 7/8'e iner; ödül zayıflayınca tasma kısalır, yani β büyür.",
        en="The factor is upside down: 7/8 of the reward is left; with a weaker reward the leash is shorter, so β is larger.",
    ),
    "one_more": Mistake(
        0.7 * 9 / 8,
        tr="G − 1 yerine G + 1 alınmış. Taban çizgisinin içinde yanıtın kendisi var, fazladan biri değil.",
        en="You used G + 1 in place of G − 1. The baseline includes the answer itself, not an extra one.",
    ),
    "too_low": Mistake(
        0.4,
        tr="Kapalı biçim bundan büyük bir β veriyor. Gruptaki yanıtın avantajından, kendi ödülünün 1/8'i düşülür; KL'den bir şey düşülmez.",
        en="The closed form gives a larger β than that. An answer's advantage loses 1/8 of its own reward; the KL loses nothing.",
    ),
    "too_high": Mistake(
        3.0,
        tr="Kapalı biçim bundan küçük bir β veriyor. Gruptaki yanıtın avantajından, kendi ödülünün 1/8'i düşülür; KL'den bir şey düşülmez.",
        en="The closed form gives a smaller β than that. An answer's advantage loses 1/8 of its own reward; the KL loses nothing.",
    ),
}

group_beta = Predicted(
    examine=predicted_number(beta_of_a_group, 0.005, GROUP_BETA),
    right=Mistake(
        0.8,
        tr="{due}: 0,7 · 8/7. Grup büyüdükçe fark kapanır.",
        en="{due}: 0.7 · 8/7. The larger the group, the smaller the difference.",
    ),
    mistakes=GROUP_BETA,
)


# --- a leash that lets die --------------------------------------------------------------------------


def who_lives(answer, language: str) -> tuple[str, dict]:
    kl_beta = number(answer)
    if not (math.isfinite(kl_beta) and kl_beta > 0):
        return "not_positive", {"got": kl_beta}
    logp = chi_square_optimum(torch.as_tensor(start().logp.values), World().reward, kl_beta)
    harmful, neutral = logp.exp()[..., HARMFUL].max().item(), logp.exp()[..., NEUTRAL].min().item()
    figures = {"got": kl_beta, "harmful": harmful, "neutral": neutral}
    if harmful > 0:
        return "harm_lives", figures
    return ("right" if neutral > 0 else "neutral_dies"), figures


FLIPPED = {
    "harm_lives": Mistake(
        2.0,
        tr="β {got} iken zararlı yanıtlar yaşıyor: en olasının olasılığı {harmful}. Tasma kısa; daha küçük bir β ile dene.",
        en="At a β of {got} harmful answers live: the likeliest has {harmful}. The leash is short; try a smaller β.",
    ),
    "neutral_dies": Mistake(
        0.3,
        tr="β {got} iken nötr yanıtlar da ölüyor: en seyreğinin olasılığı {neutral}. Tasma uzun; daha büyük bir β ile dene.",
        en="At a β of {got} neutral answers die as well: the rarest has {neutral}. The leash is long; try a larger β.",
    ),
    "not_positive": Mistake(
        0.0,
        tr="`kl_beta` sıfırdan büyük bir sayı olmalı; yazılan {got}.",
        en="`kl_beta` must be a number above zero; you wrote {got}.",
    ),
}

flipped_leash = Tried(
    examine=who_lives,
    right=Mistake(
        1.0,
        tr="β {got} iken zararlıların olasılığı tam 0; en seyrek nötrünki {neutral}. KL'li bir tasma hiçbir yanıtı öldürmez; χ² öldürür.",
        en="At a β of {got} the probability of harm is exactly 0, that of the rarest neutral answer {neutral}. A leash made of the KL lets no answer die; one made of χ² does.",
    ),
    mistakes=FLIPPED,
)
