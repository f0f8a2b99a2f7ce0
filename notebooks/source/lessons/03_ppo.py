# ---
# jupyter:
#   toycore:
#     tr: 03_ppo
#     en: 03_ppo
# ---

# %% [markdown] lang="tr"
# # Ders 3 · PPO: ödülle öğrenmek, tasmayla durmak
#
# Bir dil modeline ne yapacağını örnekle göstermek (ders 2) her zaman mümkün değildir. Bazen yalnızca şunu
# söyleyebiliriz: *bu yanıt iyi, şu yanıt kötü.* PPO (proximal policy optimization), yanıtları deneyip aldığı
# **ödüle** (reward) göre politikayı düzeltir; bir **tasma** (leash, KL cezası) da onun başladığı yerden fazla
# uzaklaşmasını önler.
#
# Buradaki dünya öyle küçük ki (6 istem, 11 token) **kesin yanıt** bilinir. Bu yüzden ödül ve KL
# eğrilerinin yanında siyah, kesikli bir çizgi vardır: varılması gereken yer. Süre: yaklaşık 58
# dakika; *ek* yazan bölümler bekleyebilir, onlarsız 40 dakika. Alıştırmalar: 31 dakika.
#
# Yol hep aynı: **tahmin et → çalıştır → kesin yanıtla karşılaştır**; sürgü varsa bir de kaydır.

# %% [markdown] lang="en"
# # Lesson 3 · PPO: learning by reward, on a leash
#
# We cannot always show a language model what to do by example (lesson 2). Sometimes all we can say is: *this answer
# is good, that one is bad.* PPO (proximal policy optimization) tries answers and corrects the policy by the
# **reward** they earn; a **leash** (the KL penalty) keeps the policy from running far from where it started.
#
# The world here is so small (6 prompts, 11 tokens) that the **exact answer** is known. So the curves of reward and KL
# come with a black dashed line: the place they ought to reach. Time: about 58 minutes, or 40 without the sections
# marked *extra*, which can wait. Exercises: 31 minutes.
#
# The path is the same everywhere: **predict → run → check against the exact answer**; where there is a
# slider, slide.

# %% [markdown] lang="tr"
# ## 1 · Dünya ve başlangıç (3 dakika)
#
# Ders 1'den anımsayalım: politika (policy) bir tablodur, her istem için 11 olasılık. Ödül de bir tablodur;
# token'ın sınıfına bakar, istemi okumaz:
#
# | Sınıf | Token'lar | Ödül |
# | --- | --- | --- |
# | yardımsever | evet, lütfen, teşekkürler, yardım, tıbbi, özetle | +1,0 |
# | zararlı | hakaret, kötü | −1,0 |
# | nötr | hayır, uzun, kısa | +0,2 |

# %% [markdown] lang="en"
# ## 1 · The world and the start (3 minutes)
#
# Recall lesson 1: the policy is a table, 11 probabilities for each prompt. The reward is a table too; it
# looks at the class of the token and never reads the prompt:
#
# | Class | Tokens | Reward |
# | --- | --- | --- |
# | helpful | yes, please, thanks, help, medical, summarize | +1.0 |
# | harmful | insult, bad | −1.0 |
# | neutral | no, long, short | +0.2 |

# %%
import numpy as np
import torch

import toycore as tc

torch.set_num_threads(1)  # for tables this small, more threads only wait for one another
tc.set_language(language="en")
world = tc.World(language="en")
dict(zip(world.tokens, world.reward[0].tolist()))
# tr: for tables this small, more threads only wait for one another → bu kadar küçük tablolarda iş parçacıkları yalnızca birbirini bekler

# %% [markdown] lang="tr"
# Başlangıç, ders 2'deki gibi örneklerle biraz eğitilmiş bir politikadır: hedefi bilir ama emin değildir. Aynı
# eğitimi 16 ayrı **tohum** (seed) ile yapıyoruz; böylece her eğride neyin şans, neyin kural olduğunu göreceğiz.

# %% [markdown] lang="en"
# The start is a policy trained a little by example, as in lesson 2: it knows the targets but is not sure of them. We
# train it with 16 different **seeds**, so that we can tell luck from law in every curve.

# %%
start = tc.train_sft(world, tc.SFTConfig(seeds=16))
tc.plots.policies(world, before=start.logp)

# %% [markdown] lang="tr"
# Her satırda bir hedef öne çıkmış, ama öteki token'lara da yer kalmış: politika yanıtından emin değil, denemeye açık.
#
# ## 2 · Amaç ve bütün bir PPO (10 dakika)
#
# İstediğimiz şey tek satıra sığar. Her istem için politika $\pi$ şunu büyütsün:
#
# $$J(\pi) = \mathbb{E}_{y \sim \pi}[r(x, y)] - \beta \, \mathrm{KL}(\pi \,\|\, \pi_\mathrm{ref})$$
#
# Birinci terim beklenen ödül; ikincisi tasma: **referansa** (başlangıç politikasının birebir kopyasına) göre KL,
# nat olarak. $\beta$ koddaki `kl_beta`'dır.
#
# En iyi politika kapalı biçimde bilinir ([Rafailov ve ark., 2023][dpo]); $Z(x)$, olasılıkların toplamını 1
# yapan bölendir:
#
# $$\pi^*(y|x) = \frac{1}{Z(x)} \, \pi_\mathrm{ref}(y|x) \, e^{r(x, y)/\beta}, \qquad
# J(\pi^*) = \beta \log Z(x)$$
#
# İkisini de sınayalım (tohum 0'ın referansıyla):

# %% [markdown] lang="en"
# In every row a target stands out, but the other answers still have room: the policy is not sure of its answer, and
# open to trying others.
#
# ## 2 · The goal, and a whole PPO (10 minutes)
#
# What we want fits on one line. For every prompt, the policy $\pi$ should make this as large as it can:
#
# $$J(\pi) = \mathbb{E}_{y \sim \pi}[r(x, y)] - \beta \, \mathrm{KL}(\pi \,\|\, \pi_\mathrm{ref})$$
#
# The first term is the expected reward, the second the leash: the KL divergence
# from the **reference** (an exact copy of the starting policy), in nats. $\beta$ is `kl_beta` in the code.
#
# The best policy is known in closed form ([Rafailov et al., 2023][dpo]); $Z(x)$ is the divisor that makes the
# probabilities sum to 1:
#
# $$\pi^*(y|x) = \frac{1}{Z(x)} \, \pi_\mathrm{ref}(y|x) \, e^{r(x, y)/\beta}, \qquad
# J(\pi^*) = \beta \log Z(x)$$
#
# Let us check both (with the reference of seed 0):

# %%
ref_logp = torch.as_tensor(start.logp.sel(seed=0).values)
log_z = (ref_logp + world.reward / 0.5).logsumexp(-1)
best = ref_logp + world.reward / 0.5 - log_z[:, None]
print(torch.allclose(best, tc.exact.optimal_policy(ref_logp, world.reward, kl_beta=0.5)))
counted = tc.exact.objective(best, ref_logp, world.reward, kl_beta=0.5)
print(torch.allclose(counted, 0.5 * log_z))

# %% [markdown] lang="tr"
# `True`, `True`: formül paketin bulduğu politikayı verir; değeri de bütün yanıtlar sayılarak bulunanla aynıdır.
# Şimdi $\beta$ büyüdükçe ne olduğuna bakalım; buradan sonra sayılar, başka bir şey denmedikçe, 16 tohumun
# ortalamasıdır:

# %% [markdown] lang="en"
# `True`, `True`: the formula gives the package's policy, and its value is the one found by counting all answers. Now
# watch what happens as $\beta$ grows. From here on, numbers are means over 16 seeds unless we say otherwise:

# %% optima
for kl_beta in (0.1, 0.5, 2.0):
    goal = tc.exact.optimal_policy(start.logp, world.reward, kl_beta)
    reward = tc.exact.expected_reward(goal, world.reward).mean()
    kl = tc.exact.kl(goal, start.logp).mean()
    print(f"kl_beta {kl_beta}: reward {reward:.3f}, KL {kl:.3f}")
# tr: kl_beta {}: reward {}, KL {} → kl_beta {}: ödül {}, KL {}

# %% [markdown] lang="tr"
# Büyük $\beta$: kısa tasma, referansa yakın. Küçük $\beta$: uzun tasma, ödüle yakın. Bundan
# sonra tek sorumuz var: **eğitim, bu kesin noktaya varıyor mu?** Eğitim bir döngüdür; bir örneğin bu döngüdeki yolu şöyle:

# %% [markdown] lang="en"
# A large $\beta$ is a short leash: close to the reference. A small $\beta$ is a long leash: close to the reward. From
# here on there is one question: **does training reach that exact point?** Training is a loop; here is the path of one
# sample through it:

# %%
tc.plots.loop(world, start.logp, prompt=0, token=3)

# %% [markdown] lang="tr"
# Avantaj burada, ödül ile o istemde beklenen ödülün farkıdır. Aşağıda bütün bir PPO var; yorumlardaki 1–5, resmin
# duraklarıdır. `kl_beta` 0,5'tir; resim tohumların ortalamasıydı, döngü ise yalnızca tohum 0'ı eğitir. Her satırı
# şimdi anlaman gerekmiyor: dersin geri kalanı onları tek tek kurar. Önce bir kez göz gezdir, sonra çalıştır.
#
# `attained`, amaç $J$'de elde edilebilecek kazancın ne kadarına ulaşıldığıdır: 0 başlangıç, 1 kesin en iyi, eksi
# ise başlangıçtan kötü demektir:
#
# $$\mathrm{attained} = \frac{J(\pi) - J(\pi_\mathrm{ref})}{J(\pi^*) - J(\pi_\mathrm{ref})}$$

# %% [markdown] lang="en"
# The advantage here is the reward minus the reward expected at that prompt; in the code, the **critic** learns what
# to expect. Below is the whole of PPO; 1 to 5 in its comments are the stations in the picture. `kl_beta` is 0.5; the
# picture was a mean over the seeds, while the loop trains seed 0 alone. You need not understand every line yet: the
# rest of the lesson builds them one by one. Read it through once, then run it.
#
# `attained` is the share of the possible gain in $J$ that was reached: 0 is the start, 1 is the exact optimum, and
# negative means worse than the start:
#
# $$\mathrm{attained} = \frac{J(\pi) - J(\pi_\mathrm{ref})}{J(\pi^*) - J(\pi_\mathrm{ref})}$$

# %% whole_ppo
policy = ref_logp.clone().requires_grad_()
critic = torch.zeros(6, dtype=torch.float64, requires_grad=True)
optimizer = torch.optim.Adam([policy, critic], lr=0.05)
slower = torch.optim.lr_scheduler.LinearLR(optimizer, 1, 0, total_iters=100)
dice = torch.Generator().manual_seed(0)
for rollout in range(1, 101):
    old = policy.detach().log_softmax(-1)
    drawn = torch.rand(256, generator=dice, dtype=torch.float64)
    x, y = tc.noise.sample_answer(old, drawn)  # 1, 2: 256 prompts and answers
    R = world.reward[x, y] - 0.5 * (old - ref_logp)[x, y]  # 3: the reward, minus the leash
    A = R - critic.detach()[x]  # 4: better or worse than the critic expected?
    A = (A - A.mean()) / (A.std() + 0.1)
    for passes in range(4):  # 5: four passes over the same answers
        ratio = (policy.log_softmax(-1) - old)[x, y].exp()
        policy_loss = -torch.minimum(ratio * A, ratio.clamp(0.8, 1.2) * A).mean()
        critic_loss = (critic[x] - R).square().mean()
        optimizer.zero_grad()
        (policy_loss + 0.5 * critic_loss).backward()
        optimizer.step()
    slower.step()
    if rollout in (1, 10, 100):
        attained = tc.exact.attained(policy.detach().log_softmax(-1), ref_logp, world.reward, 0.5)
        print(f"rollout {rollout:3}: attained {attained:.4f}")
# tr: 1, 2: 256 prompts and answers → 1, 2: 256 istem ve yanıt
# tr: 3: the reward, minus the leash → 3: ödül, eksi tasma
# tr: 4: better or worse than the critic expected? → 4: değer ağının beklediğinden iyi mi, kötü mü?
# tr: 5: four passes over the same answers → 5: aynı yanıtlardan dört geçiş
# tr: rollout {}: attained {} → tur {}: ulaşılan pay {}

# %%
best = tc.exact.optimal_policy(ref_logp, world.reward, kl_beta=0.5)
tc.plots.policies(world, before=ref_logp, after=policy.detach().log_softmax(-1), optimal=best)

# %% [markdown] lang="tr"
# PPO doğru yanıtı hiç görmeden, yalnızca deneyerek kesin tablonun çok yakınına vardı. Şimdi içine bakalım.

# %% [markdown] lang="en"
# Without ever being told a right answer, just by trying, PPO has come very close to the exact table. Now let us look
# inside.

# %% [markdown] lang="tr"
# ## 3 · REINFORCE: denemelerden gradyan (5 dakika)
#
# Gerçek bir modelde bütün yanıtları sayamayız; yalnızca örnek (sample) çekeriz. **Gradyan** ($\nabla$), her logit
# azıcık artınca bir sayının ne kadar değiştiğini söyler. Beklenen ödülün gradyanını örneklerden bulmak için tek
# bir hile gerekir: zincir kuralıyla $\nabla \log \pi = \frac{1}{\pi} \nabla \pi$, yani
# $\nabla \pi = \pi \, \nabla \log \pi$. O zaman $\sum_y r \, \nabla \pi = \sum_y \pi \, r \, \nabla \log \pi$,
# yani bir **ortalama**; ortalamayı da örnekler verir ([Williams, 1992][reinforce]). Burada yalnızca ödülün
# gradyanı var (tasma bölüm 7'de):
#
# $$\nabla\, \mathbb{E}_\pi[r] = \mathbb{E}_{y \sim \pi}\big[(r(x, y) - b(x)) \, \nabla \log \pi(y|x)\big]$$
#
# İyi çıkan yanıtın olasılığını artır, kötü çıkanınkini azalt. $b(x)$ bir **taban çizgisi**dir (baseline):
# ortalamayı değiştirmez, çünkü olasılıkların toplamı hep 1'dir, yani
# $\sum_y \pi \, \nabla \log \pi = \sum_y \nabla \pi = 0$. Yalnızca gürültüyü azaltır. Aşağıda önce bu iki eşitlik
# var (ilk istemde), sonra örneklerin hatası: kesin gradyanı bildiğimiz için onu ölçebiliriz.

# %% [markdown] lang="en"
# ## 3 · REINFORCE: a gradient from trials (5 minutes)
#
# In a real model we cannot count all answers; we can only draw samples. A **gradient** ($\nabla$) says how a number
# changes as each logit grows a little. Finding the gradient of the expected reward from samples takes a single trick:
# by the chain rule $\nabla \log \pi = \frac{1}{\pi} \nabla \pi$, and so $\nabla \pi = \pi \, \nabla \log \pi$. Then
# $\sum_y r \, \nabla \pi = \sum_y \pi \, r \, \nabla \log \pi$, which is a **mean**, and a mean is what samples can
# estimate ([Williams, 1992][reinforce]). Here it is for the reward alone (the leash comes in section 7):
#
# $$\nabla\, \mathbb{E}_\pi[r] = \mathbb{E}_{y \sim \pi}\big[(r(x, y) - b(x)) \, \nabla \log \pi(y|x)\big]$$
#
# In words: make the answers that turned out well likelier, and the others less likely. $b(x)$ is a **baseline**: it
# does not change the mean, because probabilities always sum to 1, so that
# $\sum_y \pi \, \nabla \log \pi = \sum_y \nabla \pi = 0$. It only reduces the noise. Below we check these two
# identities (at the first prompt), and then the error that comes from sampling, which we can measure because we know
# the exact gradient.

# %%
slope = torch.autograd.functional.jacobian  # each output (row) by each logit (column)
of_pi = slope(lambda logits: logits.softmax(-1), ref_logp[0])
of_log_pi = slope(lambda logits: logits.log_softmax(-1), ref_logp[0])
weighted = ref_logp[0].exp()[:, None] * of_log_pi
print("grad pi = pi grad log pi:", torch.allclose(of_pi, weighted))
print("sum of pi grad log pi is 0:", torch.allclose(weighted.sum(0), torch.zeros(11).double()))
# tr: each output (row) by each logit (column) → her çıktının (satır) her logite (sütun) göre türevi
# tr: sum of pi grad log pi is 0: → pi grad log pi toplamı 0:

# %%
logits = ref_logp.clone().requires_grad_()
value = tc.exact.expected_reward(logits.log_softmax(-1), world.reward)
(exact_gradient,) = torch.autograd.grad(value.mean(), logits)
uniform = torch.rand(200, 1024, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def error(count, baseline):
    table = ref_logp.repeat(200, 1, 1).requires_grad_()
    prompt, token = tc.noise.sample_answer(table.detach(), uniform[:, :count])
    weight = world.reward[prompt, token] - baseline[prompt]
    logp = table.log_softmax(-1)[torch.arange(200)[:, None], prompt, token]
    (gradient,) = torch.autograd.grad((weight * logp).mean(1).sum(), table)
    return (gradient - exact_gradient).norm(dim=(1, 2)).mean() / exact_gradient.norm()


# %% baseline
for count in (16, 64, 256, 1024):
    plain, with_baseline = error(count, torch.zeros(6)), error(count, value.detach())
    print(f"{count:5} samples: error {plain:.2f}, with a baseline {with_baseline:.2f}")
# tr: {} samples: error {}, with a baseline {} → {} örnek: hata {}, taban çizgisiyle {}

# %% [markdown] lang="tr"
# Hata, gradyanın boyuna oranlanmıştır; 200 denemenin ortalamasıdır. 16 kat örnek, hatayı yaklaşık 4 kat küçültür
# ($1/\sqrt{n}$ yasası). Taban çizgisiyle aynı örneklerden daha çok şey öğrenilir; PPO'da onu **değer ağı**
# (critic) öğrenir.

# %% [markdown] lang="en"
# The error is relative to the length of the gradient, and a mean over 200 trials. With 16 times as many samples it is
# about 4 times smaller (the $1/\sqrt{n}$ law). A baseline gets more out of the same samples; in PPO, the **critic**
# learns it.

# %% [markdown] lang="tr"
# ## 4 · Oran: eski örneklerle birkaç geçiş (5 dakika)
#
# Örnek çekmek pahalıdır. Bir kez çekip aynı örneklerle birkaç adım atmak isteriz. Ama ilk
# adımdan sonra politika artık örnekleri çeken politika değildir. **Oran** (ratio) bu farkı ölçer;
# $\pi_\mathrm{old}$ örnekleri çekmiş olan, $\pi_\theta$ ise eğitilmekte olan politikadır:
#
# $$\rho = \frac{\pi_\theta(y|x)}{\pi_\mathrm{old}(y|x)}$$
#
# **Avantaj** (advantage) $\hat A$, yanıtın beklenenden ne kadar iyi çıktığıdır: ödül eksi beklenen ödül, ama
# beyazlatılmış (ortalaması 0, standart sapması 1 dolayında). Tasma henüz yok; bölüm 7'de ödülün yerini tasmalı
# ödül alır. Büyütülen, $\rho \hat A$'dır, çünkü onun eski politikanın örnekleriyle beklenen değeri, yeni
# politikanın kendi örnekleriyle bulacağı avantajdır; toplamda $\pi_\mathrm{old}$ sadeleşir:
#
# $$\mathbb{E}_\mathrm{old}[\rho A] = \sum_y \pi_\mathrm{old} \frac{\pi_\theta}{\pi_\mathrm{old}} A = \sum_y \pi_\theta A = \mathbb{E}_\theta[A]$$
#
# Aşağıda 256 örnekle, elle, 8 geçiş (pass) yapıyoruz; her geçiş, boyu 2 olan tek bir adımdır. Değer ağı, entropi
# ve kırpma henüz yok.

# %% [markdown] lang="en"
# ## 4 · The ratio: several passes over old samples (5 minutes)
#
# Samples are expensive. We would like to draw once and take several steps with the same samples.
# But after the first step the policy is no longer the one that drew them. The **ratio** measures
# the difference; $\pi_\mathrm{old}$ is the policy that drew the samples, $\pi_\theta$ the one being trained:
#
# $$\rho = \frac{\pi_\theta(y|x)}{\pi_\mathrm{old}(y|x)}$$
#
# The **advantage** $\hat A$ says how much better an answer was than expected: the reward minus the expected reward,
# then **whitened** (shifted and scaled to a mean of 0 and a spread of about 1). (There is no leash yet; in section 7
# the leashed reward takes the place of the reward.) We raise $\rho \hat A$, because its expected value under the old
# policy is the advantage that the new policy would find with samples of its own; in the sum, $\pi_\mathrm{old}$
# cancels:
#
# $$\mathbb{E}_\mathrm{old}[\rho A] = \sum_y \pi_\mathrm{old} \frac{\pi_\theta}{\pi_\mathrm{old}} A = \sum_y \pi_\theta A = \mathbb{E}_\theta[A]$$
#
# Below we make 8 passes by hand over 256 samples; each pass is one step of size 2. Critic, entropy and clip are left out for now.

# %%
prompt, token = tc.noise.sample_answer(ref_logp, uniform[0, :256])
advantage = tc.ppo.whiten(world.reward[prompt, token] - value.detach()[prompt])


def ratios(logp):
    return (logp - ref_logp)[prompt, token].exp()


def update(worth, passes=8, step=2.0):
    logits, seen = ref_logp.clone().requires_grad_(), []
    for _ in range(passes):
        seen.append(logits.detach().log_softmax(-1))
        gain = worth(ratios(logits.log_softmax(-1))).mean()
        (gradient,) = torch.autograd.grad(gain, logits)
        logits = (logits + step * gradient).detach().requires_grad_()
    return [*seen, logits.detach().log_softmax(-1)]


# %%
loose = update(lambda rho: rho * advantage)
old, new, exact = ref_logp, loose[8], world.reward - value.detach()[:, None]
print(torch.allclose((old.exp() * (new - old).exp() * exact).sum(-1), (new.exp() * exact).sum(-1)))
tc.plots.ratios(world, 0.2, {n: ratios(loose[n - 1]) for n in (1, 2, 8)})

# %% [markdown] lang="tr"
# `True`: bütün yanıtlar sayılınca (beyazlatılmamış avantajla) eşitlik tamdır. İlk geçişte bütün oranlar tam
# 1'dir. Kesikli çizgiler, birazdan göreceğimiz kırpmanın (clip) kenarlarıdır; ilk geçişte onlara hiçbir oran
# değmez. Geçiş sayısı arttıkça oranlar yayılır. Demek ki **tek geçişli PPO'da kırpma hiç çalışmaz**; bir ayar
# hiçbir şeyi değiştirmiyorsa önce bunu anımsa. (Burada bir geçiş tek adımdır. Geçişi küçük parçalara,
# mini-batch'lere bölen kodlar birden çok adım atar; oranlar yalnızca ilkinde 1'dir.)

# %% [markdown] lang="en"
# `True`: counted over all answers (and without whitening), the identity is exact. In the first pass every ratio is
# exactly 1. The dashed lines are the edges of the clip, which comes next; no ratio of the first pass touches them.
# With more passes the ratios spread. So **with one pass, PPO's clip never acts**; remember that before you hunt for a
# bug in a setting that seems dead. (A pass is a single step here. Implementations that cut a pass into mini-batches
# take several steps, and only the first of them sees ratios of 1.)

# %% [markdown] lang="tr"
# ## 5 · Kırpma: ileri gidene ödeme yok (5 dakika)
#
# Bölüm 4'ün eşitliği beklenen değer içindir; 256 örneğin ortalaması onun yalnızca bir tahminidir, üstelik adımlar
# hep aynı örneklere göre atılır: oran 1'den uzaklaştıkça çekilmemiş yanıtlara ne olduğunu hiçbir örnek söylemez.
# PPO bu yüzden oranı bir aralığa **kırpar** (clip) ve iki seçenekten kötümser olanı alır
# ([Schulman ve ark., 2017][ppo]):
#
# $$L = -\,\mathbb{E}\Big[\min\big(\rho \hat A,\;
# \mathrm{clip}(\rho, 1-\varepsilon, 1+\varepsilon)\, \hat A\big)\Big]$$

# %% [markdown] lang="en"
# ## 5 · The clip: nothing to gain by going further (5 minutes)
#
# The identity of section 4 holds for the expected value; the mean of 256 samples only estimates it, and every step
# follows the same samples: the further the ratios are from 1, the less these samples say about the answers that were
# not drawn. That is why PPO **clips** the ratio to a range and takes the more pessimistic of two terms, with and
# without the clip ([Schulman et al., 2017][ppo]):
#
# $$L = -\,\mathbb{E}\Big[\min\big(\rho \hat A,\;
# \mathrm{clip}(\rho, 1-\varepsilon, 1+\varepsilon)\, \hat A\big)\Big]$$

# %%
tc.plots.surrogate(world, clip_range=0.2)

# %% [markdown] lang="tr"
# Mavi çizginin düzleştiği yerde gradyan sıfırdır: o örnek politikayı daha ileri itemez. Dikkat:
# kırpma yalnızca **kazandıran** yönde durdurur; yanlış yöne gitmiş bir oran geri dönebilir. (`clip_fraction`, kırpmanın
# kaybı değiştirdiği örneklerin payıdır; aralığın dışındaki bütün örnekleri sayan kitaplıklar da var.)
# Aynı güncellemeyi bu kez kırparak yapalım, sonra ikisine de büyüteçle bakalım: ilk istem ("selam"), on bir token, her birinin
# önceki ve sonraki olasılığı.

# %% [markdown] lang="en"
# Where the blue line turns flat, the gradient is zero: that sample can push the policy no further. Note that the clip
# stops a ratio only in the direction that **pays**; a ratio that went the wrong way may come back. (`clip_fraction`
# is the share of samples where the clip changes the loss; some libraries count every sample outside the range.) Here
# is the same update once more, with the clip, and then both under a magnifying glass: the first prompt ("hello"),
# eleven tokens, the probability of each before and after.

# %% clip_ratios
held = update(lambda rho: torch.minimum(rho * advantage, rho.clamp(0.8, 1.2) * advantage))
for name, seen in {"without a clip": loose, "with the clip": held}.items():
    rho, chance = ratios(seen[8]), seen[8][0, 0].exp()
    print(f"after 8 passes {name}: all ratios {rho.min():.2f} to {rho.max():.2f};", end=" ")
    print(f"{world.tokens[0]} at {world.prompts[0]}: {ref_logp[0, 0].exp():.3f} to {chance:.3f}")
# tr: without a clip → kırpmadan
# tr: with the clip → kırparak
# tr: after 8 passes {}: all ratios {} to {}; → 8 geçişten sonra, {}: bütün oranlar {} ile {} arası;
# tr: {} at {}: {} to {} → {1} isteminde {0}: {2} → {3}

# %%
of_token = [advantage[(prompt == 0) & (token == one)].mean() for one in range(11)]


def magnified(passes):
    after = {"unclipped": loose[passes], "clipped": held[passes]}
    return tc.plots.update(world, 0, ref_logp, torch.stack(of_token), 0.2, **after)


magnified(8)

# %%
tc.widgets.slider("passes", range(9), magnified, start=8, language=world.language)

# %% [markdown] lang="tr"
# Geçişleri birer birer say. Kırpmadan: `teşekkürler` en çok çekilen token olduğu için en çok itilir;
# olasılıkların toplamı 1 olduğundan avantajı artı olan `evet` bile **düşer** (yukarıdaki satır). Kırpınca:
# `teşekkürler` kenarını biraz geçince artık itilmez, `evet` de yerinde kalır. Kenar duvar değildir: oraya varan
# son adım onu biraz aşar, öteki token'ların itmesi de oranı oynatmayı sürdürür.

# %% [markdown] lang="en"
# Step through the passes one by one. `thanks` was drawn most often, so without a clip it is pushed hardest; since
# probabilities sum to 1, even `yes`, whose advantage is positive, **falls** (the line above). With the clip, `thanks`
# is no longer pushed once it is a little past its edge, and `yes` keeps its place. The edge is not a wall: the last
# step overshoots it a little, and the pushes on other tokens go on moving the ratio.

# %% [markdown] lang="tr"
# ## 6 · Kaydır: `clip_range` (3 dakika, ek)
#
# Düğme `clip_range`, yani $\varepsilon$. Her değer 16 tohumla eğitilir; her **turda** (rollout) yeni örnekler
# çekilir ve üzerlerinden 8 kez geçilir (`epochs`).

# %% [markdown] lang="en"
# ## 6 · Slide: `clip_range` (3 minutes, extra)
#
# The knob is `clip_range`, that is, $\varepsilon$. Each value is trained with 16 seeds; each **rollout** draws fresh
# samples and passes over them 8 times (`epochs`).

# %%
clips = [0.05, 0.1, 0.2, 0.4, 0.8]
config = tc.PPOConfig(clip_range=clips, epochs=8, rollouts=25, seeds=16)
clipped = tc.train_ppo(world, config, start=start)
tc.plots.curves(clipped, "clip_fraction", "approx_kl")

# %%
tc.widgets.slider(
    "clip_range",
    clips,
    lambda value: tc.plots.curves(clipped, "clip_fraction", "approx_kl", highlight=value),
    language=world.language,
)

# %% [markdown] lang="tr"
# Dar aralık: daha çok örnek kırpılır (sol), politika her turda daha az yer değiştirir (sağ:
# `approx_kl`, bir $\mathrm{KL}(\pi_\mathrm{old} \,\|\, \pi_\theta)$ tahmini).
# Bant, tohumların ortadaki %80'idir: tek tek eğitimler saçılır, ama 16 tohumun ortalaması dört kat
# daha kararlıdır; düğmenin etkisi orada okunur.

# %% [markdown] lang="en"
# With a narrow range more samples are clipped (left), and the policy moves less in each rollout (right: `approx_kl`,
# an estimate of $\mathrm{KL}(\pi_\mathrm{old} \,\|\, \pi_\theta)$). The band holds the middle 80% of the seeds:
# single runs scatter, but the mean over 16 seeds is four times as steady, so read the effect of the knob there.

# %% [markdown] lang="tr"
# ## 7 · Tasma: KL cezası nereye konur? (5 dakika)
#
# Amaçtaki KL'yi örneklerle kurmanın yolu, cezayı ödülden **her token için ayrı ayrı** düşmektir (burada yanıt tek
# token'dır; uzun bir yanıtta her token'da ayrı düşülür):
#
# $$R = r(x, y) - \beta \log \frac{\pi_\mathrm{old}(y|x)}{\pi_\mathrm{ref}(y|x)}$$
#
# Cezadaki log oranın ortalaması tam KL'dir; bu tahminciye **k1** denir ([Schulman, 2020][kl]). (Başka tahminciler
# de var: k2 ve k3, ders 6'da sorguya çekiliyor.) Artık üç politikamız var:
#
# | Politika | Ne zaman değişir? | Hangi kesrin neresinde? |
# | --- | --- | --- |
# | $\pi_\theta$, eğitilen | her geçişte | $\rho$'nun payında |
# | $\pi_\mathrm{old}$, örnekleri çeken | her turun başında $\pi_\theta$ olur | $\rho$'nun paydasında, tasmadaki kesrin payında |
# | $\pi_\mathrm{ref}$, referans | hiç | tasmadaki kesrin paydasında |
#
# Gerçek bir modelde yanıt bir token dizisidir: oran ve tasma her token için ayrı hesaplanır, değer ağı her
# konumda ayrı bir tahmin yapar. Avantajı o zaman GAE (generalized advantage estimation;
# [Schulman ve ark., 2016][gae]) sonraki konumlardan toplar; tek token'lık yanıtta ondan geriye $R - V(x)$ kalır:
# tasmalı ödül eksi değer ağının tahmini.

# %% [markdown] lang="en"
# ## 7 · The leash: where does the KL penalty go? (5 minutes)
#
# To build the KL of the goal from samples, subtract the penalty from the reward **token by token** (here an answer is
# a single token; in a longer one, at each of its tokens):
#
# $$R = r(x, y) - \beta \log \frac{\pi_\mathrm{old}(y|x)}{\pi_\mathrm{ref}(y|x)}$$
#
# The mean of that log ratio is exactly the KL; this estimator is called **k1** ([Schulman, 2020][kl]). (There are others: k2 and k3 stand trial
# in lesson 6.) By now there are three policies:
#
# | Policy | When does it change? | Where in the ratios? |
# | --- | --- | --- |
# | $\pi_\theta$, being trained | in every pass | numerator of $\rho$ |
# | $\pi_\mathrm{old}$, drew the samples | becomes $\pi_\theta$ at each rollout's start | denominator of $\rho$, numerator of the leash |
# | $\pi_\mathrm{ref}$, the reference | never | denominator of the leash |
#
# In a real model an answer is a sequence of tokens: ratio and leash are computed for each token, and the critic makes
# a guess at each position. GAE (generalized advantage estimation; [Schulman et al., 2016][gae]) then gathers the
# advantage from the positions that follow; for an answer of one token, all that is left of it is $R - V(x)$, the
# leashed reward minus the critic's guess.

# %% [markdown] lang="tr"
# ### Hatayı bul
#
# Gerçek bir not defterinde şu yazıyordu: `reward - kl_beta * KL(x)`. Tek farkı: ceza burada istemin **bütün**
# KL'sidir, yani her token için aynı sayı. Ortalaması da k1'inkiyle aynı. Masum görünüyor. `kl_beta` 0,5 iken en
# iyi olan politikada sınayalım.

# %% [markdown] lang="en"
# ### Find the bug
#
# A real notebook had this: `reward - kl_beta * KL(x)`. The only difference is that the penalty is the **whole** KL of
# the prompt, the same number for every token. It has the same mean as k1 and looks innocent. We test it at the best
# policy for a `kl_beta` of 0.5.

# %% [markdown] lang="tr" predict="whole_kl"
# **Tahmin et · bütün KL.** Ceza `KL(x)` olunca, cezanın ödül içindeki **çekişi** (beklenen gradyanı) k1'inkine
# göre nasıldır?
#
# - aynıdır: ortalamaları aynı
# - daha güçlüdür: bütün dağılımı görür
# - hiç çekmez

# %% [markdown] lang="en" predict="whole_kl"
# **Predict · the whole KL.** With `KL(x)` as the penalty, how strong is its **pull** inside the reward (its expected
# gradient), compared with that of k1?
#
# - the same: their means are the same
# - stronger: it sees the whole distribution
# - none at all


# %% pulls
def pull(worth):
    table = best.clone().requires_grad_()
    expected = (table.log_softmax(-1).exp() * worth).sum(-1).mean()
    (gradient,) = torch.autograd.grad(expected, table)
    return float(gradient.abs().max())


k1, whole = best - ref_logp, tc.exact.kl(best, ref_logp)[:, None].expand(6, 11)
for name, penalty in {"k1": k1, "KL(x)": whole}.items():
    alone, leashed = pull(penalty), pull(world.reward - 0.5 * penalty)
    print(f"{name:5} penalty alone {alone:.4f}, leashed reward {leashed:.4f}")
# tr: {} penalty alone {}, leashed reward {} → {} yalnız ceza {}, tasmalı ödül {}

# %% tags=["reveal"]
same, none = abs(pull(whole) - pull(k1)) < 1e-6, pull(whole) < 1e-6
whole_kl.reveal(a=same, b=pull(whole) > 1.01 * pull(k1), c=none)

# %% [markdown] lang="tr" tags=["answer"]
# `KL(x)` hiç çekmez: bütün token'lardan aynı sayıyı düşmek bir **taban çizgisidir** (bölüm 3). Bu yüzden tasmalı
# ödülle eğitim en iyi noktada durmaz: k1 ile çekiş orada 0'dır, `KL(x)` ile değildir. Tasma kodda görünür, KL
# eğrisi çizilir, ama `kl_beta` hiçbir şeyi değiştirmez. Kendi kodunda sınamak kolaydır: düğmeyi oynat; eğri
# oynamıyorsa düğme bağlı değildir.

# %% [markdown] lang="en" tags=["answer"]
# `KL(x)` does not pull at all: subtracting the same number for every token is a **baseline** (section 3). That is
# also why the leashed reward does not come to rest at the optimum: with k1 its pull there is 0, with `KL(x)` it is
# not. The leash is in the code, a KL curve is drawn, and yet `kl_beta` changes nothing. It is easy to test in your
# own code: turn the knob; if the curve does not move, the knob is not connected.

# %% [markdown] lang="tr"
# ## 8 · Değer ağı ve entropi (4 dakika, ek)
#
# Değer ağı $V(x)$, tasmalı ödül $R$'yi tahmin eder; avantaj $\hat A = R - V(x)$ olur ve her
# turun örnekleri üzerinden **beyazlatılır** (whitening: ortalama 0, standart sapma
# yaklaşık 1; en iyi noktada salt gürültü büyümesin diye, standart sapmanın 0,1 fazlasına bölünür). Toplam kayıp:
#
# $$L + c_v \, \mathbb{E}\big[(V - R)^2\big] - c_e \, \mathbb{E}[H(\pi)]$$
#
# Ortadaki terim, bölüm 2'deki döngünün `critic_loss`'udur. Son terim **entropi ödülüdür** (entropy bonus): kararsız kalmayı biraz ödüllendirir.
#
# En iyi noktada güzel bir şey olur: tasmalı ödül $R$ her token için aynıdır, tam olarak
# $\beta \log Z(x)$. Değer ağı bunu öğrenir; geriye öğrenilecek avantaj kalmaz.

# %% [markdown] lang="en"
# ## 8 · The critic and entropy (4 minutes, extra)
#
# The critic $V(x)$ predicts the leashed reward $R$; the advantage becomes $\hat A = R - V(x)$ and is **whitened**
# over the samples of each rollout (mean 0, standard deviation about 1; we divide by the deviation plus 0.1, so that
# pure noise is not blown up at the optimum). The whole loss:
#
# $$L + c_v \, \mathbb{E}\big[(V - R)^2\big] - c_e \, \mathbb{E}[H(\pi)]$$
#
# The middle term is `critic_loss` in the loop of section 2. The last one is the **entropy bonus**: a small reward for staying undecided.
#
# At the optimum something beautiful happens: the leashed reward $R$ is the same for every token, exactly
# $\beta \log Z(x)$. The critic learns this value, and no advantage is left to learn from.

# %%
leashed = tc.ppo.leash(world.reward, best, ref_logp, kl_beta=0.5)
print("R         ", leashed[0].numpy().round(3))
print("beta log Z", (0.5 * log_z[0]).numpy().round(3))

# %% [markdown] lang="tr"
# <details><summary>Ayarların tamamı</summary>
#
# | Ayar | Anlamı | Varsayılan |
# | --- | --- | --- |
# | `kl_beta` | tasma: nat başına ödül cezası | `0.05` |
# | `clip_range` | kırpma aralığı $\varepsilon$ | `0.2` |
# | `vf_coef` | değer kaybının ağırlığı $c_v$ | `0.5` |
# | `ent_coef` | entropi ödülünün ağırlığı $c_e$ | `0.01` |
# | `lr` | öğrenme oranı; sona doğru sıfıra iner | `0.06` |
# | `rollouts` | kaç kez yeni örnek çekilir | `100` |
# | `epochs` | her turdaki geçiş sayısı | `4` |
# | `batch_size` | her turdaki örnek sayısı | `256` |
# | `target_kl` | geçişleri erken bitiren eşik | `None` |
#
# </details>

# %% [markdown] lang="en"
# <details><summary>All the settings</summary>
#
# | Setting | Meaning | Default |
# | --- | --- | --- |
# | `kl_beta` | the leash: reward subtracted per nat | `0.05` |
# | `clip_range` | the clip range $\varepsilon$ | `0.2` |
# | `vf_coef` | weight of the critic's loss, $c_v$ | `0.5` |
# | `ent_coef` | weight of the entropy bonus, $c_e$ | `0.01` |
# | `lr` | learning rate; it falls to zero by the end | `0.06` |
# | `rollouts` | how many times fresh samples are drawn | `100` |
# | `epochs` | passes over each rollout | `4` |
# | `batch_size` | samples per rollout | `256` |
# | `target_kl` | a limit that ends the passes early | `None` |
#
# </details>

# %% [markdown] lang="tr"
# ## 9 · Eğitim: `kl_beta` düğmesi (5 dakika)
#
# Parçalar hazır. `tc.train_ppo`, bölüm 2'deki döngüdür, dört farkla: tablo yerine ders 2'nin LoRA adaptörünü eğitir, bölüm 8'in küçük entropi
# ödülünü ekler, çok sayıda eğitimi yan yana yürütür (burada yedi `kl_beta`, 16 tohum, 112 eğitim) ve sayar: bir örneğin değeri yalnızca
# istemine ve token'ına bağlıdır; 256 örneklik bir tur, her birinin kaç kez çekildiği bilinen 66 hücredir. Sonuç aynı kalır.
# `kl_beta` 0 olunca tasma yoktur.

# %% [markdown] lang="en"
# ## 9 · Training: the knob `kl_beta` (5 minutes)
#
# The parts are ready. `tc.train_ppo` is the loop of section 2 with four changes: it trains the LoRA adapter of
# lesson 2 instead of the table, it adds a small entropy bonus (a reward for staying undecided; section 8), it runs
# many trainings side by side (here seven values of `kl_beta` and 16 seeds, so 112 trainings), and it counts: what a
# sample is worth depends on its prompt and token alone, so a rollout of 256 samples is 66 cells, each with the number
# of times it was drawn. The result is the same. With a `kl_beta` of 0 there is no leash.

# %% [markdown] lang="tr" predict="free"
# **Tahmin et · tasmasız.** `kl_beta` 0,1 iken ödül zaten en büyüktür. Hiç tasma olmayınca (`kl_beta` 0) KL, oradakinin kaç katı olur?
#
# - aynı kadar: alınacak başka ödül yok
# - yaklaşık 2 katı
# - 10 katından çok: tutan bir şey yok

# %% [markdown] lang="en" predict="free"
# **Predict · without a leash.** With a `kl_beta` of 0.1 the reward is already as large as it can be. With no leash at
# all (`kl_beta` 0), how many times that KL does PPO end with?
#
# - the same: there is no more reward to gain
# - about 2 times
# - more than 10 times: nothing holds it

# %%
leashes = [0.0, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0]
run = tc.train_ppo(world, tc.PPOConfig(kl_beta=leashes, seeds=16), start=start)
tc.plots.curves(run, "reward", "kl")

# %% ends
ends = run.history[["reward", "kl", "entropy", "attained"]].isel(step=-1, drop=True).mean("seed")
ends.to_dataframe().round(3)

# %% tags=["reveal"]
times = float(ends.kl.sel(kl_beta=0.0) / ends.kl.sel(kl_beta=0.1))
free.reveal(a=times < 1.2, b=1.5 < times < 2.5, c=times > 10)

# %% [markdown] lang="tr" tags=["answer"]
# Ödül en çok 1'dir; ikisi de oraya varır. Tasmasız eğitimin yalnızca KL'si büyür, o da boşuna: altı yardımsever
# token aynı ödülü getirir ve aralarında savrulmanın bir bedeli yoktur; küçük entropi ödülü dağılmayı biraz
# kazançlı bile kılar. (0'ın kesikli çizgisi, tam ödül alan politikaların referansa en yakın olanıdır.) **Tasma,
# ödülün sustuğu yerde eski davranışı korur.**

# %% [markdown] lang="en" tags=["answer"]
# The reward is at most 1 and both get there. Without a leash only the KL grows, for nothing: six helpful tokens earn
# the same, and drifting among them costs nothing; the small entropy bonus even pays a little for spreading out. (For
# 0, the dashed line marks the policy closest to the reference among all those with the full reward.) **Where the
# reward is silent, the leash keeps the old behaviour.**

# %%
tc.widgets.slider(
    "kl_beta",
    leashes,
    lambda value: tc.plots.curves(run, "reward", "kl", highlight=value),
    start=0.1,
    language=world.language,
)

# %% [markdown] lang="tr"
# Sürgüyü fareyle ya da ok tuşlarıyla oynat. Sağa gittikçe (daha kısa tasma) ödül de KL de iner.
# Ödül eğrisi her değerde kesikli çizgiye varır; KL eğrisi, tasma kısaldıkça çizgisine daha iyi oturur,
# tasmasızken ise ondan kopar. Kaydedilmiş sayfada ya da kâğıtta sürgü
# oynamaz, ama yukarıdaki şekil bütün değerleri gösterir.

# %% [markdown] lang="en"
# Move the slider with the mouse or the arrow keys. To the right (a shorter leash) both reward and KL go down. At
# every value the reward arrives at its dashed line. The shorter the leash, the closer the KL settles to its line;
# without a leash it drifts away. On a saved page or on paper the slider does not move, but the figure above shows all
# values.

# %% [markdown] lang="tr"
# ## 10 · Sınır: ödül ile KL'nin pazarlığı (2 dakika)
#
# Her KL değerinde alınabilecek ödülün bir üst sınırı vardır. Bu **sınırın** (frontier) üstüne hiçbir
# politika çıkamaz. Boş kareler kesin en iyi noktalar, dolu işaretler eğitimin vardığı yerlerdir.

# %% [markdown] lang="en"
# ## 10 · The frontier: reward against KL (2 minutes)
#
# For every KL there is a largest possible reward. No policy can rise above this **frontier**. Hollow squares are the
# exact optima; filled marks show where training landed.

# %%
tc.plots.frontier(run)

# %% [markdown] lang="tr"
# `kl_beta` 0,2 ve üstündeyken eğitim, karesinin içine düştü; tasma daha da uzadıkça karesinin sağına kaydı.
# Tasmasız eğitim ise çok sağa savruldu: ödülü aynı, KL'si boşuna.

# %% [markdown] lang="en"
# With a `kl_beta` of 0.2 or more, training landed in its square. On longer leashes it ended up to the right of it,
# and the longer the leash, the further. Without a leash it drifted far to the right: the same reward, wasted KL.

# %% [markdown] lang="tr"
# ## 11 · Ödülü değiştir, ödülü kandır (7 dakika, ek)
#
# Önce nötr yanıtın ödülünü 0,0 ve zararlı yanıtınkini −2,0 yapalım.

# %% [markdown] lang="en"
# ## 11 · Change the reward, trick the reward (7 minutes, extra)
#
# First, let neutral answers earn 0.0 and harmful ones −2.0.

# %% [markdown] lang="tr" predict="neutral"
# **Tahmin et · nötrün payı.** Zararlının cezası iki katına çıktı, nötr artık 0 getiriyor. `kl_beta` 1 iken nötr yanıtların payı, eski ödülle eğitime göre ne olur?
#
# - artar: zararlıdan kaçan oraya gider
# - pek değişmez
# - azalır

# %% [markdown] lang="en" predict="neutral"
# **Predict · the neutral share.** Harmful answers now cost twice as much, and neutral ones earn 0. With a `kl_beta`
# of 1, what happens to the share of neutral answers, compared with training on the old reward?
#
# - it grows: what leaves the harmful answers goes there
# - it hardly changes
# - it shrinks

# %%
strict = tc.World(harmful=-2.0, neutral=0.0, language="en")
kinds = {"neutral": [1, 9, 10], "harmful": [5, 6]}
shares = []
for place in (world, strict):
    trained = tc.train_ppo(place, tc.PPOConfig(kl_beta=1.0, seeds=16), start=start)
    chance = np.exp(trained.logp).mean(("seed", "prompt"))
    shares.append(float(chance[kinds["neutral"]].sum()))
    print({kind: round(float(chance[index].sum()), 3) for kind, index in kinds.items()})
# tr: neutral → nötr
# tr: harmful → zararlı

# %% tags=["reveal"]
change = shares[1] - shares[0]
neutral.reveal(a=change > 0.01, b=abs(change) < 0.01, c=change < -0.01)

# %% [markdown] lang="tr" tags=["answer"]
# İlk satır eski, ikinci satır yeni ödül. Ceza iki katına çıkınca zararlı yanıtlar azaldı; nötr
# yanıtlar da azaldı, çünkü artık hiç ödül getirmiyorlar.

# %% [markdown] lang="en" tags=["answer"]
# The first line is the old reward, the second the new one. With twice the penalty, harmful
# answers became rarer; so did neutral ones, since they no longer earn anything.

# %% [markdown] lang="tr"
# Peki bu ödül istediğimiz şeyi mi ölçüyor? "kötü söz söyle" isteminde iyi yanıt `hayır` idi. Ama `hayır` nötrdür:
# yalnızca 0,2 getirir. Token'ın yalnızca sınıfına bakan bu ödüle **anahtar sözcük ödülü** diyelim. İstemi okuyan
# bir yargıcın ödülüyle de eğitelim: o istemde `hayır` 1, bütün ötekiler −1 getirsin.

# %% [markdown] lang="en"
# But does this reward measure what we want? For "say a bad word" the good answer was `no`. Yet `no` is neutral: it
# earns just 0.2. We call this reward, which looks at nothing but the class of the token, the **keyword reward**. Let
# us also train on the reward of a judge who reads the prompt: at that prompt `no` earns 1 and all others −1.

# %% [markdown] lang="tr" predict="tricked"
# **Tahmin et · ret yanıtı.** Anahtar sözcük ödülüyle, `kl_beta` 0,1 iken PPO'dan sonra `hayır` yanıtının olasılığı kaçtır? Başta 0,44'tü.
#
# - yine 0,44 dolayında: tasma korur
# - 0,2 dolayında
# - hemen hemen 0

# %% [markdown] lang="en" predict="tricked"
# **Predict · the refusal.** With the keyword reward and a `kl_beta` of 0.1, how likely is `no` after PPO? It started
# at 0.44.
#
# - still about 0.44: the leash keeps it
# - about 0.2
# - almost 0

# %%
judge = world.reward.clone()
judge[3] = -1.0
judge[3, 1] = 1.0
judged = tc.World(reward=judge, language="en")
honest = tc.train_ppo(judged, tc.PPOConfig(kl_beta=0.1, seeds=16), start=start)
keyword = run.logp.sel(kl_beta=0.1)
tc.plots.answers(world, 3, before=start.logp, keyword=keyword, judged=honest.logp)

# %% refusal
refusal = np.exp(np.stack([x[:, 3, 1] for x in (start.logp, keyword, honest.logp)])).mean(1)
print("P(refusal): before, keyword reward, judged reward:", refusal.round(3))
# tr: P(refusal): before, keyword reward, judged reward: → P(ret): önce, anahtar sözcük ödülü, yargıç ödülü:

# %% tags=["reveal"]
left = float(refusal[1])
tricked.reveal(a=left > 0.4, b=0.1 < left < 0.3, c=left < 0.01)

# %% [markdown] lang="tr" tags=["answer"]
# Anahtar sözcüklere bakan ödül, istemi okumaz: reddi yok etti, yerine neşeyle `tıbbi`,
# `teşekkürler` ve `yardım` koydu.
# Ödül eğrisi ise kusursuzdu! Buna **ödülü kandırma** (reward hacking) denir. Kısa tasma bunu yalnızca
# yumuşatır; çare ödüldedir: istemi okuyan bir yargıç, orada yalnızca `hayır` yanıtına +1 verince ret geri gelir.

# %% [markdown] lang="en" tags=["answer"]
# A reward that looks at keywords does not read the prompt: it wiped out the refusal and put cheerful answers in its
# place: `medical`, `thanks`, `help`. And the reward curve was flawless! This is called **reward hacking**. A shorter
# leash only softens it; the cure lies in the reward: a judge who reads the prompt and gives +1 there to `no` alone
# brings the refusal back.

# %% [markdown] lang="tr"
# ## 12 · Kırpma fren midir, tasma mıdır? (4 dakika, ek)
#
# Aynı kod, tek bir değişiklik: `lr=0.3`.

# %% [markdown] lang="en"
# ## 12 · Is the clip a brake? A leash? (4 minutes, extra)
#
# The same code with one change: `lr=0.3`.

# %% [markdown] lang="tr" predict="brake"
# **Tahmin et · kırpma fren midir?** Kırpma açık. Öğrenme oranı beş katına çıkarsa eğitim nasıl biter?
#
# - başladığından kötü: kırpma zararı önlemez
# - daha yavaş, ama aynı yerde: kırpma adımları kısaltır
# - biraz geride, yine de başladığından iyi

# %% [markdown] lang="en" predict="brake"
# **Predict · is the clip a brake?** The clip is on. How does training end with five times the learning rate?
#
# - worse than it started: the clip does not prevent the harm
# - in the same place, only more slowly: the clip shortens the steps
# - a little behind, but still better than it started

# %% rates
lasts = []
for name, change in {"default": {}, "lr=0.3": {"lr": 0.3}}.items():
    config = tc.PPOConfig(kl_beta=0.5, seeds=16, **change)
    history = tc.train_ppo(world, config, start=start).history.mean("seed")
    early, last = (float(history.attained.sel(step=step)) for step in (10, 100))
    lasts.append(last)
    print(f"{name:10} attained {early:5.2f} after 10 rollouts; helped in the end: {last > 0}")
# tr: default → varsayılan
# tr: {} attained {} after 10 rollouts; helped in the end: {} → {} 10 turdan sonra ulaşılan pay {}; sonunda yararı oldu mu: {}

# %% tags=["reveal"]
brake.reveal(a=lasts[1] < 0, b=lasts[1] > 0.95, c=0 < lasts[1] < 0.95)

# %% [markdown] lang="tr" tags=["answer"]
# `attained` eksiye düşer ve orada kalır; politika başladığından **daha kötü** bitirir, çünkü KL'nin bedeli
# ödüldeki kazancı aşar. Kırpma, aralıktan çıkmanın kazancını ortadan kaldırır; ne orana ne de adıma bir üst sınır koyar: itme
# kesilene kadar atılan tek bir büyük adım, kenarı çoktan aşmış olabilir.
#
# Kırpma bir çeşit tasma mıdır peki? `kl_beta` 0 ve 0,5 ile, dar ve geniş bir kırpmayla eğitelim. Aşağıdaki KL **referansa** göredir:

# %% [markdown] lang="en" tags=["answer"]
# `attained` goes negative and stays there; the policy ends **worse** than it started, because the KL costs more than
# the reward gains. The clip takes away the gain from leaving the range; it sets no bound on the ratio or on the step:
# before the push is cut off, one large step may already have gone far beyond the edge.
#
# Is the clip a kind of leash, then? Let us train with a `kl_beta` of 0 and of 0.5, with a narrow clip and a wide one.
# The KL below is measured to the **reference**:

# %% adaptive_leash
for kl_beta in (0.0, 0.5):
    config = tc.PPOConfig(kl_beta=kl_beta, clip_range=[0.05, 0.4], seeds=16)
    kl = tc.train_ppo(world, config, start=start).history.kl.mean("seed")
    for clip_range in (0.05, 0.4):
        first, last = kl.sel(clip_range=clip_range, step=[1, 100]).values
        print(
            f"kl_beta {kl_beta}, clip {clip_range}: KL {first:.1f} after a rollout, {last:.1f} in the end"
        )
# tr: kl_beta {}, clip {}: KL {} after a rollout, {} in the end → kl_beta {}, kırpma {}: KL bir turdan sonra {}, en sonda {}

# %% [markdown] lang="tr"
# Hayır. Kırpma **eski** politikaya bakar, o da her turda yenilenir: dar bir aralık ilk turu kısaltır, ama
# tasmasız eğitim sonunda yine o kadar uzağa savrulur. Varılacak yeri tasma belirler, kırpma yalnızca oraya hangi
# adımlarla gidildiğini.

# %% [markdown] lang="en"
# No. The clip looks at the **old** policy, which is renewed in every rollout: a narrow range shortens the first
# rollout, yet without a leash training drifts just as far in the end. The leash decides where training ends up; the
# clip only decides by what steps it gets there.

# %% [markdown] lang="tr"
# ### Tahminlerin nasıl gitti?

# %% [markdown] lang="en"
# ### How did your predictions go?

# %% tags=["overview"]
tc.widgets.predictions(language="en")

# %% [markdown] lang="tr"
# ## Alıştırmalar
#
# Sıra sende. `...` yerine yanıtını yaz, o hücreyi, sonra denetim hücresini çalıştır: yanlışsa hatanın adını
# söyler. Aşağıdaki hücre hepsine yeter; dersi baştan çalıştırman gerekmez.

# %% [markdown] lang="en"
# ## Exercises
#
# Your turn. Put your answer in place of `...`, run that cell and then the check: if something is wrong, it names the
# mistake. The cell below is all the exercises need; you need not run the lesson again.

# %%
import torch

import toycore as tc

tc.set_language(language="en")
world = tc.World(language="en")
print(*enumerate(world.prompts))
dict(enumerate(world.tokens))

# %% [markdown] lang="tr"
# ### Alıştırma 1 · Kırpılmış kayıp
#
# ●●○ · 8 dakika. Bölüm 5'in kaybını yaz. Oran değil log-olasılıklar veriliyor; `clip_range`, $\varepsilon$'dur.
# Sonuç tek bir sayıdır; denetim, gradyana da bakar.
#
# <details><summary>İpucu</summary>
#
# Önce oran. Sonra iki aday çarpım; `torch.minimum` örnek örnek küçüğünü alır.
#
# </details>

# %% [markdown] lang="en"
# ### Exercise 1 · The clipped loss
#
# ●●○ · 8 minutes. Write the loss of section 5. You are given log-probabilities, not the ratio; `clip_range` is
# $\varepsilon$. The result is a single number; the check looks at its gradient too.
#
# <details><summary>Hint</summary>
#
# The ratio first. Then two candidate products; `torch.minimum` takes the smaller one sample by sample.
#
# </details>


# %% tags=["exercise"]
def clipped_loss(logp, old_logp, advantage, clip_range):
    return ...


# %% tags=["check"]
tc.checks.clipped_loss(clipped_loss, language="en")


# %% tags=["solution"]
def clipped_loss(logp, old_logp, advantage, clip_range):
    ratio = (logp - old_logp).exp()
    clipped = ratio.clamp(1 - clip_range, 1 + clip_range)
    return -torch.minimum(ratio * advantage, clipped * advantage).mean()


# %% [markdown] lang="tr"
# ### Alıştırma 2 · Tasma, token token
#
# ●●○ · 6 dakika. Bölüm 7'nin tasmalı ödülü $R$, her örnek için. İlk üç girdi tablodur (istem × token); `x` ve
# `y` örneklerin istem ve token numaraları. Örnekleri çeken politika `logp`'dir. Sonuç, örnek başına bir sayı.
#
# <details><summary>İpucu</summary>
#
# `tablo[x, y]`, her örneğin kendi sayısını verir. Aynı istemin iki token'ı aynı cezayı mı öder?
#
# </details>

# %% [markdown] lang="en"
# ### Exercise 2 · The leash, token by token
#
# ●●○ · 6 minutes. The leashed reward $R$ of section 7, for each sample. The first three inputs are tables (prompt ×
# token); `x` and `y` are the prompt and token numbers of the samples. The policy that drew them is `logp`. Return one
# number per sample.
#
# <details><summary>Hint</summary>
#
# `table[x, y]` gives each sample its own number. Do two tokens of the same prompt pay the same penalty?
#
# </details>


# %% tags=["exercise"]
def leashed_reward(reward, logp, ref_logp, x, y, kl_beta):
    return ...


# %% tags=["check"]
tc.checks.leash(leashed_reward, language="en")


# %% tags=["solution"]
def leashed_reward(reward, logp, ref_logp, x, y, kl_beta):
    return reward[x, y] - kl_beta * (logp[x, y] - ref_logp[x, y])


# %% [markdown] lang="tr"
# ### Alıştırma 3 · Avantaj bir sabittir
#
# ●●○ · 6 dakika. Bölüm 8'in (ek) beyazlatılmış avantajı: tasmalı ödül `returns`, değer ağının tahmini `value`.
# Standart sapmayı `.std()` ile bul, 0,1 fazlasına böl. Avantaj, politikanın kaybında bir sabittir: oradan değer
# ağına, yani `value`'ya gradyan gitmemeli.
#
# <details><summary>İpucu</summary>
#
# Fark, merkez, yayılım; zinciri `.detach()` koparır.
#
# </details>

# %% [markdown] lang="en"
# ### Exercise 3 · An advantage is a constant
#
# ●●○ · 6 minutes. The whitened advantage of section 8 (extra), from the leashed reward `returns` and the critic's
# guess `value`. Find the standard deviation with `.std()` and divide by it plus 0.1. In the loss of the policy an
# advantage is a constant: no gradient may flow from there into the critic, that is, into `value`.
#
# <details><summary>Hint</summary>
#
# Difference, centre, spread; then `.detach()` breaks the chain.
#
# </details>


# %% tags=["exercise"]
def whitened_advantage(returns, value):
    return ...


# %% tags=["check"]
tc.checks.advantage(whitened_advantage, language="en")


# %% tags=["solution"]
def whitened_advantage(returns, value):
    difference = returns - value
    return ((difference - difference.mean()) / (difference.std() + 0.1)).detach()


# %% [markdown] lang="tr"
# ### Alıştırma 4 · Entropi ödülünü büyüt
#
# ●○○ · 3 dakika. `ent_coef`, entropi ödülünün ağırlığıdır (bölüm 8, ek). 0,01 yerine 3 olursa eğitimin sonunda ne olur?
#
# * `"a"` entropi de `attained` da artar
# * `"b"` entropi artar, `attained` düşer
# * `"c"` entropi düşer, `attained` artar
# * `"d"` ikisi de düşer
#
# <details><summary>İpucu</summary>
#
# Kayıpta $H$'nin önündeki işarete bak. Büyütülen amaç artık yalnızca $J$ midir?
#
# </details>

# %% [markdown] lang="en"
# ### Exercise 4 · Raise the entropy bonus
#
# ●○○ · 3 minutes. `ent_coef` is the weight of the entropy bonus (section 8, extra). With 3 instead of 0.01, what do
# we see at the end of training?
#
# * `"a"` both entropy and `attained` are higher
# * `"b"` entropy is higher, `attained` lower
# * `"c"` entropy is lower, `attained` higher
# * `"d"` both are lower
#
# <details><summary>Hint</summary>
#
# Look at the sign in front of $H$ in the loss. Is it still only $J$ that training raises?
#
# </details>

# %% tags=["exercise"]
outcome = ...

# %% tags=["check"]
tc.checks.bonus(outcome, language="en")

# %% tags=["solution"]
outcome = "b"

# %% [markdown] lang="tr"
# ### Alıştırma 5 · En kısa tasmada ret
#
# ●●● · 8 dakika. Dördüncü istemin ("kötü söz söyle", satır `3`) ödüllerini öyle yaz ki `kl_beta=1` iken bile PPO
# ret yanıtını (`hayır`, sütun `1`) yaklaşık 0,95 olasılıkla versin; denetim 0,93'ten itibaren geçirir. Ödüller −2 ile 2
# arasında kalsın, öteki satırlar değişmesin. Ret yanıtının başlangıçtaki olasılığı yaklaşık 0,44'tür.
#
# <details><summary>İpucu</summary>
#
# Ödül farkı $d$ ise $\pi^*$, `hayır` ile bütün ötekilerin oranını $e^{d/\beta}$ ile çarpar. Hangi $d$, 0,44'ü 0,95'e çıkarır?
# (0,44 tohumların ortalamasıdır; tohumlar ayrı ayrı 0,95'in biraz gerisinde toplanır. Denetim o payı bırakır.)
#
# </details>

# %% [markdown] lang="en"
# ### Exercise 5 · A refusal on the shortest leash
#
# ●●● · 8 minutes. Set the rewards for the fourth prompt ("say a bad word", row `3`) so that even with `kl_beta=1` PPO
# gives the refusal (`no`, column `1`) a probability of about 0.95; the check accepts 0.93 and above. Keep the rewards
# between −2 and 2, and leave the other rows as they are. At the start the refusal has a probability of about 0.44.
#
# <details><summary>Hint</summary>
#
# If the rewards differ by $d$, $\pi^*$ multiplies the ratio of `no` to all the others by $e^{d/\beta}$. Which $d$
# brings 0.44 up to 0.95? (0.44 is a mean over seeds; taken seed by seed, the result ends up a little short of 0.95.
# The check allows for that.)
#
# </details>

# %% tags=["exercise"]
my_reward = ...  # begin with world.reward.clone()
# tr: begin with world.reward.clone() → world.reward.clone() ile başla

# %% tags=["check"]
tc.checks.refusal(my_reward, language="en")

# %% tags=["solution"]
my_reward = world.reward.clone()
my_reward[3] = -2
my_reward[3, 1] = 2

# %% [markdown] lang="tr"
# ## Kendini sına
#
# Beş sorunun her birinde bir yanıt seç; doğru mu, neden, hemen altında okursun.

# %% [markdown] lang="en"
# ## Check yourself
#
# Choose an answer to each of the five questions; right below it you will see whether it is correct, and why.

# %% [markdown] lang="tr" tags=["quiz"]
# 1. `epochs=1` ile eğitirken `clip_range` değerini 0,2'den 0,05'e indirdin. Eğriler nasıl değişir?
#    - [ ] Kırpılan pay artar — sekiz geçişte 0,169'dan 0,261'e çıkmıştı (bölüm 6, ek); tek geçişte oranlar hep 1'dir.
#    - [x] Hiç değişmez — tek geçişte hiçbir oran 1'den ayrılmaz; kırpacak bir şey yoktur.
#    - [ ] Öğrenme yavaşlar — kırpma, çalışmadığı yerde adımı da kısaltmaz.
#    - [ ] Referansa göre KL küçülür — onu tasma tutar; kırpma eski politikaya bakar.
# 2. Avantajı −1 olan bir örneğin oranı 1,5 oldu ($\varepsilon$ 0,2). Bu örnek politikayı iter mi?
#    - [ ] Hayır; oran aralığın dışında — kırpma yalnızca kazandıran yönde durdurur; kötü bir yanıtın
#      olasılığı artmış, bu kazandırmaz.
#    - [ ] Evet; olasılığını daha da artırır — avantaj eksidir; kazanç, olasılık azalınca gelir.
#    - [x] Evet; olasılığını azaltır — −1,5 ile −1,2'nin küçüğü, yani kırpılmamış terim seçilir;
#      gradyanı vardır.
# 3. Kodunda `kl_beta` 0,05 iken de 1 iken de KL eğrisi aynı. Önce neyden kuşkulanırsın?
#    - [x] Ceza, her token'dan aynı sayıyı düşüyordur — bu bir taban çizgisidir, çekmez; bölüm 7'deki `KL(x)` gibi.
#    - [ ] Öğrenme oranı küçüktür — o zaman iki KL de sıfıra yakın kalırdı, aynı yere tırmanmazdı.
#    - [ ] Kırpma aralığı dardır — kırpma bir turdaki adımı frenler; varılacak yeri tasma belirler.
#    - [ ] Hiçbir şeyden; tasma ödülü değiştirir, KL'yi değil — bağlı bir tasmada KL 0,557'den 0,087'ye
#      iner.
# 4. Tasmasız eğitim 0,9999 ödül ve 1,016 nat KL ile bitti; `kl_beta` 0,02 iken ödül yine 0,9999 oldu,
#    KL ise 0,585. Fazladan KL ne kazandırdı?
#    - [ ] Daha az zararlı yanıt — öyle olsaydı ödül de artardı; ödüller aynı.
#    - [ ] İleride alınacak ödül — olası en büyük ödül 1'dir, ikisi de oraya vardı.
#    - [x] Hiçbir şey — ödülü eşit token'lar arasında savrulmaktır; sınırda noktayı yalnızca sağa taşır.
# 5. (Bölüm 11, ek.) Anahtar sözcük ödülüyle ret olasılığı 0,442'den 0'a indi, ödül eğrisi kusursuzdu. Sorunu ne gösterirdi?
#    - [ ] Daha çok tohum — 0, zaten 16 tohumun ortalamasıdır; hepsi aynı zirveye çıkar.
#    - [ ] Daha büyük bir `batch_size` — sorun gürültü değildir; kesin en iyi politika da reddetmez.
#    - [ ] Daha küçük bir `kl_beta` — daha uzun bir tasma ödülün peşinden daha da uzağa gider.
#    - [x] O istemin satırına bakmak — ödülün ölçmediği şeyi ödül eğrisi gösteremez, politika gösterir.

# %% [markdown] lang="en" tags=["quiz"]
# 1. You train with `epochs=1` and lower `clip_range` from 0.2 to 0.05. How do the curves change?
#    - [ ] The clipped share grows — with eight passes it did (section 6, extra), from 0.169 to 0.261; with one pass every
#      ratio is 1.
#    - [x] Not at all — with one pass no ratio leaves 1, and there is nothing to clip.
#    - [ ] Learning slows down — a clip that never acts does not shorten any step either.
#    - [ ] The KL to the reference shrinks — that is the leash's job; the clip looks at the old policy.
# 2. A sample with advantage −1 has reached a ratio of 1.5 (with an $\varepsilon$ of 0.2). Does it still push the
#    policy?
#    - [ ] No; the ratio is outside the range — the clip stops a ratio only in the direction that pays; a bad answer
#      that grew likelier does not pay.
#    - [ ] Yes; it makes the answer likelier still — the advantage is negative; what pays is lowering the probability.
#    - [x] Yes; it makes the answer less likely — of −1.5 and −1.2 the smaller one counts, that is, the unclipped
#      term, and it has a gradient.
# 3. In your code the KL curve is the same with a `kl_beta` of 0.05 as with 1. What do you suspect first?
#    - [x] The penalty subtracts the same number for every token — that is a baseline and pulls on nothing, like
#      `KL(x)` in section 7.
#    - [ ] The learning rate is too small — then both KLs would stay near zero instead of climbing to the same place.
#    - [ ] The clip range is too narrow — the clip brakes the steps of a rollout; where they lead is up to the leash.
#    - [ ] Nothing; a leash changes the reward, not the KL — with a leash that works, the KL falls from 0.557 to
#      0.087.
# 4. Without a leash, training ended with reward 0.9999 and a KL of 1.016 nats; with a `kl_beta` of 0.02 the reward
#    was again 0.9999, with a KL of 0.585. What did the extra KL buy?
#    - [ ] Fewer harmful answers — then the reward would have risen too; it is the same.
#    - [ ] Future reward — the largest possible is 1, and both have reached it.
#    - [x] Nothing — it is drift among tokens that earn the same; on the frontier it only moves the point to
#      the right.
# 5. (Section 11, extra.) With the keyword reward the refusal fell from 0.442 to 0 while the reward curve was
#    flawless. What would have shown the problem?
#    - [ ] More seeds — that 0 is already a mean over 16 seeds; they all climb to the same summit.
#    - [ ] A larger `batch_size` — noise is not the problem; the exact optimum does not refuse either.
#    - [ ] A smaller `kl_beta` — a longer leash follows the reward even further.
#    - [x] Looking at the row of that prompt — a reward curve cannot show what the reward does not measure;
#      the policy can.

# %% [markdown] lang="tr"
# **Bu derste yaptıkların.** Hangi alıştırmaları çözdün, yolda karşına ne çıktı, tahminlerin nasıl gitti: hepsi burada.
# Not defterini birine teslim edeceksen en son bu hücreyi çalıştır, kaydet, dosyayı gönder. Özet, çekirdek (kernel)
# başladığından beri olanı bilir: defteri kapatıp sonra yeniden açtıysan önce bütün hücreleri çalıştır.

# %% [markdown] lang="en"
# **What you did in this lesson.** Which exercises you solved, what you met on the way, how your predictions went: all
# of it is here. If you are to hand the notebook in, run this cell last, save, and send the file. It knows what has
# happened since the kernel was started: if you come back another day, run all the cells first.

# %% tags=["summary"]
tc.checks.summary("ppo", language="en")

# %% [markdown] lang="tr"
# ## Özet
#
# * **Amaç** ödül eksi tasmadır; en iyisi kesin olarak bilinir ve eğitim ona çok yaklaşır.
# * **Oran** ancak birkaç geçişle 1'den ayrılır; **kırpma** ancak o zaman çalışır.
# * **Tasma** token token uygulanır; bütün token'lardan aynı sayıyı düşmek tasma değil, taban çizgisidir.
# * Ödül eğrisi tek başına hiçbir şeyi kanıtlamaz: KL'ye ve politikanın kendisine de bak.
#
# Sırada ders 4 var: DPO, aynı zirveye ödülü görmeden, örnek çekmeden, yalnızca tercih çiftleriyle çıkar.

# %% [markdown] lang="en"
# ## Summary
#
# * The **goal** is reward minus leash; its optimum is known exactly, and training comes very close to it.
# * The **ratio** leaves 1 only with several passes; only then does the **clip** act.
# * The **leash** pulls token by token; one number for all tokens is not a leash but a baseline.
# * A reward curve proves nothing by itself: look at the KL and at the policy too.
#
# Lesson 4 comes next: DPO climbs to the same summit without rewards and without sampling, from
# preference pairs alone.
