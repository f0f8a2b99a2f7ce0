"""The exercises of lesson 7: a group's advantage, best of n, three times the reward, own proxy."""

import torch

from toycore import GRPOConfig, World, exact
from toycore.checks.draws import normal
from toycore.checks.exercise import Predicted, Tried, Written, predicted_choice
from toycore.checks.trained import start, the_world
from toycore.checks.verdict import Mistake
from toycore.grpo import own_optimum

N = 4  # draws, where a check names no other number
EPSILON = 1e-4  # TRL's, beside the deviation
ANOTHER = (1e-3, 1e-5, 1e-6, 1e-8)  # that learners have seen beside one


# --- a group's advantage ----------------------------------------------------------------------------


def group_inputs(generator):
    """Groups of rewards; in the last one a group of which all earn the same."""
    for prompts, group in ((2, 3), (3, 4), (2, 8)):  # a deviation across needs two prompts
        yield {"reward": normal(generator, prompts, group)}
    same = normal(generator, 2, 4)
    same[1] = 1.0
    yield {"reward": same}


def centred(reward):
    return reward - reward.mean(-1, keepdim=True)


def spread(reward, **how):
    return reward.std(-1, keepdim=True, **how)


def divided_by(spread, epsilon=EPSILON):
    """The advantage with another deviation, or another number beside it."""
    return lambda reward: centred(reward) / (spread(reward) + epsilon)


def biased(reward):
    return spread(reward, correction=0)


def variance(reward):
    return reward.var(-1, keepdim=True)


def all_prompts(reward):
    return reward.std()


def across(reward):
    """Over the prompts, answer by answer."""
    return reward.std(0, keepdim=True)


GROUP = {
    "biased": Mistake(
        divided_by(biased),
        tr="Standart sapma G'ye bölünerek alınmış (NumPy'ın `std`'si öyle yapar). PyTorch'un `std`'si, TRL'ninki gibi, G − 1'e böler; küçük gruplarda fark büyüktür.",
        en="Your standard deviation divides by G (so does NumPy's `std`). PyTorch's `std`, like TRL's, divides by G − 1; in small groups the difference is large.",
        also=(divided_by(biased, 0), divided_by(biased, 1e-8)),
    ),
    "no_std": Mistake(
        centred,
        tr="Ortalama çıkarılmış, ama standart sapmaya bölünmemiş. Bu, Dr. GRPO'nun avantajıdır.",
        en="The mean is subtracted, but nothing is divided by the standard deviation. That is the advantage of Dr. GRPO.",
    ),
    "no_epsilon": Mistake(
        divided_by(spread, 0),
        tr="Paydada 1e-4 yok: bütün yanıtlarının ödülü aynı olan bir grupta 0, 0'a bölünür ve NaN çıkar.",
        en="The 1e-4 is missing from the denominator: in a group whose answers all earn the same you divide 0 by 0, and get NaN.",
    ),
    "another_epsilon": Mistake(
        divided_by(spread, 1e-8),
        tr="Ortalama da standart sapma da doğru; yanına eklenen sayı başka. Standart sapmaya tam 1e-4 eklenir: ne başka bir sayı ne de yerine geçen bir koşul.",
        en="Mean and standard deviation are right; the number beside it is not. Add exactly 1e-4 to the deviation: no other number, and no condition in its place.",
        also=(
            *(divided_by(spread, epsilon) for epsilon in ANOTHER),
            lambda reward: centred(reward) / spread(reward).clamp(min=EPSILON),
            lambda reward: (centred(reward) / spread(reward)).nan_to_num(),
        ),
    ),
    "epsilon_outside": Mistake(
        lambda reward: centred(reward) / spread(reward) + EPSILON,
        tr="1e-4, bölümün sonucuna eklenmiş. Paydada bir parantez eksik: önce standart sapma artı 1e-4, sonra bölme.",
        en="The 1e-4 is added to the quotient. Brackets are missing in the denominator: first the deviation plus 1e-4, then the division.",
    ),
    "epsilon_inside": Mistake(
        lambda reward: centred(reward) / (variance(reward) + EPSILON).sqrt(),
        tr="1e-4 kökün içinde kalmış: varyansa değil, standart sapmaya eklenir.",
        en="The 1e-4 is under the root: add it to the standard deviation, not to the variance.",
    ),
    "variance": Mistake(
        divided_by(variance),
        also=(divided_by(variance, 0),),
        tr="Varyansa bölünmüş; standart sapma onun kareköküdür.",
        en="You divided by the variance; the standard deviation is its square root.",
    ),
    "batch": Mistake(
        lambda reward: (reward - reward.mean()) / (reward.std() + EPSILON),
        also=(lambda reward: (reward - reward.mean()) / reward.std(),),
        tr="Ortalama ve standart sapma bütün istemlerden alınmış. Her istemin kendi grubu vardır: son eksen, `keepdim=True`.",
        en="Mean and standard deviation run over all prompts. Each prompt has a group of its own: the last axis, `keepdim=True`.",
    ),
    "batch_mean": Mistake(
        lambda reward: (reward - reward.mean()) / (spread(reward) + EPSILON),
        also=(lambda reward: (reward - reward.mean()) / spread(reward),),
        tr="Standart sapma grubun, ortalama ise bütün istemlerin: `reward.mean(-1, keepdim=True)`.",
        en="The deviation is the group's, but the mean runs over all prompts: `reward.mean(-1, keepdim=True)`.",
    ),
    "batch_std": Mistake(
        divided_by(all_prompts),
        also=(divided_by(all_prompts, 0),),
        tr="Ortalama grubun, standart sapma ise bütün istemlerin. GRPO'da ikisi de grubundur.",
        en="The mean is the group's, the standard deviation that of all prompts. In GRPO both belong to the group.",
    ),
    "wrong_axis": Mistake(
        lambda reward: (reward - reward.mean(0)) / (reward.std(0) + EPSILON),
        tr="Eksen 0 istemlerin ekseni: ayrı istemlerin yanıtları karşılaştırılmış. Grup bir satırdır, yani son eksen; ortalama da standart sapma da onun.",
        en="Axis 0 is that of the prompts: you compare answers to different prompts. A group is a row, so the last axis, for the mean and for the deviation.",
        also=(divided_by(across), lambda reward: reward - reward.mean(0)),
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
        also=(lambda reward: reward / spread(reward),),
        tr="Ortalama çıkarılmamış: iyi bir grupta kötü yanıtın avantajı da artı çıkar.",
        en="The mean is not subtracted: in a good group even a poor answer has a positive advantage.",
    ),
    "sign": Mistake(
        lambda reward: -centred(reward) / (spread(reward) + EPSILON),
        tr="İşaret ters: ödülü ortalamayı aşan yanıtın avantajı artıdır.",
        en="The sign is turned: whatever earns more than the mean has a positive advantage.",
    ),
    "bracket": Mistake(
        lambda reward: reward - reward.mean(-1, keepdim=True) / (spread(reward) + EPSILON),
        also=(
            lambda reward: reward - reward.mean(-1, keepdim=True) / spread(reward),
            lambda reward: reward - reward.mean(-1, keepdim=True) / spread(reward) + EPSILON,
        ),
        tr="Bir parantez eksik: önce fark, sonra bölme.",
        en="A bracket is missing: the difference first, then the division.",
    ),
}

group_advantage = Written(
    draw=group_inputs,
    right=Mistake(
        divided_by(spread),
        tr="GRPO'nun avantajı tam olarak bu. Bölmenin neyi değiştirdiğini bölüm 6 gösterdi: hangi istemden ne kadar öğrenildiğini.",
        en="Exactly the advantage of GRPO. Section 6 showed what the division changes: how much is learned from which prompt.",
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


def level_chance(pi, reward, n):
    """The probability that the best is of a token's level, for each token."""
    return levels(pi, reward) ** n - levels(pi, reward, strictly=True) ** n


def by_place(place):
    """Ties go to the token of the lowest place."""

    def table(pi, reward, n):
        tied = reward[None] == reward[:, None]
        order = place(torch.arange(len(pi)))
        behind = (reward[None] < reward[:, None]) | (tied & (order[None] > order[:, None]))
        less = (pi * behind).sum(-1)
        return (less + pi) ** n - less**n

    return table


def wrong_axis(pi, reward, n):
    most, less = (pi * (reward[None] <= reward[:, None]), pi * (reward[None] < reward[:, None]))
    most, less = most.sum(0), less.sum(0)
    return pi * (most**n - less**n) / (most - less)


def greedy(pi, reward, n):
    best = pi * (reward == reward.max())
    return best / best.sum()


def whole(table):
    """The same made to sum to 1."""
    return lambda *inputs: table(*inputs) / table(*inputs).sum()


BEST = {
    "ties_whole": Mistake(
        level_chance,
        tr="Bu, bütün bir ödül düzeyinin olasılığı. Aynı ödülü alan yanıtlar onu, π oranında, aralarında paylaşır; şimdi toplam 1'i aşar.",
        en="This is the probability of a whole level of reward. Answers of the same reward share it in proportion to π; as it is, the sum exceeds 1.",
    ),
    "ties_normalised": Mistake(
        whole(level_chance),
        tr="Toplam 1, ama sonradan bölündüğü için: üyesi çok olan düzey fazla alıyor. Her düzeyin olasılığını, π oranında, yalnızca o düzeyin yanıtları paylaşır.",
        en="It sums to 1, but only because you divided at the end: levels with many members get too much. Only the answers of a level share its probability, in proportion to π.",
    ),
    "equal_shares": Mistake(
        lambda pi, reward, n: (
            level_chance(pi, reward, n) / (reward[None] == reward[:, None]).sum(-1)
        ),
        tr="Düzeyin olasılığı üyelerine eşit bölünmüş. Kura, çekilen yanıtlar arasındadır: sık çekilen bir yanıt kuraya da sık girer, pay π ile orantılıdır.",
        en="The probability of a level is shared equally. The lot is cast among draws: an answer that is drawn often is often in it, so the share is in proportion to π.",
    ),
    "share_missing": Mistake(
        lambda pi, reward, n: pi * level_chance(pi, reward, n),
        also=(whole(lambda pi, reward, n: pi * level_chance(pi, reward, n)),),
        tr="Düzeyin olasılığı π ile çarpılmış. Bir yanıtın payı, düzeyin **içindeki** payıdır: π bölü düzeyin toplam π'si.",
        en="The probability of the level is multiplied by π. The share of an answer is its share **within** the level: π divided by the π of the whole level.",
    ),
    "by_index": Mistake(
        by_place(lambda order: order),
        also=(by_place(lambda order: -order),),
        tr="Beraberliğe token'ın listedeki yeri karar vermiş. Kura çekilirse düzeyin içinde π'nin oranları kalır.",
        en="Ties are decided by the token's place in the list. By lot, the proportions of π remain inside a level.",
    ),
    "greedy": Mistake(
        greedy,
        also=(
            lambda pi, reward, n: (reward == reward.max()).double(),
            lambda pi, reward, n: (torch.arange(len(pi)) == reward.argmax()).double(),
        ),
        tr="Hep bütün yanıtların en iyisi seçilmiş. O, çekilen n yanıtın içinde olmayabilir; yalnızca n sonsuza giderken hep içindedir.",
        en="You always choose the best of all answers. It need not be among the n draws; only as n goes to infinity is it always there.",
    ),
    "wrong_axis": Mistake(
        wrong_axis,
        tr="Toplam yanlış eksende: `reward[None, :]` öteki yanıtları son eksene koyar, onların π'si orada, `.sum(-1)` ile toplanır.",
        en="The sum runs over the wrong axis: `reward[None, :]` puts the other answers on the last one, so sum their π there, with `.sum(-1)`.",
    ),
    "logs": Mistake(
        lambda *inputs: best(*inputs).log(),
        tr="Sayılar doğru, ama logaritmaları alınmış; olasılıklar istendi.",
        en="The numbers are right, but you took their logarithm; the task asks for probabilities.",
    ),
    "power": Mistake(
        lambda pi, reward, n: pi**n / (pi**n).sum(),
        tr="Olasılıkların kuvveti alınmış; ödüle hiç bakılmıyor.",
        en="You took powers of the probabilities; the reward is not looked at.",
    ),
    "at_most": Mistake(
        lambda pi, reward, n: levels(pi, reward) ** n,
        also=(
            whole(lambda pi, reward, n: levels(pi, reward) ** n),
            lambda pi, reward, n: pi * levels(pi, reward) ** (n - 1),
            whole(lambda pi, reward, n: pi * levels(pi, reward) ** (n - 1)),
        ),
        tr="F(r)^n, en iyinin **en çok** r kazanma olasılığıdır. Tam r için bir alt düzeyinki, F(r⁻)^n, çıkarılır.",
        en="F(r)^n is the probability that the best earns **at most** r. For exactly r, subtract that of the level below, F(r⁻)^n.",
    ),
    "tilt": Mistake(
        lambda pi, reward, n: (pi.log() + n * reward).softmax(-1),
        tr="Bu, β = 1/n tasmasının en iyisi. Best-of-n ödülün büyüklüğüne değil, sırasına bakar.",
        en="This is the optimum of the leash β = 1/n. Best-of-n looks at the order of the rewards, not at their size.",
    ),
    "own_share": Mistake(
        lambda pi, reward, n: levels(pi, reward) ** n - (levels(pi, reward) - pi) ** n,
        tr="F(r⁻) yerine F(r) − π(y) alınmış. Beraberlik varken içinde aynı ödülü alan öteki yanıtlar kalır: bütün düzey çıkarılır.",
        en="You took F(r) − π(y) for F(r⁻). With ties that leaves the other answers of the same reward in it: subtract the whole level.",
    ),
    "times_pi": Mistake(
        lambda pi, reward, n: pi * levels(pi, reward) ** n,
        also=(whole(lambda pi, reward, n: pi * levels(pi, reward) ** n),),
        tr="F(r)^n, çekilenlerin hepsinin en çok r kazandırma olasılığıdır; π ile çarpılınca en iyinin bu yanıt olma olasılığı çıkmaz.",
        en="F(r)^n is the probability that all draws earn at most r; times π it is not yet that the best of them is this answer.",
    ),
    "pi_missing": Mistake(
        lambda pi, reward, n: best(pi, reward, n) / pi,
        tr="Paylaştırmada π eksik: düzeyin olasılığı, π bölü düzeyin toplam π'si ile çarpılır.",
        en="The π is missing where the level is shared: its probability is multiplied by π divided by the π of the whole level.",
    ),
    "power_of_difference": Mistake(
        lambda pi, reward, n: (levels(pi, reward) - levels(pi, reward, strictly=True)) ** n,
        tr="Farkın kuvveti değil, kuvvetlerin farkı alınır: F(r)^n − F(r⁻)^n.",
        en="Not the power of the difference but the difference of the powers: F(r)^n − F(r⁻)^n.",
    ),
    "among": Mistake(
        lambda pi, reward, n: 1 - (1 - pi) ** n,
        also=(whole(lambda pi, reward, n: 1 - (1 - pi) ** n),),
        tr="Bu, yanıtın çekilen n yanıtın **içinde** olma olasılığı. İçlerinden en iyisi seçilecek.",
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


# --- three times the reward -------------------------------------------------------------------------


def tripled() -> tuple[str, dict]:
    """Whose policy moves when every reward is three times as large: the largest step of a
    probability, at each one's own optimum."""
    ref_logp, reward = torch.as_tensor(start().logp.values), World().reward
    rloo = GRPOConfig(
        baseline="leave_one_out", scale_rewards="none", kl_in="reward", kl_estimator="k1"
    )
    policies = {
        "grpo": lambda reward: own_optimum(ref_logp, reward, GRPOConfig()),
        "rloo": lambda reward: own_optimum(ref_logp, reward, rloo),
        "lot": lambda reward: exact.best_of_n(ref_logp, reward, N),
    }
    moved = {
        name: float((policy(3 * reward).exp() - policy(reward).exp()).abs().max())
        for name, policy in policies.items()
    }
    letters = {"grpo": "a", "rloo": "b", "lot": "c"}
    return letters[max(moved, key=lambda name: moved[name])], moved


TRIPLED = {
    "a": Mistake(
        "a",
        tr="Ödüller üç katına çıkınca grubun standart sapması da üç katına çıkar. İkisini birbirine böl: avantajdan ne kalır? Kayıptaki KL de ödülü görmez.",
        en="With three times the rewards, the standard deviation of a group is three times as large, too. Divide one by the other: what is left in the advantage? And the KL in the loss does not see the reward.",
    ),
    "c": Mistake(
        "c",
        tr="Best-of-4, çekilen dört yanıttan ödülü en büyük olanı verir. Bütün ödüller üç katına çıkınca kim kimi geçer?",
        en="Best-of-4 gives the one of four draws that earns most. When all rewards are three times as large, who overtakes whom?",
    ),
}

scaled = Predicted(
    examine=predicted_choice(tripled, "abc"),
    right=Mistake(
        "b",
        tr="Olasılıklardaki en büyük değişiklik: RLOO'da {rloo}; GRPO'da {grpo}; best-of-4'te {lot}. RLOO ödülün büyüklüğünü okur; β'yı üçe bölmek de aynı kapıya çıkardı.",
        en="The largest change of a probability, RLOO: {rloo}; GRPO: {grpo}; best-of-4: {lot}. RLOO reads the size of the reward; dividing β by three would have come to the same.",
    ),
    mistakes=TRIPLED,
)


# --- a proxy that only one method hacks -------------------------------------------------------------

LARGEST, KL_BETA = 3.0, 0.5
HACKED, KEPT = 0.0, 0.6  # gold: at most so much on the leash; at least so much by best-of-4


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
    # GRPO's own optimum: with k1 in the reward it is π*, divided by the deviation or not. Training
    # comes there late where the answer that misleads is hardly ever drawn.
    leashed = exact.optimal_policy(ref_logp, proxy, KL_BETA)
    selected = exact.best_of_n(ref_logp, proxy, N)
    leash, lot = (float(exact.expected_reward(one, gold).mean()) for one in (leashed, selected))
    own = proxy.gather(1, run.world.sft_targets[:, None])
    misled = int((proxy > own).any(1).sum())
    figures = {"grpo": leash, "lot": lot, "misled": misled, "prompts": len(proxy)}
    if (proxy - gold).abs().max() < 1e-6:  # float32 too
        return "unchanged", figures
    if not misled:
        return "no_rival", figures
    if leash > HACKED:
        return "not_hacked", figures
    return ("right" if lot >= KEPT else "both_hacked"), figures


def proxy_with(token: int, worth: float) -> list[list[float]]:
    gold = gold_of(World())
    gold[:, token] = worth
    return gold.tolist()


def squeezed_with(token: int, worth: float) -> list[list[float]]:
    """The order of the gold, its differences a tenth as large; and one token exaggerated."""
    proxy = 0.1 * gold_of(World())
    proxy[:, token] = worth
    return proxy.tolist()


own_proxy = Tried(
    examine=examine_proxy,
    right=Mistake(
        squeezed_with(9, 3.0),
        tr="Bu vekille GRPO'nun kendi en iyisi {grpo} altın kazanır; best-of-4 ise {lot}. Best-of-n sıraya bakar: büyüklüğü abartılan seyrek bir yanıt onu pek kandıramaz. Eğitim o yanıta geç varabilir: önce çekilmesi gerekir.",
        en="With this proxy GRPO's own optimum earns {grpo} of gold, and best-of-4 earns {lot}. Best-of-n looks at the order: a rare answer of exaggerated size hardly fools it. Training may find that answer late: it must be drawn first.",
    ),
    mistakes={
        "unchanged": Mistake(
            gold_of(World()).tolist(),
            tr="Bu, altın ödülün kendisi: hiçbir yöntem kandırılmıyor. GRPO'nun kendi en iyisi {grpo} altın kazanıyor; bir yanıtın ödülünü değiştir.",
            en="This is the gold itself: it fools no method. GRPO's own optimum earns {grpo} of gold; change the reward of an answer.",
        ),
        "no_rival": Mistake(
            proxy_with(9, 0.5),
            also=(torch.zeros(6, 11).tolist(), (3 * gold_of(World())).tolist()),
            tr="Kandıran yok: hiçbir istemde başka bir yanıt, istemin kendi yanıtından çok kazanmıyor. GRPO'nun kendi en iyisi {grpo} altın kazanıyor. Altın ödülü düşük bir yanıtın vekil ödülü en büyük olsun.",
            en="Nothing misleads: at no prompt does another answer earn more than the prompt's own. GRPO's own optimum earns {grpo} of gold. Let an answer that the gold values little earn most in the proxy.",
        ),
        "not_hacked": Mistake(
            proxy_with(9, 3.0),  # as in the lesson
            also=(World().reward.tolist(),),
            tr="GRPO'nun kendi en iyisi hâlâ {grpo} altın kazanıyor; en çok 0 olmalı. {prompts} istemin {misled} tanesinde başka bir yanıt, istemin kendi yanıtından çok kazandırıyor. Hepsinde öyle olmalı; öyleyse farkı aç: o yanıtın ödülünü büyüt ya da ötekilerin arasındaki farkları küçült.",
            en="GRPO's own optimum still earns {grpo} of gold; at most 0 is wanted. At {misled} of the {prompts} prompts another answer earns more than the prompt's own; it should at all of them. Then widen the gap: raise its reward, or shrink the differences among the others.",
        ),
        "both_hacked": Mistake(
            [[-value for value in row] for row in gold_of(World()).tolist()],
            tr="Best-of-4 de kanıyor: {lot} altın, en az 0,6 olmalı. O yalnızca sıraya bakar; vekilinde altının az değer verdiği çok sayıda ya da sık yanıt, değerlilerin önüne geçmiş ya da onlarla berabere kalmış. Seyrek bir tanesi yeter; ötekilerin sırası altın ödüldeki gibi kalsın.",
            en="Best-of-4 is fooled as well: it earns {lot} of gold, and should earn at least 0.6. It looks at the order alone, and in yours many answers, or frequent ones, have come level with those that the gold values more, or passed them. A single rare one is enough; leave the others in the order of the gold.",
        ),
        "too_large": Mistake(
            proxy_with(9, 5.0),
            tr="Ödüller −3 ile 3 arasında kalsın; seninkilerin en büyüğü, mutlak değerce {got}.",
            en="Keep the rewards between −3 and 3; yours go up to a size of {got}.",
        ),
    },
)
