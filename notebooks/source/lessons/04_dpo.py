# ---
# jupyter:
#   toycore:
#     tr: 04_dpo
#     en: 04_dpo
# ---

# %% [markdown] lang="tr"
# # Ders 4 · DPO: tercihlerden öğrenmek
#
# Ders 2'de doğru yanıtı, ders 3'te ödülü biliyorduk. Gerçek hayatta çoğu zaman ikisi de yoktur; elde
# yalnızca şu tür yargılar vardır: *bu yanıt ötekinden iyi.* DPO (direct preference optimization) bu
# **tercih çiftlerinden** (preference pairs) doğrudan öğrenir. Daha eski yol, insan geri bildiriminden
# pekiştirmeli öğrenme (RLHF), çiftlerle önce bir **ödül modeli** eğitir, sonra onun ödülüyle PPO yapar;
# DPO'ya ödül modeli de eğitim sırasında örnek çekmek de gerekmez.
#
# Şaşırtıcı olan şu: DPO, ödülü hiç görmeden, PPO'nun tırmandığı zirveye çıkar. Bunu adım adım
# türetecek, her adımı çalıştıracak ve nerede bozulduğunu da göreceğiz. Süre: yaklaşık 60 dakika;
# *ek* yazan bölümler bekleyebilir, onlarsız 37 dakika. Alıştırmalar: 21 dakika.

# %% [markdown] lang="en"
# # Lesson 4 · DPO: learning from preferences
#
# In lesson 2 we knew the right answer, in lesson 3 the reward. In real life we often have neither, only judgements
# like this: *this answer is better than that one.* DPO (direct preference optimization) learns from such **preference
# pairs** directly. The older way, reinforcement learning from human feedback (RLHF), trains a **reward model** on the
# pairs first and then runs PPO on its reward; DPO needs no reward model, and no sampling while it trains.
#
# The surprise is this: without ever seeing the reward, DPO climbs to the same summit as PPO. We shall derive it step
# by step, run every step, and also see where it breaks. Time: about 60 minutes, or 37 without the sections marked
# *extra*, which can wait. Exercises: 21 minutes.

# %% [markdown] lang="tr"
# ## 1 · Beş tercih çifti (3 dakika)
#
# Bir çift üç şeyden oluşur: istem $x$, **seçilen** (chosen) yanıt $y_c$, **reddedilen** (rejected) yanıt $y_r$.
# (Alt simge r ile koddaki `r`, rejected'ın baş harfidir; formüllerde tek başına r ödüldür.) Bizim beş çiftimiz
# bunlar; başlangıç yine ders 2'nin politikası, 16 tohumla.

# %% [markdown] lang="en"
# ## 1 · Five preference pairs (3 minutes)
#
# A pair has three parts: a prompt $x$, the **chosen** answer $y_c$ and the **rejected** answer $y_r$ (as an index,
# *r* means rejected, not reward). These are our five; the start is again the policy of lesson 2, with 16 seeds.

# %%
import numpy as np
import torch
import xarray as xr

import toycore as tc

torch.set_num_threads(1)  # for tables this small, more threads only wait for one another
tc.set_language(language="en")
world = tc.World(language="en")
start = tc.train_sft(world, tc.SFTConfig(seeds=16))
for prompt, chosen, rejected in world.preference_pairs:
    print(f"{world.prompts[prompt]:18} {world.tokens[chosen]:12} > {world.tokens[rejected]}")
# tr: for tables this small, more threads only wait for one another → bu kadar küçük tablolarda iş parçacıkları yalnızca birbirini bekler

# %% [markdown] lang="tr"
# Altıncı istemin ("kısa cevap") hiç çifti yok. Bunu aklımızda tutalım.
#
# ## 2 · π*'dan kayba, dört adım (9 dakika)
#
# **Adım 1. Ödülü yalnız bırak.** Ders 1 ve 3'ten biliyoruz: tasması (KL cezası) $\beta$ olan en iyi politika
# $\pi^* = \pi_\mathrm{ref}\, e^{r/\beta} / Z$. Bu eşitliği ödül için çözelim:
#
# $$r(x, y) = \beta \log \frac{\pi^*(y|x)}{\pi_\mathrm{ref}(y|x)} + \beta \log Z(x)$$

# %% [markdown] lang="en"
# The sixth prompt ("short answer") has no pair at all. Keep that in mind.
#
# ## 2 · From π* to the loss, in four steps (9 minutes)
#
# **Step 1. Solve for the reward.** From lessons 1 and 3 we know the best policy on a leash (a KL penalty) of $\beta$:
# $\pi^* = \pi_\mathrm{ref}\, e^{r/\beta} / Z$. Solve this for the reward:
#
# $$r(x, y) = \beta \log \frac{\pi^*(y|x)}{\pi_\mathrm{ref}(y|x)} + \beta \log Z(x)$$

# %%
beta = 0.3
ref_logp = torch.as_tensor(start.logp.sel(seed=0).values)
best = tc.exact.optimal_policy(ref_logp, world.reward, beta)
log_z = (ref_logp + world.reward / beta).logsumexp(-1, keepdim=True)
print(torch.allclose(beta * (best - ref_logp) + beta * log_z, world.reward))

# %% [markdown] lang="tr"
# `True`: en iyi politika, ödülün kendisini içinde taşır. Tek pürüz $Z(x)$; gerçek bir modelde onu kimse
# hesaplayamaz.
#
# **Adım 2. Yargıcı modelle.** Bradley ve Terry'nin yargıcı ([1952][bradley_terry]), ödülü büyük olanı daha sık
# seçer (σ, bu derste sigmoid işlevidir):
#
# $$P(y_c \succ y_r) = \sigma\big(r(x, y_c) - r(x, y_r)\big), \qquad \sigma(u) = \frac{1}{1 + e^{-u}}$$

# %% [markdown] lang="en"
# `True`: the best policy carries the reward itself within it. The one snag is $Z(x)$; in a real model
# nobody can compute it.
#
# **Step 2. Model the judge.** The judge of Bradley and Terry ([1952][bradley_terry]) chooses the answer with the larger
# reward more often:
#
# $$P(y_c \succ y_r) = \sigma\big(r(x, y_c) - r(x, y_r)\big), \qquad \sigma(u) = \frac{1}{1 + e^{-u}}$$

# %% judge
x, c, r = world.preference_pairs.T
judge = torch.sigmoid(world.reward[x, c] - world.reward[x, r])
print(judge.numpy().round(3))

# %% [markdown] lang="tr"
# Yargıç kusursuz değildir: yardımsever ile zararlı arasında bile sekizde bir yanılır.
#
# **Adım 3. Birini ötekine koy.** Adım 1'deki ödülü adım 2'ye yazınca iki yanıtın $\beta \log Z(x)$ terimleri aynı
# olur ve **birbirini götürür**:
#
# $$P(y_c \succ y_r) = \sigma\Big(\beta \log \frac{\pi^*(y_c|x)}{\pi_\mathrm{ref}(y_c|x)} -
# \beta \log \frac{\pi^*(y_r|x)}{\pi_\mathrm{ref}(y_r|x)}\Big)$$

# %% [markdown] lang="en"
# The judge is not perfect: even between helpful and harmful it errs one time in eight.
#
# **Step 3. Put one into the other.** When we put the reward of step 1 into step 2, the term $\beta \log Z(x)$ is the
# same for both answers and **cancels**:
#
# $$P(y_c \succ y_r) = \sigma\Big(\beta \log \frac{\pi^*(y_c|x)}{\pi_\mathrm{ref}(y_c|x)} -
# \beta \log \frac{\pi^*(y_r|x)}{\pi_\mathrm{ref}(y_r|x)}\Big)$$

# %%
log_ratio = best - ref_logp
print(torch.allclose(torch.sigmoid(beta * log_ratio[x, c] - beta * log_ratio[x, r]), judge))

# %% [markdown] lang="tr"
# `True`, hem de $Z$ olmadan. **Adım 4. Olabilirliği büyüt.** $\pi^*$ yerine eğitilen $\pi_\theta$'yı
# koyalım; $\hat r = \beta \log(\pi_\theta / \pi_\mathrm{ref})$ politikanın **örtük ödülü** (implicit
# reward), $\Delta = \hat r_c - \hat r_r$ ise **marj** (margin) olsun. Eldeki tercihlerin eksi
# log-olasılığı, DPO kaybıdır ([Rafailov ve ark., 2023][dpo]); kodda `tc.dpo.dpo_loss`:
#
# $$L = -\,\mathbb{E}\big[\log \sigma(\Delta)\big]$$

# %% [markdown] lang="en"
# `True`, and without $Z$. **Step 4. Maximise the likelihood.** Put the policy being trained, $\pi_\theta$, in place
# of $\pi^*$; call $\hat r = \beta \log(\pi_\theta / \pi_\mathrm{ref})$ the **implicit reward** of the policy and
# $\Delta = \hat r_c - \hat r_r$ the **margin**. The DPO loss ([Rafailov et al., 2023][dpo]; `tc.dpo.dpo_loss` in the
# code) is minus the mean log-probability of the preferences we have:
#
# $$L = -\,\mathbb{E}\big[\log \sigma(\Delta)\big]$$

# %% [markdown] lang="tr"
# ## 3 · Başlangıçta ln 2 (3 dakika)
#
# Eğitim referanstan başlar: $\pi_\theta = \pi_\mathrm{ref}$. O anda kayıp kaçtır ve
# $\beta$'ya bağlı mıdır? Gradyan, seçilenin log-olasılığını ne kadar iter?

# %% [markdown] lang="en"
# ## 3 · At the start it is ln 2 (3 minutes)
#
# Training starts at the reference: $\pi_\theta = \pi_\mathrm{ref}$. What is the loss at
# that moment, and does it depend on $\beta$? How hard does the gradient push the log-probability of the
# chosen answer?

# %% first_loss
for beta in (0.1, 0.3, 0.7):
    chosen = ref_logp[x, c].requires_grad_()
    loss, info = tc.dpo.dpo_loss(chosen, ref_logp[x, r], ref_logp[x, c], ref_logp[x, r], beta=beta)
    (gradient,) = torch.autograd.grad(loss, chosen)
    push = -5 * gradient[0]  # the loss is a mean over five pairs
    print(f"beta {beta}: loss {loss.item():.4f}, push on each chosen answer {push:.3f}")
print(f"ln 2 = {np.log(2):.4f}")
# tr: the loss is a mean over five pairs → kayıp, beş çiftin ortalamasıdır
# tr: beta {}: loss {}, push on each chosen answer {} → beta {}: kayıp {}, her seçilen yanıta itiş {}

# %% [markdown] lang="tr"
# Marj 0, $\sigma(0) = 1/2$ ve kayıp her $\beta$ için $\ln 2$: örtük ödül iki yanıtı da eşit görür. Kendi
# kodunda ilk kayıp $\ln 2$ değilse referans, başlangıç politikası değildir. İtme ise
# $\beta\, \sigma(-\Delta)$'dır, yani burada $\beta / 2$; marj büyüdükçe söner.

# %% [markdown] lang="en"
# The margin is 0, $\sigma(0) = 1/2$, and the loss is $\ln 2$ for every $\beta$: by the implicit reward both answers
# are equal. If the first loss in your own code is not $\ln 2$, your reference is not the starting policy. The push is
# $\beta\, \sigma(-\Delta)$, so here $\beta / 2$; it fades as the margin grows.

# %% [markdown] lang="tr"
# ## 4 · Beş çiftle eğitim (10 dakika)
#
# $\beta$'nın üç değeri: 0,1; 0,3; 0,7. Üç eğriye birden bakacağız: seçilenin ve
# reddedilenin log-olasılığı, bir de marj.

# %% [markdown] lang="en"
# ## 4 · Training on five pairs (10 minutes)
#
# Three values of $\beta$: 0.1, 0.3 and 0.7. We look at three curves at once: the
# log-probability of the chosen and of the rejected answer, and the margin.

# %% [markdown] lang="tr" predict="rises"
# **Tahmin et · seçilen yanıtın yolu.** $\beta$ 0,1 iken marj durmadan büyüyor. Seçilen yanıtların log-olasılığı ne yapar?
#
# - hep artar
# - önce artar, sonra geri düşer
# - baştan beri düşer

# %% [markdown] lang="en" predict="rises"
# **Predict · the chosen answers.** With a $\beta$ of 0.1 the margin grows and grows. What does the log-probability of
# the chosen answers do?
#
# - it always rises
# - it rises first and falls back later
# - it falls from the start

# %%
five = tc.train_dpo(world, tc.DPOConfig(beta=[0.1, 0.3, 0.7], seeds=16), start=start)
tc.plots.curves(five, "chosen_logp", "rejected_logp", "margin")

# %% ends
ends = five.history[["loss", "margin", "accuracy", "kl", "attained"]].isel(step=-1, drop=True)
ends.mean("seed").to_dataframe().round(3)

# %% tags=["reveal"]
path = five.history.chosen_logp.sel(beta=0.1).mean("seed").values
top, last = int(path.argmax()), len(path) - 1
rises.reveal(a=top == last, b=0 < top < last, c=top == 0)

# %% [markdown] lang="tr" tags=["answer"]
# Her şey kusursuz görünüyor: kayıp sıfıra yakın, bütün çiftlerde marj artı (`accuracy` burada bu çiftlerin
# payıdır: 1). Ama reddedilenler uçuruma yuvarlanıyor ve $\beta$ 0,1 iken seçilenin eğrisi bir yerden sonra **geri
# düşüyor**. Kayıp bunu umursamaz: yalnızca ikisinin **farkına** bakar. `attained` ise, ders 3'teki gibi, olası kazancın
# ulaşılan payıdır:
#
# $$\frac{J(\pi_\theta) - J(\pi_\mathrm{ref})}{J(\pi^*) - J(\pi_\mathrm{ref})}, \qquad J = \mathbb{E}[r] - \beta\, \mathrm{KL}$$
#
# `attained` 1'in çok altında, büyük $\beta$'larda **eksi** bile: politika başladığından kötüdür, çünkü KL'nin
# bedeli ödüldeki kazancı aşar. Beş çift, ödülün tamamını anlatmaya yetmez.

# %% [markdown] lang="en" tags=["answer"]
# Everything looks perfect: the loss is near zero and every pair has a positive margin (`accuracy`, here the share of
# such pairs, is 1). But the rejected answers fall off a cliff, and with a $\beta$ of 0.1 the curve of the chosen ones
# **turns back down** after a while. The loss does not mind: it looks only at the **difference** between the two.
# `attained`, as in lesson 3, is the share of the possible gain that was reached:
#
# $$\frac{J(\pi_\theta) - J(\pi_\mathrm{ref})}{J(\pi^*) - J(\pi_\mathrm{ref})}, \qquad J = \mathbb{E}[r] - \beta\, \mathrm{KL}$$
#
# It is far below 1, and at the two larger values of $\beta$ even **negative**: the policy is worse than at the start,
# because the KL costs more than the reward gains. Five pairs are not enough to convey the whole reward.

# %% [markdown] lang="tr" predict="untouched"
# **Tahmin et · çifti olmayan istem.** Altıncı istemin ("kısa cevap") hiç çifti yok; başta `kısa` 0,44 ile önde. $\beta$ 0,1 ile
# eğitimden sonra o satır nasıl olur?
#
# - yerinde durur
# - 'kısa' daha da olası olur
# - başka bir yanıt öne geçer

# %% [markdown] lang="en" predict="untouched"
# **Predict · the prompt without a pair.** The sixth prompt ("short answer") has no pair; at the start `short` leads
# with 0.44. What has happened to that row after training with a $\beta$ of 0.1?
#
# - it stays as it was
# - 'short' gets likelier still
# - another answer comes to the front

# %% sixth_prompt
tc.plots.answers(world, 5, before=start.logp, after=five.logp.sel(beta=0.1))

# %% tags=["reveal"]
before, after = (np.exp(run.logp)[:, 5].mean("seed").values for run in (start, five.sel(beta=0.1)))
changed, leads = float(after[10] - before[10]), int(after.argmax()) == 10
untouched.reveal(a=abs(changed) < 0.05, b=changed > 0.05, c=changed < -0.05 and not leads)

# %% [markdown] lang="tr" tags=["answer"]
# Bütün istemler aynı adaptörü paylaşır; beş satırı sertçe itmek altıncıyı da sürükledi, tohumların ortalamasında
# `kötü` yanıtını öne çıkardı. Oysa hiçbir çift `kötü` yanıtını övmemişti! Tercih verisinde **olmayan** istemler
# de eğitimden etkilenir; kayıp bunu göstermez.

# %% [markdown] lang="en" tags=["answer"]
# All prompts share one adapter; pushing five rows hard dragged the sixth along and, averaged over the seeds, brought
# `bad` to the front. Yet no pair ever praised `bad`! Prompts that are **not** in the preference data are changed by
# training too, and the loss does not show it.

# %% [markdown] lang="tr"
# Aynı ortaklık, seçilenin düşüşünü de açıklar mı? Çiftlerden **yalnızca biri** için düz bir gradyan adımı atalım ve her
# istemin seçilen yanıtına bakalım: kendi çifti ona ne yapar, öbür istemlerin çiftleri ne yapar?

# %% [markdown] lang="en"
# Does this sharing also explain why the chosen answers fall? We take a plain gradient step for **one pair alone** and
# look at the chosen answer of every prompt: what does its own pair do to it, and what do the pairs of other prompts
# do?


# %%
def one_pair(policy, pair, beta=0.1):
    """The change of the mean chosen log-probability: by its own pair, and of other prompts."""
    policy, (x, c, r) = policy.select(torch.arange(16)), world.preference_pairs.T
    logp, reference, one = policy.logp(), torch.as_tensor(start.logp.values), slice(pair, pair + 1)
    asked = [table[:, x, y][:, one] for table in (logp, reference) for y in (c, r)]
    loss = tc.dpo.dpo_loss(*asked, beta=beta)[0].sum() / len(x)  # as it counts in the mean of five
    loss.backward()
    for weight in (policy.head.lora_A, policy.head.lora_B):
        weight.data -= weight.grad  # one plain step, at rate 1
    change = (policy.logp() - logp)[:, x, c].detach().mean(0) / len(x)
    return np.array([change[pair], change.sum() - change[pair]])


# tr: The change of the mean chosen log-probability: by its own pair, and of other prompts. → Seçilenlerin ortalama log olasılığındaki değişim: kendi çiftinden, öteki istemlerden.
# tr: as it counts in the mean of five → beşin ortalamasındaki payıyla
# tr: one plain step, at rate 1 → tek bir düz adım, oran 1


# %% pushes
later = tc.train_dpo(world, tc.DPOConfig(beta=0.1, steps=100, seeds=16), start=start)
for when, run in {"at the start": start, "after 100 steps": later}.items():
    own, others = 1000 * sum(one_pair(run.model, pair) for pair in range(5))
    print(f"{when:15} own pair {own:+6.2f}, pairs of other prompts {others:+5.2f} thousandths")
# tr: at the start → başta
# tr: after 100 steps → 100 adım sonra
# tr: {} own pair {}, pairs of other prompts {} thousandths → {} (binde) kendi çifti {}, öteki istemlerin çiftleri {}

# %% [markdown] lang="tr"
# Kendi çifti seçileni kaldırır, başka istemlerin çiftleri onu ortak adaptör üzerinden aşağı iter. Başta kendi
# çiftinin itişi altı kat güçlüdür. Ama log-olasılık 0'ı geçemez: yanıt tepeye yaklaştıkça kendi çiftinin itişi
# söner. Küçük $\beta$ ile marj hâlâ doymamıştır, öbür çiftler aşağı itmeyi sürdürür; denge **eksiye** döner.

# %% [markdown] lang="en"
# A chosen answer is lifted by its own pair and pressed down by the pairs of other prompts, through the shared
# adapter. At the start its own pair pushes six times as hard. But no log-probability can rise above 0: near the top
# that push fades. With a small $\beta$ the margin is not yet large enough, the other pairs go on pushing, and the
# balance turns **negative**.

# %% [markdown] lang="tr"
# ## 5 · Yargıca çok soru sor (2 dakika)
#
# Şimdi ödülü bilen bir Bradley–Terry yargıcına tohum başına 100.000 çift soralım. İki yanıt da
# referanstan çekilir; DPO yalnızca hangisinin seçildiğini görür, ödülü görmez.

# %% [markdown] lang="en"
# ## 5 · Ask the judge many questions (2 minutes)
#
# Now we put 100,000 pairs for each seed to a Bradley–Terry judge who knows the reward. Both answers are drawn from
# the reference; DPO sees only which one was chosen, not the reward.

# %%
seeds = start.config.seeds
asked = [world.sample_preferences(start.logp.sel(seed=s), 100_000, seed=s) for s in seeds]
pairs = torch.stack(asked)
x, c, r = pairs.unbind(-1)
gap = world.reward[x, c] - world.reward[x, r]
print(
    f"the better answer won {(gap > 0).sum() / (gap.abs() > 1e-9).sum():.1%} of the unequal pairs"
)
# tr: the better answer won {} of the unequal pairs → ödülleri farklı çiftlerde daha iyi yanıtın kazandığı pay: {}

# %% [markdown] lang="tr"
# ## 6 · Kaydır: β (7 dakika)
#
# Yedi $\beta$, 16 tohum, aynı 100.000 çift. Kesikli çizgiler, ödülü **bilen** kesin en iyi politikaların
# ödülünü ve KL'sini gösterir. Ödülü görmeyen DPO onlara varır mı?

# %% [markdown] lang="en"
# ## 6 · Slide: β (7 minutes)
#
# Seven values of $\beta$, 16 seeds, the same 100,000 pairs. The dashed lines for reward and KL are the exact optima,
# and those **know** the reward. Will DPO, which does not see it, get to those lines?

# %%
betas = [0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 2.0]
many = tc.train_dpo(world, tc.DPOConfig(beta=betas, seeds=16), pairs, start)
tc.plots.curves(many, "reward", "kl", optimum=True)

# %%
tc.widgets.slider(
    "beta",
    betas,
    lambda value: tc.plots.curves(many, "reward", "kl", highlight=value, optimum=True),
    start=0.3,
    language=world.language,
)

# %% [markdown] lang="tr"
# Varır; `beta` küçükken KL, çizgisinden biraz yukarıda biter, en çok da 0,1'de: 0,526 yerine 0,571. DPO ödülü, yargıcın 100.000 kararsız kararından öğrenir ve biraz yanılır. Referansa göre log oran, bir sabit
# dışında $r / \beta$'dır; öyleyse ödüldeki yanılgı da $\beta$'ya **bölünür**:

# %% [markdown] lang="en"
# It does, though with a small `beta` the KL ends a little above its line, most of all at 0.1: 0.571 instead of 0.526.
# DPO learns the reward from 100,000 verdicts of a judge who wavers, so it errs a little. The log ratio to the
# reference is $r / \beta$, up to a constant; so the error in the reward is **divided** by $\beta$ too:

# %% reward_error
for beta in (0.1, 0.3, 1.0):
    best = tc.exact.optimal_policy(start.logp, world.reward, beta)
    error = torch.as_tensor(many.logp.sel(beta=beta).values) - best
    error -= (best.exp() * error).sum(-1, keepdim=True)  # the constant does not count
    spread = (best.exp() * error**2).sum(-1).sqrt().mean()
    kl, line = many.history.kl.sel(beta=beta)[:, -1].mean(), tc.exact.kl(best, start.logp).mean()
    print(f"beta {beta}: KL {kl:.3f}, its line {line:.3f};", end=" ")
    print(f"log ratio off by {spread:.3f}, reward by {beta * spread:.3f}")
# tr: the constant does not count → sabitin önemi yok
# tr: beta {}: KL {}, its line {}; → beta {}: KL {}, çizgisi {};
# tr: log ratio off by {}, reward by {} → log oranın hatası {}, ödülünki {}

# %% [markdown] lang="tr"
# Ödüldeki yanılgı her $\beta$'da hemen hemen aynı; log orandaki ise 0,1'de, 1'dekinin on katı. Log oranın
# yanılgısı hangi yöne olursa olsun KL'yi büyütür, kabaca karesinin yarısı kadar. Gerisi bildiğimiz tasmadır:
# küçük $\beta$ uzun tasmadır (çok ödül, çok KL), büyük $\beta$ referansa yakın tutar. PPO'nun `kl_beta`'sı ile
# DPO'nun `beta`'sı **aynı düğmedir**. Marj ise ilginç bir şey söyler:

# %% [markdown] lang="en"
# The error in the reward is nearly the same at every $\beta$; the error in the log ratio is ten times larger at 0.1
# than at 1. Whichever way the log ratio errs, it adds to the KL, by roughly half the square of the error. The rest is
# the leash we know: a small $\beta$ is a long one, much reward and much KL; a large $\beta$ stays close to the
# reference. PPO's `kl_beta` and DPO's `beta` are **the same knob**. The margin shows something curious:

# %% margins
ends = many.history[["margin", "chosen_logp", "rejected_logp", "kl", "attained"]]
print(f"true gap in reward, mean over all pairs: {gap.mean():.3f}")
ends.isel(step=-1, drop=True).mean("seed").to_dataframe().round(3)
# tr: true gap in reward, mean over all pairs: {} → gerçek ödül farkı, bütün çiftlerin ortalaması: {}

# %% [markdown] lang="tr"
# Marj her $\beta$'da aynı yere, **gerçek ödül farkına** oturdu. Olması gereken de bu: en iyi noktada örtük ödüllerin farkı, ödüllerin farkına eşittir (bölüm 2, adım 1). $\beta$ yalnızca bu farkın kaç nat log-olasılıkla
# kurulacağını belirler.

# %% [markdown] lang="en"
# At every $\beta$ the margin settled in the same place, at the **true difference in reward**. It has to: at the
# optimum, differences of implicit reward are differences of reward (section 2, step 1). $\beta$ only decides how many
# nats of log-probability it takes to build that difference.

# %% [markdown] lang="tr"
# ## 7 · Seçilen de düşebilir (7 dakika, ek)
#
# Tabloda `chosen_logp`'ye dikkat et: $\beta$ 0,5'e kadar seçilenlerin log-olasılığı başlangıçtakinden (−1,89)
# **düşük**. Buna **olasılık kayması** (likelihood displacement; [Razin ve ark., 2024][likelihood_displacement])
# denir.

# %% [markdown] lang="en"
# ## 7 · The chosen answer may fall too (7 minutes, extra)
#
# Look at `chosen_logp` in the table: at every $\beta$ up to 0.5 the chosen answers are **less** likely than
# at the start (−1.89). This is called **likelihood displacement** ([Razin et al., 2024][likelihood_displacement]).

# %% [markdown] lang="tr" predict="flaw"
# **Tahmin et · kusur mu, yasa mı?** $\beta$ 0,3 iken seçilen yanıtlar, eğitimsiz bulunan kesin en iyi politikada başlangıca göre nasıldır?
#
# - orada da daha az olası
# - daha olası: düşüş, eğitimin kusurudur
# - başlangıçtaki kadar olası

# %% [markdown] lang="en" predict="flaw"
# **Predict · flaw or law?** With a $\beta$ of 0.3, how likely are the chosen answers at the exact optimum, found
# without training, compared with the start?
#
# - less likely there too
# - likelier: the fall is a flaw of training
# - as likely as at the start

# %% chosen
reference = torch.as_tensor(start.logp.values)
seed = torch.arange(16)[:, None]
print("log-probabilities at the optimum, against the start")
for beta in (0.1, 0.3, 0.7):
    change = tc.exact.optimal_policy(reference, world.reward, beta) - reference
    up, down = change[seed, x, c].mean(), change[seed, x, r].mean()
    both, half = (up + down) / 2, (up - down) / 2
    print(f"beta {beta}: mean of both {both:.2f}, half their distance {half:+.2f}, chosen {up:.2f}")
# tr: log-probabilities at the optimum, against the start → en iyideki log olasılıklar, başlangıca göre
# tr: beta {}: mean of both {}, half their distance {}, chosen {} → beta {}: ikisinin ortalaması {}, farklarının yarısı {}, seçilen {}

# %% tags=["reveal"]
optimal = tc.exact.optimal_policy(reference, world.reward, 0.3)
fall = float((optimal - reference)[seed, x, c].mean())
flaw.reveal(a=fall < -0.05, b=fall > 0.05, c=abs(fall) < 0.05)

# %% [markdown] lang="tr" tags=["answer"]
# Seçilenin log-olasılığı, ikisinin ortalamasının yarım aralık üstündedir (aralık, ikisinin farkıdır); o ortalama
# ise düşer. Yanıtlar referanstan çekilmiştir; bir politikanın örneklerini ise başka hiçbir politika ortalamada
# onun kadar olası bulmaz: referans bu log-olasılığın **tepesindedir**. (Bir çiftin iki yanıtı hep farklıdır; bu,
# tepeyi biraz kaydırır.) Tepede gradyan hemen hemen 0'dır; uzaklaşmanın bedeli önce küçüktür, sonra aralıktan
# daha hızlı büyür: $\beta$ 0,7'den 0,1'e inince aralık yedi, ortalamanın düşüşü on dört kat büyür. Küçük
# $\beta$'da düşüş kazanır. Kayıp yalnızca **aralığa** bakar.

# %% [markdown] lang="en" tags=["answer"]
# The chosen answers lie half the distance above the mean of both, and that mean falls. The answers were drawn from
# the reference, and on average no policy finds samples as likely as the policy that drew them: the reference sits at
# the **top** of this log-probability. (The two answers of a pair always differ, which moves the top a little.) At the
# top the gradient is nearly 0; moving away costs little at first, but the cost then grows faster than the distance:
# from a $\beta$ of 0.7 to 0.1 the distance grows sevenfold, the fall of the mean fourteenfold. With a small $\beta$
# the fall wins. The loss looks only at the **distance**.

# %% [markdown] lang="tr"
# Veri azsa bu gerçek bir soruna dönüşür. Her tohumun ilk 100 çiftiyle eğitelim:

# %% [markdown] lang="en"
# With little data this turns into a real problem. Let us train on the first 100 pairs of each seed:

# %%
few = tc.train_dpo(world, tc.DPOConfig(beta=[0.1, 0.3, 0.7], seeds=16), pairs[:, :100], start)
tc.plots.curves(few, "chosen_logp", "rejected_logp", "margin")

# %% [markdown] lang="tr"
# Marj büyüyor, eğitim "başarılı"; ama $\beta$ 0,3 iken ortalama bir *seçilen* yanıt artık binlerce kat daha az
# olası. Olasılık nereye gitti? Şüphelimiz, o 100 çiftte hiç kaybetmemiş yanıtlar:

# %% [markdown] lang="en"
# The margin grows and training is a "success"; yet with a $\beta$ of 0.3 an average *chosen* answer is now thousands
# of times less likely. Where did the probability go? Our suspects are the answers that never lost in those 100 pairs:

# %%
never_lost = np.ones((16, 6, 11), dtype=bool)
never_lost[seed, x[:, :100], r[:, :100]] = False
for name, logp in {"before": start.logp, "after": few.logp.sel(beta=0.3)}.items():
    print(f"{name:6} P(never lost) = {(np.exp(logp.values) * never_lost).sum(-1).mean():.2f}")
# tr: before → önce
# tr: after → sonra
# tr: {} P(never lost) = {} → {} P(hiç kaybetmeyen) = {}

# %% [markdown] lang="tr"
# Suçlu bulundu. Hiç kaybetmemiş bir yanıt iyi olmak zorunda değildir; az sorulmuş da olabilir. Böyle
# bir yanıta hiçbir sonlu marj yetmez; olasılığın çoğu da ona akar.
#
# ## 8 · Az çift, çok çift (6 dakika, ek)
#
# Kayıp, çift sayısı ne olursa olsun güzelce iner. Peki politika nereye varır?

# %% [markdown] lang="en"
# We have found the culprit. An answer that never lost need not be good; it may just have rarely been asked about. No
# finite margin is enough for it, and most of the probability flows to it.
#
# ## 8 · Few pairs, many pairs (6 minutes, extra)
#
# The loss goes down nicely whatever the number of pairs. But where does the policy end up?

# %% [markdown] lang="tr" predict="how_many"
# **Tahmin et · kaç çift?** 6 istem, 11 token, $\beta$ 0,3. Kesin zirvenin %90'ına ulaşmak için kaç çift gerekir?
#
# - 100
# - 1.000
# - 10.000
# - 100.000

# %% [markdown] lang="en" predict="how_many"
# **Predict · how many pairs?** 6 prompts, 11 tokens, a $\beta$ of 0.3. How many pairs does it take to reach 90% of the exact summit?
#
# - 100
# - 1,000
# - 10,000
# - 100,000

# %% pairs
counts = [100, 300, 1000, 3000, 10_000, 30_000, 100_000]
config = tc.DPOConfig(beta=0.3, seeds=16)
runs = [tc.train_dpo(world, config, pairs[:, :n], start).history for n in counts]
attained = xr.concat([h.attained.isel(step=-1) for h in runs], xr.Variable("pairs", counts))
print("the loss fell every time:", all((h.loss[:, -1] < h.loss[:, 0]).all() for h in runs))
tc.plots.against(world, "attained", exact=1.0, DPO=attained.assign_coords(pairs=counts))
# tr: the loss fell every time: → kayıp her seferinde düştü:

# %% tags=["reveal"]
enough = next(n for n, share in zip(counts, attained.mean("seed")) if share > 0.9)
how_many.reveal(a=enough <= 300, b=enough == 1000, c=enough == 10_000, d=enough == 100_000)

# %% [markdown] lang="tr" tags=["answer"]
# Yüz çiftle `attained` eksidedir: politika, başladığı yerden **kötü** duruma düşer; ödülü artmıştır, ama KL'nin bedeli daha büyüktür. Binlerce çiftten
# sonra toparlanır, 10.000 çiftte %90'ı geçer ve zirveye yanaşır. Kayıp eğrisi ise her seferinde güzelce
# inmişti. Veri azken denenebilecek iki çare var: erken durmak ve bölüm 11'deki IPO. Alıştırmalarda ikisini de ölçeceksin.

# %% [markdown] lang="en" tags=["answer"]
# With a hundred pairs `attained` is negative: the policy ends up **worse** than it started, because its reward has
# risen but the KL costs more. With thousands of pairs it recovers, passes 90% at 10,000 pairs and closes in on the
# summit. The loss curve went down nicely every time. Two cures are worth trying when data are scarce: stopping early,
# and the IPO of section 11. In the exercises you will measure both.

# %% [markdown] lang="tr"
# Üçüncü bir çare, kayba seçilenin SFT kaybını ekler ([Pang ve ark., 2024][iterative_reasoning]):
# $L + w \cdot \mathbb{E}[-\log \pi_\theta(y_c|x)]$. Bizde $w$ `sft_weight`'tir; yaygın kitaplık TRL'de
# `loss_type=["sigmoid", "sft"]`, `loss_weights=[1.0, w]`:

# %% [markdown] lang="en"
# A third cure adds the SFT loss of the chosen answers ([Pang et al., 2024][iterative_reasoning]):
# $L + w \cdot \mathbb{E}[-\log \pi_\theta(y_c|x)]$. Here $w$ is `sft_weight`; in the library TRL it is
# `loss_type=["sigmoid", "sft"]`, `loss_weights=[1.0, w]`:

# %% sft_term
config = tc.DPOConfig(beta=0.3, sft_weight=[0, 0.1, 1], seeds=16)
for n in (100, 100_000):
    held = tc.train_dpo(world, config, pairs[:, :n], start).history[["chosen_logp", "attained"]]
    print(f"{n:,} pairs")
    display(held.isel(step=-1, drop=True).mean("seed").to_dataframe().round(3))
# tr: {} pairs → {} çift

# %% [markdown] lang="tr"
# 100 çiftle eğitirken $w$ 0,1 ise seçilenler başladıkları yerde (−1,89) kalır, `attained` da −2,865'ten 0'a
# yaklaşır; 1 ise `attained` artıdır. Çift çokken aynı terim **zarar verir**: vasat olanlar dâhil bütün
# seçilenleri oldukları yerde tutar; oysa zirve, onların bir kısmının düşmesini ister.

# %% [markdown] lang="en"
# With 100 pairs and a $w$ of 0.1 the chosen answers stay where they started (−1.89) and `attained` rises from −2.865
# to nearly 0; with 1 it is positive. With many pairs the same term **does harm**: it holds on to whatever was chosen,
# even the mediocre, while at the summit some of them should fall.

# %% [markdown] lang="tr"
# ## 9 · Referansı atarsak (5 dakika, ek)
#
# Bu derslerin doğduğu eski not defterinin kaybında referans yoktu:
# $-\log \sigma(\beta\,(\log \pi_c - \log \pi_r))$. Bu, referansı **düzgün dağılım** (uniform) olan DPO'dur; çünkü
# $1/11$ iki yanıtta da aynıdır ve farkta kaybolur.

# %% [markdown] lang="en"
# ## 9 · Throwing the reference away (5 minutes, extra)
#
# The notebook that this course grew out of had a loss without a reference:
# $-\log \sigma(\beta\,(\log \pi_c - \log \pi_r))$. This is DPO with a **uniform** reference, since $1/11$ is the same
# for both answers and vanishes in the difference.

# %% [markdown] lang="tr" predict="without"
# **Tahmin et · referanssız.** Aynı çiftlerle referanssız eğitelim. Ödül ile SFT'den kalan alışkanlık (ilk istemde
# `teşekkürler` demek) ne olur?
#
# - ödül düşer, alışkanlık kalır
# - ödül aynı kalır, alışkanlık silinir
# - ikisi de referanslı eğitimdeki gibi kalır

# %% [markdown] lang="en" predict="without"
# **Predict · without a reference.** We train on the same pairs, without a reference. What happens to the reward, and
# to the habit that SFT taught (`thanks` at the first prompt)?
#
# - the reward falls, the habit stays
# - the reward is the same, the habit is wiped out
# - both are the same as with the reference

# %% reference_free
reference = torch.as_tensor(start.logp.values)
best = tc.exact.optimal_policy(reference, world.reward, 0.3)
uniform_best = (world.reward / 0.3).log_softmax(-1).expand(16, 6, 11)
rewards, habits = [], []
for free in (False, True):
    config = tc.DPOConfig(beta=0.3, reference_free=free, seeds=16)
    logp = tc.train_dpo(world, config, pairs, start).logp
    rewards.append(float(tc.exact.expected_reward(logp, world.reward).mean()))
    habits.append(float(np.exp(logp[:, 0, 3]).mean()))
    to_best, to_uniform = (tc.exact.kl(logp, t).mean() for t in (best, uniform_best))
    print(f"reference_free={free!s:5} KL to pi* {to_best:.3f}, to softmax(r/beta) {to_uniform:.3f}")
# tr: reference_free={} KL to pi* {}, to softmax(r/beta) {} → reference_free={} KL: pi* için {}, softmax(r/beta) için {}

# %%
tc.plots.policies(world, before=start.logp, optimal=best, after=logp)

# %% tags=["reveal"]
print("reward with and without a reference:", np.round(rewards, 3))
print("P(thanks) at the first prompt:", np.round(habits, 3))
paid, kept = abs(rewards[1] - rewards[0]) < 0.05, habits[1] > 0.9 * habits[0]
without.reveal(a=not paid and kept, b=paid and not kept, c=paid and kept)
# tr: reward with and without a reference: → referansla ve referanssız ödül:
# tr: P(thanks) at the first prompt: → ilk istemde P(teşekkürler):

# %% [markdown] lang="tr" tags=["answer"]
# En iyisi bellidir: $\mathrm{softmax}(r/\beta)$, içinde referans yok. Soldaki başlangıç, ortadaki $\pi^*$,
# sağdaki referanssız eğitim. Referanssız kayıp, SFT'nin öğrettiği her şeyi siler: her istemde aynı altı
# yardımsever token, eşit olasılıkla. Ödül hemen hemen aynı, alışkanlıklar gitmiş. Referans bir ayrıntı değil,
# eski davranışın kendisidir.

# %% [markdown] lang="en" tags=["answer"]
# The optimum of this loss is known: $\mathrm{softmax}(r/\beta)$, without any reference. The start is on the left,
# $\pi^*$ in the middle, training without a reference on the right. Without the reference, the loss wipes out
# everything that SFT taught: the same six helpful tokens at every prompt, equally likely. The reward is nearly the
# same but the habits are gone. The reference is not a detail; it is the old behaviour itself.

# %% [markdown] lang="tr"
# ## 10 · İki yol, tek zirve (3 dakika)
#
# PPO ödülü görür, örnek çeker, dener. DPO ödülü görmez, hazır çiftlere bakar. Aynı
# $\beta$ ile sınırın (frontier) üzerinde aynı noktaya mı düşerler?

# %% [markdown] lang="en"
# ## 10 · Two roads, one summit (3 minutes)
#
# PPO sees the reward, draws samples and tries them. DPO does not see the reward and looks at ready-made pairs. With
# the same $\beta$, do they land on the same point of the frontier?

# %%
# without an entropy bonus, so that both have the same goal
ppo = tc.train_ppo(world, tc.PPOConfig(kl_beta=betas, ent_coef=0, seeds=16), start=start)
tc.plots.frontier(ppo, many)
# tr: without an entropy bonus, so that both have the same goal → entropi ödülü olmadan: ikisinin amacı aynı olsun

# %% between
for beta in (0.1, 0.3, 1.0):
    between = tc.exact.kl(many.logp.sel(beta=beta), ppo.logp.sel(kl_beta=beta).values).mean()
    print(f"beta {beta}: KL between DPO's policy and PPO's {between:.3f} nats")
# tr: beta {}: KL between DPO's policy and PPO's {} nats → beta {}: DPO ile PPO politikaları arasındaki KL {} nat

# %% [markdown] lang="tr"
# Daire PPO, baklava DPO; boş kareler kesin en iyi. Aynı $\beta$, aynı nokta: **iki yol, tek zirve.** En
# uzun tasmada (0,1) DPO, bölüm 6'da gördüğümüz kadar, biraz sağa taşar.

# %% [markdown] lang="en"
# Circles are PPO, diamonds DPO, hollow squares the exact optimum. The same $\beta$, the same point:
# **two roads, one summit.** On the longest leash (0.1) DPO strays a little to the right, as we saw in section 6.

# %% [markdown] lang="tr"
# ## 11 · Sert etiketler ve IPO (5 dakika, ek)
#
# Beş çiftte yargıç hiç kararsız kalmadı: her çiftte hep aynı yanıt kazandı. Buna **sert etiket** (hard
# label) denir. $-\log \sigma(\Delta)$ ancak $\Delta \to \infty$ iken sıfır olur; eğitim sürdükçe marj
# durmadan büyür. IPO (identity preference optimization; [Azar ve ark., 2023][ipo]) sonsuz yerine bir hedef koyar:
#
# $$L_\mathrm{IPO} = \mathbb{E}\Big[\Big(\frac{\Delta - 1/2}{\beta}\Big)^2\Big]$$
#
# Beş çiftle iki kaybı yan yana koyalım:

# %% [markdown] lang="en"
# ## 11 · Hard labels and IPO (5 minutes, extra)
#
# In the five pairs the judge never wavered: the same answer of a pair always won. This is called a **hard label**.
# $-\log \sigma(\Delta)$ reaches zero only as $\Delta \to \infty$, so the margin runs away for as long as training
# lasts. IPO (identity preference optimization; [Azar et al., 2023][ipo]) sets a finite target instead:
#
# $$L_\mathrm{IPO} = \mathbb{E}\Big[\Big(\frac{\Delta - 1/2}{\beta}\Big)^2\Big]$$
#
# On the five pairs, the two losses side by side:

# %%
config = tc.DPOConfig(loss_type=["sigmoid", "ipo"], steps=[75, 300, 1200], seeds=16)
hard = tc.train_dpo(world, config, start=start)
tc.plots.curves(hard.sel(steps=1200), "chosen_logp", "rejected_logp", "margin")

# %% losses
ends = hard.history.margin.isel(step=-1).mean("seed")
for steps in (75, 300, 1200):
    print(f"{steps:4} steps: margin", ends.sel(steps=steps).to_series().round(2).to_dict())
# tr: {} steps: margin → {} adım: marj

# %% [markdown] lang="tr"
# Sigmoid kaybında dört kat adım, marja her seferinde iki birimden çok ekler; sonu yoktur. IPO
# $\Delta = 1/2$'de durur ve orada kalır. Reddedilenin log-olasılığı da uçurumdan yuvarlanmaz. Gerçek
# veride etiketlerin çoğu serttir (her çift bir kez sorulur); DPO'nun veri üzerinden az sayıda
# geçişle eğitilmesinin bir nedeni budur.

# %% [markdown] lang="en"
# With the sigmoid loss, four times the steps add more than two to the margin each time, and there is no end to it.
# IPO stops at $\Delta = 1/2$ and stays there, and the rejected answers do not fall off the cliff. In real data most
# labels are hard (each pair is judged only once); that is one reason why DPO is run for few passes over the data.

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
dict(enumerate(world.prompts)), dict(enumerate(world.tokens))

# %% [markdown] lang="tr"
# ### Alıştırma 1 · DPO kaybını yaz
#
# ●●○ · 8 dakika. Bölüm 2'nin sonundaki kayıp. İlk dört girdi, aynı çiftlerin log-olasılıklarıdır;
# her biri bir tensör. Sonuç tek bir sayıdır.
#
# <details><summary>İpucu</summary>
#
# Kâğıtta üç satır: iki örtük ödül, marj, kayıp. `torch.nn.functional.logsigmoid` log σ'nın kendisidir.
#
# </details>

# %% [markdown] lang="en"
# ### Exercise 1 · Write the DPO loss
#
# ●●○ · 8 minutes. The loss at the end of section 2. The first four inputs are log-probabilities for the same pairs,
# one tensor each. The result is a single number.
#
# <details><summary>Hint</summary>
#
# Three lines on paper: two implicit rewards, the margin, the loss. `torch.nn.functional.logsigmoid` is
# log σ itself.
#
# </details>


# %% tags=["exercise"]
def dpo_loss(chosen_logp, rejected_logp, ref_chosen_logp, ref_rejected_logp, beta):
    return ...


# %% tags=["check"]
tc.checks.dpo_loss(dpo_loss, language="en")


# %% tags=["solution"]
def dpo_loss(chosen_logp, rejected_logp, ref_chosen_logp, ref_rejected_logp, beta):
    chosen_reward = beta * (chosen_logp - ref_chosen_logp)
    rejected_reward = beta * (rejected_logp - ref_rejected_logp)
    return -torch.nn.functional.logsigmoid(chosen_reward - rejected_reward).mean()


# %% [markdown] lang="tr"
# ### Alıştırma 2 · IPO nereden başlar?
#
# ●○○ · 3 dakika. Sigmoid kaybı $\ln 2$'den başlar; IPO bölüm 11'dedir (ek). IPO, $\beta = 0.25$ iken referanstan
# başlarsa ilk kaybı kaçtır? Kâğıt üzerinde bul ve yaz; denetim, eğitimi çalıştırıp karşılaştırır.
#
# <details><summary>İpucu</summary>
#
# Başlangıçta politika referansın kendisidir: $\Delta$ kaçtır?
#
# </details>

# %% [markdown] lang="en"
# ### Exercise 2 · Where does IPO start?
#
# ●○○ · 3 minutes. The sigmoid loss starts at $\ln 2$; IPO is in section 11 (extra). With $\beta = 0.25$, starting at
# the reference, what is the first loss of IPO? Work it out on paper and write it down; the check runs the training
# and compares.
#
# <details><summary>Hint</summary>
#
# At the start the policy is the reference itself: what is $\Delta$?
#
# </details>

# %% tags=["exercise"]
first_loss = ...

# %% tags=["check"]
tc.checks.ipo_start(first_loss, language="en")

# %% tags=["solution"]
first_loss = ((0 - 1 / 2) / 0.25) ** 2

# %% [markdown] lang="tr"
# ### Alıştırma 3 · Yüz çift ve iki çare
#
# ●○○ · 4 dakika. 100 çift ve 200 adımla `attained` eksiydi (bölüm 8, ek). Aynı çiftlerle hangisi en iyi sonucu verir?
#
# * `"a"` olduğu gibi: 200 adım, sigmoid; az veriden her şeyi çıkarmak gerekir
# * `"b"` 200 yerine 10 adım, sigmoid
# * `"c"` yine 200 adım, ama IPO (bölüm 11, ek)
#
# <details><summary>İpucu</summary>
#
# Zararı veren, durmadan büyüyen marjdı. IPO onu bir hedefte durdurur; o hedefe varmak için 100 çift yeter mi?
#
# </details>

# %% [markdown] lang="en"
# ### Exercise 3 · A hundred pairs and two cures
#
# ●○○ · 4 minutes. With 100 pairs and 200 steps `attained` was negative (section 8, extra). With the same pairs, which of
# these ends best?
#
# * `"a"` as it is: 200 steps, sigmoid; scarce data must be used to the full
# * `"b"` 10 steps instead of 200, sigmoid
# * `"c"` still 200 steps, but IPO (section 11, extra)
#
# <details><summary>Hint</summary>
#
# The harm came from a margin that grew on and on. IPO stops it at a target; are 100 pairs enough to go that far?
#
# </details>

# %% tags=["exercise"]
cure = ...

# %% tags=["check"]
tc.checks.few_pairs(cure, language="en")

# %% tags=["solution"]
cure = "b"

# %% [markdown] lang="tr"
# ### Alıştırma 4 · Kendi çiftlerin
#
# ●●○ · 6 dakika. Beş çift, çifti olmayan altıncı istemin yanıtını da değiştirmişti (bölüm 4). Beş çifte en çok
# iki çift ekle: eğitimden sonra ($\beta = 0.3$, 200 adım) altıncı istemde `kısa` yanıtının olasılığı 0,9'u bulsun,
# dördüncü istemdeki ret de 0,9'un altına düşmesin. Yanıtın bir listedir; her çift `(istem, seçilen, reddedilen)`, adlarla
# ya da yukarıdaki numaralarla.
#
# <details><summary>İpucu</summary>
#
# Veri, olduğu yerde korur. Bir çift yalnızca hangi yanıtın ötekini yendiğini söyler: o istemde kim kazanmalı? Kaybeden
# için birkaçını dene; verdikleri olasılıkları karşılaştır.
#
# </details>

# %% [markdown] lang="en"
# ### Exercise 4 · Pairs of your own
#
# ●●○ · 6 minutes. The five pairs also changed the answer to the sixth prompt, which has none (section 4). Add at most
# two pairs to the five so that, after training ($\beta = 0.3$, 200 steps), `short` at the sixth prompt reaches a
# probability of 0.9 and the refusal at the fourth does not fall below 0.9. Your answer is a list; each pair is
# `(prompt, chosen, rejected)`, by name or by the numbers above.
#
# <details><summary>Hint</summary>
#
# Data protect only the prompts they cover. A pair says only which of two answers wins: which one should win at that
# prompt? For the loser, try a few and compare the probabilities they lead to.
#
# </details>

# %% tags=["exercise"]
my_pairs = ...

# %% tags=["check"]
tc.checks.own_pairs(my_pairs, language="en")

# %% tags=["solution"]
my_pairs = [(5, 10, 6)]

# %% [markdown] lang="tr"
# ## Kendini sına
#
# Beş sorunun her birinde bir yanıt seç; doğru mu, neden, hemen altında okursun.

# %% [markdown] lang="en"
# ## Check yourself
#
# Choose an answer to each of the five questions; right below it you will see whether it is correct, and why.

# %% [markdown] lang="tr" tags=["quiz"]
# 1. Kendi DPO kodunda ilk kayıp 0,693 yerine 1,2 çıktı. Neden?
#    - [ ] $\beta$ çok büyük — başlangıçta marj 0'dır; $\beta$ kaç olursa olsun kayıp $\ln 2$'dir.
#    - [ ] Çiftler zor — marj 0 iken her çift, kolayı da zoru da, $\ln 2$ öder.
#    - [ ] Öğrenme oranı çok büyük — ilk kayıp, daha hiç adım atılmadan hesaplanır.
#    - [x] Referans, başlangıç politikası değil — aynı olsalardı her çiftte marj 0 olurdu.
# 2. 100.000 çiftle $\beta$ 0,1'den 2'ye çıkınca KL 0,571'den 0,028'e indi, marj ise hep 0,336 kaldı. Neden?
#    - [ ] $\beta$ eğitimi etkilemiyor — KL'nin bu kadar değişmesi etkilediğini gösteriyor.
#    - [x] Marj, $\beta$ ile çarpılmış log oran farkıdır — ödül farkı aynıdır; büyük $\beta$ onu daha az nat
#      ile kurar.
#    - [ ] Eğitim erken bitti — `attained` 0,98'in üstünde; eğitim varacağı yere vardı.
# 3. (Bölüm 7, ek.) 100 çiftle ve $\beta$ 0,3 ile eğitirken kayıp düştü, marj 2,864'e çıktı; ama `chosen_logp` −1,89'dan
#    −10,79'a indi. Ne oldu?
#    - [ ] Kayıpta seçilen ile reddedilen yer değiştirmiş — o zaman kayıp düşerken marj eksiye inerdi.
#    - [ ] Olması gereken oldu; amaç marjdır — kayıp marja bakar, ama `attained` −2,865'e düştü.
#    - [x] Reddedilen daha hızlı düştü, olasılık başka yanıtlara aktı — hiç kaybetmemiş yanıtların payı
#      0,14'ten 0,79'a çıktı.
#    - [ ] Adımın işareti ters — o zaman kayıp düşmez, büyürdü.
# 4. (Bölüm 9, ek.) `reference_free=True` ile ve çok büyük bir $\beta$ ile eğitiyorsun. Politika nereye varır?
#    - [ ] Başlangıç politikasında kalır — referansla öyle olurdu; burada referans düzgün dağılımdır.
#    - [x] Düzgün dağılıma, her token $1/11$ — en iyisi $\mathrm{softmax}(r/\beta)$'dır; $r/\beta$ sıfıra
#      gider.
#    - [ ] En çok ödülü getiren token'lara — oraya çok küçük bir $\beta$ götürür.
# 5. (Bölüm 11, ek.) Beş sert etiketli çiftle sigmoid kaybında adım sayısını dört katına çıkardın: marj 5,24'ten 7,49'a
#    çıktı. Dört katına bir daha çıkarsan?
#    - [x] Yine büyür — kayıp ancak sonsuz marjda sıfırdır; 1200 adımda 9,75 oldu.
#    - [ ] 7,49'da durur; gerçek ödül farkına vardı — ödül farkı en çok 2'dir; marj orada ancak
#      yargıç bazen ötekini seçerse durur.
#    - [ ] 0,5'e döner — bu IPO'nun hedefidir; sigmoid kaybının hedefi yoktur.
#    - [ ] Ezber yüzünden küçülür — kayıp, marj büyüdükçe azalır; marjın küçülmesi için neden yok.

# %% [markdown] lang="en" tags=["quiz"]
# 1. The first loss of your own DPO code is 1.2 instead of 0.693. Why?
#    - [ ] $\beta$ is too large — at the start the margin is 0, and the loss is $\ln 2$ at any $\beta$.
#    - [ ] The pairs are hard — with a margin of 0 every pair costs $\ln 2$, easy or hard.
#    - [ ] The learning rate is too large — the first loss is computed before any step is taken.
#    - [x] The reference is not the starting policy — if they were the same, every pair would have a margin of 0.
# 2. With 100,000 pairs, raising $\beta$ from 0.1 to 2 took the KL from 0.571 to 0.028, yet the margin was always
#    0.336. Why?
#    - [ ] $\beta$ does not affect training — the large change in KL shows that it does.
#    - [x] The margin is a difference of log ratios times $\beta$ — the gap in reward is the same, and a
#      large $\beta$ builds it with fewer nats.
#    - [ ] Training ended too early — `attained` is above 0.98; training has arrived.
# 3. (Section 7, extra.) On 100 pairs, with a $\beta$ of 0.3, the loss fell and the margin rose to 2.864; but `chosen_logp` went
#    from −1.89 to −10.79. What happened?
#    - [ ] Chosen and rejected are swapped in the loss — then, as it fell, the margin would turn negative.
#    - [ ] Nothing is wrong; the margin is the goal — the loss looks at the margin, but `attained` dropped to −2.865.
#    - [x] The rejected answers fell faster, and the probability flowed elsewhere — the share of answers that
#      never lost rose from 0.14 to 0.79.
#    - [ ] The sign of the step is wrong — then the loss would grow instead of falling.
# 4. (Section 9, extra.) You train with `reference_free=True` and a very large $\beta$. Where does the policy arrive?
#    - [ ] It stays at the starting policy — with a reference it would; here the reference is uniform.
#    - [x] At the uniform policy, $1/11$ for each token — the optimum is $\mathrm{softmax}(r/\beta)$, and
#      $r/\beta$ goes to zero.
#    - [ ] At the tokens that earn the most — a very small $\beta$ leads there.
# 5. (Section 11, extra.) On the five hard-labelled pairs, four times the steps with the sigmoid loss took the margin
#    from 5.24 to 7.49. What happens with four times as many again?
#    - [x] The margin grows again — the loss is zero only at an infinite margin; with 1200 steps it was 9.75.
#    - [ ] It stops at 7.49, the true gap in reward — that gap is 2 at most; the margin rests there if the
#      judge sometimes picks the other answer.
#    - [ ] It returns to 0.5 — that is the target of IPO; the sigmoid loss has none.
#    - [ ] It shrinks, because of memorising — the loss gets smaller as the margin grows; nothing makes it
#      shrink.

# %% [markdown] lang="tr"
# **Bu derste yaptıkların.** Hangi alıştırmaları çözdün, yolda karşına ne çıktı, tahminlerin nasıl gitti: hepsi burada.
# Not defterini birine teslim edeceksen en son bu hücreyi çalıştır, kaydet, dosyayı gönder. Özet, çekirdek (kernel)
# başladığından beri olanı bilir: defteri kapatıp sonra yeniden açtıysan önce bütün hücreleri çalıştır.

# %% [markdown] lang="en"
# **What you did in this lesson.** Which exercises you solved, what you met on the way, how your predictions went: all
# of it is here. If you are to hand the notebook in, run this cell last, save, and send the file. It knows what has
# happened since the kernel was started: if you come back another day, run all the cells first.

# %% tags=["summary"]
tc.checks.summary("dpo", language="en")

# %% [markdown] lang="tr"
# ## Özet
#
# * $\pi^*$ ödülü içinde taşır; Bradley–Terry'ye konunca $Z$ gider ve geriye DPO kaybı kalır.
# * Kayıp $\ln 2$'den başlar; bu, referansın doğru olup olmadığının en ucuz sınamasıdır.
# * Çok çiftle DPO, PPO'nun zirvesine çıkar; az çiftle başladığı yerin altına düşer.
# * Seçilenin olasılığı da düşebilir: üç eğriye birden bak.
# * Referanssız DPO eski davranışı siler; sert etiketlerde marj sigmoid kaybıyla durmadan büyür,
#   IPO ile durur.
#
# Sırada ders 5 var: eğittiğimiz politikayı daha az bitle yazarsak ne kalır?

# %% [markdown] lang="en"
# ## Summary
#
# * $\pi^*$ carries the reward; put that into Bradley–Terry, and $Z$ cancels and the DPO loss is left.
# * The loss starts at $\ln 2$; that is the cheapest check that the reference is right.
# * With many pairs DPO climbs to PPO's summit; with few it falls below where it started.
# * The chosen answer may become less likely as well: look at all three curves.
# * DPO without a reference wipes out the old behaviour; on hard labels the sigmoid loss runs away, while IPO stops.
#
# Lesson 5 comes next: if we write the trained policy with fewer bits, what is left of it?
