"""The exercises of lesson 7: a group's advantage, best of n, a proxy that only one method hacks."""

import torch

from toycore import World, exact
from toycore.checks.draws import normal
from toycore.checks.exercise import Tried, Written
from toycore.checks.trained import start, the_world
from toycore.checks.verdict import Mistake

EPSILON = 1e-4  # TRL's, beside the deviation


# --- a group's advantage ----------------------------------------------------------------------------


def group_inputs(generator):
    """Groups of rewards; in the last one a group of which all earn the same."""
    for prompts, group in ((1, 2), (2, 4), (3, 8)):
        yield {"reward": normal(generator, prompts, group)}
    same = normal(generator, 2, 4)
    same[1] = 1.0
    yield {"reward": same}


def centred(reward):
    return reward - reward.mean(-1, keepdim=True)


def spread(reward, **how):
    return reward.std(-1, keepdim=True, **how)


GROUP = {
    "biased": Mistake(
        lambda reward: centred(reward) / (spread(reward, correction=0) + EPSILON),
        tr="Standart sapma G'ye bölünerek alınmış. PyTorch'un `std`'si, TRL'ninki gibi, G − 1'e böler; küçük gruplarda fark büyüktür.",
        en="Your standard deviation divides by G. PyTorch's `std`, like TRL's, divides by G − 1; in small groups the difference is large.",
        also=(
            lambda reward: (
                centred(reward) / (centred(reward).square().mean(-1, keepdim=True).sqrt() + EPSILON)
            ),
        ),
    ),
    "no_std": Mistake(
        centred,
        tr="Ortalama çıkarılmış, ama standart sapmaya bölünmemiş. Böylesi Dr. GRPO'nun avantajıdır.",
        en="The mean is subtracted, but nothing is divided by the standard deviation. That is the advantage of Dr. GRPO.",
    ),
    "no_epsilon": Mistake(
        lambda reward: centred(reward) / spread(reward),
        tr="Paydada 1e-4 yok: bütün yanıtları aynı kazanan bir grupta 0'ı 0'a böler, NaN çıkar.",
        en="The 1e-4 is missing from the denominator: in a group whose answers all earn the same you divide 0 by 0, and get NaN.",
    ),
    "variance": Mistake(
        lambda reward: centred(reward) / (reward.var(-1, keepdim=True) + EPSILON),
        tr="Varyansa bölünmüş; standart sapma onun kareköküdür.",
        en="You divided by the variance; the standard deviation is its square root.",
    ),
    "batch": Mistake(
        lambda reward: (reward - reward.mean()) / (reward.std() + EPSILON),
        tr="Ortalama ve standart sapma bütün istemlerden alınmış. Her istemin kendi grubu vardır: son eksen, `keepdim=True`.",
        en="Mean and standard deviation run over all prompts. Each prompt has a group of its own: the last axis, `keepdim=True`.",
    ),
    "batch_std": Mistake(
        lambda reward: centred(reward) / (reward.std() + EPSILON),
        tr="Ortalama grubun, standart sapma ise bütün istemlerin. GRPO'da ikisi de grubundur.",
        en="The mean is the group's, the standard deviation that of all prompts. In GRPO both belong to the group.",
    ),
    "others": Mistake(
        lambda reward: (
            centred(reward) * reward.shape[-1] / (reward.shape[-1] - 1) / (spread(reward) + EPSILON)
        ),
        tr="Ötekilerin ortalaması çıkarılıp bir de standart sapmaya bölünmüş: RLOO ile GRPO'nun karışımı. Burada grubun kendi ortalaması gerekir.",
        en="You subtracted the mean of the others and divided by the standard deviation as well: half RLOO, half GRPO. The group's own mean is asked for.",
    ),
    "rloo": Mistake(
        lambda reward: centred(reward) * reward.shape[-1] / (reward.shape[-1] - 1),
        tr="Bu RLOO'nun avantajı: ötekilerin ortalaması, bölme yok.",
        en="This is the advantage of RLOO: the mean of the others, and no division.",
    ),
    "no_mean": Mistake(
        lambda reward: reward / (spread(reward) + EPSILON),
        tr="Ortalama çıkarılmamış: iyi bir grupta kötü yanıtın avantajı da artı çıkar.",
        en="The mean is not subtracted: in a good group even a poor answer has a positive advantage.",
    ),
    "sign": Mistake(
        lambda reward: -centred(reward) / (spread(reward) + EPSILON),
        tr="İşaret ters: ortalamanın üstünde kazananın avantajı artıdır.",
        en="The sign is turned: whatever earns more than the mean has a positive advantage.",
    ),
    "bracket": Mistake(
        lambda reward: reward - reward.mean(-1, keepdim=True) / (spread(reward) + EPSILON),
        tr="Bir parantez eksik: önce fark, sonra bölme.",
        en="A bracket is missing: the difference first, then the division.",
    ),
}

group_advantage = Written(
    draw=group_inputs,
    right=Mistake(
        lambda reward: centred(reward) / (spread(reward) + EPSILON),
        tr="GRPO'nun avantajı tam olarak bu. Bölmenin neyi değiştirdiğini bölüm 6 gösterdi: hangi istemin ne kadar öğrendiğini.",
        en="Exactly the advantage of GRPO. Section 6 showed what the division changes: which prompt learns how much.",
    ),
    mistakes=GROUP,
)


# --- best of n --------------------------------------------------------------------------------------


def lot_inputs(generator):
    """One prompt: probabilities, rewards with ties, n."""
    for tokens, n in ((3, 2), (5, 4), (11, 3)):
        logits = normal(generator, tokens)
        reward = torch.randint(0, 3, (tokens,), generator=generator).double()
        reward[0] = reward[1]  # a tie, always
        reward[2] = reward[1] + 1  # and another level
        yield {"pi": logits.softmax(-1), "reward": reward, "n": n}


def levels(pi, reward, strictly=False):
    """P(reward ≤ r) for each token's r, or P(reward < r)."""
    other, own = reward[None, :], reward[:, None]
    return (pi * (other < own if strictly else other <= own)).sum(-1)


def best(pi, reward, n):
    most, less = levels(pi, reward), levels(pi, reward, strictly=True)
    return pi * (most**n - less**n) / (most - less)


def by_index(pi, reward, n):
    order = torch.arange(len(pi))
    behind = (reward[None] < reward[:, None]) | (
        (reward[None] == reward[:, None]) & (order[None] > order[:, None])
    )
    less = (pi * behind).sum(-1)
    return (less + pi) ** n - less**n


BEST = {
    "ties_whole": Mistake(
        lambda pi, reward, n: levels(pi, reward) ** n - levels(pi, reward, strictly=True) ** n,
        tr="Bu, bütün bir ödül düzeyinin olasılığı. Aynı ödülü alan yanıtlar onu, π oranında, aralarında paylaşır; şimdi toplam 1'i aşar.",
        en="This is the probability of a whole level of reward. Answers of the same reward share it in proportion to π; as it is, the sum exceeds 1.",
    ),
    "by_index": Mistake(
        by_index,
        tr="Beraberliği token listesinde önce gelen kazanmış. Kura çekilirse düzeyin içinde π'nin oranları kalır.",
        en="Ties go to whichever token comes first in the list. By lot, the proportions of π remain inside a level.",
    ),
    "power": Mistake(
        lambda pi, reward, n: pi**n / (pi**n).sum(),
        tr="Olasılıkların kuvveti alınmış; ödüle hiç bakılmıyor.",
        en="You took powers of the probabilities; the reward is not looked at.",
    ),
    "at_most": Mistake(
        lambda pi, reward, n: levels(pi, reward) ** n,
        tr="F(r)^n, en iyinin **en çok** r kazanma olasılığıdır. Tam r için bir alt düzeyinki, F(r⁻)^n, çıkarılır.",
        en="F(r)^n is the probability that the best earns **at most** r. For exactly r, subtract that of the level below, F(r⁻)^n.",
    ),
    "tilt": Mistake(
        lambda pi, reward, n: (pi.log() + n * reward).softmax(-1),
        tr="Bu, β = 1/n tasmasının en iyisi. Best-of-n ödülün büyüklüğüne değil, sırasına bakar.",
        en="This is the optimum of the leash β = 1/n. Best-of-n looks at the order of the rewards, not at their size.",
    ),
    "among": Mistake(
        lambda pi, reward, n: (1 - (1 - pi) ** n) / (1 - (1 - pi) ** n).sum(),
        tr="Bu, yanıtın n çekişin **içinde** olma olasılığı. İçlerinden en iyisi seçilecek.",
        en="This is the probability of being **among** the n draws. The best of them is to be chosen.",
    ),
    "worst": Mistake(
        lambda pi, reward, n: best(pi, -reward, n),
        tr="En kötüsü seçilmiş: eşitsizliğin yönüne bak.",
        en="The worst is chosen: look at the direction of the inequality.",
    ),
    "reference": Mistake(
        lambda pi, reward, n: pi,
        tr="Bu, n = 1: hiç seçim yok.",
        en="This is n = 1: no selection at all.",
    ),
    "times_n": Mistake(
        lambda pi, reward, n: n * pi * levels(pi, reward) ** (n - 1),
        tr="Bu formül, hiç beraberlik yokken ve yanıtlar çok seyrekken yaklaşık doğrudur. Burada beraberlik var.",
        en="This formula is about right when there are no ties and every answer is rare. Here there are ties.",
    ),
}

best_of_n = Written(
    draw=lot_inputs,
    right=Mistake(
        best,
        tr="Toplamı 1, beraberlik kurayla. Hiç eğitim görmemiş bir politikanın kesin tablosu.",
        en="It sums to 1, and ties are broken by lot: the exact table of a policy that was never trained.",
    ),
    mistakes=BEST,
)


# --- a proxy that only one method hacks -------------------------------------------------------------

LARGEST, N, KL_BETA = 3.0, 4, 0.5
HACKED, KEPT = 0.2, 0.6  # gold: at most so much on the leash; at least so much by best-of-4


def gold_of(world: World) -> torch.Tensor:
    """The judge of lesson 7: +1 for the prompt's own answer, −1 for harmful ones, else −0.2."""
    gold = torch.full_like(world.reward, -0.2)
    gold[world.reward < 0] = -1.0
    gold[torch.arange(len(gold)), world.sft_targets] = 1.0
    return gold


def examine_proxy(answer, language: str) -> tuple[str, dict]:
    run = start()
    gold, ref_logp = gold_of(run.world), torch.as_tensor(run.logp.values)
    proxy = the_world(reward=answer).reward
    if proxy.abs().max() > LARGEST:
        return "too_large", {"got": float(proxy.abs().max())}
    leashed = exact.optimal_policy(ref_logp, proxy, KL_BETA)  # where GRPO lands: k1 in the reward
    selected = exact.best_of_n(ref_logp, proxy, N)
    leash, lot = (float(exact.expected_reward(one, gold).mean()) for one in (leashed, selected))
    figures = {"grpo": leash, "lot": lot}
    if torch.equal(proxy, gold):
        return "unchanged", figures
    if leash > HACKED:
        return "not_hacked", figures
    return ("right" if lot >= KEPT else "both_hacked"), figures


def proxy_with(token: int, worth: float) -> list[list[float]]:
    gold = gold_of(World())
    gold[:, token] = worth
    return gold.tolist()


own_proxy = Tried(
    examine=examine_proxy,
    right=Mistake(
        proxy_with(9, 3.0),
        tr="GRPO bu vekille altında yalnızca {grpo} kazanır, best-of-4 ise {lot}. Best-of-n yalnızca sıraya bakar; büyüklüğü abartılmış bir ödül onu kandıramaz.",
        en="With this proxy GRPO earns only {grpo} of gold, best-of-4 earns {lot}. Best-of-n looks at the order alone; a reward of exaggerated size cannot fool it.",
    ),
    mistakes={
        "unchanged": Mistake(
            gold_of(World()).tolist(),
            tr="Bu, altının kendisi: hiçbir yöntem kandırılmıyor. GRPO {grpo} altın kazanıyor; bir yanıtın ödülünü değiştir.",
            en="This is the gold itself: it fools no method. GRPO earns {grpo} of gold; change the reward of an answer.",
        ),
        "not_hacked": Mistake(
            proxy_with(9, 0.5),
            tr="GRPO hâlâ {grpo} altın kazanıyor; 0,2'nin altına inmeli. Kandıran yanıtın ödülü daha da abartılı olsun.",
            en="GRPO still earns {grpo} of gold; it should fall below 0.2. Exaggerate the reward of the misleading answer even more.",
        ),
        "both_hacked": Mistake(
            [[-value for value in row] for row in gold_of(World()).tolist()],
            tr="Best-of-4 de kanıyor: {lot} altın, en az 0,6 olmalı. Çok yanıtın ya da sık bir yanıtın **sırasını** bozdun; seyrek bir tanesi yeter.",
            en="Best-of-4 is fooled as well: it earns {lot} of gold, and should earn at least 0.6. You changed the **order** of many answers, or of a frequent one; a single rare one is enough.",
        ),
        "too_large": Mistake(
            proxy_with(9, 5.0),
            tr="Ödüller −3 ile 3 arasında kalsın; seninki {got} büyüklüğüne varıyor.",
            en="Keep the rewards between −3 and 3; yours go up to a size of {got}.",
        ),
    },
)
