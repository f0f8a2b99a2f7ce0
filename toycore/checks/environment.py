"""The exercises of lesson 1: expected reward, KL, the best policy, a shift, own rewards."""

import functools
import math

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
        en="The wrong axis: you sum over the prompts. Sum over the tokens of each **prompt**: the last axis.",
    ),
    "all_summed": Mistake(
        lambda logp, reward: (logp.exp() * reward).sum(),
        tr="Bütün tablo toplanmış. Her istemin kendi beklenen ödülü vardır: yalnızca son eksende topla.",
        en="The whole table is summed. Each prompt has its own expected reward: sum over the last axis only.",
    ),
    "averaged": Mistake(
        lambda logp, reward: (logp.exp() * reward).sum(-1).mean(),
        tr="İstemlerin ortalaması da alınmış, geriye tek sayı kalmış. Toplam doğru; sondaki `.mean()` fazla: her istem için bir sayı istendi.",
        en="You also take the mean over the prompts, which leaves a single number. The sum is right, but drop the `.mean()` after it: the task asks for one number per prompt.",
    ),
    "matrix_product": Mistake(
        lambda logp, reward: logp.exp() @ reward.T,
        also=(lambda logp, reward: logp.exp() @ reward,),
        tr="Matris çarpımı (`@`) her istemi bütün istemlerle eşleştirir. Burada hücreler karşılıklı çarpılır: `*`, sonra toplam.",
        en="A matrix product (`@`) pairs every prompt with all prompts. Here the cells are multiplied one by one: `*`, then the sum.",
    ),
    "log_probabilities": Mistake(
        lambda logp, reward: (logp * reward).sum(-1),
        tr="Ağırlık olarak log-olasılık kullanılmış. Beklenen değer olasılıklarla alınır: önce `.exp()`.",
        en="Log-probabilities are used as weights. An expectation needs probabilities: `.exp()` first.",
    ),
    "mean": Mistake(
        lambda logp, reward: (logp.exp() * reward).mean(-1),
        tr="Toplam yerine ortalama: sonuç, token sayısına bölünmüş. Payları olasılıklar zaten dağıtır: toplamları 1'dir.",
        en="A mean in place of a sum: the result is divided by the number of tokens. The probabilities already do the sharing: they sum to 1.",
    ),
    "unweighted": Mistake(
        lambda logp, reward: reward.mean(-1),
        tr="Politika hiç kullanılmamış: bu, düzgün dağılımın ödülüdür.",
        en="The policy is not used at all: this is what a uniform policy would earn.",
    ),
    "likeliest": Mistake(
        lambda logp, reward: reward.gather(-1, logp.argmax(-1, keepdim=True)).squeeze(-1),
        tr="Yalnızca en olası yanıtın ödülü alınmış. Ötekiler de olasılıkları kadar sayılır.",
        en="Only the likeliest answer is counted. The others count too, in proportion to their probability.",
    ),
    "not_summed": Mistake(
        lambda logp, reward: logp.exp() * reward,
        tr="Terimler doğru, toplam yok: her istem için tek bir sayı istenir.",
        en="The terms are right but not summed: each prompt should give a single number.",
    ),
}

expected_reward = Written(
    draw=reward_inputs,
    right=Mistake(
        exact.expected_reward,
        tr="Ne örnek ne tahmin: olasılıkla ağırlıklı bir toplam.",
        en="No sampling and no estimate: just a sum, weighted by probability.",
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
        en="The KL is reversed: the mean is taken under the reference. The mean belongs under the first of the two, the policy being trained (end of section 4).",
    ),
    "sign": Mistake(
        lambda logp, ref: -exact.kl(logp, ref),
        tr="İşaret ters: pay ile payda yer değiştirmiş. KL hiç eksi olmaz; bunu sınamak kolaydır.",
        en="The sign is wrong: the numerator and the denominator are swapped. A KL is never negative; that is easy to test.",
    ),
    "sign_and_reversed": Mistake(
        lambda logp, ref: -exact.kl(ref, logp),
        tr="Ortalama referansla alınmış, kesir ise π / π_ref kalmış. İkisi de aynı politikayla başlamalı: ortalama π ile, kesirde π üstte.",
        en="The mean is taken under the reference while the fraction is still π / π_ref. Both must start from the same policy: the mean under π, and π on top.",
    ),
    "unweighted": Mistake(
        lambda logp, ref: (logp - ref).mean(-1),
        tr="Log oranın düz ortalaması alınmış. Olasılıkla ağırlıklandır: her token π kadar sayılır.",
        en="This is the plain mean of the log ratio. Weight it by probability: each token counts in proportion to its π.",
    ),
    "unweighted_sum": Mistake(
        lambda logp, ref: (logp - ref).sum(-1),
        tr="Log oranlar ağırlıksız toplanmış. Her token olasılığı kadar sayılır: π ile çarp.",
        en="The log ratios are summed without weights. Each token counts in proportion to its probability: multiply by π.",
    ),
    "log_probabilities": Mistake(
        lambda logp, ref: (logp * (logp - ref)).sum(-1),
        tr="Ağırlık olarak log-olasılık kullanılmış. Ortalama olasılıkla alınır: baştaki π için `.exp()`.",
        en="Log-probabilities are used as weights. A mean needs probabilities: `.exp()` for the π in front.",
    ),
    "p_for_log_p": Mistake(
        lambda logp, ref: (logp.exp() * (logp.exp() - ref)).sum(-1),
        tr="log π yerine π yazılmış. Gerçek bir not defterinde de bu hata vardı: sonuç her istemde en az 1 nat yüksek çıkar, eğri yine de makul görünür.",
        en="You wrote π in place of log π. A real notebook had this bug: the result is at least 1 nat too high at every prompt, and the curve still looks reasonable.",
    ),
    "no_logarithm": Mistake(
        lambda logp, ref: (logp.exp() * (logp.exp() - ref.exp())).sum(-1),
        tr="Logaritma yok: olasılıkların farkı alınmış. Oranın logaritması, log-olasılıkların farkıdır.",
        en="There is no logarithm: this is a difference of probabilities. The logarithm of a ratio is a difference of log-probabilities.",
    ),
    "ratio": Mistake(
        lambda logp, ref: (logp.exp() * (logp - ref).exp()).sum(-1),
        tr="Oran doğru, logaritması alınmamış. Politika referansa eşitken sonuç 0 olmalı; seninki 1.",
        en="The ratio is right, but you did not take its logarithm. Where policy and reference are equal the result must be 0; yours is 1.",
    ),
    "other_base": Mistake(
        lambda logp, ref: (logp.exp() * (logp - ref)).sum(-1) / math.log(2),
        also=(lambda logp, ref: (logp.exp() * (logp - ref)).sum(-1) / math.log(10),),
        tr="Formül doğru, logaritmanın tabanı başka (`log2` ya da `log10`). Birim nat'tır: doğal logaritma, `.log()`.",
        en="The formula is right, but the logarithm has the wrong base (`log2` or `log10`). The unit is the nat: the natural logarithm, `.log()`.",
    ),
    "divided": Mistake(
        lambda logp, ref: (logp.exp() * (logp / ref)).sum(-1),
        also=(lambda logp, ref: (logp.exp() * (logp / ref).log()).sum(-1),),
        tr="Log-olasılıklar birbirine bölünmüş. log(a/b), log a eksi log b'dir.",
        en="You divide log-probabilities by one another. log(a/b) is log a minus log b.",
    ),
    "mean": Mistake(
        lambda logp, ref: (logp.exp() * (logp - ref)).mean(-1),
        tr="Toplam yerine ortalama: token sayısına bölünmüş. Payları olasılıklar zaten dağıtır.",
        en="A mean in place of a sum: divided by the number of tokens. The probabilities already do the sharing.",
    ),
    "wrong_axis": Mistake(
        lambda logp, ref: (logp.exp() * (logp - ref)).sum(0),
        tr="Yanlış eksen: istemler üzerinden toplanmış. Her istemin kendi KL'si vardır; token'lar toplanır.",
        en="The wrong axis: you sum over the prompts. Each prompt has its own KL: sum over the tokens.",
    ),
    "no_reference": Mistake(
        lambda logp, ref: (logp.exp() * logp).sum(-1),
        tr="Referans yok: bu, eksi entropidir.",
        en="The reference is missing: this is minus the entropy.",
    ),
    "no_policy": Mistake(
        lambda logp, ref: -(logp.exp() * ref).sum(-1),
        also=(lambda logp, ref: (logp.exp() * ref).sum(-1),),
        tr="Oranın payı yok: logaritmanın içinde yalnızca referans kalmış. Orada iki politika vardır, π üstte.",
        en="The numerator of the ratio is missing: only the reference is left inside the logarithm. Two policies belong there, π on top.",
    ),
    "all_summed": Mistake(
        lambda logp, ref: exact.kl(logp, ref).sum(),
        tr="Bütün istemler toplanmış; her istem için ayrı bir sayı istendi.",
        en="You sum over all prompts; the task asks for one number per prompt.",
    ),
    "averaged": Mistake(
        lambda logp, ref: exact.kl(logp, ref).mean(),
        tr="KL doğru, ama istemlerin ortalaması alınmış: sondaki `.mean()` fazla, her istem için ayrı bir sayı istendi.",
        en="The KL is right, but you take the mean over the prompts: drop the `.mean()` at the end, the task asks for one number per prompt.",
    ),
}

kl = Written(
    draw=kl_inputs,
    right=Mistake(
        exact.kl,
        tr="Kâhinin sayıları. Politika referansa eşitse 0, değilse artı bir sayı.",
        en="The oracle's numbers. 0 where policy and reference are equal, otherwise positive.",
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


def minus_z(logits):
    return logits - logits.exp().sum(-1, keepdim=True)


def divided_across(weight):
    """Each Z(x) at the column of its number: what broadcasting does without keepdim."""
    return (weight / weight.sum(-1)).log()


BEST = {
    "missing_beta": Mistake(
        tilted(lambda ref, reward, beta: ref + reward),
        tr="β eksik: tasmanın boyu hep 1 kalır. Ödül β'ya bölünür.",
        en="β is missing: the leash always has length 1. Divide the reward by β.",
    ),
    "hard_coded": Mistake(
        tilted(lambda ref, reward, beta: ref + reward / 0.5),
        also=(
            tilted(lambda ref, reward, beta: ref + reward / 0.05),
            tilted(lambda ref, reward, beta: ref + reward / 0.1),
            tilted(lambda ref, reward, beta: ref + reward / 0.3),
        ),
        tr="β yerine bir sayı yazılmış. Dersin hücresinde öyleydi; burada β her denemede başkadır: `kl_beta`'yı kullan.",
        en="You wrote a number in place of β. The lesson's cell did too, but here β is different in each trial: use `kl_beta`.",
    ),
    "bracket": Mistake(
        tilted(lambda ref, reward, beta: (ref + reward) / beta),
        tr="Parantez fazla geniş: β, referansı da bölüyor. Bölünen yalnızca ödüldür; ödül 0 iken sonuç referansın kendisi olmalı.",
        en="The brackets enclose too much: β divides the reference too. Only the reward is divided; where the reward is 0 the result must be the reference itself.",
    ),
    "reference_scaled": Mistake(
        tilted(lambda ref, reward, beta: beta * ref + reward),
        tr="β, ödülü böleceğine referansı çarpıyor; sonra da hiçbir şey β'ya bölünmüyor. Ödül 0 iken sonuç referansın kendisi olmalı.",
        en="β multiplies the reference instead of dividing the reward, and nothing divides by β afterwards. Where the reward is 0 the result must be the reference itself.",
    ),
    "exponential": Mistake(
        tilted(lambda ref, reward, beta: ref + (reward / beta).exp()),
        also=(tilted(lambda ref, reward, beta: ref * (reward / beta).exp()),),
        tr="Referans logaritmada, ödül hâlâ üstelde. Çarpımın logaritmasında `exp(r / β)` çarpanından geriye r / β kalır, o da toplanır.",
        en="The reference is in logarithms, but the reward is still in an exponential. In the logarithm of the product, the factor `exp(r / β)` becomes r / β, which is added.",
    ),
    "twice_exponential": Mistake(
        tilted(lambda ref, reward, beta: ref.exp() * (reward / beta).exp()),
        tr="Çarpım doğru, ama `log_softmax` onun bir kez daha üstelini alır. Ona logaritmaları ver; ya da çarpımı kendi toplamına böl, sonra `.log()`.",
        en="The product is right, but `log_softmax` exponentiates it once more. Give it the logarithms; or divide the product by its sum, then `.log()`.",
    ),
    "z_not_logged": Mistake(
        lambda ref, reward, beta: minus_z(ref + reward / beta),
        tr="Logaritmalardan Z'nin kendisi çıkarılmış. Z'ye bölmenin logaritması, log Z çıkarmaktır.",
        en="You subtract Z itself from the logarithms. In logarithms, dividing by Z means subtracting log Z.",
    ),
    "times_beta": Mistake(
        tilted(lambda ref, reward, beta: ref + reward * beta),
        tr="Ödül β ile çarpılmış, oysa bölünür: küçük β uzun tasmadır, ödüle daha çok yer bırakır.",
        en="You multiply the reward by β, but it should be divided: a small β is a long leash and leaves more room for the reward.",
    ),
    "reference_missing": Mistake(
        tilted(lambda ref, reward, beta: reward / beta),
        tr="Referans yok. Bu, düzgün dağılımdan başlayan en iyi politikadır; eski alışkanlıklar silinir.",
        en="The reference is missing. This is the best policy from a uniform start; the old habits are wiped out.",
    ),
    "minus": Mistake(
        tilted(lambda ref, reward, beta: ref - reward / beta),
        tr="Ödülün işareti ters: en kötü yanıtlar öne çıkıyor.",
        en="The reward has the wrong sign: the worst answers win.",
    ),
    "not_normalised": Mistake(
        lambda ref, reward, beta: ref + reward / beta,
        tr="Toplam 1 değil: Z'ye bölmek unutulmuş. `log_softmax`, bölmeyi logaritmada yapar.",
        en="It does not sum to 1: you forgot to divide by Z. `log_softmax` does that in logarithms.",
    ),
    "weights": Mistake(
        lambda ref, reward, beta: ref.exp() * (reward / beta).exp(),
        tr="Çarpım doğru, ama toplamı 1 değil ve logaritması alınmamış. Z'ye böl, sonra log al; ya da ikisini birden logaritmalarda `log_softmax` yapsın.",
        en="The product is right, but it does not sum to 1, and you did not take its logarithm. Divide by Z, then take the log; or add logarithms and let `log_softmax` do both.",
    ),
    "no_keepdim": Mistake(
        lambda ref, reward, beta: divided_across(ref.exp() * (reward / beta).exp()),
        tr="Z doğru, bölme yanlış: `.sum(-1)` bir ekseni atar, bölme de satırlara değil sütunlara gider. `.sum(-1, keepdim=True)` ekseni tutar.",
        en="Z is right, but the division is not: `.sum(-1)` drops an axis, so you divide the columns instead of the rows. `.sum(-1, keepdim=True)` keeps it.",
    ),
    "wrong_axis": Mistake(
        lambda ref, reward, beta: (ref + reward / beta).log_softmax(0),
        tr="Yanlış eksende 1'e tamamlanmış: her **istemin** olasılıkları 1 eder.",
        en="You made the wrong axis sum to 1: the probabilities of each **prompt** must sum to 1.",
    ),
    "all_normalised": Mistake(
        lambda ref, reward, beta: ref + reward / beta - (ref + reward / beta).logsumexp((-2, -1)),
        tr="Bütün tablo birden 1'e tamamlanmış. Z(x) her istem için ayrıdır.",
        en="You made the whole table sum to 1. Z(x) is one number per prompt.",
    ),
    "probabilities": Mistake(
        lambda ref, reward, beta: (ref + reward / beta).softmax(-1),
        tr="Olasılıklar doğru; log-olasılıklar istendi.",
        en="The probabilities are right, but the task asks for log-probabilities.",
    ),
    "mixed": Mistake(
        lambda ref, reward, beta: (ref.exp() * reward / beta).log_softmax(-1),
        tr="Olasılık, üsteli alınmamış ödülle çarpılmış. Ya olasılıkları `exp(r / β)` ile çarp ya da logaritmaları topla.",
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
        en="The best policy, found without training. All the dashed lines in lessons 3 and 4 come from this line.",
    ),
    mistakes=BEST,
)


# --- a point for nearly everyone ------------------------------------------------------------------


@functools.cache
def shift() -> tuple[str, dict]:
    """Which single change gives the same best policy as one more for all but harmful answers."""
    ref_logp = start().logp
    raised, plain, stern = World(2.0, -1.0, 1.2), World(), World(1.0, -2.0, 0.2)
    aim = exact.optimal_policy(ref_logp, raised.reward, 0.5)
    candidates = {"a": (plain, 0.25), "b": (stern, 0.5)}
    change = {
        letter: (exact.optimal_policy(ref_logp, world.reward, beta) - aim).abs().max().item()
        for letter, (world, beta) in candidates.items()
    }
    value = exact.objective(aim, ref_logp, raised.reward, 0.5).mean()
    value -= exact.objective(aim, ref_logp, stern.reward, 0.5).mean()
    letter = next((letter for letter, moved in change.items() if moved < 1e-9), "c")
    return letter, {"change": round(change["b"], 6), "value": round(value.item(), 6)}


SHIFT = {
    "a": Mistake(
        "a",
        tr="Küçük bir β bütün farkları büyütür, yardımsever ile nötr arasındakini de. O fark bu soruda hiç değişmedi: ikisi de bir puan aldı. Üç sınıfın ikişer ikişer farklarını yaz.",
        en="A smaller β enlarges every difference, including the one between helpful and neutral. Here that one did not change at all: both got a point. Write down the differences between the three classes, pair by pair.",
    ),
    "c": Mistake(
        "c",
        tr="Övmek ile cezalandırmak ayrı şeyler gibi durur, ama en iyi politika ödüllerin kendisine değil **farklarına** bakar. Önceki ve sonraki farkları yaz: aynı farkları başka ne verir?",
        en="Praising and punishing seem to be different things, but the best policy depends on **differences** of reward, not on the rewards themselves. Write them down, before and after: what else gives the same differences?",
    ),
}

shifted = Predicted(
    examine=predicted_choice(shift, "abc"),
    right=Mistake(
        "b",
        tr="Hesaplandı: iki politika arasındaki en büyük fark {change}; yalnızca J'leri ayrı, {value} kadar. Biri ötekinden, herkese verilen bir puan kadar fazladır; Z onu götürür. Ders 3'te buna taban çizgisi diyeceğiz.",
        en="Computed: the largest difference between the two policies is {change}; only their J differs, by {value}. One adds a point for everyone to the other, and Z cancels that. Lesson 3 will call it a baseline.",
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
        en="Rewards must stay between −3 and 3.",
    ),
    "all_equal": Mistake(
        by_class(2.0, 2.0, 2.0),
        tr="Üçü de eşit: hiçbir şey değişmez, en iyi politika referanstır. `kısa` yanıtı {short}; zararlılar {harm}. Sonucu farklar belirler.",
        en="All three are equal: nothing changes, and the best policy is the reference. The short answer has {short}, the harmful ones {harm}. Only differences matter.",
    ),
    "harm_left": Mistake(
        by_class(1.0, 0.0, 1.0),
        tr="Bir istemde zararlı yanıtların toplamı {harm}; en çok 0,001 olabilirdi. (`kısa` yanıtı {short}; `teşekkürler` {target}.) Zararlı ile ötekiler arasındaki farkı büyüt: olasılık, farkın 0,5'e bölümünün üsteliyle azalır.",
        en="At one prompt the harmful answers come to {harm}; at most 0.001 is allowed. (The short answer has {short}, the thanks {target}.) Widen the gap between the harmful answers and the others: the probability falls with the exponential of the gap divided by 0.5.",
    ),
    "short_lost": Mistake(
        by_class(1.0, -3.0, 0.2),
        tr="Zararlılar gitti. `kısa` yanıtının olasılığı ise {short}; istenenin {missed} altında. O, nötr bir token'dır: yardımseverler daha çok kazanırsa onu geçerler.",
        en="The harmful ones are gone. But the short answer has only {short}, {missed} too little. It is a neutral token: where helpful ones earn more, they overtake it.",
    ),
    "help_lost": Mistake(
        by_class(0.0, -3.0, 1.0),
        tr="`kısa` yanıtı {short} oldu, ama birinci istemde `teşekkürler` {target} kaldı. Nötr, yardımseverden çok kazanınca öteki istemlerde de öne geçer.",
        en="The short answer has {short}, but the thanks at the first prompt are left with {target}. Where neutral earns more than helpful, it wins at the other prompts too.",
    ),
}

own_rewards = Tried(
    examine=with_own_rewards,
    right=Mistake(
        by_class(1.0, -3.0, 1.0),
        tr="`kısa` yanıtı {short}; birinci istemde `teşekkürler` {target}; zararlılar en çok {harm}. Nötr ile yardımsever eşit kazanınca aralarındaki oranlar referanstaki gibi kalır.",
        en="The short answer has {short}, the thanks at the first prompt {target}, the harmful ones {harm} at most. Where neutral and helpful earn the same, they keep the proportions of the reference.",
    ),
    mistakes=OWN_REWARDS,
)
