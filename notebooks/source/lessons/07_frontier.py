# ---
# jupyter:
#   toycore:
#     tr: 07_sinir
#     en: 07_frontier
# ---

# %% [markdown] lang="tr"
# # Ders 7 · Tek sınır: bütün yöntemler bir resimde
#
# Yeni bir yöntem çıktığında makalesi birkaç eğri çizip onu bir iki rakibiyle karşılaştırır; en çok ne kadar iyi **olunabileceğini** ise kimse bilmez. Burada biliyoruz: ödül ile referans verilince her KL'de ulaşılabilecek en büyük ödül bellidir. Bu çizginin adı **sınır**.
#
# Bu derste hiç eğitmeden seçmeyi (best-of-n), ödül modelini, RLOO'yu ve GRPO'yu PPO ile DPO'nun yanına, aynı sınırın altına koyuyoruz. Her yöntemin bir de **kendi** en iyisi vardır; nereye vardığını ona bakarak anlarız.
# Süre: yaklaşık 54 dakika; *ek* yazan bölümler bekleyebilir, onlarsız 40 dakika. Alıştırmalar: 26 dakika.

# %% [markdown] lang="en"
# # Lesson 7 · One frontier: every method in one picture
#
# When a new method appears, its paper compares it with a rival or two in a few curves; nobody knows how good anything **could** have been. Here we know: given a reward and a reference, the largest reward at each KL is fixed. That line is the **frontier**.
#
# In this lesson, selection without any training (best-of-n), the reward model, RLOO and GRPO join PPO and DPO under the same frontier. And each method has an optimum of its **own**, which tells us where it lands.
# Time: about 54 minutes, or 40 without the sections marked *extra*, which can wait. Exercises: 26 minutes.

# %% [markdown] lang="tr"
# ## 1 · Resmin kuralları (2 dakika)
#
# Başlangıç ve referans hep aynı: ders 2'nin politikası, 16 tohum. Yatay eksende referansa göre KL, düşey eksende beklenen ödül var. $\pi^*$, tasmanın kesin en iyisidir (ders 1):
#
# $$\pi^*(y|x) \propto \pi_\mathrm{ref}(y|x)\, e^{r(x, y)/\beta}$$
#
# $\beta$ sonsuzdan 0'a inerken $\pi^*$ çizgiyi baştan sona yürür: her noktası bir tasmanın en iyisidir.

# %% [markdown] lang="en"
# ## 1 · The rules of the picture (2 minutes)
#
# Start and reference are always the same: the policy of lesson 2, 16 seeds. The horizontal axis is the KL to the reference, the vertical one the expected reward. $\pi^*$ is the exact optimum on a leash (lesson 1):
#
# $$\pi^*(y|x) \propto \pi_\mathrm{ref}(y|x)\, e^{r(x, y)/\beta}$$
#
# As $\beta$ falls from infinity to 0, $\pi^*$ walks along the whole frontier: each point of the line is the optimum of some leash.

# %%
import numpy as np
import pandas as pd
import torch
import xarray as xr

import toycore as tc

torch.set_num_threads(1)  # for tables this small, more threads only wait for one another
tc.set_language(language="en")
world = tc.World(language="en")
start = tc.train_sft(world, tc.SFTConfig(seeds=16))
ref_logp = torch.as_tensor(start.logp.values)  # seed × prompt × token
# tr: for tables this small, more threads only wait for one another → bu kadar küçük tablolarda iş parçacıkları yalnızca birbirini bekler
# tr: seed × prompt × token → tohum × istem × token

# %% [markdown] lang="tr"
# ## 2 · Best-of-n: eğitmeden seçmek (8 dakika)
#
# En ucuz yöntem eğitim istemez: referanstan $n$ yanıt çek, ödülü en büyük olanı ver, berabere kalırlarsa kura çek. Bu da bir politikadır; tablosu sayarak bulunur. $F(r)$, referanstan çekilen bir yanıtın ödülünün $r$'yi aşmama, $F(r^-)$ ise $r$'nin altında kalma olasılığı olsun. $n$ yanıtın hiçbirininki $r$'yi aşmıyorsa en iyisininki de aşmaz: en iyinin ödülü $F(r)^n - F(r^-)^n$ olasılıkla tam $r$'dir. Kura bunu aynı ödüllü yanıtlara $\pi_\mathrm{ref}$ oranında paylaştırır:
#
# $$\pi_n(y|x) = \pi_\mathrm{ref}(y|x)\, \frac{F(r)^n - F(r^-)^n}{F(r) - F(r^-)}$$

# %% [markdown] lang="en"
# ## 2 · Best-of-n: selecting without training (8 minutes)
#
# The cheapest method needs no training: draw $n$ answers from the reference and return the one with the largest reward, by lot if several share it. That is a policy too, and its table is found by counting. Let $F(r)$ be the probability that an answer of the reference earns at most $r$, and $F(r^-)$ that it earns less than $r$. If all $n$ answers earn at most $r$, so does the best: its reward is exactly $r$ with probability $F(r)^n - F(r^-)^n$. The lot shares that among the answers of this reward, in the proportions of $\pi_\mathrm{ref}$:
#
# $$\pi_n(y|x) = \pi_\mathrm{ref}(y|x)\, \frac{F(r)^n - F(r^-)^n}{F(r) - F(r^-)}$$

# %% four
four = tc.exact.best_of_n(ref_logp, world.reward, n=4)
draws = torch.multinomial(ref_logp[0, 0].exp(), 4 * 50_000, replacement=True).view(-1, 4)
lot = torch.rand(draws.shape) * 1e-6  # breaks ties
best = draws.gather(1, (world.reward[0, draws] + lot).argmax(1, keepdim=True))
seen = torch.bincount(best.flatten(), minlength=11) / len(best)
print("counted and drawn agree:", bool((seen - four[0, 0].exp()).abs().max() < 0.01))
# tr: breaks ties → berabere kalanlara kura
# tr: counted and drawn agree: → sayılan ile çekilen uyuşuyor:

# %% [markdown] lang="tr" predict="distance"
# **Tahmin et · best-of-4 ne kadar uzaklaşır?** Makalelerde ünlü bir formül dolaşır: best-of-n'in KL'si $\log n - \frac{n-1}{n}$'dir; $n = 4$ için 0,64. Burada kaçtır?
#
# - tam 0,64; formül her ödül için geçerlidir
# - yaklaşık iki katı
# - yaklaşık yarısı

# %% [markdown] lang="en" predict="distance"
# **Predict · how far does best-of-4 move?** A famous formula is passed from paper to paper: the KL of best-of-n is $\log n - \frac{n-1}{n}$; at $n = 4$ that is 0.64. What is it here?
#
# - exactly 0.64; the formula holds for every reward
# - about twice as much
# - about half of it

# %% best_of_n
sizes = [2, 4, 8, 16, 64]
tables = [tc.exact.best_of_n(ref_logp, world.reward, n) for n in sizes]
far = np.stack([tc.exact.kl(table, ref_logp).mean(-1) for table in tables])
far = xr.DataArray(far, {"n": sizes, "seed": range(16)}, ("n", "seed"))
formula = [float(tc.exact.best_of_n_kl_bound(n)) for n in sizes]
tc.plots.against(world, "kl", exact=formula, named="formula", best_of_n=far)

# %% tags=["reveal"]
share = float(far.sel(n=4).mean() / tc.exact.best_of_n_kl_bound(4))
distance.reveal(a=abs(share - 1) < 0.05, b=share > 1.6, c=0.4 < share < 0.6)

# %% [markdown] lang="tr" tags=["answer"]
# Formül yalnızca bir **üst sınırdır** ([Beirami ve ark., 2024][best_of_n]): bütün ödüller birbirinden farklı, her yanıt da çok seyrekse ona yaklaşılır. Burada üç ödül var, beraberlik çok; seçecek bir şey kalmayınca KL de durur. En çok $-\log \pi_\mathrm{ref}(Y^*)$ olur; $Y^*$, en çok kazandıran yanıtların kümesidir.

# %% [markdown] lang="en" tags=["answer"]
# The formula is only an **upper bound** ([Beirami et al., 2024][best_of_n]): it is nearly reached when all rewards differ and every single answer is rare. Here there are three rewards, and many ties; once nothing is left to choose, the KL stops. The most it can be is $-\log \pi_\mathrm{ref}(Y^*)$, where $Y^*$ is the set of the best answers.

# %% [markdown] lang="tr"
# Peki sınırdan ne kadar uzakta? Sürgüyle bak: her $n$ neredeyse tam çizgide.

# %% [markdown] lang="en"
# And how far from the frontier is it? Move the slider: every $n$ lies almost on the line.


# %%
def by_n(n):
    table = tc.exact.best_of_n(ref_logp, world.reward, n)
    return tc.plots.landings(world, ref_logp, best_of_n=table)


tc.widgets.slider("n", sizes, by_n, start=4, language=world.language)

# %% [markdown] lang="tr"
# Seçerek tam $\pi^*$'a da varılır. **Reddetmeli örnekleme** (rejection sampling): bir yanıtı $e^{(r - r_\mathrm{max})/\beta}$ olasılığıyla kabul et, yoksa yenisini çek. Kabul edilenlerin olasılığı $\pi_\mathrm{ref}\, e^{r/\beta}$ ile orantılıdır ([Liu ve ark., 2024][rejection]):

# %% [markdown] lang="en"
# Selecting can even reach $\pi^*$ exactly. **Rejection sampling**: accept an answer with probability $e^{(r - r_\mathrm{max})/\beta}$, otherwise draw another. What is accepted is in proportion to $\pi_\mathrm{ref}\, e^{r/\beta}$ ([Liu et al., 2024][rejection]):

# %% rejection
optimum = tc.exact.optimal_policy(ref_logp, world.reward, kl_beta=0.5)
accept = ((world.reward - world.reward.max()) / 0.5).exp()
accepted = (ref_logp + accept.log()).log_softmax(-1)
print("accepted answers follow pi*:", torch.allclose(accepted, optimum))
print(f"draws per accepted answer: {(1 / (ref_logp.exp() * accept).sum(-1)).mean():.2f}")
# tr: accepted answers follow pi*: → kabul edilen yanıtlar pi* politikasından:
# tr: draws per accepted answer: {} → kabul edilen yanıt başına çekilen yanıt: {}

# %% [markdown] lang="tr"
# Öyleyse neden eğitiyoruz? Çünkü seçmenin bedeli her yanıtta yeniden ödenir, eğitimin bedeli bir kez. Üstelik seçmek, her yanıtta ödülün elde olmasını ister; reddetmeli örnekleme $r_\mathrm{max}$ değerini de.

# %% [markdown] lang="en"
# Then why train at all? Because selecting is paid for again with every answer, training only once. And selecting needs the reward at hand whenever it answers; rejection sampling must know $r_\mathrm{max}$ besides.

# %% [markdown] lang="tr"
# ## 3 · Vaktinde durmak (6 dakika, ek)
#
# Tasmasız eğitip **erken durursak** ne olur? **Doğal gradyan** (natural gradient), logitleri tam avantaj kadar iter: $z \leftarrow z + \eta\, (r - \mathbb{E}_\pi[r])$; $\eta$ adımın boyu. Düz gradyan aynı itişi her token'ın olasılığıyla çarpar; itişi küçüldüğü için ona on kat büyük adım veriyoruz.

# %% [markdown] lang="en"
# ## 3 · Stopping in time (6 minutes, extra)
#
# What if we train without a leash and **stop early**? The **natural gradient** pushes the logits by exactly the advantage: $z \leftarrow z + \eta\, (r - \mathbb{E}_\pi[r])$, where $\eta$ is the size of a step. The plain gradient multiplies the same push by the probability of each token; since that makes it small, we give it steps ten times as large.


# %%
def climb(rate, weigh):
    path = [ref_logp]
    for step in range(80):
        pi = path[-1].exp()
        advantage = world.reward - (pi * world.reward).sum(-1, keepdim=True)
        path.append((path[-1] + rate * weigh(pi) * advantage).log_softmax(-1))
    return torch.stack(path)


natural, plain = climb(0.05, lambda pi: 1), climb(0.5, lambda pi: pi)

# %% [markdown] lang="tr" predict="early"
# **Tahmin et · tasmasız yürüyüş.** Doğal gradyanın 20. adımdaki politikası nerede durur?
#
# - sınırın belirgin altında
# - tam çizgide: bir tasmanın en iyisinde
# - biraz altında: sonlu adımlar köşeyi keser

# %% [markdown] lang="en" predict="early"
# **Predict · a walk without a leash.** Where does the policy of the natural gradient stand at step 20?
#
# - well below the frontier
# - exactly on it, at the optimum of some leash
# - just below it: steps of a finite size cut the corner


# %% early
def by_step(step):
    paths = {"natural": natural, "plain": plain}
    here = {name: path[step] for name, path in paths.items()}
    return tc.plots.landings(world, ref_logp, paths=paths, **here)


tc.widgets.slider("step", [0, 5, 10, 20, 40, 80], by_step, start=20, language=world.language)

# %% tags=["reveal"]
stopped = tc.exact.optimal_policy(ref_logp, world.reward, kl_beta=1 / (0.05 * 20))
gap = float(tc.exact.total_variation(natural[20], stopped).max())
early.reveal(a=gap > 0.05, b=gap < 1e-12, c=1e-12 <= gap <= 0.05)

# %% [markdown] lang="tr" tags=["answer"]
# $t$ adım sonra $\pi_t \propto \pi_\mathrm{ref}\, e^{\eta t r}$: tasması $\beta = 1/(\eta t)$ olan $\pi^*$'ın ta kendisi. Tasma **bir durma zamanıdır**. Düz gradyan için bu doğru değildir: az olası yanıtları hemen hiç itmediği için yolu sınırın altından geçer. Sürgüyle yürüt: doğal gradyan çizgiden hiç ayrılmaz. (Büyük bir ağda böyle bir tablo yoktur, PPO'nun kırpmasıyla da yürüyüş artık tam değildir; yine de KL cezası erken durmaya çok benzer, [Gao ve ark., 2023][overoptimisation].)

# %% [markdown] lang="en" tags=["answer"]
# After $t$ steps $\pi_t \propto \pi_\mathrm{ref}\, e^{\eta t r}$: precisely the $\pi^*$ of the leash $\beta = 1/(\eta t)$. The leash **is a stopping time**. Not so with the plain gradient: it hardly pushes unlikely answers, so its path runs below the frontier. Walk with the slider: the natural gradient never leaves the line. (A large network has no such table, and with PPO's clip the walk is no longer exact; a KL penalty still acts much like stopping early, [Gao et al., 2023][overoptimisation].)

# %% [markdown] lang="tr"
# ## 4 · Ödül modeli ve Goodhart (11 dakika)
#
# Gerçekte ödülün kendisi elde değildir; tercih çiftlerinden bir **ödül modeli** öğrenilir ve politika ona göre eğitilir. Öğrenilen ödüle **vekil ödül** (proxy; kısaca vekil), asıl olana **altın ödül** (gold) denir. Altın ödülümüz istemi okusun: istemin kendi yanıtı (SFT'de gösterilen) +1, zararlılar −1, ötekiler −0,2.
#
# Ödül modeli, istem vektörü ile token vektörünün çarpımı olsun, $\hat r(x, y) = u_x \cdot v_y + b_y$; vektörlerin kaç sayıdan oluştuğu, modelin **rank**'ı. Rank 1 az şey öğrenebilir, rank 6 her tabloyu. Ders 4'ten bildiğimiz Bradley–Terry kaybıyla eğitilir; çiftlerde seçimi altın ödülü bilen bir yargıç yapar.

# %% [markdown] lang="en"
# ## 4 · A reward model, and Goodhart (11 minutes)
#
# In practice the reward itself is not at hand; a **reward model** is learned from preference pairs, and the policy is trained on that. The learned reward is called the **proxy**, the true one the **gold**. Let our gold read the prompt: +1 for the prompt's own answer (the one that SFT was shown), −1 for harmful ones, −0.2 for the others.
#
# Let the reward model be a product of prompt and token, $\hat r(x, y) = u_x \cdot v_y + b_y$; the number of entries of each vector is its **rank**. Rank 1 can learn little, rank 6 any table. It is trained with the Bradley–Terry loss of lesson 4; the judge of these pairs is the gold.

# %%
gold = torch.full((6, 11), -0.2, dtype=torch.float64)
gold[:, [5, 6]] = -1.0
gold[range(6), world.sft_targets] = 1.0
judge = tc.World(reward=gold, language="en")
pairs = torch.stack(
    [judge.sample_preferences(ref_logp[seed], 10_000, seed=seed) for seed in range(16)]
)
ranks = [1, 2, 4, 6]
models = tc.train_reward_model(judge, tc.RewardModelConfig(rank=ranks, seeds=16), pairs, start)
proxies = {f"rank {rank}": models.reward.sel(rank=rank).values for rank in ranks}

# %% [markdown] lang="tr" predict="summit"
# **Tahmin et · vekil ödülün peşinde.** Tasma gitgide uzasın, politika rank 1 modelinin ödülünü büyütsün. Altın ödül ne yapar?
#
# - sonuna kadar yükselir, yalnızca daha yavaş
# - önce yükselir, sonra düşer
# - baştan düşer

# %% [markdown] lang="en" predict="summit"
# **Predict · climbing a proxy.** Let the policy climb the reward of the rank 1 model, on a longer and longer leash. What does the gold reward do?
#
# - it rises to the end, only more slowly
# - it rises at first, then falls
# - it falls from the beginning

# %% goodhart
tc.plots.goodhart(judge, ref_logp, **proxies)

# %% tags=["reveal"]
tilts = torch.tensor([0.0, 0.5, 1, 2, 4, 8, 1000], dtype=torch.float64).view(-1, 1, 1, 1)
climbed = (ref_logp + tilts * torch.as_tensor(proxies["rank 1"])).log_softmax(-1)
earned = tc.exact.expected_reward(climbed, gold).mean((-1, -2))
top = int(earned.argmax())
summit.reveal(a=top == len(earned) - 1, b=0 < top < len(earned) - 1, c=top == 0)

# %% [markdown] lang="tr" tags=["answer"]
# Buna **Goodhart yasası** denir: bir ölçü hedef olunca iyi bir ölçü olmaktan çıkar ([Gao ve ark., 2023][overoptimisation] bunu ödül modellerinde ölçtü; yatay eksen, onların resimlerindeki gibi, KL'nin karekökü). Dönüş yeri sayılabilir: $\pi_\lambda \propto \pi_\mathrm{ref}\, e^{\lambda \hat r}$ yolunda, altın ödüle $g$ dersek,
#
# $$\frac{d\, \mathbb{E}[g]}{d\lambda} = \mathrm{Cov}_{\pi_\lambda}(g, \hat r)$$
#
# Kovaryans, iki ödülün birlikte ne kadar değiştiğidir. Sağdaki eğri 0'ı nerede keserse altın ödül en büyük değerini orada alır: ondan sonra vekilin yükselttiği yanıtlar, ortalamada, altın ödülün beğendikleri değildir.

# %% [markdown] lang="en" tags=["answer"]
# This is **Goodhart's law**: when a measure becomes a target, it ceases to be a good measure ([Gao et al., 2023][overoptimisation] measured it for reward models; as in their figures, the horizontal axis is the root of the KL). Where it turns can be counted: along $\pi_\lambda \propto \pi_\mathrm{ref}\, e^{\lambda \hat r}$, with $g$ for the gold,
#
# $$\frac{d\, \mathbb{E}[g]}{d\lambda} = \mathrm{Cov}_{\pi_\lambda}(g, \hat r)$$
#
# The covariance says how much the two rewards vary together. Where the curve on the right crosses 0, the gold peaks: beyond it the answers that the proxy lifts are, on average, not those that the gold prefers.

# %% [markdown] lang="tr"
# Çiftlerdeki doğruluk (ödül modelinin doğru sıraladığı çiftlerin payı) bunu pek haber vermez: tırmanış boyunca hiç değişmez, rank 1 ile 6 arasında da az oynar. Yargıç kararsız olduğu için altın ödülün kendisi bile daha iyisini yapamaz:

# %% [markdown] lang="en"
# The accuracy on the pairs (the share that the reward model puts in the right order) hardly warns of it: it stays the same during the climb, and differs little between rank 1 and 6. Since the judge wavers, even the gold itself can do no better:

# %% accuracy
for rank in ranks:
    right = models.history.accuracy.sel(rank=rank).isel(step=-1).mean()
    print(f"rank {rank}: share of pairs in the right order {right:.3f}")
won, lost = gold[pairs[..., 0], pairs[..., 1]], gold[pairs[..., 0], pairs[..., 2]]
print(f"gold: {((won > lost) + (won == lost) / 2).mean():.3f}")
# tr: gold: {} → altın ödül: {}
# tr: rank {}: share of pairs in the right order {} → rank {}: doğru sıralanan çiftlerin payı {}


# %%
def by_rank(rank):
    return tc.plots.goodhart(judge, ref_logp, highlight=f"rank {rank}", **proxies)


tc.widgets.slider("rank", ranks, by_rank, start=1, language=world.language)

# %% [markdown] lang="tr"
# Daha çok veri kurtarır mı? Sürgü: tohum başına çift sayısı, rank 2 ile.

# %% [markdown] lang="en"
# Does more data help? The slider: the number of pairs per seed, at rank 2.

# %%
counts = [300, 1000, 3000, 10_000]
config = tc.RewardModelConfig(rank=2, seeds=16)
fits = {n: tc.train_reward_model(judge, config, pairs[:, :n], start).reward.values for n in counts}
fitted = {str(n): fit for n, fit in fits.items()}


def by_pairs(n):
    return tc.plots.goodhart(judge, ref_logp, highlight=str(n), **fitted)


tc.widgets.slider("pairs", counts, by_pairs, start=1000, language=world.language)

# %% [markdown] lang="tr"
# Çok veri tepeyi yükseltir, ama düşüşü önlemez: eksik olan veri değil, rank'tır; rank 2'nin anlatamadığını hiçbir çift öğretmez.
#
# Best-of-n'i kandırmak daha zor olabilir: ödüllerin **sırasına** bakar, büyüklüğüne değil. Elle bir vekil kuralım: altın ödülün aynısı, yalnızca seyrek bir token başa geçsin, hem de çok büyük bir ödülle:

# %% [markdown] lang="en"
# It raises the peak, but does not prevent the fall: what is missing is not data but rank; what rank 2 cannot express, no pair can teach it.
#
# Best-of-n can be harder to fool: it looks at the **order** of the rewards, not at their size. Let us build a proxy by hand: the gold, but with one rare token put first, and with far too large a reward:

# %% ranks_not_sizes
hacked = gold.clone()
hacked[:, 9] = 3.0  # `long` pays 3, whatever the prompt
policies = {f"beta {b:g}": tc.exact.optimal_policy(ref_logp, hacked, b) for b in (2, 1, 0.5)}
policies |= {f"best of {n}": tc.exact.best_of_n(ref_logp, hacked, n) for n in (2, 4, 16, 64)}
for name, policy in policies.items():
    moved, earned = tc.exact.kl(policy, ref_logp), tc.exact.expected_reward(policy, gold)
    print(f"{name:10} KL {moved.mean():.2f}, gold {earned.mean():+.2f}")
# tr: `long` pays 3, whatever the prompt → istem ne olursa olsun `uzun` 3 kazandırır
# tr: best of {} → best-of-{}
# tr: {} KL {}, gold {} → {} KL {}, altın {}

# %% [markdown] lang="tr"
# Aşağı yukarı aynı KL'de ($\beta = 1$ ile $n = 4$) best-of-n çok daha fazla altın ödül alıyor. Ama bağışık değil: çekiş arttıkça o seyrek token hep çekilenlerin arasında olur, 64 yanıtta altın ödül baştakinin altına iner.

# %% [markdown] lang="en"
# At about the same KL ($\beta = 1$ and $n = 4$) best-of-n gets far more gold. But it is not immune: with many draws the rare token is nearly always among them, and with 64 the gold is below that of the start.

# %% [markdown] lang="tr"
# ## 5 · DPO ve bütün resim (7 dakika)
#
# DPO ile ödül modeli aynı çiftlerde aynı kaybı küçültür: biri $\beta \log \frac{\pi}{\pi_\mathrm{ref}}$ ile, öteki $\hat r$ ile. Her $\hat r$, isteme bağlı bir sabit dışında böyle yazılabilir. O hâlde DPO'nun en iyisi, rank'ı kısıtlanmamış, büyük ödülleri cezalandırmayan (`ridge` 0) ödül modelinin $\pi^*$'ıdır ([Swamy ve ark., 2025][all_roads]):

# %% [markdown] lang="en"
# ## 5 · DPO, and the whole picture (7 minutes)
#
# DPO and the reward model minimise the same loss on the same pairs: one through $\beta \log \frac{\pi}{\pi_\mathrm{ref}}$, the other through $\hat r$. Any $\hat r$ can be written that way, up to a constant for each prompt. So the optimum of DPO is the $\pi^*$ of a reward model whose rank is not restricted and which has no penalty on large rewards (a `ridge` of 0) ([Swamy et al., 2025][all_roads]):

# %% same_optimum
many = torch.stack([world.sample_preferences(ref_logp[s], 100_000, seed=s) for s in range(16)])
full = tc.train_reward_model(world, tc.RewardModelConfig(ridge=0, seeds=16), many, start)
two_steps = tc.exact.optimal_policy(ref_logp, full.reward.values, kl_beta=0.5)
one_step = tc.train_dpo(world, tc.DPOConfig(beta=0.5, seeds=16), many, start)
apart = tc.exact.total_variation(one_step.logp, two_steps).mean()
print(f"DPO and the two steps: {apart:.3f} of the probability lies elsewhere")
# tr: DPO and the two steps: {} of the probability lies elsewhere → DPO ile iki adım: olasılığın {} kadarı başka yerde

# %% [markdown] lang="tr"
# Kalan fark, iki eğitimin de henüz sonuna varmamış olmasındandır. Eşitlik her tasmada geçerlidir; ama ödül modeli bir kez, DPO her $\beta$ için yeniden eğitilir. Dolu işaret eğitilen DPO, boş işaret aynı ödül modelinin en iyisi:

# %% [markdown] lang="en"
# What difference remains is that neither training has quite arrived. The equality holds for every leash; but the reward model is trained once, DPO anew for each $\beta$. The filled mark is the trained DPO, the hollow one the optimum of the same reward model:

# %%
betas = [0.25, 0.5, 1, 2]
trained = tc.train_dpo(world, tc.DPOConfig(beta=betas, seeds=16), many, start)


def by_beta(beta):
    own = {"DPO": tc.exact.optimal_policy(ref_logp, full.reward.values, beta)}
    return tc.plots.landings(world, ref_logp, own=own, DPO=trained.logp.sel(beta=beta))


tc.widgets.slider("beta", betas, by_beta, start=0.5, language=world.language)

# %% [markdown] lang="tr"
# Şimdi bütün yöntemler: tasma 0,5; DPO'ya tohum başına 10.000 çift. RLOO ile GRPO'nun içine, neden k2 kullandıklarına da bölüm 6'da bakacağız. Boş işaret, yöntemin **kendi** amacının en iyisidir: SFT'ninki her istemde gösterilen tek yanıttır, DPO'nunki kendi çiftlerinden öğrenilen ödülün $\pi^*$'ıdır.

# %% [markdown] lang="en"
# Now all the methods: a leash of 0.5, and 10,000 pairs per seed for DPO. RLOO and GRPO are opened up in section 6, and why they have k2, too. The hollow mark is the optimum of the method's **own** objective: for SFT the one answer that each prompt was shown, for DPO the $\pi^*$ of the reward learned from its pairs.

# %%
recipes = {
    "RLOO": {
        "baseline": "leave_one_out",
        "scale_rewards": "none",
        "kl_in": "reward",
        "kl_estimator": "k1",
    },
    "GRPO": {"kl_estimator": "k2"},
    "Dr. GRPO": {"scale_rewards": "none", "kl_estimator": "k2"},
}
configs = {name: tc.GRPOConfig(kl_beta=0.5, seeds=16, **recipe) for name, recipe in recipes.items()}
groups = {name: tc.train_grpo(world, config, start) for name, config in configs.items()}
own = {
    name: tc.grpo.own_optimum(ref_logp, world.reward, config) for name, config in configs.items()
}
few = many[:, :10_000]
learned = tc.train_reward_model(world, tc.RewardModelConfig(ridge=0, seeds=16), few, start)
own["DPO"] = tc.exact.optimal_policy(ref_logp, learned.reward.values, kl_beta=0.5)
own["PPO"] = optimum
own["SFT"] = torch.full_like(ref_logp, -torch.inf)
own["SFT"][:, range(6), world.sft_targets] = 0

# %% [markdown] lang="tr" predict="off"
# **Tahmin et · sınırdan uzakta kim var?** Yöntemlerden biri, kendi KL'sinde ulaşılabilecek ödülün belirgin biçimde altında kalır. Hangisi?
#
# - uzun süren SFT: gösterilen yanıtları ezberledi
# - DPO: ödülü hiç görmedi, yalnızca çiftleri
# - GRPO: değer ağı yok

# %% [markdown] lang="en" predict="off"
# **Predict · who is off the frontier?** One of the methods stays well below the reward that its KL could buy. Which one?
#
# - a long SFT: it learned the answers it was shown by heart
# - DPO: it never saw the reward, only pairs
# - GRPO: it has no critic

# %% main
long_sft = tc.train_sft(world, tc.SFTConfig(steps=75, seeds=16))
ppo = tc.train_ppo(world, tc.PPOConfig(kl_beta=0.5, ent_coef=0, seeds=16), start)
dpo = tc.train_dpo(world, tc.DPOConfig(beta=0.5, seeds=16), few, start)
landed = {"SFT": long_sft.logp, "best-of-4": four, "rejection": accepted}
landed |= {"PPO": ppo.logp, "DPO": dpo.logp}
landed |= {name: run.logp for name, run in groups.items()}
tc.plots.landings(world, ref_logp, own=own, zoom=["PPO", "RLOO"], **landed)
# tr: best-of-4 → best-of-4

# %% tags=["reveal"]
below = {
    name: float(tc.exact.below_frontier(table, ref_logp, world.reward).mean())
    for name, table in landed.items()
}
off.reveal(a=below["SFT"] > 0.1, b=below["DPO"] > 0.1, c=below["GRPO"] > 0.1)

# %% [markdown] lang="tr" tags=["answer"]
# Taklit, ödülü hiç görmez: SFT yalnızca gösterilen yanıtın olasılığını büyütür; aynı ödülü alan ötekilerinkini de, zararlılarınki gibi, küçültür. Üstelik iki istemde gösterilen yanıt az kazandırır. Aynı KL ile çok daha fazla ödül alınabilirdi. Daha uzun eğitmek de kurtarmaz: SFT'nin **kendi** en iyisi sınırın altındadır. Öteki yöntemler sınırın hemen altında; aralarındaki fark, **nerede** durduklarıdır. GRPO ise kendi boş işaretine oturmuş, ama ötekilerden çok uzakta.

# %% [markdown] lang="en" tags=["answer"]
# Imitation never sees the reward: SFT raises only the answer that it was shown, and pushes down all the others, those of the same reward no less than the harmful ones; at two prompts the answer shown is one that earns little. The same KL could have bought far more reward. Longer training is no cure: the optimum of SFT's **own** objective lies below the frontier. The other methods are just below it; they differ in **where** they stand. And GRPO stands on its own hollow mark, but a long way from the others.

# %% [markdown] lang="tr"
# ## 6 · RLOO'dan GRPO'ya: bir bölme (12 dakika)
#
# Değer ağı yerine **grup**: her isteme $G$ yanıt çekilir, birbirlerinin taban çizgisi olurlar. RLOO ötekilerin ortalamasını çıkarır ([Ahmadian ve ark., 2024][rloo]); GRPO grubun ortalamasını çıkarır, bir de grubun standart sapmasına böler ([Shao ve ark., 2024][grpo]); Dr. GRPO bölmeyi kaldırır ([Liu ve ark., 2025][dr_grpo]; yanıtın boyuna bölmeyi de: bölüm 7).
#
# Sekiz yanıtlık bir grupta bir doğru (1) ile yedi yanlış (0):

# %% [markdown] lang="en"
# ## 6 · From RLOO to GRPO: one division (12 minutes)
#
# A **group** in place of the critic: $G$ answers are drawn for each prompt, and are each other's baseline. RLOO subtracts the mean of the others ([Ahmadian et al., 2024][rloo]); GRPO subtracts the mean of the group and divides by its standard deviation as well ([Shao et al., 2024][grpo]); Dr. GRPO drops the division ([Liu et al., 2025][dr_grpo]; the one by the length of an answer, too: section 7).
#
# A group of eight answers, one right (1) and seven wrong (0):

# %% group
group = torch.tensor([1.0, 0, 0, 0, 0, 0, 0, 0], dtype=torch.float64)
for name in ("RLOO", "Dr. GRPO", "GRPO"):
    how = {k: v for k, v in recipes[name].items() if k in ("baseline", "scale_rewards")}
    advantage = tc.grpo.group_advantage(group, **how)
    print(f"{name:8} right {advantage[0]:+.3f}, wrong {advantage[1]:+.3f}")
# tr: {} right {}, wrong {} → {} doğru {}, yanlış {}

# %% [markdown] lang="tr"
# Bölme masum görünür: her grubun avantajları aynı büyüklüğe getirilir. Ama bir istemin ne kadar güçlü güncelleneceğini değiştirir. Yanıtlar doğru (1) ya da yanlış (0), doğrunun olasılığı $p$ olsun: RLOO'ya göre grubun çekişi $w_G(p)$ ile çarpılır; $G$ büyüdükçe
#
# $$w_G(p) \to \frac{1}{\sqrt{p\,(1 - p)}}$$

# %% [markdown] lang="en"
# The division looks innocent: all groups are brought to one scale. But it changes how strongly a prompt is updated. Let answers be right (1) or wrong (0), and right with probability $p$: the pull of the group is that of RLOO times $w_G(p)$; as $G$ grows
#
# $$w_G(p) \to \frac{1}{\sqrt{p\,(1 - p)}}$$

# %% [markdown] lang="tr" predict="weight"
# **Tahmin et · zor istem.** $p$ bir istemde 0,05 iken ötekinde 0,5. Bölme, $G = 2$ iken, zor istemin çekişini kolayınkine oranla nasıl değiştirir?
#
# - 2,3 katına çıkarır, G sonsuza giderken olduğu gibi
# - yarısına indirir
# - hiç değiştirmez

# %% [markdown] lang="en" predict="weight"
# **Predict · the hard prompt.** At one prompt $p$ is 0.05, at another 0.5. With $G = 2$, how does the division change the pull of the hard prompt against that of the easy one?
#
# - 2.3 times as strong, as when G goes to infinity
# - half as strong
# - not at all

# %% weights
sizes = [2, 4, 8, 16, 64]
tc.plots.group_weights(world, sizes)

# %% tags=["reveal"]
hard, easy = tc.exact.group_weight(torch.tensor([0.05, 0.5]), 2)
times = float(hard / easy)
weight.reveal(a=times > 2, b=times < 0.6, c=abs(times - 1) < 1e-6)

# %% [markdown] lang="tr" tags=["answer"]
# İki yanıtlık bir grup, ancak biri doğru biri yanlışsa bir şey öğretir; standart sapması o zaman hep aynıdır. Böyle bir grup $2p(1 - p)$ olasılıkla gelir, yani $p$'nin gradyanıyla orantılı: bölme, istemler arasında hiçbir şeyi değiştirmez. $G$ büyüdükçe bölme, çok zor ve çok kolay istemleri öne çıkarır: çok büyük bir $G$ ile GRPO, $p$'yi değil $2 \arcsin \sqrt{p}$'yi büyütür ([Davis ve Recht, 2025][arcsine]).

# %% [markdown] lang="en" tags=["answer"]
# A group of two teaches only if one answer is right and one wrong; its standard deviation is then always the same. Such groups come up with probability $2p(1 - p)$, in step with the gradient of $p$: the division changes nothing between prompts. As $G$ grows, the division favours very hard and very easy prompts: with a very large $G$, GRPO climbs not $p$ but $2 \arcsin \sqrt{p}$ ([Davis and Recht, 2025][arcsine]).

# %% [markdown] lang="tr"
# Tasmaya gelelim. Shao ve ark.'nın GRPO'sunda KL kayıptadır ve k3 ile ölçülür; TRL (`1.16`) k3'ü bir de oranla çarpar, gradyanı o zaman, buradaki k2'ninki gibi, KL'nin kendi gradyanı olur (ders 6). Bölüm 5'in resminde böyle bir GRPO'nun KL'si, $\pi^*$'ınkinin iki katını aşıyordu.

# %% [markdown] lang="en"
# On to the leash. In the GRPO of Shao et al. the KL stands in the loss and is measured by k3; TRL (`1.16`) also multiplies k3 by the ratio, and then its gradient is that of the KL itself, as k2's is here (lesson 6). In the picture of section 5 such a GRPO stood at more than twice the KL of $\pi^*$.

# %% [markdown] lang="tr" predict="leash"
# **Tahmin et · KL yer değiştirince.** Bölme kalsın, KL ise kayıptan ödüle taşınsın. `kl_beta` yine 0,5. Politika nereye varır?
#
# - aynı yere: tasmayı bozan, bölmenin kendisidir
# - tam olarak yazılan tasmanın en iyisine
# - daha da uzağa

# %% [markdown] lang="en" predict="leash"
# **Predict · the KL moves house.** Keep the division, but move the KL from the loss into the reward; `kl_beta` is still 0.5. Where does the policy arrive?
#
# - at the same place: it is the division that spoils the leash
# - exactly at the optimum of the leash as written
# - even further away

# %% recipes
measured = ["kl", "attained", "attained_own"]
rows = {}
for place, estimator in (("reward", "k1"), ("loss", "k2"), ("loss", "k3")):
    for scale in ("none", "group"):
        config = tc.GRPOConfig(
            kl_in=place, kl_estimator=estimator, scale_rewards=scale, kl_beta=0.5, seeds=16
        )
        end = tc.train_grpo(world, config, start).history.isel(step=-1).mean("seed")
        rows[place, estimator, scale] = {name: float(end[name]) for name in measured}
table = pd.DataFrame(rows).T.rename_axis(["kl_in", "kl_estimator", "scale_rewards"])
table.round(2)

# %% tags=["reveal"]
goal = float(tc.exact.kl(optimum, ref_logp).mean())
moved = table.kl["reward", "k1", "group"] / goal
leash.reveal(a=1.8 < moved < 2.8, b=abs(moved - 1) < 0.1, c=moved >= 2.8)

# %% [markdown] lang="tr" tags=["answer"]
# KL **ödüldeyken** ikisi birlikte bölünür: $\pi^*$'da tasmalı ödül $r - \beta \log \frac{\pi}{\pi_\mathrm{ref}}$ her yanıtta aynıdır, bütün avantajlar 0'dır; 0'ı neye bölersen böl, 0 kalır. KL **kayıptayken** ise politika iyileştikçe gruptaki yanıtlar benzeşir, grubun standart sapması $\sigma$ küçülür; ödülün çekişi $1/\sigma$ ile büyür, KL'ninki büyümez: tasma çözülür. Son sütun hep 1'e yakın: her tarif **kendi** en iyisine varıyor. Eğitim bozuk değil, hedef başka.

# %% [markdown] lang="en" tags=["answer"]
# With the KL **in the reward**, reward and KL are divided together: at $\pi^*$ the leashed reward $r - \beta \log \frac{\pi}{\pi_\mathrm{ref}}$ is the same for all answers, so every advantage is 0, and 0 stays 0 whatever divides it. With the KL **in the loss**, the better the policy, the more the answers of a group are alike, and the smaller is their standard deviation $\sigma$; the pull of the reward grows with $1/\sigma$, that of the KL does not: the leash dissolves. The last column is always near 1: each recipe reaches its **own** optimum. Nothing is wrong with the training; it has another goal.

# %% [markdown] lang="tr"
# Grup büyüdükçe ne olur? İki tarif de standart sapmaya bölüyor. KL ödüldeyse kendi en iyisi her grup boyunda $\pi^*$'dır, işareti yerinden kıpırdamaz; kayıptaysa eğitilen politika sınır boyunca kayar. $G = 2$ iken bölünmüş avantaj, fark ne kadar büyük olursa olsun, yalnızca hangi yanıtın kazandığını söyler; tasma yazılandan da kısadır. 3'ten başlayarak uzar.

# %% [markdown] lang="en"
# What if the group grows? Both recipes divide by the standard deviation. With the KL in the reward its own optimum is $\pi^*$ at every size, and that mark does not move; with the KL in the loss the trained policy slides along the frontier. At $G = 2$ an advantage is only a win or a loss, however large the difference, and the leash is even shorter than written; from 3 on it grows longer.


# %%
def by_size(size):
    config = tc.GRPOConfig(num_generations=size, kl_estimator="k2", seeds=16)
    landed = {
        "KL in the reward": optimum,
        "KL in the loss": tc.train_grpo(world, config, start).logp,
    }
    own = {"KL in the loss": tc.grpo.own_optimum(ref_logp, world.reward, config)}
    return tc.plots.landings(world, ref_logp, own=own, **landed)


tc.widgets.slider("num_generations", [2, 4, 8, 16], by_size, start=8, language=world.language)
# tr: KL in the reward → KL ödülde
# tr: KL in the loss → KL kayıpta

# %% [markdown] lang="tr"
# Sık sorulan üç soru:
#
# * **GRPO'nun kaybı 0 yazıyor, bozuk mu?** Hayır. Avantajların toplamı her grupta 0'dır, ilk geçişte bütün oranlar 1'dir: kaybın politika kısmı 0'dır, ama gradyanı öyle değildir. (Kayıptaki KL buna eklenir; yalnızca başta 0'dır.) Hiçbir şey öğretmeyen, ödülleri hep aynı olan gruplardır; kaç tane olduklarını aşağıda görürsün.
# * **Neden standart sapmaya bölmeyelim?** Bölmek, çok zor ve çok kolay istemleri öne çıkaran bir seçimdir; tasma ödüldeyse varılacak yeri bozmaz, kayıptaysa tasma artık `kl_beta`'ya yazdığın değildir.
# * **Ortalama da standart sapma da ötekilerden alınsa?** Tek doğrunun gözünde yedi yanlış birbirinin aynıdır: standart sapmaları 0'dır, bölende yalnızca 0'a bölmeyi önleyen küçücük sayı kalır. O sayı $10^{-6}$ ise avantaj bir milyon olur.

# %% [markdown] lang="en"
# Three questions that are often asked:
#
# * **The loss of GRPO prints 0, is it broken?** No. The advantages of a group sum to 0, and in the first pass every ratio is 1: the policy part of the loss is 0, but its gradient is not. (A KL in the loss is added to it, and is 0 only at the start.) What teaches nothing are groups whose answers all earn the same; how many they are, you see below.
# * **Why not divide by the standard deviation?** Dividing is a choice that favours very hard and very easy prompts; with the leash in the reward it does not change where training lands, with the leash in the loss the leash is no longer the `kl_beta` that you wrote.
# * **And if the standard deviation, too, were that of the others?** For a lone right answer, the seven others are all wrong, and alike: their standard deviation is 0, and the divisor is nothing but the tiny number that prevents a division by 0. If that is $10^{-6}$, the advantage is a million.

# %% zero
first = groups["GRPO"].history.isel(step=0)
print(f"loss before the first update: {abs(float(first.policy_loss.mean())):.3f}")
last = groups["GRPO"].history.isel(step=-1)
alike = [float(state.frac_reward_zero_std.mean()) for state in (first, last)]
print(f"groups in which all earn the same: {alike[0]:.0%} at the start, {alike[1]:.0%} at the end")
others = group[1:]
lone = (group[0] - others.mean()) / (others.std() + 1e-6)
print(f"advantage of the lone right answer, over the others' deviation: {float(lone):,.0f}")
# tr: loss before the first update: {} → ilk güncellemeden önceki kayıp: {}
# tr: groups in which all earn the same: {} at the start, {} at the end → bütün yanıtların ödülü aynı olan gruplar: başta {}, sonda {}
# tr: advantage of the lone right answer, over the others' deviation: {} → tek doğru yanıtın avantajı, ötekilerin standart sapmasına bölününce: {}

# %% [markdown] lang="tr"
# ## 7 · Yanıtın boyuna bölmek (8 dakika, ek)
#
# GRPO'nun kaybı, bir yanıtın token'larının kayıplarını toplayıp yanıtın boyuna, $|o|$'ya böler. Bir adımlık dünyada $|o| = 1$'dir; burada ise dünyaya ikinci bir adım ekleyelim: ilk sözcükten sonra yanıt ya biter ya da bir sözcük daha gelir. Ödül yalnızca ilk sözcüğe bakar (istemin kendi yanıtıysa 1, değilse 0). Uzunluğun hiçbir değeri yok. Bitiş sayılmaz, $|o|$ 1 ya da 2'dir; örnek çekmeden, beklenen güncellemeyi kullanıyoruz.

# %% [markdown] lang="en"
# ## 7 · Dividing by the length of an answer (8 minutes, extra)
#
# The loss of GRPO sums over the tokens of an answer and divides by its length, $|o|$. In the one-step world $|o| = 1$; so let us give the world a second step: after the first word the answer either ends, or one more word comes. The reward looks at the first word alone (1 if it is the prompt's own answer, otherwise 0). Length is worth nothing. The end is not counted, so $|o|$ is 1 or 2; and we take the expected update, without sampling.

# %% [markdown] lang="tr" predict="length"
# **Tahmin et · 1/|o|.** Kayıp $|o|$'ya bölününce **yanlış** yanıtların boyu ne olur?
#
# - değişmez: ödül uzunluğa bakmıyor
# - uzarlar
# - kısalırlar

# %% [markdown] lang="en" predict="length"
# **Predict · 1/|o|.** With the loss divided by $|o|$, what becomes of the length of **wrong** answers?
#
# - nothing: the reward does not look at length
# - they grow longer
# - they grow shorter

# %% lengths
rates = [0.1, 0.3, 1, 3]
config = tc.LengthConfig(loss_type=["grpo", "dr_grpo"], lr=rates, seeds=16)
curves = tc.train_length(world, config, start)


def by_rate(lr):
    return tc.plots.lengths(world, curves.sel(lr=lr))


tc.widgets.slider("lr", rates, by_rate, start=1, language=world.language)

# %% tags=["reveal"]
ends = curves.long_wrong.sel(loss_type="grpo", lr=1).mean("seed")
grown = float(ends[-1] - ends[0])
length.reveal(a=abs(grown) < 0.005, b=grown > 0.005, c=grown < -0.005)

# %% [markdown] lang="tr" tags=["answer"]
# Yanlış bir yanıtın avantajı eksidir; uzunsa ceza daha çok token'a bölünür, hafifler. Doğruda tersi: kısası daha çok ödüllenir. Bölme olmayınca (Dr. GRPO), ilk sözcükten sonra geleceklerin beklenen güncellemesi, öğrenme oranı ne olursa olsun, tam **0**'dır: $\sum \pi \nabla \log \pi = 0$. Buna **uzunluk yanlılığı** (length bias) denir. Büyük modellerde yanlış yanıtların uzayıp gitmesini buna bağlayanlar var ([Liu ve ark., 2025][dr_grpo]); orada uzun düşünmek işe de yarayabilir, burada yaramadığını biliyoruz.

# %% [markdown] lang="en" tags=["answer"]
# A wrong answer has a negative advantage; if it is long, the penalty is spread over more tokens, and is lighter. With a right one it is the other way round: the short one is rewarded more. Without the division (Dr. GRPO) the expected update of what follows the first word is exactly **0**, at any learning rate: $\sum \pi \nabla \log \pi = 0$. This is called **length bias**. In large models the ever longer wrong answers have been blamed on it ([Liu et al., 2025][dr_grpo]); there, thinking for longer may also help, while here we know that it does not.

# %% [markdown] lang="tr"
# ### Tahminlerin nasıl gitti?

# %% [markdown] lang="en"
# ### How did your predictions go?

# %% tags=["overview"]
tc.widgets.predictions(language="en")

# %% [markdown] lang="tr"
# ## Alıştırmalar
#
# Sıra sende. `...` yerine yanıtını yaz, o hücreyi, sonra denetim hücresini çalıştır: yanlışsa hatanın adını söyler.
# Aşağıdaki hücre hepsine yeter; dersi baştan çalıştırman gerekmez.

# %% [markdown] lang="en"
# ## Exercises
#
# Your turn. Put your answer in place of `...`, run that cell and then the check: where you are wrong, it names
# the mistake. The cell below is all the exercises need; you need not run the lesson again.

# %%
import torch

import toycore as tc

tc.set_language(language="en")
world = tc.World(language="en")
gold = torch.full((6, 11), -0.2, dtype=torch.float64)
gold[:, [5, 6]] = -1.0
gold[range(6), world.sft_targets] = 1.0
dict(enumerate(world.tokens))

# %% [markdown] lang="tr"
# ### Alıştırma 1 · GRPO'nun avantajı
#
# ●●○ · 6 dakika. `reward`, (istem, G) biçimli bir tablodur: her satır bir grubun ödülleri. GRPO'nun avantajını aynı biçimde döndür: grubun ortalaması çıkarılsın; fark, grubun standart sapmasının 1e-4 fazlasına bölünsün (standart sapma, PyTorch'un `std`'si gibi, G − 1 ile bulunur).
#
# <details><summary>İpucu</summary>
#
# Bir grup hangi eksende duruyor? `keepdim=True` ekseni silmez; her satır kendi sayısıyla eşleşir.
#
# </details>

# %% [markdown] lang="en"
# ### Exercise 1 · The advantage of GRPO
#
# ●●○ · 6 minutes. `reward` is a table of shape (prompts, G): each row holds the rewards of a group. Return the advantages of GRPO in the same shape: subtract the group's mean, and divide by the group's standard deviation (the one that divides by G − 1) plus 1e-4.
#
# <details><summary>Hint</summary>
#
# Which axis holds a group? `keepdim=True` keeps that axis, so each row meets its own number.
#
# </details>


# %% tags=["exercise"]
def group_advantage(reward):
    return ...


# %% tags=["check"]
tc.checks.group_advantage(group_advantage, language="en")


# %% tags=["solution"]
def group_advantage(reward):
    centred = reward - reward.mean(-1, keepdim=True)
    return centred / (reward.std(-1, keepdim=True) + 1e-4)


# %% [markdown] lang="tr"
# ### Alıştırma 2 · n yanıtın en iyisi
#
# ●●● · 8 dakika. Tek bir istem: `pi` (V,) olasılıklar, `reward` (V,) ödüller, `n` çekilen yanıt sayısı. Best-of-n'in olasılıklarını, (V,), döndür. Beraberlikte kura çekilir (bölüm 2).
#
# <details><summary>İpucu</summary>
#
# Her token için iki toplam: ödülü onunkini aşmayanların olasılığı ile onunkinden küçük olanlarınki. `reward[None, :] <= reward[:, None]` bütün çiftleri karşılaştırır.
#
# </details>

# %% [markdown] lang="en"
# ### Exercise 2 · The best of n
#
# ●●● · 8 minutes. A single prompt: `pi` (V,) probabilities, `reward` (V,) rewards, `n` the number of draws. Return the probabilities of best-of-n, (V,). Ties are broken by lot (section 2).
#
# <details><summary>Hint</summary>
#
# Two sums for each token: the probability of those that earn at most as much, and of those that earn less. `reward[None, :] <= reward[:, None]` compares all pairs.
#
# </details>


# %% tags=["exercise"]
def best_of_n(pi, reward, n):
    return ...


# %% tags=["check"]
tc.checks.best_of_n(best_of_n, language="en")


# %% tags=["solution"]
def best_of_n(pi, reward, n):
    most = (pi * (reward[None, :] <= reward[:, None])).sum(-1)
    less = (pi * (reward[None, :] < reward[:, None])).sum(-1)
    return pi * (most.pow(n) - less.pow(n)) / (most - less)


# %% [markdown] lang="tr"
# ### Alıştırma 3 · Ödülün üç katı
#
# ●○○ · 4 dakika. Bütün ödüller üç katına çıksın (3; −3; 0,6). `kl_beta` yine 0,5; gerisi de aynı. Hangisinin vardığı politika değişir?
#
# * `"a"` GRPO: KL kayıpta, avantaj standart sapmaya bölünüyor
# * `"b"` RLOO: KL ödülde, bölme yok
# * `"c"` best-of-4
#
# <details><summary>İpucu</summary>
#
# Her birinin formülüne $r$ yerine $3r$ yaz: 3 hangisinde sadeleşir?
#
# </details>

# %% [markdown] lang="en"
# ### Exercise 3 · Three times the reward
#
# ●○○ · 4 minutes. Let all rewards be three times as large (3, −3, 0.6); `kl_beta` is still 0.5, and all else the same. Whose final policy changes?
#
# * `"a"` GRPO: the KL in the loss, the advantage divided by the standard deviation
# * `"b"` RLOO: the KL in the reward, no division
# * `"c"` best-of-4
#
# <details><summary>Hint</summary>
#
# Write $3r$ for $r$ in the formula of each: where does the 3 cancel?
#
# </details>

# %% tags=["exercise"]
changed = ...

# %% tags=["check"]
tc.checks.scaled(changed, language="en")

# %% tags=["solution"]
changed = "b"

# %% [markdown] lang="tr"
# ### Alıştırma 4 · Yalnızca birini kandıran ödül
#
# ●●○ · 8 dakika. Bölüm 4'ün altın ödülü yukarıda, `gold` adıyla duruyor. Ödülleri −3 ile 3 arasında kalan bir vekil ödül kur: onunla GRPO'nun kendi en iyisi (KL ödülde; `kl_beta` 0,5; yani $\pi^*$) en çok 0, best-of-4 ise en az 0,6 altın ödül kazansın. Bölüm 4'ün vekili yetmez: onunla GRPO hâlâ bir miktar altın ödül kazanıyor.
#
# <details><summary>İpucu</summary>
#
# Best-of-n sıraya bakar, $\pi^*$ büyüklüğe. Altın ödülün sırasını bozmadan farkları küçült; sonra seyrek bir yanıtı seç, ödülünü bütün istemlerde abart.
#
# </details>

# %% [markdown] lang="en"
# ### Exercise 4 · A reward that fools only one
#
# ●●○ · 8 minutes. The gold of section 4 stands above as `gold`. Build a proxy with rewards between −3 and 3 with which GRPO's own optimum (the KL in the reward, a `kl_beta` of 0.5: that is $\pi^*$) earns at most 0 of gold, while best-of-4 with the same proxy earns at least 0.6. The proxy of section 4 will not do: with it GRPO still earns some of the gold.
#
# <details><summary>Hint</summary>
#
# Best-of-n looks at the order, $\pi^*$ at the size. Shrink the differences of the gold, which leaves its order as it is; then choose a rare answer, and exaggerate its reward at all prompts.
#
# </details>

# %% tags=["exercise"]
my_proxy = ...  # begin with gold.clone()
# tr: begin with gold.clone() → gold.clone() ile başla

# %% tags=["check"]
tc.checks.own_proxy(my_proxy, language="en")

# %% tags=["solution"]
my_proxy = gold.clone() / 10
my_proxy[:, 9] = 3.0

# %% [markdown] lang="tr"
# ## Kendini sına
#
# Beş sorunun her birinde bir yanıt seç; doğru mu, neden, hemen altında okursun.

# %% [markdown] lang="en"
# ## Check yourself
#
# Choose an answer to each of the five questions, and read right below it whether it is right, and why.

# %% [markdown] lang="tr" tags=["quiz"]
# 1. Bir makale, best-of-16'nın KL'sini $\log 16 - \frac{15}{16}$ olarak veriyor. Ne dersin?
#    - [ ] Doğrudur — ancak bütün ödüller ayrıysa ve her yanıt çok seyrekse.
#    - [x] Üst sınırdır — beraberlik ve sık yanıtlar KL'yi küçültür; kesin değer, en iyi yanıtların $-\log \pi_\mathrm{ref}(Y^*)$ değerini hiçbir zaman aşmaz.
#    - [ ] Alt sınırdır — seçim, formülün söylediğinden fazla uzaklaştıramaz.
# 2. Eğitimde vekil ödül yükseliyor, altın ödül düşmeye başladı. Hangi sayı işaret değiştirdi?
#    - [ ] KL — hiç eksi olmaz; yalnızca başta 0'dır.
#    - [ ] Ödül modelinin doğruluğu — çiftler değişmedi, o da değişmez.
#    - [x] Altın ile vekilin kovaryansı — eksi olunca vekili büyütmek altın ödülü küçültür.
# 3. Bol çiftle DPO ile "ödül modeli + kesin RL" neden aynı yere varır?
#    - [x] Aynı kaybı küçültürler — biri ödülü $\hat r$, öteki $\beta \log(\pi/\pi_\mathrm{ref})$ diye yazar; istemin bir sabiti dışında aynı şeydir.
#    - [ ] İkisi de PPO kullanır — DPO örnek bile çekmez.
#    - [ ] Varmaz; DPO ödülü görmez — ödül modeli de görmez, ikisi de yalnızca çiftleri görür.
# 4. GRPO'da `kl_beta` 0,5; KL kayıpta. KL beklenenin iki katı. Ne yaparsın?
#    - [ ] Daha uzun eğitirim — kendi en iyisine çoktan vardı; oradan ayrılmaz.
#    - [x] KL'yi ödüle koyarım — o zaman ikisi birlikte bölünür, yazdığım tasma geçerli olur.
#    - [ ] Öğrenme oranını küçültürüm — o, varılacak yeri hiç değiştirmez.
# 5. GRPO turda tek geçiş yapıyor, KL de ödülde. Kayıp bütün eğitimde 0 dolayında. Bozuk mu?
#    - [ ] Evet, hiçbir şey öğrenmiyor — pekâlâ öğreniyor olabilir; ödüle bak.
#    - [ ] Evet, avantajlar yanlış — toplamları zaten 0 olmalıdır.
#    - [x] Hayır — avantajların toplamı 0'dır; ama her biri başka bir $\nabla \log \pi$'yi çarpar, onlar birbirini götürmez.

# %% [markdown] lang="en" tags=["quiz"]
# 1. A paper gives the KL of best-of-16 as $\log 16 - \frac{15}{16}$. What do you say?
#    - [ ] It is right — only if all rewards differ and every answer is very rare.
#    - [x] It is an upper bound — ties and frequent answers make the KL smaller; the exact value never exceeds the $-\log \pi_\mathrm{ref}(Y^*)$ of the best answers.
#    - [ ] It is a lower bound — selection cannot move further than the formula says.
# 2. In training the proxy reward rises, and the gold reward has begun to fall. Which number has changed its sign?
#    - [ ] The KL — it is never negative, and is 0 only at the start.
#    - [ ] The accuracy of the reward model — the pairs did not change, so neither does it.
#    - [x] The covariance of gold and proxy — once it is negative, raising the proxy lowers the gold.
# 3. With plenty of pairs, why do DPO and "reward model + exact RL" arrive at the same place?
#    - [x] They minimise the same loss — one writes it as $\hat r$, the other as $\beta \log(\pi/\pi_\mathrm{ref})$; up to a constant for each prompt they are the same.
#    - [ ] Both use PPO — DPO does not even draw samples.
#    - [ ] They do not; DPO never sees the reward — nor does the reward model, both see the pairs alone.
# 4. GRPO with a `kl_beta` of 0.5 and the KL in the loss. The KL is twice what you expected. What do you do?
#    - [ ] Train longer — it reached its own optimum long ago, and will not leave it.
#    - [x] Put the KL into the reward — then both are divided together, and the leash is the one you wrote.
#    - [ ] Lower the learning rate — the place where it lands does not change.
# 5. GRPO makes one pass per rollout, with the KL in the reward. Its loss stays near 0 throughout training. Is it broken?
#    - [ ] Yes, it learns nothing — it may be learning well; look at the reward.
#    - [ ] Yes, the advantages are wrong — they are meant to sum to 0.
#    - [x] No — the advantages of a group sum to 0; but each weighs another $\nabla \log \pi$, and those do not cancel.

# %% [markdown] lang="tr"
# **Bu derste yaptıkların.** Hangi alıştırmaları çözdün, yolda karşına ne çıktı, tahminlerin nasıl gitti: hepsi burada.
# Not defterini birine teslim edeceksen en son bu hücreyi çalıştır, kaydet, dosyayı gönder. Özet, çekirdek (kernel)
# başladığından beri olanı bilir: defteri kapatıp sonra yeniden açtıysan önce bütün hücreleri çalıştır.

# %% [markdown] lang="en"
# **What you did in this lesson.** Which exercises you solved, what you met on the way, how your predictions went: all
# of it is here. If you are to hand the notebook in, run this cell last, save, and send the file. It knows what has
# happened since the kernel was started: if you come back another day, run all the cells first.

# %% tags=["summary"]
tc.checks.summary("frontier", language="en")

# %% [markdown] lang="tr"
# ## Özet
#
# * Her KL'de ulaşılabilecek en büyük ödül bellidir; bir yöntemi önce bu sınırla, sonra **kendi** en iyisiyle karşılaştır.
# * Best-of-n eğitim istemez ve buradaki ödüllerle neredeyse tam çizgide durur; ünlü KL formülü bir üst sınırdır.
# * Vekil ödül büyütülürken altın ödül, kovaryansın 0 olduğu yerde düşmeye başlar.
# * Aynı çiftlerle DPO, her tabloyu öğrenebilen bir ödül modeli ile ardından kesin RL'nin vardığı yere varır.
# * Standart sapmaya bölmek hangi istemden ne kadar öğrenildiğini değiştirir; KL kayıptaysa tasmayı da çözer. 1/|o| ise yanlış yanıtları uzatır, doğruları kısaltır.
#
# Büyük modellerde sınır çizilemez; ama artık bir eğri gördüğünde soracağın iki soru var: bu KL'de en çok ne kadar ödül alınabilirdi; bu yöntem yazılan amacı mı büyütüyor, yoksa kendi amacını mı?
#
# Sırada ders 8 var: aynı düğmeler, aynı sınır; bu kez gerçek bir transformer ile TRL'de.

# %% [markdown] lang="en"
# ## Summary
#
# * The largest reward at each KL is known; compare a method with this frontier first, then with its **own** optimum.
# * Best-of-n needs no training and, with the rewards here, lies almost on the frontier; the famous formula for its KL is an upper bound.
# * While a proxy is climbed, the gold begins to fall where their covariance is 0.
# * On the same pairs, DPO ends where a reward model that can learn any table, followed by exact RL, would.
# * Dividing by the standard deviation changes how much is learned from which prompt; with the KL in the loss it also dissolves the leash. And 1/|o| makes wrong answers longer, and right ones shorter.
#
# For large models the frontier cannot be drawn; but from now on you have two questions when you see a curve: how much reward could be had at this KL at most, and does the method climb the objective that is written down, or one of its own?
#
# Lesson 8 comes next: the same knobs under the same frontier, this time with a real transformer, in TRL.
