# ---
# jupyter:
#   toycore:
#     tr: 08_gercek_model
#     en: 08_real_model
# ---

# %% [markdown] lang="tr"
# # Ders 8 · Gerçek model: aynı düğmeler, aynı sınır
#
# Şimdiye kadar politikamız bir tablo, eğiticilerimiz de bir akşamda okunacak kadar kısaydı. İşte ise karşına bir transformer ile herkesin kullandığı kitaplıklar çıkar: TRL, PEFT, transformers. Bu derste aynı düğmeleri onlarda çeviriyoruz ve ders 7'nin söylediğini görüyoruz: kim sınıra varır, tam $\pi^*$'a; kim **kendi** en iyisine giderken onun yanından geçer.
# Süre: yaklaşık 57 dakika; *ek* yazan bölümler bekleyebilir, onlarsız 40 dakika. Alıştırmalar: 23 dakika.

# %% [markdown] lang="en"
# # Lesson 8 · A real model: the same knobs, the same frontier
#
# So far the policy was a table, and the trainers were short enough to read in an evening. At work you meet a transformer and the libraries that everyone uses: TRL, PEFT, transformers. In this lesson we turn the same knobs there, and see what lesson 7 said: which methods land on the frontier at $\pi^*$, and which pass it by on the way to an optimum of their **own**.
# Time: about 57 minutes, or 40 without the sections marked *extra*, which can wait. Exercises: 23 minutes.

# %% [markdown] lang="tr"
# ## 1 · Neyle çalışıyoruz? (2 dakika)
#
# Modelimiz küçük ama gerçek: Llama mimarisi, 102.208 ağırlık. 24 token bilir (21 sözcük, 3 işaret) ve tek bir token ile yanıt verir. Bu yüzden onun politikası da bir **tablo**: 6 istem × 24 token. KL, ulaşılan pay, $\pi^*$: hepsi yine kesin. Yaklaşık olan yalnızca eğitimdir; örnek çeker, float32 ile hesaplar. Model İngilizce sözcüklerle eğitilir; resimlerde onların Türkçe karşılıkları yazar.
#
# Bu yüzden buradaki her eğitim, üç tohumla, bir kez çalıştırılıp **saklandı**. Kitaplıklar sende de varsa ders tohum 0'ın eğitimlerini yeniden yapar (iki çekirdekte toplam bir iki dakika) ve saklananın yanına koyar. Son basamaklar tutmaz: başka bir işlemci başka yuvarlar, bir süre sonra da başka örnekler çeker; ama yakına varırsın. Kitaplıklar yoksa ders saklananlarla sonuna kadar yürür.
#
# Colab ve Kaggle'da TRL yoktur. İnternet varsa aşağıdaki `INSTALL` anahtarını `True` yap: kitaplıklar, dersin denendiği sürümlerle kurulur.

# %% [markdown] lang="en"
# ## 1 · What we work with (2 minutes)
#
# Our model is small but real: the Llama architecture with 102,208 weights. It knows 24 tokens (21 words and 3 marks) and answers with one of them. So its policy is a **table** as well, 6 prompts × 24 tokens, and the KL, the share attained and $\pi^*$ are exact as ever. Only training is not: it draws samples, and computes in float32.
#
# That is why every training of this lesson was run once, with three seeds, and **stored**. If you have the libraries, the lesson does the trainings of seed 0 again (a minute or two in all, on two cores) and puts yours beside what is stored. Your digits will differ, since another processor rounds differently and soon draws other samples; but you should land nearby. If you do not have them, the lesson runs to its end with what is stored.
#
# Colab and Kaggle have no TRL. With internet, set the switch `INSTALL` below to `True`, and the libraries are installed, in the versions this lesson was tried with.

# %%
import subprocess
import sys
import tempfile

import pandas as pd
import torch

import toycore as tc

torch.set_num_threads(1)  # for models this small, more threads only wait for one another
tc.set_language(language="en")
world = tc.World(language="en")
english = tc.World()  # the model learns its English words, whatever the lesson's language
folder = tempfile.mkdtemp()  # where the trainers may write
# tr: for models this small, more threads only wait for one another → bu kadar küçük modellerde iş parçacıkları yalnızca birbirini bekler
# tr: the model learns its English words, whatever the lesson's language → dersin dili ne olursa olsun model bunun İngilizce sözcüklerini öğrenir
# tr: where the trainers may write → eğiticiler buraya yazabilir

# %% tags=["nbval-ignore-output"]
INSTALL = False
if INSTALL:
    tc.real.install()
why = tc.real.guard()
print(why or "all libraries are here: the trainings below really run")
# tr: all libraries are here: the trainings below really run → kitaplıkların hepsi var: aşağıdaki eğitimler gerçekten çalışacak

# %% [markdown] lang="tr"
# ## 2 · Tokenizer ve model (5 dakika)
#
# Bir transformer kurmak on satır. Tokenizer her sözcüğü bir sayıya çevirir; kısa istemlerin **soluna** dolgu koyar, çünkü yanıt son sözcükten sonra gelir. Boyut küçük, katmanlar milyarlık modellerdeki gibi: dikkat ve MLP ([Touvron ve ark., 2023][llama]). Giriş ile çıkış, küçük modellerin çoğunda olduğu gibi, sözcük vektörlerini paylaşır; büyük Llama'larda ikisi ayrıdır.
#
# Model önce **ön eğitim** (pretraining) görür: her istem her yanıtla, 66 cümle, yalnızca yanıttaki kayıp sayılır. Görevi değil, sözcükleri öğrenir. Sonrası ders 2: istemlerin gösterilen yanıtlarıyla SFT.

# %% [markdown] lang="en"
# ## 2 · Tokenizer and model (5 minutes)
#
# A transformer takes ten lines. The tokenizer turns each word into a number, and pads short prompts on the **left**, since the answer follows the last word. The sizes are small; the layers are those of models with billions of weights: attention and MLP ([Touvron et al., 2023][llama]). Input and output share their word vectors, as in many small models; the large Llamas keep two sets.
#
# The model first goes through **pretraining**: every prompt with every answer, 66 sentences, and only the answer counts in the loss. It learns the words, not the task. Then comes lesson 2: SFT on the answer shown for each prompt.


# %%
@tc.real.undisturbed  # your random generators and settings stay as they are
def tokenizer_and_model(seed=0):
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    words = {word: number for number, word in enumerate(tc.real.words(english))}
    split = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    split.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    marks = {"pad_token": "<pad>", "eos_token": "<eos>", "unk_token": "<unk>"}
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=split, padding_side="left", **marks)
    torch.manual_seed(seed)
    sizes = {"vocab_size": len(words), "hidden_size": 64, "intermediate_size": 176}
    sizes |= {"num_hidden_layers": 2, "num_attention_heads": 2, "max_position_embeddings": 32}
    marks = {"pad_token_id": 0, "eos_token_id": 1, "bos_token_id": None}
    shared = {"tie_word_embeddings": True, "initializer_range": 0.25}  # by default 0.02: section 5
    config = LlamaConfig(**sizes, **marks, **shared)
    return tokenizer, LlamaForCausalLM(config)


# tr: your random generators and settings stay as they are → rastgele sayı üreteçlerin ve ayarların olduğu gibi kalır
# tr: by default 0.02: section 5 → varsayılanı 0.02: bölüm 5

# %% tags=["nbval-ignore-output"]
if why is None:
    tokenizer, model = tokenizer_and_model()
    print(tokenizer([*english.prompts], padding=True).input_ids)
    print(f"weights: {model.num_parameters():,}")
    base = tc.real.pretrain(english, seed=0)
# tr: weights: {} → ağırlık sayısı: {}

# %% [markdown] lang="tr"
# ## 3 · PEFT ile LoRA-SFT (7 dakika)
#
# Ders 2'nin adaptörü, $\Delta W = \frac{\alpha}{r} B A$, PEFT'te iki ayardır: `r` ile `lora_alpha`. Adaptörler, çıkış katmanı dışında bütün doğrusal katmanlara takılır; başka hiçbir ağırlık kıpırdamaz. Çağrıyı aşağıda bütünüyle görüyorsun; `everyday`, bu dersteki çağrıların ortak ev işleridir (altında yazdırdık; TRL'nin varsayılanları GPU'ya göredir), `tc.real.train` ise `trainer.train()` demektir, yanında ilerleme çubuğumuz ve kesin eğri.

# %% [markdown] lang="en"
# ## 3 · LoRA-SFT with PEFT (7 minutes)
#
# The adapter of lesson 2, $\Delta W = \frac{\alpha}{r} B A$, is two settings in PEFT: `r` and `lora_alpha`. Adapters go onto all linear layers but the output layer; no other weight moves. The call stands below, whole; `everyday` is the housekeeping that the calls of this lesson share (printed beneath; TRL's defaults are meant for a GPU), and `tc.real.train` is `trainer.train()`, with our progress bar and the exact curve beside it.

# %% [markdown] lang="tr" predict="adapters"
# **Tahmin et · ne kadarı eğitiliyor?** Ders 2'de dikkat katmanlarına takılan `r = 8`, 7 milyarlık bir modelin ağırlıklarının binde birini eğitiyordu. Bu küçük modelde?
#
# - yine yüzde birin altı: pay yalnızca r'ye bağlı
# - yüzde 10 ile 50 arası
# - yarısından fazlası

# %% [markdown] lang="en" predict="adapters"
# **Predict · how much of it trains?** In lesson 2, `r = 8` on the attention layers trained about one thousandth of a model with 7 billion weights. And in this small one?
#
# - again less than one per cent: the share depends on r alone
# - between 10 and 50 per cent
# - more than half


# %%
@tc.real.undisturbed
def answers_shown():
    told, rows = tc.real.tokenizer(english), []
    for prompt, target in zip(english.prompts, english.sft_targets.tolist(), strict=True):
        asked, answered = told(prompt).input_ids, told(english.tokens[target]).input_ids
        rows.append({"input_ids": asked + answered, "completion_mask": [0] * len(asked) + [1]})
    return rows * 8  # each prompt 8 times


# tr: each prompt 8 times → her istem 8 kez


# %%
@tc.real.undisturbed
def lora_sft(base, r=8, lora_alpha=16):
    from datasets import Dataset
    from peft import LoraConfig
    from trl import SFTConfig, SFTTrainer

    trainer = SFTTrainer(
        model=tc.real.fresh(base),  # a copy: the one you hand in stays as it is
        args=SFTConfig(
            output_dir=folder,
            max_steps=30,
            learning_rate=1e-3,
            lr_scheduler_type="linear",
            per_device_train_batch_size=48,
            completion_only_loss=True,  # without it the prompt's words count as well
            seed=0,
            **tc.real.everyday(30),
        ),
        train_dataset=Dataset.from_list(answers_shown()),
        processing_class=tc.real.tokenizer(english),
        peft_config=LoraConfig(
            r=r, lora_alpha=lora_alpha, target_modules="all-linear", task_type="CAUSAL_LM"
        ),
    )
    return tc.real.train(trainer, english, "progress.sft")


# tr: a copy: the one you hand in stays as it is → kopyası: verdiğin model olduğu gibi kalır
# tr: without it the prompt's words count as well → bu olmadan istemin sözcükleri de sayılır

# %%
tc.real.everyday(30)

# %% tags=["nbval-ignore-output"]
taught = start = None
if why is None:
    taught = lora_sft(base)
    start = tc.real.merged(taught.model)
    taught.model.print_trainable_parameters()
    gap = (tc.real.table(start, english) - taught.logp).abs().max()
    print(f"merging moved the table by {float(gap):.0e}")
# tr: merging moved the table by {} → birleştirme tabloyu bu kadar oynattı: {}

# %% trainable
layers = 2 * (4 * [(64, 64)] + 2 * [(64, 176)] + [(176, 64)])  # attention, MLP
ours = sum(8 * (inputs + outputs) for inputs, outputs in layers)
whole_model = 102_208 + ours  # its own weights and the adapters
print(f"counted by us: {ours:,} of {whole_model:,}: {ours / whole_model:.0%}")
print("PEFT counts the same:", tc.real.stored()["starts"]["0"]["trainable"] == [ours, whole_model])
# tr: attention, MLP → dikkat, MLP
# tr: its own weights and the adapters → kendi ağırlıkları ve adaptörler
# tr: counted by us: {} of {}: {} → bizim saydığımız: {} / {}: {}
# tr: PEFT counts the same: → PEFT de aynısını sayıyor:

# %% tags=["reveal"]
part = ours / whole_model
adapters.reveal(a=part < 0.01, b=0.1 < part < 0.5, c=part >= 0.5)

# %% [markdown] lang="tr" tags=["answer"]
# Kare bir katmanda $d \times d$ yerine $2 r d$ sayı eğitilir; pay $2r/d$ ile gider. Genişlik 4096 iken küçücüktür; 64 iken dörtte bir (MLP katmanları daha geniştir, paydada adaptörler de vardır). Küçük bir modelde LoRA az bellek kazandırır, ama matematik aynıdır.

# %% [markdown] lang="en" tags=["answer"]
# In place of the $d \times d$ numbers of a square layer, $2 r d$ are trained; the share goes with $2r/d$. At a width of 4096 that is tiny, at 64 it is a quarter (the MLP layers are wider, and the adapters count in the whole as well). On a small model LoRA saves little memory, but the mathematics is the same.

# %% [markdown] lang="tr"
# Eğitim bitince adaptörler ağırlıklara katılır (merge); model yine sıradan bir Llama'dır ve bundan sonraki her yöntemin hem başlangıcı hem referansıdır. Saklanan üç başlangıç, ön eğitimden sonra ve SFT'den sonra (olasılıklar 11 yanıtın içinde):

# %% [markdown] lang="en"
# After training the adapters are merged into the weights; the model is a plain Llama again; from here on every method starts from it and takes it as its reference. The three stored starts, after pretraining and after SFT (renormalised over the 11 answers):

# %% start
kept = tc.real.starts()
ref_logp = torch.as_tensor(kept.ref_logp.values)  # seed × prompt × word
merged = float(abs(kept.sft_logp - kept.ref_logp).max())
print("adapters and merged weights say the same:", merged < 0.001)
before, after = (
    tc.real.answers(torch.as_tensor(kept[name].values), english)
    for name in ("base_logp", "ref_logp")
)
tc.plots.policies(world, before=before, after=after)
# tr: seed × prompt × word → tohum × istem × sözcük
# tr: adapters and merged weights say the same: → adaptörlü model ile birleştirilmişi aynı şeyi söylüyor:

# %% [markdown] lang="tr"
# ## 4 · TRL ile RLOO ve GRPO (15 dakika)
#
# Ödül, ders 1'inki: 11 yanıt dünyanın ödülünü alır, öteki 13 sözcük −1. TRL ödülü bir Python fonksiyonundan ister (alıştırma 1'de onu yazacaksın). Ders 7'nin `kl_beta` ayarı TRL'de `beta`'dır. RLOO'da KL ödüldedir, GRPO'da kayıptadır. İki çağrı, bütünüyle:

# %% [markdown] lang="en"
# ## 4 · RLOO and GRPO with TRL (15 minutes)
#
# The reward is that of lesson 1: the 11 answers earn the world's reward, the other 13 words −1. TRL asks for a Python function (you will write it in exercise 1). Lesson 7's `kl_beta` is `beta` in TRL; RLOO has the KL in the reward, GRPO in the loss. Both calls, whole:


# %%
@tc.real.undisturbed
def rloo(model, beta=0.5, num_generations=16, r=8, seed=0):
    from datasets import Dataset
    from trl import RLOOConfig, RLOOTrainer

    trainer = RLOOTrainer(
        model=tc.real.fresh(model),
        reward_funcs=tc.real.reward_function(english),
        args=RLOOConfig(
            output_dir=folder,
            max_steps=150,
            learning_rate=3e-3,
            lr_scheduler_type="linear",
            per_device_train_batch_size=96,  # 6 groups of 16
            num_generations=num_generations,
            beta=beta,
            max_completion_length=1,  # an answer is one word
            temperature=1.0,  # drawn from the policy itself, as by default
            seed=seed,
            **tc.real.everyday(150),
        ),
        train_dataset=Dataset.from_list([{"prompt": one} for one in english.prompts] * 50),
        processing_class=tc.real.tokenizer(english),
        peft_config=tc.real.lora(r),
    )
    return tc.real.train(trainer, english, "progress.rloo")


# tr: 6 groups of 16 → 16'lık 6 grup
# tr: an answer is one word → yanıt tek sözcük
# tr: drawn from the policy itself, as by default → politikanın kendisinden çekilir; varsayılanı da bu


# %%
@tc.real.undisturbed
def grpo(model, beta=0.5, num_generations=16, scale_rewards="group", r=8, seed=0):
    from datasets import Dataset
    from trl import GRPOConfig, GRPOTrainer

    trainer = GRPOTrainer(
        model=tc.real.fresh(model),
        reward_funcs=tc.real.reward_function(english),
        args=GRPOConfig(
            output_dir=folder,
            max_steps=150,
            learning_rate=3e-3,
            lr_scheduler_type="linear",
            per_device_train_batch_size=96,
            num_generations=num_generations,
            beta=beta,  # by default 0: no leash at all
            scale_rewards=scale_rewards,
            max_completion_length=1,
            seed=seed,
            **tc.real.everyday(150),
        ),
        train_dataset=Dataset.from_list([{"prompt": one} for one in english.prompts] * 50),
        processing_class=tc.real.tokenizer(english),
        peft_config=tc.real.lora(r),
    )
    return tc.real.train(trainer, english, "progress.grpo")


# tr: by default 0: no leash at all → varsayılanı 0: hiç tasma yok

# %% [markdown] lang="tr" predict="landing_place"
# **Tahmin et · iki eğitici, aynı tasma.** İkisine de 0,5 yazdık; ikisi de aynı başlangıçtan, 150 adım. RLOO tam $\pi^*$'a varsın. TRL'nin GRPO'su, gerisi varsayılanlarında, nereye varır?
#
# - aynı yere: beta aynı
# - daha yakına: KL'si, RLOO'nunkinin yarısı
# - çok daha uzağa: KL'si, RLOO'nunkinin iki katı dolayında

# %% [markdown] lang="en" predict="landing_place"
# **Predict · two trainers, one leash.** Both are told 0.5; both take 150 steps from the same start. Suppose RLOO lands exactly at $\pi^*$. Where does GRPO land, all else as TRL has it by default?
#
# - at the same place: beta is the same
# - nearer: at half the KL of RLOO
# - much further away: at about twice the KL of RLOO

# %% [markdown] lang="tr"
# Önce kuram: eğitmeden, ders 7'nin `own_optimum`'uyla her yöntemin nereye varması gerektiğini hesaplıyoruz.

# %% [markdown] lang="en"
# Theory first: without any training, lesson 7's `own_optimum` says where each method must land.

# %% foretold
worth = tc.real.reward(english)  # prompt × word
methods = {"RLOO": "rloo", "Dr. GRPO": "dr_grpo", "GRPO": "grpo"}


def own(method, beta=0.5, **settings):
    return tc.real.own_optimum(method, ref_logp, english, beta=beta, **settings)


for name, method in methods.items():
    goal = own(method)
    kl, attained = tc.exact.kl(goal, ref_logp), tc.exact.attained(goal, ref_logp, worth, 0.5)
    print(f"{name:8} KL {kl.mean():.2f}, attained {attained.mean():.2f}")
# tr: prompt × word → istem × sözcük
# tr: {} KL {}, attained {} → {} KL {}, ulaşılan pay {}

# %% [markdown] lang="tr"
# Sonra eğitim. Sende kitaplıklar varsa ikisi de şimdi çalışır ve saklanan aynı tohumun yanına çizilir (yoksa hücre boş geçer). `rloo(start, beta=1.0)` gibi bir çağrı, sürgülerin her karesini yeniden eğitir; bir dakikayı bulmaz.

# %% [markdown] lang="en"
# Then the training. If you have the libraries, both run now, and are drawn beside the stored run of the same seed (without them the cell shows nothing). A call such as `rloo(start, beta=1.0)` trains any frame of the sliders again, in less than a minute.

# %% tags=["nbval-ignore-output"]
over_beta = tc.real.runs("beta")
mine = {"RLOO": rloo(start), "GRPO": grpo(start)} if why is None else {}
same = {name: over_beta.sel(trainer=methods[name], beta=0.5, seed=0) for name in mine}
if mine:
    pairs = {f"yours: {name}": run.logp for name, run in mine.items()}
    pairs |= {f"stored: {name}": run.logp for name, run in same.items()}
    display(tc.plots.landings(world, mine["RLOO"].ref_logp, reward=worth, **pairs))
# tr: yours: {} → senin: {}
# tr: stored: {} → saklanan: {}

# %% near
near = [
    abs(float(tc.exact.kl(run.logp, run.ref_logp).mean()) - float(same[name].kl)) < 0.1
    for name, run in mine.items()
]
print("trained here, and far from what is stored:", near.count(False))
# tr: trained here, and far from what is stored: → burada eğitilenlerden saklanana uzak düşen:

# %% [markdown] lang="tr"
# Saklanan üç tohum (dolu işaretler) ile hesaplanan yer (boş işaretler):

# %% [markdown] lang="en"
# The three stored seeds (filled marks), and where theory put them (hollow marks):


# %% landed
source = "Stored: three seeds, TRL 1.16."


def landings(runs, own, **setting):
    landed = {name: runs.logp.sel(trainer=method, **setting) for name, method in methods.items()}
    return tc.plots.landings(world, ref_logp, reward=worth, own=own, source=source, **landed)


landings(over_beta, {name: own(method) for name, method in methods.items()}, beta=0.5)
# tr: Stored: three seeds, TRL 1.16. → Saklanan: üç tohum, TRL 1.16.

# %% tags=["reveal"]
ends = over_beta.kl.sel(beta=0.5)
times = float((ends.sel(trainer="grpo") / ends.sel(trainer="rloo")).mean())
landing_place.reveal(a=abs(times - 1) < 0.2, b=times < 0.7, c=times > 1.7)

# %% [markdown] lang="tr" tags=["answer"]
# Ders 7'nin hesabı, kitaplığın kendisinde: TRL'nin GRPO'su bozuk değil, **başka bir amacın** en iyisine varıyor (boş işaretine bak). GRPO ödülü grubun standart sapmasına böler. Politika iyileştikçe standart sapma küçülür, bölünen ödül daha güçlü çeker; kayıptaki KL bölünmez, çekişi aynı kalır: tasma çözülür. Vardığı KL, hiç tasma olmasaydı varacağının hemen altındadır. `scale_rewards="none"` yazınca (Dr. GRPO, [Liu ve ark., 2025][dr_grpo]) $\pi^*$'ın yanındasın. (`loss_type="dr_grpo"` öteki yarısıdır, boya bölmeyi kaldırır; standart sapmaya bölmeyi kapatmaz, tek sözcüklük yanıtta hiçbir şey değiştirmez.)

# %% [markdown] lang="en" tags=["answer"]
# What lesson 7 worked out, in the library itself: TRL's GRPO is not broken, it arrives at the optimum of **another objective** (look at its hollow mark). GRPO divides the reward by the group's standard deviation. As the policy improves, the standard deviation shrinks, and the divided reward pulls harder; the KL in the loss is not divided, and pulls as before: the leash dissolves. It lands at hardly less KL than without any leash. With `scale_rewards="none"` (Dr. GRPO, [Liu et al., 2025][dr_grpo]) you are beside $\pi^*$. (`loss_type="dr_grpo"` is the other half, the length; it does not switch off this division, and changes nothing for answers of one word.)

# %% [markdown] lang="tr"
# Eğitim eğrileri aynı şeyi söyler. Kesikli çizgi $\pi^*$'ın KL'si:

# %% [markdown] lang="en"
# The training curves say the same. Dashed: the KL of $\pi^*$.

# %%
curve = over_beta.kl_at.sel(beta=0.5).isel(step=slice(None, None, 3))
curves = {name: curve.sel(trainer=method) for name, method in methods.items()}
goal = float(over_beta.star_kl.sel(trainer="rloo", beta=0.5).mean())
tc.plots.against(world, "kl", exact=goal, named="π*", **curves)

# %% [markdown] lang="tr" predict="tight"
# **Tahmin et · tasmayı kısaltmak.** `beta` iki katına, 1'e çıksın: tasma yarıya iner. Varsayılan GRPO, bu tasmanın en iyisinin ne kadarına ulaşır?
#
# - 0,9'dan fazlasına: kısa tasma hatayı da küçültür
# - 0,7 dolayında kalır
# - 0,4'ten azına

# %% [markdown] lang="en" predict="tight"
# **Predict · a shorter leash.** Let `beta` double to 1, so that the leash is half as long. What share of the best on this leash does the default GRPO attain?
#
# - more than 0.9: a short leash makes errors small, too
# - still about 0.7
# - less than 0.4


# %% by_beta
share = over_beta.attained.mean("seed")
table = pd.DataFrame({name: share.sel(trainer=method) for name, method in methods.items()})
table = table.set_index(share.beta.to_index()).round(2)


def by_beta(beta):
    return landings(over_beta, {"GRPO": own("grpo", beta)}, beta=beta)


tc.widgets.slider("beta", [0.1, 0.25, 0.5, 1.0], by_beta, start=0.5, language=world.language)

# %% by_beta_told
table

# %% tags=["reveal"]
gained = float(table.GRPO[1.0])
tight.reveal(a=gained > 0.9, b=0.6 < gained < 0.8, c=gained < 0.4)

# %% [markdown] lang="tr" tags=["answer"]
# `beta` 0,25'ten 1'e çıkınca tasma dörtte birine iner; RLOO'nun KL'si de öyle. GRPO ise kendi KL'sinin yarısından fazlasını harcamayı sürdürür, üstelik dört katı fiyata: ödedikleri, kazandıklarının neredeyse tümünü götürür.

# %% [markdown] lang="en" tags=["answer"]
# As `beta` goes from 0.25 to 1, the leash shortens to a quarter, and so does the KL of RLOO. GRPO goes on spending more than half of its own, at four times the price: what it pays eats nearly all it gains.

# %% [markdown] lang="tr" predict="fewer"
# **Tahmin et · küçük grup.** `beta` yine 0,5; her adımda yine 96 yanıt, ama 16'lık 6 grup yerine 4'lük 24 grup. Varsayılan GRPO'nun ulaştığı pay ne olur?
#
# - düşer: küçük grubun ortalaması daha gürültülü
# - yükselir
# - değişmez: yanıt sayısı aynı

# %% [markdown] lang="en" predict="fewer"
# **Predict · small groups.** `beta` is 0.5 again, and a step still has 96 answers, but 24 groups of 4 in place of 6 groups of 16. What happens to the share that the default GRPO attains?
#
# - it falls: the mean of a small group is noisier
# - it rises
# - nothing: there are as many answers

# %% by_size
over_size = tc.real.runs("num_generations")


def by_size(size):
    return landings(over_size, {"GRPO": own("grpo", num_generations=size)}, num_generations=size)


tc.widgets.slider("num_generations", [4, 8, 16], by_size, start=16, language=world.language)

# %% tags=["reveal"]
shares = over_size.attained.sel(trainer="grpo").mean("seed")
gain = float(shares.sel(num_generations=4) - shares.sel(num_generations=16))
fewer.reveal(a=gain < -0.05, b=gain > 0.05, c=abs(gain) <= 0.05)

# %% [markdown] lang="tr" tags=["answer"]
# Küçük grup gürültülüdür, ama tasmayı daha az çözer. Gruptaki tek bir yanıtın ödülü ötekilerden $d$ kadar ayrıysa standart sapma $d/\sqrt{G}$ olur: dört yanıtta farkın yarısı, 16 yanıtta dörtte biri. Küçük gruba bölmek ödülün çekişini o kadar büyütmez. RLOO'nun işareti ise grup ne olursa olsun yerindedir. Dr. GRPO'nunki ters yöne kayar: çıkardığı ortalamada yanıtın kendisi de vardır, bu, ödülün çekişini $(G - 1)/G$ ile çarpar; dört yanıtta dörtte üçüne iner. Bir makale "büyük grup daha iyi" diyorsa sor: hangi KL'de?

# %% [markdown] lang="en" tags=["answer"]
# A small group is noisier, but dissolves the leash less. If the reward of a single answer differs from the others' by $d$, the standard deviation is $d/\sqrt{G}$: half the difference among four answers, a quarter among 16. Dividing by that of a small group does not enlarge the pull of the reward as much. The mark of RLOO stays put whatever the group. That of Dr. GRPO moves the other way: the mean it subtracts contains the answer itself, which multiplies the pull of the reward by $(G - 1)/G$, three quarters among four answers. If a paper says "the larger the group, the better", ask: at which KL?

# %% [markdown] lang="tr"
# ## 5 · r, ve modelin tavanı (5 dakika, ek)

# %% [markdown] lang="en"
# ## 5 · r, and the model's ceiling (5 minutes, extra)

# %% [markdown] lang="tr" predict="wider"
# **Tahmin et · rank.** `r` 8'den 2'ye insin (`lora_alpha` hep 2r). RLOO'nun ulaştığı pay ne olur?
#
# - neredeyse değişmez: görevin yönü zaten az
# - belirgin düşer: dörtte bir parametre
# - belirgin yükselir: az parametre, az ezber

# %% [markdown] lang="en" predict="wider"
# **Predict · rank.** Let `r` go from 8 to 2 (`lora_alpha` is always 2r). What happens to the share that RLOO attains?
#
# - it hardly changes: the task needs few directions
# - it falls clearly: a quarter of the parameters
# - it rises clearly: fewer parameters, less to overfit

# %% by_rank
over_rank = tc.real.runs("rank")


def by_rank(r):
    return landings(over_rank, {"GRPO": own("grpo")}, rank=r)


tc.widgets.slider("r", [2, 8, 32], by_rank, start=8, language=world.language)

# %% tags=["reveal"]
reached = over_rank.attained.sel(trainer="rloo").mean("seed")
lost = float(reached.sel(rank=8) - reached.sel(rank=2))
wider.reveal(a=abs(lost) < 0.02, b=lost > 0.05, c=lost < -0.05)

# %% [markdown] lang="tr" tags=["answer"]
# Politikanın 6 × 23 = 138 serbest sayısı var; 14 matrise takılan rank 2 adaptörlerinin ise 4928. Fazla rank'ın yapacağı bir şey kalmıyor.

# %% [markdown] lang="en" tags=["answer"]
# The policy has 6 × 23 = 138 free numbers; adapters of rank 2 in 14 matrices have 4928. More rank has nothing left to do.

# %% [markdown] lang="tr"
# Kapasiteyi `r` değil de **ne** belirliyor? PEFT'in `all-linear` ayarı çıkış katmanını dışarıda bırakır, TRL de oraya LoRA taktırmaz; son gizli vektörün boyunu da son norm katmanı yaklaşık $\sqrt{64} = 8$'de tutar. İki logit, sözcük vektörlerinin uzaklığının en çok 8 katı kadar ayrılabilir. Vektörlerin ilk yayılımı `initializer_range`'dir; kitaplığın varsayılanı 0,02. Aşağıda, örneksiz ve gürültüsüz, en çok ulaşılabilecek pay: satırlarda ilk yayılım, sütunlarda rank (`all`: LoRA'sız, bütün ağırlıklar):

# %% [markdown] lang="en"
# If not `r`, **what** sets the capacity? PEFT's `all-linear` leaves the output layer out, and TRL refuses an adapter there; and the last norm layer keeps the last hidden vector at a length of about $\sqrt{64} = 8$. So two logits differ by at most 8 times the distance between their word vectors. The first spread of those is `initializer_range`, by default 0.02 in the library. Below, without samples or noise, the largest share that can be attained: in rows the first spread, in columns the rank (`all`: no LoRA, all weights train):

# %% ceilings
tc.real.ceilings().mean("seed").to_pandas().round(2)

# %% [markdown] lang="tr"
# Varsayılan yayılımla hiçbir `r` yetmiyor: eksik olan adım ya da veri değil, tavan. Gerçek işte "eğitim takıldı" denince önce şunu sor: **bu model, bu ayarla, oraya çıkabilir mi?**

# %% [markdown] lang="en"
# With the default spread no `r` is enough: what is missing is neither steps nor data; it is the ceiling. When training "is stuck" at work, ask first: **can this model get there at all, with these settings?**

# %% [markdown] lang="tr"
# ## 6 · TRL ile DPO: çiftlerin anmadığı sözcükler (8 dakika)
#
# Çiftler 11 yanıttan: referanstan iki ayrı yanıt çekilir, seçimi Bradley–Terry yapar (ders 4), tohum başına 10.000. TRL her yanıtın sonuna bir bitiş işareti ekler. Bizim yanıtımız tek token; eklenmesin diye o hazırlığı (`_prepare_dataset`; TRL'nin iç işidir, sürümle değişebilir) boş geçiyoruz.

# %% [markdown] lang="en"
# ## 6 · DPO with TRL: words that no pair mentions (8 minutes)
#
# Both answers of a pair come from the 11: two different ones are drawn from the reference, Bradley–Terry judges (lesson 4), 10,000 pairs per seed. TRL would end each answer with a mark. Ours are one token, so we override that preparation (`_prepare_dataset`, which is private: it may change with the version).


# %%
@tc.real.undisturbed
def pairs_judged(model, seed=0):
    told = tc.real.tokenizer(english)
    pairs = tc.real.preferences(tc.real.table(model, english), english, 10_000, seed)
    asked = [told(prompt).input_ids for prompt in english.prompts]
    return [
        {"prompt_ids": asked[prompt], "chosen_ids": [chosen], "rejected_ids": [rejected]}
        for prompt, chosen, rejected in pairs.tolist()
    ]


# %%
@tc.real.undisturbed
def dpo(model, beta=0.5, r=8, seed=0, **more):
    from datasets import Dataset
    from trl import DPOConfig, DPOTrainer

    class OneWord(DPOTrainer):
        _prepare_dataset = staticmethod(lambda dataset, *_, **__: dataset)

    trainer = OneWord(
        model=tc.real.fresh(model),
        args=DPOConfig(
            output_dir=folder,
            max_steps=200,
            learning_rate=2e-3,
            lr_scheduler_type="linear",
            per_device_train_batch_size=96,
            beta=beta,
            seed=seed,
            **tc.real.everyday(200),
            **more,
        ),
        train_dataset=Dataset.from_list(pairs_judged(model, seed)),
        processing_class=tc.real.tokenizer(english),
        peft_config=tc.real.lora(r),
    )
    return tc.real.train(trainer, english, "progress.dpo")


# %% [markdown] lang="tr" predict="foreign"
# **Tahmin et · çiftlerde geçmeyen sözcükler.** Başlangıçta olasılığın 0,99'dan fazlası 11 yanıtta; öteki 13 sözcük hiçbir çiftte yok. Tasma uzun (`beta` 0,1). DPO'dan sonra 11 yanıtta ne kadar kalır?
#
# - 0,97'den fazla: anılmayan sözcük kıpırdamaz
# - 0,6 ile 0,97 arasında
# - 0,6'dan az

# %% [markdown] lang="en" predict="foreign"
# **Predict · words in no pair.** At the start more than 0.99 of the probability is on the 11 answers; the other 13 words are in no pair. The leash is long (a `beta` of 0.1). How much is left on the 11 after DPO?
#
# - more than 0.97: unmentioned, unmoved
# - between 0.6 and 0.97
# - less than 0.6

# %% tags=["nbval-ignore-output"]
my_dpo = dpo(start, beta=0.1) if why is None else None
if my_dpo is not None:
    place = tc.real.landing(my_dpo.logp, my_dpo.ref_logp, english, beta=0.1)
    print(f"yours: mass {place['mass']:.2f}, KL {place['kl']:.2f}")
# tr: yours: mass {}, KL {} → senin: yanıtlardaki olasılık {}, KL {}

# %% leak
mass = over_beta.mass
tc.plots.against(world, "mass", DPO=mass.sel(trainer="dpo"), RLOO=mass.sel(trainer="rloo"))

# %% tags=["reveal"]
left = float(mass.sel(trainer="dpo", beta=0.1).mean())
foreign.reveal(a=left > 0.97, b=0.6 < left < 0.97, c=left <= 0.6)

# %% [markdown] lang="tr" tags=["answer"]
# Bir çift yalnızca iki logitin **farkını** ister. Hiçbir çiftte geçmeyen sözcük için hiçbir şey denmemiştir; ağırlıklar ortak olduğundan o da yukarı sürüklenebilir ([Razin ve ark., 2024][likelihood_displacement]). Ders 4'te bunun küçüğünü, hiç çifti olmayan istemde görmüştün; oradaki **olasılık kayması** da bunun akrabasıdır. RLOO'da ise sızıntı olmaz: kaçan sözcük örneklenir, −1 alır, geri itilir.

# %% [markdown] lang="en" tags=["answer"]
# A pair asks only for the **difference** of two logits. Of a word in no pair nothing is said, and since weights are shared it may be dragged upwards ([Razin et al., 2024][likelihood_displacement]). Lesson 4 showed it at the prompt that had no pair, and its **likelihood displacement** is a relative. RLOO does not leak: such a word is sampled, earns −1, and is pushed back.

# %% [markdown] lang="tr"
# Nereye kaçtı? Her tohumda en çok büyüyen iki yabancı token (`beta` 0,1) aşağıda: her tohumda başka, çünkü onları seçen bir şey yok. Bedeli resimde: `beta` 0,5 iken DPO $\pi^*$'ın yanında, 0,1 iken çizginin çok altında.

# %% [markdown] lang="en"
# Where did it go? Below, the two foreign tokens that gained most in each seed (a `beta` of 0.1): other ones each time, since nothing chose them. The picture shows the price: at a `beta` of 0.5 DPO stands near $\pi^*$, at 0.1 far below the line.

# %% foreign_words
known = tc.real.words(english)
for seed in (0, 1, 2):
    after = over_beta.logp.sel(trainer="dpo", beta=0.1, seed=seed).values
    more = (torch.as_tensor(after).exp() - ref_logp[seed].exp()).mean(0)
    more[[known.index(token) for token in english.tokens]] = 0
    first, second = more.argsort(descending=True)[:2].tolist()
    print(f"{seed}: {known[first]!r} {more[first]:+.2f}, {known[second]!r} {more[second]:+.2f}")

leashes = {"DPO, beta 0.5": 0.5, "DPO, beta 0.1": 0.1}
stood = {name: over_beta.logp.sel(trainer="dpo", beta=b) for name, b in leashes.items()}
tc.plots.landings(world, ref_logp, reward=worth, source=source, **stood)
# tr: DPO, beta 0.5 → DPO, beta 0,5
# tr: DPO, beta 0.1 → DPO, beta 0,1

# %% [markdown] lang="tr"
# TRL'nin tuttuğu sayılar bunu pek göstermez. Doğru sıralanan çiftlerin payı (`rewards/accuracies`) her tasmada aynıdır; örtük ödüllerin arasındaki **marj** (ders 4; TRL'de `rewards/margins`) en uzun tasmada küçüktür, ama yalnızca "daha varmadı" der gibidir. Saklanan tablolardan, 10.000 çiftin hepsiyle, tohum 0:

# %% [markdown] lang="en"
# What TRL logs hardly shows it. The share of pairs in the right order (`rewards/accuracies`) is the same on every leash; the **margin** between the implicit rewards (lesson 4; `rewards/margins` in TRL) is smaller on the longest, but merely looks as if training had not yet arrived. From the stored tables, over all 10,000 pairs of seed 0:

# %% margins
x, chosen, rejected = tc.real.preferences(ref_logp[0], english, 10_000).T
for beta in (0.1, 0.25, 0.5, 1.0):
    trained = torch.as_tensor(over_beta.logp.sel(trainer="dpo", beta=beta, seed=0).values)
    implicit = beta * (trained - ref_logp[0])
    margin = implicit[x, chosen] - implicit[x, rejected]
    right = (margin > 0).double().mean()
    print(f"beta {beta:4}: margin {margin.mean():.2f}, pairs in the right order {right:.2f}")
# tr: beta {}: margin {}, pairs in the right order {} → beta {}: marj {}, doğru sıralanan çiftlerin payı {}

# %% [markdown] lang="tr"
# Çare? Seçilen yanıtın SFT kaybından biraz eklemek (`dpo(start, 0.1, loss_type=["sigmoid", "sft"], loss_weights=[1.0, 0.2])`) sızıntıyı durdurur, ama politikayı da yerinde tutar; çiftlere bütün sözcükleri almak az yardım eder, çünkü referans yabancı sözcüğü neredeyse hiç çekmez (`beta` 0,1). Sözcük vektörleri birbirine yakın başlayan modelde (`initializer_range` 0,02; `beta` 0,5) sızıntı çok daha büyüktür; çareler orada da işe yarar:

# %% [markdown] lang="en"
# Is there a cure? Adding some of the chosen answer's SFT loss (`dpo(start, 0.1, loss_type=["sigmoid", "sft"], loss_weights=[1.0, 0.2])`) stops the leak, but holds the policy back as well; taking all words into the pairs helps little, since the reference hardly ever draws a foreign one (a `beta` of 0.1). In the model whose word vectors start close together (an `initializer_range` of 0.02, a `beta` of 0.5) the leak is far larger, and the cures work there, too:

# %% cures
leaks = tc.real.leaks().mean("seed")
names = {"none": "DPO alone", "sft": "with SFT loss", "every_word": "pairs of all words"}
for spread, kind in {0.25: "usual", 0.02: "narrow"}.items():
    for cure, name in names.items():
        row = leaks.sel(start=kind, cure=cure)
        print(f"{spread:4}, {name}: mass {row.mass:.2f}, KL {row.kl:.2f}")
# tr: DPO alone → yalnız DPO
# tr: with SFT loss → SFT kaybıyla
# tr: pairs of all words → bütün sözcüklerden çiftler
# tr: {}, {}: mass {}, KL {} → {}, {}: yanıtlardaki olasılık {}, KL {}

# %% [markdown] lang="tr"
# ## 7 · INT8 (5 dakika, ek)
#
# Ders 5'in `quantize_dynamic`'i her `nn.Module`'ü alır; eğitilmiş Llama da öyle bir modüldür. RLOO'nun adaptörlerini (`beta` 0,5) birleştirip bütün doğrusal katmanlarını INT8 yapıyoruz; sözcük vektörleri float32 kalır.

# %% [markdown] lang="en"
# ## 7 · INT8 (5 minutes, extra)
#
# Lesson 5's `quantize_dynamic` takes any `nn.Module`, and the trained Llama is one. We merge the adapters of RLOO (a `beta` of 0.5), and turn all linear layers into INT8; the word vectors stay float32.

# %% [markdown] lang="tr" predict="whole"
# **Tahmin et · nicemlemenin bedeli.** INT8 politikasının, eğitilmiş politikaya göre KL'si, eğitimin harcadığı KL'nin yanında ne kadardır?
#
# - onda birinden az
# - aşağı yukarı yarısı
# - ondan da büyük

# %% [markdown] lang="en" predict="whole"
# **Predict · the price of quantization.** How large is the KL from the trained policy to its INT8 version, beside the KL that training spent?
#
# - less than a tenth of it
# - about half of it
# - even larger

# %% tags=["nbval-ignore-output"]
if mine:
    small = tc.quantization.quantize_dynamic(tc.real.merged(mine["RLOO"].model))
    moved = tc.exact.kl(tc.real.table(small, english), mine["RLOO"].logp)
    print(f"yours: KL {moved.mean():.4f}")
# tr: yours: KL {} → senin: KL {}

# %% int8
trained = over_beta.logp.sel(trainer="rloo", beta=0.5).values
eight = tc.real.int8()
tables = {"float32": trained, "INT8": eight.logp.values}
for (name, logp), size in zip(tables.items(), eight.bytes.mean("seed").values, strict=True):
    earned = tc.exact.expected_reward(torch.as_tensor(logp), worth).mean()
    print(f"{name:7} reward {earned:.2f}, {size / 1000:.0f} kB")
spent = float(tc.exact.kl(eight.logp.values, trained).mean())
print(f"KL of INT8 to float32: {spent:.4f}")
# tr: {} reward {}, {} kB → {} ödül {}, {} kB
# tr: KL of INT8 to float32: {} → INT8'in float32'ye göre KL'si: {}

# %% tags=["reveal"]
ratio = spent / float(over_beta.kl.sel(trainer="rloo", beta=0.5).mean())
whole.reveal(a=ratio < 0.1, b=0.3 < ratio < 0.7, c=ratio > 1)

# %% [markdown] lang="tr" tags=["answer"]
# Ders 5'te olduğu gibi: neredeyse aynı politika, dosyanın üçte birinden azında. Dörtte birine inmez, çünkü ölçekler, normlar, sözcük vektörleri ve dosyanın kendi kayıtları küçülmez; büyük bir modelde bunların payı yok gibidir. Orada bu işi torchao yapar.

# %% [markdown] lang="en" tags=["answer"]
# As in lesson 5: nearly the same policy, in less than a third of the file. It is not a quarter, because scales, norms, word vectors and the file's own bookkeeping do not shrink; in a large model they hardly count. There, torchao does this job.

# %% [markdown] lang="tr"
# ## 8 · Aynı düğme, başka ad (3 dakika)
#
# | Ne | toycore | TRL | PEFT | transformers | torchao |
# | --- | --- | --- | --- | --- | --- |
# | tasma | `kl_beta` | `beta` (varsayılan: GRPO'da 0; RLOO'da 0,05) | | | |
# | DPO'nun tasması | `beta` | `beta` (varsayılan 0,1) | | | |
# | grup | `num_generations` | `num_generations` (varsayılan: GRPO'da 8; RLOO'da 2) | | | |
# | standart sapmaya bölmek | `scale_rewards` | `scale_rewards` | | | |
# | kırpma | `clip_range` | `epsilon` | | | |
# | turdaki geçiş | `epochs` | `num_iterations` | | | |
# | rank | `lora_rank` | | `r` | | |
# | ölçek | `lora_alpha` | | `lora_alpha` | | |
# | öğrenme oranı | `lr` | `learning_rate` | | `learning_rate` | |
# | adım | `steps`, `rollouts` | `max_steps` | | `max_steps` | |
# | tohum | `seeds` (hepsi birlikte) | `seed` | | `set_seed` | |
# | birleştirme | `merge` | | `merge_and_unload` | | |
# | referans | `ref_logp` | | `disable_adapter` | | |
# | INT8 | `quantize_dynamic` | | | `TorchAoConfig` | `quantize_` |

# %% [markdown] lang="en"
# ## 8 · The same knob by another name (3 minutes)
#
# | What | toycore | TRL | PEFT | transformers | torchao |
# | --- | --- | --- | --- | --- | --- |
# | the leash | `kl_beta` | `beta` (by default 0 in GRPO; 0.05 in RLOO) | | | |
# | DPO's leash | `beta` | `beta` (by default 0.1) | | | |
# | the group | `num_generations` | `num_generations` (by default 8 in GRPO; 2 in RLOO) | | | |
# | dividing by the deviation | `scale_rewards` | `scale_rewards` | | | |
# | the clip | `clip_range` | `epsilon` | | | |
# | passes per rollout | `epochs` | `num_iterations` | | | |
# | rank | `lora_rank` | | `r` | | |
# | scale | `lora_alpha` | | `lora_alpha` | | |
# | learning rate | `lr` | `learning_rate` | | `learning_rate` | |
# | steps | `steps`, `rollouts` | `max_steps` | | `max_steps` | |
# | seeds | `seeds` (all at once) | `seed` | | `set_seed` | |
# | merging | `merge` | | `merge_and_unload` | | |
# | the reference | `ref_logp` | | `disable_adapter` | | |
# | INT8 | `quantize_dynamic` | | | `TorchAoConfig` | `quantize_` |

# %% [markdown] lang="tr"
# ## 9 · Birden çok süreç, birden çok makine (4 dakika, ek)
#
# Bu dersin eğitimleri komut satırından da çalışır. Tek süreç, iki süreç, `accelerate`:
#
# ```
# python -m toycore.real --method rloo --beta 0.5
# torchrun --standalone --nproc_per_node 2 -m toycore.real --processes 2 --method rloo
# accelerate launch -m toycore.real --processes 1 --method rloo
# ```
#
# Kaç süreç olursa olsun bir güncelleme 96 yanıttır (ya da çifttir); süreçler bunları bölüşür. RLOO ile GRPO iki süreçte başka yanıtlar çeker. `--processes` bir emniyettir: `accelerate launch --cpu --num_processes 2` tek süreç başlatır, hiçbir şey de söylemez; bizimki o zaman durur. Yarıda kalan eğitim `--folder` ve `--resume` ile sürer. GPU'lar, SLURM, Kubernetes ve 7 milyarlık bir modelin bellek hesabı `docs/tr/machines.md` sayfasında. Denemek istersen:

# %% [markdown] lang="en"
# ## 9 · More processes, more machines (4 minutes, extra)
#
# The trainings of this lesson also run from the command line. One process, two processes, `accelerate`:
#
# ```
# python -m toycore.real --method rloo --beta 0.5
# torchrun --standalone --nproc_per_node 2 -m toycore.real --processes 2 --method rloo
# accelerate launch -m toycore.real --processes 1 --method rloo
# ```
#
# However many processes there are, an update has 96 answers (or pairs), which they share. RLOO and GRPO draw other answers in two processes than in one. `--processes` is for safety: `accelerate launch --cpu --num_processes 2` starts a single process and says nothing; ours stops then. A training that was cut off goes on with `--folder` and `--resume`. GPUs, SLURM, Kubernetes, and the memory of a model with 7 billion weights: see the page `docs/machines.md`. To try it:

# %% tags=["nbval-ignore-output"]
TWO = False  # True: two processes on this machine, in about half a minute
if TWO and why is None:
    launch = ["torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    ours = ["toycore.real", "--processes", "2", "--method", "rloo", "--steps", "30"]
    command = [sys.executable, "-m", *launch, "-m", *ours]
    ended = subprocess.run(command, capture_output=True, text=True)
    print(ended.stdout or ended.stderr)
# tr: True: two processes on this machine, in about half a minute → True: bu makinede iki süreç, yarım dakika kadar

# %% [markdown] lang="tr"
# ## 10 · Gerçekten konuşan bir model (3 dakika, ek)
#
# SmolLM2'nin 135 milyon ağırlığı var; küçük ama cümle kurar (İngilizce). Birkaç LoRA adımından önce ve sonra üç soruya yanıtı. Burada artık kâhin yok: yanıtları sayılamaz. Ne kadar bellek ve süre istediğini hücre söyler; küçük sınıf makinelerinde açma.

# %% [markdown] lang="en"
# ## 10 · A model that really speaks (3 minutes, extra)
#
# SmolLM2 has 135 million weights: small, but it makes sentences. Its answers to three questions, before and after a few LoRA steps. Here the oracle ends: these answers cannot be counted. The cell says what memory and time it takes; leave it off on small classroom machines.

# %% tags=["nbval-ignore-output"]
print(tc.real.smollm2.cost())
BIG = False
if BIG:
    print(tc.real.smollm2.hindrance() or tc.real.smollm2.before_and_after())

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
# Aşağıdaki hücre hepsine yeter; dersi baştan çalıştırman gerekmez, kitaplıklar de gerekmez.

# %% [markdown] lang="en"
# ## Exercises
#
# Your turn. Put your answer in place of `...`, run that cell and then the check: where you are wrong, it names
# the mistake. The cell below is all the exercises need; you need neither run the lesson again nor have the libraries.

# %%
import torch

import toycore as tc

tc.set_language(language="en")
world, english = tc.World(language="en"), tc.World()
start_logp = torch.as_tensor(tc.real.starts().ref_logp.sel(seed=0).values)  # prompt × word
{token: float(worth) for token, worth in zip(world.tokens, world.reward[0], strict=True)}
# tr: prompt × word → istem × sözcük

# %% [markdown] lang="tr"
# ### Alıştırma 1 · TRL için bir ödül
#
# ●●○ · 8 dakika. TRL'nin çağıracağı ödül fonksiyonunu yaz. TRL her şeyi adıyla verir: `prompts` ile `completions`, aynı uzunlukta iki metin listesi; ardından başka argümanlar. Her yanıt için bir sayı döndür: 11 yanıttan biriyse ödülü (yukarıdaki sözlükte; her istemde aynı), başka herhangi bir metinse −1. Yanıtın önünde boşluk bulunabilir.
#
# <details><summary>İpucu</summary>
#
# Adını bilmediğin argümanları `**kwargs` toplar. Bütün metin mi karşılaştırılmalı, bir parçası mı?
#
# </details>

# %% [markdown] lang="en"
# ### Exercise 1 · A reward for TRL
#
# ●●○ · 8 minutes. Write the reward function that TRL will call. TRL passes everything by name: `prompts` and `completions`, two lists of texts of one length, and further arguments. Return a number for each completion: the reward if it is one of the 11 answers (in the dictionary above; the same at every prompt), −1 for any other text. There may be a blank in front of an answer.
#
# <details><summary>Hint</summary>
#
# `**kwargs` gathers the arguments whose names you do not know. Should the whole text be compared, or a part of it?
#
# </details>


# %% tags=["exercise"]
def reward_function(prompts, completions, **kwargs):
    return ...


# %% tags=["check"]
tc.checks.reward_function(reward_function, language="en")


# %% tags=["solution"]
def reward_function(prompts, completions, **kwargs):
    earned = dict(zip(world.tokens, world.reward[0].tolist(), strict=True))
    return [earned.get(completion.strip(), -1.0) for completion in completions]


# %% [markdown] lang="tr"
# ### Alıştırma 2 · KL bütçesi
#
# ●●○ · 6 dakika. TRL'nin GRPO'su, bölmesi açık, 16'lık gruplarla yukarıdaki başlangıçtan eğitilecek; KL (altı istemin ortalaması) en çok 0,2 olabilir. Kendi en iyisine bakarak, bütçe aşılmadan ödülün olabildiğince büyük olduğu `beta`'yı seç: KL 0,19 ile 0,2 arasında kalmalı.
#
# <details><summary>İpucu</summary>
#
# Eğitmeden: `own = tc.real.own_optimum("grpo", start_logp, english, beta=1.0)` ve `tc.exact.kl(own, start_logp).mean()`.
#
# </details>

# %% [markdown] lang="en"
# ### Exercise 2 · A budget of KL
#
# ●●○ · 6 minutes. TRL's GRPO, with its division on and in groups of 16, is to train from the start above; the KL (the mean over six prompts) may be 0.2 at most. Judging by its own optimum, choose the `beta` with which the reward is as large as it can be within the budget: the KL must lie between 0.19 and 0.2.
#
# <details><summary>Hint</summary>
#
# Without training: `own = tc.real.own_optimum("grpo", start_logp, english, beta=1.0)`, and `tc.exact.kl(own, start_logp).mean()`.
#
# </details>

# %% tags=["exercise"]
my_beta = ...

# %% tags=["check"]
tc.checks.budget(my_beta, language="en")

# %% tags=["solution"]
my_beta = 1.5

# %% [markdown] lang="tr"
# ### Alıştırma 3 · Ayarlardaki hata
#
# ●●○ · 6 dakika. Biri, tasması 0,5 olan $\pi^*$'a varmak istedi ve şunu yazdı:
#
# ```
# GRPOConfig(learning_rate=3e-3, max_steps=150, num_generations=16, max_completion_length=1, temperature=1.0, top_k=0)
# ```
#
# Ödül 1'e vardı, KL ise istenenin iki katını aştı. Hangi ayarlar **eklenmeli**? `dict(ad=değer, ...)` biçiminde yaz.
#
# <details><summary>İpucu</summary>
#
# Yazılmayan ayarın bir varsayılanı vardır. Bölüm 4'ün iki GRPO'su arasındaki fark neydi; ya tasmanın kendisi?
#
# </details>

# %% [markdown] lang="en"
# ### Exercise 3 · The bug in a config
#
# ●●○ · 6 minutes. Somebody wanted the $\pi^*$ of a leash of 0.5, and wrote:
#
# ```
# GRPOConfig(learning_rate=3e-3, max_steps=150, num_generations=16, max_completion_length=1, temperature=1.0, top_k=0)
# ```
#
# The reward came to 1, but the KL to more than twice what was wanted. Which settings have to be **added**? Write them as `dict(name=value, ...)`.
#
# <details><summary>Hint</summary>
#
# A setting that is not written has a default. What told the two GRPOs of section 4 apart; and the leash itself?
#
# </details>

# %% tags=["exercise"]
fix = ...

# %% tags=["check"]
tc.checks.config(fix, language="en")

# %% tags=["solution"]
fix = {"beta": 0.5, "scale_rewards": "none"}

# %% [markdown] lang="tr"
# ### Alıştırma 4 · Rank'ın iki katı
#
# ●○○ · 3 dakika. `r` 8'den 16'ya çıksın, `lora_alpha` yine 2r. Hangisi iki katına çıkar?
#
# * `"a"` eğitilen parametre sayısı
# * `"b"` eğitimin vardığı yerin KL'si
# * `"c"` birleştirilmiş modelin diskteki boyu
#
# <details><summary>İpucu</summary>
#
# A'nın biçimi r × giriş, B'ninki çıkış × r. Ya çarpımlarınınki?
#
# </details>

# %% [markdown] lang="en"
# ### Exercise 4 · Twice the rank
#
# ●○○ · 3 minutes. Let `r` go from 8 to 16, with `lora_alpha` still 2r. Which of these doubles?
#
# * `"a"` the number of trainable parameters
# * `"b"` the KL at which training lands
# * `"c"` the size of the merged model on disk
#
# <details><summary>Hint</summary>
#
# A has the shape r × inputs, B outputs × r. And their product?
#
# </details>

# %% tags=["exercise"]
doubled = ...

# %% tags=["check"]
tc.checks.doubled(doubled, language="en")

# %% tags=["solution"]
doubled = "a"

# %% [markdown] lang="tr"
# ## Kendini sına
#
# Beş sorunun her birinde bir yanıt seç; doğru mu, neden, hemen altında okursun.

# %% [markdown] lang="en"
# ## Check yourself
#
# Choose an answer to each of the five questions, and read right below it whether it is right, and why.

# %% [markdown] lang="tr" tags=["quiz"]
# 1. `GRPOConfig(num_generations=16)` ile eğittin; ödül neredeyse 1, KL beklediğinin iki katı. İlk nereye bakarsın?
#    - [ ] Öğrenme oranına — küçüğü yalnızca geciktirirdi: tasma yoksa politikayı tutan bir şey de yoktur.
#    - [x] `beta`'ya — TRL'nin GRPO'sunda varsayılanı 0'dır: hiç tasma yoktu.
#    - [ ] Tohuma — KL'yi üç tohumda da aynı yönde büyüten bir neden olmalı.
# 2. Aynı `beta` ile RLOO ve varsayılan GRPO ayrı yerlere vardı. Hangisi hatalı?
#    - [ ] GRPO; daha uzun eğitilmeli — kendi en iyisine varmış, uzatmak onu oradan ayırmaz.
#    - [ ] RLOO; grubun standart sapmasını unutmuş — bölmek zorunlu değildir, tasmayı bozan odur.
#    - [x] Hiçbiri — her biri kendi amacının en iyisinde; farklı olan, amaçları.
# 3. DPO'dan sonra model arada bir hiçbir çiftte geçmeyen bir sözcük söylüyor. Neden?
#    - [x] Çiftler yalnızca farkları belirler — anılmayan sözcükler ortak ağırlıklarla birlikte yükselebilir.
#    - [ ] Tokenizer bozuk — öyle olsaydı eğitimden önce de söylerdi.
#    - [ ] Çiftler çelişiyor — çelişki farkı küçültür, yabancı sözcüğü yükseltmez.
# 4. RLOO ile eğittin, `r`'yi 8'den 64'e çıkardın; iki eğri de 0,4'lük bir payda düzleşti. En akla yatkın neden?
#    - [ ] Rank hâlâ küçük — sekiz katına çıktı ve hiçbir şey değişmedi.
#    - [x] Eğitilen ağırlıklar o politikaya erişemiyor — tavan başka yerde, örneğin donuk çıkış katmanında.
#    - [ ] Adım sayısı az — öyleyse eğriler düzleşmez, yavaş da olsa yükselirdi.
# 5. Makine değişti, aynı tohumla ikinci basamak başka çıktı. Ne yaparsın?
#    - [ ] Eğitimi bozuk sayarım — float32 sayıların toplanma sırası işlemciye göre değişir, ardından başka örnekler çekilir.
#    - [ ] Tek tohumu rapor ederim — öyle bir sayı rastlantıyı da rapor eder.
#    - [x] Birkaç tohumun sonucunu aralığıyla veririm — yalnızca her birinde doğru olanı söylerim.

# %% [markdown] lang="en" tags=["quiz"]
# 1. You trained with `GRPOConfig(num_generations=16)`; the reward is nearly 1, the KL twice what you expected. Where do you look first?
#    - [ ] At the learning rate — a smaller one would only delay it: with no leash, nothing holds the policy.
#    - [x] At `beta` — TRL's GRPO has 0 by default: there was no leash at all.
#    - [ ] At the seed — something drives the KL the same way in all three seeds.
# 2. With one `beta`, RLOO and the default GRPO landed in different places. Which one is wrong?
#    - [ ] GRPO, it must train longer — it has reached its own optimum, and will not leave it.
#    - [ ] RLOO, it forgot the group's deviation — nobody has to divide, and it is what spoils the leash.
#    - [x] Neither — each is at the optimum of its own objective; it is the objectives that differ.
# 3. After DPO the model now and then says a word that is in no pair. Why?
#    - [x] Pairs fix differences alone — words that none mentions may rise with the shared weights.
#    - [ ] The tokenizer is broken — then it would have said such words before training, too.
#    - [ ] The pairs contradict each other — that makes a difference small, it does not lift foreign words.
# 4. You trained with RLOO and raised `r` from 8 to 64; both curves level off at a share of 0.4. What is the likeliest reason?
#    - [ ] The rank is still too small — it is eight times as large, and nothing changed.
#    - [x] What trains cannot reach that policy — the ceiling is elsewhere, such as a frozen output layer.
#    - [ ] Too few steps — then the curves would not level off, they would still be rising.
# 5. On another machine the same seed gives another second digit. What do you do?
#    - [ ] Call the training broken — float32 sums depend on the processor, and then other samples are drawn.
#    - [ ] Report the one seed — such a number reports its luck as well.
#    - [x] Give several seeds and their range — claim only what holds in each of them.

# %% [markdown] lang="tr"
# **Bu derste yaptıkların.** Hangi alıştırmaları çözdün, yolda karşına ne çıktı, tahminlerin nasıl gitti: hepsi burada.
# Not defterini birine teslim edeceksen en son bu hücreyi çalıştır, kaydet, dosyayı gönder. Özet, çekirdek (kernel)
# başladığından beri olanı bilir: defteri kapatıp sonra yeniden açtıysan önce bütün hücreleri çalıştır.

# %% [markdown] lang="en"
# **What you did in this lesson.** Which exercises you solved, what you met on the way, how your predictions went: all
# of it is here. If you are to hand the notebook in, run this cell last, save, and send the file. It knows what has
# happened since the kernel was started: if you come back another day, run all the cells first.

# %% tags=["summary"]
tc.checks.summary("real", language="en")

# %% [markdown] lang="tr"
# ## Özet
#
# * Yanıtları sayılabilen bir transformer da bir tablodur: gerçek kitaplıklar aynı sınırın altında yargılanabilir.
# * TRL'nin RLOO'su ile `scale_rewards="none"` yazılmış GRPO (16'lık grupta) $\pi^*$'ın yanına varır; bölen GRPO kendi en iyisine, iki katı dolayında bir KL'ye.
# * Burada darboğaz `r` değil, sözcük vektörleriydi; modelin tavanını bilmeden "eğitim takıldı" deme.
# * DPO'nun çiftleri anmadığı sözcükleri serbest bırakır; tasma uzunsa olasılık oraya kaçar.
# * Varsayılan ayarları oku: `beta` 0 olabilir, istem kayba girebilir, süreç sayısı istediğin olmayabilir.
#
# Burada ders bitiyor, iş başlıyor. Elinde bir alışkanlık kalsın: yeni bir yöntem, yeni bir kitaplık gördüğünde onu önce her şeyin sayılabildiği bir dünyada dene.

# %% [markdown] lang="en"
# ## Summary
#
# * A transformer whose answers can be counted is a table as well: real libraries can be judged under the same frontier.
# * TRL's RLOO, and GRPO with `scale_rewards="none"`, land beside $\pi^*$ (in groups of 16); the GRPO that divides lands at an optimum of its own, at about twice the KL.
# * Here the bottleneck was not `r` but the word vectors; do not call training "stuck" before you know the model's ceiling.
# * DPO's pairs leave words they do not mention free; on a long leash probability leaks there.
# * Read the defaults: `beta` may be 0, the prompt may count in the loss, and the processes may be fewer than you asked for.
#
# Here the course ends and the job begins. One habit to keep: when you meet a new method or a new library, try it first in a world where everything can be counted.
