# ---
# jupyter:
#   toycore:
#     tr: 01_ortam
#     en: 01_environment
# ---

# %% [markdown] lang="tr"
# # Ders 1 · Ortam: politika bir tablodur
#
# Büyük bir dil modelinin milyarlarca ağırlığı vardır; eğitim sırasında her birinde ne olup bittiğini kimse
# göremez. Biz tersini yapıyoruz: 6 istem, 11 token, tek adım. Bu kadar küçük bir dünyada her şey
# **sayılabilir**; her eğrinin yanına kesin yanıtı çizebiliriz.
#
# Bu derste dünyayı tanıyor, politikayı okuyoruz; ödülü, entropiyi ve KL ıraksamasını hem sayarak hem örnekleyerek
# buluyor, en iyi politikayı hiç eğitim yapmadan çiziyoruz. Bu dersler eski bir not defterinden doğdu; onun
# deneyleri, yer yer de hataları yolda karşımıza çıkacak. Süre: yaklaşık 44 dakika; *ek* yazan bölüm bekleyebilir,
# onsuz 39 dakika. Alıştırmalar: 25 dakika.

# %% [markdown] lang="en"
# # Lesson 1 · The environment: a policy is a table
#
# A large language model has billions of weights; nobody can watch each of them learn. We do the
# opposite: 6 prompts, 11 tokens, one step. In a world this small everything can be **counted**, and
# every curve can have the exact answer drawn beside it.
#
# In this lesson we get to know the world, read a policy, find reward, entropy and KL divergence both by counting and
# by sampling, and draw the best policy without any training. The course grew out of an older notebook; its
# experiments, and sometimes its mistakes, will turn up along the way. Time: about 44 minutes, or 39 without the
# section marked *extra*, which can wait. Exercises: 25 minutes.

# %% [markdown] lang="tr"
# ## 1 · Derslerin haritası (4 dakika)
#
# | Ders | Yöntem | Amaç | Sinyal | Kazancı | Tehlikesi |
# | --- | --- | --- | --- | --- | --- |
# | 2 | LoRA ile SFT | örnekle öğretmek | doğru yanıtlar | az ağırlık eğitilir | fazlası politikayı kilitler |
# | 3 | PPO | ödülü büyütmek | ödül ve KL cezası | her ödülle çalışır | ayarları hassastır |
# | 4 | DPO | tercihe uymak | tercih çiftleri | ödül modeli gerekmez | az veride ezberler |
# | 5 | INT8 | küçültmek | — | daha az bellek | doğruluk düşebilir |
# | 6 | bozuk laboratuvar | hatayı bulmak | kesin yanıt | eğrinin sakladığını gösterir | — |
# | 7 | tek sınır | yöntemleri karşılaştırmak | kesin en iyi | her yöntem nereye gidiyor, görünür | — |
#
# SFT, gözetimli ince ayar (supervised fine-tuning); LoRA, düşük ranklı uyarlama (low-rank adaptation) demektir.
# PPO'nun açılımı proximal policy optimization, DPO'nunki direct preference optimization'dır. INT8'de her sayı 8
# bittir. Ödülle öğrenmeye **pekiştirmeli öğrenme** (reinforcement learning, RL) de denir.
#
# Hepsi aynı soruya yanıt arar: **bir politikayı, bozmadan, istediğimiz yöne nasıl iteriz?**

# %% [markdown] lang="en"
# ## 1 · The map of the course (4 minutes)
#
# | Lesson | Method | Purpose | Signal | Strength | Risk |
# | --- | --- | --- | --- | --- | --- |
# | 2 | SFT with LoRA | teach by example | the right answers | few weights are trained | too much of it locks the policy |
# | 3 | PPO | raise the reward | reward and KL penalty | works with any reward | its settings are delicate |
# | 4 | DPO | follow preferences | preference pairs | needs no reward model | memorises when data are few |
# | 5 | INT8 | shrink the model | — | less memory | accuracy may drop |
# | 6 | the broken lab | find the bug | the exact answer | shows what a curve hides | — |
# | 7 | one frontier | compare the methods | the exact optimum | shows where each method goes | — |
#
# SFT is supervised fine-tuning, LoRA low-rank adaptation, PPO proximal policy optimization, DPO direct preference
# optimization; INT8 numbers have 8 bits. Learning from rewards is also called **reinforcement learning** (RL).
#
# All these methods answer one question: **how do we push a policy where we want it, without breaking it?**

# %% [markdown] lang="tr"
# Her şey CPU'da çalışır: 66 sayılık bir tabloda GPU bir şey kazandırmaz, bu yüzden istenmedikçe kullanılmaz.
# Rastgele olan her şey bir **tohum**dan (seed) gelir; aynı tohum her makinede aynı rastgele sayıları verir.
# Aşağıdaki sürümler ise makineden makineye değişir:

# %% [markdown] lang="en"
# Everything runs on the CPU: for a table of 66 numbers a GPU gains nothing, so it is not used unless you ask for it.
# Everything random comes from a **seed**; the same seed gives the same random numbers on every machine. The versions
# below, though, differ from machine to machine:

# %% tags=["nbval-ignore-output"]
import platform

import numpy as np
import torch

import toycore as tc

device = torch.device("cpu")  # to ask for a GPU: torch.device("cuda")
print(f"Python {platform.python_version()}, torch {torch.__version__}")
print(f"device {device}; a GPU is here: {torch.cuda.is_available()}")
# tr: to ask for a GPU: torch.device("cuda") → GPU istersen: torch.device("cuda")
# tr: device {}; a GPU is here: {} → aygıt {}; GPU var mı: {}

# %% [markdown] lang="tr"
# ## 2 · Dünya: istemler, token'lar, ödül (5 dakika)
#
# Model bir **istem** (prompt) alır ve tek bir **token** ile yanıt verir. Sonra bir **ödül**
# (reward) gelir. Hepsi bu.

# %% [markdown] lang="en"
# ## 2 · The world: prompts, tokens, reward (5 minutes)
#
# The model gets a **prompt** and answers with a single **token**. Then it gets a **reward**. That is all there is to
# it.

# %%
torch.set_num_threads(1)  # for tables this small, more threads only wait for one another
tc.set_language(language="en")
world = tc.World(language="en")
print(world.prompts)
print(world.tokens)
# tr: for tables this small, more threads only wait for one another → bu kadar küçük tablolarda iş parçacıkları yalnızca birbirini bekler

# %%
tc.plots.rewards(world)

# %% [markdown] lang="tr"
# Satırlar istem, sütunlar token; mor kazandırır, kahverengi kaybettirir. Her satır aynı: bu ödül
# token'ın sınıfına bakar (yardımsever +1,0; zararlı −1,0; nötr +0,2) ve istemi hiç okumaz. Bunun
# bedelini ders 3'te göreceğiz.
#
# Her istemin bir de iyi yanıtı vardır; ders 2'de modele bunlar öğretilecek:

# %% [markdown] lang="en"
# Rows are prompts, columns are tokens; purple earns, brown costs. All rows are alike: this reward looks at the class
# of the token (helpful +1.0, harmful −1.0, neutral +0.2) and never reads the prompt. Lesson 3 shows what that costs.
#
# Each prompt also has a good answer; lesson 2 will teach these to the model:

# %%
for prompt, target in zip(world.prompts, world.sft_targets):
    print(f"{prompt:20} {world.tokens[target]}")

# %% [markdown] lang="tr"
# ## 3 · Model: gömme vektöründen olasılığa (7 dakika)
#
# ToyLM iki adımdan oluşur. Her istemin 32 sayılık bir **gömmesi** (embedding) $e_x$ vardır; bir doğrusal katman
# (ağırlıkları $W$, bias'ı $b$) onu 11 **logit**e çevirir; softmax da logitleri olasılığa dönüştürür. $x$ istem,
# $y$ token, $\pi(y|x)$ ise $x$ istemine $y$ yanıtının verilme olasılığıdır:
#
# $$z = W e_x + b, \qquad \pi(y|x) = \frac{e^{z_y}}{\sum_{y'} e^{z_{y'}}}$$
#
# Hiç eğitilmemiş bir modelin olasılıklarını elle bulalım:

# %% [markdown] lang="en"
# ## 3 · The model: from embedding to probability (7 minutes)
#
# ToyLM has two steps. Every prompt has an **embedding** $e_x$ of 32 numbers; a linear layer (weights $W$, bias $b$)
# turns it into 11 **logits**; softmax turns the logits into probabilities. $x$ is the prompt, $y$ a token, and
# $\pi(y|x)$ the probability of answering $x$ with $y$:
#
# $$z = W e_x + b, \qquad \pi(y|x) = \frac{e^{z_y}}{\sum_{y'} e^{z_{y'}}}$$
#
# Let us work out by hand the probabilities of a model that has never been trained:

# %%
model = tc.ToyLM(seeds=[0]).to(device)
embedding = model.prompt_embed[0, 3]
logits = model.head.weight[0] @ embedding + model.head.bias[0]
print(embedding.shape, "->", logits.shape)

# %% [markdown] lang="tr"
# Dördüncü istemin 32 sayısı 11 logite indi. Bir logit her değeri alabilir; olasılıklar ise artıdır ve toplamları 1'dir:

# %% [markdown] lang="en"
# The 32 numbers of the fourth prompt have become 11 logits. A logit can be any number; probabilities are positive and
# sum to 1:

# %% softmax
probability = logits.exp() / logits.exp().sum()
print(probability.cpu().numpy().round(3), "sum", round(float(probability.sum()), 6))
torch.allclose(probability, model.logp()[0, 3].exp())
# tr: sum → toplam

# %% [markdown] lang="tr"
# Elle hesapladığımız sayılar modelinkilerle aynı (`True`). Olasılıkların hepsi $1/11$ dolayında: model henüz
# hiçbir şey bilmiyor. Bütün istemlerin satırlarını alt alta dizersek **politika** (policy)
# çıkar: 6 satır, 11 sütun, her satırın toplamı 1. (Kodun yazdığı sayılarda ondalık işareti noktadır, metinde virgül.)

# %% [markdown] lang="en"
# The numbers worked out by hand agree with the model's (`True`). All probabilities are near $1/11$: the model knows
# nothing yet. Stack such rows, one for each prompt, and you have the **policy**: 6 rows, 11 columns, each row summing
# to 1.

# %%
trained = tc.train_sft(world, tc.SFTConfig(seeds=16))
print("seeds", trained.config.seeds)
tc.plots.policies(world, before=trained.ref_logp, after=trained.logp)
# tr: seeds → tohumlar

# %% [markdown] lang="tr"
# Sol: eğitilmemiş politika; sağ: aynı politikanın o iyi yanıtlarla biraz eğitilmiş hâli (SFT; ders 2'nin konusu),
# 16 tohumun ortalaması. Renk ne kadar açıksa yanıt o kadar olasıdır. Sağdaki politika her istemde hedefi öne
# çıkarmış, ama ötekilere de yer bırakmış.

# %% [markdown] lang="en"
# On the left is the untrained policy, on the right the policy after a little training on those good answers (SFT, the
# subject of lesson 2), averaged over 16 seeds. Bright means likely. On the right a target stands out in every row,
# but the other answers still have room.

# %% [markdown] lang="tr"
# ## 4 · Üç sayı: ödül, entropi, KL (10 dakika)
#
# Bir politikayı üç sayı özetler. **Beklenen ödül**, politikanın ortalama ne kadar kazandığıdır:
#
# $$\mathbb{E}_\pi[r] = \sum_y \pi(y|x)\, r(x, y)$$
#
# **Entropi** (entropy), politikanın ne kadar kararsız olduğudur. Logaritma doğal logaritma olduğu için birimi
# **nat**tır; entropi en çok $\log 11$ olur:
#
# $$H(\pi) = -\sum_y \pi(y|x) \log \pi(y|x)$$
#
# **KL ıraksaması** (KL divergence), kısaca KL, politikanın bir referanstan (burada eğitilmemiş politikadan) ne
# kadar ayrıldığıdır; ikisi aynıysa 0'dır:
#
# $$\mathrm{KL}(\pi \,\|\, \pi_\mathrm{ref}) = \sum_y \pi(y|x) \log \frac{\pi(y|x)}{\pi_\mathrm{ref}(y|x)}$$

# %% [markdown] lang="en"
# ## 4 · Three numbers: reward, entropy, KL (10 minutes)
#
# Three numbers sum up a policy. The **expected reward** is what it earns on average:
#
# $$\mathbb{E}_\pi[r] = \sum_y \pi(y|x)\, r(x, y)$$
#
# The **entropy** says how undecided it is. Since the logarithm is natural, its unit is the **nat**; it is at most
# $\log 11$:
#
# $$H(\pi) = -\sum_y \pi(y|x) \log \pi(y|x)$$
#
# The **KL divergence** says how far it has moved from a reference (here, the untrained policy); it is 0 if the two
# are the same:
#
# $$\mathrm{KL}(\pi \,\|\, \pi_\mathrm{ref}) = \sum_y \pi(y|x) \log \frac{\pi(y|x)}{\pi_\mathrm{ref}(y|x)}$$

# %%
logp = torch.as_tensor(trained.logp.sel(seed=0).values)
ref_logp = torch.as_tensor(trained.ref_logp.sel(seed=0).values)
pi = logp.exp()

# %% [markdown] lang="tr"
# Üç formül, üç satır; önce elle:

# %% [markdown] lang="en"
# Three formulas, three lines of code; first by hand:

# %%
by_hand = {
    "reward": (pi * world.reward).sum(-1),
    "entropy": -(pi * logp).sum(-1),
    "kl": (pi * (logp - ref_logp)).sum(-1),
}

# %% [markdown] lang="tr"
# Aynı sayıları paketin **kâhini** (oracle) `tc.exact` de verir; bundan sonra hep onu kullanacağız. (Paketin kendi
# açıklamaları, `help(tc.exact.kl)` gibi, İngilizcedir; gereken her şey, tabloların biçimi de, derste yazar.)

# %% [markdown] lang="en"
# The package's **oracle**, `tc.exact`, gives the same numbers; from here on we use it:

# %% exact
exact = {
    "reward": tc.exact.expected_reward(logp, world.reward),
    "entropy": tc.exact.entropy(logp),
    "kl": tc.exact.kl(logp, ref_logp),
}
said = ["expected reward", "entropy in nats", "KL in nats"]
for name, (key, values) in zip(said, exact.items()):
    print(f"{name:15}", values.numpy().round(3), torch.allclose(values, by_hand[key]))
# tr: expected reward → beklenen ödül
# tr: entropy in nats → entropi (nat)
# tr: KL in nats → KL (nat)

# %% [markdown] lang="tr"
# Her satırda altı istemin değeri var ve hepsi elle yazdığımız toplamla aynı (`True`). Ne örnek var
# ne tahmin: 11 terimlik bir toplam.
#
# Derslerde ara ara senden bir **tahmin** istenir. Defterde harfini soru işaretinin yerine, tırnakların içine yaz,
# hücreyi çalıştır (web sitesinde harfe tıkla); devamını ancak ondan sonra aç. En çok, yanıldığın yerde
# öğrenirsin.

# %% [markdown] lang="en"
# Each line holds the values for the six prompts, and they equal the sums written by hand (`True`). No samples, no
# estimates: just a sum of 11 terms.
#
# Now and then a lesson asks you to **predict**. In the notebook, put your letter in place of the question mark,
# between the quotes, and run the cell (on the website, click the letter); only then open what follows. You learn the
# most where you are wrong.

# %% [markdown] lang="tr" predict="swap"
# **Tahmin et · KL ters çevrilince.** KL'de iki politikanın yerini değiştirirsek sayı ne olur?
#
# - başka bir sayı olur
# - aynı kalır, her uzaklık gibi
# - yalnızca işareti değişir

# %% [markdown] lang="en" predict="swap"
# **Predict · the KL turned round.** If we swap the two policies in the KL, what happens to the number?
#
# - it becomes a different number
# - it stays the same, as any distance would
# - only its sign changes

# %% kl_swapped
there, back = tc.exact.kl(logp, ref_logp).mean(), tc.exact.kl(ref_logp, logp).mean()
print(f"KL(pi, ref) {there:.3f}")
print(f"KL(ref, pi) {back:.3f}")

# %% tags=["reveal"]
swap.reveal(a=there.abs() != back.abs(), b=there == back, c=there == -back)

# %% [markdown] lang="tr" tags=["answer"]
# KL bir uzaklık gibi okunur, ama simetrik olmadığı için uzaklık değildir. Referansa göre KL'de ilk yazılan, yani
# ortalamanın ağırlıklarını veren politika, bu derslerde hep **eğitilen** politikadır.

# %% [markdown] lang="en" tags=["answer"]
# KL looks like a distance, but it is not symmetric. In these lessons the policy **being trained** always comes first,
# and the mean is taken over its answers.

# %% [markdown] lang="tr"
# ## 5 · Saymak ve örneklemek (6 dakika)
#
# Gerçek bir modelde 11 değil, sayısız yanıt üzerinden toplamak gerekir; sayamayız, örnek çekeriz. Üç sayının üçü
# de ortalamadır, o yüzden üçü de örneklerle **tahmin** (estimate) edilir:
#
# $$\hat r = \frac{1}{n} \sum_{i=1}^{n} r(x_i, y_i), \qquad
# \hat H = -\frac{1}{n} \sum_{i=1}^{n} \log \pi(y_i|x_i), \qquad
# \widehat{\mathrm{KL}} = \frac{1}{n} \sum_{i=1}^{n}
# \log \frac{\pi(y_i|x_i)}{\pi_\mathrm{ref}(y_i|x_i)}$$
#
# 10 örnekle ne kadar yanılırız, 10.000 örnekle ne kadar?

# %% [markdown] lang="en"
# ## 5 · Counting and sampling (6 minutes)
#
# For a real model the sum would run over countless answers instead of 11; we cannot count them all, so we draw
# samples. All three numbers are means, so all three can be **estimated** from samples:
#
# $$\hat r = \frac{1}{n} \sum_{i=1}^{n} r(x_i, y_i), \qquad
# \hat H = -\frac{1}{n} \sum_{i=1}^{n} \log \pi(y_i|x_i), \qquad
# \widehat{\mathrm{KL}} = \frac{1}{n} \sum_{i=1}^{n}
# \log \frac{\pi(y_i|x_i)}{\pi_\mathrm{ref}(y_i|x_i)}$$
#
# How far off are we with 10 samples, and how far with 10,000?

# %%
generator = torch.Generator().manual_seed(1)
uniform = torch.rand(200, 10_000, generator=generator, dtype=torch.float64)
prompt, token = tc.noise.sample_answer(logp.repeat(200, 1, 1), uniform)
worth = {"reward": world.reward, "entropy": -logp, "kl": logp - ref_logp}
sampled = {name: table[prompt, token] for name, table in worth.items()}

# %% [markdown] lang="tr"
# 200 deneme, her biri 10.000 örnek: `sample_answer` istemi ve yanıtı birlikte
# çeker. Şimdi her denemenin
# ilk 10, 30, 100 … örneğiyle ne bulunduğuna bakalım:

# %% [markdown] lang="en"
# 200 tries of 10,000 samples each: `sample_answer` draws prompt and answer together. Now look at what the first 10,
# 30, 100 … samples of each try would have given:

# %%
counts = [10, 30, 100, 300, 1000, 3000, 10_000]
estimates = {
    name: np.stack([values[:, :n].mean(1).numpy() for n in counts], axis=1)
    for name, values in sampled.items()
}
true_values = {name: values.mean() for name, values in exact.items()}
tc.plots.closing_in(world, counts, estimates, true_values)

# %% [markdown] lang="tr"
# Bant, 200 denemenin ortadaki %80'idir; kesikli siyah çizgi kesin değer. Örnek sayısı arttıkça üç
# tahmin de çizgisine yaklaşır. Az örnekle KL tahmini eksi bile çıkabilir, oysa gerçek KL hiçbir zaman eksi olmaz.

# %% [markdown] lang="en"
# The band is the middle 80% of 200 tries; the dashed black line is the exact value. With more samples
# all three estimates close in on their line. With few samples the estimate of the KL may even come out
# negative, though the true KL never is.

# %% [markdown] lang="tr" predict="samples"
# **Tahmin et · on kat daha doğru.** Tahminlerin yayılımı (standart sapması) onda birine insin istiyoruz. Kaç kat
# örnek gerekir?
#
# - 10 kat
# - 100 kat
# - 1000 kat

# %% [markdown] lang="en" predict="samples"
# **Predict · ten times as precise.** We want the spread (the standard deviation) of the estimates to be ten times
# smaller. How many times as many samples does that take?
#
# - 10 times
# - 100 times
# - 1000 times

# %% spreads
spread = {n: estimates["reward"][:, place].std() for place, n in enumerate(counts)}
for n in counts:
    reward, entropy, kl = (tries[:, counts.index(n)].std() for tries in estimates.values())
    print(f"{n:6} samples: reward {reward:.3f}, entropy {entropy:.3f}, KL {kl:.3f}")
negative = int((estimates["kl"][:, 0] < 0).sum())
print(f"{negative} of 200 tries with 10 samples give a negative KL")
# tr: {} samples: reward {}, entropy {}, KL {} → {} örnek: ödül {}, entropi {}, KL {}
# tr: {} of 200 tries with 10 samples give a negative KL → 10 örnekle yapılan 200 denemenin {} tanesinde KL eksi çıktı

# %% tags=["reveal"]
tenth = min(counts, key=lambda n: abs(spread[n] - spread[10] / 10))
samples.reveal(a=tenth == 100, b=tenth == 1000, c=tenth == 10_000)

# %% [markdown] lang="tr" tags=["answer"]
# Satırdan satıra örnek sayısı yaklaşık üç katına çıkar, yayılım ise üçün kareköküne bölünür: $1/\sqrt{n}$ ile küçülür. On kat
# daha doğru bir tahmin, yüz kat daha çok örnek ister. Bu dünyada ise bir toplam yeter; derslerdeki her eğriyi bu
# yüzden denetleyebiliyoruz.

# %% [markdown] lang="en" tags=["answer"]
# From line to line the number of samples grows about threefold, and the spread is divided by about the square root of
# three: it shrinks like $1/\sqrt{n}$. An estimate ten times as precise takes a hundred times as many samples. In this
# world one sum is enough; that is why every curve in these lessons can be checked.

# %% [markdown] lang="tr"
# ## 6 · En iyi politika, eğitimsiz (7 dakika)
#
# Ödülü büyütmek isteriz, ama eski davranıştan da kopmak istemeyiz. İkisini $\beta$ (kodda
# `kl_beta`) dengeler; ödülden düştüğümüz KL cezasına **tasma** (leash) diyoruz:
#
# $$J(\pi) = \mathbb{E}_\pi[r] - \beta\, \mathrm{KL}(\pi \,\|\, \pi_\mathrm{ref})$$
#
# Bu bölümde referans, SFT'den çıkan politikadır: elle yapılan hesaplarda tohum 0'ınki (kodda `pi`), resimlerde 16
# tohumun ortalaması. En iyi politika kapalı biçimde (closed form) bilinir: referansı $e^{r/\beta}$ ile çarp,
# sonra toplamı 1 olacak biçimde ölçekle:
#
# $$\pi^*(y|x) \propto \pi_\mathrm{ref}(y|x)\, e^{r(x, y)/\beta}$$

# %% [markdown] lang="en"
# ## 6 · The best policy, without training (7 minutes)
#
# We want more reward, and we do not want to lose the old behaviour. $\beta$ (`kl_beta` in the code) weighs one
# against the other; the KL penalty subtracted from the reward is what we call the **leash**:
#
# $$J(\pi) = \mathbb{E}_\pi[r] - \beta\, \mathrm{KL}(\pi \,\|\, \pi_\mathrm{ref})$$
#
# The best policy is known in closed form: multiply the reference by $e^{r/\beta}$ and make each row sum to 1. In this
# section the reference is the policy after SFT: that of seed 0 where we compute by hand (`pi` in the code), and the
# mean of 16 seeds in the pictures.
#
# $$\pi^*(y|x) \propto \pi_\mathrm{ref}(y|x)\, e^{r(x, y)/\beta}$$

# %%
weight = pi * (world.reward / 0.5).exp()
best = (weight / weight.sum(-1, keepdim=True)).log()
torch.allclose(best, tc.exact.optimal_policy(logp, world.reward, kl_beta=0.5))

# %% [markdown] lang="tr"
# `True`: iki satırlık formül, paketin bulduğu en iyi politikayı verir. Gerçekten en iyisi mi? Karşısına rakip
# çıkaralım:

# %% [markdown] lang="en"
# `True`: our two lines give the same policy as the package. Is it really the best? Let us try some rivals:

# %% rivals
generator = torch.Generator().manual_seed(2)
rivals = torch.randn(10_000, 6, 11, generator=generator, dtype=torch.float64).log_softmax(-1)
objective = tc.exact.objective(rivals, logp, world.reward, 0.5).mean(-1)
print(f"best of 10,000 random policies: {objective.max():.3f}")
by_hand = (best.exp() * (world.reward - 0.5 * (best - logp))).sum(-1).mean()
print(f"the closed form: {tc.exact.objective(best, logp, world.reward, 0.5).mean():.3f}", end=", ")
print(f"by hand {by_hand:.3f}")
# tr: best of 10,000 random policies: {} → 10,000 rastgele politikanın en iyisi: {}
# tr: the closed form: {} → kapalı biçim: {}
# tr: by hand {} → elle {}

# %% [markdown] lang="tr"
# Rastgele 10.000 politikanın en iyisi bile kapalı biçimin altında kalır.

# %% [markdown] lang="en"
# Even the best of 10,000 random policies stays below the closed form.

# %% [markdown] lang="tr" predict="small"
# **Tahmin et · çok küçük β.** İlk istemde (`selam`) `teşekkürler` yanıtının olasılığı 0,49'dur ve altı yardımsever token'ın hepsi 1
# kazandırır. $\beta$ çok küçülürse `teşekkürler` ne olur?
#
# - 1'e gider: en olası olan kazanır
# - 1/6'ya gider: altısı eşit paylaşır
# - ikisinin arasında kalır: referanstaki oranlar korunur

# %% [markdown] lang="en" predict="small"
# **Predict · a very small β.** At the first prompt (`hello`) `thanks` has a probability of 0.49, and all six helpful
# tokens earn 1. When $\beta$ gets very small, what happens to `thanks`?
#
# - it goes to 1: the likeliest wins
# - it goes to 1/6: the six share equally
# - it stays between the two: the proportions of the reference are kept

# %% frontier
leashes = [0.1, 0.2, 0.5, 1.0, 2.0, 5.0]
tc.plots.tradeoff(world, trained.logp, leashes)

# %% [markdown] lang="tr"
# Her işaret bir `kl_beta`; kesikli çizgi **sınır** (frontier): o KL ile alınabilecek en çok ödül.
# Daha çok ödül, daha çok KL ister. Politikanın kendisi sürgünün altında; burada eğitim yok, her resim tek bir formüldür:

# %% [markdown] lang="en"
# Each mark is one `kl_beta`; the dashed line is the **frontier**: the most reward possible at each KL. More reward
# costs more KL. The slider shows the policy itself; there is no training here, each picture is just one formula:


# %%
def optimum(kl_beta):
    best = tc.exact.optimal_policy(trained.logp, world.reward, kl_beta)
    return tc.plots.policies(world, before=trained.logp, optimal=best)


tc.widgets.slider("kl_beta", leashes, optimum, start=0.5, language=world.language)

# %% tags=["reveal"]
thanks = tc.exact.optimal_policy(trained.logp, world.reward, kl_beta=0.01).exp()[:, 0, 3].mean()
small.reveal(a=thanks > 0.9, b=thanks < 0.2, c=0.6 < thanks < 0.7)

# %% [markdown] lang="tr" tags=["answer"]
# Büyük `kl_beta`: sağdaki tablo soldakine çok benzer. Küçük `kl_beta`: yalnızca yardımsever
# token'lar kalır; aralarındaki oranlar ise referanstaki gibidir. Ders 3'te eğitilen politikaların
# sınıra vardığını göreceğiz.

# %% [markdown] lang="en" tags=["answer"]
# With a large `kl_beta` the right table is much like the left one. With a small `kl_beta` only helpful tokens remain,
# in the proportions they had in the reference. In lesson 3 we shall see trained policies arrive at the frontier.

# %% [markdown] lang="tr"
# ## 7 · Ödülü sen yaz (5 dakika, ek)
#
# Üç sürgü, üç sınıfın ödülü. Resim en iyi politikadır (`kl_beta=0.5`). Nötr ödülü 1 yap ve "kısa cevap" isteminde
# neyin öne çıktığına bak.

# %% [markdown] lang="en"
# ## 7 · Write the reward yourself (5 minutes, extra)
#
# Three sliders set the rewards of the three classes. The picture is the best policy (`kl_beta=0.5`). Move the neutral
# reward to 1 and see what stands out at the prompt that asks for a short answer.


# %%
def draw(**rewards):
    edited = tc.World(**rewards, language="en")
    best = tc.exact.optimal_policy(trained.logp, edited.reward, kl_beta=0.5)
    return tc.plots.policies(edited, before=trained.logp, optimal=best)


# %%
values = {
    "helpful": [-1.0, 1.0, 2.0],
    "harmful": [-2.0, -1.0, 1.0],
    "neutral": [0.0, 0.2, 1.0],
}
start = {"helpful": 1.0, "harmful": -1.0, "neutral": 0.2}
tc.widgets.editor(draw, values, start, language=world.language)

# %% [markdown] lang="tr" predict="equal"
# **Tahmin et · herkese aynı ödül.** Bütün token'ların ödülü 2 olursa en iyi politika nasıl olur?
#
# - bütün token'lar eşit olasılık alır
# - referansın aynısıdır
# - en olası token 1'e gider

# %% [markdown] lang="en" predict="equal"
# **Predict · the same reward for all.** If every token earns 2, what is the best policy like?
#
# - all tokens are equally likely
# - it is the reference itself
# - the likeliest token goes to 1

# %%
flat = tc.World(helpful=2.0, harmful=2.0, neutral=2.0, language="en")
same = tc.exact.optimal_policy(logp, flat.reward, 0.5)
print(same[0].exp().numpy().round(3))

# %% tags=["reveal"]
equal.reveal(a=same.std() < 1e-9, b=torch.allclose(same, logp), c=same.exp().amax() > 0.9)

# %% [markdown] lang="tr" tags=["answer"]
# Sonucu ödülün kendisi değil, ödüller arasındaki **farklar** belirler: ortak çarpan $e^{2/\beta}$, toplamı 1
# yapan bölenle sadeleşir. Nötr ödül 1 olunca `kısa` da bu yüzden kendi satırında yeniden öne geçer: artık
# yardımsever bir token kadar kazandırır.

# %% [markdown] lang="en" tags=["answer"]
# What counts is not the rewards themselves but the **differences** between them: the common factor $e^{2/\beta}$
# cancels against the divisor that makes the sum 1. That is also why `short` leads its row again at a neutral reward
# of 1: it then earns as much as a helpful token.

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
dict(zip(world.tokens, world.reward[0].tolist()))

# %% [markdown] lang="tr"
# ### Alıştırma 1 · Beklenen ödül
#
# ●○○ · 4 dakika. Bölüm 4'ün ilk formülü. Girdiler istem × token tablolarıdır: log-olasılıklar ve ödül. Her istem
# için bir sayı döndür.
#
# <details><summary>İpucu</summary>
#
# `logp` log-olasılıktır; `.exp()` olasılığa çevirir. `.sum(-1)` son eksende, yani token'lar üzerinde toplar.
#
# </details>

# %% [markdown] lang="en"
# ### Exercise 1 · Expected reward
#
# ●○○ · 4 minutes. The first formula of section 4. The inputs are tables of prompt × token: log-probabilities and the
# reward. Return one number per prompt.
#
# <details><summary>Hint</summary>
#
# `logp` holds log-probabilities; `.exp()` turns them into probabilities. `.sum(-1)` sums over the last axis, the
# tokens.
#
# </details>


# %% tags=["exercise"]
def expected_reward(logp, reward):
    return ...


# %% tags=["check"]
tc.checks.expected_reward(expected_reward, language="en")


# %% tags=["solution"]
def expected_reward(logp, reward):
    return (logp.exp() * reward).sum(-1)


# %% [markdown] lang="tr"
# ### Alıştırma 2 · KL ıraksaması
#
# ●●○ · 5 dakika. Bölüm 4'ün üçüncü formülü, yine her istem için bir sayı. `logp` eğitilen politikanın, `ref_logp`
# referansın log-olasılıklarıdır.
#
# <details><summary>İpucu</summary>
#
# Oranın logaritması bir farktır. Ortalama hangi politikayla alınır?
#
# </details>

# %% [markdown] lang="en"
# ### Exercise 2 · The KL divergence
#
# ●●○ · 5 minutes. The third formula of section 4, again one number per prompt. `logp` belongs to the policy being
# trained, `ref_logp` to the reference.
#
# <details><summary>Hint</summary>
#
# The logarithm of a ratio is a difference. Under which policy is the mean taken?
#
# </details>


# %% tags=["exercise"]
def kl(logp, ref_logp):
    return ...


# %% tags=["check"]
tc.checks.kl(kl, language="en")


# %% tags=["solution"]
def kl(logp, ref_logp):
    return (logp.exp() * (logp - ref_logp)).sum(-1)


# %% [markdown] lang="tr"
# ### Alıştırma 3 · En iyi politika
#
# ●●○ · 7 dakika. Bölüm 6'nın kapalı biçimi, ama logaritmayla: girdi de çıktı da **log**-olasılık olsun. Her
# istemde olasılıkların toplamı 1 olmalı.
#
# <details><summary>İpucu</summary>
#
# Çarpımın logaritması toplamdır. Toplamı 1 yapmayı `.log_softmax(-1)` üstlenir.
#
# </details>

# %% [markdown] lang="en"
# ### Exercise 3 · The best policy
#
# ●●○ · 7 minutes. The closed form of section 6, but in logarithms: **log**-probabilities in and out. The
# probabilities at each prompt must sum to 1.
#
# <details><summary>Hint</summary>
#
# The logarithm of a product is a sum. `.log_softmax(-1)` takes care of making it sum to 1.
#
# </details>


# %% tags=["exercise"]
def best_policy(ref_logp, reward, kl_beta):
    return ...


# %% tags=["check"]
tc.checks.optimal_policy(best_policy, language="en")


# %% tags=["solution"]
def best_policy(ref_logp, reward, kl_beta):
    return (ref_logp + reward / kl_beta).log_softmax(-1)


# %% [markdown] lang="tr"
# ### Alıştırma 4 · Hemen herkese bir puan
#
# ●○○ · 3 dakika. Yardımsever ve nötr token'ların ödülü birer puan artsın, zararlılarınki aynı kalsın
# (`kl_beta=0.5`). Aynı en iyi politikayı tek başına hangi değişiklik verirdi?
#
# * `"a"` `kl_beta` değerini yarıya indirmek: ödülün sözü daha çok geçer
# * `"b"` yalnızca zararlıların ödülünü bir puan düşürmek
# * `"c"` hiçbiri: iyiyi ödüllendirmek, kötüyü cezalandırmak değildir
#
# <details><summary>İpucu</summary>
#
# Bölüm 6'nın kapalı biçiminde iki yanıtın olasılıklarını birbirine böl: ödüllerden geriye ne kalır?
#
# </details>

# %% [markdown] lang="en"
# ### Exercise 4 · A point for nearly everyone
#
# ●○○ · 3 minutes. Helpful and neutral tokens each earn one point more, while harmful ones stay as they are
# (`kl_beta=0.5`). Which single change would give the same best policy?
#
# * `"a"` halving `kl_beta`, so that the reward has more of a say
# * `"b"` taking one point from the harmful ones, and nothing else
# * `"c"` none: rewarding the good is not the same as punishing the bad
#
# <details><summary>Hint</summary>
#
# In the closed form of section 6, divide the probabilities of two answers by each other: what is left of the rewards?
#
# </details>

# %% tags=["exercise"]
outcome = ...

# %% tags=["check"]
tc.checks.shifted(outcome, language="en")

# %% tags=["solution"]
outcome = "b"

# %% [markdown] lang="tr"
# ### Alıştırma 5 · Ödülü sen yaz
#
# ●●○ · 6 dakika. Üç sınıfa −3 ile 3 arasında öyle ödüller ver ki `kl_beta=0.5` iken en iyi politikada şunlar
# olsun: altıncı istemde `kısa`, birincide `teşekkürler` en az 0,45 olasılık alsın; zararlı yanıtların toplam
# olasılığı hiçbir istemde 0,001'i geçmesin. Biçimi: `{"helpful": 1, "harmful": -1, "neutral": 0.2}`.
#
# <details><summary>İpucu</summary>
#
# Biri nötr, öteki yardımsever bir token. Referansta ikisinin de olasılığı 0,45 dolayında: hiçbiri ötekinin önüne
# geçmesin.
#
# </details>

# %% [markdown] lang="en"
# ### Exercise 5 · Write the reward
#
# ●●○ · 6 minutes. Give the three classes rewards between −3 and 3 so that, in the best policy at `kl_beta=0.5`,
# `short` at the sixth prompt and `thanks` at the first each have a probability of at least 0.45, and the harmful
# answers together do not exceed 0.001 at any prompt. Write it like this: `{"helpful": 1, "harmful": -1, "neutral":
# 0.2}`.
#
# <details><summary>Hint</summary>
#
# One is a neutral token, the other a helpful one. In the reference both have about 0.45: let neither overtake the
# other.
#
# </details>

# %% tags=["exercise"]
my_rewards = ...

# %% tags=["check"]
tc.checks.own_rewards(my_rewards, language="en")

# %% tags=["solution"]
my_rewards = {"helpful": 1, "harmful": -2, "neutral": 1}

# %% [markdown] lang="tr"
# ## Kendini sına
#
# Beş sorunun her birinde bir yanıt seç; doğru mu, neden, hemen altında okursun.

# %% [markdown] lang="en"
# ## Check yourself
#
# Choose an answer to each of the five questions; right below it you will see whether it is correct, and why.

# %% [markdown] lang="tr" tags=["quiz"]
# 1. `detaylı açıkla` isteminin entropisi altı istemin en küçüğüydü: 1,142 nat. Bu ne demektir?
#    - [ ] Oradaki yanıtlar en çok ödülü getirir — burada gerçekten öyle (0,900), ama entropi ödüle bakmaz: hep
#      `hakaret` diyen bir politikanın entropisi 0, ödülü −1 olurdu.
#    - [ ] Politika orada eğitilmemiş hâline en yakındır — tersine: eğitilmemiş politika hemen hemen
#      düzgün dağılımdır, entropisi $\log 11$ dolayındadır.
#    - [x] Politika orada daha kararlıdır — entropi kararsızlıktır; olasılık az sayıda yanıtta toplanınca
#      küçülür.
# 2. Ödül tahmininin yayılımı 100 örnekte 0,066'dır (tabloya bak). 0,0066'ya inmesi
#    için kaç örnek gerekir?
#    - [ ] 1.000 — on kat örnek, yayılımı yalnızca $\sqrt{10}$ kat, yani yaklaşık 3,2 kat küçültür.
#    - [x] 10.000 — on kat küçük bir yayılım yüz kat örnek ister: $\sqrt{100} = 10$.
#    - [ ] 100.000 — bin kat örnek yayılımı yaklaşık 32 kat küçültür; bu kadarı gerekmez.
#    - [ ] Hiçbir sayı yetmez — yayılım $1/\sqrt{n}$ ile sıfıra gider; yeterince örnekle her duyarlığa
#      varılır.
# 3. Referans, bir istemde `teşekkürler` yanıtına 0,4 ve `yardım` yanıtına 0,1 veriyor; kalan 0,5 nötr ve
#    zararlı token'larda. `kl_beta` çok küçükse $\pi^*$ `teşekkürler` yanıtına kaç verir?
#    - [ ] 0,4 — bu, referansın kendisidir; $\pi^*$'ı ona büyük bir `kl_beta` yaklaştırır.
#    - [ ] 0,5 — iki yanıtı eşitlemek ödülü artırmaz, yalnızca KL'yi büyütür.
#    - [ ] 1 — `yardım` da aynı ödülü getirir; onu silmek bir şey kazandırmaz, KL'yi büyütür.
#    - [x] 0,8 — yalnızca yardımsever token'lar kalır, referanstaki oranlarıyla: 0,4 / (0,4 + 0,1).
# 4. Bütün ödülleri iki katına çıkardın, `kl_beta` değerini de. $\pi^*$ ne olur?
#    - [ ] Ödüle daha çok yaklaşır — yalnızca ödüller büyüseydi öyle olurdu.
#    - [x] Değişmez — kapalı biçimde yalnızca $r/\beta$ oranı geçer, o da aynı kaldı.
#    - [ ] Referansa yaklaşır — yalnızca `kl_beta` büyüseydi öyle olurdu.
# 5. Bir arkadaşın KL'yi `(pi * (logp - ref_logp)).mean(-1)` ile hesaplıyor; altı istemin ortalaması 0,587
#    yerine 0,053 çıkıyor. Hata nerede?
#    - [x] `sum` yerine `mean` yazmış — $\pi$ ile çarpıp toplamak zaten ortalama almaktır; `mean` onu bir
#      kez daha 11'e böler.
#    - [ ] İki politikanın yeri değişmiş — o zaman 0,712 çıkardı, yani `KL(ref, pi)`.
#    - [ ] Baştaki eksi unutulmuş — eksi, entropinin formülündedir; KL'de sonucu eksi yapardı.
#    - [ ] Logaritmayı 2 tabanında almış — o zaman sonuç büyürdü: 0,587 / 0,693 = 0,847.

# %% [markdown] lang="en" tags=["quiz"]
# 1. The prompt `explain in detail` had the smallest entropy of the six: 1.142 nats. What does that mean?
#    - [ ] Its answers earn the most — here they do (0.900), but entropy never looks at the reward: a policy
#      that always says `insult` has entropy 0 and reward −1.
#    - [ ] There the policy is closest to its untrained self — quite the opposite: untrained, it is nearly uniform,
#      with an entropy near $\log 11$.
#    - [x] There the policy is more decided — entropy is indecision; it shrinks when probability gathers on a few
#      answers.
# 2. The estimate of the reward spreads by 0.066 at 100 samples (see the table). How many samples bring that down to 0.0066?
#    - [ ] 1,000 — ten times the samples make the spread only $\sqrt{10}$ times smaller, about 3.2.
#    - [x] 10,000 — a spread ten times smaller takes a hundred times the samples: $\sqrt{100} = 10$.
#    - [ ] 100,000 — a thousand times the samples make it about 32 times smaller, more than was asked.
#    - [ ] No number is enough — the spread goes to zero like $1/\sqrt{n}$; enough samples reach any
#      precision.
# 3. At some prompt the reference gives `thanks` 0.4 and `help` 0.1; the other 0.5 is on neutral and harmful
#    tokens. With a very small `kl_beta`, what does $\pi^*$ give `thanks`?
#    - [ ] 0.4 — that is the reference itself; a large `kl_beta` keeps $\pi^*$ near it.
#    - [ ] 0.5 — making the two equal earns no more and only adds to the KL.
#    - [ ] 1 — `help` earns just as much; giving it up gains nothing and adds to the KL.
#    - [x] 0.8 — only helpful tokens remain, in the proportions of the reference: 0.4 / (0.4 + 0.1).
# 4. You double every reward, and `kl_beta` as well. What happens to $\pi^*$?
#    - [ ] It moves towards the reward — it would if only the rewards had grown.
#    - [x] Nothing — the closed form holds only the ratio $r/\beta$, and that is the same.
#    - [ ] It moves towards the reference — it would if only `kl_beta` had grown.
# 5. A friend computes the KL with `(pi * (logp - ref_logp)).mean(-1)`; averaged over the six prompts it is 0.053
#    instead of 0.587. Where is the mistake?
#    - [x] It uses `mean` instead of `sum` — weighting by $\pi$ and adding up already takes the mean; `mean` then
#      divides by 11.
#    - [ ] The two policies are swapped — that would give 0.712, which is `KL(ref, pi)`.
#    - [ ] A minus is missing in front — the minus belongs to entropy; here it would make the result
#      negative.
#    - [ ] The logarithm has base 2 — that would make the result larger: 0.587 / 0.693 = 0.847.

# %% [markdown] lang="tr"
# **Bu derste yaptıkların.** Hangi alıştırmaları çözdün, yolda karşına ne çıktı, tahminlerin nasıl gitti: hepsi burada.
# Not defterini birine teslim edeceksen en son bu hücreyi çalıştır, kaydet, dosyayı gönder. Özet, çekirdek (kernel)
# başladığından beri olanı bilir: defteri kapatıp sonra yeniden açtıysan önce bütün hücreleri çalıştır.

# %% [markdown] lang="en"
# **What you did in this lesson.** Which exercises you solved, what you met on the way, how your predictions went: all
# of it is here. If you are to hand the notebook in, run this cell last, save, and send the file. It knows what has
# happened since the kernel was started: if you come back another day, run all the cells first.

# %% tags=["summary"]
tc.checks.summary("environment", language="en")

# %% [markdown] lang="tr"
# ## Özet ve sözlük
#
# * Politika bir tablodur; ödül, entropi ve KL onun üzerinde birer toplamdır.
# * Örnekleme aynı sayılara $1/\sqrt{n}$ hızıyla yaklaşır; saymak tam değeri verir.
# * En iyi politika kapalı biçimde bilinir; ödül ile referans verilince tek bir sayıya, `kl_beta`'ya
#   bağlıdır.
#
# Derslerde geçen terimler aşağıda. Sırada ders 2 var: politikayı örnekle eğitmek.

# %% [markdown] lang="en"
# ## Summary and glossary
#
# * A policy is a table; reward, entropy and KL are sums over it.
# * Sampling closes in on the same numbers like $1/\sqrt{n}$; counting gives them exactly.
# * The best policy is known in closed form; with reward and reference given, it depends on one number,
#   `kl_beta`.
#
# The terms used in the lessons are below. Lesson 2 comes next: training the policy by example.

# %%
tc.glossary.table(language="en")
