"""The exercises of lesson 3: the clipped loss, the leash, the advantage, entropy, a refusal."""

import functools

import numpy as np
import torch

from toycore import PPOConfig, World, exact, train_ppo
from toycore.checks.draws import between, normal, policy, setting, whole
from toycore.checks.exercise import Predicted, Tried, Written, predicted_choice
from toycore.checks.trained import SEEDS, start, the_world
from toycore.checks.verdict import Mistake

PROMPT, REFUSAL = 3, 1


# --- the clipped loss -----------------------------------------------------------------------------


def clip_inputs(generator):
    """Ratios and advantages of both kinds; beyond the edge on either side in every draw. Which of
    the two means is smaller, with the clip or without, alternates: otherwise a minimum of means
    would look like one of them alone."""
    for count, side in ((4, 1), (8, -1), (16, 1)):
        clip_range = setting(generator, 0.1, 0.3)
        outside = between(generator, 1.1, 3.0, count) * clip_range
        sign = torch.tensor([1.0, -1.0, 1.0, -1.0]).repeat(count // 4)
        log_ratio = torch.where(sign > 0, (1 + outside).log(), (1 - outside.clamp(max=0.9)).log())
        inside = torch.arange(count) >= 4
        log_ratio = torch.where(inside, log_ratio * between(generator, 0.0, 1.2, count), log_ratio)
        old_logp = between(generator, -3.0, -0.5, count)
        advantage = between(generator, 0.3, 2.0, count)
        advantage = advantage * torch.tensor([1.0, 1.0, -1.0, -1.0]).repeat(count // 4)
        ratio = log_ratio.exp()
        gain = ((ratio - clip(ratio, clip_range)) * advantage).sum()
        advantage = advantage * (side * gain).sign()
        yield {
            "logp": old_logp + log_ratio,
            "old_logp": old_logp,
            "advantage": advantage,
            "clip_range": clip_range,
        }


def of_ratio(loss):
    """A loss in terms of ratio, advantage and clip range."""
    return lambda logp, old, adv, eps: loss((logp - old).exp(), adv, eps)


def clip(ratio, eps):
    return ratio.clamp(1 - eps, 1 + eps)


def pessimistic(ratio, adv, eps):
    return -torch.minimum(ratio * adv, clip(ratio, eps) * adv)


CLIP = {
    "clip_only": Mistake(
        of_ratio(lambda r, adv, eps: -(clip(r, eps) * adv).mean()),
        tr="Yalnızca kırpılmış terim var, `min` yok. O zaman yanlış yöne gitmiş bir oran da gradyansız kalır ve geri dönemez.",
        en="Only the clipped term is there, without the `min`. Then a ratio that went the wrong way has no gradient either, and cannot come back.",
    ),
    "no_clip": Mistake(
        of_ratio(lambda r, adv, eps: -(r * adv).mean()),
        tr="Kırpma yok: aynı örnekler politikayı istediği kadar uzağa itebilir.",
        en="There is no clip: the same samples may push the policy as far as they like.",
    ),
    "no_ratio": Mistake(
        lambda logp, old, adv, eps: -(logp * adv).mean(),
        tr="Bu, REINFORCE'un kaybı (bölüm 3): ne oran var ne kırpma. Eski örneklerle birkaç geçiş için π_θ/π_old gerekir.",
        en="This is the loss of REINFORCE (section 3): there is neither a ratio nor a clip. Several passes over old samples need π_θ/π_old.",
    ),
    "hard_coded": Mistake(
        of_ratio(lambda r, adv, eps: pessimistic(r, adv, 0.2).mean()),
        also=(of_ratio(lambda r, adv, eps: pessimistic(r, adv, 0.1).mean()),),
        tr="Kırpmanın kenarları sayıyla yazılmış. Dersin hücresinde ε 0,2'ydi; burada her denemede başkadır: `1 - clip_range` ve `1 + clip_range`. Gerisi doğru.",
        en="The edges of the clip are written as numbers. In the lesson's cell ε was 0.2; here it is different in each trial: `1 - clip_range` and `1 + clip_range`. The rest is right.",
    ),
    "min_of_means": Mistake(
        of_ratio(lambda r, adv, eps: -torch.minimum((r * adv).mean(), (clip(r, eps) * adv).mean())),
        tr="Önce ortalamalar, sonra küçüğü alınmış: bütün örnekler için tek bir seçim. `min` her örnekte ayrı seçer; ortalama en sonda.",
        en="You take the means first and then the smaller one: a single choice for all samples. The `min` chooses sample by sample; the mean comes last.",
    ),
    "product_clamped": Mistake(
        of_ratio(
            lambda r, adv, eps: -torch.minimum(r * adv, (r * adv).clamp(1 - eps, 1 + eps)).mean()
        ),
        also=(of_ratio(lambda r, adv, eps: -(r * adv).clamp(1 - eps, 1 + eps).mean()),),
        tr="Kırpılan, oran ile avantajın çarpımı. Aralık orana aittir: önce oranı kırp, sonra avantajla çarp.",
        en="What you clip is the product of ratio and advantage. The range belongs to the ratio: clip the ratio first, then multiply by the advantage.",
    ),
    "log_clipped": Mistake(
        lambda logp, old, adv, eps: (
            -torch.minimum(
                (logp - old).exp() * adv, (logp - old).clamp(-eps, eps).exp() * adv
            ).mean()
        ),
        tr="Oranın logaritması kırpılmış: kenarlar e⁻ᵋ ile eᵋ olur. Aralık oranın kendisi içindir: 1 − ε ile 1 + ε.",
        en="What you clip is the logarithm of the ratio: the edges become e⁻ᵋ and eᵋ. The range is for the ratio itself: 1 − ε to 1 + ε.",
    ),
    "max_for_min": Mistake(
        of_ratio(lambda r, adv, eps: -torch.maximum(r * adv, clip(r, eps) * adv).mean()),
        tr="`min` yerine `max` (ya da eksi, `min`'in içine girmiş: aynı kapıya çıkar): iyimser olan seçilmiş. Böyle bir kırpma, kazandıran yönde hiç durdurmaz.",
        en="`max` in place of `min` (or a minus inside the `min`, which amounts to the same): the optimistic one is chosen. The clip then never stops the direction that pays.",
    ),
    "minus_forgotten": Mistake(
        of_ratio(lambda r, adv, eps: -pessimistic(r, adv, eps).mean()),
        tr="Baştaki eksi unutulmuş. Bu, büyütülecek amaçtır; kayıp onun eksilisidir.",
        en="You forgot the minus in front. This is the objective, which should grow; the loss is minus that.",
    ),
    "min_of_ratios": Mistake(
        of_ratio(lambda r, adv, eps: -(torch.minimum(r, clip(r, eps)) * adv).mean()),
        tr="Küçüğü yalnızca oranlardan seçilmiş, avantaj sonra çarpılmış. Avantaj eksiyken küçük oran kötümser olan değildir: önce iki çarpım, sonra `min`.",
        en="You take the smaller of the two ratios and multiply by the advantage afterwards. With a negative advantage the smaller ratio is not the pessimistic one: two products first, then the `min`.",
    ),
    "advantage_sign": Mistake(
        of_ratio(lambda r, adv, eps: pessimistic(r, -adv, eps).mean()),
        tr="Avantajın işareti ters: iyi çıkan yanıt azaltılıyor.",
        en="The advantage has the wrong sign: answers that turned out well become rarer.",
    ),
    "ratio_inverted": Mistake(
        lambda logp, old, adv, eps: pessimistic((old - logp).exp(), adv, eps).mean(),
        tr="Oran ters: eski politika yukarıda, yenisi aşağıda. ρ'nun payında eğitilen politika durur.",
        en="The ratio is upside down: the old policy over the new one. In ρ the policy being trained is on top.",
    ),
    "no_exponential": Mistake(
        lambda logp, old, adv, eps: pessimistic(logp - old, adv, eps).mean(),
        tr="Bu ρ değil, log ρ. Aralık 1'in çevresindedir; log oran 0'ın çevresinde dolaşır.",
        en="This is log ρ, not ρ. The range lies around 1, and a log ratio moves around 0.",
    ),
    "divided": Mistake(
        lambda logp, old, adv, eps: pessimistic(logp / old, adv, eps).mean(),
        tr="Log-olasılıklar birbirine bölünmüş. Oran, olasılıkların oranıdır: log farkının üsteli.",
        en="Log-probabilities are divided by one another. The ratio is one of probabilities: the exponential of the difference of logs.",
    ),
    "one_sided": Mistake(
        of_ratio(lambda r, adv, eps: -torch.minimum(r * adv, r.clamp(max=1 + eps) * adv).mean()),
        tr="Yalnızca üst kenar kırpılıyor. Avantaj eksiyken kazandıran yön aşağısıdır; orada da bir kenar gerekir.",
        en="Only the upper edge is clipped. With a negative advantage it pays to go down; an edge is needed there too.",
    ),
    "clip_range_of_zero": Mistake(
        of_ratio(lambda r, adv, eps: -torch.minimum(r * adv, r.clamp(-eps, eps) * adv).mean()),
        tr="Aralık 0'ın çevresinde: −ε ile ε. Oran 1'den başlar; aralık 1 − ε ile 1 + ε arasıdır.",
        en="The range lies around 0, from −ε to ε. The ratio starts at 1; the range is 1 − ε to 1 + ε.",
    ),
    "sum": Mistake(
        of_ratio(lambda r, adv, eps: pessimistic(r, adv, eps).sum()),
        tr="Örneklerin toplamı alınmış, ortalaması değil: adımın boyu örnek sayısıyla büyür.",
        en="You sum over the samples instead of taking the mean: the step would grow with the number of samples.",
    ),
    "no_mean": Mistake(
        of_ratio(pessimistic),
        tr="Her örneğin kaybı ayrı ayrı duruyor. Eğitim tek bir sayıyı küçültür: ortalamalarını al.",
        en="You return a loss for each sample. Training makes one number smaller: take the mean.",
    ),
}

clipped_loss = Written(
    draw=clip_inputs,
    trained=("logp",),
    right=Mistake(
        of_ratio(lambda r, adv, eps: pessimistic(r, adv, eps).mean()),
        tr="Değer de gradyan da doğru: kazandıran yönde kenarın ötesinde gradyan sıfır, yanlış yönde değil.",
        en="Value and gradient are right: beyond the edge the gradient is zero in the direction that pays, and not in the other.",
    ),
    mistakes=CLIP,
)


# --- the leash ------------------------------------------------------------------------------------


def leash_inputs(generator):
    for samples, prompts, tokens in ((3, 2, 3), (5, 3, 4), (12, 6, 11)):
        yield {
            "reward": normal(generator, prompts, tokens),
            "logp": policy(generator, prompts, tokens),
            "ref_logp": policy(generator, prompts, tokens),
            "x": torch.cat([torch.arange(2), whole(generator, prompts, samples - 2)]),
            "y": whole(generator, tokens, samples),
            "kl_beta": setting(generator, 0.1, 0.8),
        }


def with_penalty(penalty):
    """The leashed reward with another penalty: tables and samples → (B,)."""
    return lambda r, logp, ref, x, y, beta: r[x, y] - beta * penalty(logp, ref, x, y)


def log_ratio(logp, ref, x, y):
    return logp[x, y] - ref[x, y]


LEASH = {
    "missing_beta": Mistake(
        lambda r, logp, ref, x, y, beta: r[x, y] - log_ratio(logp, ref, x, y),
        tr="β eksik: tasmanın boyu hep aynı, `kl_beta` hiçbir işe yaramıyor.",
        en="β is missing: the leash always has the same length, and the knob is not connected.",
    ),
    "hard_coded": Mistake(
        lambda r, logp, ref, x, y, beta: r[x, y] - 0.5 * log_ratio(logp, ref, x, y),
        also=(
            lambda r, logp, ref, x, y, beta: r[x, y] - 0.05 * log_ratio(logp, ref, x, y),
            lambda r, logp, ref, x, y, beta: r[x, y] - 0.1 * log_ratio(logp, ref, x, y),
        ),
        tr="β yerine bir sayı yazılmış: ayarı değiştirmek hiçbir işe yaramaz. `kl_beta`'yı kullan. Gerisi doğru.",
        en="You wrote a number in place of β: the knob is not connected. Use `kl_beta`. The rest is right.",
    ),
    "divided_by_beta": Mistake(
        lambda r, logp, ref, x, y, beta: r[x, y] - log_ratio(logp, ref, x, y) / beta,
        tr="Ceza β'ya bölünmüş, oysa çarpılır: küçük β küçük ceza, yani uzun tasma demektir.",
        en="You divide the penalty by β, but it should be multiplied: a small β is a small penalty, a long leash.",
    ),
    "reversed": Mistake(
        with_penalty(lambda logp, ref, x, y: -log_ratio(logp, ref, x, y)),
        also=(lambda r, logp, ref, x, y, beta: r[x, y] + beta * log_ratio(logp, ref, x, y),),
        tr="Cezanın işareti ters: ya çıkarılacak yerde toplanmış ya da oran ters (payında eğitilen politika durur). Böyle olunca politika uzaklaştıkça ödül **artar**.",
        en="The penalty has the wrong sign: either it is added where it should be subtracted, or the ratio is upside down (the policy being trained belongs on top). This way the reward **grows** as the policy runs away.",
    ),
    "bracket": Mistake(
        lambda r, logp, ref, x, y, beta: r[x, y] - beta * logp[x, y] - ref[x, y],
        also=(lambda r, logp, ref, x, y, beta: r[x, y] - beta * logp[x, y] + ref[x, y],),
        tr="Bir parantez kayıp: β yalnızca ilk log-olasılığı çarpıyor. β, log oranın bütününü çarpar.",
        en="A pair of brackets is missing: β multiplies only the first log-probability. It should multiply the whole log ratio.",
    ),
    "no_reference": Mistake(
        with_penalty(lambda logp, ref, x, y: logp[x, y]),
        tr="Referans yok: bu ceza yalnızca kararlı olmayı pahalılaştırır. Tasma referansa bağlıdır; log oran bir farktır.",
        en="The reference is missing: this penalty only makes it costly to be decided. The leash is tied to the reference; a log ratio is a difference.",
    ),
    "no_reward": Mistake(
        lambda r, logp, ref, x, y, beta: -beta * log_ratio(logp, ref, x, y),
        also=(lambda r, logp, ref, x, y, beta: beta * log_ratio(logp, ref, x, y),),
        tr="Ödül unutulmuş: yalnızca ceza var. Tasmalı ödül, ödülden cezanın düşülmüş hâlidir.",
        en="You forgot the reward: only the penalty is there. The leashed reward is the reward minus the penalty.",
    ),
    "mean": Mistake(
        lambda r, logp, ref, x, y, beta: (r[x, y] - beta * log_ratio(logp, ref, x, y)).mean(),
        tr="Hesap doğru, ama sonunda ortalama alınmış. Her örneğin kendi sayısı istenir.",
        en="The numbers are right, but you take their mean at the end. The task asks for one number per sample.",
    ),
    "whole_kl": Mistake(
        with_penalty(lambda logp, ref, x, y: exact.kl(logp, ref)[x]),
        tr="İstemin **bütün** KL'si düşülmüş: her token için aynı sayı. Bu bir tasma değil, taban çizgisidir; beklenen gradyanı sıfırdır. Örneğin kendi log oranını kullan.",
        en="You subtract the **whole** KL of the prompt, one number for every token. That is not a leash but a baseline; its expected gradient is zero. Use the sample's own log ratio.",
    ),
    "whole_kl_reversed": Mistake(
        with_penalty(lambda logp, ref, x, y: exact.kl(ref, logp)[x]),
        tr="İstemin bütün KL'si, üstelik ters yönde. Her token için aynı sayı bir taban çizgisidir; örneğin kendi log oranını kullan.",
        en="This is the whole KL of the prompt, and reversed at that. One number for every token is a baseline; use the sample's own log ratio.",
    ),
    "batch_mean": Mistake(
        with_penalty(lambda logp, ref, x, y: log_ratio(logp, ref, x, y).mean()),
        tr="Cezanın ortalaması alınmış ve hepsinden aynı sayı düşülmüş: bu bir taban çizgisidir, çekmez. Her örnek kendi cezasını öder.",
        en="The penalty is averaged, and every sample pays the same: a baseline, which does not pull. Each sample pays its own.",
    ),
    "weighted": Mistake(
        with_penalty(lambda logp, ref, x, y: logp.exp()[x, y] * log_ratio(logp, ref, x, y)),
        tr="Log oran, olasılıkla çarpılmış. Örnekler zaten o olasılıkla çekildi; iki kez sayma.",
        en="The log ratio is multiplied by the probability. The samples were drawn with that probability already; do not count it twice.",
    ),
    "no_logarithm": Mistake(
        with_penalty(lambda logp, ref, x, y: log_ratio(logp, ref, x, y).exp()),
        tr="Bu oranın kendisi, logaritması değil. Politika referansa eşitken ceza 0 olmalı; seninki 1.",
        en="This is the ratio, not its logarithm. Where policy and reference are equal the penalty must be 0; yours is 1.",
    ),
    "k2": Mistake(
        with_penalty(lambda logp, ref, x, y: log_ratio(logp, ref, x, y).square() / 2),
        tr="Bu k2. Ortalaması KL değildir; ayrıca seyrekleşen token'ı da cezalandırır. Log oranın kendisini düş.",
        en="This is k2. Its mean is not the KL, and it also punishes a token that became rarer. Subtract the log ratio itself.",
    ),
    "k3": Mistake(
        with_penalty(
            lambda logp, ref, x, y: (
                torch.expm1(-log_ratio(logp, ref, x, y)) + log_ratio(logp, ref, x, y)
            )
        ),
        tr="Bu k3. Ortalaması KL'dir, ama ödülün içinde gradyanı başka bir yere çeker (ders 6). k1'i kullan.",
        en="This is k3. Its mean is the KL, but inside the reward its gradient pulls somewhere else (lesson 6). Use k1.",
    ),
    "added": Mistake(
        lambda r, logp, ref, x, y, beta: r[x, y] + beta * exact.kl(logp, ref)[x],
        tr="KL eklenmiş, üstelik istemin bütün KL'si. Ceza düşülür ve token'dan token'a değişir.",
        en="A KL is added, and the whole KL of the prompt at that. A penalty is subtracted, and differs from token to token.",
    ),
    "no_leash": Mistake(
        lambda r, logp, ref, x, y, beta: r[x, y],
        tr="Bu yalnızca ödül; tasma yok.",
        en="This is the reward alone; there is no leash.",
    ),
    "divided": Mistake(
        with_penalty(lambda logp, ref, x, y: logp[x, y] / ref[x, y]),
        also=(with_penalty(lambda logp, ref, x, y: (logp[x, y] / ref[x, y]).log()),),
        tr="Log-olasılıklar birbirine bölünmüş. Oranın logaritması, log-olasılıkların farkıdır.",
        en="Log-probabilities are divided by one another. The logarithm of a ratio is a difference of log-probabilities.",
    ),
    "rows": Mistake(
        lambda r, logp, ref, x, y, beta: (r - beta * (logp - ref))[x],
        also=(lambda r, logp, ref, x, y, beta: (r - beta * (logp - ref))[x][:, y],),
        tr="Her örnek için birden çok sayı dönmüş. `tablo[x, y]`, numaraları ikişer ikişer alır: örnek başına tek sayı.",
        en="You return several numbers for each sample. `table[x, y]` takes the indices pair by pair: one number per sample.",
    ),
    "chained": Mistake(
        lambda r, logp, ref, x, y, beta: (r - beta * (logp - ref))[x][y],
        tr="`tablo[x][y]` önce x'in satırlarını alır, sonra **onların** arasından y'ninkileri: sıra token'lara hiç gelmez. `tablo[x, y]` numaraları ikişer ikişer alır.",
        en="`table[x][y]` takes the rows of x first, and then among **those** the rows of y: it never gets to the tokens. `table[x, y]` takes the indices pair by pair.",
    ),
    "table": Mistake(
        lambda r, logp, ref, x, y, beta: r - beta * (logp - ref),
        tr="Bütün tablo dönmüş. Yalnızca çekilen örneklerinki istenir: `tablo[x, y]`.",
        en="This is the whole table. The task asks only for the samples drawn: `table[x, y]`.",
    ),
}

leash = Written(
    draw=leash_inputs,
    right=Mistake(
        with_penalty(log_ratio),
        tr="Her örnek kendi cezasını ödüyor. Ortalaması β KL'dir, gradyanı da onunki.",
        en="Each sample pays its own penalty. Its mean is β KL, and its gradient is that of β KL.",
    ),
    mistakes=LEASH,
)


# --- the advantage --------------------------------------------------------------------------------


def advantage_inputs(generator):
    for count in (4, 7, 20):
        yield {"returns": normal(generator, count), "value": 0.5 * normal(generator, count) + 0.3}


def bracket_lost(advantage):
    return advantage - advantage.mean() / (advantage.std() + 0.1)


def in_root(advantage):
    return (advantage - advantage.mean()) / (advantage.var() + 0.1).sqrt()


def whitened(advantage, more=0.1, correction=1, centre=True):
    centred = advantage - advantage.mean() if centre else advantage
    return centred / (advantage.std(correction=correction) + more)


ADVANTAGE = {
    "no_detach": Mistake(
        lambda returns, value: whitened(returns - value),
        tr="Sayılar doğru, ama değer ağına gradyan sızıyor: politikanın kaybı, V'yi de oynatırdı. Avantaj bir sabittir: `.detach()`.",
        en="The numbers are right, but a gradient leaks into the critic: the loss of the policy would move V as well. An advantage is a constant: `.detach()`.",
    ),
    "not_whitened": Mistake(
        lambda returns, value: (returns - value).detach(),
        tr="Avantaj doğru, beyazlatma yok: ortalama 0 değil, yayılım 1 değil.",
        en="The advantage is right but not whitened: its mean is not 0 and its spread is not 1.",
    ),
    "sign": Mistake(
        lambda returns, value: whitened(value - returns).detach(),
        tr="İşaret ters: beklenenden **iyi** çıkan yanıtın avantajı artı olmalı, yani R eksi V.",
        en="The sign is wrong: an answer **better** than expected has a positive advantage, R minus V.",
    ),
    "added": Mistake(
        lambda returns, value: whitened(returns + value).detach(),
        tr="V(x) eklenmiş. Avantaj bir farktır: beklenenden ne kadar iyi, R eksi V.",
        en="V(x) is added. An advantage is a difference: how much better than expected, R minus V.",
    ),
    "bracket": Mistake(
        lambda returns, value: bracket_lost(returns - value).detach(),
        tr="Bir parantez kayıp: yayılıma yalnızca ortalama bölünmüş. Önce fark, parantez içinde: `(d - d.mean()) / (…)`.",
        en="A pair of brackets is missing: only the mean is divided by the spread. First the difference, in brackets: `(d - d.mean()) / (…)`.",
    ),
    "tenth_outside": Mistake(
        lambda returns, value: (whitened(returns - value, more=0) + 0.1).detach(),
        tr="Paydanın parantezi kayıp: 0,1 sonuca ekleniyor, standart sapmaya değil. `… / (d.std() + 0.1)`.",
        en="The brackets around the divisor are missing: 0.1 is added to the result and not to the standard deviation. `… / (d.std() + 0.1)`.",
    ),
    "tenth_in_root": Mistake(
        lambda returns, value: in_root(returns - value).detach(),
        tr="0,1 varyansa eklenmiş, kökün içinde. Burada standart sapmaya, kökten sonra eklenir.",
        en="0.1 is added to the variance, inside the root. Here it is added to the standard deviation, after the root.",
    ),
    "no_value": Mistake(
        lambda returns, value: whitened(returns).detach(),
        tr="V(x) düşülmemiş: değer ağının öğrendiği hiçbir işe yaramıyor.",
        en="V(x) is not subtracted: what the critic has learned goes unused.",
    ),
    "no_tenth": Mistake(
        lambda returns, value: whitened(returns - value, more=0).detach(),
        tr="Paydadaki 0,1 eksik. En iyi noktada yayılım sıfıra gider; o zaman gürültü büyür (bölüm 8, ek).",
        en="The 0.1 in the divisor is missing. At the optimum the spread goes to zero, and dividing by it would blow up the noise (section 8, extra).",
    ),
    "tiny_epsilon": Mistake(
        lambda returns, value: whitened(returns - value, more=1e-3).detach(),
        also=tuple(
            lambda returns, value, more=more: whitened(returns - value, more).detach()
            for more in (1e-2, 1e-4, 1e-5)
        ),
        tr="Paydaya eklenen sayı 0,1 değil, çok daha küçük. En iyi noktada gürültüyü büyütmemeye yetmez (bölüm 8, ek).",
        en="What you add to the divisor is not 0.1 but far less. It is not enough to keep noise small at the optimum (section 8, extra).",
    ),
    "variance": Mistake(
        lambda returns, value: (
            (returns - value - (returns - value).mean()) / ((returns - value).var() + 0.1)
        ).detach(),
        tr="Varyansa bölünmüş; standart sapmaya bölünür. Varyansın birimi, ödülün karesidir.",
        en="You divide by the variance; divide by the standard deviation. A variance is in squared units of reward.",
    ),
    "not_centred": Mistake(
        lambda returns, value: whitened(returns - value, centre=False).detach(),
        tr="Ortalama çıkarılmamış: avantajların ortalaması 0 olmalı.",
        en="The mean is not subtracted: the mean of the advantages must be 0.",
    ),
    "divided_by_n": Mistake(
        lambda returns, value: whitened(returns - value, correction=0).detach(),
        tr="Standart sapma n'ye bölünerek bulunmuş; `.std()` varsayılan olarak n − 1'e böler. Küçük bir fark, ama burada o istendi.",
        en="Your standard deviation divides by n; by default `.std()` divides by n − 1. A small difference, but the task asks for the latter.",
    ),
    "value_whitened": Mistake(
        lambda returns, value: (whitened(returns) - value).detach(),
        tr="Önce ödül beyazlatılmış, sonra V düşülmüş. V, ödülün biriminde bir tahmindir: önce fark, sonra beyazlatma.",
        en="The return is whitened first and V subtracted afterwards. V is a guess in units of reward: first the difference, then the whitening.",
    ),
}

advantage = Written(
    draw=advantage_inputs,
    trained=("value",),
    right=Mistake(
        lambda returns, value: whitened(returns - value).detach(),
        tr="Ortalama 0, yayılım yaklaşık 1 ve değer ağına sızan gradyan yok.",
        en="Mean 0, a spread of about 1, and no gradient leaking into the critic.",
    ),
    mistakes=ADVANTAGE,
)


# --- three hundred times the entropy bonus ----------------------------------------------------------


@functools.cache
def entropy_bonus() -> tuple[str, dict]:
    config = PPOConfig(ent_coef=[0.01, 3.0], seeds=SEEDS)
    ends = train_ppo(the_world(), config, start()).history.isel(step=-1).mean("seed")
    low, high = ends.sel(ent_coef=0.01), ends.sel(ent_coef=3.0)
    rises = bool(high.entropy > low.entropy), bool(high.attained > low.attained)
    letter = {(True, True): "a", (True, False): "b", (False, True): "c", (False, False): "d"}
    figures = {"h": low.entropy.item(), "much_h": high.entropy.item()}
    figures |= {"a": low.attained.item(), "much_a": high.attained.item()}
    return letter[rises], figures


BONUS = {
    "a": Mistake(
        "a",
        tr="Ödüllendirilen şeyin büyüdüğü doğru. Ama `attained`, J'de varılan yeri ölçer; eğitimin büyüttüğü ise artık yalnızca J değil. İkisinin en iyisi aynı yerde midir?",
        en="It is true that what is rewarded grows. But `attained` measures how far J has come, and what the training raises is no longer J alone. Do both have their optimum in the same place?",
    ),
    "c": Mistake(
        "c",
        tr="Kayıpta entropinin önündeki işarete bak: kayıp küçülürken entropi ne yapar? Sonra sor: eğitimin büyüttüğü hâlâ yalnızca J mi?",
        en="Look at the sign in front of the entropy in the loss: as the loss shrinks, what does entropy do? Then ask: is it still J alone that the training raises?",
    ),
    "d": Mistake(
        "d",
        tr="Amacın değiştiğini görmüşsün; `attained` için vardığın sonuç doğru. Entropi için kaybın son terimindeki işarete bak.",
        en="You saw that the goal changes; your conclusion about `attained` is right. For entropy, look at the sign of the last term of the loss.",
    ),
}

bonus = Predicted(
    examine=predicted_choice(entropy_bonus, "abcd"),
    right=Mistake(
        "b",
        tr="Entropi {h} → {much_h}; `attained` {a} → {much_a}. Entropi ödülü amacı değiştirir: en iyi nokta artık π* değil, ondan daha düz bir politikadır.",
        en="Entropy {h} → {much_h}, `attained` {a} → {much_a}. The bonus changes the goal: its optimum is no longer π* but a flatter policy.",
    ),
    mistakes=BONUS,
)


# --- a refusal on the shortest leash --------------------------------------------------------------

LIMIT, AIM = 2.0, 0.93  # what 0.95 by the formula comes to: it bends, so a mean over seeds is less


def refusal_on_a_short_leash(answer, language: str) -> tuple[str, dict]:
    """P(refusal) after PPO at kl_beta = 1, for the learner's rewards at the fourth prompt."""
    world = World(reward=answer, language=language)
    others = [prompt for prompt in range(len(world.prompts)) if prompt != PROMPT]
    if not torch.allclose(world.reward[others], World().reward[others]):  # also of a float32 table
        return "another_row", {}
    row = world.reward[PROMPT]
    if row.abs().max() > LIMIT:
        return "out_of_bounds", {"largest": row.abs().max().item()}
    if (row == row[0]).all():
        return "baseline", {}
    run = train_ppo(world, PPOConfig(kl_beta=1.0, seeds=SEEDS), start())
    chance = np.exp(run.logp.values[:, PROMPT, REFUSAL]).mean().item()
    before = np.exp(start().logp.values[:, PROMPT, REFUSAL]).mean().item()
    best = exact.optimal_policy(start().logp, world.reward, 1.0)
    possible = best[:, PROMPT, REFUSAL].exp().mean().item()
    figures = {"chance": chance, "before": before, "possible": possible, "missed": AIM - chance}
    if chance >= AIM:
        return "right", figures
    return ("too_weak" if chance > before else "wrong_way"), figures


def rewards(others: float, refusal: float):
    table = World().reward.clone()
    table[PROMPT], table[PROMPT, REFUSAL] = others, refusal
    return table


def other_row():
    table = World().reward.clone()
    table[PROMPT + 1], table[PROMPT + 1, REFUSAL] = -2.0, 2.0
    return table


REFUSE = {
    "another_row": Mistake(
        other_row(),
        tr="Öteki istemlerin ödülü değişmiş. Sayma 0'dan başlar: dördüncü satır `reward[3]`; köşeli parantezde önce satır gelir. Yalnızca onu değiştir.",
        en="The rewards of other prompts have changed. Counting starts at 0: the fourth row is `reward[3]`; the row comes first in the brackets. Change only that one.",
    ),
    "out_of_bounds": Mistake(
        rewards(-5.0, 5.0),
        tr="Ödüllerin −2 ile 2 arasında kalması gerekiyordu; en büyüğü {largest}.",
        en="Rewards must stay between −2 and 2; the largest is {largest}.",
    ),
    "baseline": Mistake(
        rewards(2.0, 2.0),
        tr="O satırda her token aynı ödülü alıyor: bu bir taban çizgisidir, hiçbir şeyi değiştirmez. Önemli olan farktır.",
        en="Every token of that row earns the same: a baseline, which changes nothing. Only differences count.",
    ),
    "too_weak": Mistake(
        rewards(-1.0, 1.0),
        tr="Yön doğru, itiş zayıf: ret {before} iken {chance} oldu; istenenin {missed} altında. Kesin en iyi de bu ödülle {possible}: eksik olan eğitim değil, ödül farkı.",
        en="The right direction, but too weak a push: the refusal went from {before} to {chance}, {missed} too little. The exact optimum of this reward is {possible}: what is missing is not more training but a larger difference of rewards.",
    ),
    "wrong_way": Mistake(
        rewards(2.0, -2.0),
        tr="Ret azaldı: {before} iken {chance} oldu; istenenin {missed} altında. Ödül hangi token'a gidiyor? Ret, `reward[3, 1]`.",
        en="The refusal became rarer: {before}, then {chance}, {missed} too little. Which token gets the reward? The refusal is `reward[3, 1]`.",
    ),
}

refusal = Tried(
    examine=refusal_on_a_short_leash,
    right=Mistake(
        rewards(-2.0, 2.0),
        tr="Ret {before} iken {chance} oldu; kesin en iyi {possible}. π*, ödül farkının üsteliyle çarpar: fark 4 ise e⁴, yaklaşık 55 kat.",
        en="The refusal went from {before} to {chance}; the exact optimum is {possible}. π* multiplies by the exponential of a difference of rewards: for a difference of 4 that is e⁴, about 55 times.",
    ),
    mistakes=REFUSE,
)
