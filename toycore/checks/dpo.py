"""The exercises of lesson 4: the DPO loss, IPO at the start, few pairs, own pairs."""

import functools

import numpy as np
import torch
from torch.nn.functional import logsigmoid

from toycore import DPOConfig, World, train_dpo
from toycore.checks.draws import between, setting
from toycore.checks.exercise import Predicted, Tried, Written, predicted_choice, predicted_number
from toycore.checks.trained import SEEDS, start, the_world
from toycore.checks.verdict import Mistake
from toycore.dpo import dpo_loss as package_loss

REFUSAL, SHORT = (3, 1), (5, 10)  # (prompt, its target)


# --- the DPO loss ---------------------------------------------------------------------------------


def loss_inputs(generator):
    names = ("chosen_logp", "rejected_logp", "ref_chosen_logp", "ref_rejected_logp")
    for pairs in (2, 3, 6):
        logp = between(generator, -4.0, -0.1, 4, pairs)
        yield dict(zip(names, logp, strict=True), beta=setting(generator, 0.15, 0.8))


def oracle(c, r, ref_c, ref_r, beta):
    return package_loss(c, r, ref_c, ref_r, beta=beta)[0]


def with_margin(margin):
    """The loss of another margin."""
    return lambda *inputs: -logsigmoid(margin(*inputs)).mean()


def right_margin(c, r, ref_c, ref_r, beta):
    return beta * ((c - ref_c) - (r - ref_r))


LOSS = {
    "missing_beta": Mistake(
        with_margin(lambda c, r, rc, rr, beta: (c - rc) - (r - rr)),
        tr="β eksik. Örtük ödül, log oranın β katıdır; β olmadan marj nat olur, ödül olmaz. Tanımdaki r̂ satırına dön.",
        en="β is missing. The implicit reward is β times the log ratio; without β the margin is in nats, not in units of reward. Go back to the line that defines r̂.",
    ),
    "hard_coded": Mistake(
        with_margin(lambda c, r, rc, rr, beta: 0.3 * ((c - rc) - (r - rr))),
        also=(
            with_margin(lambda c, r, rc, rr, beta: 0.1 * ((c - rc) - (r - rr))),
            with_margin(lambda c, r, rc, rr, beta: 0.5 * ((c - rc) - (r - rr))),
            with_margin(lambda c, r, rc, rr, beta: 0.7 * ((c - rc) - (r - rr))),
        ),
        tr="β yerine bir sayı yazılmış. Dersin hücresinde öyleydi; burada β her denemede başkadır: `beta`'yı kullan. Gerisi doğru.",
        en="You wrote a number in place of β. The lesson's cell did too, but here β is different in each trial: use `beta`. The rest is right.",
    ),
    "divided_by_beta": Mistake(
        with_margin(lambda c, r, rc, rr, beta: ((c - rc) - (r - rr)) / beta),
        tr="β'ya bölünmüş. π*'da ödül β'ya bölünür; burada tersinden gidilir: ödül, log oranın β **katıdır**.",
        en="You divide by β. In π* the reward is divided by β; here we go the other way: the reward is β **times** the log ratio.",
    ),
    "beta_outside": Mistake(
        lambda c, r, rc, rr, beta: -beta * logsigmoid((c - rc) - (r - rr)).mean(),
        tr="β, log σ'nın dışında kalmış. Orada yalnızca kaybı ölçekler; içeride ise ödülün kaç nat'la kurulacağını belirler.",
        en="β is outside log σ. There it only scales the loss; inside, it decides how many nats a reward takes.",
    ),
    "beta_on_chosen": Mistake(
        with_margin(lambda c, r, rc, rr, beta: beta * (c - rc) - (r - rr)),
        tr="β yalnızca seçilenin log oranını çarpıyor: parantez eksik. İki örtük ödülün de β'sı vardır.",
        en="β multiplies only the log ratio of the chosen answer: brackets are missing. Both implicit rewards have a β.",
    ),
    "minus_inside": Mistake(
        lambda *inputs: logsigmoid(-right_margin(*inputs)).mean(),
        tr="Eksi, log σ'nın içine girmiş. log σ(−Δ), −log σ(Δ) değildir: itme, marj büyüdükçe söneceğine artar.",
        en="The minus is inside log σ. log σ(−Δ) is not −log σ(Δ): the push grows with the margin instead of fading.",
    ),
    "swapped": Mistake(
        with_margin(lambda *inputs: -right_margin(*inputs)),
        tr="Marjın işareti ters: seçilen ile reddedilen yer değiştirmiş (ya da log σ'nın içine bir eksi girmiş). Böyle eğitilen politika reddedileni öğrenir.",
        en="The margin has the wrong sign: chosen and rejected are swapped (or a minus got inside log σ). A policy trained like this learns the rejected answers.",
    ),
    "only_policy_swapped": Mistake(
        with_margin(lambda c, r, rc, rr, beta: beta * ((r - rc) - (c - rr))),
        tr="Politikada seçilen ile reddedilen yer değiştirmiş, referansta değiştirmemiş. Her log oranda aynı yanıt iki kez geçmeli: bir kez π_θ ile, bir kez π_ref ile.",
        en="Chosen and rejected are swapped in the policy but not in the reference. In each log ratio the same answer must stand twice: once with π_θ, once with π_ref.",
    ),
    "reference_free": Mistake(
        with_margin(lambda c, r, rc, rr, beta: beta * (c - r)),
        tr="Referans yok. Bu, referansı düzgün dağılım olan DPO'dur (bölüm 9, ek): SFT'nin öğrettiğini siler. Politika referansa eşitken kaybın ln 2 çıkması gerekir; seninki çıkmıyor.",
        en="The reference is missing. This is DPO with a uniform reference (section 9, extra): it wipes out what SFT taught. When policy and reference are equal the loss must be ln 2; yours is not.",
    ),
    "reference_added": Mistake(
        with_margin(lambda c, r, rc, rr, beta: beta * ((c - r) + (rc - rr))),
        tr="Referansın işareti ters: toplanmış. Oran bir bölmedir, logaritması çıkarmadır.",
        en="The reference has the wrong sign: it is added. A ratio is a division, and its logarithm a subtraction.",
    ),
    "bracket": Mistake(
        with_margin(lambda c, r, rc, rr, beta: beta * (c - rc - r - rr)),
        tr="Bir parantez kayıp: `- r - rr`, r'nin log oranını değil ikisini birden çıkarır. Reddedilenin log oranı parantez içinde kalmalı: `- (r - rr)`.",
        en="A pair of brackets is missing: `- r - rr` subtracts both instead of the log ratio of r. The log ratio of the rejected answer belongs in brackets: `- (r - rr)`.",
    ),
    "rewards_added": Mistake(
        with_margin(lambda c, r, rc, rr, beta: beta * ((c - rc) + (r - rr))),
        tr="İki örtük ödül toplanmış. Marj onların **farkıdır**: seçilen eksi reddedilen.",
        en="The two implicit rewards are added. The margin is their **difference**: chosen minus rejected.",
    ),
    "no_rejected": Mistake(
        with_margin(lambda c, r, rc, rr, beta: beta * (c - rc)),
        tr="Reddedilen yanıt kayıpta yok: yalnızca seçilenin örtük ödülü var. Marj, ikisinin farkıdır.",
        en="The rejected answer is not in the loss: only the implicit reward of the chosen one is. The margin is the difference between the two.",
    ),
    "ratios": Mistake(
        with_margin(lambda c, r, rc, rr, beta: beta * ((c - rc).exp() - (r - rr).exp())),
        tr="Log oran yerine oranın kendisi var: fazladan bir `.exp()`. Örtük ödül, oranın **logaritmasının** β katıdır.",
        en="You use the ratio itself in place of its logarithm: there is one `.exp()` too many. The implicit reward is β times the **logarithm** of the ratio.",
    ),
    "minus_forgotten": Mistake(
        lambda *inputs: logsigmoid(right_margin(*inputs)).mean(),
        tr="Baştaki eksi unutulmuş. Log-olasılık büyütülür, kayıp küçültülür; aradaki fark o eksidir.",
        en="You forgot the minus in front. A log-probability should grow and a loss should shrink; that is what the minus is for.",
    ),
    "no_logarithm": Mistake(
        lambda *inputs: -torch.sigmoid(right_margin(*inputs)).mean(),
        also=(lambda *inputs: (1 - torch.sigmoid(right_margin(*inputs))).mean(),),
        tr="Logaritma yok: σ var, log σ değil. Kayıp, tercihlerin eksi **log**-olasılığıdır.",
        en="The logarithm is missing: you have σ, not log σ. The loss is minus the **log**-probability of the preferences.",
    ),
    "other_base": Mistake(
        lambda *inputs: -logsigmoid(right_margin(*inputs)).mean() / np.log(2),
        also=(lambda *inputs: -logsigmoid(right_margin(*inputs)).mean() / np.log(10),),
        tr="Formül doğru, logaritmanın tabanı başka (`log2` ya da `log10`). Doğal logaritma olmalı, `.log()`: kayıp ln 2'den başlar.",
        en="The formula is right, but the logarithm has the wrong base (`log2` or `log10`). It must be the natural one, `.log()`: the loss starts at ln 2.",
    ),
    "divided": Mistake(
        with_margin(lambda c, r, rc, rr, beta: beta * (c / rc - r / rr)),
        also=(with_margin(lambda c, r, rc, rr, beta: beta * ((c / rc).log() - (r / rr).log())),),
        tr="Log-olasılıklar birbirine bölünmüş. Elindekiler zaten logaritma: oranın logaritması, logaritmaların farkıdır.",
        en="Log-probabilities are divided by one another. You already have logarithms: the logarithm of a ratio is a difference of logarithms.",
    ),
    "mean_inside": Mistake(
        lambda *inputs: -logsigmoid(right_margin(*inputs).mean()),
        also=(lambda *inputs: -torch.sigmoid(right_margin(*inputs)).mean().log(),),
        tr="Ortalama erken alınmış: önce her çiftin log σ'sı, sonra ortalama. Yoksa kolay bir çift zor bir çiftin açığını kapatır.",
        en="The mean is taken too early: first log σ of each pair, then the mean. Otherwise an easy pair makes up for a hard one.",
    ),
    "sum": Mistake(
        lambda *inputs: -logsigmoid(right_margin(*inputs)).sum(),
        tr="Çiftlerin toplamı alınmış, ortalaması değil. Böylece başlangıçtaki kayıp, ln 2'nin çift sayısı kadar katı olur.",
        en="You sum over the pairs; take the mean. At the start the loss would be ln 2 times the number of pairs.",
    ),
    "no_mean": Mistake(
        lambda *inputs: -logsigmoid(right_margin(*inputs)),
        tr="Her çiftin kaybı ayrı ayrı duruyor. Eğitim tek bir sayıyı küçültür: ortalamalarını al.",
        en="You return a loss for each pair. Training makes one number smaller: take the mean.",
    ),
}

dpo_loss = Written(
    draw=loss_inputs,
    trained=("chosen_logp", "rejected_logp"),
    right=Mistake(
        oracle,
        tr="Değer de gradyan da paketinki gibi. Politika referansa eşitken bu kayıp, β ne olursa olsun ln 2'dir.",
        en="Value and gradient are those of the package. Where policy and reference are equal, this loss is ln 2 whatever β is.",
    ),
    mistakes=LOSS,
)


# --- the first loss of IPO --------------------------------------------------------------------------


@functools.cache
def first_loss_of_ipo() -> float:
    config = DPOConfig(beta=0.25, loss_type="ipo", steps=1, seeds=SEEDS)
    run = train_dpo(the_world(), config, start=start())
    return run.history.loss.isel(step=0).mean().item()


FIRST_LOSS = {
    "sigmoid": Mistake(
        float(np.log(2)),
        tr="ln 2, **sigmoid** kaybının başlangıcıdır. IPO'da log σ yok; Δ = 0'ı IPO formülüne koy.",
        en="ln 2 is where the **sigmoid** loss starts. IPO has no log σ; put Δ = 0 into the formula of IPO.",
    ),
    "no_beta": Mistake(
        0.25,
        tr="Bu, (Δ − 1/2)'nin karesi; β'ya bölmek unutulmuş.",
        en="This is the square of Δ − 1/2; you forgot to divide by β.",
    ),
    "beta_not_squared": Mistake(
        1.0,
        tr="β da karenin içindedir: β'ya değil, β'nın karesine bölünür.",
        en="β is inside the square too: divide by the square of β, not by β.",
    ),
    "not_squared": Mistake(
        2.0,
        tr="Kesir doğru, kare unutulmuş.",
        en="The fraction is right, but you forgot the square.",
        also=(-2.0,),
    ),
    "times_beta": Mistake(
        0.5**2 * 0.25**2,
        tr="β ile çarpılmış. Formülde β paydadadır.",
        en="You multiply by β. In the formula β is in the denominator.",
        also=(0.5**2 * 0.25,),
    ),
    "another_beta": Mistake(
        round((0.5 / 0.3) ** 2, 2),
        tr="Hesap doğru, β başka: bu, dersteki 0,3 ile çıkan sayıdır. Burada β 0,25.",
        en="The calculation is right, but with another β: this is what the lesson's 0.3 gives. Here β is 0.25.",
    ),
    "zero": Mistake(
        0.0,
        tr="0, hedefe varıldığında olur: Δ = 1/2 iken. Başlangıçta Δ = 0'dır.",
        en="It is 0 when the target is reached, at Δ = 1/2. At the start Δ = 0.",
    ),
    "too_low": Mistake(
        3.5,
        tr="Eğitim bundan büyük bir kayıpla başladı. Başlangıçta politika referanstır, yani Δ = 0; bunu IPO formülüne koy: önce parantez, sonra β, en sonda kare.",
        en="The run began with a larger loss than that. At the start the policy is the reference, so Δ = 0; put that into the formula of IPO: the bracket first, then β, the square last.",
    ),
    "too_high": Mistake(
        17.0,
        tr="Eğitim bundan küçük bir kayıpla başladı. Başlangıçta politika referanstır, yani Δ = 0; bunu IPO formülüne koy: önce parantez, sonra β, en sonda kare.",
        en="The run began with a smaller loss than that. At the start the policy is the reference, so Δ = 0; put that into the formula of IPO: the bracket first, then β, the square last.",
    ),
}

ipo_start = Predicted(
    examine=predicted_number(first_loss_of_ipo, 0.01, FIRST_LOSS),
    right=Mistake(
        4.0,
        tr="Eğitim de {due} ile başladı. Sigmoid kaybının aksine IPO'nun başlangıcı β'ya bağlıdır: hedef 1/2, her β'da başka sayıda nat uzaktadır.",
        en="The run gave {due} too. Unlike the sigmoid loss, IPO starts at a value that depends on β: the target of 1/2 is a different number of nats away at each β.",
    ),
    mistakes=FIRST_LOSS,
)


# --- a hundred pairs, two cures -------------------------------------------------------------------


@functools.cache
def cures() -> tuple[str, dict]:
    """Which training on 100 pairs ends best: as it is, stopped early, or with IPO."""
    seeds = start().config.seeds
    asked = [World().sample_preferences(start().logp.sel(seed=s), 100, seed=s) for s in seeds]
    config = DPOConfig(loss_type=["sigmoid", "ipo"], steps=[10, 200], seeds=SEEDS)
    history = train_dpo(the_world(), config, torch.stack(asked), start()).history
    ends = history.attained.isel(step=-1).mean("seed")
    figures = {
        "plain": ends.sel(loss_type="sigmoid", steps=200).item(),
        "early": ends.sel(loss_type="sigmoid", steps=10).item(),
        "ipo": ends.sel(loss_type="ipo", steps=200).item(),
    }
    best = max(figures, key=lambda way: figures[way])
    return {"plain": "a", "early": "b", "ipo": "c"}[best], figures


CURES = {
    "a": Mistake(
        "a",
        tr="`attained` böyle eksiye düşmüştü. Uzun eğitim, hiç kaybetmemiş yanıtların marjını durmadan büyütür; az veride bu öğrenmek değil, ezberlemektir. Öteki iki yoldan hangisi politikayı daha az oynatır?",
        en="This is how `attained` became negative. Long training keeps pushing up the margin of answers that never lost; with little data that is not learning but memorising. Which of the other two moves the policy less?",
    ),
    "c": Mistake(
        "c",
        tr="IPO'nun büyük zararı önlediği doğru, ama en iyisi o değil. Marjı 1/2'ye vardırır; 100 çift ise o marjı çok yerde yanlış yöne kurar. Hangi yol, az çifte daha az inanır?",
        en="IPO does prevent the great harm, but it is not the best. It takes the margin to 1/2, and with 100 pairs that margin points the wrong way in many places. Which way trusts a few pairs less?",
    ),
}

few_pairs = Predicted(
    examine=predicted_choice(cures, "abc"),
    right=Mistake(
        "b",
        tr="10 adım: {early}; IPO: {ipo}; olduğu gibi: {plain}. Az bilen, az kıpırdamalıdır.",
        en="10 steps: {early}; IPO: {ipo}; as it was: {plain}. Those who know little should move little.",
    ),
    mistakes=CURES,
)


# --- own pairs ------------------------------------------------------------------------------------

MOST, AIM = 2, 0.9


def with_own_pairs(answer, language: str) -> tuple[str, dict]:
    """The world's five pairs and the learner's, β = 0.3: does the sixth prompt keep its answer?"""
    world = World(language=language)
    own = world.pairs(answer)
    if len(own) > MOST:
        return "too_many", {"given": len(own)}
    run = train_dpo(
        world, DPOConfig(seeds=SEEDS), torch.cat([world.preference_pairs, own]), start()
    )
    chance = np.exp(run.logp.values).mean(0)
    figures = {"short": float(chance[SHORT]), "refusal": float(chance[REFUSAL])}
    if chance[SHORT] >= AIM:
        return ("right" if chance[REFUSAL] >= AIM else "refusal_lost"), figures
    figures["missed"] = AIM - figures["short"]
    here = own[own[:, 0] == SHORT[0]]
    if len(here) == 0:
        return "another_prompt", figures
    if (here[:, 2] == SHORT[1]).any():
        return "rejected", figures
    return ("too_weak" if (here[:, 1] == SHORT[1]).any() else "another_answer"), figures


OWN_PAIRS = {
    "too_many": Mistake(
        [(5, 10, token) for token in (0, 1, 2)],
        tr="{given} çift fazla: en çok iki çiftle yap.",
        en="{given} pairs are too many: use two at most.",
    ),
    "another_prompt": Mistake(
        [(3, 1, 6)],
        tr="Altıncı istem için çiftin yok; orada `kısa` yanıtının olasılığı {short}; istenenin {missed} altında. Verisi olmayan satırı öteki satırlar sürükler: oraya bir çift koy.",
        en="None of your pairs is about the sixth prompt; the short answer there has probability {short}, {missed} too little. A row without data is dragged along by the others: give it a pair.",
    ),
    "rejected": Mistake(
        [(5, 6, 10)],
        tr="Çiftinde `kısa` yanıtı **reddedilmiş**: sıra (istem, seçilen, reddedilen). Olasılığı {short}; istenenin {missed} altında.",
        en="Your pair **rejects** the short answer: the order is (prompt, chosen, rejected). Its probability is {short}, {missed} too little.",
    ),
    "another_answer": Mistake(
        [(5, 9, 6)],
        tr="Altıncı istemde başka bir yanıtı seçmişsin. `kısa` yanıtının olasılığı {short}; istenenin {missed} altında.",
        en="At the sixth prompt you praise another answer. The short one has probability {short}, {missed} too little.",
    ),
    "too_weak": Mistake(
        [(5, 10, 8), (0, 10, 1)],
        tr="Altıncı istemde doğru yanıtı seçmişsin. Olasılığı yine de {short}; istenenin {missed} altında: öteki çiftin, ortak adaptörü başka yere çekiyor. O çift gerçekten gerekli mi?",
        en="At the sixth prompt you praise the right answer. Still its probability is {short}, {missed} too little: your other pair pulls the shared adapter elsewhere. Do you need that pair?",
    ),
    "refusal_lost": Mistake(
        [(5, 10, 6), (3, 6, 1)],
        tr="Altıncı satır kurtuldu ({short}), ama dördüncüde ret gitti: {refusal}. Çiftlerin dünyanınkilerle çelişmesin.",
        en="The sixth row is saved ({short}), but the refusal in the fourth is gone: {refusal}. Your pairs must not contradict the world's.",
    ),
}

own_pairs = Tried(
    examine=with_own_pairs,
    right=Mistake(
        [(5, 10, 6)],
        tr="`kısa` yanıtı {short}; ret {refusal}. Adaptör ortaktır; satırı koruyan, o satırın verisidir.",
        en="The short answer has {short}, the refusal {refusal}. The adapter is shared; what protects a row is data about that row.",
    ),
    mistakes=OWN_PAIRS,
)
