# ---
# jupyter:
#   toycore:
#     tr: 06_bozuk_laboratuvar
#     en: 06_broken_lab
# ---

# %% [markdown] lang="tr"
# # Ders 6 · Bozuk laboratuvar: eğri güzel, peki ne büyüyor?
#
# Bu bir dedektif dersi. Yayımlanmış kodlardan ve metinlerden sekiz **vaka** var; çoğunun ödül eğrisi güzel
# yükselir. Kodu okur, ipucuna bakar, bir yargıya varırsın. Kararı ise kesin en iyi verir: burada $\pi^*$
# bilindiği için, bir kodun gerçekte **neyi** büyüttüğü saklanamaz.
#
# Vakalar kimseyi utandırmak için değil. Hepsi iyi kodlarda görülmüş, kolay yapılan hatalardır; bilinen kaynaklar,
# kendi vakasında anılır. Süre: yaklaşık 56 dakika; *ek* yazan bölümler bekleyebilir, onlarsız 40 dakika.
# Alıştırmalar: 21 dakika.

# %% [markdown] lang="en"
# # Lesson 6 · The broken lab: a fine curve, but what does it climb?
#
# This lesson is detective work. There are eight **cases** from published code and text, and most of their reward
# curves rise nicely. You read the code, look at a clue and make an accusation. The exact optimum gives the verdict:
# since $\pi^*$ is known here, no case can hide **what** it really climbs.
#
# The cases are not there to shame anybody. They are easy mistakes, seen in good code; where the source is public, it
# is named. Time: about 56 minutes, or 40 without the sections marked *extra*, which can wait. Exercises: 21 minutes.

# %% [markdown] lang="tr"
# ## 1 · Laboratuvarın kuralları (3 dakika)
#
# On iki **tarif** (recipe), hepsi aynı başlangıçtan ve aynı gürültüyle eğitiliyor; tasma hepsinde 0,5. Döngü
# aynıdır; her tarifte bir iki ayrıntı değişir: tasma, taban çizgisi, örnekleme, oran ya da geçiş sayısı
# (`toycore/broken/recipes.py`). Adlara şimdilik takılma; her birinin sırası gelecek.

# %% [markdown] lang="en"
# ## 1 · House rules (3 minutes)
#
# There are twelve **recipes**, all trained from the same start and with the same noise, on a leash of 0.5. The loop
# is the same; each recipe differs in a detail or two: leash, baseline, sampling, ratio or number of passes
# (`toycore/broken/recipes.py`). Never mind the names for now; each will have its turn.

# %%
import numpy as np
import torch

import toycore as tc

torch.set_num_threads(1)  # for tables this small, more threads only wait for one another
tc.set_language(language="en")
world = tc.World(language="en")
start = tc.train_sft(world, tc.SFTConfig(seeds=16))
# tr: for tables this small, more threads only wait for one another → bu kadar küçük tablolarda iş parçacıkları yalnızca birbirini bekler

# %%
config = tc.broken.PPOLabConfig(recipe=list(tc.broken.PPO_RECIPES), kl_beta=0.5, seeds=16)
lab = tc.broken.train_ppo(world, config, start)
ends = lab.history.isel(step=-1).mean("seed")


def harmed(recipe):
    return float(ends.attained.sel(recipe=recipe)) < 0.8


# %% [markdown] lang="tr"
# `harmed` bizim yargıcımız: amaç $J$'de elde edilebilecek kazancın beşte dördüne varamayan tarif bozuktur. Ödüle bakmaz, `attained`'e bakar.

# %% [markdown] lang="en"
# `harmed` is our judge: a recipe that does not reach four fifths of the possible gain in $J$ is broken. It looks not
# at the reward but at `attained`.

# %% [markdown] lang="tr"
# ## 2 · Üç tanık: k1, k2, k3 (5 dakika)
#
# Ders 3'te tasmanın cezası, örneklenen token'ın log oranıydı. Buna k1 denir; iki benzeri daha var ([Schulman, 2020][kl]). $u = \log \pi_\mathrm{ref} - \log \pi$ yazarsak:
#
# $$k_1 = -u, \qquad k_2 = \frac{u^2}{2}, \qquad k_3 = e^u - 1 - u$$
#
# Hangisinin ortalaması KL? Sayalım: politika, tasması 0,5 olan en iyi politika olsun.

# %% [markdown] lang="en"
# ## 2 · Three witnesses: k1, k2, k3 (5 minutes)
#
# In lesson 3 the penalty of the leash was the log ratio of the sampled token. It is called k1, and has two relatives ([Schulman, 2020][kl]). With $u = \log \pi_\mathrm{ref} - \log \pi$:
#
# $$k_1 = -u, \qquad k_2 = \frac{u^2}{2}, \qquad k_3 = e^u - 1 - u$$
#
# Which of them has the KL as its mean? Let us count, for the best policy on a leash of 0.5.

# %% estimators
ref_logp = torch.as_tensor(start.logp.sel(seed=0).values)
best = tc.exact.optimal_policy(ref_logp, world.reward, 0.5)
chance, u = best.exp(), ref_logp - best
print(f"exact KL {tc.exact.kl(best, ref_logp).mean():.4f}")
for name, k in {"k1": -u, "k2": u**2 / 2, "k3": u.exp() - 1 - u}.items():
    mean = (chance * k).sum(-1, keepdim=True)
    spread = (chance * (k - mean) ** 2).sum(-1).sqrt().mean()
    print(f"{name}: mean {mean.mean():.4f}, spread {spread:.4f}")
# tr: exact KL {} → kesin KL {}
# tr: {}: mean {}, spread {} → {}: ortalama {}, yayılım {}

# %% [markdown] lang="tr"
# k1 ile k3'ün ortalaması kesin KL'dir; k2 yanlıdır. k3, küçük yayılımıyla bilinir, ama bu yalnızca referansın
# yakınında doğrudur: burada yayılımı k1'inkinin üç katıdır. k2 dışındaki tanıklar dürüst görünüyor. Şimdi
# vakalara.
#
# ## 3 · Vaka 1: kayıpta k1 mi, k2 mi? (5 dakika)
#
# Birçok kod cezayı ödülden düşmez, kayba ekler. Biri k1'i ekler, öteki k2'yi:
#
# ```python
# loss = policy_loss + kl_beta * k1.mean()  # k1_in_loss
# loss = policy_loss + kl_beta * k2.mean()  # k2_in_loss
# ```
#
# İpucu, ödül eğrisi:

# %% [markdown] lang="en"
# The means of k1 and k3 are the exact KL; k2 is biased. k3 is known for its small spread, but that holds only near
# the reference: here its spread is three times that of k1. All witnesses but k2 look honest. Now to the cases.
#
# ## 3 · Case 1: k1 or k2 in the loss? (5 minutes)
#
# Many implementations do not subtract the penalty from the reward but add it to the loss. One adds k1, the other k2:
#
# ```python
# loss = policy_loss + kl_beta * k1.mean()  # k1_in_loss
# loss = policy_loss + kl_beta * k2.mean()  # k2_in_loss
# ```
#
# The clue is the reward curve:

# %%
case = lab.sel(recipe=["k1_in_loss", "k2_in_loss"])
tc.plots.curves(case, "reward")

# %% [markdown] lang="tr" predict="case_1"
# **Tahmin et · vaka 1.** Sence suçlu hangisi?
#
# - k2: ortalaması yanlı
# - k1: ortalaması doğru olsa da
# - hiçbiri: ikisi de yükselip oturuyor

# %% [markdown] lang="en" predict="case_1"
# **Predict · case 1.** Whom do you accuse?
#
# - k2: its mean is biased
# - k1, though its mean is right
# - neither: both rise and settle

# %%
tc.plots.frontier(case)

# %% tags=["reveal"]
k1_harms, k2_harms = harmed("k1_in_loss"), harmed("k2_in_loss")
case_1.reveal(a=k2_harms, b=k1_harms, c=not (k1_harms or k2_harms))

# %% [markdown] lang="tr" tags=["answer"]
# Kaybın **türevi alınır**: $\mathbb{E}[\nabla k_1] = \mathbb{E}[\nabla \log \pi] = 0$, içinde referans hiç
# kalmaz; $\mathbb{E}[\nabla k_2]$ ise tamı tamına KL'nin gradyanıdır (k3'ünki, ters yöndeki KL'nin). Doğru
# ortalama, doğru gradyan demek değildir. Üstelik ilk geçişten sonra örnekler eskir: k1 onların olasılığını aşağı
# iter ve politika, hiç tasma olmasa gideceğinden bile uzağa kaçar. open-instruct'ın GRPO'su bir süre
# [böyleydi][open_instruct_k1]; referansın gradyandan düştüğü [fark edilince][open_instruct_thread] varsayılan
# tahminci [k3 oldu][open_instruct_k3].

# %% [markdown] lang="en" tags=["answer"]
# The loss is **differentiated**: $\mathbb{E}[\nabla k_1] = \mathbb{E}[\nabla \log \pi] = 0$, and the reference does
# not appear at all; $\mathbb{E}[\nabla k_2]$ is exactly the gradient of the KL (that of k3 is the gradient of the KL
# the other way round). A right mean is not a right gradient. What is more, after the first pass the samples are old:
# k1 pushes their probability down, and the policy runs further than with no leash at all. For a while open-instruct's
# GRPO (a relative of PPO) [did this][open_instruct_k1]; then somebody [noticed][open_instruct_thread] that the
# reference drops out of the gradient, and the default [became k3][open_instruct_k3].

# %% [markdown] lang="tr"
# ## 4 · Vaka 2: hangi referans? (5 dakika)
#
# İkisi de k1'i ödülden düşer. Birinde `ref` politikanın kopyasıdır; ötekinde ağırlıkları bir dosyadan yüklenmiştir:
#
# ```python
# ref = copy.deepcopy(policy)  # k1_in_reward
# ref = Model()                # reloaded_reference
# ref.load_state_dict(weights, strict=False)
# ```
#
# Sağdaki KL, her kodun kendi yazdığıdır: **kendi** referansına göre.

# %% [markdown] lang="en"
# ## 4 · Case 2: which reference? (5 minutes)
#
# Both subtract k1 from the reward. In one, `ref` is a copy of the policy; in the other, its weights were loaded from a file:
#
# ```python
# ref = copy.deepcopy(policy)  # k1_in_reward
# ref = Model()                # reloaded_reference
# ref.load_state_dict(weights, strict=False)
# ```
#
# The KL on the right is what each implementation logs, measured to its **own** reference.

# %%
case = lab.sel(recipe=["k1_in_reward", "reloaded_reference"])
tc.plots.curves(case, "reward", "logged_kl")

# %% [markdown] lang="tr" predict="case_2"
# **Tahmin et · vaka 2.** Sence suçlu hangisi?
#
# - kopyalanan referans
# - yüklenen referans
# - hiçbiri: ödüller de KL'ler de birbirine yakın

# %% [markdown] lang="en" predict="case_2"
# **Predict · case 2.** Whom do you accuse?
#
# - the reference that was copied
# - the reference that was loaded
# - neither: rewards and KLs are alike

# %%
tc.plots.curves(case, "kl", "attained", optimum=True)

# %% tags=["reveal"]
copy_harms, load_harms = harmed("k1_in_reward"), harmed("reloaded_reference")
case_2.reveal(a=copy_harms, b=load_harms, c=not (copy_harms or load_harms))

# %% [markdown] lang="tr" tags=["answer"]
# Yukarıdaki şekilde KL, gerçek başlangıca göredir. İpucu tur 0'daydı: eğitimden önce kodun yazdığı KL sıfır
# olmalıydı, değildi. `Model` LoRA'sızdı; `strict=False`, `lora_A` ile `lora_B`'yi sessizce attı. Tasma, SFT'den
# önceki politikaya bağlandı ve öğrenileni geri çekti; `attained` eksidir.

# %% [markdown] lang="en" tags=["answer"]
# In the figure above, the KL is measured to the true start. The clue was at rollout 0: before any training the logged KL
# ought to have been zero, and it was not. `Model` had no LoRA; `strict=False` dropped `lora_A` and `lora_B` without a
# word. The leash was tied to the policy before SFT and undid what had been learned; `attained` is negative.

# %% [markdown] lang="tr"
# ## 5 · Vaka 3: yavaş olan mı, hızlı olan mı? (4 dakika)
#
# Biri ödülden k1'i çıkarır ve her turun örneklerinden yalnızca **bir kez** geçer; öteki k3'ü çıkarır ([TRL][trl_k3]'nin PPO'sunda
# `kl_estimator="k3"` seçeneği) ve dört kez geçer.

# %% [markdown] lang="en"
# ## 5 · Case 3: the slow one or the fast one? (4 minutes)
#
# One subtracts k1 from the reward and makes **one** pass over each rollout; the other subtracts k3 (the option
# `kl_estimator="k3"` of the PPO in [TRL][trl_k3]) and makes four.

# %%
case = lab.sel(recipe=["one_pass", "k3_in_reward"])
tc.plots.curves(case, "reward")

# %% [markdown] lang="tr" predict="case_3"
# **Tahmin et · vaka 3.** Sence suçlu hangisi?
#
# - hızlı olan, ödülden k3'ü düşen
# - yavaş olan, tek geçen
# - hiçbiri: biri yavaş, o kadar

# %% [markdown] lang="en" predict="case_3"
# **Predict · case 3.** Whom do you accuse?
#
# - the fast one, which subtracts k3
# - the slow one with a single pass
# - neither: one is slow, that is all

# %%
tc.plots.frontier(case)

# %% tags=["reveal"]
fast_harms, slow_harms = harmed("k3_in_reward"), harmed("one_pass")
case_3.reveal(a=fast_harms, b=slow_harms, c=not (fast_harms or slow_harms))

# %% [markdown] lang="tr" tags=["answer"]
# Güzel eğri bozuk, çirkin eğri sağlam. Tek geçiş yalnızca yavaştır (kırpması da hiç çalışmaz); resimdeki boş
# karesine yaklaşır. Ödüldeki k3 ise
# $\mathbb{E}[r] - \beta\, \mathrm{KL}(\pi \| \pi_\mathrm{ref}) + \beta\, \mathrm{KL}(\pi_\mathrm{ref} \| \pi)$
# amacını büyütür: seyrekleşen yanıtı cezalandırır, bu onu daha da seyrekleştirir, sonunda yanıt ölür.

# %% [markdown] lang="en" tags=["answer"]
# The fine curve is broken, and the ugly one is sound. A single pass is merely slow (and its clip never acts); it
# closes in on its square. k3 in the reward climbs $\mathbb{E}[r] - \beta\, \mathrm{KL}(\pi \| \pi_\mathrm{ref}) +
# \beta\, \mathrm{KL}(\pi_\mathrm{ref} \| \pi)$: it punishes an answer that has become rare, which makes it rarer,
# until it dies out.

# %% [markdown] lang="tr"
# ## 6 · Vaka 4: dağılan eğitim (7 dakika)
#
# Bir kitabın not defterinde, GRPO'nun ([Shao ve ark., 2024][grpo]; değer ağı yerine bir grup yanıtın ortalamasını
# kullanan PPO türü) kaybına KL şöyle eklenir; eğitim bir süre sonra dağılır; nedeni, yanıtların uzunluğunda ve
# sıfıra inen ödüllerde aranır ([reasoning-from-scratch][reasoning], bölüm 7):
#
# ```python
# loss = policy_loss + kl_coeff * (new_logps - ref_logps).mean()
# ```
#
# Bu, vaka 1'in k1'i; beklenen gradyanı 0'dı. Yalnız bir fark var: örnekler politikanın kendisinden değil, 0,8
# sıcaklıkla (temperature) ve 0,9'luk **top-p** ile çekiliyor ([Holtzman ve ark., 2020][top_p]): olası yanıtlar
# öne çıkarılır, az olası olanlar, yani kuyruk kesilir. İpucu, ödül eğrisi (yanında sağlam ama tek geçişli tarif):

# %% [markdown] lang="en"
# ## 6 · Case 4: the run that falls apart (7 minutes)
#
# In one book's notebook the KL is added, as below, to the loss of GRPO ([Shao et al., 2024][grpo]; a kind of PPO that
# uses the mean of a group of answers instead of a critic). After a while the run falls apart, and the blame goes to
# the length of the answers and to rewards that have dropped to zero ([reasoning-from-scratch][reasoning], chapter 7):
#
# ```python
# loss = policy_loss + kl_coeff * (new_logps - ref_logps).mean()
# ```
#
# This is the k1 of case 1, whose expected gradient was 0. There is one difference: samples are drawn not from the
# policy itself but with a temperature of 0.8 and a **top-p** of 0.9 ([Holtzman et al., 2020][top_p]), so likely
# answers are favoured and the tail is cut off. The clue is the reward (beside it, the sound recipe with one pass):

# %%
case = lab.sel(recipe=["one_pass", "log_ratio_in_loss"])
tc.plots.curves(case, "reward")

# %% [markdown] lang="tr" predict="case_4"
# **Tahmin et · vaka 4.** Ödül hiç olmasın, yalnızca bu terim olsun. Kesilmiş örneklerle politikayı nereye sürükler?
#
# - hiçbir yere: beklenen gradyanı 0
# - tek bir yanıta
# - bütün yanıtların eşit olduğu yere

# %% [markdown] lang="en" predict="case_4"
# **Predict · case 4.** Suppose there is no reward, just this term. With the truncated samples, where does it drive the policy?
#
# - nowhere: its expected gradient is 0
# - to a single answer
# - to all answers being equally likely

# %% flows
samplers = {"own samples": tc.broken.as_it_is, "truncated": tc.broken.truncated}
paths = {}
for name, sampler in samplers.items():
    flow = tc.broken.log_ratio_flow(ref_logp, sampler)
    paths[name] = tc.exact.entropy(flow).mean(-1)
    print(f"{name:15} entropy", *(f"{paths[name][step]:.3f}" for step in (0, 50, 200, 1000)))
print(f"log 11 = {np.log(11):.3f}")
tc.plots.curves(case, "kl", "entropy")
# tr: own samples → kendi örnekleri
# tr: truncated → kesilmiş
# tr: {} entropy → {} entropi

# %% tags=["reveal"]
first, last = (float(paths["truncated"][step]) for step in (0, -1))
same = abs(last - first) < 0.01
case_4.reveal(a=same, b=last < 0.1, c=abs(last - np.log(11)) < 0.001)
# tr: truncated → kesilmiş

# %% [markdown] lang="tr" tags=["answer"]
# Örnekler politikadan ($\pi$) değil, kesilmiş dağılımdan, yani $q$'dan gelince
# $\mathbb{E}_q[\nabla \log \pi] = q - \pi$ olur; sıfır değildir ve içinde referans yoktur. Terim, $q$'nun
# kayırdığını bastırır, kuyruğu kaldırır: yanlışlıkla yapılmış bir entropi ödülü. Entropi $\log 11$'e gider,
# politika da rastgele token'lara. Kendi örnekleriyle ise hiçbir şey kıpırdamaz. Çare: politikanın kendi örnekleri
# ve k2; yalnızca örnekleri düzeltmek yetmez, o zaman da tasma hiç çekmez.

# %% [markdown] lang="en" tags=["answer"]
# When samples come from $q$ and not from the policy $\pi$, $\mathbb{E}_q[\nabla \log \pi] = q - \pi$; that is not
# zero, and the reference is not in it. The term presses down what $q$ favours and lifts the tail: an entropy bonus (a
# reward for being undecided) by mistake. Entropy goes to $\log 11$, that is, to random tokens. With the policy's own
# samples nothing moves at all. The cure is the policy's own samples and k2; the samples alone are not enough, because
# then the leash does not pull.

# %% [markdown] lang="tr"
# ## 7 · Vaka 5: bir işaret (5 dakika)
#
# Yayımlanmış bir yardımcı işlevde k3'ün log oranı ters yazılmış ([rlhf-book][rlhf_book], `approx_kl3`):
#
# ```python
# log_ratio = logp - ref_logp            # k3 would have ref_logp - logp
# kl = log_ratio.exp() - 1 - log_ratio
# ```
#
# Her örnekte en az 0, referansta tam 0. İyi bir KL gibi duruyor.

# %% [markdown] lang="en"
# ## 7 · Case 5: one sign (5 minutes)
#
# In a published helper function the log ratio of k3 is the wrong way round ([rlhf-book][rlhf_book], `approx_kl3`):
#
# ```python
# log_ratio = logp - ref_logp            # k3 would have ref_logp - logp
# kl = log_ratio.exp() - 1 - log_ratio
# ```
#
# It is at least 0 for every sample, and exactly 0 at the reference. It looks like a respectable KL.

# %% [markdown] lang="tr" predict="case_5"
# **Tahmin et · vaka 5.** Politikanın kendi örnekleriyle bu sayının ortalaması nedir?
#
# - KL: işaret yalnızca gürültüyü değiştirir
# - ters KL: iki politika yer değiştirmiştir
# - ikisi de değil

# %% [markdown] lang="en" predict="case_5"
# **Predict · case 5.** Over the policy's own samples, what is the mean of this number?
#
# - the KL: the sign changes nothing but the noise
# - the KL the other way round: the two policies are swapped
# - neither

# %% flipped
ratio = (best - ref_logp).exp()
helper = (best.exp() * (ratio - 1 - ratio.log())).sum(-1).mean()
chi_square = (best.exp() * ratio).sum(-1).mean() - 1
forward, turned = tc.exact.kl(best, ref_logp).mean(), tc.exact.kl(ref_logp, best).mean()
print(f"helper {helper:.4f}, KL {forward:.4f}, turned round {turned:.4f}")
print(f"chi-square {chi_square:.4f}, less the KL {chi_square - forward:.4f}")
# tr: helper {}, KL {}, turned round {} → yardımcı {}, KL {}, ters çevrilmişi {}
# tr: chi-square {}, less the KL {} → ki-kare {}, KL çıkınca {}

# %%
own = tc.broken.own_optimum(lab.sel(recipe="k3_sign_flipped")).exp()
print(f"answers that have died at its optimum: {int((own == 0).sum())} of {own.numel()}")
tc.plots.curves(lab.sel(recipe=["k2_in_loss", "k3_sign_flipped"]), "reward", "kl")
# tr: answers that have died at its optimum: {} of {} → kendi en iyisinde ölmüş yanıtlar: {} / {}

# %% tags=["reveal"]
is_kl, is_turned = abs(helper - forward) < 0.005, abs(helper - turned) < 0.005
case_5.reveal(a=is_kl, b=is_turned, c=not (is_kl or is_turned))

# %% [markdown] lang="tr" tags=["answer"]
# Ortalaması $\chi^2 - \mathrm{KL}$'dir. Kayıpta ise $\mathbb{E}[r] - \frac{\beta}{2} \chi^2$ amacını büyütür; en
# iyisi $\pi_\mathrm{ref} \max(0,\, r - \lambda)/\beta$'dır ($\chi^2 = \sum_y \pi^2/\pi_\mathrm{ref} - 1$;
# $\lambda$, olasılıkların toplamını 1 yapan sayı). Bu tasma yanıtları **öldürür**: $\lambda$'nın altında
# kazandıranın olasılığı tam 0'dır; KL bunu hiç yapmaz. Eğriler yine de güzel; belli eden, KL'nin sonunda sağlam
# tariftekinden biraz yüksek kalmasıdır.

# %% [markdown] lang="en" tags=["answer"]
# Its mean is $\chi^2 - \mathrm{KL}$. With it in the loss, training climbs $\mathbb{E}[r] - \frac{\beta}{2} \chi^2$,
# whose optimum is $\pi_\mathrm{ref} \max(0,\, r - \lambda)/\beta$ ($\chi^2 = \sum_y \pi^2/\pi_\mathrm{ref} - 1$;
# $\lambda$ is the number that makes the probabilities sum to 1). This leash lets answers **die**: whatever earns less
# than $\lambda$ gets a probability of exactly 0, which never happens with a KL. The curves look fine all the same;
# the only giveaway is a KL that ends a little above that of the sound recipe.

# %% [markdown] lang="tr"
# ## 8 · Vaka 6: oranın altında kim var? (5 dakika, ek)
#
# Çok okunan bir derste oranın paydasında eski politika değil **referans** durur; referans hiç yenilenmezse kod şöyledir
# ([huggingface/course][hf_course], bölüm 12):
#
# ```python
# ratio = (logp - ref_logp).exp()  # PPO would have old_logp
# clipped = ratio.clamp(0.8, 1.2)
# loss = -torch.min(ratio * A, clipped * A).mean() + kl_beta * k2.mean()
# ```
#
# Tasmayı uzatalım: `kl_beta` 0,5 yerine 0,1 olsun. Sağlam tarifin KL'si o zaman 0,5'i aşar.

# %% [markdown] lang="en"
# ## 8 · Case 6: what does the ratio divide by? (5 minutes, extra)
#
# In a widely read course the ratio divides by the **reference** and not by the old policy; if the reference is never
# renewed, the code comes to this ([huggingface/course][hf_course], chapter 12):
#
# ```python
# ratio = (logp - ref_logp).exp()  # PPO would have old_logp
# clipped = ratio.clamp(0.8, 1.2)
# loss = -torch.min(ratio * A, clipped * A).mean() + kl_beta * k2.mean()
# ```
#
# Let us lengthen the leash: a `kl_beta` of 0.1 instead of 0.5. The KL of the sound recipe then goes beyond 0.5.

# %% [markdown] lang="tr" predict="case_6"
# **Tahmin et · vaka 6.** Aynı tasmayla, paydaya referansı koyan tarifin KL'si nereye varır?
#
# - 0,1'in altında kalır
# - aynı yere, 0,5'in üstüne
# - ikisinin arasına

# %% [markdown] lang="en" predict="case_6"
# **Predict · case 6.** On the same leash, where does the KL end up in the recipe whose ratio divides by the
# reference?
#
# - it stays below 0.1
# - at the same place, above 0.5
# - in between

# %%
config = tc.broken.PPOLabConfig(
    recipe=["k2_in_loss", "ratio_to_reference"], kl_beta=0.1, rollouts=25, seeds=16
)
longer = tc.broken.train_ppo(world, config, start)
tc.plots.curves(longer, "reward", "kl")

# %% tags=["reveal"]
arrived = float(longer.history.kl.isel(step=-1).sel(recipe="ratio_to_reference").mean("seed"))
case_6.reveal(a=arrived < 0.1, b=arrived > 0.45, c=0.1 <= arrived <= 0.45)

# %% [markdown] lang="tr" tags=["answer"]
# Kırpma artık eski politikanın değil referansın çevresinde duran bir duvardır: aralıktan kazandıran yönde çıkan örnek susar. Asıl
# tasma kırpma olur: `kl_beta` beşte bire indi, KL yine de 0,05'te kaldı. Ucuz belirti: kırpma **ilk** geçişte de çalışıyorsa oranın altında
# eski politika yoktur, çünkü onunla ilk geçişte bütün oranlar 1'dir.

# %% [markdown] lang="en" tags=["answer"]
# The clip is now a wall around the reference and not around the old policy: a sample that leaves the range on the
# side that pays stops pushing. The clip has become the leash: with a fifth of the `kl_beta` the KL still stays at
# 0.05. There is a cheap test: if the clip acts already in the **first** pass, the ratio does not divide by the old
# policy, because then every ratio of the first pass would be 1.

# %% [markdown] lang="tr"
# ## 9 · Vaka 7: kendini de sayan ortalama (5 dakika, ek)
#
# GRPO, bir istem için $G$ yanıt çeker; taban çizgisi bu grubun ortalamasıdır. KL kayıptadır:
#
# ```python
# advantage = rewards - rewards.mean(-1, keepdim=True)  # G = 8 answers
# loss = policy_loss + kl_beta * k2.mean()
# ```

# %% [markdown] lang="en"
# ## 9 · Case 7: a mean that counts itself (5 minutes, extra)
#
# GRPO draws $G$ answers to a prompt; the baseline is the mean of this group. The KL is in the loss:
#
# ```python
# advantage = rewards - rewards.mean(-1, keepdim=True)  # G = 8 answers
# loss = policy_loss + kl_beta * k2.mean()
# ```

# %% [markdown] lang="tr" predict="case_7"
# **Tahmin et · vaka 7.** `kl_beta` 0,5 yazdın. Politika hangi tasmanın en iyisine gider?
#
# - 0,5'in
# - daha uzun bir tasmanın, 0,5 · 7/8
# - daha kısa bir tasmanın, 0,5 · 8/7

# %% [markdown] lang="en" predict="case_7"
# **Predict · case 7.** You wrote a `kl_beta` of 0.5. Which leash's optimum does the policy reach?
#
# - that of 0.5
# - that of a longer one, 0.5 · 7/8
# - that of a shorter one, 0.5 · 8/7

# %% group
landed = torch.as_tensor(lab.logp.sel(recipe="mean_baseline_kl_in_loss").values)
off, each = {}, []
for kl_beta in (0.5, 0.5 * 7 / 8, 0.5 * 8 / 7):
    optimum = tc.exact.optimal_policy(start.logp, world.reward, kl_beta)
    each.append(tc.exact.total_variation(landed, optimum).mean(-1))
    off[kl_beta] = float(each[-1].mean())
    print(f"to the optimum of {kl_beta:.3f}: {off[kl_beta]:.3f} of the probability lies elsewhere")
nearest = int((torch.stack(each).argmin(0) == 2).sum())
print(f"nearest to the last one: {nearest} of 16 seeds")
# tr: to the optimum of {}: {} of the probability lies elsewhere → {} tasmasının en iyisine göre olasılığın {} kadarı başka yerde
# tr: nearest to the last one: {} of 16 seeds → sonuncuya en yakın: {} / 16 tohum

# %% tags=["reveal"]
nearest = min(off, key=off.get)
case_7.reveal(a=nearest == 0.5, b=nearest < 0.5, c=nearest > 0.5)

# %% [markdown] lang="tr" tags=["answer"]
# Yanıt kendi taban çizgisinin içindedir; onu da düşünce beklenen avantajdan geriye
# $\frac{G-1}{G}\,(r - \mathbb{E}[r])$ kalır. Kayıptaki KL ise küçülmez: $\beta$, $\beta\, G/(G-1)$ olur. KL
# ödüldeyken çarpan ikisine de gelir ve sadeleşir. Çare: ötekilerin ortalaması (RLOO, leave-one-out;
# [Ahmadian ve ark., 2024][rloo]) ya da büyük bir grup.

# %% [markdown] lang="en" tags=["answer"]
# Each answer is part of its own baseline, so only $\frac{G-1}{G}\,(r - \mathbb{E}[r])$ is left of its expected
# advantage. The KL in the loss does not shrink: $\beta$ becomes $\beta\, G/(G-1)$. With the KL in the reward the
# factor hits both and cancels. The cure is the mean of the others (RLOO, leave-one-out;
# [Ahmadian et al., 2024][rloo]), or a large group.

# %% [markdown] lang="tr"
# ## 10 · Vaka 8: DPO'nun yargıcı (6 dakika, ek)
#
# DPO için dört tarif (`toycore/broken/dpo.py`), tohum başına 100.000 çift, $\beta$ 0,3. `hard_labels_no_reference` aynı çiftlerde hep ödülü büyük
# olanı seçtirir ve referansı atar.

# %% [markdown] lang="en"
# ## 10 · Case 8: DPO's judge (6 minutes, extra)
#
# There are four recipes for DPO (`toycore/broken/dpo.py`), with 100,000 pairs for each seed and a $\beta$ of 0.3.
# `hard_labels_no_reference` always lets the answer with the larger reward win, and drops the reference.

# %%
seeds = start.config.seeds
asked = [world.sample_preferences(start.logp.sel(seed=s), 100_000, seed=s) for s in seeds]
config = tc.broken.DPOLabConfig(recipe=list(tc.broken.DPO_RECIPES), beta=0.3, seeds=16)
dpo = tc.broken.train_dpo(world, config, torch.stack(asked), start)
tc.plots.curves(
    dpo.sel(recipe=["copied_reference", "hard_labels_no_reference"]), "reward", "margin"
)

# %% [markdown] lang="tr" predict="case_8"
# **Tahmin et · vaka 8.** İkincisinin ödülü 1, marjı birincininkinin on katından fazla. Hangisi daha iyi eğitilmiş?
#
# - kararsız yargıç, kopyalanmış referans
# - kesin yargıç, referanssız
# - ikisi de aynı

# %% [markdown] lang="en" predict="case_8"
# **Predict · case 8.** The second recipe has a reward of 1 and more than ten times the margin of the first. Which of
# the two is trained better?
#
# - the one with the judge who wavers and the copied reference
# - the one with the judge who never wavers and no reference
# - both alike

# %%
first_loss = dpo.history.loss.isel(step=0).mean("seed").to_series().round(3)
print(f"ln 2 = {np.log(2):.3f}; first loss:")
print(first_loss.to_string(header=False))
tc.plots.frontier(dpo)
# tr: ln 2 = {}; first loss: → ln 2 = {}; ilk kayıp:

# %% tags=["reveal"]
shares = dpo.history.attained.isel(step=-1).mean("seed")
wavers, never = (
    float(shares.sel(recipe=k)) for k in ("copied_reference", "hard_labels_no_reference")
)
case_8.reveal(a=wavers > never + 0.05, b=never > wavers + 0.05, c=abs(wavers - never) < 0.05)

# %% [markdown] lang="tr" tags=["answer"]
# Sert etiket $\beta$'yı unutturur: tasma uzar gider, ama politika sınırın üzerinde kalır. Referanssızlık ise onu
# sınırdan koparır, eski davranışı siler. Yüklenen referans (`reloaded_reference`) burada da var: marjı ve kaybı
# sağlam tarifinkine yapışır, yalnızca ilk kaybı $\ln 2$ değildir. [TRL][trl_reference] de bu tuzağa düşmüştü:
# PEFT, adaptörün ikinci bir kopyasını tutamadığında TRL, referans olarak LoRA'sız modeli alır, yalnızca bir uyarı
# verirdi.

# %% [markdown] lang="en" tags=["answer"]
# Hard labels (the judge never wavers) make training forget $\beta$: the leash grows longer and longer, but the policy
# stays on the frontier. The missing reference tears it off the frontier and wipes out the old behaviour. The loaded
# reference (`reloaded_reference`) is here too: its margin and loss look almost the same as those of the sound recipe,
# and only its first loss, which is not $\ln 2$, gives it away. [TRL][trl_reference] fell into this trap too: where
# PEFT could not hold a second copy of the adapter, it took the model without LoRA as the reference, with nothing but
# a warning.

# %% [markdown] lang="tr"
# ## 11 · Hüküm: üç ucuz sınama (6 dakika)
#
# Tek başına bir ödül eğrisi, yanlışı göstermez. Küçük, sayılabilir bir dünyada üç sınama yeter:
#
# 1. Tur 0'da KL **sıfır** mı?
# 2. `kl_beta` artınca KL **düşüyor** mu?
# 3. Kesin yanıta **varıyor** mu?
#
# İkincisini ders 3'ün sahte tasmasıyla (`kl_in_reward`: bütün KL, her token için aynı sayı) dene:

# %% [markdown] lang="en"
# ## 11 · The verdict: three cheap checks (6 minutes)
#
# A reward curve alone will not tell you that something is wrong. In a small world where everything can be counted,
# three checks will:
#
# 1. Is the KL **zero** at rollout 0?
# 2. Does it **fall** as `kl_beta` grows?
# 3. Does training **reach** the exact answer?
#
# Let us try the second on the sham leash of lesson 3 (`kl_in_reward`: the whole KL, the same for every token):

# %%
leashes = [0.0, 0.1, 0.5, 1.0]
config = tc.broken.PPOLabConfig(recipe="kl_in_reward", kl_beta=leashes, rollouts=15, seeds=16)
sham = tc.broken.train_ppo(world, config, start)
tc.plots.curves(sham, "reward", "kl")

# %%
tc.widgets.slider(
    "kl_beta",
    leashes,
    lambda value: tc.plots.curves(sham, "reward", "kl", highlight=value),
    start=0.5,
    language=world.language,
)

# %% [markdown] lang="tr"
# Sürgü oynuyor, kesikli çizgi oynuyor, eğri oynamıyor: düğme bağlı değil. Son olarak bütün sanıklar bir arada.
# `climbs`, tarifin gerçekte büyüttüğü amaç; TV (toplam değişim, total variation), olasılığın ne kadarının başka
# yerde durduğu: $\pi^*$'a ve tarifin **kendi** en iyisine göre. $\sigma$, politikanın ödüllerinin standart
# sapması; “–” ise böyle tek bir yer olmadığını gösterir.

# %% [markdown] lang="en"
# The slider moves and the dashed line moves, but the curve does not: the knob is not connected. Finally, here are all
# the accused together. `climbs` is what a recipe really optimises; TV (total variation) is the share of probability
# that lies elsewhere: once against $\pi^*$, once against the recipe's **own** optimum. $\sigma$ is the standard
# deviation of the policy's rewards; a dash (–) means that there is no single optimum.

# %% verdict
tc.broken.verdict(lab)

# %% [markdown] lang="tr"
# `harmed`'in akladığı iki tarif de başka bir şey büyütür: `k3_sign_flipped` ile `mean_baseline_kl_in_loss`'un `attained`'i yüksektir, ama ikisi de **kendi** en iyisine π*'dan daha yakındır. `k2_in_loss_whitened`'da beyazlatma ödülü $\sigma$ + 0,1'e böler, kayıptaki KL'yi bölmez; politika iyileştikçe tasma uzar (GRPO).

# %% [markdown] lang="en"
# Two recipes that `harmed` acquits still climb something else: `k3_sign_flipped` and `mean_baseline_kl_in_loss` have
# a high `attained`, yet both are closer to their **own** optimum than to π*. In `k2_in_loss_whitened`, whitening
# divides the reward by $\sigma$ + 0.1 but not the KL in the loss, so the better the policy, the longer the leash (as
# in GRPO).

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
# Your turn. Put your answer in place of `...`, run that cell and then the check: if something is wrong, it names the
# mistake. The cell below is all the exercises need; you need not run the lesson again.

# %%
import torch

import toycore as tc

tc.set_language(language="en")
world = tc.World(language="en")
dict(zip(world.tokens, world.reward[0].tolist()))

# %% [markdown] lang="tr"
# ### Alıştırma 1 · k3, doğru işaretle
#
# ●●○ · 6 dakika. Örneklenen token'ların log-olasılıkları veriliyor: politikanınki `logp`, referansınki `ref_logp`. Her örneğin $k_3$'ünü döndür (bölüm 2).
#
# <details><summary>İpucu</summary>
#
# Önce $u$. Hangi politikanın log'undan hangisininki çıkıyor?
#
# </details>

# %% [markdown] lang="en"
# ### Exercise 1 · k3, with the right sign
#
# ●●○ · 6 minutes. You are given log-probabilities of sampled tokens: `logp` under the policy, `ref_logp` under the
# reference. Return the $k_3$ of each sample (section 2).
#
# <details><summary>Hint</summary>
#
# First find $u$. Which logarithm is subtracted from which?
#
# </details>


# %% tags=["exercise"]
def k3(logp, ref_logp):
    return ...


# %% tags=["check"]
tc.checks.k3(k3, language="en")


# %% tags=["solution"]
def k3(logp, ref_logp):
    u = ref_logp - logp
    return u.exp() - 1 - u


# %% [markdown] lang="tr"
# ### Alıştırma 2 · Ötekilerin ortalaması
#
# ●●○ · 6 dakika. `reward`, istem × yanıt tablosudur: her satır bir grubun ödülleri. Her yanıtın avantajını döndür; taban çizgisi, grubun
# **öteki** yanıtlarının ortalaması olsun.
#
# <details><summary>İpucu</summary>
#
# Grubun toplamından yanıtın kendisini çıkarınca ötekilerin toplamı kalır. Kaç tanedirler?
#
# </details>

# %% [markdown] lang="en"
# ### Exercise 2 · The mean of the others
#
# ●●○ · 6 minutes. `reward` is a table of prompt × answer: each row holds the rewards of a group. Return the advantage
# of each answer; the baseline should be the mean of the **other** answers in its group.
#
# <details><summary>Hint</summary>
#
# Subtract the answer itself from the sum of the group, and the sum of the others is left. How many others are there?
#
# </details>


# %% tags=["exercise"]
def advantage(reward):
    return ...


# %% tags=["check"]
tc.checks.leave_one_out(advantage, language="en")


# %% tags=["solution"]
def advantage(reward):
    others = reward.sum(-1, keepdim=True) - reward
    return reward - others / (reward.shape[-1] - 1)


# %% [markdown] lang="tr"
# ### Alıştırma 3 · Yazılan ve varılan β
#
# ●○○ · 4 dakika. Vaka 7'nin (ek) tarifi, grup 8, `kl_beta` 0,7. Politika hangi $\beta$'nın en iyisine gider?
# Kâğıt üzerinde bul, sayıyı yaz.
#
# <details><summary>İpucu</summary>
#
# Ödülün çekişinden geriye ne kalır? KL'ninki değişmez; ikisini aynı sayıya böl.
#
# </details>

# %% [markdown] lang="en"
# ### Exercise 3 · The β you write and the β you get
#
# ●○○ · 4 minutes. The recipe of case 7 (extra), a group of 8, a `kl_beta` of 0.7. Which $\beta$'s optimum does the
# policy reach? Work it out on paper and write down the number.
#
# <details><summary>Hint</summary>
#
# How much of the pull of the reward is left? The pull of the KL does not change; divide both by the same number.
#
# </details>

# %% tags=["exercise"]
beta = ...

# %% tags=["check"]
tc.checks.group_beta(beta, language="en")

# %% tags=["solution"]
beta = 0.7 * 8 / 7

# %% [markdown] lang="tr"
# ### Alıştırma 4 · Öldüren tasma
#
# ●●○ · 5 dakika. Vaka 5'in en iyisinde $\lambda$'nın altında kazandıran yanıtlar ölür; `kl_beta` 0,5 iken zararlılar ölüyor, birçok istemde nötrler de. Dene ve öyle bir `kl_beta` yaz ki
# zararlı yanıtlar her istemde ölsün, nötr yanıtların hepsi yaşasın.
#
# <details><summary>İpucu</summary>
#
# Tasma kısaldıkça $\lambda$ düşer ve daha az yanıt ölür.
#
# </details>

# %% [markdown] lang="en"
# ### Exercise 4 · A leash that lets answers die
#
# ●●○ · 5 minutes. At the optimum of case 5, answers that earn less than $\lambda$ die; with a `kl_beta` of 0.5 the
# harmful ones do and, at many prompts, neutral ones too. Try some values and write a `kl_beta` with which the harmful
# answers die at every prompt and all the neutral ones live.
#
# <details><summary>Hint</summary>
#
# The shorter the leash, the lower $\lambda$, and the fewer answers die.
#
# </details>

# %% tags=["exercise"]
kl_beta = ...

# %% tags=["check"]
tc.checks.flipped_leash(kl_beta, language="en")

# %% tags=["solution"]
kl_beta = 1

# %% [markdown] lang="tr"
# ## Kendini sına
#
# Beş sorunun her birinde bir yanıt seç; doğru mu, neden, hemen altında okursun.

# %% [markdown] lang="en"
# ## Check yourself
#
# Choose an answer to each of the five questions; right below it you will see whether it is correct, and why.

# %% [markdown] lang="tr" tags=["quiz"]
# 1. Kayıpta hangi tahminci KL'nin gradyanını verir?
#    - [ ] k1; ortalaması doğru — kaybın türevi alınır; $\mathbb{E}[\nabla \log \pi] = 0$, referans içinde kalmaz.
#    - [x] k2; ortalaması yanlı olsa da — $\mathbb{E}[\nabla k_2]$ tamı tamına KL'nin gradyanıdır; önemli olan ortalama değil, gradyandır.
#    - [ ] k3; hiç eksi çıkmaz — kayıpta ters yöndeki KL'nin gradyanını verir, ödülde ise yanıt öldürür.
# 2. Eğitimin ilk satırında, daha hiç adım atılmadan, yazılan KL 0,3. Ne düşünürsün?
#    - [ ] Örnekler gürültülüdür — politika referansın kopyasıysa log oran her örnekte tam 0'dır, gürültü de yoktur.
#    - [ ] `kl_beta` küçüktür — ilk adımdan önce tasma daha hiç çekmemiştir.
#    - [x] Referans, başlangıç politikası değildir — vaka 2: adaptörler sessizce düşmüş olabilir.
# 3. Sıcaklık 0,8 ve top-p 0,9 ile örnek çeken bir kodda kayba k1 eklendi. Ne olur?
#    - [x] Entropi büyür — terim, örneklenenleri bastırır, kesilen kuyruğu kaldırır.
#    - [ ] Hiçbir şey; beklenen gradyanı 0 — öyle olması için örneklerin politikanın kendisinden gelmesi gerekir.
#    - [ ] Politika referansa döner — k1'in gradyanında referans yoktur.
# 4. Kırpma, turun ilk geçişinde de çalışıyor. Neden?
#    - [ ] Aralık dardır — ilk geçişte bütün oranlar 1'dir; en dar aralığın da içindedir.
#    - [ ] Öğrenme oranı büyüktür — ilk geçişte daha hiç adım atılmamıştır.
#    - [x] Oranın altında eski politika yoktur — referans vardır; vaka 6.
# 5. İki tarifin `attained`'i 0,98 ve 0,99. Birincinin π*'a uzaklığı 0,03; kendi en iyisine uzaklığı 0,02. Ne dersin?
#    - [ ] İkisi de sağlam — birincisi başka bir amacın en iyisine daha yakın; β ya da G değişince ayrılır.
#    - [x] Birincisi başka bir şeyi büyütüyor — vaka 7: yazılan β ile varılan β ayrıdır.
#    - [ ] Daha çok tohum gerekir — en iyinin yeri kapalı biçimde bilinir, şans değildir.

# %% [markdown] lang="en" tags=["quiz"]
# 1. Which estimator gives the gradient of the KL when it stands in the loss?
#    - [ ] k1; its mean is right — in the loss it is differentiated; $\mathbb{E}[\nabla \log \pi] = 0$, and the reference is not in it.
#    - [x] k2, though its mean is biased — $\mathbb{E}[\nabla k_2]$ is exactly the gradient of the KL; what counts is not the mean but the gradient.
#    - [ ] k3; it is never negative — in the loss it gives the gradient of the KL the other way round, and in the reward it lets answers die.
# 2. In the first line of a training log, before any step, the KL is 0.3. What do you think?
#    - [ ] The samples are noisy — if the policy is a copy of the reference, the log ratio is exactly 0 for every
#      sample, without any noise.
#    - [ ] `kl_beta` is small — before the first step the leash has not pulled yet.
#    - [x] The reference is not the starting policy — case 2: the adapters may have been dropped without a word.
# 3. An implementation that samples with a temperature of 0.8 and a top-p of 0.9 adds k1 to the loss. What happens?
#    - [x] Entropy grows — the term presses down what is sampled, and lifts the tail that is cut off.
#    - [ ] Nothing; its expected gradient is 0 — for that, the samples would have to come from the policy itself.
#    - [ ] The policy goes back to the reference — the reference is not in the gradient of k1.
# 4. The clip acts already in the first pass of a rollout. Why?
#    - [ ] The range is narrow — in the first pass every ratio is 1, which lies inside even the narrowest range.
#    - [ ] The learning rate is large — in the first pass no step has been taken yet.
#    - [x] The ratio does not divide by the old policy — it divides by the reference, as in case 6.
# 5. Two recipes have an `attained` of 0.98 and 0.99. The first is 0.03 away from π*, and 0.02 from its own optimum. What do you say?
#    - [ ] Both are sound — the first is closer to the optimum of something else; another β or G would tell them
#      apart.
#    - [x] The first climbs something else — case 7: the β that is written is not the β that is reached.
#    - [ ] More seeds are needed — where an optimum lies is known in closed form; it is not a matter of luck.

# %% [markdown] lang="tr"
# **Bu derste yaptıkların.** Hangi alıştırmaları çözdün, yolda karşına ne çıktı, tahminlerin nasıl gitti: hepsi burada.
# Not defterini birine teslim edeceksen en son bu hücreyi çalıştır, kaydet, dosyayı gönder. Özet, çekirdek (kernel)
# başladığından beri olanı bilir: defteri kapatıp sonra yeniden açtıysan önce bütün hücreleri çalıştır.

# %% [markdown] lang="en"
# **What you did in this lesson.** Which exercises you solved, what you met on the way, how your predictions went: all
# of it is here. If you are to hand the notebook in, run this cell last, save, and send the file. It knows what has
# happened since the kernel was started: if you come back another day, run all the cells first.

# %% tags=["summary"]
tc.checks.summary("lab", language="en")

# %% [markdown] lang="tr"
# ## Özet
#
# * Bir ödül eğrisi hiçbir şey kanıtlamaz; bozuk tariflerin çoğununki güzeldi.
# * Doğru ortalama, doğru gradyan demek değildir: bir tahmincinin ne yaptığı, **nerede** durduğuna bağlıdır.
# * Örneklerin kimden geldiği, oranın altında kimin durduğu, taban çizgisinin içinde kimin olduğu: her biri amacı değiştirir.
# * Üç ucuz sınama: tur 0'da KL sıfır mı, `kl_beta` ile düşüyor mu, küçük dünyada kesin yanıta varıyor mu?
#
# Sırada ders 7 var: sağlam yöntemlerin hepsi tek bir resimde, aynı sınırın altında.

# %% [markdown] lang="en"
# ## Summary
#
# * A reward curve proves nothing; those of most broken recipes looked fine.
# * A right mean is not a right gradient: what an estimator does depends on **where** it stands.
# * Whose samples they are, what the ratio divides by, what the baseline contains: each of these changes the goal.
# * Three cheap checks: is the KL zero at rollout 0, does it fall as `kl_beta` grows, does training in a small world
#   reach the exact answer?
#
# Lesson 7 comes next: all the sound methods in one picture, under the same frontier.
