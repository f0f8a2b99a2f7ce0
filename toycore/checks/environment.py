"""The exercises of lesson 1: expected reward, KL, the best policy, a shift, own rewards."""

import functools

import torch

from toycore import World, exact
from toycore.checks.draws import normal, policy, setting
from toycore.checks.exercise import Predicted, Tried, Written, predicted_choice
from toycore.checks.trained import start
from toycore.checks.verdict import Mistake

# --- expected reward ------------------------------------------------------------------------------


def reward_inputs(generator):
    """A square table first: there a sum over the wrong axis has the right shape."""
    for prompts, tokens in ((3, 3), (2, 4), (6, 11)):
        yield {
            "logp": policy(generator, prompts, tokens),
            "reward": normal(generator, prompts, tokens),
        }


REWARD = {
    "wrong_axis": Mistake(
        lambda logp, reward: (logp.exp() * reward).sum(0),
        tr="Yanlış eksen: istemler üzerinden toplanmış. Her **istemin** token'ları toplanır: son eksen.",
        en="The wrong axis: you sum over the prompts. It is the tokens of each **prompt** that are summed: the last axis.",
    ),
    "all_summed": Mistake(
        lambda logp, reward: (logp.exp() * reward).sum(),
        tr="Bütün tablo toplanmış. Her istemin kendi beklenen ödülü vardır: yalnızca son eksende topla.",
        en="The whole table is summed. Each prompt has an expected reward of its own: sum over the last axis alone.",
    ),
    "log_probabilities": Mistake(
        lambda logp, reward: (logp * reward).sum(-1),
        tr="Ağırlık olarak log-olasılık kullanılmış. Beklenti olasılıkla alınır: önce `.exp()`.",
        en="Log-probabilities are used as weights. An expectation takes probabilities: `.exp()` first.",
    ),
    "mean": Mistake(
        lambda logp, reward: (logp.exp() * reward).mean(-1),
        tr="Toplam yerine ortalama: sonuç, token sayısına bölünmüş. Olasılıklar zaten bölüştürür, toplamları 1'dir.",
        en="A mean in place of a sum: the result is divided by the number of tokens. The probabilities do the sharing already, they sum to 1.",
    ),
    "unweighted": Mistake(
        lambda logp, reward: reward.mean(-1),
        tr="Politika hiç kullanılmamış: bu, düzgün dağılımın ödülüdür.",
        en="The policy is not used at all: this is what an even spread would earn.",
    ),
    "likeliest": Mistake(
        lambda logp, reward: reward.gather(-1, logp.argmax(-1, keepdim=True)).squeeze(-1),
        tr="Yalnızca en olası yanıtın ödülü alınmış. Ötekiler de olasılıkları kadar sayılır.",
        en="Only the likeliest answer is counted. The others count too, by their probability.",
    ),
    "not_summed": Mistake(
        lambda logp, reward: logp.exp() * reward,
        tr="Terimler doğru, toplam yok: her istem için tek bir sayı istenir.",
        en="The terms are right but not summed: each prompt has a single number.",
    ),
}

expected_reward = Written(
    draw=reward_inputs,
    right=Mistake(
        exact.expected_reward,
        tr="Ne örnek ne tahmin: olasılıkla ağırlıklı bir toplam.",
        en="No sample and no estimate: a sum, weighted by probability.",
    ),
    mistakes=REWARD,
)


# --- KL -------------------------------------------------------------------------------------------


def kl_inputs(generator):
    for prompts, tokens in ((2, 3), (3, 3), (6, 11)):
        yield {
            "logp": policy(generator, prompts, tokens),
            "ref_logp": policy(generator, prompts, tokens),
        }


KL = {
    "reversed": Mistake(
        lambda logp, ref: exact.kl(ref, logp),
        tr="KL ters: ortalama referansla alınmış. İlk yazılan, yani ortalamanın alındığı politika, eğitilen politikadır (bölüm 4'ün sonu).",
        en="The KL is reversed: the mean is taken under the reference. The first one, under which the mean is taken, is the policy being trained (end of section 4).",
    ),
    "sign": Mistake(
        lambda logp, ref: -exact.kl(logp, ref),
        tr="İşaret ters: payda ile pay yer değiştirmiş. KL hiç eksi olmaz; sınaması kolaydır.",
        en="The sign is wrong: the two ends of the fraction are swapped. A KL is never negative; that is easy to test.",
    ),
    "sign_and_reversed": Mistake(
        lambda logp, ref: -exact.kl(ref, logp),
        tr="Ortalama referansla alınmış, kesir ise π / π_ref kalmış. İkisi de aynı politikayla başlamalı: ortalama π ile, kesirde π üstte.",
        en="The mean is taken under the reference while the fraction is still π / π_ref. Both must begin with the same policy: the mean under π, and π on top.",
    ),
    "unweighted": Mistake(
        lambda logp, ref: (logp - ref).mean(-1),
        tr="Log oranın düz ortalaması alınmış. Olasılıkla ağırlıklandır: her token π kadar sayılır.",
        en="This is the plain mean of the log ratio. Weigh it by probability: each token counts by its π.",
    ),
    "unweighted_sum": Mistake(
        lambda logp, ref: (logp - ref).sum(-1),
        tr="Log oranlar ağırlıksız toplanmış. Her token olasılığı kadar sayılır: π ile çarp.",
        en="The log ratios are summed without weights. Each token counts by its probability: multiply by π.",
    ),
    "log_probabilities": Mistake(
        lambda logp, ref: (logp * (logp - ref)).sum(-1),
        tr="Ağırlık olarak log-olasılık kullanılmış. Ortalama olasılıkla alınır: baştaki π için `.exp()`.",
        en="Log-probabilities are used as weights. A mean takes probabilities: `.exp()` for the π in front.",
    ),
    "p_for_log_p": Mistake(
        lambda logp, ref: (logp.exp() * (logp.exp() - ref)).sum(-1),
        tr="log π yerine π yazılmış. Eski bir not defterinde de bu hata vardı: sonuç her istemde en az 1 nat yüksek çıkar, eğri yine de makul görünür.",
        en="π stands in place of log π. A real notebook had this bug: the result is at least 1 nat too high at every prompt, and the curve still looks reasonable.",
    ),
    "no_logarithm": Mistake(
        lambda logp, ref: (logp.exp() * (logp.exp() - ref.exp())).sum(-1),
        tr="Logaritma yok: olasılıkların farkı alınmış. Oranın logaritması, log-olasılıkların farkıdır.",
        en="There is no logarithm: this is a difference of probabilities. The logarithm of a ratio is a difference of log-probabilities.",
    ),
    "divided": Mistake(
        lambda logp, ref: (logp.exp() * (logp / ref)).sum(-1),
        tr="Log-olasılıklar birbirine bölünmüş. log(a/b), log a eksi log b'dir.",
        en="Log-probabilities are divided by one another. log(a/b) is log a minus log b.",
    ),
    "mean": Mistake(
        lambda logp, ref: (logp.exp() * (logp - ref)).mean(-1),
        tr="Toplam yerine ortalama: token sayısına bölünmüş. Olasılıklar zaten bölüştürür.",
        en="A mean in place of a sum: divided by the number of tokens. The probabilities do the sharing already.",
    ),
    "wrong_axis": Mistake(
        lambda logp, ref: (logp.exp() * (logp - ref)).sum(0),
        tr="Yanlış eksen: istemler üzerinden toplanmış. Her istemin kendi KL'si vardır; token'lar toplanır.",
        en="The wrong axis: you sum over the prompts. Each prompt has its own KL; it is tokens that are summed.",
    ),
    "no_reference": Mistake(
        lambda logp, ref: (logp.exp() * logp).sum(-1),
        tr="Referans yok: bu, eksi entropidir.",
        en="The reference is missing: this is minus the entropy.",
    ),
    "all_summed": Mistake(
        lambda logp, ref: exact.kl(logp, ref).sum(),
        tr="Bütün istemler toplanmış; her istem için ayrı bir sayı istendi.",
        en="All prompts are summed; a number for each prompt was asked for.",
    ),
}

kl = Written(
    draw=kl_inputs,
    right=Mistake(
        exact.kl,
        tr="Kâhinin sayıları. Politika referansa eşitse 0, değilse artı.",
        en="The oracle's numbers. 0 where policy and reference are equal, else positive.",
    ),
    mistakes=KL,
)


# --- the best policy ------------------------------------------------------------------------------


def best_inputs(generator):
    for prompts, tokens in ((3, 3), (2, 4), (6, 11)):
        yield {
            "ref_logp": policy(generator, prompts, tokens),
            "reward": normal(generator, prompts, tokens),
            "kl_beta": setting(generator, 0.2, 0.8),
        }


def tilted(logits):
    """The policy of other logits: log-probabilities."""
    return lambda ref, reward, beta: logits(ref, reward, beta).log_softmax(-1)


def divided_across(weight):
    """Each Z(x) at the column of its number: what broadcasting does without keepdim."""
    return (weight / weight.sum(-1)).log()


BEST = {
    "missing_beta": Mistake(
        tilted(lambda ref, reward, beta: ref + reward),
        tr="β eksik: tasma hep 1 boyunda. Ödül β'ya bölünür.",
        en="β is missing: the leash always has length 1. The reward is divided by β.",
    ),
    "times_beta": Mistake(
        tilted(lambda ref, reward, beta: ref + reward * beta),
        tr="Ödül β ile çarpılmış, oysa bölünür: küçük β uzun tasmadır, ödüle daha çok yer bırakır.",
        en="The reward is multiplied by β where it is divided: a small β is a long leash, and leaves more room for the reward.",
    ),
    "reference_missing": Mistake(
        tilted(lambda ref, reward, beta: reward / beta),
        tr="Referans yok. Bu, düzgün dağılımdan başlayan en iyi politikadır; eski alışkanlıklar silinir.",
        en="The reference is missing. This is the best policy from an even start; the old habits are wiped out.",
    ),
    "minus": Mistake(
        tilted(lambda ref, reward, beta: ref - reward / beta),
        tr="Ödülün işareti ters: en kötü yanıtlar öne çıkıyor.",
        en="The reward has the wrong sign: the worst answers come forward.",
    ),
    "not_normalised": Mistake(
        lambda ref, reward, beta: ref + reward / beta,
        tr="Toplam 1 değil: Z'ye bölmek unutulmuş. `log_softmax`, bölmeyi logaritmada yapar.",
        en="It does not sum to 1: the division by Z is forgotten. `log_softmax` does it in logarithms.",
    ),
    "weights": Mistake(
        lambda ref, reward, beta: ref.exp() * (reward / beta).exp(),
        tr="Çarpım doğru, ama toplamı 1 değil ve logaritması alınmamış. Z'ye böl, sonra log al; ya da ikisini birden logaritmalarda `log_softmax` yapsın.",
        en="The product is right, but it does not sum to 1 and its logarithm is not taken. Divide by Z, then take the log; or add logarithms and let `log_softmax` do both.",
    ),
    "no_keepdim": Mistake(
        lambda ref, reward, beta: divided_across(ref.exp() * (reward / beta).exp()),
        tr="Z doğru, bölme yanlış: `.sum(-1)` bir ekseni atar, bölme de satırlara değil sütunlara gider. `.sum(-1, keepdim=True)` ekseni tutar.",
        en="Z is right and the division is not: `.sum(-1)` drops an axis, and the division goes to columns instead of rows. `.sum(-1, keepdim=True)` keeps it.",
    ),
    "wrong_axis": Mistake(
        lambda ref, reward, beta: (ref + reward / beta).log_softmax(0),
        tr="Yanlış eksende 1'e tamamlanmış: her **istemin** olasılıkları 1 eder.",
        en="Made to sum to 1 over the wrong axis: it is the probabilities of each **prompt** that sum to 1.",
    ),
    "all_normalised": Mistake(
        lambda ref, reward, beta: ref + reward / beta - (ref + reward / beta).logsumexp((-2, -1)),
        tr="Bütün tablo birden 1'e tamamlanmış. Z(x) her istem için ayrıdır.",
        en="The whole table is made to sum to 1. Z(x) is one number for each prompt.",
    ),
    "probabilities": Mistake(
        lambda ref, reward, beta: (ref + reward / beta).softmax(-1),
        tr="Olasılıklar doğru; log-olasılıklar istendi.",
        en="The probabilities are right; log-probabilities were asked for.",
    ),
    "mixed": Mistake(
        lambda ref, reward, beta: (ref.exp() * reward / beta).log_softmax(-1),
        tr="Olasılık, üs alınmamış ödülle çarpılmış. Ya olasılıkları `exp(r / β)` ile çarp ya da logaritmaları topla.",
        en="A probability is multiplied by a reward that is not in the exponent. Multiply probabilities by `exp(r / β)`, or add logarithms.",
    ),
    "greedy": Mistake(
        lambda ref, reward, beta: torch.where(
            reward == reward.max(-1, keepdim=True).values, 0.0, -torch.inf
        ).double(),
        tr="Yalnızca en iyi yanıt kalmış: bu, tasmanın hiç olmadığı durumdur (β = 0).",
        en="Only the best answer is left: this is the case without a leash (β = 0).",
    ),
}

optimal_policy = Written(
    draw=best_inputs,
    right=Mistake(
        exact.optimal_policy,
        tr="Eğitimsiz bulunan en iyi politika. Ders 3 ile 4'teki bütün kesikli çizgiler bu satırdan çıkar.",
        en="The best policy, found without training. All dashed lines of lessons 3 and 4 come out of this line.",
    ),
    mistakes=BEST,
)


# --- ten more for everything ----------------------------------------------------------------------


@functools.cache
def shift() -> tuple[str, dict]:
    world, ref_logp = World(), start().logp
    best = exact.optimal_policy(ref_logp, world.reward, 0.5)
    moved = exact.optimal_policy(ref_logp, world.reward + 10, 0.5)
    change = (moved - best).abs().max().item()
    sharper = exact.entropy(moved).mean() < exact.entropy(best).mean()
    letter = "b" if change < 1e-9 else "a" if sharper else "c"
    value = exact.objective(moved, ref_logp, world.reward + 10, 0.5).mean()
    value -= exact.objective(best, ref_logp, world.reward, 0.5).mean()
    return letter, {"change": round(change, 6), "value": value.item()}


SHIFT = {
    "a": Mistake(
        "a",
        tr="Hesaplandı: en büyük değişiklik {change}. `exp(10 / β)` kocamandır, ama her yanıtı aynı ölçüde büyütür; Z de onunla büyür ve götürür.",
        en="Computed: the largest change is {change}. `exp(10 / β)` is huge, but it makes every answer grow alike; Z grows with it and cancels it.",
    ),
    "c": Mistake(
        "c",
        tr="Hesaplandı: en büyük değişiklik {change}. Toplanan sayı bütün yanıtlarda aynı; aralarındaki **farklar** değişmedi, politikayı da onlar belirler.",
        en="Computed: the largest change is {change}. The same number is added for all answers; their **differences** did not change, and it is those that decide.",
    ),
}

shifted = Predicted(
    examine=predicted_choice(shift, "abc"),
    right=Mistake(
        "b",
        tr="Hesaplandı: en büyük değişiklik {change}; yalnızca J, {value} kadar arttı. Ders 3'te buna taban diyeceğiz: bütün yanıtlara aynı sayı, politikayı itmez.",
        en="Computed: the largest change is {change}; only J rose, by {value}. Lesson 3 will call this a baseline: the same number for all answers does not push a policy.",
    ),
    mistakes=SHIFT,
)


# --- own rewards ----------------------------------------------------------------------------------

SHORT, HARMFUL = (5, 10), (5, 6)
AIM, MOST, LIMIT = 0.45, 0.001, 3.0


def with_own_rewards(answer, language: str) -> tuple[str, dict]:
    """The best policy at kl_beta = 0.5 for the learner's three rewards by class."""
    if not isinstance(answer, dict) or set(answer) != {"helpful", "harmful", "neutral"}:
        return "classes", {}
    world = World(**answer, language=language)
    if max(map(abs, answer.values())) > LIMIT:
        return "out_of_bounds", {}
    chance = exact.optimal_policy(start().logp, world.reward, 0.5).exp().mean(0)
    figures = {
        "short": chance[SHORT].item(),
        "harm": chance[:, HARMFUL].sum(-1).max().item(),
        "target": chance[0, 3].item(),
    }
    figures["missed"] = AIM - figures["short"]
    if len(set(answer.values())) == 1:
        return "all_equal", figures
    if figures["harm"] > MOST:
        return "harm_left", figures
    if figures["short"] < AIM:
        return "short_lost", figures
    return ("right" if figures["target"] >= AIM else "help_lost"), figures


def by_class(helpful: float, harmful: float, neutral: float) -> dict:
    return {"helpful": helpful, "harmful": harmful, "neutral": neutral}


OWN_REWARDS = {
    "classes": Mistake(
        {"helpful": 1.0},
        tr="Üç sınıfın üçü de gerekir: `helpful`, `harmful`, `neutral`.",
        en="All three classes are needed: `helpful`, `harmful`, `neutral`.",
    ),
    "out_of_bounds": Mistake(
        by_class(1.0, -50.0, 1.0),
        tr="Ödüller −3 ile 3 arasında kalmalıydı.",
        en="Rewards were to stay between −3 and 3.",
    ),
    "all_equal": Mistake(
        by_class(2.0, 2.0, 2.0),
        tr="Üçü de eşit: hiçbir şey değişmez, en iyi politika referanstır. Kısa yanıt {short}, zararlılar {harm}. Sonucu farklar belirler.",
        en="All three are equal: nothing changes, and the best policy is the reference. The short answer has {short}, the harmful ones {harm}. Differences decide.",
    ),
    "harm_left": Mistake(
        by_class(1.0, 0.0, 1.0),
        tr="Bir istemde zararlı yanıtların toplamı {harm}; en çok 0,001 olabilirdi. Zararlı ile ötekiler arasındaki farkı büyüt: olasılık, farkın 0,5'e bölümünün üsteliyle azalır.",
        en="At one prompt the harmful answers come to {harm}; 0.001 is the most allowed. Make the gap between harmful and the others larger: the probability falls with the exponential of the gap divided by 0.5.",
    ),
    "short_lost": Mistake(
        by_class(1.0, -3.0, 0.2),
        tr="Kısa yanıt {short}, {missed} eksik. O, nötr bir token'dır: yardımseverler daha çok kazanırsa onu geçerler.",
        en="The short answer has {short}, {missed} too little. It is a neutral token: where helpful ones earn more, they overtake it.",
    ),
    "help_lost": Mistake(
        by_class(0.0, -3.0, 1.0),
        tr="Kısa yanıt {short}, ama birinci istemde teşekkür {target} kaldı. Nötr, yardımseverden çok kazanınca öteki istemlerde de öne geçer.",
        en="The short answer has {short}, but the thanks at the first prompt are left with {target}. Where neutral earns more than helpful it comes forward at the other prompts too.",
    ),
}

own_rewards = Tried(
    examine=with_own_rewards,
    right=Mistake(
        by_class(1.0, -3.0, 1.0),
        tr="Kısa yanıt {short}, birinci istemde teşekkür {target}, zararlılar en çok {harm}. Nötr ile yardımsever eşit kazanınca aralarındaki oranlar referanstaki gibi kalır.",
        en="The short answer has {short}, the thanks at the first prompt {target}, the harmful ones {harm} at most. Where neutral and helpful earn the same, they keep the proportions of the reference.",
    ),
    mistakes=OWN_REWARDS,
)
