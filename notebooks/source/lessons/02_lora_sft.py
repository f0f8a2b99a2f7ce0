# ---
# jupyter:
#   toycore:
#     tr: 02_lora_sft
#     en: 02_lora_sft
# ---

# %% [markdown] lang="tr"
# # Ders 2 · LoRA-SFT: örnekle öğretmek, az ağırlıkla
#
# Ders 1'de politikayı bir tablo olarak okuduk. Şimdi onu eğitiyoruz. En yalın yol, doğru yanıtı
# göstermektir: **gözetimli ince ayar** (supervised fine-tuning, SFT). Bütün ağırlıkları oynatmak
# yerine yanlarına iki ince matris koyacağız: **düşük ranklı uyarlama** (low-rank adaptation, LoRA).
#
# Bu dersin sonunda LoRA'nın başlangıçta neden hiçbir şeyi değiştirmediğini, rankın neyi
# sınırladığını ve fazla eğitmenin neden sonraki derslere yer bırakmadığını göstermiş olacağız.
# Süre: yaklaşık 60 dakika; *ek* yazan bölümler bekleyebilir, onlarsız 40 dakika. Alıştırmalar: 22 dakika.

# %% [markdown] lang="en"
# # Lesson 2 · LoRA-SFT: teaching by example, with few weights
#
# In lesson 1 we read the policy as a table. Now we train it. The plainest way is to show the right answer:
# **supervised fine-tuning** (SFT). Instead of changing all the weights we will put two thin matrices beside them:
# **low-rank adaptation** (LoRA).
#
# By the end of this lesson we shall have seen why LoRA changes nothing at the start, what the rank limits, and why
# too much training leaves no room for the lessons that follow. Time: about 60 minutes, or 40 without the sections
# marked *extra*, which can wait. Exercises: 22 minutes.

# %% [markdown] lang="tr"
# ## 1 · Örnek ve kayıp (4 dakika)
#
# Her istemin ($x$) bir hedefi ($y_x$) var. Model hedefe ne kadar az olasılık verirse **kayıp** (loss) o kadar
# büyüktür. Kayıp, hedeflerin ortalama log-olasılığının eksi işaretlisidir; nat ile ölçülür:
#
# $$L = -\frac{1}{6} \sum_{x} \log \pi(y_x|x)$$
#
# Hiçbir şey bilmeyen bir modelle başlayalım:

# %% [markdown] lang="en"
# ## 1 · Examples and the loss (4 minutes)
#
# Every prompt $x$ has a target $y_x$. The less probability the model gives the target, the larger the **loss**. It is
# minus the mean log-probability of the targets, in nats:
#
# $$L = -\frac{1}{6} \sum_{x} \log \pi(y_x|x)$$
#
# Let us begin with a model that knows nothing:

# %%
import numpy as np
import torch

import toycore as tc

torch.set_num_threads(1)  # for tables this small, more threads only wait for one another
tc.set_language(language="en")
world = tc.World(language="en")
model = tc.ToyLM(seeds=[0])
# tr: for tables this small, more threads only wait for one another → bu kadar küçük tablolarda iş parçacıkları yalnızca birbirini bekler

# %% first_loss
logp = model.logp()
by_hand = -logp[0, range(6), world.sft_targets].mean()
loss, info = tc.sft.sft_loss(logp, world.sft_targets)
print(f"by hand {by_hand:.4f}, package {loss.item():.4f}, log 11 = {np.log(11):.4f}")
# tr: by hand {}, package {}, log 11 = {} → elle {}, paketle {}, log 11 = {}

# %% [markdown] lang="tr"
# 11 token'ı eşit olası gören bir model $\log 11$ nat öder; bizimki de hemen hemen öyle. Kayıp 0
# olsaydı model her hedefi kesin bilirdi. SFT, bu sayıyı küçültmektir, hepsi bu.

# %% [markdown] lang="en"
# A model that finds all 11 tokens equally likely pays $\log 11$ nats, and ours very nearly does. With a loss of 0 the
# model would be certain of every target. SFT makes this number smaller, nothing more.

# %% [markdown] lang="tr"
# ## 2 · Düzeltmeyi ince tut (6 dakika)
#
# Değiştirmek istediğimiz matris $W$: 11 satır, 32 sütun. LoRA onu **dondurur** ve yanına iki ince
# matrisin çarpımını koyar ([Hu ve ark., 2021][lora]):
#
# $$W' = W + \Delta W, \qquad \Delta W = \frac{\alpha}{r} B A$$
#
# $A$ istemi $r$ sayıya indirir, $B$ bu $r$ sayıdan 11 logit yapar. $r$ bu derste ödül değil, **rank**tır;
# $\alpha$ ise (kodda `lora_alpha`) düzeltmenin ölçeğidir. Bu ikiliye **adaptör** (adapter) denir.

# %% [markdown] lang="en"
# ## 2 · Keep the update thin (6 minutes)
#
# The matrix that we want to change is $W$: 11 rows, 32 columns. LoRA **freezes** it and adds the product of two thin
# matrices ([Hu et al., 2021][lora]):
#
# $$W' = W + \Delta W, \qquad \Delta W = \frac{\alpha}{r} B A$$
#
# $A$ reduces a prompt to $r$ numbers, and $B$ turns these $r$ numbers into 11 logits. $r$ is the **rank** and
# $\alpha$ (`lora_alpha` in the code) scales the update. The pair is called an **adapter**.

# %%
for name, weight in model.named_parameters():
    state = "trained" if weight.requires_grad else "frozen"
    print(f"{name:14} {tuple(weight.shape[1:])!s:8} {state}")
# tr: trained → eğitilen
# tr: frozen → donuk

# %% [markdown] lang="tr"
# Gömme, $W$ (`head.weight`) ve bias donuktur; yalnızca `lora_A` ile `lora_B` eğitilir. Burada
# $r = 8$ ve $\alpha = 8$. Çarpımı iş başında görmek için modelin bir kopyasında $B$'ye rastgele sayılar
# koyalım. Logitleri iki yoldan hesaplıyoruz: ya $W'$ ile ya da istemi önce $A$'dan, sonra $B$'den geçirerek:

# %% [markdown] lang="en"
# The embedding, $W$ (`head.weight`) and the bias are frozen; only `lora_A` and `lora_B` are trained. Here $r = 8$ and
# $\alpha = 8$. To see the product at work, we put random numbers into the $B$ of a copy of the model and compute the
# logits in two ways: with $W'$, and by sending the prompt through $A$ and then through $B$:

# %%
example = model.select(torch.tensor([0]))
generator = torch.Generator().manual_seed(0)
torch.nn.init.normal_(example.head.lora_B, generator=generator)
e, head = example.prompt_embed[0], example.head
A, B, W, b = head.lora_A[0], head.lora_B[0], head.weight[0], head.bias[0]
with_w_prime = e @ (W + 8 / 8 * B @ A).T + b
in_two_steps = e @ W.T + b + 8 / 8 * (e @ A.T) @ B.T
print(torch.allclose(with_w_prime, in_two_steps), torch.allclose(in_two_steps, example()[0]))
of_w, of_product = (int(torch.linalg.matrix_rank(matrix)) for matrix in (W, B @ A))
print(f"rank of W {of_w}, rank of B A {of_product}")
# tr: rank of W {}, rank of B A {} → W rankı {}, B A rankı {}

# %% [markdown] lang="tr"
# İki hesap aynı sayıları verir, model de onları verir. $W$'nin rankı 11, $B A$'nınki 8: çarpım, ortasındaki dar
# geçitten geçebilenden fazlasını taşıyamaz.

# %% [markdown] lang="en"
# Both computations give the same numbers, and so does the model. $W$ has rank 11 and $B A$ rank 8: a
# product can carry no more than fits through the narrow passage in its middle.

# %% [markdown] lang="tr"
# ## 3 · Başlangıçta hiçbir şey değişmez (7 dakika)
#
# LoRA için en yaygın kitaplık olan [PEFT][peft_start]'te de burada da $A$ rastgele, $B$ **sıfır** başlar. O zaman
# $B A = 0$ olur: takılan adaptör politikayı değiştirmez. Öğrenmek içinse gradyan (gradient: kaybın ağırlıklara
# göre türevi) gerekir.

# %% [markdown] lang="en"
# ## 3 · At the start nothing changes (7 minutes)
#
# Here, as in [PEFT][peft_start], the usual library for LoRA, $A$ starts at random and $B$ at **zero**. Then
# $B A = 0$: attaching the adapter does not change the policy. But learning needs a gradient (the derivative of the
# loss with respect to the weights).

# %% [markdown] lang="tr" predict="pulled"
# **Tahmin et · ilk gradyan.** $B = 0$ iken ilk adımda hangi matrise gradyan gelir?
#
# - ikisine de
# - yalnızca A'ya
# - yalnızca B'ye
# - hiçbirine

# %% [markdown] lang="en" predict="pulled"
# **Predict · the first gradient.** With $B = 0$, which of the two matrices gets a gradient in the first step?
#
# - both
# - only A
# - only B
# - neither

# %% first_gradient
without_adapter = model.base_logits().log_softmax(-1)
print("the same policy:", torch.allclose(model.logp(), without_adapter, rtol=0, atol=1e-15))
loss, info = tc.sft.sft_loss(model.logp(), world.sft_targets)
model.zero_grad()
loss.sum().backward()
to_a, to_b = (float(w.grad.abs().max()) for w in (model.head.lora_A, model.head.lora_B))
print("largest gradient of A", to_a)
print("largest gradient of B", round(to_b, 4))
# tr: the same policy: → aynı politika:
# tr: largest gradient of A → A üzerindeki en büyük gradyan
# tr: largest gradient of B → B üzerindeki en büyük gradyan

# %% tags=["reveal"]
pulled.reveal(a=to_a > 0 and to_b > 0, b=to_a > 0 == to_b, c=to_b > 0 == to_a, d=to_a == 0 == to_b)

# %% [markdown] lang="tr" tags=["answer"]
# Adaptör takılı ama politika aynı. $A$'nın gradyanı tam 0'dır, çünkü önünde $B = 0$ durur; ilk adımı
# $B$ atar, $A$ sonra yola çıkar. İkisi de 0 olsaydı hiçbiri kıpırdamazdı.

# %% [markdown] lang="en" tags=["answer"]
# The adapter is attached and the policy is the same. The gradient of $A$ is exactly 0, because it is multiplied by
# $B = 0$; $B$ takes the first step and $A$ follows. If both were 0, neither would ever move.

# %% [markdown] lang="tr"
# ### Gerçek bir hata
#
# Gerçek bir not defterinde **iki** matris de rastgele başlatılmıştı. Eğitimden önceki politikanın donuk modele
# göre KL'sine bakalım; 64 tohum, dört ayrı $\alpha$:

# %% [markdown] lang="en"
# ### A real bug
#
# In a real notebook **both** matrices started at random. Here is how far the policy is from the frozen model before
# any training, in KL, for 64 seeds and four values of $\alpha$:

# %% wrong_start
generator = torch.Generator().manual_seed(1)
for alpha in (8.0, 16.0, 32.0, 64.0):
    wrong = tc.ToyLM(seeds=range(64), lora_rank=8, lora_alpha=alpha)
    right_kl = tc.exact.kl(wrong.logp(), wrong.base_logits().log_softmax(-1)).max()
    torch.nn.init.uniform_(wrong.head.lora_B, -(8**-0.5), 8**-0.5, generator=generator)
    wrong_kl = tc.exact.kl(wrong.logp(), wrong.base_logits().log_softmax(-1)).mean()
    print(f"alpha {alpha:2.0f}: B = 0 gives {abs(right_kl):.4f}, B random {wrong_kl:.4f} nats")
# tr: alpha {}: B = 0 gives {}, B random {} nats → alpha {}: B = 0 iken {}, B rastgele iken {} nat

# %% [markdown] lang="tr"
# $B = 0$ ile KL her $\alpha$'da 0. Rastgele $B$ ile politika daha ilk adımdan önce kayar ve
# $\alpha$ iki katına çıkınca kayma yaklaşık dört katına çıkar. Eğitim yine de ilerler, kayıp yine de
# düşer; ama artık başlangıç, sandığın model değildir. Ders 3'teki tasma (KL cezası) başlangıca
# bağlanacağı için bu önemlidir.

# %% [markdown] lang="en"
# With $B = 0$ the distance is 0 at every $\alpha$. With a random $B$ the policy has drifted before the first step,
# and about four times as far when $\alpha$ doubles. Training still runs and the loss still falls, but the start is no
# longer the model you think it is. That matters, because the leash (the KL penalty) of lesson 3 will be tied to the
# start.

# %% [markdown] lang="tr"
# ## 4 · Kaç ağırlık eğitiliyor? (6 dakika)
#
# LoRA, az parametre eğitmesiyle ünlüdür. Bizim modelde bu pay ne kadar?

# %% [markdown] lang="en"
# ## 4 · How many weights are trained? (6 minutes)
#
# LoRA is famous for needing few parameters. What share of the weights is that in our model?

# %% [markdown] lang="tr" predict="portion"
# **Tahmin et · eğitilen pay.** Rank 8 ile bizim modelin ağırlıklarının yaklaşık ne kadarı eğitilir?
#
# - %40
# - %10
# - %1

# %% [markdown] lang="en" predict="portion"
# **Predict · the trained share.** With rank 8, about what share of our model's weights is trained?
#
# - 40%
# - 10%
# - 1%

# %% share
trained = 8 * (11 + 32)
frozen = 6 * 32 + 11 * 32 + 11
print(f"{trained} of {trained + frozen}: {trained / (trained + frozen):.1%}")
print(f"package: {model.trainable_fraction().item():.1%}; W alone has {11 * 32}")
# tr: {} of {}: {} → {} / {}: {}
# tr: package: {}; W alone has {} → paket: {}; yalnız W {} sayı

# %% tags=["reveal"]
of_all = model.trainable_fraction().item()
portion.reveal(a=0.3 < of_all < 0.5, b=0.05 < of_all < 0.2, c=of_all < 0.03)

# %% [markdown] lang="tr" tags=["answer"]
# Hiç de az değil! $W$'nin kendisi 352 sayı, adaptörü 344. Rank, matrisin kısa kenarına yaklaşınca
# kazanç biter.

# %% [markdown] lang="en" tags=["answer"]
# Not a small share at all! $W$ itself has 352 numbers and its adapter 344. When the rank gets close to the short side
# of the matrix, nothing is saved.

# %% [markdown] lang="tr"
# LoRA asıl büyük matrislerde işe yarar. Üç açık modelin dikkat (attention)
# katmanlarına rank 8'lik adaptörler takalım. Her katmandaki matrislerin giriş ve çıkış boylarını
# modellerin yayımlanan ayar dosyalarından (`config.json`) aldık: GPT-2 ([Radford ve ark., 2019][gpt2]), Llama 2 7B
# ([Touvron ve ark., 2023][llama]), Mistral 7B ([Jiang ve ark., 2023][mistral]).

# %% [markdown] lang="en"
# LoRA pays off where matrices are large. Let us put adapters of rank 8 on the attention layers of three open models;
# the input and output sizes of their matrices come from the models' published settings (`config.json`): GPT-2
# ([Radford et al., 2019][gpt2]), Llama 2 7B ([Touvron et al., 2023][llama]), Mistral 7B
# ([Jiang et al., 2023][mistral]).

# %% large_models
d, kv = 4096, 1024
models = {  # layers, (in, out) of each attention matrix, parameters in all
    "GPT-2": (12, [(768, 3 * 768), (768, 768)], 124_439_808),
    "Llama 2 7B": (32, [(d, d), (d, d), (d, d), (d, d)], 6_738_415_616),
    "Mistral 7B": (32, [(d, d), (d, kv), (d, kv), (d, d)], 7_241_732_096),
}
for name, (layers, matrices, parameters) in models.items():
    adapters = layers * sum(8 * (n_in + n_out) for n_in, n_out in matrices)
    print(f"{name:11} {adapters:>10,} trained of {parameters:>14,}: {adapters / parameters:.3%}")
# tr: layers, (in, out) of each attention matrix, parameters in all → katman sayısı, her dikkat matrisinin (giriş, çıkış) boyu, bütün parametreler
# tr: {} {} trained of {}: {} → {} {} / {} eğitilir: {}

# %% [markdown] lang="tr"
# Binde bir: yedi milyar ağırlıklı bir modelde eğitilen pay budur. Gradyan da, her adımı
# gradyanın geçmişine göre ayarlayan Adam'ın ([Kingma ve Ba, 2015][adam]) belleği de yalnızca bu pay için
# tutulur. Bizim oyuncak model bu kazancı gösteremez; ama LoRA'nın *davranışını*
# göstermek için birebirdir.

# %% [markdown] lang="en"
# One in a thousand: that is the share trained in a model of seven billion weights. Only this share needs gradients,
# and memory for Adam ([Kingma and Ba, 2015][adam]), which fits each step to the gradients so far. Our toy cannot show
# that gain, but it is just right for showing how LoRA *behaves*.

# %% [markdown] lang="tr"
# ## 5 · Eğitim döngüsü (4 dakika)
#
# Döngü dört satırdır: gradyanları sıfırla, kaybı hesapla, gradyanı bul, adım at. Gizli bir şey yok;
# `tc.train_sft` de tam bunu yapar, yalnızca birçok tohum için yan yana.

# %% [markdown] lang="en"
# ## 5 · The training loop (4 minutes)
#
# The loop has four lines: clear the gradients, find the loss, find its gradient, take a step. Nothing is hidden;
# `tc.train_sft` does exactly this, only for many seeds side by side.

# %%
policy = tc.ToyLM(seeds=[0])
optimizer = torch.optim.Adam(policy.parameters(), lr=0.01)
for step in range(38):
    optimizer.zero_grad()
    loss, info = tc.sft.sft_loss(policy.logp(), world.sft_targets)
    loss.sum().backward()
    optimizer.step()

# %%
start = tc.train_sft(world, tc.SFTConfig(seeds=16))
print(np.allclose(policy.logp().detach()[0], start.logp.sel(seed=0)))
tc.plots.policies(world, before=start.ref_logp, after=start.logp)

# %% [markdown] lang="tr"
# `True`: elle yazdığımız döngü, paketin ilk tohumuyla aynı politikaya varır. Sağda, 38 adımdan sonra her istemde
# hedefi öne çıkmış ama henüz kesinleşmemiş bir politika var. Ders 3 ve 4 buradan başlayacak.

# %% [markdown] lang="en"
# `True`: the loop written by hand gives the package's policy for the first seed. On the right, after 38 steps, is a
# policy in which the target stands out at each prompt without being certain. Lessons 3 and 4 will start here.

# %% [markdown] lang="tr"
# ## 6 · α bir öğrenme oranı mı? (8 dakika, ek)
#
# Adımı büyüten iki düğme var: `lora_alpha` ve öğrenme oranı (learning rate, adımın boyu; kodda `lr`). İkisi aynı
# şey mi? Adam'ın adımı gradyanın büyüklüğüne bağlı değildir: her ağırlık, adım başına yaklaşık `lr` kadar oynar.
# $\frac{\alpha}{r} B$'ye tek bir matris gözüyle bakarsak adımı $\frac{\alpha}{r} \cdot$ `lr`'dir; $A$'nınki `lr` olarak
# kalır. Öyleyse $\alpha$'yı dört katına çıkarmak, **yalnızca $B$'nin** öğrenme oranını dört katına çıkarmak demektir. Sınayalım:

# %% [markdown] lang="en"
# ## 6 · Is α a learning rate? (8 minutes, extra)
#
# Two knobs make the step larger: `lora_alpha`, and the learning rate (`lr`, the size of a step). Are they the same
# thing? Adam's step does not depend on the size of the gradient: each weight moves by about `lr` per step. If we see
# $\frac{\alpha}{r} B$ as one matrix, its step is $\frac{\alpha}{r} \cdot$ `lr`, while that of $A$ is still `lr`. So
# making $\alpha$ four times as large should mean making the learning rate four times as large **for $B$ alone**. Let
# us test it:


# %% rate_of_b
def loss_after(alpha, rate_of_a, rate_of_b):
    policy = tc.ToyLM(seeds=range(16), lora_alpha=alpha)
    A = {"params": [policy.head.lora_A], "lr": rate_of_a}
    B = {"params": [policy.head.lora_B], "lr": rate_of_b}
    optimizer = torch.optim.Adam([A, B])
    for step in range(38):
        optimizer.zero_grad()
        tc.sft.sft_loss(policy.logp(), world.sft_targets)[0].sum().backward()
        optimizer.step()
    return tc.sft.sft_loss(policy.logp(), world.sft_targets)[0].mean().item()


print(f"alpha 32, lr 0.01 for A, 0.01 for B: {loss_after(32, 0.01, 0.01):.3f}")
print(f"alpha  8, lr 0.01 for A, 0.04 for B: {loss_after(8, 0.01, 0.04):.3f}")
print(f"alpha  8, lr 0.04 for A, 0.04 for B: {loss_after(8, 0.04, 0.04):.3f}")
# tr: alpha 32, lr 0.01 for A, 0.01 for B: {} → alpha 32, lr A için 0.01, B için 0.01: {}
# tr: alpha  8, lr 0.01 for A, 0.04 for B: {} → alpha  8, lr A için 0.01, B için 0.04: {}
# tr: alpha  8, lr 0.04 for A, 0.04 for B: {} → alpha  8, lr A için 0.04, B için 0.04: {}

# %% [markdown] lang="tr"
# İlk iki kayıp aynı: Adam kullanıldığı ve $B$ 0'dan başladığı için **$\alpha/r$, $B$'nin öğrenme oranının `lr`'ye
# oranıdır.** `lr` ise iki matrisi birden hızlandırır, o yüzden aynı sürede daha ileri götürür.
#
# Peki rank değişince? Sık duyacağın öğüt $\alpha = 2r$'dir: ölçek hep 2 kalır, $B$ her rankta `lr`'nin iki katıyla
# öğrenir. Öbür yol, $\alpha$'ya hiç dokunmamaktır: ölçek $8/r$ olur.

# %% [markdown] lang="en"
# The first two losses agree: with Adam, and because $B$ starts at 0, **$\alpha/r$ is the learning rate of $B$, in units of `lr`.** `lr` itself speeds up both
# matrices and so gets further.
#
# And when the rank changes? The advice you will often hear is $\alpha = 2r$: the scale stays at 2, and at every rank $B$
# learns at twice `lr`. The other way is to leave $\alpha$ alone: the scale is then $8/r$.

# %% [markdown] lang="tr" predict="one_rate"
# **Tahmin et · her ranka tek `lr`.** `lr` 0,005 olsun, rank 1'den 8'e çıksın. 38 adım sonraki kayıp hangi kuralla ranktan ranka daha az değişir?
#
# - α = 2r ile: ölçek hep aynı
# - her rankta α = 8 ile
# - ikisiyle de aynı kadar

# %% [markdown] lang="en" predict="one_rate"
# **Predict · one `lr` for every rank.** Let `lr` be 0.005 and the rank go from 1 to 8. With which rule does the loss after 38 steps change less from rank to rank?
#
# - with α = 2r: the scale is always the same
# - with α = 8 at every rank
# - equally with both

# %% rules
alphas, rates = [2, 4, 8, 16, 32], [0.00125, 0.0025, 0.005, 0.01, 0.02]
config = tc.SFTConfig(lora_rank=[1, 2, 4, 8], lora_alpha=alphas, lr=rates, seeds=16)
final = tc.train_sft(world, config).history.loss.isel(step=-1, drop=True)
rules = {"α = 8": final.sel(lora_alpha=8), "α = 2r": final.sel(lora_alpha=2 * final.lora_rank)}
tc.plots.heat_map(world, "loss", **rules)

# %% tags=["reveal"]
by_rank = (table.sel(lr=0.005).mean("seed") for table in rules.values())
same, double = (float(losses.max() - losses.min()) for losses in by_rank)
one_rate.reveal(a=double < same / 2, b=same < double / 2, c=0.5 <= same / double <= 2)

# %% [markdown] lang="tr" tags=["answer"]
# $\alpha = 8$ iken soldaki sütunlarda kayıp, ranka hemen hemen hiç bağlı değildir (sağda rank 1 başka bir nedenle
# geri kalır: bölüm 7). $\alpha = 2r$ iken ise `lr` 0,005'te kayıp, rank 1 ile 2,24; rank 8 ile 1,35'tir. Nedeni:
# $B A$, $r$ terimin toplamıdır ve Adam her terimi aynı boyda adımlarla oynatır. $r$'ye bölmek terimlerin
# çokluğunu dengeler; $\alpha = 2r$ bu bölmeyi geri alır. Rank büyüdükçe $B A$ da büyür; `lr`'yi her rankta
# yeniden aramak gerekir. Hu ve ark. $\alpha$'yı denedikleri ilk $r$'ye eşitler, bir daha da değiştirmez. rsLoRA
# ([Kalajdzievski, 2023][rslora]) ise, buradakinden çok büyük ranklar için, $\sqrt{r}$'ye böler.

# %% [markdown] lang="en" tags=["answer"]
# With $\alpha = 8$ the loss in the columns on the left hardly depends on the rank (on the right, rank 1 falls behind
# for a different reason: see section 7); with $\alpha = 2r$ it is 2.24 at rank 1 and 1.35 at rank 8, at an `lr` of
# 0.005. The reason: $B A$ is a sum of $r$ terms, and Adam moves each of them by steps of the same size. Dividing by
# $r$ makes up for the number of terms; $\alpha = 2r$ undoes the division. $B A$ then grows with the rank, and `lr`
# has to be tuned again for every rank. Hu et al. set $\alpha$ to the first $r$ they try, and then leave it alone.
# rsLoRA ([Kalajdzievski, 2023][rslora]) divides by $\sqrt{r}$, for ranks far above ours.

# %% [markdown] lang="tr"
# $\alpha$'nın kendisi ne kadar iş görür? Sürgüyü 8'den 32'ye götür: bütün tablo yaklaşık bir sütun sola kayar, `lr` iki katına
# çıkmış gibi. $\frac{\alpha}{r} B A$ çarpımında $\alpha$ bir kez, `lr` iki kez vardır: hem $B$'de hem $A$'da. Dört kat $\alpha$ bu yüzden
# yaklaşık iki kat `lr` eder.

# %% [markdown] lang="en"
# How much does $\alpha$ itself do? Move the slider from 8 to 32: the whole map shifts about one column to the left,
# as if `lr` had doubled. In the product $\frac{\alpha}{r} B A$, $\alpha$ counts once and `lr` twice: in $B$ and in
# $A$. That is why four times $\alpha$ amounts to about twice `lr`.

# %%
tc.widgets.slider(
    "lora_alpha",
    alphas,
    lambda a: tc.plots.heat_map(world, "loss", 2.4, **{f"α = {a:g}": final.sel(lora_alpha=a)}),
    start=8,
    language=world.language,
)

# %% [markdown] lang="tr"
# ## 7 · Kaydır: `lora_rank` (8 dakika)
#
# Altı rank, 16 tohum, 200 adım. Bu derslerin doğduğu eski not defterinde `lora_rank` 4, 8 ve 16 idi; buradaki $W$'nin
# rankı en çok 11 olabildiği için 16 yok, yerinde 11 var:

# %% [markdown] lang="en"
# ## 7 · Slide: `lora_rank` (8 minutes)
#
# Six ranks, 16 seeds, 200 steps. The notebook that this course grew out of used a `lora_rank` of 4, 8 and 16; $W$
# cannot have a rank above 11 here, so 11 takes the place of 16:

# %%
try:
    tc.SFTConfig(lora_rank=16)
except ValueError as error:
    print(error)

# %% [markdown] lang="tr" predict="enough"
# **Tahmin et · yeten rank.** Altı istemin altı ayrı hedefi var. 200 adımda altısında da hedefi en olası yanıt
# yapmaya yeten en küçük rank kaçtır?
#
# - 1
# - 2
# - 4
# - altı hedef için 6

# %% [markdown] lang="en" predict="enough"
# **Predict · a large enough rank.** Six prompts have six different targets. What is the smallest rank at which, after
# 200 steps, the target is the likeliest answer at every prompt?
#
# - 1
# - 2
# - 4
# - 6, since there are six targets

# %%
ranks = [1, 2, 3, 4, 8, 11]
run = tc.train_sft(world, tc.SFTConfig(lora_rank=ranks, steps=200, seeds=16))
tc.plots.curves(run, "loss", "accuracy")

# %% [markdown] lang="tr"
# Bir kez eğitildi; sürgü yalnızca gösterir. Fareyle ya da ok tuşlarıyla oynat:

# %% [markdown] lang="en"
# Everything is trained already; the slider only shows it. Move it with the mouse or the arrow keys:

# %%
tc.widgets.slider(
    "lora_rank",
    ranks,
    lambda value: tc.plots.curves(run, "loss", "accuracy", highlight=value),
    start=2,
    language=world.language,
)

# %% tags=["reveal"]
learned = run.history.accuracy.isel(step=-1).mean("seed")
smallest = int(learned.lora_rank[learned > 0.999].min())
enough.reveal(a=smallest == 1, b=smallest == 2, c=2 < smallest <= 4, d=smallest > 4)

# %% [markdown] lang="tr" tags=["answer"]
# Bantlar tohumların ortadaki %80'i. Sol: rank 1'in kaybı 1 dolayında kalır, öbürleri sıfıra iner; rank büyüdükçe
# iniş hızlanır, ama 4'ten sonra pek bir şey değişmez. Sağ: doğruluk (accuracy), en olası yanıtı hedef olan
# istemlerin payıdır.

# %% [markdown] lang="en" tags=["answer"]
# The bands hold the middle 80% of the seeds. On the left, the loss of rank 1 stays near 1 and the others fall to
# zero; a higher rank falls faster, but beyond 4 little changes. On the right is the accuracy, the share of prompts
# whose likeliest token is the target.

# %% ends
last = run.history[["loss", "accuracy", "trainable_fraction"]].isel(step=-1, drop=True).mean("seed")
last.to_dataframe().round(3)

# %% [markdown] lang="tr"
# Rank 1'in doğruluğu üçte birde kaldı. Neden tam üçte bir? Her tohumda altı istemin en olası
# yanıtlarını yazıp kaç **ayrı** yanıt olduğunu sayalım:

# %% [markdown] lang="en"
# The accuracy of rank 1 stayed at one third. Why one third? For each seed, take the likeliest answers to the six
# prompts and count how many **distinct** ones there are:

# %%
for rank in (1, 2):
    likeliest = run.logp.sel(lora_rank=rank).argmax("token")
    print(f"rank {rank}: distinct answers", [len(np.unique(row)) for row in likeliest])
# tr: rank {}: distinct answers → rank {}: ayrı yanıt sayısı

# %% [markdown] lang="tr"
# Rank 1, istemleri tek bir doğruya dizer. Doğrunun bir ucunda bir token kazanır, öbür ucunda bir
# başkası: hemen hemen her tohumda iki ayrı yanıt, yani 6 hedefin 2'si. (Çok daha fazla
# adım araya birkaç yanıt daha sıkıştırır, altısını birden değil.) Rank 2 ise bir **düzlemdir**.
# Düzlemde altı yön birbirini ezmeden yan yana durabilir. Bakalım gerçekten öyle mi:

# %% [markdown] lang="en"
# Rank 1 puts all the prompts on one straight line. One token wins at one end, another at the other: two distinct
# answers for nearly every seed, that is, 2 of the 6 targets. (Many more steps squeeze a few others in between, never
# all six.) Rank 2 is a **plane**. In a plane six directions can lie side by side without crowding one another out.
# Let us see whether they do:

# %%
tc.plots.plane(run.sel(lora_rank=2), seed=0)

# %% [markdown] lang="tr"
# Noktalar istemler ($A e_x$), oklar token'lar ($B$'nin satırları); her hedefin oku, kendi isteminin rengindedir.
# Her istem, kendi yönünde en uzağa varan oku seçer. Hiç öğretilmeyen beş token ortada, gri ve kısa
# kalmış. Altı ok bir yelpaze gibi açılmış: **rank 2'nin altı hedefe yetmesinin nedeni budur.**

# %% [markdown] lang="en"
# Points are prompts ($A e_x$), arrows are tokens (the rows of $B$); a target has the colour of its
# prompt. Each prompt chooses the arrow that reaches furthest in its direction. The five tokens that
# were never taught stay in the middle, grey and short. Six arrows have opened like a fan: **that is why
# rank 2 is enough for six targets.**

# %% [markdown] lang="tr"
# ## 8 · Tam ince ayar ve en iyi kopya (9 dakika, ek)
#
# Karşılaştırma için bütün $W$'yi eğitelim: **tam ince ayar** (full fine-tuning). Döngü aynı, yalnızca
# eğitilen matris başka.

# %% [markdown] lang="en"
# ## 8 · Full fine-tuning and the best copy (9 minutes, extra)
#
# For comparison, let us train the whole of $W$: **full fine-tuning**. The loop is the same; only the matrix being
# trained is different.

# %%
full = tc.ToyLM(seeds=range(16))
full.head.requires_grad_(False)
base = full.head.weight.clone()
full.head.weight.requires_grad_(True)
optimizer = torch.optim.Adam(full.parameters(), lr=0.01)
for step in range(200):
    optimizer.zero_grad()
    loss, info = tc.sft.sft_loss(full.logp(), world.sft_targets)
    loss.sum().backward()
    optimizer.step()
delta = (full.head.weight - base).detach()
U, S, Vh = torch.linalg.svd(delta, full_matrices=False)
print(f"loss {loss.mean().item():.3f}, accuracy {info['accuracy'].mean().item():.3f}")
print("singular values", S.mean(0).numpy().round(1))
# tr: loss {}, accuracy {} → kayıp {}, doğruluk {}
# tr: singular values → tekil değerler

# %% [markdown] lang="tr"
# Tam ince ayar da altı hedefi öğrendi. $\Delta W$'nin tekil değer ayrışımından (singular value
# decomposition, SVD) çıkan **tekil değerler** (singular values), onun kaç yön kullandığını söyler: yedisi büyük, gerisi küçük. Bu $\Delta W$'yi rank $r$ ile en iyi nasıl
# kopyalarız? Eckart ve Young'ın yanıtı ([1936][eckart_young]): ilk $r$ tekil değeri tut, gerisini at. Hiçbir rank-$r$
# matris daha yakın olamaz; hata (farkların kareleri toplamının kökü) yalnızca atılanlardan gelir:
#
# $$\min_{\mathrm{rank}\, M \le r} \|\Delta W - M\| = \sqrt{s_{r+1}^2 + s_{r+2}^2 + \dots}$$
#
# Sınayalım: LoRA'yı hedeflere değil, doğrudan $\Delta W$'yi kopyalamaya eğitelim.

# %% [markdown] lang="en"
# Full fine-tuning learned the six targets too. The **singular values** of $\Delta W$, from its singular value
# decomposition (SVD), say how many directions it uses: seven are large, the rest small. What is the best copy of this
# $\Delta W$ with rank $r$? The answer of Eckart and Young ([1936][eckart_young]): keep the first $r$ singular values
# and drop the rest. No matrix of rank $r$ can be closer, and the error (the square root of the summed squared
# differences) comes from exactly what was dropped:
#
# $$\min_{\mathrm{rank}\, M \le r} \|\Delta W - M\| = \sqrt{s_{r+1}^2 + s_{r+2}^2 + \dots}$$
#
# Let us test it: we train LoRA not on the targets but to copy $\Delta W$.


# %%
def copy_error(rank, steps=800):
    copy = tc.ToyLM(seeds=range(16), lora_rank=rank)
    optimizer = torch.optim.Adam(copy.parameters(), lr=0.05)
    slower = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 - step / steps)
    for step in range(steps):
        optimizer.zero_grad()
        error = (copy.head.delta_weight() - delta).square().sum((1, 2))
        error.sum().backward()
        optimizer.step()
        slower.step()
    return error.sqrt().mean().item()


# %%
for rank in (1, 2, 4):
    bound = S[:, rank:].norm(dim=1).mean().item()
    print(f"rank {rank}: trained copy {copy_error(rank):.3f}, dropped singular values {bound:.3f}")
# tr: rank {}: trained copy {}, dropped singular values {} → rank {}: eğitilen kopya {}, atılan tekil değerler {}

# %% [markdown] lang="tr"
# Gradyan inişi (gradient descent) kesin alt sınırı üç ondalık basamakla tutturdu, altına inemedi. Şimdi asıl soru:

# %% [markdown] lang="en"
# Gradient descent settled on the exact bound to three decimals, and could not get below it. Now the real
# question:

# %% [markdown] lang="tr" predict="better"
# **Tahmin et · kopya mı, eğitim mi?** Rank 4'te hangisi daha çok isteme doğru yanıt verir: tam ince ayarın en iyi kopyası mı,
# hedeflerle eğitilen LoRA mı?
#
# - en iyi kopya
# - LoRA
# - ikisi de altıda altı

# %% [markdown] lang="en" predict="better"
# **Predict · copy or training?** At rank 4, which answers more prompts correctly: the best copy of full fine-tuning,
# or LoRA trained on the targets?
#
# - the best copy
# - LoRA
# - both, six out of six


# %% truncated
def accuracy_of_copy(rank):
    kept = (U[..., :rank] * S[:, None, :rank]) @ Vh[:, :rank]
    logits = full.prompt_embed @ (base + kept).mT + full.head.bias[:, None]
    return tc.sft.sft_loss(logits.log_softmax(-1), world.sft_targets)[1]["accuracy"]


trained = run.history.accuracy.isel(step=-1)
truncated = trained.copy(data=[accuracy_of_copy(rank).numpy() for rank in ranks])
tc.plots.against(world, "accuracy", exact=1.0, trained=trained, truncated=truncated)

# %% tags=["reveal"]
lora, copied = (rights.sel(lora_rank=4).mean() for rights in (trained, truncated))
better.reveal(a=copied > lora, b=lora > copied, c=lora == copied)

# %% [markdown] lang="tr" tags=["answer"]
# En iyi kopya, rank 4'te bile altı hedefin hepsine varamaz; LoRA'ya rank 2 yetti. Eckart ve Young haklı, soru
# başka: kopya, $\Delta W$'nin **bütün** sayılarına yakın olmaya çalışır; LoRA ise yalnızca altı yanıtı doğru
# vermeye. LoRA tam ince ayarın kötü bir taklidi değildir, kendi $\Delta W$'sini bulur.

# %% [markdown] lang="en" tags=["answer"]
# Even at rank 4 the best copy does not get all six targets right; for LoRA rank 2 was enough. Eckart and Young are
# right, but this is a different question: the copy tries to match **all** numbers of $\Delta W$, LoRA only to get six
# answers right. LoRA is not a poor imitation of full fine-tuning; it finds a $\Delta W$ of its own.

# %% [markdown] lang="tr"
# ## 9 · Birleştir, ayır, kapat (3 dakika, ek)
#
# Eğitim bitince $\Delta W$, $W$'ye eklenebilir: **birleştirme** (merge). Model artık sıradan bir
# katmandır, LoRA'nın çalışma anında hiçbir maliyeti kalmaz.

# %% [markdown] lang="en"
# ## 9 · Merge, unmerge, switch off (3 minutes, extra)
#
# When training is done, $\Delta W$ can be added to $W$: this is the **merge**. The layer is an ordinary one again,
# and LoRA costs nothing at run time.

# %%
apart = start.model()
start.model.head.merge()
merged = (start.model() - apart).abs().max().item()
print("merged, largest difference below 1e-14:", merged < 1e-14)
start.model.head.unmerge()
print("unmerged, largest difference:", (start.model() - apart).abs().max().item())
# tr: merged, largest difference below 1e-14: → birleşik, en büyük fark 1e-14 altında:
# tr: unmerged, largest difference: → ayrılmış, en büyük fark:

# %% [markdown] lang="tr"
# Birleştirince fark yalnızca yuvarlamadır; ayırınca son bitine kadar baştaki sayılara döneriz. Adaptörü yerinde bırakıp
# **kapatabiliriz** de (PEFT'te `disable_adapter`): geriye $W$ kalır, o da eğitimden önceki politikadır. Onu saklamak için
# ikinci bir model gerekmez:

# %% [markdown] lang="en"
# After merging, the only difference is rounding; after unmerging, the model is the same as before, to the bit. We can
# also leave the adapter in place and **switch it off** (`disable_adapter` in PEFT): what is left is $W$, and that is
# the policy before training. Keeping that policy takes no second model:

# %%
off = start.model.base_logits().log_softmax(-1)
print("adapter off, to the bit the policy before training:", np.array_equal(off, start.ref_logp))
# tr: adapter off, to the bit the policy before training: → adaptör kapalı, bit bit eğitimden önceki politika:

# %% [markdown] lang="tr"
# (Bir eğitimin `ref_logp`'si, o eğitimin başladığı politikadır: burada eğitilmemiş olan.) Ders 3 ve 4, **bölüm
# 5'ten** çıkan politikadan başlar ve onu referans alır: o politika, adaptörü açık modeldir. Orada adaptörü
# kapatmak bizi $W$'ye, yani SFT'den öncesine götürürdü; bu yol, SFT adaptörü önce $W$ ile birleştirilip yanına
# yenisi takılırsa işler. Paket, referansın tablosunu daha ilk adımdan önce hesaplar ve saklar. İkisini
# karıştıranın başına geleni ders 6 gösterir.
#
# ## 10 · Aşırı eğitim: pekiştirmeli öğrenmeye (RL) bir şey kaldı mı? (5 dakika)
#
# 38 adımda durduk. Neden devam etmedik? Entropiye bak; sonra da çok eğitilmiş
# bir politikayı ödülle, yani pekiştirmeli öğrenmeyle (reinforcement learning, RL; ders 3) değiştirmenin
# kolay olup olmadığına.

# %% [markdown] lang="en"
# (A run's `ref_logp` is the policy it started from: here, the untrained one.) Lessons 3 and 4 start from the policy
# of **section 5**, with its adapter on, and that policy is their reference. Switching the adapter off there would
# lead back to $W$, before SFT; the trick works only if the SFT adapter is first merged into $W$ and a new one is
# added. The package computes the table of the reference before the first step and keeps it. Lesson 6 shows what
# happens when the two are mixed up.
#
# ## 10 · Over-training: is anything left for reinforcement learning (RL)? (5 minutes)
#
# We stopped after 38 steps. Why not go on? Let us look at the entropy, and then at whether a policy that was trained
# for long is still easy to change by reward, that is, by RL (lesson 3).

# %%
stops = tc.train_sft(world, tc.SFTConfig(steps=[38, 100, 400], seeds=16))
tc.plots.curves(stops, "loss", "entropy")

# %% [markdown] lang="tr"
# Kayıp da entropi de 100 adımda hemen hemen 0 olur: politika her istemde tek yanıta kilitlenir.
# Ders 1'deki kapalı biçim, tasma `kl_beta=0.1` iken en iyi politikanın ödülünü verir (aşağıda
# `ulaşılabilir`). Yanına PPO'nun vardığı ödülü koyalım; hep hedefini söyleyen bir politika 0,733 kazanır:

# %% [markdown] lang="en"
# After 100 steps loss and entropy are both nearly 0: at each prompt the policy has locked on to one answer. The
# closed form of lesson 1 gives the reward of the best policy on a leash of `kl_beta=0.1` (`possible` below). Beside
# it we put the reward that PPO reaches; a policy that always gives its target earns 0.733:

# %% over_training
for steps in (38, 400, 1600):
    stop = tc.train_sft(world, tc.SFTConfig(steps=steps, seeds=16))
    target = np.exp(stop.logp.values)[:, range(6), world.sft_targets].mean()
    best = tc.exact.optimal_policy(stop.logp, world.reward, kl_beta=0.1)
    possible = tc.exact.expected_reward(best, world.reward).mean()
    ppo = tc.train_ppo(world, tc.PPOConfig(kl_beta=0.1, seeds=16), start=stop)
    reward = ppo.history.reward.isel(step=-1).mean()
    print(f"{steps:4} steps: P(target) {target:.4f}, possible {possible:.3f}, PPO {reward:.3f}")
# tr: {} steps: P(target) {}, possible {}, PPO {} → {} adım: P(hedef) {}, ulaşılabilir {}, PPO {}

# %% [markdown] lang="tr"
# Çok eğitilen politikada mümkün olan ödül bile düşer. Nedeni tasmadır: olasılığı $p$ olan bir yanıtı
# öne çıkarmak $\beta \log(1/p)$ kadar ödüle mal olur; $p$ çok küçükse kazanç bunu karşılamaz. 1600
# adımda PPO mümkün olana da varamaz, çünkü yalnızca denediği yanıtlardan öğrenir ve kendinden emin bir
# politika başka yanıt denemez. SFT'yi erken bırakmak, sonraki derse pay bırakmaktır.

# %% [markdown] lang="en"
# From an over-trained policy even the possible reward drops. The reason is the leash: bringing back an answer of
# probability $p$ costs $\beta \log(1/p)$ in reward, and when $p$ is tiny the gain does not pay for it. At 1600 steps
# PPO does not even reach what is possible, since it learns only from the answers it tries, and a policy so sure of
# itself tries no others. Stopping SFT early leaves room for the next lesson.

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
for token, (name, reward) in enumerate(zip(world.tokens, world.reward[0].tolist())):
    print(f"{token:2} {name:12} {reward:4}")
print("targets", world.sft_targets.tolist())
# tr: targets → hedefler

# %% [markdown] lang="tr"
# ### Alıştırma 1 · LoRA katmanı
#
# ●●○ · 8 dakika. Bölüm 2'deki katman: girdi `x` satır satır gelir (örnek × giriş); `W` (çıkış × giriş), `b` ise
# katmanın bias'ıdır. Çıktıyı (örnek × çıkış) döndür. $r$ verilmiyor: onu matrislerden oku.
#
# <details><summary>İpucu</summary>
#
# Önce donuk katman. Sonra girdiyi dar geçitten geçir; ölçek için sor: `A`'nın kaç satırı var?
#
# </details>

# %% [markdown] lang="en"
# ### Exercise 1 · The LoRA layer
#
# ●●○ · 8 minutes. The layer of section 2: the input `x` comes in rows (sample × in), `W` is (out × in), `b` the bias.
# Return the output (sample × out). $r$ is not given: read it off the matrices.
#
# <details><summary>Hint</summary>
#
# The frozen layer first. Then send the input through the narrow passage; for the scale, ask yourself how many rows
# `A` has.
#
# </details>


# %% tags=["exercise"]
def lora_forward(x, W, b, A, B, alpha):
    return ...


# %% tags=["check"]
tc.checks.lora_forward(lora_forward, language="en")


# %% tags=["solution"]
def lora_forward(x, W, b, A, B, alpha):
    r = len(A)
    return x @ W.T + b + alpha / r * (x @ A.T) @ B.T


# %% [markdown] lang="tr"
# ### Alıştırma 2 · Yeni bir adaptör
#
# ●○○ · 5 dakika. `inside` girişli, `out` çıkışlı bir katman için, rankı `rank` olan `A` ile `B`'yi kur: başlangıç
# değişmesin, ama eğitim başlayabilsin. Biçimler bölüm 2'deki gibi, başlangıç PEFT'teki gibi olsun (bölüm 3).
#
# <details><summary>İpucu</summary>
#
# İkisi birden sıfır olursa kim ilk adımı atar? `torch.randn(2, 3)` rastgele, `torch.zeros(2, 3)` sıfır bir matristir.
#
# </details>

# %% [markdown] lang="en"
# ### Exercise 2 · A new adapter
#
# ●○○ · 5 minutes. Make `A` and `B` of rank `rank` for a layer with `inside` inputs and `out` outputs: the policy at
# the start must not change, yet training must be able to begin. The shapes are those of section 2, the start that of
# PEFT (section 3).
#
# <details><summary>Hint</summary>
#
# If both are zero, who takes the first step? `torch.randn(2, 3)` is a random matrix, `torch.zeros(2, 3)` one of
# zeros.
#
# </details>


# %% tags=["exercise"]
def new_adapter(inside, out, rank):
    A, B = ..., ...
    return A, B


# %% tags=["check"]
tc.checks.new_adapter(new_adapter, language="en")


# %% tags=["solution"]
def new_adapter(inside, out, rank):
    A, B = torch.randn(rank, inside), torch.zeros(out, rank)
    return A, B


# %% [markdown] lang="tr"
# ### Alıştırma 3 · Dört kat alfa, dörtte bir adım
#
# ●○○ · 3 dakika. Biri `lora_alpha`'yı 8'den 32'ye çıkarıyor, dengelemek için `lr`'yi de 0,01'den 0,0025'e
# indiriyor. Yine 38 adım sonra kayıp, öncekine göre nasıl olur? (Ölçek: bölüm 6, ek.)
#
# * `"a"` yarısından da küçük: α daha çok iş görür
# * `"b"` hemen hemen aynı: ikisi birbirini götürür
# * `"c"` bir buçuk katından da büyük
#
# <details><summary>İpucu</summary>
#
# Adam, $A$ ile $B$'nin her birini adım başına `lr` kadar oynatır; logitler ise $\frac{\alpha}{r} B A$'yı görür.
# $A$ ne kadar yol alır, $\frac{\alpha}{r} B$ ne kadar?
#
# </details>

# %% [markdown] lang="en"
# ### Exercise 3 · Four times the alpha, a quarter of the step
#
# ●○○ · 3 minutes. Somebody raises `lora_alpha` from 8 to 32 and, to make up for it, lowers `lr` from 0.01 to 0.0025.
# What is the loss after the same 38 steps? (Section 6, extra, explains the scale.)
#
# * `"a"` less than half of what it was: α does more
# * `"b"` nearly the same: the two cancel
# * `"c"` more than one and a half times what it was
#
# <details><summary>Hint</summary>
#
# Adam moves each of $A$ and $B$ by `lr` per step; what the logits see is $\frac{\alpha}{r} B A$. How far does $A$ go, and how far $\frac{\alpha}{r} B$?
#
# </details>

# %% tags=["exercise"]
larger_alpha = ...

# %% tags=["check"]
tc.checks.alpha(larger_alpha, language="en")

# %% tags=["solution"]
larger_alpha = "c"

# %% [markdown] lang="tr"
# ### Alıştırma 4 · Örneklerin kadar iyisin
#
# ●●○ · 6 dakika. 400 adımda politika hedeflerine kilitlenir; dersin hedefleriyle (yukarıda `hedefler`) 0,733
# kazanır. Altı istem için öyle altı hedef seç ki kilitlenen politika en az 0,85 kazansın. Dördüncü istemin hedefi
# ret (`hayır`) kalsın, en az dört ayrı token kullan. Yanıtın bir listedir: token'lar adlarıyla ya da yukarıdaki
# numaralarla.
#
# <details><summary>İpucu</summary>
#
# Kilitlenen politikanın ödülü, hedeflerin ödüllerinin ortalamasıdır. Ret dışında hangisi ortalamayı düşürüyor?
#
# </details>

# %% [markdown] lang="en"
# ### Exercise 4 · As good as your examples
#
# ●●○ · 6 minutes. In 400 steps the policy locks on to its targets; with those of the lesson (`targets` above) it
# earns 0.733. Choose six targets for the six prompts so that the locked policy earns at least 0.85. Keep the refusal
# (`no`) as the target of the fourth prompt, and use at least four distinct tokens. Write a list, by name or by the
# numbers above.
#
# <details><summary>Hint</summary>
#
# A locked policy earns the mean of what its targets earn. Which one, apart from the refusal, pulls the mean down?
#
# </details>

# %% tags=["exercise"]
my_targets = ...

# %% tags=["check"]
tc.checks.own_targets(my_targets, language="en")

# %% tags=["solution"]
my_targets = [3, 4, 7, 1, 8, 0]  # the last one is token 0 now, which is helpful
# tr: the last one is token 0 now, which is helpful → sonuncusu artık token 0: o da yardımsever

# %% [markdown] lang="tr"
# ## Kendini sına
#
# Beş sorunun her birinde bir yanıt seç; doğru mu, neden, hemen altında okursun.

# %% [markdown] lang="en"
# ## Check yourself
#
# Choose an answer to each of the five questions; right below it you will see whether it is correct, and why.

# %% [markdown] lang="tr" tags=["quiz"]
# 1. Biri rolleri değiş tokuş etti: $A = 0$, $B$ rastgele. Eğitim nasıl başlar?
#    - [ ] Hiç başlamaz — takılıp kalmak için ikisinin de 0 olması gerekir.
#    - [ ] Politika daha ilk adımdan önce kayar — $B A$ çarpımı, biri 0 iken 0'dır; politika yerindedir.
#    - [ ] Aynı politikadan; ilk adımı yine $B$ atar — $B$'nin gradyanı $A e_x$ ile çarpılır, o da burada
#      0'dır.
#    - [x] Aynı politikadan; ilk adımı bu kez $A$ atar — $A$'nın gradyanının önünde $B$ durur, o da artık 0
#      değildir.
# 2. Boyu $4096 \times 4096$ olan bir matrise rank 8 bir adaptör takıyorsun. Kaç sayı eğitilir?
#    - [ ] 8 — rank, yönlerin sayısıdır; her yönün bir girişi, bir çıkışı vardır.
#    - [x] 65.536 — $8 \cdot (4096 + 4096)$: her yön için bir $A$ satırı, bir $B$ sütunu.
#    - [ ] 134.217.728 — bu $8 \cdot 4096 \cdot 4096$'dır, matrisin sekiz katı; kenarlar çarpılmaz,
#      toplanır.
#    - [ ] 16.777.216 — bu $W$'nin kendisidir; o donuktur.
# 3. (Bölüm 6, ek.) Kodda $\frac{\alpha}{r} B A$ yerine $\alpha B A$ yazılmış; rank 8, `lora_alpha` 8. Nereden anlarsın?
#    - [x] İlk kayıp doğrudur, ama adımlar logitleri sekiz kat uzağa taşır — $B = 0$ iken ölçek görünmez;
#      sonra her adımı büyütür.
#    - [ ] İlk kayıp $\log 11$ dolayında çıkmaz — $B = 0$ iken çarpım, ölçek ne olursa olsun 0'dır.
#    - [ ] Hiçbir yerden; Adam ölçeği yutar — Adam'ın dengelediği gradyandır, $B A$'nın önündeki çarpan değil.
#    - [ ] Rank 1'e düşer — ölçek, yön sayısını değiştirmez.
# 4. (Bölüm 8, ek.) $\Delta W$'nin rank 2'lik en iyi kopyasının doğruluğu 0,406; rank 2'lik LoRA'nınki 1. Eckart ve Young
#    yanıldı mı?
#    - [ ] Evet; LoRA $\Delta W$'ye daha yakın bir matris buldu — kopyalamaya eğitilen LoRA bile 14,224'ün
#      altına inemedi.
#    - [ ] Hayır; kopya yeterince eğitilmedi — SVD eğitilmez; eğitilen kopya da aynı alt sınıra vardı.
#    - [x] Hayır; $\Delta W$'ye en yakın olmak başka, altı yanıtı doğru vermek başka — LoRA kendi $\Delta
#      W$'sini buldu.
# 5. 400 adım SFT'den sonra `kl_beta=0.1` ile mümkün olan ödül 0,929'a indi. Onu ne yükseltir?
#    - [ ] PPO'yu daha uzun eğitmek — 0,929 kapalı biçimdendir; hiçbir eğitim onu geçemez.
#    - [x] Daha küçük bir `kl_beta` — unutulmuş bir yanıtı öne çıkarmanın bedeli $\beta \log(1/p)$'dir;
#      $\beta$ küçülünce azalır.
#    - [ ] Daha büyük bir `lora_rank` — onu rank değil, başlangıç politikası ile tasma belirler.
#    - [ ] Daha çok SFT adımı — 1600 adımda 0,780'e kadar indi.

# %% [markdown] lang="en" tags=["quiz"]
# 1. Somebody swapped the roles: $A = 0$ and $B$ is random. How does training start?
#    - [ ] Not at all — it would be stuck only if both were 0.
#    - [ ] The policy slips before the first step — the product $B A$ is 0 as long as either of the two is 0; the
#      policy stays where it is.
#    - [ ] From the same policy, and $B$ takes the first step again — the gradient of $B$ is multiplied by
#      $A e_x$, which is 0 here.
#    - [x] From the same policy, but now $A$ takes the first step — the gradient of $A$ is multiplied by $B$, which is
#      no longer 0.
# 2. You attach an adapter of rank 8 to a matrix of $4096 \times 4096$. How many numbers are trained?
#    - [ ] 8 — the rank counts directions; each has an input side and an output side.
#    - [x] 65,536 — $8 \cdot (4096 + 4096)$: a row of $A$ and a column of $B$ for each direction.
#    - [ ] 134,217,728 — that is $8 \cdot 4096 \cdot 4096$, eight times the matrix; the sides are added, not
#      multiplied.
#    - [ ] 16,777,216 — that is $W$ itself, and it is frozen.
# 3. (Section 6, extra.) The code has $\alpha B A$ where $\frac{\alpha}{r} B A$ should be; the rank is 8, `lora_alpha` is 8.
#    What gives it away?
#    - [x] The first loss is right, but each step carries the logits eight times as far — while $B = 0$ the scale does
#      not show; after that it enlarges every step.
#    - [ ] The first loss is not near $\log 11$ — while $B = 0$ the product is 0 at any scale.
#    - [ ] Nothing; Adam absorbs the scale — Adam rescales the gradient, not the factor in front of $B A$.
#    - [ ] The rank drops to 1 — a scale does not change the number of directions.
# 4. (Section 8, extra.) The best copy of $\Delta W$ with rank 2 has an accuracy of 0.406; LoRA of rank 2 has 1. Were
#    Eckart and Young wrong?
#    - [ ] Yes; LoRA found a matrix closer to $\Delta W$ — even LoRA trained to copy did not get below 14.224.
#    - [ ] No; the copy was not trained enough — the SVD is not trained, and the trained copy reached the same bound.
#    - [x] No; being closest to $\Delta W$ is one thing, getting six answers right is another — LoRA found a
#      $\Delta W$ of its own.
# 5. After 400 steps of SFT, the reward possible at `kl_beta=0.1` had dropped to 0.929. What raises it?
#    - [ ] Training PPO for longer — 0.929 comes from the closed form; no training gets past it.
#    - [x] A smaller `kl_beta` — bringing back a forgotten answer costs $\beta \log(1/p)$, which is less for a smaller
#      $\beta$.
#    - [ ] A higher `lora_rank` — the limit is set by the starting policy and the leash, not by the rank.
#    - [ ] More steps of SFT — with 1600 steps it fell to 0.780.

# %% [markdown] lang="tr"
# **Bu derste yaptıkların.** Hangi alıştırmaları çözdün, yolda karşına ne çıktı, tahminlerin nasıl gitti: hepsi burada.
# Not defterini birine teslim edeceksen en son bu hücreyi çalıştır, kaydet, dosyayı gönder. Özet, çekirdek (kernel)
# başladığından beri olanı bilir: defteri kapatıp sonra yeniden açtıysan önce bütün hücreleri çalıştır.

# %% [markdown] lang="en"
# **What you did in this lesson.** Which exercises you solved, what you met on the way, how your predictions went: all
# of it is here. If you are to hand the notebook in, run this cell last, save, and send the file. It knows what has
# happened since the kernel was started: if you come back another day, run all the cells first.

# %% tags=["summary"]
tc.checks.summary("lora", language="en")

# %% [markdown] lang="tr"
# ## Özet
#
# * SFT, hedefin log-olasılığını büyütür; kayıp $\log 11$ dolayında başlar.
# * LoRA, $W$'yi dondurur ve $\frac{\alpha}{r} B A$'yı eğitir; $B = 0$ olduğu için başlangıç aynıdır.
# * Rank, kaç yönde düzeltme yapılabileceğidir: rank 1, 200 adımda iki yanıt öğrenir; rank 2 altısına da yeter.
# * En iyi rank-$r$ kopya SVD'dir; LoRA ise kopyalamaz, kendi çözümünü bulur.
# * Fazla SFT, RL'nin deneyeceği yanıtları tüketir.
#
# Sırada ders 3 var: doğru yanıtı söylemeden, yalnızca **ödülle** öğretmek.

# %% [markdown] lang="en"
# ## Summary
#
# * SFT raises the log-probability of the target; the loss starts near $\log 11$.
# * LoRA freezes $W$ and trains $\frac{\alpha}{r} B A$; because $B = 0$, the start is unchanged.
# * The rank is the number of directions of the update: in 200 steps rank 1 learns two answers, rank 2 is enough
#   for six.
# * The best copy of rank $r$ comes from the SVD; LoRA does not copy but finds a solution of its own.
# * Too much SFT uses up the answers that RL would try.
#
# Lesson 3 comes next: teaching without telling the right answer, by **reward** alone.
