"""The words that the build puts around the lessons, in both languages.

What a notebook says while it runs is in toycore/language.py.
"""

WORDS = {
    "en": {
        # in the notebooks, their bundles and the teacher's guide
        "open": "Open in {}",
        "upload": "To run this lesson in Colab or Kaggle, upload its one-file version, `{}`; "
        "the README says how to make it.",
        "alone": "This file runs on its own, without a network. Colab: *File → Upload notebook*. "
        "Kaggle: *File → Import Notebook*.",
        "package": "the course's package; run it, no need to read it",
        "quiz": "Check yourself",
        "solution": "Solution",
        "predict": "Predict",
        "letter": "your letter in place of the ?",
        "why": "Why?",
        "picture": "Picture",
        # in nbgrader's assignments
        "points": "**Points.** An exercise earns as many points as it has dots (●). Predictions earn {predictions} and the "
        "questions at the end {quiz}: for having answered, not for being right.",
        "chosen": "your letters in place of the question marks, in the order of the questions",
        # on the website
        "course": "LoRA, PPO, DPO, INT8",
        "home": "The course",
        "contents": "Contents",
        "switch": "Türkçe",
        "theme": "Dark or light",
        "download": "Download the notebook",
        "bundle": "Upload to Colab or Kaggle: one file",
        "previous": "Previous",
        "next": "Next",
        "minutes": "minutes",
        "sliders": "sliders",
        "slider": "slider",
        "map": "The map of the course",
        "choose": "Your prediction",
        "see": "See what happens",
        "enlarge": "Enlarge",
        "exercises": "Exercises",
        "elsewhere": '<p>Nothing runs on this page. Open the <a href="{}" download>notebook</a> in Jupyter, or upload its '
        "one-file version, linked at the top, to Colab or Kaggle: there you put your answer in place of "
        "<code>...</code>, and a check names the mistake. Hints and solutions unfold here, too.</p>",
        "skip": "Skip to the text",
        "claim": "See how language models are taught, rewarded and shrunk, where every answer is known exactly.",
        "intro": "The language model here is a toy: 6 prompts, 11 tokens, one step. So every expected value can be "
        "computed exactly, the best policy is known in closed form, and where PPO and DPO train, a dashed line shows "
        "where reward and KL ought to end up. You predict, move a slider, and check against the exact answer.",
        "hero": "A leash (a KL penalty) for a policy: <code>kl_beta</code> weighs reward against the distance to the start. "
        "Move it: the dashed line is the exact optimum. The reward reaches it on every leash; the shorter the leash, "
        "the closer the KL comes to it.",
        "footer": "Code: MIT. Text: CC BY 4.0. No trackers, no cookies, nothing loaded from elsewhere.",
        "offline": "Scripts are off: the sliders stand still and formulas appear as TeX.",
    },
    "tr": {
        # in the notebooks, their bundles and the teacher's guide
        "open": "{}'da aç",
        "upload": "Bu dersi Colab'da ya da Kaggle'da çalıştırmak için tek dosyalık hâlini yükle: "
        "`{}`. Nasıl üretildiği README'de.",
        "alone": "Bu dosya tek başına, ağ olmadan çalışır. Colab: *Dosya → Not defteri yükle*. "
        "Kaggle: *File → Import Notebook*.",
        "package": "dersin paketi; çalıştır, okuman gerekmez",
        "quiz": "Kendini sına",
        "solution": "Çözüm",
        "predict": "Tahmin et",
        "letter": "soru işaretinin yerine harfini yaz",
        "why": "Neden?",
        "picture": "Resim",
        # in nbgrader's assignments
        "points": "**Puanlar.** Her alıştırma, noktası (●) kadar puan getirir. Tahminler toplam {predictions} puandır; sondaki sorular {quiz} puan. "
        "Bunlarda doğru olmaları gerekmez; yazılmış olmaları yeter.",
        "chosen": "soru işaretlerinin yerine harflerin, soruların sırasıyla",
        # on the website
        "course": "LoRA, PPO, DPO, INT8",
        "home": "Dersler",
        "contents": "İçindekiler",
        "switch": "English",
        "theme": "Koyu ya da açık",
        "download": "Defteri indir",
        "bundle": "Colab ya da Kaggle'a yüklemek için: tek dosya",
        "previous": "Önceki",
        "next": "Sonraki",
        "minutes": "dakika",
        "sliders": "sürgü",
        "slider": "sürgü",
        "map": "Derslerin haritası",
        "choose": "Senin tahminin",
        "see": "Ne olduğunu gör",
        "enlarge": "Büyüt",
        "exercises": "Alıştırmalar",
        "elsewhere": '<p>Bu sayfada hiçbir şey çalışmaz. <a href="{}" download>Defteri</a> Jupyter\'de aç ya da yukarıda '
        "bağlantısı olan tek dosyalık hâlini Colab'a veya Kaggle'a yükle: yanıtını <code>...</code> yerine "
        "orada yazarsın, denetim de hatanın adını söyler. İpuçları ve çözümler burada da açılır.</p>",
        "skip": "Metne geç",
        "claim": "Dil modelleri nasıl eğitilir, ödüllendirilir, küçültülür? Her yanıtın kesin olarak bilindiği bir oyuncakta görün.",
        "intro": "Buradaki dil modeli bir oyuncaktır: 6 istem, 11 token, tek adım. Bu yüzden her beklenen değer "
        "sayılarak bulunur, en iyi politika kapalı biçimde bilinir; PPO ile DPO eğitilirken ödülle KL'nin varması "
        "gereken yeri kesikli bir çizgi gösterir. Tahmin eder, sürgüyü oynatır ve kesin yanıtla karşılaştırırsınız.",
        "hero": "Politikaya bir tasma (KL cezası): <code>kl_beta</code>, ödülü başlangıca olan uzaklıkla dengeler. "
        "Oynatın: kesikli çizgi kesin en iyidir. Ödül her tasmayla ona varır, KL ise tasma kısaldıkça ona daha çok yaklaşır.",
        "footer": "Kod: MIT. Metin: CC BY 4.0. İzleyici yok, çerez yok, başka yerden yüklenen hiçbir şey yok.",
        "offline": "Betikler kapalı: sürgüler kıpırdamaz, formüller TeX olarak görünür.",
    },
}
OTHER = {"en": "tr", "tr": "en"}
