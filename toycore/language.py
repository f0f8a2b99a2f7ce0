"""The words of the course in its two languages: labels, figures, widgets, messages."""

import math

from toycore.errors import ERRORS, Phrase, check, say
from toycore.errors import LANGUAGES as LANGUAGES  # by this name too

PROMPTS = {
    "tr": (
        "selam",
        "bana yardım et",
        "tıbbi soru",
        "kötü söz söyle",
        "detaylı açıkla",
        "kısa cevap",
    ),
    "en": (
        "hello",
        "help me",
        "medical question",
        "say a bad word",
        "explain in detail",
        "short answer",
    ),
}

TOKENS = {
    "tr": (
        "evet",
        "hayır",
        "lütfen",
        "teşekkürler",
        "yardım",
        "hakaret",
        "kötü",
        "tıbbi",
        "özetle",
        "uzun",
        "kısa",
    ),
    "en": (
        "yes",
        "no",
        "please",
        "thanks",
        "help",
        "insult",
        "bad",
        "medical",
        "summarize",
        "long",
        "short",
    ),
}


TEXT = {
    "progress.sft": {"tr": "SFT eğitimi", "en": "SFT training"},
    "progress.ppo": {"tr": "PPO eğitimi", "en": "PPO training"},
    "progress.lab": {"tr": "Bozuk laboratuvar", "en": "The broken lab"},
    "progress.grpo": {"tr": "GRPO eğitimi", "en": "GRPO training"},
    "progress.length": {"tr": "İki adımlı dünya", "en": "The two-step world"},
    "progress.dpo": {"tr": "DPO eğitimi", "en": "DPO training"},
    "progress.rloo": {"tr": "RLOO eğitimi", "en": "RLOO training"},
    "progress.pretraining": {"tr": "Ön eğitim", "en": "Pretraining"},
    "progress.smollm2_read": {"tr": "SmolLM2 okunuyor", "en": "Reading SmolLM2"},
    "progress.smollm2": {"tr": "SmolLM2 eğitimi", "en": "SmolLM2 training"},
    "progress.reward_model": {"tr": "Ödül modeli eğitimi", "en": "Reward model training"},
    "predict.none": {
        "tr": "✎ Henüz harf yok: soru işaretinin yerine bir harf yaz ({}) ve hücreyi çalıştır.",
        "en": "✎ No letter yet: put one ({}) in place of the question mark and run the cell.",
    },
    "predict.noted": {
        "tr": "✎ Tahminin not edildi: “{}”, yani {}. Şimdi sonraki hücreyi çalıştır.",
        "en": "✎ Your prediction is noted: {}, {}. Now run the next cell.",
    },
    "predict.said": {"tr": "Sen {} dedin: {}.", "en": "You said {}: {}."},
    "predict.silent": {"tr": "Bir tahmin yazmadın.", "en": "You made no prediction."},
    "predict.true": {"tr": "Doğrusu {}: {}.", "en": "The answer is {}: {}."},
    "predict.right": {"tr": "Doğru.", "en": "Correct."},
    "predict.unclear": {
        "tr": "Sonuç, yanıtlardan hiçbirine tam uymuyor.",
        "en": "The result fits none of the answers exactly.",
    },
    "predictions.about": {"tr": "Tahmin", "en": "Prediction"},
    "predictions.said": {"tr": "Senin dediğin", "en": "You said"},
    "predictions.true": {"tr": "Doğrusu", "en": "The answer"},
    "predictions.none": {
        "tr": "Bu derste tahmin yazmadın. Harfler soru işaretlerinin yerine yazılır; "
        "insan en çok yanılınca öğrenir.",
        "en": "You made no prediction in this lesson. Letters go in place of the question marks; "
        "you learn most where you are wrong.",
    },
    "predictions.score": {
        "tr": "Tutan tahmin: {} / {}.",
        "en": "Predictions that came true: {} of {}.",
    },
    "predictions.surprises": {"tr": "Şaşırtanlar: {}.", "en": "What surprised you: {}."},
    "summary.nothing": {
        "tr": "Henüz hiçbir alıştırma denenmedi.",
        "en": "No exercise has been tried yet.",
    },
    "summary.solved": {"tr": "Çözülen alıştırma: {} / {}.", "en": "Exercises solved: {} of {}."},
    "summary.exercise": {"tr": "Alıştırma", "en": "Exercise"},
    "summary.state": {"tr": "Durum", "en": "State"},
    "summary.tries": {"tr": "Deneme", "en": "Tries"},
    "summary.passed": {"tr": "✓ doğru", "en": "✓ right"},
    "summary.tried": {"tr": "✗ henüz değil", "en": "✗ not yet"},
    "summary.unwritten": {"tr": "✎ yazılmadı", "en": "✎ not written"},
    "summary.met": {"tr": "Yolda karşına çıkanlar", "en": "What you met on the way"},
    "quiz.right": {"tr": "✓ Doğru:", "en": "✓ Right:"},
    "quiz.wrong": {"tr": "✗ Yanlış:", "en": "✗ Wrong:"},
    "quiz.score": {"tr": "Doğru yanıt: {} / {}", "en": "Right answers: {} / {}"},
    "axis.step": {"tr": "Adım", "en": "Step"},
    "axis.rollout": {"tr": "Örnekleme turu (rollout)", "en": "Rollout"},
    "axis.probability": {"tr": "Olasılık", "en": "Probability"},
    "axis.ratio": {"tr": "Oran ρ", "en": "Ratio ρ"},
    "axis.reward": {"tr": "Ödül", "en": "Reward"},
    "axis.samples": {"tr": "Örnek sayısı", "en": "Number of samples"},
    "axis.direction": {"tr": "Yön {}", "en": "Direction {}"},
    "axis.pairs": {"tr": "Tercih çifti sayısı", "en": "Number of preference pairs"},
    "axis.count": {"tr": "Örnek sayısı", "en": "Samples"},
    "axis.surrogate": {"tr": "Vekil amaç", "en": "Surrogate objective"},
    "axis.weight": {"tr": "Ağırlık", "en": "Weight"},
    "axis.error": {"tr": "Hata / Δ", "en": "Error / Δ"},
    "axis.density": {"tr": "Yoğunluk", "en": "Density"},
    "axis.bits": {"tr": "Bit sayısı", "en": "Bits"},
    "axis.hidden": {"tr": "Gizli katman boyu", "en": "Hidden size"},
    "axis.value": {"tr": "Değer", "en": "Value"},
    "axis.numbers": {"tr": "Adet", "en": "How many numbers"},
    "axis.threshold": {"tr": "Eşik / en büyük ağırlık", "en": "Threshold / largest weight"},
    "axis.squared_error": {"tr": "Hatanın gücü", "en": "Power of the error"},
    "curve.snr": {"tr": "Sinyal-gürültü oranı (dB)", "en": "Signal-to-noise ratio (dB)"},
    "curve.time": {"tr": "Süre / fp32 süresi", "en": "Time / time of fp32"},
    "curve.same": {"tr": "Aynı kalan yanıt", "en": "Unchanged answers"},
    "curve.reward": {"tr": "Beklenen ödül", "en": "Expected reward"},
    "curve.kl": {"tr": "Referansa göre KL (nat)", "en": "KL to the reference (nats)"},
    "curve.logged_kl": {"tr": "Kodun yazdığı KL (nat)", "en": "KL that the code logs (nats)"},
    "curve.entropy": {"tr": "Entropi (nat)", "en": "Entropy (nats)"},
    "curve.attained": {"tr": "Ulaşılan pay", "en": "Attained share"},
    "curve.attained_own": {
        "tr": "Kendi optimumuna göre ulaşılan pay",
        "en": "Attained share of its own optimum",
    },
    "curve.kl_estimate": {"tr": "Tahmin edilen KL (nat)", "en": "Estimated KL (nats)"},
    "curve.reward_std": {"tr": "Ödüllerin standart sapması", "en": "Standard deviation of rewards"},
    "curve.frac_reward_zero_std": {
        "tr": "Ödülleri aynı olan grupların payı",
        "en": "Share of groups with equal rewards",
    },
    "curve.clip_fraction": {"tr": "Kırpılan pay", "en": "Clip fraction"},
    "curve.approx_kl": {"tr": "Eski politikaya göre KL (nat)", "en": "KL to the old policy (nats)"},
    "curve.loss": {"tr": "Kayıp (nat)", "en": "Loss (nats)"},
    "curve.accuracy": {"tr": "Doğruluk", "en": "Accuracy"},
    "curve.trainable_fraction": {"tr": "Eğitilen pay", "en": "Trainable share"},
    "curve.policy_loss": {"tr": "Politika kaybı", "en": "Policy loss"},
    "curve.value_loss": {"tr": "Değer kaybı", "en": "Value loss"},
    "curve.margin": {"tr": "Marj (ödül)", "en": "Margin (reward)"},
    "curve.chosen_logp": {"tr": "log π(seçilen)", "en": "log π(chosen)"},
    "curve.rejected_logp": {"tr": "log π(reddedilen)", "en": "log π(rejected)"},
    "axis.n": {"tr": "Çekilen yanıt sayısı n", "en": "Draws n"},
    "axis.distance": {"tr": "√KL (referansa göre)", "en": "√KL to the reference"},
    "axis.share_right": {
        "tr": "Doğru yanıtın olasılığı p",
        "en": "Probability p of a right answer",
    },
    "curve.gold": {"tr": "Beklenen altın ödül", "en": "Expected gold reward"},
    "curve.covariance": {"tr": "Cov(altın, vekil)", "en": "Cov(gold, proxy)"},
    "curve.group_weight": {"tr": "Çekiş w(p)", "en": "Pull w(p)"},
    "curve.mass": {"tr": "11 yanıttaki olasılık", "en": "Probability on the 11 answers"},
    "curve.long_right": {"tr": "P(uzun | doğru)", "en": "P(long | right)"},
    "curve.long_wrong": {"tr": "P(uzun | yanlış)", "en": "P(long | wrong)"},
    "label.formula": {"tr": "ünlü formül", "en": "the famous formula"},
    "way.best_of_n": {"tr": "best-of-n", "en": "best-of-n"},
    "way.rejection": {"tr": "reddetmeli örnekleme", "en": "rejection sampling"},
    "way.natural": {"tr": "doğal gradyan", "en": "natural gradient"},
    "way.plain": {"tr": "düz gradyan", "en": "plain gradient"},
    "way.grpo": {"tr": "1/|o| ile (GRPO)", "en": "with 1/|o| (GRPO)"},
    "way.dr_grpo": {"tr": "1/|o| olmadan (Dr. GRPO)", "en": "without 1/|o| (Dr. GRPO)"},
    "head.reward": {"tr": "ödül", "en": "reward"},
    "head.kl": {"tr": "KL", "en": "KL"},
    "head.own_reward": {"tr": "en iyisi: ödül", "en": "optimum: reward"},
    "head.own_kl": {"tr": "en iyisi: KL", "en": "optimum: KL"},
    "head.peak": {"tr": "tepedeki altın", "en": "gold at the peak"},
    "head.peak_at": {"tr": "tepede √KL", "en": "√KL at the peak"},
    "head.no_leash": {"tr": "tasmasız altın", "en": "gold without a leash"},
    "head.w_rare": {"tr": "w(0,05)", "en": "w(0.05)"},
    "head.w_half": {"tr": "w(0,5)", "en": "w(0.5)"},
    "head.w_ratio": {"tr": "oranları", "en": "their ratio"},
    "head.at_the_start": {"tr": "başta", "en": "at the start"},
    "head.at_the_end": {"tr": "sonda", "en": "at the end"},
    "caption.frontier_line": {
        "tr": "Siyah kesikli: her KL'de ulaşılabilecek en büyük ödül.",
        "en": "Black dashes: the largest reward possible at each KL.",
    },
    "caption.landed": {
        "tr": "Dolu işaretler: politikaların yeri, tohumların ortalaması; çubuklar: ortadaki %80.",
        "en": "Filled marks: where the policies are, mean of the seeds; bars: the middle 80%.",
    },
    "caption.own": {
        "tr": "Boş işaretler: yöntemin kendi amacının kesin en iyisi.",
        "en": "Hollow marks: the exact optimum of the method's own objective.",
    },
    "caption.paths": {
        "tr": "Renkli çizgiler: bütün yol, adım adım.",
        "en": "Coloured lines: the whole path, step by step.",
    },
    "caption.zoom": {
        "tr": "Sağda yakından, çubuklar olmadan: {}.",
        "en": "Right: a close-up of {}, without bars.",
    },
    "caption.goodhart": {
        "tr": "Politika vekilin kesin en iyileri boyunca yürür, tasma uzadıkça sağa. "
        "Yıldız: altın ödülün tepesi, iki tarafta da aynı politika. Siyah kesikli: kovaryans 0.",
        "en": "The policy walks along the exact optima of the proxy, to the right as the leash "
        "grows. Star: the peak of the gold, the same policy on both sides. Black dashes: "
        "covariance 0.",
    },
    "caption.group_weights": {
        "tr": "Renkli çizgiler: standart sapmaya bölünce bir istemin çekişi, G'ye göre. Siyah "
        "kesikli: G sonsuzken. Siyah noktalı: bölme olmadan, ötekilerin ortalamasıyla (RLOO).",
        "en": "Coloured lines: the pull of a prompt when divided by the standard deviation, for "
        "each G. Black dashes: G without end. Black dots: no division, the mean of the others "
        "(RLOO).",
    },
    "caption.lengths": {
        "tr": "Uzun: ilk sözcükten sonra bir sözcük daha. Çizgi: tohumların ortalaması; bant: "
        "ortadaki %80.",
        "en": "Long: the first word is followed by another. Line: mean of the seeds; band: middle "
        "80%.",
    },
    "way.trained": {"tr": "eğitilen LoRA", "en": "trained LoRA"},
    "way.per_channel": {"tr": "satır başına ölçek", "en": "one scale per channel"},
    "way.per_tensor": {"tr": "tek ölçek", "en": "one scale per tensor"},
    "way.truncated": {"tr": "tam ΔW'nin SVD'si", "en": "SVD of the full ΔW"},
    "way.groups_of_64": {"tr": "64'lük gruplar", "en": "groups of 64"},
    "rounding.before": {"tr": "ağırlık", "en": "weight"},
    "rounding.after": {"tr": "yuvarlanmış", "en": "rounded"},
    "rounding.even": {"tr": "düzgün dağılım", "en": "even spread"},
    "clip.clipping": {"tr": "kırpma", "en": "clipping"},
    "clip.rounding": {"tr": "yuvarlama", "en": "rounding"},
    "clip.sum": {"tr": "toplam", "en": "sum"},
    "grid.symmetric": {"tr": "Simetrik", "en": "Symmetric"},
    "grid.affine": {"tr": "Sıfır noktalı", "en": "With a zero point"},
    "label.exact": {"tr": "kesin değer", "en": "exact value"},
    "label.theory": {"tr": "kuram", "en": "theory"},
    "label.estimate": {"tr": "ortanca ve %80", "en": "median and 80%"},
    "label.one": {"tr": "tek bir deneme", "en": "a single try"},
    "setting.helpful": {"tr": "yardımsever", "en": "helpful"},
    "setting.harmful": {"tr": "zararlı", "en": "harmful"},
    "setting.neutral": {"tr": "nötr", "en": "neutral"},
    "setting.recipe": {"tr": "tarif", "en": "recipe"},
    "setting.passes": {"tr": "geçiş", "en": "passes"},
    "setting.bits": {"tr": "bit", "en": "bits"},
    "setting.threshold": {"tr": "eşik", "en": "threshold"},
    "label.frontier": {"tr": "kesin sınır", "en": "exact frontier"},
    "policy.before": {"tr": "Önce", "en": "Before"},
    "policy.after": {"tr": "Sonra", "en": "After"},
    "policy.quantized": {"tr": "Nicemlenmiş", "en": "Quantized"},
    "policy.optimal": {"tr": "En iyi (kesin)", "en": "Optimal (exact)"},
    "policy.keyword": {"tr": "Anahtar sözcük ödülü", "en": "Keyword reward"},
    "policy.judged": {"tr": "Yargıç ödülü", "en": "Judged reward"},
    "policy.unclipped": {"tr": "Kırpmadan", "en": "Without a clip"},
    "policy.clipped": {"tr": "Kırparak", "en": "With the clip"},
    "loop.prompt": {"tr": "1 · İstem\nx", "en": "1 · Prompt\nx"},
    "loop.sample": {"tr": "2 · Örnek\ny ~ π(y|x)", "en": "2 · Sample\ny ~ π(y|x)"},
    "loop.reward": {"tr": "3 · Ödül\nr(x, y)", "en": "3 · Reward\nr(x, y)"},
    "loop.advantage": {"tr": "4 · Avantaj\nr − beklenen", "en": "4 · Advantage\nr − expected"},
    "loop.update": {"tr": "5 · Güncelleme\nÂ ∇log π(y|x)", "en": "5 · Update\nÂ ∇log π(y|x)"},
    "loop.likelier": {"tr": "{}\ndaha olası", "en": "{}\nlikelier"},
    "loop.rarer": {"tr": "{}\ndaha seyrek", "en": "{}\nrarer"},
    "loop.back": {
        "tr": "sonraki örnekleri yeni politika çeker",
        "en": "the new policy draws the next samples",
    },
    "caption.loop": {
        "tr": "Bir örneğin yolu: {}. Bir turda (rollout) böyle 256 örnek birden yola çıkar.",
        "en": "The path of one sample: {}. A rollout sends 256 of them on their way at once.",
    },
    "caption.update": {
        "tr": "Gri: önce; renkli: sonra (mavi: ortalama avantajı artı, turuncu: eksi, beyaz: hiç "
        "çekilmedi); siyah çizgiler: kırpmanın kenarları; token'ın yanında: avantajı.",
        "en": "Grey: before; in colour: after (blue: a mean advantage above 0, orange: below, "
        "white: never drawn); black lines: the clip's edges; beside each token its advantage.",
    },
    "caption.update_one": {
        "tr": "{}: oran en az {} ({}), en çok {} ({}); kenarların dışında {} token.",
        "en": "{}: ratios from {} ({}) to {} ({}); {} tokens beyond the edges.",
    },
    "title.passes": {"tr": "{}. geçişte", "en": "In pass {}"},
    "note.left_finite_step": {
        "tr": "{} = {}: {}. adımda taştı (sonsuz ya da NaN)",
        "en": "{} = {}: no longer finite from step {}",
    },
    "note.left_finite_rollout": {
        "tr": "{} = {}: {}. turda taştı (sonsuz ya da NaN)",
        "en": "{} = {}: no longer finite from rollout {}",
    },
    "alt.policies": {
        "tr": "Her istemde en olası yanıt. {}.",
        "en": "The likeliest answer to each prompt. {}.",
    },
    "alt.rewards": {
        "tr": "Her istemde en çok kazandıran token'lar: {}.",
        "en": "The tokens that earn the most at each prompt: {}.",
    },
    "caption.curves": {
        "tr": "Çizgi: {} tohumun ortalaması; bant: ortadaki %80.",
        "en": "Line: mean of {} seeds; band: middle 80%.",
    },
    "caption.curve": {"tr": "Çizgi: tek tohum.", "en": "Line: a single seed."},
    "caption.optimum": {"tr": "Kesikli: kesin en iyi.", "en": "Dashed: the exact optimum."},
    "caption.others": {"tr": "Gri: öteki değerler.", "en": "Grey: other values."},
    "caption.at_the_end": {
        "tr": "Sayılar: eğitimin sonunda.",
        "en": "Numbers: at the end.",
    },
    "caption.over_updates": {
        "tr": "Sayılar: bütün güncellemelerin ortalaması.",
        "en": "Numbers: the mean over all updates.",
    },
    "caption.at_the_end_and_over_updates": {
        "tr": "Sayılar: eğitimin sonunda; {}: bütün güncellemelerin ortalaması.",
        "en": "Numbers: at the end; {}: the mean over all updates.",
    },
    "caption.heat_map": {
        "tr": "{}: tohumların ortalaması. Satırlar: {}; sütunlar: {}. {} sütunu, yukarıdan "
        "aşağıya: {}.",
        "en": "{}, averaged over seeds. Rows: {}, columns: {}. Column {}, from top to bottom: {}.",
    },
    "alt.thresholds": {
        "tr": "{} bit, eşik en büyük ağırlığın {} katı: gri zemindeki {} ağırlık kırpılır ("
        "{} ağırlıktan). Hatanın gücü: kırpmanınki {}; yuvarlamanınki {}; toplam {}. En küçük "
        "toplam (yıldız) {} katında: {}; eşik en büyük ağırlıkken: {}.",
        "en": "{} bits, threshold at {} of the largest weight: {} of {} weights, on grey, are "
        "clipped. Power of the error: {} from clipping, {} from rounding, {} in all. The least sum "
        "(the star), at {}, is {}; with the threshold at the largest weight it is {}.",
    },
    "alt.grid": {
        "tr": "{}: {} değerin {} tanesi kullanılır; ızgara adımı Δ = {}; SNR {} dB.",
        "en": "{}: of {} values {} are in use, step Δ = {}, SNR {} dB.",
    },
    "caption.frontier": {
        "tr": "Kesikli: her KL'de ulaşılabilecek en büyük ödül. Boş kareler: her tasmanın kesin en "
        "iyisi. Dolu işaretler: eğitimin vardığı yerler, tohumların ortalaması; çubuklar: ortadaki "
        "%80. Sayılar dolu işaretlerindir.",
        "en": "Dashed: the largest reward possible at each KL. Hollow squares: the exact optimum "
        "of each leash. Filled marks: where training ended, mean of the seeds; bars: the middle "
        "80%. The numbers are those of the filled marks.",
    },
    "caption.policies": {
        "tr": "Her hücre: bir yanıtın olasılığı; yüzde olarak, yuvarlanmış.",
        "en": "Each cell: the probability of an answer in per cent, rounded.",
    },
    "caption.answers": {
        "tr": "“{}” isteminde her yanıtın olasılığı; çubukların üstünde yüzde olarak.",
        "en": "How likely each answer to “{}” is; the numbers above the bars are per cent.",
    },
    "row.likeliest": {"tr": "en olası yanıt", "en": "likeliest answer"},
    "caption.rewards": {
        "tr": "Her hücre: bir yanıtın ödülü. Mor kazandırır, kahverengi kaybettirir, beyaz "
        "sıfırdır.",
        "en": "Each cell: the reward of an answer. Purple earns, brown costs, white is zero.",
    },
    "caption.tradeoff": {
        "tr": "Kesikli: her KL'de ulaşılabilecek en büyük ödül. İşaretler: her tasmanın kesin en "
        "iyi politikası.",
        "en": "Dashed: the largest reward possible at each KL. Marks: the exact optimum of each "
        "leash.",
    },
    "caption.closing_in": {
        "tr": "Siyah kesikli: kesin değer; mavi: denemelerin ortancası; bant: ortadaki %80. "
        "Sayılar: bandın uçları.",
        "en": "Black dashes: the exact value; blue: median of the tries; band: middle 80%. "
        "Numbers: ends of the band.",
    },
    "head.samples": {"tr": "{} örnekle", "en": "with {} samples"},
    "caption.plane": {
        "tr": "Nokta: istem; ok: token (öğretilmeyenler gri). Her istem, kendi yönünde en uzağa "
        "varan token'ı seçer:\n{}.",
        "en": "Point: prompt; arrow: token, grey if untaught. Each prompt prefers the token that "
        "reaches furthest in its direction:\n{}.",
    },
    "caption.against": {
        "tr": "Çizgi: ortalama; bant: ortadaki %80.",
        "en": "Line: mean; band: the middle 80%.",
    },
    "caption.dashed": {"tr": " Kesikli: {}.", "en": " Dashed: {}."},
    "caption.rounding": {
        "tr": "Solda ilk {} ağırlık ve yuvarlandıkları değerler, altta ızgara. Sağda bütün "
        "ağırlıkların hatası.\n{} bit, {} değer, ızgara adımı Δ = {}. En büyük hata: {} Δ.\n"
        "Hatanın gücü, Δ²/12'nin {} katı.",
        "en": "Left: the first {} weights and what they are rounded to, below them the grid. "
        "Right: the errors of all weights.\n{} bits, {} values, step Δ = {}. The largest error is "
        "{} Δ.\nThe power of the error is {} times Δ²/12.",
    },
    "caption.surrogate": {
        "tr": "Kalın: min(ρ Â, clip(ρ) Â); kesikli: ρ Â; gri: kırpma aralığı, {0} ile {1} arası. "
        "Avantaj +1 iken oran {1} değerini geçince, −1 iken {0} değerinin altına inince amaç "
        "düzleşir.",
        "en": "Thick: min(ρ Â, clip(ρ) Â); dashed: ρ Â; grey: the clip range, from {0} to {1}. "
        "With advantage +1 the surrogate is flat once the ratio passes {1}, with −1 once it falls "
        "below {0}.",
    },
    "caption.ratios": {
        "tr": "Çubuklar: oranı oraya düşen örnekler. Kesikli: kırpma aralığının uçları, {} ve {}.",
        "en": "Bars: how many samples have such a ratio. Dashed: the ends of the clip range, {} "
        "and {}.",
    },
    "row.outside": {"tr": "aralığın dışındaki pay", "en": "share outside the range"},
    "row.unseen": {"tr": "resmin dışındaki pay", "en": "share beyond the axis"},
    "verdict.goal": {"tr": "TV (π*)", "en": "TV to π*"},
    "verdict.own": {"tr": "TV (kendi)", "en": "TV to own"},
    "bench.title": {
        "tr": "Süre, {} başına: {} turun ortancaları ve çeyrekleri",
        "en": "Time per {}: medians and quartiles of {} rounds",
    },
    "bench.quartiles": {"tr": "çeyrekler", "en": "quartiles"},
    "bench.wall": {"tr": "duvar saati", "en": "wall"},
    "bench.ratio": {"tr": "oran", "en": "ratio"},
    "bench.together": {"tr": "bir ölçümde", "en": "timed together"},
    "bench.again": {"tr": "{} (yine)", "en": "{} (again)"},
    "bench.slower": {"tr": "daha yavaş", "en": "slower"},
    "bench.faster": {"tr": "daha hızlı", "en": "faster"},
    "bench.cannot tell": {"tr": "ayırt edilemiyor", "en": "cannot tell"},
    "unit.call": {"tr": "çağrı", "en": "call"},
    "class.environment": {"tr": "Ders 1 · Ortam", "en": "Lesson 1 · The environment"},
    "class.lora": {"tr": "Ders 2 · LoRA-SFT", "en": "Lesson 2 · LoRA-SFT"},
    "class.ppo": {"tr": "Ders 3 · PPO", "en": "Lesson 3 · PPO"},
    "class.dpo": {"tr": "Ders 4 · DPO", "en": "Lesson 4 · DPO"},
    "class.quantization": {"tr": "Ders 5 · Nicemleme", "en": "Lesson 5 · Quantization"},
    "class.lab": {"tr": "Ders 6 · Bozuk laboratuvar", "en": "Lesson 6 · The broken lab"},
    "class.frontier": {"tr": "Ders 7 · Tek sınır", "en": "Lesson 7 · One frontier"},
    "class.real": {"tr": "Ders 8 · Gerçek model", "en": "Lesson 8 · A real model"},
    "class.title": {"tr": "{} · Sınıf ne yaptı?", "en": "{} · How the class did"},
    "class.counts": {
        "tr": "Tablodaki öğrenci: {}. Tabloya girmeyen dosya: {}.",
        "en": "Learners in the table: {}. Files set aside: {}.",
    },
    "class.written": {"tr": "Yazıldı: {}", "en": "Written: {}"},
    "class.table": {"tr": "Kim ne yaptı?", "en": "Who did what"},
    "class.learner": {"tr": "Öğrenci", "en": "Learner"},
    "class.passed": {"tr": "doğru", "en": "passed"},
    "class.tried": {"tr": "denendi", "en": "tried"},
    "class.unwritten": {"tr": "yazılmadı", "en": "not written"},
    "class.signs": {
        "tr": "✓ doğru; ✗ denendi, henüz doğru değil; – yazılmadı. Yanındaki sayı: kaç deneme.",
        "en": "✓ passed; ✗ tried, not passed yet; – not written. The number beside it: how many "
        "tries.",
    },
    "class.states": {
        "tr": "{}: {} doğru, {} denendi, {} yazılmadı.",
        "en": "{}: {} passed, {} tried, {} not written.",
    },
    "class.cell": {"tr": "{}; deneme: {}", "en": "{}; tries: {}"},
    "class.tries": {"tr": "{} (deneme)", "en": "{} (tries)"},
    "class.passed_count": {"tr": "Doğru alıştırma", "en": "Exercises passed"},
    "class.passed_by": {"tr": "Doğru yapan", "en": "Passed by"},
    "class.made": {"tr": "Yazılan tahmin", "en": "Predictions made"},
    "class.right": {"tr": "Tutan tahmin", "en": "Predictions that came true"},
    "class.mistakes": {"tr": "En sık yapılan yanlışlar", "en": "The most common mistakes"},
    "class.no_mistakes": {"tr": "Yanlış yapan yok.", "en": "Nobody met a mistake."},
    "class.learners": {"tr": "Kaç öğrenci", "en": "Learners"},
    "class.times": {"tr": "Kaç kez", "en": "Times"},
    "class.exercise": {"tr": "Alıştırma", "en": "Exercise"},
    "class.said": {"tr": "Öğrencinin okuduğu", "en": "What the learner read"},
    "class.predictions": {
        "tr": "En çok şaşırtan tahminler",
        "en": "The predictions that surprised most",
    },
    "class.no_surprises": {
        "tr": "Tutmayan bir tahmin yok.",
        "en": "No prediction turned out wrong.",
    },
    "class.wrong": {"tr": "Kaç öğrenci yanıldı", "en": "Wrong"},
    "class.predicted": {"tr": "Kaç öğrenci tahmin yazdı", "en": "Predicted by"},
    "class.about": {"tr": "Tahmin", "en": "Prediction"},
    "class.aside": {"tr": "Tabloya girmeyen dosyalar", "en": "Files set aside"},
    "class.no_aside": {"tr": "Yok: bütün dosyalar tabloda.", "en": "None: all are in the table."},
    "class.file": {"tr": "Dosya", "en": "File"},
    "class.why": {"tr": "Neden", "en": "Why"},
    "class.empty": {
        "tr": "Dosya boş. Öğrenciden yeniden isteyin.",
        "en": "The file is empty. Ask the learner for it again.",
    },
    "class.broken": {
        "tr": "Not defteri olarak okunamıyor: bozuk, ya da içinde başka bir şey var. Öğrenciden "
        ".ipynb dosyasını yeniden isteyin.",
        "en": "It cannot be read as a notebook: it is broken, or holds something else. Ask the "
        "learner for the .ipynb file again.",
    },
    "class.cells": {
        "tr": "Not defterinde hiç hücre yok. Öğrenciden yeniden isteyin.",
        "en": "The notebook has no cells. Ask the learner for it again.",
    },
    "class.renamed": {
        "tr": "Bu bir not defteri, ama adı değişmiş. {} yapın, komutu yeniden çalıştırın.",
        "en": "This is a notebook, but it was renamed. Call it {} and run the command again.",
    },
    "class.nameless": {
        "tr": "Kimin olduğu belli değil. Dosyanın adına öğrencinin adını ekleyin ya da dosyayı "
        "onun adını taşıyan bir klasöre koyun.",
        "en": "Nobody knows whose it is. Add the learner's name to the file's, or put it into a "
        "folder of that name.",
    },
    "class.unrun": {
        "tr": "Özet yok: dersin sonundaki özet hücresi çalıştırılmamış ya da not defteri ondan "
        "sonra kaydedilmemiş. Öğrenci o hücreyi çalıştırsın, kaydedip yeniden göndersin.",
        "en": "It holds no summary: the summary cell at the end of the lesson was not run, or the "
        "notebook was not saved after it. Let the learner run that cell, save and hand in again.",
    },
    "class.behind": {
        "tr": "Özeti eksik: denetimler ondan fazlasını söylüyor. Öğrenci bütün hücreleri baştan "
        "çalıştırsın, özet hücresi de onlarla çalışır; sonra kaydedip göndersin.",
        "en": "Its summary is incomplete: the checks say more than it does. Let the learner run "
        "all the cells, with them the summary, then save and hand in again.",
    },
    "class.unreadable": {
        "tr": "Özeti okunamıyor: sonradan değiştirilmiş ya da toycore'un başka bir sürümünden. "
        "Öğrenci özet hücresini yeniden çalıştırsın, kaydedip göndersin.",
        "en": "Its summary cannot be read: it was changed, or comes from another version of "
        "toycore. Let the learner run the summary cell again, save and hand in.",
    },
    "class.other": {
        "tr": "Başka bir dersin not defteri: {}.",
        "en": "It is the notebook of another lesson: {}.",
    },
    "class.twice": {
        "tr": "Aynı öğrencinin ikinci dosyası. Sayılan: {}. Onu kaldırırsanız bu sayılır.",
        "en": "The same learner's second file. The one that counts: {}. Remove that, and this one "
        "counts.",
    },
    "class.same": {
        "tr": "Baştan sona şu dosyanın aynısı: {}. Aynı çalışma bir kez sayılır; onu kaldırırsanız "
        "bu sayılır.",
        "en": "Byte for byte the same as {}. The same work counts once; remove that, and this one "
        "counts.",
    },
}


def text(key: str, language: str) -> str:
    """One phrase of the course, in the language asked for; ValueError if there is none."""
    if key not in TEXT:
        kind, _, name = key.partition(".")
        known = (other.partition(".")[2] for other in TEXT if other.startswith(f"{kind}."))
        told = Phrase(f"kind.{kind}") if f"kind.{kind}" in ERRORS else kind
        raise ValueError(say("no_word", kind=told, name=repr(name), known=", ".join(known)))
    return TEXT[key][check(language)]


def word(kind: str, name: str, language: str) -> str:
    """What a figure calls something that has a name in code; that name if there is no other."""
    return text(f"{kind}.{name}", language) if f"{kind}.{name}" in TEXT else name


def number(value: float, language: str) -> str:
    """A measured number for prose and figures: 0.0512, −1 and 10,000; in Turkish 0,0512, 10.000."""
    if not math.isfinite(value):
        return "—"
    # z: what rounds to zero has no sign, which would be that of the processor's last digit
    style = "z,.0f" if 1000 <= abs(value) < 1e7 else "z.4g"
    return _signs(f"{round(float(value), 4):{style}}", language)


def fixed(value: float, language: str) -> str:
    """A measured number, always with two decimals: for the cells of a table."""
    return _signs(f"{value:z.2f}", language) if math.isfinite(value) else "—"


def signed(value: float, language: str) -> str:
    """The same with its sign, even if that is a plus."""
    told = number(value, language)
    return told if value <= 0 or told == "0" else f"+{told}"


def setting(value: float, language: str) -> str:
    """The value of a setting, exactly as it was chosen: 0.00001 does not become 0."""
    return _signs(f"{float(value):,.12g}", language)


def _signs(plain: str, language: str) -> str:
    plain, swapped = plain.replace("-", "−"), str.maketrans(".,", ",.")
    return plain.translate(swapped) if check(language) == "tr" else plain
