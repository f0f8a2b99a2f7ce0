# ---
# jupyter:
#   toycore:
#     tr: 05_nicemleme
#     en: 05_quantization
# ---

# %% [markdown] lang="tr"
# # Ders 5 · Nicemleme: daha az bitle
#
# Politikayı örnekle, ödülle ve tercihle eğittik. Şimdi onu **küçülteceğiz**: ağırlıkları 32 bit yerine 8, hatta 2
# bitle yazacağız. Buna **nicemleme** (quantization) denir. Üç soru soruyoruz: hata ne kadar büyük, ne kadar yer
# ve zaman kazanılır, eğitilen davranış buna dayanır mı?
#
# Hatanın büyüklüğü için bir formül var; her ölçümün yanına onu koyacağız. Hız için formül yok: hız
# ölçülür, üstelik her makinede başka çıkar. Süre: yaklaşık 60 dakika; *ek*
# yazan bölümler bekleyebilir, onlarsız 40 dakika. Alıştırmalar: 27 dakika.

# %% [markdown] lang="en"
# # Lesson 5 · Quantization: with fewer bits
#
# We have trained the policy by example, by reward and by preference. Now we make it **smaller**: its
# weights will be written with 8 or even 2 bits instead of 32. This is called **quantization**. We ask
# three questions: how large is the error, how much space and time is saved, and does the trained
# behaviour survive?
#
# For the error there is a formula, and we put it beside every measurement. For speed there is none: speed has to be
# measured, and every machine gives a different answer. Time: about 60 minutes, or 40 without the sections marked
# *extra*, which can wait. Exercises: 27 minutes.

# %% [markdown] lang="tr"
# ## 1 · Bir ağırlığı yuvarla (4 dakika)
#
# Her ağırlık, eşit aralıklı bir **ızgaranın** (grid) en yakın değerine yuvarlanır. $b$ bit ile ızgarada, sıfırın
# iki yanında $q_\mathrm{max} = 2^{b-1} - 1$ adım vardır. En büyük ağırlık ızgaranın ucuna düşsün diye **ızgara
# adımı**, yani **ölçek** (scale) şöyle seçilir:
#
# $$\Delta = \frac{\max |w|}{q_\mathrm{max}}, \qquad q = \mathrm{round}(w / \Delta), \qquad
# w \approx \Delta\, q$$
#
# $q$ küçük bir tam sayıdır ve bir bayta sığar. 4 bit ile kaç ayrı değer yazılabilir, sayalım:

# %% [markdown] lang="en"
# ## 1 · Round a weight (4 minutes)
#
# With $b$ bits there are $q_\mathrm{max} = 2^{b-1} - 1$ steps on either side of zero. So that the largest weight
# falls on the topmost step, the size of a step, the **scale**, is chosen as
#
# $$\Delta = \frac{\max |w|}{q_\mathrm{max}}, \qquad q = \mathrm{round}(w / \Delta), \qquad
# w \approx \Delta\, q$$
#
# $q$ is a small whole number and fits in a byte. Let us count how many different values can be written
# with 4 bits:

# %%
import copy

import numpy as np
import torch
import xarray as xr

import toycore as tc

torch.set_num_threads(1)  # for tables this small, more threads only wait for one another
tc.set_language(language="en")
world = tc.World(language="en")
# tr: for tables this small, more threads only wait for one another → bu kadar küçük tablolarda iş parçacıkları yalnızca birbirini bekler

# %% grid
w = torch.randn(1, 4096, generator=torch.Generator().manual_seed(0))
step = w.abs().max() / (2**3 - 1)
q = (w / step).round()
print(f"{len(q.unique())} distinct values, from {int(q.min())} to {int(q.max())}")
# tr: {} distinct values, from {} to {} → {} ayrı değer, {} ile {} arasında

# %% [markdown] lang="tr"
# 15 değer: −7'den 7'ye. (Izgara sıfıra göre simetrik olsun diye 16'ncısı boş bırakılır.) `tc.quantize` bunu yapar. Sayı
# doğrusunda görelim: solda üstte ilk 12 ağırlık, altında yuvarlandıkları değerler, en altta ızgara; sağda bütün
# ağırlıkların hatası.

# %% [markdown] lang="en"
# 15 values, from −7 to 7. (The 16th is left out so that the grid is symmetric about zero.) This is what `tc.quantize`
# does. On the left is a number line: the first 12 weights at the top, the values they are rounded to below them, and
# the grid at the bottom. On the right are the errors of all weights.


# %%
def on_the_line(bits):
    return tc.plots.rounding(world, w, bits)


tc.widgets.slider("bits", range(2, 9), on_the_line, start=4, language=world.language)

# %% [markdown] lang="tr"
# ## 2 · Hata ne kadar büyük? (8 dakika)
#
# Yuvarlamanın hatası en çok yarım adımdır. Ağırlıklar birçok adıma yayılmışsa hata bu aralığa **düzgün**
# dağılır (sağdaki histogram); düzgün dağılımın **gücü**, yani karesinin ortalaması da bellidir:
#
# $$|w - \Delta q| \le \frac{\Delta}{2}, \qquad \mathbb{E}\big[(w - \Delta q)^2\big] = \frac{\Delta^2}{12}$$
#
# Ölçelim:

# %% [markdown] lang="en"
# ## 2 · How large is the error? (8 minutes)
#
# Rounding is off by half a step at most. Where the weights span many steps, the error is spread **evenly** over that
# range (the histogram on the right above), and the **power** (the mean square) of such an error is known:
#
# $$|w - \Delta q| \le \frac{\Delta}{2}, \qquad \mathbb{E}\big[(w - \Delta q)^2\big] = \frac{\Delta^2}{12}$$
#
# Let us measure it:

# %% powers
for bits in (2, 4, 6, 8):
    package = tc.quantize(w, bits)
    error, step = w - package.dequantize(), package.scale.item()
    largest, power = error.abs().max() / step, error.square().mean() / (step**2 / 12)
    print(f"{bits} bits: largest error {largest:.3f} steps, power {power:.2f} of step²/12")
# tr: {} bits: largest error {} steps, power {} of step²/12 → {} bit: en büyük hata {} ızgara adımı, gücü adım²/12 değerinin {} katı

# %% [markdown] lang="tr"
# 4 bitten başlayarak ölçüm formüle çok yakındır. 2 bitte (yukarıdaki sürgüyü indir) yalnızca üç değer vardır;
# çoğu ağırlık sıfıra yuvarlanır, hata düzgün dağılmaz ve formül tutmaz. Bir formülün nereye kadar geçerli
# olduğunu bilmek, formülün kendisi kadar değerlidir.

# %% [markdown] lang="en"
# From 4 bits on the measurement follows the formula closely. With 2 bits (move the slider above down) there are only
# three values; most weights are rounded to zero, the error is not spread evenly, and the formula fails. Knowing where
# a formula stops working is worth as much as the formula.

# %% [markdown] lang="tr" predict="halved"
# **Tahmin et · bir bit fazla.** 7 bitten 8 bite çıkarsak hatanın **gücü** kaçta birine iner?
#
# - yarısına (2 kat azalır)
# - dörtte birine (4 kat)
# - sekizde birine (8 kat)

# %% [markdown] lang="en" predict="halved"
# **Predict · one more bit.** From 7 bits to 8, how many times smaller does the **power** of the error get?
#
# - 2 times
# - 4 times
# - 8 times

# %%
power = {bits: (w - tc.quantize(w, bits).dequantize()).square().mean() for bits in (7, 8)}
print(f"{power[7] / power[8]:.1f} times")
# tr: {} times → {} kat

# %% tags=["reveal"]
times = power[7] / power[8]
halved.reveal(a=times < 3, b=3 < times < 6, c=times > 6)

# %% [markdown] lang="tr" tags=["answer"]
# Adım yarıya iner, güç ise adımın **karesiyle** orantılıdır: $\Delta^2/12$ dörtte birine düşer.

# %% [markdown] lang="en" tags=["answer"]
# The step is halved, and the power goes with the **square** of the step: $\Delta^2/12$ falls to a quarter.

# %% [markdown] lang="tr"
# ### Bit başına 6 desibel
#
# Hatayı ağırlığın kendisine oranlarız: **sinyal-gürültü oranı** (signal-to-noise ratio, SNR), desibel
# (dB) ile:
#
# $$\mathrm{SNR} = 10 \log_{10} \frac{\mathbb{E}[w^2]}{\mathbb{E}[(w - \Delta q)^2]}$$
#
# Bir bit daha, adımı yaklaşık yarıya indirir; hatanın gücü dörtte birine düşer ve $10 \log_{10} 4 \approx$ 6,02 dB
# kazanılır. 16 ayrı matrisle ölçelim; kesikli çizgi $\Delta^2/12$'nin öngörüsüdür.

# %% [markdown] lang="en"
# ### 6 decibels per bit
#
# We compare the error with the weights themselves: this is the **signal-to-noise ratio** (SNR), in decibels (dB):
#
# $$\mathrm{SNR} = 10 \log_{10} \frac{\mathbb{E}[w^2]}{\mathbb{E}[(w - \Delta q)^2]}$$
#
# One more bit roughly halves the step; the power of the error drops to a quarter, a gain of $10 \log_{10} 4 \approx$
# 6.02 dB. Let us measure it on 16 matrices; the dashed line is what $\Delta^2/12$ predicts.

# %%
W = torch.randn(16, 64, 256, generator=torch.Generator().manual_seed(0))
bits = list(range(2, 9))
measured = [tc.snr_db(W, tc.quantize(W, b).dequantize()).numpy() for b in bits]
predicted = [tc.predicted_snr_db(W, b).mean().item() for b in bits]
measured = xr.DataArray(measured, {"bits": bits, "seed": range(16)}, ("bits", "seed"))
tc.plots.against(world, "snr", exact=predicted, named="theory", per_channel=measured)

# %% gains
gains = measured.mean("seed").diff("bits").values
formula = [20 * np.log10((2 ** (b + 1) - 2) / (2**b - 2)) for b in bits[:-1]]
for b, gain, due in zip(bits, gains, formula):
    print(f"{b} -> {b + 1} bits: gain {gain:.2f} dB, formula {due:.2f}")
# tr: {} -> {} bits: gain {} dB, formula {} → {} -> {} bit: kazanç {} dB, formül {}

# %% [markdown] lang="tr"
# Formül $20 \log_{10} \frac{2^{b+1} - 2}{2^b - 2}$, adım sayılarının oranıdır; bit arttıkça 6,02'ye iner.
# 3 bitten başlayarak ölçüm ile formül arasındaki fark, bir desibelin yüzde ikisini geçmez.

# %% [markdown] lang="en"
# The formula $20 \log_{10} \frac{2^{b+1} - 2}{2^b - 2}$ is the ratio of the two numbers of steps, in dB; with more
# bits it comes down to 6.02. From 3 bits on, measurement and formula differ by two hundredths of a dB at most.

# %% [markdown] lang="tr"
# ## 3 · Izgara nerede bitsin? (6 dakika)
#
# Şimdiye kadar ızgara en büyük ağırlıkta bitti. Daha önce, bir $t$ **eşiğinde** (threshold) de bitebilir: o zaman
# $\Delta = t / q_\mathrm{max}$ olur, eşiğin ötesindeki ağırlık da eşiğin değerini alır, yani **kırpılır**
# (clipping). Hatanın gücü iki parçadır, kırpma $C$ ve yuvarlama $R$ (formülde virgülden sonraki koşula uymayan
# ağırlık 0 sayılır, bölen hep bütün ağırlıkların sayısıdır):
#
# $$\underbrace{\mathbb{E}\big[(|w| - t)^2,\ |w| > t\big]}_{C} \;+\;
# \underbrace{\mathbb{E}\big[(w - \Delta q)^2,\ |w| \le t\big]}_{R}$$
#
# Eşik küçüldükçe $C$ artar, $R$ azalır. (Ders 3'te kırpılan oranlardı, burada ağırlıklar.)

# %% [markdown] lang="en"
# ## 3 · Where should the grid end? (6 minutes)
#
# So far the grid ended at the largest weight. It can also end earlier, at a **threshold** $t$: then
# $\Delta = t / q_\mathrm{max}$, and a weight beyond the threshold takes the threshold's value; it is **clipped**. The
# power of the error now has two parts, clipping $C$ and rounding $R$ (a weight that does not meet the condition after
# the comma counts as 0; we always divide by the number of all weights):
#
# $$\underbrace{\mathbb{E}\big[(|w| - t)^2,\ |w| > t\big]}_{C} \;+\;
# \underbrace{\mathbb{E}\big[(w - \Delta q)^2,\ |w| \le t\big]}_{R}$$
#
# As the threshold gets smaller, $C$ grows and $R$ shrinks. (In lesson 3 it was ratios that were clipped; here it is weights.)

# %% [markdown] lang="tr" predict="cut"
# **Tahmin et · en iyi eşik.** 4 bitte iki hatanın toplamı hangi eşikte en küçüktür?
#
# - en büyük ağırlıkta: hiçbiri kırpılmasın
# - en büyük ağırlığın yaklaşık %60'ında
# - en büyük ağırlığın yaklaşık %20'sinde

# %% [markdown] lang="en" predict="cut"
# **Predict · the best threshold.** With 4 bits, at which threshold is the sum of the two errors smallest?
#
# - at the largest weight: nothing should be clipped
# - at about 60% of the largest weight
# - at about 20% of the largest weight

# %% thresholds
shares = np.linspace(0.05, 1, 96)  # of the largest weight
best = {}
for bits in (2, 4, 8):
    grids = [tc.Grid.symmetric(share * w.abs().max(), bits) for share in shares]
    total = [sum(grid.errors(w)) for grid in grids]  # clipping + rounding
    best[bits] = shares[np.argmin(total)]
    print(f"{bits} bits: least error at {best[bits]:.2f} of the largest weight,", end=" ")
    print(f"{total[-1] / min(total):.1f} times as large at the largest weight")
# tr: of the largest weight → en büyük ağırlığın katı olarak
# tr: clipping + rounding → kırpma + yuvarlama
# tr: {} bits: least error at {} of the largest weight, → {} bit: en küçük hata, eşik en büyük ağırlığın {} katıyken;
# tr: {} times as large at the largest weight → en büyük ağırlıkta hata {} katı

# %%
tc.plots.thresholds(world, w, bits=4)

# %% tags=["reveal"]
cut.reveal(a=best[4] > 0.95, b=0.5 < best[4] < 0.7, c=best[4] < 0.3)

# %% [markdown] lang="tr" tags=["answer"]
# En büyük ağırlığın %62'sinde: 4096 ağırlıktan 51'i kırpılır, geri kalan 4045'i daha ince bir ızgaraya yazılır;
# hata yarıya iner. Bit azaldıkça kırpmak daha çok kazandırır; 8 bitte adım zaten incedir, kazanç hemen hemen
# yoktur. Bundan sonra ızgarayı yine en büyük ağırlıkta bitiriyoruz; 4 bite inen birçok kitaplık ise en iyi eşiği
# arar.

# %% [markdown] lang="en" tags=["answer"]
# At 62% of the largest weight: 51 of the 4096 weights are clipped, the other 4045 are written on a finer grid, and
# the error is halved. The fewer the bits, the more clipping pays; with 8 bits the step is fine enough already, and
# there is next to nothing to gain. From here on our grids end at the largest weight again; many libraries that go
# down to 4 bits search for the best threshold.


# %%
def cut_at(share):
    return tc.plots.thresholds(world, w, 4, share)


tenths = [k / 10 for k in range(2, 11)]
tc.widgets.slider("threshold", tenths, cut_at, start=1, language=world.language)

# %% [markdown] lang="tr"
# ## 4 · Tek ölçek mi, satır başına ölçek mi? (6 dakika)
#
# Ölçeği en büyük ağırlık belirler. Bir satır (bir çıkış **kanalı**, channel) ötekilerden çok büyükse tek
# ölçek herkese onun adımını dayatır. Bir satırı 30 katına çıkaralım.

# %% [markdown] lang="en"
# ## 4 · One scale, or one per row? (6 minutes)
#
# The largest weight sets the scale. If one row (one output **channel**) is much larger than the others, a single
# scale forces that row's coarse step on all. Let us make one row 30 times as large.

# %% [markdown] lang="tr" predict="others"
# **Tahmin et · komşunun bedeli.** 8 bit ve tek ölçekle, büyümeyen öteki satırların SNR'si kaç dB düşer?
#
# - hiç: onlar değişmedi
# - yaklaşık 3 dB
# - yaklaşık 30 dB

# %% [markdown] lang="en" predict="others"
# **Predict · the price of a neighbour.** With 8 bits and a single scale, by how many dB does the SNR of the other
# rows, which did not grow, fall?
#
# - not at all: they are as they were
# - about 3 dB
# - about 30 dB

# %% outlier
outlier = W[0].clone()
outlier[0] *= 30
kept = {}
for per_channel in (True, False):
    rounded = tc.quantize(outlier, bits=8, per_channel=per_channel).dequantize()
    kept[per_channel], one = (tc.snr_db(outlier[k], rounded[k]) for k in (slice(1, 64), slice(1)))
    print(f"per_channel={per_channel!s:5}", end="  ")
    print(f"other rows {kept[per_channel]:.1f} dB, the large row {one:.1f} dB")
# tr: other rows {} dB, the large row {} dB → öteki satırlar {} dB, büyük satır {} dB

# %% tags=["reveal"]
lost = kept[True] - kept[False]
others.reveal(a=lost < 1, b=1 < lost < 10, c=lost > 20)

# %% [markdown] lang="tr" tags=["answer"]
# Tek ölçekle büyük satırın SNR'si değişmez, öteki 63 satır yaklaşık 30 dB kaybeder: beş bit çöpe gider. Satır
# başına ölçek yalnızca 64 sayıya mal olur. Bundan sonra hep onu kullanıyoruz.

# %% [markdown] lang="en" tags=["answer"]
# With one scale the large row is as good as before, but the other 63 rows lose about 30 dB: five bits thrown away.
# One scale per row costs only 64 numbers. From here on we always use one per row.

# %% [markdown] lang="tr"
# ## 5 · Tam sayılarla matris çarpımı (5 dakika, ek)
#
# Ağırlıklar önceden yuvarlanır. Katmana gelen sayılar, yani **aktivasyonlar** (activations), önceden bilinmez;
# onların ölçeği, katman her çalıştığında her satır için yeniden bulunur. Bu yüzden buna **dinamik** nicemleme
# denir. Çarpım tam sayılarla yapılır ve iki ölçek en sonda geri konur (formüldeki b bit sayısı değil, bias'tır):
#
# $$y = x W^\top + b \;\approx\; \Delta_x \Delta_w \big(q_x q_w^\top\big) + b$$

# %% [markdown] lang="en"
# ## 5 · A matrix product in whole numbers (5 minutes, extra)
#
# Weights are rounded in advance. The numbers that come into the layer, the **activations**, are not known in advance;
# their scales are found anew in every pass, one per row. Hence the name **dynamic** quantization. The product is then
# computed in whole numbers, and the two scales are multiplied back in at the end (the last term is the layer's bias,
# not a number of bits):
#
# $$y = x W^\top + b \;\approx\; \Delta_x \Delta_w \big(q_x q_w^\top\big) + b$$

# %%
generator = torch.Generator().manual_seed(3)
linear = torch.nn.Linear(1024, 256)
torch.nn.init.normal_(linear.weight, generator=generator)
torch.nn.init.zeros_(linear.bias)
x = torch.randn(32, 1024, generator=generator)

qx, qw = tc.quantize(x), tc.quantize(linear.weight)
whole = qx.values.int() @ qw.values.int().T  # 32-bit sums of 8-bit products
y = qx.scale * qw.scale.T * whole + linear.bias
print(f"largest sum {int(whole.abs().max())}, where 16 bits end at {2**15 - 1}")
# tr: 32-bit sums of 8-bit products → 8 bitlik çarpımların 32 bitlik toplamları
# tr: largest sum {}, where 16 bits end at {} → en büyük toplam {}; 16 bit ise {} ile biter

# %% [markdown] lang="tr"
# Tam sayı toplamında hiç hata yoktur; bütün hata iki yuvarlamadan gelir. (`tc.Int8Linear` böyle bir katmandır.)

# %% [markdown] lang="en"
# The sum over whole numbers has no error at all; all the error comes from the two roundings. (`tc.Int8Linear` is such
# a layer.)

# %% [markdown] lang="tr" predict="both"
# **Tahmin et · iki yuvarlama.** Ağırlıkların da aktivasyonların da SNR'si yaklaşık 42 dB. Çıkışınki kaç dB olur?
#
# - 84 dB
# - 42 dB
# - 39 dB
# - 21 dB

# %% [markdown] lang="en" predict="both"
# **Predict · two roundings.** Weights and activations each have an SNR of about 42 dB. What is the SNR of the output?
#
# - 84 dB
# - 42 dB
# - 39 dB
# - 21 dB

# %% law
snr_w, snr_x = tc.snr_db(linear.weight, qw.dequantize()), tc.snr_db(x, qx.dequantize())
law = -10 * torch.log10(10 ** (-snr_w / 10) + 10 ** (-snr_x / 10))
print(f"weights {snr_w:.1f} dB, activations {snr_x:.1f} dB")
print(f"output {tc.snr_db(linear(x), y):.1f} dB, by the law {law:.1f} dB")
# tr: weights {} dB, activations {} dB → ağırlıklar {} dB, aktivasyonlar {} dB
# tr: output {} dB, by the law {} dB → çıkış {} dB, formüle göre {} dB

# %% tags=["reveal"]
output = tc.snr_db(linear(x), y)
both.reveal(a=output > 80, b=41 < output < 43, c=38 < output < 40, d=output < 25)

# %% [markdown] lang="tr" tags=["answer"]
# İki hata bağımsızdır, o yüzden **güçleri** toplanır; gürültü iki katına çıkınca 3 dB gider:
#
# $$\frac{1}{\mathrm{SNR}_y} = \frac{1}{\mathrm{SNR}_w} + \frac{1}{\mathrm{SNR}_x}$$
#
# Burada SNR'ler dB değil, güç oranıdır.

# %% [markdown] lang="en" tags=["answer"]
# The two errors are independent, so their **powers** add; twice the noise costs 3 dB:
#
# $$\frac{1}{\mathrm{SNR}_y} = \frac{1}{\mathrm{SNR}_w} + \frac{1}{\mathrm{SNR}_x}$$
#
# In this formula the SNRs are ratios of powers, not dB.

# %% [markdown] lang="tr"
# ## 6 · Başka ızgaralar: gruplar, sıfır noktası, kalibrasyon (7 dakika, ek)
#
# **Gruplar.** Bir ölçeği, bir satırdan daha az sayıda ağırlık da paylaşabilir: yan yana duran `group_size` sütun,
# yani bir **grup**. GPTQ ([Frantar ve ark., 2022][gptq]) çoğunlukla 128'lik, QLoRA 64'lük gruplar kullanır. Grup,
# `tc.quantize` için kısa bir satırdan başka bir şey değildir. Bu kez arada bir çok büyük ağırlıklar da çıksın;
# gerçek modellerde de çıkar.

# %% [markdown] lang="en"
# ## 6 · Other grids: groups, a zero point, calibration (7 minutes, extra)
#
# **Groups.** A scale can also serve less than a row: `group_size` neighbouring columns, a **group**. GPTQ
# ([Frantar et al., 2022][gptq]) mostly uses groups of 128, QLoRA groups of 64. To `tc.quantize` a group is simply a
# short row. This time a few of the weights are very large; real models have some like that.


# %%
def in_groups(weight, bits, group_size):
    groups = weight.unflatten(-1, (-1, group_size))  # (..., out, in / group_size, group_size)
    return tc.quantize(groups, bits).dequantize().flatten(-2)


draws = torch.randn(5, *W.shape, generator=torch.Generator().manual_seed(1))
heavy = draws[0] / draws[1:].square().mean(0).sqrt()  # Student's t with 4 degrees of freedom
# tr: (..., out, in / group_size, group_size) → (..., çıkış, giriş / group_size, group_size)
# tr: Student's t with 4 degrees of freedom → Student t dağılımı, 4 serbestlik derecesi

# %%
ways = {
    "per_tensor": lambda b: tc.quantize(heavy, b, per_channel=False).dequantize(),
    "per_channel": lambda b: tc.quantize(heavy, b).dequantize(),
    "groups_of_64": lambda b: in_groups(heavy, b, group_size=64),
}
axes = {"bits": range(2, 9), "seed": range(16)}
snrs = {}
for way, rounded in ways.items():
    values = [tc.snr_db(heavy, rounded(b)).numpy() for b in axes["bits"]]
    snrs[way] = xr.DataArray(values, axes, ("bits", "seed"))
tc.plots.against(world, "snr", **snrs)

# %% groups
for bits, group_size in ((4, 256), (4, 128), (4, 64), (4, 32), (5, 256)):
    snr = tc.snr_db(heavy, in_groups(heavy, bits, group_size)).mean()
    size = 64 * 256 * bits // 8 + 4 * 64 * 256 // group_size  # a scale takes 4 bytes
    print(f"{bits} bits, groups of {group_size:3}: {snr:.1f} dB, {size} bytes")
# tr: a scale takes 4 bytes → bir ölçek 4 bayt tutar
# tr: {} bits, groups of {}: {} dB, {} bytes → {} bit, {} sayılık gruplar: {} dB, {} bayt

# %% [markdown] lang="tr"
# Bir satır 256 sütundur. 64'lük gruplar %9 fazla bayta karşılık 3 dB kazandırır; bir bit daha ise %24 fazla bayta
# karşılık 6 dB.
#
# **Sıfır noktası.** ReLU (eksileri 0 yapan işlev) hiç eksi sayı bırakmaz; simetrik ızgaranın yarısı boş kalır.
# **Asimetrik** (affine) ızgara en küçük sayıdan en büyüğe uzanır, sıfıra karşılık gelen tam sayıya da **sıfır
# noktası** (zero point) $z$ denir:
#
# $$q = \mathrm{round}(x / \Delta) + z, \qquad x \approx \Delta\,(q - z)$$

# %% [markdown] lang="en"
# A row has 256 columns. Groups of 64 gain 3 dB for 9% more bytes; one more bit gains 6 dB for 24% more.
#
# **A zero point.** A ReLU replaces negative numbers with 0, so half of a symmetric grid would lie idle. An
# **asymmetric** (affine) grid reaches from the smallest number to the largest, and the whole number that stands for
# zero is called the **zero point** $z$:
#
# $$q = \mathrm{round}(x / \Delta) + z, \qquad x \approx \Delta\,(q - z)$$

# %%
relu = torch.relu(torch.randn(4096, generator=torch.Generator().manual_seed(1)))
symmetric = tc.Grid.symmetric(relu.max(), bits=4)
affine = tc.Grid.affine(min_val=relu.min(), max_val=relu.max(), bits=4)
tc.plots.grids(world, relu, symmetric=symmetric, affine=affine)

# %% [markdown] lang="tr"
# Adım yarının altına indi: 6,7 dB bedavaya geldi, yani bir bit. Sıfıra göre dengeli sayılarda ise bu, hemen hemen
# hiçbir şey kazandırmaz.
#
# **Kalibrasyon.** Bölüm 5'in ölçeği her geçişte yeniden bulunur. **Statik** nicemlemede ölçek bir kez, örnek
# verilerle bulunur (kalibrasyon), sonra gelen her şeye uygulanır. Örnek azsa sonra gelen sayıların bir bölümü
# ızgaranın dışında kalır. Ne sıklıkla? $n + 1$ sayının her biri en büyük olmaya eşit adaydır, o yüzden sonuncunun
# en büyük olma olasılığı $1 / (n + 1)$'dir:

# %% [markdown] lang="en"
# The step fell to less than half: 6.7 dB, one bit, for free. For numbers balanced about zero the same grid gains next
# to nothing.
#
# **Calibration.** The scale of section 5 is found anew in every pass. In **static** quantization it is found once, on
# sample data (calibration), and applied to everything that comes later. With few samples, some later numbers lie
# beyond the grid. How often? Of $n + 1$ numbers each is equally likely to be the largest, so for the last one the
# chance is $1 / (n + 1)$:

# %% calibration
rng = torch.Generator().manual_seed(1)
later = torch.randn(10_000, generator=rng)
for n in (10, 100, 1000):
    grids = [tc.Grid.symmetric(sample.abs().max()) for sample in torch.randn(200, n, generator=rng)]
    beyond = np.mean([grid.outside(later).double().mean() for grid in grids])
    snr = np.mean([tc.snr_db(later, grid.fake_quantize(later)) for grid in grids])
    print(f"{n:4} samples: SNR {snr:.1f} dB, {beyond:.1%} beyond the grid", end=", ")
    print(f"by the formula {1 / (n + 1):.1%}")
# tr: {} samples: SNR {} dB, {} beyond the grid → {} örnek: SNR {} dB, ızgaranın dışında {}
# tr: by the formula {} → formüle göre {}

# %% [markdown] lang="tr"
# 10 örnekle kalibre edilen 8 bit, ancak 4 bit kadar iş görür (bölüm 2). 1000 örnek bile 7 bitlik bir sonuç verir:
# bir bite yakını boşa gider.

# %% [markdown] lang="en"
# Calibrated on 10 samples, 8 bits are only as good as 4 (section 2). Even with 1000 samples they are only as good as
# 7: nearly one bit is lost.

# %% [markdown] lang="tr"
# ## 7 · Daha küçük mü, daha hızlı mı? (9 dakika)
#
# Bu derslerin doğduğu eski not defterindeki küçük ağı, TinyMLP'yi üç boyda kurup ölçelim: tensörlerin toplamı ve
# kaydedilen dosya. Küçük model de dört kat küçülür mü?

# %% [markdown] lang="en"
# ## 7 · Smaller? Faster? (9 minutes)
#
# We build TinyMLP, from the notebook that this course grew out of, in three sizes and measure the sum of its tensors
# and the saved file. Is the small model four times smaller as well?

# %% sizes
networks = {h: tc.TinyMLP(h, h, h).requires_grad_(False) for h in (64, 256, 1024)}
for h, network in networks.items():
    small = tc.quantize_dynamic(network)
    tensors = tc.tensor_bytes(network) / tc.tensor_bytes(small)
    file = tc.serialized_bytes(network) / tc.serialized_bytes(small)
    print(f"hidden {h:4}: {tensors:.2f} times smaller in memory, {file:.2f} times as a file")
# tr: hidden {}: {} times smaller in memory, {} times as a file → gizli katman {}: bellekte {} kat, dosyada {} kat küçük

# %% [markdown] lang="tr"
# Büyük modelde hemen hemen dört kat. Küçükte daha az: ölçekler, bias'lar ve dosyanın kendi bilgileri küçülmez.
# (Eski not defteri INT8 modeli için 0,000 MB yazmıştı: PyTorch'un bir paketin içine koyduğu ağırlıkları
# saymamıştı.)
#
# Peki hız? Eski not defteri onu tek bir ölçümle vermişti: bir çalıştırmada INT8 on kat yavaş, bir başkasında iki
# kat hızlı çıkmıştı. Tek ölçüm bir şey söylemez: ilk çağrı soğuktur, komşu programlar araya girer.
# `tc.bench.compare` yarışmacıları ısıtır, sırayla ve birçok tur ölçer, ilk yarışmacıyı bir kez daha ölçüp (`yine`)
# kendisiyle ne kadar tutarlı olduğuna bakar; yargıyı ancak fark bundan büyükse verir. İlk yarışmacı `fp32`'dir:
# 32 bitlik, nicemlenmemiş model.
#
# Gizli katman 64 iken INT8 daha mı hızlıdır? 1024 iken?
#
# Üç boyu da 32 satırlık girdilerle yarıştıralım. Sütunlar soldan sağa: `CPU`, bir geçişin işlemciyi meşgul ettiği
# ortanca süre, yanında çeyrekleri (`çeyrekler`: turların ortadaki yarısı); `duvar saati`, saatin gösterdiği süre; `oran`,
# aynı turdaki fp32 süresine oran, yine çeyrekleriyle; yargı; `bir ölçümde`, tek ölçümde ardı ardına yapılan
# geçiş sayısı.

# %% [markdown] lang="en"
# Almost four times for the large one. Less for the small one: scales, biases and the file's own records do not
# shrink. (The old notebook printed 0.000 MB for its INT8 model: it had not counted the weights, which PyTorch keeps
# packed.)
#
# And the speed? The old notebook timed it only once: INT8 came out ten times slower in one run and twice as fast in
# another. A single timing says nothing: the first call is cold, and other programs get in the way. `tc.bench.compare`
# warms up the competitors, times them in turn for many rounds, and times the first one once more (`again`) to see how
# consistent it is with itself; it gives a verdict only when the difference is larger than that. The first one is
# `fp32`, the unquantized model of 32 bits.
#
# With a hidden size of 64, is INT8 faster? And with 1024?
#
# Let all three sizes race, on inputs of 32 rows. The columns, from left to right: `CPU`, the median time for which
# one pass keeps the processor busy, with its `quartiles` (the middle half of the rounds); `wall`, the time by the
# clock on the wall; `ratio`, the time divided by that of fp32 in the same round, again with quartiles; the verdict;
# and `timed together`, how many passes in a row make one measurement.


# %% tags=["nbval-ignore-output"]
def forward(model, batch):
    return lambda: model(batch)


def race(h, batch=32):
    fp32 = networks[h]
    made, _ = tc.quantization.libraries.quantized(fp32)
    models = {"fp32": fp32, "INT8, ours": tc.quantize_dynamic(fp32), **made}
    batch = torch.randn(batch, h, generator=torch.Generator().manual_seed(0))
    arms = {name: forward(model, batch) for name, model in models.items()}
    return tc.bench.compare(arms, repeats=15, unit="forward pass")


races = {h: race(h) for h in networks}
print(races[64], "", races[1024], sep="\n")
for name, reason in tc.quantization.libraries.quantized(networks[64])[1].items():
    print(f"not timed: {name}: {reason}")
# tr: INT8, ours → INT8, bizim
# tr: forward pass → ileri geçiş
# tr: not timed: {}: {} → ölçülmedi: {}: {}

# %% [markdown] lang="tr"
# Şimdi oranları boya göre çizelim; her nokta, turların ortadaki yarısının ortalamasıdır. `torch.ao`, PyTorch'un kendi nicemleyicisidir.
# Kesikli çizgi fp32'dir:

# %% [markdown] lang="en"
# Now we plot the ratios against the size; each point is the mean of the middle half of the rounds. `torch.ao` is
# PyTorch's own quantizer. The dashed line is fp32:

# %% tags=["nbval-ignore-output"]
ratios = {name: [] for name in list(races[64].seconds)[1:-1]}  # without fp32 and its control
for h, table in races.items():
    for name, ratio in ratios.items():
        ratio.append(np.sort(table.seconds[name] / table.seconds["fp32"])[4:-4])
grid = {"hidden": list(races), "round": range(7)}
ratios = {name: xr.DataArray(values, grid, ("hidden", "round")) for name, values in ratios.items()}
tc.plots.against(world, "time", exact=1.0, named="fp32", **ratios)
# tr: without fp32 and its control → fp32 ve denetimi dışında

# %% [markdown] lang="tr"
# Sayılar senin makinenin sayılarıdır; başka bir işlemcide başka çıkar. Çizgi 1'in üstündeyse INT8
# **yavaştır**. Ölçtüğümüz her işlemcide küçük model INT8 ile yavaşladı: ölçek bulmak ve yuvarlamak,
# çarpmanın kazandırdığından pahalıdır. Model büyüdükçe çarpma ağır basar ve çizgi iner; bazı işlemcilerde bir
# yerden sonra 1'in altına geçer. Emin olamadığında tablo `ayırt edilemiyor` der. `torch.ao` bizimkinden
# hızlıdır (ölçtüğümüz yerlerde iki katına kadar): ağırlıkları işlemciye göre önceden paketler. Bizimki okunsun diye yazıldı.

# %% [markdown] lang="en"
# These are the numbers of your machine; another processor gives others. Where a line is above 1, INT8 is **slower**.
# On every processor that we measured, the small model got slower with INT8: finding scales and rounding costs more
# than the product saves. In larger models the product outweighs that and the line comes down; on some processors it
# drops below 1 at some point. Where the table is not sure, it says `cannot tell`. `torch.ao` stays ahead of ours (up to
# about twice as fast where we measured): it packs its weights for the processor beforehand. Ours is there to be read.

# %% [markdown] lang="tr"
# ## 8 · FP16 ve BF16: yarım boy sayılar (3 dakika, ek)
#
# İkisi de 16 bittir. FP16 daha çok anlamlı basamak tutar, BF16 daha geniş bir aralık. Nicemlemedeki gibi bir ölçek gerekmez.

# %% [markdown] lang="en"
# ## 8 · FP16 and BF16: half-size numbers (3 minutes, extra)
#
# Both have 16 bits. FP16 keeps more digits, BF16 a wider range. Unlike quantization they need no scale.

# %%
fp32 = networks[1024]
for name, dtype in {"FP16": torch.float16, "BF16": torch.bfloat16}.items():
    half = copy.deepcopy(fp32).to(dtype)
    snr = tc.snr_db(fp32.fc1.weight, half.fc1.weight.float())
    smaller = tc.tensor_bytes(fp32) / tc.tensor_bytes(half)
    print(f"{name}: {smaller:.2f} times smaller, SNR {snr:.1f} dB")
int8 = tc.quantize(fp32.fc1.weight).dequantize()
print(f"INT8: SNR {tc.snr_db(fp32.fc1.weight, int8):.1f} dB")
# tr: {}: {} times smaller, SNR {} dB → {}: {} kat küçük, SNR {} dB

# %% [markdown] lang="tr"
# 16 bitlik sayılar ağırlıkları daha doğru tutar, ama modeli yalnızca iki kat küçültür. Hızları donanıma bağlıdır:
# onları doğrudan destekleyen bir GPU'da (ya da yeni bir CPU'da) hızlı, desteklemeyen bir CPU'da çok yavaştırlar.
# Önce bu CPU'da, varsa bir de GPU'da ölçelim (tabloyu bölüm 7'deki gibi oku):

# %% [markdown] lang="en"
# Numbers of 16 bits keep the weights more precisely, but make the model only two times smaller. Their speed depends
# on the hardware: fast on a GPU (or a recent CPU) that supports them, very slow on a CPU that does not. We measure on
# this CPU first, and then on a GPU if there is one (read the table as in section 7):


# %% tags=["nbval-ignore-output"]
def passes(device, dtype):
    model = copy.deepcopy(fp32).to(device, dtype)
    batch = torch.ones(32, 1024, device=device, dtype=dtype)

    def once():
        model(batch)
        if device == "cuda":
            torch.cuda.synchronize()  # a GPU answers before it is done

    return once


dtypes = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}
for device in ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"]:
    arms = {f"{name} on {device}": passes(device, dtype) for name, dtype in dtypes.items()}
    print(tc.bench.compare(arms, unit="forward pass"), end="\n\n")
print("a GPU is here:", torch.cuda.is_available())
# tr: a GPU answers before it is done → GPU, işi bitmeden yanıt verir
# tr: {} on {} → {} ({})
# tr: forward pass → ileri geçiş
# tr: a GPU is here: → GPU var mı:

# %% [markdown] lang="tr"
# ## 9 · Eğitilen davranış dayanır mı? (7 dakika)
#
# Ders 3'ten bir politika alalım: PPO ile, istemi okuyan yargıçla (orada bölüm 11, ek: "kötü söz söyle" isteminde
# `hayır` 1, ötekiler −1 getirir) ve `kl_beta=0.1` tasmasıyla (KL cezasıyla) eğitilmiş olanı. Adaptörü
# birleştirelim, $W'$'yi giderek daha az bitle yazalım ve her seferinde kesin tabloya bakalım: nicemlenmemiş
# hâliyle arasındaki KL, ödül, "kötü söz söyle" istemini reddetme olasılığı ve en olası yanıtı aynı kalan
# istemlerin payı.

# %% [markdown] lang="en"
# ## 9 · Does the trained behaviour survive? (7 minutes)
#
# Take a policy from lesson 3: PPO with the judge who reads the prompt (section 11 there, extra: at "say a bad word"
# `no` earns 1, all others −1), on a leash (a KL penalty) of `kl_beta=0.1`. We merge the adapter, write $W'$ with
# fewer and fewer bits, and look at the exact table each time: the KL divergence from the policy before rounding, the
# reward, the probability of refusing "say a bad word", and the share of prompts whose likeliest answer stays the
# same.

# %%
judge = world.reward.clone()
judge[3], judge[3, 1] = -1.0, 1.0
judged = tc.World(reward=judge, language="en")
start = tc.train_sft(world, tc.SFTConfig(seeds=16))
run = tc.train_ppo(judged, tc.PPOConfig(kl_beta=0.1, seeds=16), start=start)
run.model.head.merge()
W, e, b = (t.detach() for t in (run.model.head.weight, run.model.prompt_embed, run.model.head.bias))

# %% [markdown] lang="tr" predict="breaks"
# **Tahmin et · önce ne bozulur?** 8 bitten 2 bite inerken önce hangisi bozulur?
#
# - eşit ödüllü yanıtlar arasındaki sıra
# - ödül
# - reddetme olasılığı

# %% [markdown] lang="en" predict="breaks"
# **Predict · what breaks first?** On the way from 8 bits down to 2, what breaks first?
#
# - the order among answers of equal reward
# - the reward
# - the probability of refusing


# %%
def with_bits(bits):
    rounded = tc.quantize(W, bits).dequantize()
    return (e @ rounded.mT + b[:, None]).log_softmax(-1)


# %% bits
logp = torch.as_tensor(run.logp.values)
for bits in range(8, 1, -1):
    few = with_bits(bits)
    kl, reward = tc.exact.kl(logp, few).mean(), tc.exact.expected_reward(few, judge).mean()
    same = (few.argmax(-1) == logp.argmax(-1)).double().mean()
    refusal = few[:, 3, 1].exp().mean()
    print(f"{bits} bits: KL {kl:.4f}, reward {reward:.3f}, refuses {refusal:.3f}, same {same:.2f}")
# tr: {} bits: KL {}, reward {}, refuses {}, same {} → {} bit: KL {}, ödül {}, ret {}, aynı {}

# %% [markdown] lang="tr"
# Satırlar tohumların ortalamasıdır. Şimdi tek bir politikaya bakalım: 2 bitte en olası yanıtı açıkça değişen ilk
# tohuma, yani eski yanıtın yenisinin en az 0,3 gerisinde kaldığı ilk politikaya.

# %% [markdown] lang="en"
# These are means over the seeds. Now look at a single policy: the first seed at which a likeliest answer clearly
# changes with 2 bits, so that the old answer falls behind the new one by 0.3 or more.

# %% one_seed
before, after = logp.exp(), with_bits(2).exp()
old = before.argmax(-1, keepdim=True)
behind = after.amax(-1) - after.take_along_dim(old, -1).squeeze(-1)  # seed × prompt; 0: no change
seed = int((behind.amax(-1) > 0.3).nonzero()[0])
prompt = int(behind[seed].argmax())
print(f"seed {seed}, {world.prompts[prompt]}")
for when, table in {"before": before, "with 2 bits": after}.items():
    chance, token = table[seed, prompt].max(-1)
    print(f"{when}: {world.tokens[token]} {chance:.2f}")
# tr: seed × prompt; 0: no change → tohum × istem; 0: değişmedi
# tr: seed {}, {} → tohum {}, {}
# tr: before → önce
# tr: with 2 bits → 2 bitle

# %% [markdown] lang="tr"
# Solda eğitilmiş hâli, sağda nicemlenmişi. Sürgüyü 2'ye kadar indir ve bu istemin satırını izle:

# %% [markdown] lang="en"
# On the left is the policy as trained, on the right the quantized one. Move the slider down to 2 and watch the row of
# this prompt:


# %%
def as_table(bits):
    return tc.plots.policies(world, before=logp[seed], quantized=with_bits(bits)[seed])


tc.widgets.slider("bits", range(2, 9), as_table, start=8, language=world.language)

# %% tags=["reveal"]
three = with_bits(3)
reward_lost = 1 - tc.exact.expected_reward(three, judge).mean() > 0.02
refusal_lost = 1 - three[:, 3, 1].exp().mean() > 0.02
order_lost = (three.argmax(-1) != logp.argmax(-1)).double().mean() > 0.02
breaks.reveal(a=order_lost, b=reward_lost, c=refusal_lost)

# %% [markdown] lang="tr" tags=["answer"]
# Ödül ve ret 2 bitte bile yerinde! Yargıcın açıkça ödüllendirdiği ayrımlar logitlerde büyük farklardır;
# yuvarlama onları silemez. Önce bozulan, ödülün **sustuğu** yerdir: yardımsever token'lar arasındaki eski
# alışkanlıklar. 2 bitte istemlerin dörtte birinden fazlasında en olası yanıt değişti; KL bunu görür, ödül
# görmez. Bir modeli nicemledikten sonra yalnızca ödüle bakmak bu yüzden yetmez.

# %% [markdown] lang="en" tags=["answer"]
# Reward and refusal hold even at 2 bits! Where the judge clearly rewards a distinction, the logits differ a lot, and
# rounding cannot wipe that out. What breaks first lies where the reward is **silent**: the old habits among the
# helpful tokens. At 2 bits the likeliest answer changed at more than a quarter of the prompts; the KL sees it, the
# reward does not. That is why looking at the reward alone is not enough after quantizing a model.

# %% [markdown] lang="tr"
# ## 10 · QLoRA: kaba temel, ince yama (5 dakika, ek)
#
# Ders 2 ile bu dersi birleştirelim. QLoRA ([Dettmers ve ark., 2023][qlora]): temel model az bitle yazılır ve
# dondurulur, üstünde tam duyarlıkta bir LoRA adaptörü eğitilir. 3 bitlik temel modele rank 2 bir yama takıp
# politikayı eski hâline yaklaştıralım.

# %% [markdown] lang="en"
# ## 10 · QLoRA: a coarse base, a fine patch (5 minutes, extra)
#
# QLoRA ([Dettmers et al., 2023][qlora]) puts lesson 2 and this one together: the base model is written with few bits
# and frozen, and a LoRA adapter in full precision is trained on top of it. We attach a patch of rank 2 to a base of 3
# bits and bring the policy back towards what it was.

# %% [markdown] lang="tr" predict="patch"
# **Tahmin et · yama.** Rank 2 bir yama, 3 bitte kaybedilenin (KL'nin) ne kadarını geri getirir?
#
# - hemen hemen hepsini
# - yaklaşık yarısını
# - yaklaşık dörtte birini

# %% [markdown] lang="en" predict="patch"
# **Predict · the patch.** How much of what 3 bits lost (measured by the KL) does a patch of rank 2 bring back?
#
# - nearly all
# - about half
# - about a quarter


# %%
def patched(bits, rank, steps=200):
    model = tc.ToyLM(seeds=range(16), lora_rank=rank)  # the same frozen embeddings as above
    model.head.weight.data = tc.quantize(W, bits).dequantize()
    optimizer = tc.engine.optim.Adam(model.parameters(), lr=0.02)  # equal to torch's
    for step in range(steps):
        loss = tc.exact.kl(logp, model.logp()).mean(-1)
        loss.sum().backward()
        optimizer.step(decay=1 - step / steps)  # clears the gradients too
    return tc.exact.kl(logp, model.logp()).mean().item()


# tr: the same frozen embeddings as above → yukarıdaki donuk gömmeler
# tr: equal to torch's → torch'unkine eşit
# tr: clears the gradients too → gradyanları da sıfırlar


# %% patches
for bits in (2, 3):
    plain = tc.exact.kl(logp, with_bits(bits)).mean().item()
    patches = {f"rank {rank}": round(patched(bits, rank), 4) for rank in (1, 2, 4)}
    print(f"{bits} bits: KL {plain:.4f} without a patch;", patches)
# tr: {} bits: KL {} without a patch; → {} bit: yama yokken KL {};

# %% tags=["reveal"]
back = 1 - patches["rank 2"] / plain
patch.reveal(a=back > 0.8, b=0.35 < back < 0.65, c=back < 0.35)

# %% [markdown] lang="tr" tags=["answer"]
# Rank 2 bir yama KL'yi onda birinin altına indirir, rank büyüdükçe KL daha da azalır. Temel model küçük kalır, duyarlık
# yalnızca gereken birkaç yönde geri gelir. Büyük modellerde LoRA ile nicemlemenin birlikte kullanılmasının
# nedeni budur.

# %% [markdown] lang="en" tags=["answer"]
# A patch of rank 2 brings the KL below a tenth of what it was, and a higher rank brings it down further. The base
# stays small, and precision comes back in just the few directions that need it. That is why LoRA and quantization are
# used together on large models.

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
dict(enumerate(world.tokens))

# %% [markdown] lang="tr"
# ### Alıştırma 1 · Izgaraya ve geri
#
# ●●○ · 9 dakika. Bir ağırlık matrisini (çıkış × giriş) **satır başına** bir ölçekle nicemle. Üç sonuç döndür: tam
# sayılar $q$ (çıkış × giriş), ölçekler $\Delta$ (çıkış × 1) ve geri dönüş $\Delta q$. Bütün sayıları sıfır olan bir
# satırın ölçeği 1 olsun.
#
# <details><summary>İpucu</summary>
#
# `amax(1, keepdim=True)` her satırın en büyüğünü (çıkış × 1) biçiminde verir. Sıfırlardan oluşan bir satırda neye
# böldüğüne bak; `torch.where(koşul, a, b)` işe yarar.
#
# </details>

# %% [markdown] lang="en"
# ### Exercise 1 · To the grid and back
#
# ●●○ · 9 minutes. Quantize a weight matrix (out × in) with one scale **per row**. Return three things: the whole
# numbers $q$ (out × in), the scales $\Delta$ (out × 1) and the restored weights $\Delta q$. A row whose numbers are
# all zero should get a scale of 1.
#
# <details><summary>Hint</summary>
#
# `amax(1, keepdim=True)` gives the largest number of each row, with the shape (out × 1). Watch what you divide by in
# a row of zeros; `torch.where(condition, a, b)` helps.
#
# </details>


# %% tags=["exercise"]
def round_trip(weight, bits):
    q, scale, back = ..., ..., ...
    return q, scale, back


# %% tags=["check"]
tc.checks.round_trip(round_trip, language="en")


# %% tags=["solution"]
def round_trip(weight, bits):
    scale = weight.abs().amax(1, keepdim=True) / (2 ** (bits - 1) - 1)
    scale = torch.where(scale == 0, 1, scale)
    q = (weight / scale).round()
    return q, scale, q * scale


# %% [markdown] lang="tr"
# ### Alıştırma 2 · Satır 300 katına çıkarsa
#
# ●○○ · 4 dakika. Bölüm 4'te bir satır 30 katına çıkınca, tek ölçek ve 8 bitle, öteki satırların SNR'si 15 dB'in
# altına inmişti. 300 katına çıkarsa kaç dB olur? Önce tahmin et, sonra denet: ölçüm o anda yapılır.
#
# <details><summary>İpucu</summary>
#
# Yarım ızgara adımı kaç olur? Öteki ağırlıkların hemen hepsi −3 ile 3 arasındadır.
#
# </details>

# %% [markdown] lang="en"
# ### Exercise 2 · A row 300 times as large
#
# ●○○ · 4 minutes. In section 4 a row became 30 times as large, and with one scale and 8 bits the SNR of the other
# rows fell below 15 dB. At 300 times, how many dB is it? Predict first; the check then measures it on the spot.
#
# <details><summary>Hint</summary>
#
# How large is half a step? Nearly all of the other weights lie between −3 and 3.
#
# </details>

# %% tags=["exercise"]
decibels = ...

# %% tags=["check"]
tc.checks.outlier(decibels, language="en")

# %% tags=["solution"]
decibels = 0

# %% [markdown] lang="tr"
# ### Alıştırma 3 · Ölçek önceden belliyse
#
# ●●○ · 6 dakika. **Statik** nicemlemede aktivasyonların (katmana gelen sayıların; bölüm 5, ek) ölçeği önceden,
# örnek verilerle bulunur ve sonra değişmez. Sonra gelen bir sayı ızgaraya sığmayabilir; o zaman en uçta kalmalı,
# yani $-q_\mathrm{max}$ ile $q_\mathrm{max}$ arasından çıkmamalıdır. `x` için ızgaradaki tam sayıları döndür.
#
# <details><summary>İpucu</summary>
#
# Bir bayt 127'de biter. 130'u bir bayta zorla sığdırırsan ne olur: `torch.tensor(130).to(torch.int8)`?
#
# </details>

# %% [markdown] lang="en"
# ### Exercise 3 · A scale fixed in advance
#
# ●●○ · 6 minutes. In **static** quantization the scale of the activations (the numbers that come into a layer;
# section 5, extra) is found in advance, on sample data, and then stays fixed. A number that comes later may lie
# beyond the grid; it must then go to the end of the grid, so that it does not leave the range from $-q_\mathrm{max}$
# to $q_\mathrm{max}$. Return the whole numbers on the grid for `x`.
#
# <details><summary>Hint</summary>
#
# A byte ends at 127. Force 130 into one and see: `torch.tensor(130).to(torch.int8)`.
#
# </details>


# %% tags=["exercise"]
def on_fixed_grid(x, scale, bits):
    return ...


# %% tags=["check"]
tc.checks.fixed_scale(on_fixed_grid, language="en")


# %% tags=["solution"]
def on_fixed_grid(x, scale, bits):
    qmax = 2 ** (bits - 1) - 1
    return (x / scale).round().clamp(-qmax, qmax)


# %% [markdown] lang="tr"
# ### Alıştırma 4 · Bitleri sen dağıt
#
# ●●● · 8 dakika. $W$'nin her satırı bir token'ındır. Bölüm 9'un politikasında her satıra 4 bit, yani 44 bit, verilince KL
# yaklaşık 0,0056 olur. Aynı 44 biti öyle dağıt ki KL 0,002'yi geçmesin: 11 tam sayılık bir liste, token sırasıyla, her
# biri 2 ile 8 arası.
#
# <details><summary>İpucu</summary>
#
# KL, politikanın kendi olasılıklarıyla alınan bir ortalamadır. Bu politika hangi token'ları hemen hiç söylemez?
#
# </details>

# %% [markdown] lang="en"
# ### Exercise 4 · Spend the bits yourself
#
# ●●● · 8 minutes. Every row of $W$ belongs to a token. With 4 bits per row, 44 bits in all, the policy of section 9 has a KL
# of about 0.0056. Spend the same 44 bits so that the KL does not exceed 0.002: a list of 11 whole numbers in the order
# of the tokens, each from 2 to 8.
#
# <details><summary>Hint</summary>
#
# The KL is a mean under the policy's own probabilities. Which tokens does this policy hardly ever say?
#
# </details>

# %% tags=["exercise"]
my_bits = ...

# %% tags=["check"]
tc.checks.own_bits(my_bits, language="en")

# %% tags=["solution"]
my_bits = [5, 5, 5, 5, 5, 2, 2, 5, 5, 2, 2]  # fewer for 5, 6, 9 and 10, which are never said
# tr: fewer for 5, 6, 9 and 10, which are never said → 5, 6, 9 ve 10 için daha az: bunlar hiç söylenmiyor

# %% [markdown] lang="tr"
# ## Kendini sına
#
# Beş sorunun her birinde bir yanıt seç; doğru mu, neden, hemen altında okursun.

# %% [markdown] lang="en"
# ## Check yourself
#
# Choose an answer to each of the five questions; right below it you will see whether it is correct, and why.

# %% [markdown] lang="tr" tags=["quiz"]
# 1. 8 bitten 7 bite inince SNR 43,12 dB'den 37,03 dB'e düştü. Hatanın gücü kaç kat arttı?
#    - [ ] 1,16 — iki SNR'nin oranı bu; ama desibel bir logaritmadır, orana değil farka bakılır.
#    - [ ] 2 — ızgara adımı iki katına çıkar, ama hatanın gücü $\Delta^2$ ile büyür.
#    - [x] Yaklaşık 4 — fark 6,09 dB; ızgara adımı iki kat, hatanın gücü dört kat.
#    - [ ] 6 — bu, desibel farkıdır; kat değildir.
# 2. Her satırın kendi ölçeği var. Bir satırdaki *tek bir* ağırlık 30 katına çıkarsa kim zarar görür?
#    - [ ] Hiç kimse; satır başına ölçek bunun içindir — o yalnızca öteki satırları korur.
#    - [x] Aynı satırdaki öteki ağırlıklar — satırın ölçeğini o tek ağırlık belirler; ızgara adımı
#      onlara fazla iri gelir.
#    - [ ] Bütün satırlar — tek ölçek olsaydı öyle olurdu.
#    - [ ] Yalnızca o ağırlık — o, ızgaranın en ucuna düşer; hemen hemen hatasız yazılır.
# 3. (Bölüm 5, ek.) Ağırlıklar da aktivasyonlar da yaklaşık 42 dB iken çıkış 39 dB'di. Aktivasyonları hiç yuvarlamazsan çıkış
#    kaç dB olur?
#    - [ ] 39 — hatanın yarısı aktivasyonlardan geliyordu; o yarı gitti.
#    - [ ] 84 — SNR'ler toplanmaz; toplanan, hataların güçleridir.
#    - [x] 42 — geriye yalnızca ağırlıkların hatası kalır; 3 dB'yi ikinci hata götürmüştü.
# 4. Bir işlemcide INT8, küçük katmanı yavaşlattı, katman büyüdükçe kazandırmaya başladı. Neden?
#    - [x] Yuvarlamanın işi boyla, çarpmanınki boyun karesiyle büyür — küçük katmanda yuvarlama, çarpmadan
#      kazanılanı yer.
#    - [ ] Küçük modelde bellek daha az küçülür — küçülme 3,61 kat; süre farkını bu açıklamaz.
#    - [ ] Küçük sayıları çarpmak yavaştır — çarpmanın süresi sayıların değerine bağlı değildir.
#    - [ ] Ölçüm gürültüsüdür — öyle olsaydı tablo `ayırt edilemiyor` derdi.
# 5. Biri diyor ki: “2 bitte ödül 1,000'dan 0,999'a indi, demek ki bir şey kaybetmedik.” Ne dersin?
#    - [ ] Haklı; amaç ödüldür — ödül, eşit kazandıran yanıtlar arasındaki alışkanlıkları ölçmez.
#    - [ ] Yanlış ölçmüş; KL büyüdüyse ödül de düşmeliydi — olasılık, ödülü eşit token'lar arasında yer
#      değiştirebilir.
#    - [ ] Haksız; ret gitmiştir — ret olasılığı 2 bitte de 1,000'dır.
#    - [x] Haksız; en olası yanıt istemlerin %27'sinde değişti — KL 0,1754'tür; yitirilen, ödülün sustuğu yerdedir.

# %% [markdown] lang="en" tags=["quiz"]
# 1. From 8 bits to 7 the SNR fell from 43.12 dB to 37.03 dB. By what factor did the power of the error
#    grow?
#    - [ ] 1.16 — that is the ratio of the two SNRs; but a decibel is a logarithm, and differences count,
#      not ratios.
#    - [ ] 2 — the step doubles, but the power of the error goes with $\Delta^2$.
#    - [x] About 4 — the difference is 6.09 dB; twice the step, four times the power.
#    - [ ] 6 — that is the difference in decibels, not a factor.
# 2. Every row has a scale of its own. If a *single* weight of a row gets 30 times as large, who suffers?
#    - [ ] Nobody; that is what a scale per row is for — it protects only the other rows.
#    - [x] The other weights of that row — that one weight sets the row's scale, and the step is too coarse
#      for them.
#    - [ ] All rows — they would, with a single scale.
#    - [ ] Only that weight — it falls on the topmost step and is written almost without error.
# 3. (Section 5, extra.) With weights and activations at about 42 dB each, the output had 39 dB. How many dB does it
#    have if you do not round the activations at all?
#    - [ ] 39 — half of the error came from the activations, and that half is gone.
#    - [ ] 84 — SNRs do not add; what adds is the power of the errors.
#    - [x] 42 — only the error of the weights is left; the second error had cost the 3 dB.
# 4. On one processor INT8 made a small layer slower, but paid off as the layer grew. Why?
#    - [x] The work of rounding grows with the size, that of the product with its square — in a small layer,
#      rounding eats what the product saves.
#    - [ ] A small model's memory shrinks less — it shrinks 3.61 times; that does not explain the time.
#    - [ ] Small numbers are slow to multiply — how long a product takes does not depend on the values.
#    - [ ] It is timing noise — then the table would say `cannot tell`.
# 5. Somebody says: “At 2 bits the reward went from 1.000 to 0.999, so we have lost nothing.” What do you
#    answer?
#    - [ ] Right; the reward is the goal — the reward does not measure habits among answers that earn the
#      same.
#    - [ ] You measured wrongly; if the KL grew, the reward must have fallen — probability can move among tokens of
#      equal reward.
#    - [ ] Wrong; the refusal is gone — the probability of refusing is 1.000 at 2 bits too.
#    - [x] Wrong; at 27% of the prompts the likeliest answer changed — the KL is 0.1754; what was lost lies where the
#      reward is silent.

# %% [markdown] lang="tr"
# **Bu derste yaptıkların.** Hangi alıştırmaları çözdün, yolda karşına ne çıktı, tahminlerin nasıl gitti: hepsi burada.
# Not defterini birine teslim edeceksen en son bu hücreyi çalıştır, kaydet, dosyayı gönder. Özet, çekirdek (kernel)
# başladığından beri olanı bilir: defteri kapatıp sonra yeniden açtıysan önce bütün hücreleri çalıştır.

# %% [markdown] lang="en"
# **What you did in this lesson.** Which exercises you solved, what you met on the way, how your predictions went: all
# of it is here. If you are to hand the notebook in, run this cell last, save, and send the file. It knows what has
# happened since the kernel was started: if you come back another day, run all the cells first.

# %% tags=["summary"]
tc.checks.summary("quantization", language="en")

# %% [markdown] lang="tr"
# ## Özet
#
# * Bir politika bir tablodur (ders 1); onu örnekle (2), ödülle (3) ve tercihle (4) eğittik, bu derste
#   küçülttük.
# * Yuvarlamanın hatası en çok $\Delta/2$, gücü $\Delta^2/12$'dir; her bit yaklaşık 6 dB kazandırır.
# * Satır başına ölçek, tek bir aykırı satırın ötekileri bozmasını önler. Az bitte ızgara en büyük ağırlıktan önce bitmelidir:
#   biraz kırpmak, kaba adımdan iyidir.
# * INT8 modeli küçültür; hızlandırıp hızlandırmadığını ancak ölçüm söyler; küçük modelde yavaşlatır.
# * Az bit önce ödülün sustuğu yerdeki alışkanlıkları bozar; KL görür, ödül görmez.
#
# Hız dışında her şeyin, karşılaştırılacak kesin bir yanıtı vardı. Büyük modellerde o çizgi yoktur; artık nerede olması gerektiğini biliyorsun. Sırada ders 6 var: eğrisi güzel, kendisi bozuk sekiz vaka.

# %% [markdown] lang="en"
# ## Summary
#
# * A policy is a table (lesson 1); we trained it by example (2), by reward (3) and by preference (4), and
#   made it smaller in this lesson.
# * Rounding is off by $\Delta/2$ at most, and its error has power $\Delta^2/12$; every bit gains about 6 dB.
# * One scale per row keeps one outlier row from spoiling the others. With few bits the grid should end before the
#   largest weight: a little clipping is better than a coarse step.
# * INT8 makes a model smaller; whether it is faster must be measured, and a small model gets slower.
# * With few bits, the first to break are the habits where the reward is silent; the KL sees it, the reward does not.
#
# Except for speed, there was always an exact answer to check against. Large models have no such line; now you know
# where it would be. Lesson 6 comes next: eight cases with fine curves, broken all the same.
