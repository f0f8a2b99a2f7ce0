# ---
# jupyter:
#   toycore:
#     tr: teaching.tr
#     en: teaching.en
# ---

# %% [markdown] lang="tr"
# # Öğretmenin el kitabı
#
# Merhaba. Bu derslerde en değerli an, öğrencinin tahminini yazdığı andır; çalıştırmak sonra gelir. Her bölümde şu
# sırayı koruyun: **sorun, yazdırın, çalıştırın, tartışın.** Yanlış tahmin, doğru tahminden daha çok öğretir; onu
# söyleyene teşekkür edin.
#
# Gri kutulardaki sayılar ve resimlerin anlatımı derslerin kendisinden alınır: sınıfta aynısını görürsünüz. Başka
# bir sayı çıkıyorsa hücreler sırayla çalıştırılmamıştır: *Restart and run all* deyin. Yalnızca hız ölçümleri
# (ders 5) makineden makineye değişir.
#
# ## Dersten önce
#
# - Defteri kendi bilgisayarınızda baştan sona bir kez çalıştırın; bir dakikayı bulmaz. Sınıfın bilgisayarında da.
# - Slaytlar: `python notebooks/source/build.py --slides`, `dist/slides/tr/` içine her ders için tek dosya yazar. USB belleğe kopyalayıp
#   tarayıcıda açın; ağ gerekmez. Sağ ok ya da sunum kumandası ilerletir. Slaytta resim, formül, soru ve çalışan sürgüler vardır;
#   dersin metni sizin notlarınızdadır: S tuşu onları ikinci bir pencerede açar.
# - Slaytlarda soru, yanıtından önceki sayfada durur. O sayfada iki dakika bekleyin, sonra oylatın.
# - Her dersin sonunda alıştırmalar ve beş soruluk bir sınama vardır. Alıştırmanın altındaki hücre yanlışı adıyla söyler; siz önce
#   öğrenciye okutun, "nerede?" diye sorun. Çözümler ve ipuçları slaytta değil, notlardadır; sınamanın soruları slaytta yanıtsız durur, sınıf A, B, C diye oy verir.
# - Planlarda "–" o sürede atlanan bölümdür. Atlanan bölümün son cümlesini söyleyip geçin; sonraki bölümler onu bilmeden de anlaşılır.
#
# ## Dersten sonra: kim nerede takıldı?
#
# - Her dersin sonundaki özet hücresi, öğrencinin çözdüklerini, yolda düştüğü hataları ve tahminlerini gösterir. Ders biterken herkes onu
#   çalıştırsın, defteri kaydedip size göndersin; `python -m toycore.classroom` hepsini tek tabloda toplar, en sık hatayı başa yazar.
#   Bir sonraki derse o hatayla başlayın: "Geçen derste çoğumuz şuna düştü; neden?"
# - Not verecekseniz dersleri nbgrader ödevi olarak dağıtın: dağıtmak, toplamak ve notlamak üç komuttur. Tahmin, doğru çıktığı için değil,
#   yazıldığı için puan alır; öğrenciye de bunu söyleyin, yoksa tahmin etmez, yanıtı bekler.
# - İkisi de, The Littlest JupyterHub'daki kurulumuyla birlikte, [burada](../docs/tr/grading.md) anlatılır.
#
# ## Projeksiyon, ağ ya da bilgisayar yoksa
#
# - **Projeksiyon yok:** Tahtaya iki istemli, üç token'lı bir tablo çizin (satırların toplamı 1). Derslerin çoğu bu tabloyla anlatılabilir:
#   ödül satırın altına yazılır, KL elle hesaplanır, $\pi^*$ iki çarpma bir bölmedir. Kesikli çizgiyi de tahtaya çizin; öğrenciler
#   eğrilerini ona göre okusun.
# - **Ağ yok:** Hiçbir ders ağ istemez. Kurulum için ya bilgisayarları evde hazırlatın ya da `python notebooks/source/build.py --standalone`
#   ile üretilen dosyaları (`dist/tr/`) bellekle dağıtın; Jupyter ile torch kurulu olan her yerde tek başına çalışırlar.
# - **Üç kişiye bir bilgisayar:** Roller verin: biri **kâhin** (tahmini kâğıda yazar), biri **pilot** (klavyede), biri **yargıç**
#   (sonucu kâğıtla karşılaştırır, nedenini söyler). Her bölümde dönsünler. Kâhin yazmadan pilot çalıştırmaz.
# - **Bilgisayar hiç yok:** Tahminleri el kaldırarak toplayın, sonra bu kitaptaki kutuyu tahtaya yazın. Ders yine yürür.

# %% [markdown] lang="en"
# # The teacher's guide
#
# Welcome. The most valuable moment in these lessons is the one in which a learner writes down a prediction; running the cell comes after that.
# Keep this order in every section: **ask, have them write, run, discuss.** A wrong prediction teaches more than a right one; thank whoever
# shares one aloud.
#
# The numbers in the grey boxes and the descriptions of pictures are taken from the lessons themselves: your class will see the same. If a
# different number comes up, the cells were run out of order: *Restart and run all*. Only timings (lesson 5) differ between machines.
#
# ## Before the lesson
#
# - Run the notebook once from top to bottom on your own computer; it takes less than a minute. Then do the same on a classroom computer.
# - Slides: `python notebooks/source/build.py --slides` writes one file per lesson into `dist/slides/en/`. Put it on a USB stick and open it in
#   a browser; no network is needed. The right arrow key or a presenter's remote moves on. The slides show pictures, formulas, questions and
#   working sliders; the lesson's text is in your notes: press S, and a second window shows them.
# - On the slides a question comes on the page before its answer. Stay on that page for two minutes, then take a vote.
# - Every lesson ends with exercises and a quiz of five questions. The cell under an exercise names the mistake; have the learner read it out
#   first, and ask "where?". Solutions and hints are in the notes, not on the slides; the quiz questions are there without answers, and the
#   class votes A, B or C.
# - In the plans, "–" marks a section that is left out. Say its last sentence and go on; what follows can be understood without the section.
#
# ## After the lesson: who is stuck where?
#
# - The summary cell at the end of each lesson shows what a learner solved, the mistakes met on the way, and the predictions. When time is up, have
#   everyone run it, save the notebook and send it to you; `python -m toycore.classroom` makes one table of them all, with the commonest mistake at
#   the top. Begin the next lesson with that one: "Most of us fell into this last time; why?"
# - If you give marks, hand the lessons out as nbgrader's assignments: giving out, collecting and grading are three commands. A prediction earns its
#   points for having been written, not for coming true. Say so to the class; otherwise they will not predict, but wait for the answer.
# - Both ways, and how to set them up on The Littlest JupyterHub, are [described here](../docs/grading.md).
#
# ## Without a projector, a network or computers
#
# - **No projector:** Draw a table of two prompts and three tokens on the board (rows sum to 1). Most of the lessons can be taught with it: the
#   reward goes under the row, the KL is worked out by hand, $\pi^*$ is two products and a division. Draw the dashed line as well, and let
#   learners read their curves against it.
# - **No network:** No lesson needs one. Have the computers set up at home, or hand out the files that
#   `python notebooks/source/build.py --standalone` makes (`dist/en/`) on a USB stick; they run on their own wherever Jupyter and torch are
#   installed.
# - **One laptop for three:** Give out roles: the **oracle** writes the prediction on paper, the **pilot** has the keyboard, the **judge**
#   compares the result with the paper and says why. Rotate with every section. The pilot runs nothing before the oracle has written something
#   down.
# - **No computer at all:** Take predictions by a show of hands, then copy this guide's box onto the board. The lesson still works.

# %% [markdown] lang="tr"
# ## {{01_environment}}
#
# Bu dersten tek cümle kalsın: **bir politika bir tablodur ve üzerindeki her soru bir toplamla yanıtlanır.**
#
# | § | 45 | 90 | Nasıl |
# | --- | --- | --- | --- |
# | Açılış | 3 | 5 | "Bir modelin öğrendiğini nereden anlarsınız?" Yanıtları tahtada bırakın, ders sonunda dönün |
# | 1 | 4 | 5 | Yalnızca haritayı gösterin; kısaltmaları ezberletmeyin |
# | 2 | 5 | 8 | Ödül tablosunu yansıtın; satırların aynı olduğunu onlar bulsun |
# | 3 | 6 | 12 | Kısa planda hücreleri siz çalıştırın |
# | 4 | 8 | 15 | Dersin kalbi: üç sayıyı bir satır için elle hesaplatın |
# | 5 | 6 | 12 | Uzun planda her grup kendi tohumunu seçsin, sonuçları tahtada toplayın |
# | 6 | 8 | 13 | Sürgüyü bir öğrenci oynatsın, sınıf yön söylesin |
# | 7 | – | 8 | Kısa planda ödev |
# | Alıştırmalar, kapanış | 5 | 12 | Kısa planda: "beklenen ödül nasıl bulunur?" sorusuna bir cümle yazdırın |
#
# ### Ne sorulur, ne beklenir
#
# - **Bölüm 2.** "Bu ödül istemi okuyor mu?" Hayır: bütün satırlar aynı. Ders 3'te bedelini göreceklerini söyleyin.
# - **Bölüm 3.** "Hiç eğitilmemiş modelin olasılıkları neye benzer?" Hepsi 1/11 dolayında. "Sıfır" diyen, olasılıkla bilgiyi karıştırıyor.
#
#   {{softmax.printed}}
# - **Bölüm 4.** "KL'de iki politikanın yerini değiştirsek?" Sayı değişir: {{kl_swapped ~ KL\(pi, ref\) (\S+)}} yerine {{kl_swapped ~ KL\(ref, pi\) (\S+)}}.
#
#   {{exact}}
# - **Bölüm 5.** "10 örnekle ne kadar yanılırız?" Çok: 200 denemenin {{spreads ~ 200 denemenin (\d+)}} tanesinde KL eksi bile çıkar. Sonraki soru: "Onda bir hata için kaç kat örnek?" Yüz kat.
#
#   {{spreads}}
# - **Bölüm 6.** "10.000 rastgele politikanın en iyisi formülü geçer mi?" Yanına bile yaklaşamaz: {{rivals ~ en iyisi: (\S+)}} ile {{rivals ~ biçim: ([\d.]+\d)}}. "$\beta$ küçülünce ne kaybolur?" Önce zararlı, sonra nötr token'lar.
#
#   {{frontier}}
# - **Bölüm 7.** "Bütün ödülleri eşit yaparsak?" Hiçbir şey değişmez: farklar belirler.

# %% [markdown] lang="en"
# ## {{01_environment}}
#
# The sentence to remember: **a policy is a table, and every question about it is answered by a sum.**
#
# | § | 45 | 90 | How |
# | --- | --- | --- | --- |
# | Opening | 3 | 5 | "How do you tell that a model has learned?" Leave the answers on the board and return to them at the end |
# | 1 | 4 | 5 | Just show the map; nobody needs to learn the abbreviations |
# | 2 | 5 | 8 | Project the reward table; let them notice that all rows are alike |
# | 3 | 6 | 12 | In the short plan, run the cells yourself |
# | 4 | 8 | 15 | The heart of the lesson: have the three numbers worked out by hand for one row |
# | 5 | 6 | 12 | In the long plan each group takes a seed of its own; collect the results on the board |
# | 6 | 8 | 13 | One learner moves the slider, the class calls the direction |
# | 7 | – | 8 | Homework in the short plan |
# | Exercises, closing | 5 | 12 | Short plan: one written sentence on "how is the expected reward found?" |
#
# ### What to ask, what to expect
#
# - **Section 2.** "Does this reward read the prompt?" No: all rows are alike. Tell them that lesson 3 shows what that costs.
# - **Section 3.** "What do the probabilities of an untrained model look like?" All near 1/11. A learner who says "zero" is confusing probability with knowledge.
#
#   {{softmax.printed}}
# - **Section 4.** "And if we swap the two policies in the KL?" The number changes: {{kl_swapped ~ KL\(pi, ref\) (\S+)}} becomes {{kl_swapped ~ KL\(ref, pi\) (\S+)}}.
#
#   {{exact}}
# - **Section 5.** "How far off are we with 10 samples?" Far: in {{spreads ~ (\d+) of 200}} of 200 tries the KL even comes out negative. Next question: "How many times as many samples for a tenth of the error?" A hundred times.
#
#   {{spreads}}
# - **Section 6.** "Will the best of 10,000 random policies beat the formula?" It does not come close: {{rivals ~ policies: (\S+)}} against {{rivals ~ form: ([\d.]+\d)}}. "What vanishes as $\beta$ gets small?" First the harmful, then the neutral tokens.
#
#   {{frontier}}
# - **Section 7.** "And if all rewards are equal?" Nothing changes: differences decide.

# %% [markdown] lang="tr"
# ### Bunu görürseniz
#
# | Belirti | Nedeni |
# | --- | --- |
# | KL eksi çıktı | Sayarak buldu ise oranı ters yazdı ya da işareti unuttu; örnekle buldu ise olağandır, örneği az |
# | Üç sayı da 11 kat küçük | `sum` yerine `mean`: token ekseninde ortalama değil, $\pi$ ile ağırlıklı toplam alınır |
# | Entropi eksi | Baştaki eksi unutulmuş |
# | Satırların değil, sütunların toplamı 1 | Softmax yanlış eksende: `-1` ekseni token'dır |
# | $\pi^*$ her istemde aynı satır | Referansla çarpmayı unuttu: yalnızca $e^{r/\beta}$ kalmış |
# | $\beta$ artınca ödül de arttı | $r/\beta$ yerine $r\beta$ yazdı |

# %% [markdown] lang="en"
# ### If a learner shows you this
#
# | You see | What went wrong |
# | --- | --- |
# | A negative KL | If counted: the ratio is upside down or a sign is lost; if sampled: nothing, it happens with few samples |
# | All three numbers 11 times too small | `mean` instead of `sum`: over tokens it should be a sum weighted by $\pi$, not an average |
# | A negative entropy | Forgot the minus sign in front |
# | Columns sum to 1 instead of rows | Softmax over the wrong axis: `-1` is the token axis |
# | $\pi^*$ is the same row at every prompt | Did not multiply by the reference: only $e^{r/\beta}$ is left |
# | More $\beta$ gives more reward | Wrote $r\beta$ instead of $r/\beta$ |

# %% [markdown] lang="tr"
# ## {{02_lora_sft}}
#
# Kalacak cümle: **LoRA başlangıçta hiçbir şeyi değiştirmez; rank, kaç ayrı yönde düzeltme yapılabileceğidir.**
#
# | § | 45 | 90 | Nasıl |
# | --- | --- | --- | --- |
# | Açılış | 2 | 3 | Ders 1'in cümlesini bir öğrenciye söyletin |
# | 1 | 4 | 6 | $\log 11$ sayısını hesap makinesiyle buldurun |
# | 2 | 6 | 9 | Matrisleri tahtaya dikdörtgen olarak çizin, boylarını yazın |
# | 3 | 6 | 9 | "Hatayı bul" için önce sessiz bir dakika |
# | 4 | 4 | 7 | Yüzdeyi sınıfa tahmin ettirin |
# | 5 | 4 | 6 | Dört satırlık döngüyü satır satır okutun |
# | 6 | – | 7 | Kısa planda yalnızca sonuç: $\alpha/r$, $B$'nin öğrenme oranıdır; $\alpha$ sabitken aynı `lr` her ranka yeter |
# | 7 | 10 | 13 | Dersin kalbi; sürgüye geçmeden herkes bir rank yazsın |
# | 8 | – | 11 | Kısa planda atlayın; SVD bilmeyen sınıfta uzun planda da yalnızca resmi gösterin |
# | 9 | – | 3 | Tek hücre |
# | 10 | 5 | 7 | Ders 3'e köprü: "denenmeyen yanıt öğrenilmez" |
# | Alıştırmalar, kapanış | 4 | 9 | Uzun planda bir alıştırma, gerisi eve |
#
# ### Ne sorulur, ne beklenir
#
# - **Bölüm 1.** "Hiçbir şey bilmeyen modelin kaybı?" $\log 11$, yani {{first_loss ~ log 11 = (\S+)}}; bizimki {{first_loss ~ paketle ([\d.]+\d)}}. "1" ya da "sıfır" diyenlere sorun: kayıp sıfırsa ne bilir?
# - **Bölüm 3.** "$B = 0$ iken iki matrise de gradyan gelir mi?" Yalnızca $B$'ye.
#
#   {{first_gradient}}
# - **Bölüm 3, hatayı bul.** "İkisi de rastgele olsa ne bozulur?" Kayıp yine düşer! Bozulan, başlangıcın sandığımız model olmasıdır.
#
#   {{wrong_start}}
# - **Bölüm 4.** "Yüzde kaçı eğitiliyor?" Herkes küçük bir sayı söyler; yanıt yüzde {{share ~ paket: (\S+)%}}. Kazanç büyük matristedir.
#
#   {{large_models}}
# - **Bölüm 6.** "$\alpha$ bir öğrenme oranı mı?" $B$'ninki, evet; $A$'nınki, hayır. "Neden $\alpha = 2r$?" Ölçek 2 kalsın diye; ama `lr` o zaman ranka bağlanır.
#
#   {{rate_of_b}}
#
#   {{rules.picture}}
# - **Bölüm 7.** "Altı hedefe yeten en küçük rank?" "6" çok söylenir; yanıt 2'dir. Rank 1'de hemen hemen her tohumda iki yanıt kalır; düzlem resmini yelpaze diye anlatın.
#
#   {{ends}}
# - **Bölüm 8.** "En iyi kopya mı, eğitilen LoRA mı?" Eğitilen LoRA: kopya bütün sayılara, LoRA yalnızca altı yanıta bakar.
#
#   {{truncated}}
# - **Bölüm 10.** "400 adım sonra entropi?" Sıfıra yakın; mümkün olan ödül de {{over_training ~ 400 adım.*?ulaşılabilir ([\d.]+\d)}} olur.
#
#   {{over_training}}

# %% [markdown] lang="en"
# ## {{02_lora_sft}}
#
# The sentence to remember: **at the start LoRA changes nothing; the rank is the number of directions it can correct in.**
#
# | § | 45 | 90 | How |
# | --- | --- | --- | --- |
# | Opening | 2 | 3 | Have a learner repeat the sentence from lesson 1 |
# | 1 | 4 | 6 | Let them find $\log 11$ with a calculator |
# | 2 | 6 | 9 | Draw the matrices as rectangles on the board and write their sizes |
# | 3 | 6 | 9 | A silent minute before "A real bug" |
# | 4 | 4 | 7 | Let the class guess the percentage |
# | 5 | 4 | 6 | Have the four lines of the loop read aloud, one by one |
# | 6 | – | 7 | Short plan: only the result, that $\alpha/r$ is the learning rate of $B$, and that one `lr` serves every rank as long as $\alpha$ stays the same |
# | 7 | 10 | 13 | The heart of the lesson; everyone writes down a rank before the slider |
# | 8 | – | 11 | Skip it in the short plan; if nobody knows the SVD, show only the picture in the long one too |
# | 9 | – | 3 | A single cell |
# | 10 | 5 | 7 | The bridge to lesson 3: "an answer never tried is never learned" |
# | Exercises, closing | 4 | 9 | One exercise in the long plan, the rest at home |
#
# ### What to ask, what to expect
#
# - **Section 1.** "The loss of a model that knows nothing?" $\log 11$, that is {{first_loss ~ log 11 = (\S+)}}; ours has {{first_loss ~ package ([\d.]+\d)}}. If someone says "1" or "zero", ask: what would a model with a loss of zero know?
# - **Section 3.** "With $B = 0$, do both matrices get a gradient?" Only $B$ does.
#
#   {{first_gradient}}
# - **Section 3, a real bug.** "What breaks when both are random?" The loss still falls! But the start is no longer the model we believe it to be.
#
#   {{wrong_start}}
# - **Section 4.** "What percentage is trained?" Everyone names a small one; it is {{share ~ package: (\S+)%}} per cent. The gain lies in large matrices.
#
#   {{large_models}}
# - **Section 6.** "Is $\alpha$ a learning rate?" That of $B$, yes; that of $A$, no. "Why $\alpha = 2r$?" So that the scale stays at 2; but then `lr` depends on the rank.
#
#   {{rate_of_b}}
#
#   {{rules.picture}}
# - **Section 7.** "The smallest rank that is enough for six targets?" Many say "6"; it is 2. Rank 1 learns two answers with nearly every seed; describe the picture of the plane as a fan.
#
#   {{ends}}
# - **Section 8.** "The best copy, or trained LoRA?" Trained LoRA: the copy has to match all numbers, LoRA only six answers.
#
#   {{truncated}}
# - **Section 10.** "The entropy after 400 steps?" Near zero; the possible reward drops to {{over_training ~ 400 steps.*?possible ([\d.]+\d)}}.
#
#   {{over_training}}

# %% [markdown] lang="tr"
# ### Bunu görürseniz
#
# | Belirti | Nedeni |
# | --- | --- |
# | Adaptör takılınca politika değişti | $B$'yi de rastgele başlattı |
# | Kayıp hiç kıpırdamıyor | İki matris de sıfır (gradyan da sıfır) ya da `optimizer.step()` yok |
# | Rank büyüyünce eğitim hızlandı, hatta taştı | $\alpha$'yı $r$'ye bölmeyi unuttu |
# | Her rankta aynı sonuç | Rankı ayarlara yazmadı: hep varsayılan 8 ile eğitti |
# | Biçimler tutmuyor | $A$ ile $B$'nin yeri ya da devriği (`.T`) karışık: girdi önce $A$'dan geçer |
# | Kayıp 14 dolayında başlıyor | İstemlerin ortalaması yerine toplamını aldı: altı kez $\log 11$ |

# %% [markdown] lang="en"
# ### If a learner shows you this
#
# | You see | What went wrong |
# | --- | --- |
# | The policy changed when the adapter was attached | Started $B$ at random as well |
# | The loss does not move at all | Both matrices are zero (so are the gradients), or `optimizer.step()` is missing |
# | A higher rank trains faster, or blows up | Forgot to divide $\alpha$ by $r$ |
# | The same result at every rank | Never passed the rank on: it was always the default, 8 |
# | Shapes do not fit | $A$ and $B$, or their transposes (`.T`), are mixed up: the input goes through $A$ first |
# | The loss starts near 14 | Took the sum over the prompts instead of the mean: six times $\log 11$ |

# %% [markdown] lang="tr"
# ## {{03_ppo}}
#
# Kalacak cümle: **ödül eğrisi tek başına hiçbir şey kanıtlamaz; tasma token token çekmiyorsa tasma değildir.**
#
# | § | 45 | 90 | Nasıl |
# | --- | --- | --- | --- |
# | Açılış | 2 | 3 | "Yalnızca iyi/kötü diyerek birine bir şey öğretebilir misiniz?" |
# | 1 | 2 | 3 | Ders 1'i anımsatıp geçin |
# | 2 | 9 | 12 | Formülü tahtaya yazın, silmeyin; döngüyü çizdirin, duraklarının numaralarını kodda aratın |
# | 3 | 5 | 7 | "Örnekler gürültülüdür, taban çizgisi gürültüyü azaltır" |
# | 4 | 5 | 7 | "İlk geçişte oran kaçtır?" sorusunu oylatın |
# | 5 | 5 | 7 | Kırpma resmini elle çizdirin; büyüteçte geçişleri yüksek sesle saydırın |
# | 6 | – | 5 | Sürgü bir öğrencide |
# | 7 | 6 | 9 | Dersin kalbi: "hatayı bul" grup işidir |
# | 8 | – | 5 | Kısa planda atlayın; ayar tablosuna sonra dönülür |
# | 9 | 6 | 8 | Oylatın: tasmasız ne kadar uzağa gider? Sonra sürgü |
# | 10 | 2 | 4 | Resme sessizce baktırın |
# | 11 | – | 9 | En çok konuşulan bölüm: ödülü kandırma. Kısa planda ödev |
# | 12 | – | 5 | Kısa planda ödev |
# | Kapanış | 3 | 6 | Alıştırmalar ayrı bir derstir ya da evdedir |
#
# ### Ne sorulur, ne beklenir
#
# - **Bölüm 2.** "$\beta$ büyürse en iyi politika nereye gider?" Referansa. "Ödüle" diyene tasmayı elinizle gösterin: kısa tasma.
#
#   {{optima}}
# - **Bölüm 3.** "16 kat örnek hatayı kaç kat azaltır?" "16" çok söylenir; yanıt 4: $\sqrt{16}$.
#
#   {{baseline}}
# - **Bölüm 4.** "İlk geçişte $\rho$ kaç?" Tam 1, hepsi. Öyleyse kırpma tek geçişte hiç çalışmaz.
# - **Bölüm 5.** "Avantajı artı olan `evet`, kırpma yokken neden düşer?" En çok çekilen yanıt en çok itilir, olasılıkların toplamı ise 1'dir. "Oran kenarda durur mu?" Durmaz, biraz aşar.
#
#   {{clip_ratios}}
# - **Bölüm 7.** "Bütün KL'yi düşmek ne kadar çeker?" Çoğunluk "k1 kadar" der, çünkü ortalamaları aynıdır. Hiç çekmez: herkese aynı sayı, taban çizgisidir.
#
#   {{pulls}}
# - **Bölüm 9.** "Tasmasız ne kadar uzağa gider?" "Aynı yere" ya da "çok uzağa" denir; KL'si yaklaşık iki katıdır, ödülü aynı. "Öyleyse fazla KL ne işe yaradı?" Hiçbir işe.
#
#   {{ends}}
# - **Bölüm 10.** "Hangi işaret karesinin dışında kalır?" Tasmasız olan: ödülü tam, KL'si boşa.
# - **Bölüm 11.** "PPO, ret yanıtına ne yapar?" Yok eder; ödül eğrisi kusursuzken. Sınıf susarsa sorun: ödülü kim yazdı?
#
#   {{refusal}}
# - **Bölüm 12.** "Adım beş kat büyürse kırpma zararı önler mi?" Önlemez: `attained` eksiye düşer. Kırpma, aralıktan çıkmanın kazancını ortadan kaldırır; adımı sınırlamaz.
#
#   {{rates}}
# - **Bölüm 12.** "Kırpma bir tasma mıdır?" Hayır: eski politikaya bakar, o da her turda yenilenir.
#
#   {{adaptive_leash}}

# %% [markdown] lang="en"
# ## {{03_ppo}}
#
# The sentence to remember: **a reward curve proves nothing by itself; a leash that does not pull token by token is no leash at all.**
#
# | § | 45 | 90 | How |
# | --- | --- | --- | --- |
# | Opening | 2 | 3 | "Could you teach somebody by saying only good or bad?" |
# | 1 | 2 | 3 | Recall lesson 1 and go on |
# | 2 | 9 | 12 | Write the formula on the board and leave it there; let them draw the loop and find the numbers of its stations in the code |
# | 3 | 5 | 7 | "Samples are noisy, a baseline lowers the noise" |
# | 4 | 5 | 7 | Take a vote on "what is the ratio in the first pass?" |
# | 5 | 5 | 7 | Have the picture of the clip drawn by hand; count the passes aloud under the magnifying glass |
# | 6 | – | 5 | A learner moves the slider |
# | 7 | 6 | 9 | The heart of the lesson: "Find the bug" is group work |
# | 8 | – | 5 | Skip it in the short plan; the table of settings can wait |
# | 9 | 6 | 8 | Take a vote: how far does it run without a leash? Then the slider |
# | 10 | 2 | 4 | Look at the picture in silence |
# | 11 | – | 9 | The section people talk about most: tricking the reward. Homework in the short plan |
# | 12 | – | 5 | Homework in the short plan |
# | Closing | 3 | 6 | The exercises are a lesson of their own, or homework |
#
# ### What to ask, what to expect
#
# - **Section 2.** "When $\beta$ grows, where does the best policy go?" To the reference. If someone says "to the reward", show a short leash with your hands.
#
#   {{optima}}
# - **Section 3.** "With 16 times as many samples, how many times smaller is the error?" Many say "16"; it is 4: $\sqrt{16}$.
#
#   {{baseline}}
# - **Section 4.** "What is $\rho$ in the first pass?" Exactly 1, all of them. So with a single pass the clip never acts.
# - **Section 5.** "Why does `yes`, with a positive advantage, fall without a clip?" The answer drawn most often is pushed hardest, and probabilities sum to 1. "Does a ratio stop at the edge?" No, it overshoots a little.
#
#   {{clip_ratios}}
# - **Section 7.** "How hard does the leash pull if we subtract the whole KL?" Most say "like k1", since the means are the same. It does not pull at all: one number for all is a baseline.
#
#   {{pulls}}
# - **Section 9.** "How far does it run without a leash?" They say "to the same place" or "very far"; the KL is about twice as large, the reward the same. "Then what was the extra KL good for?" Nothing.
#
#   {{ends}}
# - **Section 10.** "Which mark is furthest from its square?" The one without a leash: full reward, wasted KL.
# - **Section 11.** "What does PPO do to the refusal?" It wipes it out, and the reward curve is flawless. If the class is silent, ask: who wrote the reward?
#
#   {{refusal}}
# - **Section 12.** "With a step five times as large, does the clip prevent the harm?" It does not: `attained` goes negative. The clip takes away the gain from leaving the range; it does not bound the step.
#
#   {{rates}}
# - **Section 12.** "Is the clip a leash?" No: it looks at the old policy, which is renewed in every rollout.
#
#   {{adaptive_leash}}

# %% [markdown] lang="tr"
# ### Bunu görürseniz
#
# | Belirti | Nedeni |
# | --- | --- |
# | `kl_beta` ne olursa olsun aynı eğri | Cezayı istemin bütün KL'si olarak düştü: her token'a aynı sayı, yani taban çizgisi |
# | `clip_range` hiçbir şeyi değiştirmiyor, kırpılan pay hep 0 | Tek geçiş (`epochs=1`) ya da oranı güncel politikayla hesapladı: hep 1 |
# | Ödül düşüyor | Kayıpta baştaki eksi yok ya da avantajın işareti ters |
# | Kırpma yanlış yönde de durduruyor | `min` almadan yalnızca kırpılmış terimi kullandı |
# | Kırpma kazandıranı bırakıyor, dönüşü durduruyor | `min` yerine `max` |
# | KL başta 0 değil | Referans, başlangıcın kopyası değil (adaptörü yüklenmemiş) |
# | KL her tasmada büyüyor | Tasmanın işareti ters: ceza yerine ödül |
# | Değer ağı eğitiliyor ama tahmini yanlı | Avantajı `detach` etmedi: politikanın kaybı onu da çekiyor |
# | `attained` eksi | Öğrenme oranı büyük: KL'nin bedeli kazancı aşmış |
# | Politika hep düz kalıyor | `ent_coef` büyük: amaç değişmiş, en iyi artık $\pi^*$ değil |

# %% [markdown] lang="en"
# ### If a learner shows you this
#
# | You see | What went wrong |
# | --- | --- |
# | The same curve at every `kl_beta` | Subtracted the whole KL of the prompt as the penalty: the same number for every token, so a baseline |
# | `clip_range` changes nothing, the clipped share is always 0 | A single pass (`epochs=1`), or took the ratio to the current policy: always 1 |
# | The reward falls | The minus in front of the loss is missing, or the advantage has the wrong sign |
# | The clip stops in the wrong direction too | Used the clipped term alone, without `min` |
# | The clip lets through what pays and blocks the way back | `max` instead of `min` |
# | The KL is not 0 at the start | The reference is not a copy of the start (its adapter was not loaded) |
# | The KL grows on every leash | The leash has the wrong sign: a bonus instead of a penalty |
# | The critic is trained and yet biased | Did not `detach` the advantage: the loss of the policy pulls on it too |
# | A negative `attained` | The learning rate is large: the KL costs more than the reward gains |
# | The policy stays flat | `ent_coef` is large: the goal has changed, the optimum is no longer $\pi^*$ |

# %% [markdown] lang="tr"
# ## {{04_dpo}}
#
# Kalacak cümle: **DPO, ödülü görmeden PPO'nun zirvesine çıkar; ama veri azsa kayıp eğrisi sizi uyarmaz.**
#
# | § | 45 | 90 | Nasıl |
# | --- | --- | --- | --- |
# | Açılış | 2 | 3 | İki yanıt okuyun, sınıf hangisini seçtiğini söylesin: bir çift oldu |
# | 1 | 3 | 4 | "Altıncı istem" sözünü tahtaya yazın, geri dönülecek |
# | 2 | 10 | 13 | Türetme tahtada, adım adım; her adımdan sonra hücre |
# | 3 | 4 | 5 | Hesap makinesiyle $\ln 2$ |
# | 4 | 8 | 9 | Dersin kalbi: kusursuz kayıp, bozuk politika |
# | 5 | 3 | 6 | Kısa planda hücreleri siz çalıştırın |
# | 6 | 7 | 9 | Sürgü bir öğrencide; marj sütununu okutun |
# | 7 | – | 9 | Kısa planda: "seçilen de düşebilir, kayıp yalnızca farka bakar" |
# | 8 | – | 7 | Tahmini kâğıda yazdırın: %90 için kaç çift? |
# | 9 | – | 8 | Kısa planda atlayın |
# | 10 | 5 | 5 | İki dersin buluştuğu resim; sessizce baktırın |
# | 11 | – | 8 | Kısa planda ödev |
# | Kapanış | 3 | 4 | Alıştırmalar ayrı bir derstir ya da evdedir |
#
# ### Ne sorulur, ne beklenir
#
# - **Bölüm 2.** "$Z(x)$ nereye gitti?" Farkta birbirini götürdü; iki yanıt da aynı istemindir. "Yargıç yanılır mı?" Yardımsever ile zararlı arasında bile sekizde bir.
#
#   {{judge}}
# - **Bölüm 3.** "İlk kayıp kaç, $\beta$'ya bağlı mı?" Her $\beta$ için $\ln 2$. En ucuz sınama budur.
#
#   {{first_loss}}
# - **Bölüm 4.** "Marj büyürken seçilen hep artar mı?" Hayır. "Dokunmadığımız altıncı satır yerinde durur mu?" Durmaz: adaptör ortaktır.
#
#   {{ends}}
#
#   {{sixth_prompt}}
#
#   "Seçilen neden düşer?" Kendi çiftinin itişi tepede söner, öbür istemlerin çiftleri ortak adaptörden itmeyi sürdürür.
#
#   {{pushes}}
# - **Bölüm 6.** "Ödülü görmeyen DPO çizgilere varır mı?" Varır; yalnızca en uzun tasmada KL biraz aşar, çünkü ödüldeki yanılgı $\beta$'ya bölünür. Marj da her $\beta$'da gerçek ödül farkına oturur.
#
#   {{margins}}
# - **Bölüm 7.** "Seçilenin düşmesi eğitimin kusuru mu?" Hayır, en iyi politikada da böyledir.
#
#   {{chosen}}
# - **Bölüm 8.** "%90 için kaç çift?" Yüz diyen çoktur; on bin gerekir. Yüz çiftle politika başladığından kötüdür.
#
#   {{pairs.picture}}
#
#   "SFT terimi hep iyi midir?" Az çiftte kurtarır, çok çiftte zirveden alıkoyar.
#
#   {{sft_term}}
# - **Bölüm 9.** "Referansı atarsak nereye varırız?" Referansı düzgün dağılım olan en iyiye: SFT'nin öğrettiği silinir.
#
#   {{reference_free}}
# - **Bölüm 10.** "Aynı $\beta$, aynı nokta mı?" Evet; en uzun tasmada DPO biraz taşar.
#
#   {{between}}
# - **Bölüm 11.** "Marj nerede durur?" Sigmoid ile durmaz, IPO ile 1/2'de.
#
#   {{losses}}

# %% [markdown] lang="en"
# ## {{04_dpo}}
#
# The sentence to remember: **without seeing the reward DPO climbs to PPO's summit; but when data are scarce, the loss curve does not warn you.**
#
# | § | 45 | 90 | How |
# | --- | --- | --- | --- |
# | Opening | 2 | 3 | Read out two answers and let the class choose: that was a pair |
# | 1 | 3 | 4 | Write "the sixth prompt" on the board; you will come back to it |
# | 2 | 10 | 13 | The derivation on the board, step by step; a cell after each step |
# | 3 | 4 | 5 | $\ln 2$ with a calculator |
# | 4 | 8 | 9 | The heart of the lesson: a perfect loss, a broken policy |
# | 5 | 3 | 6 | Short plan: run the cells yourself |
# | 6 | 7 | 9 | A learner moves the slider; have the margin column read aloud |
# | 7 | – | 9 | Short plan: "the chosen may fall too, the loss sees only the difference" |
# | 8 | – | 7 | Have them write the prediction: how many pairs for 90%? |
# | 9 | – | 8 | Skip it in the short plan |
# | 10 | 5 | 5 | The picture in which two lessons meet; look at it in silence |
# | 11 | – | 8 | Homework in the short plan |
# | Closing | 3 | 4 | The exercises are a lesson of their own, or homework |
#
# ### What to ask, what to expect
#
# - **Section 2.** "Where did $Z(x)$ go?" It cancelled in the difference; both answers belong to one prompt. "Does the judge err?" Yes, one time in eight even between helpful and harmful.
#
#   {{judge}}
# - **Section 3.** "What is the first loss, and does it depend on $\beta$?" $\ln 2$ at every $\beta$. That is the cheapest check there is.
#
#   {{first_loss}}
# - **Section 4.** "While the margin grows, does the chosen answer always gain?" No. "Does the sixth row, which we never touched, stay the same?" It does not: the adapter is shared.
#
#   {{ends}}
#
#   {{sixth_prompt}}
#
#   "Why does the chosen answer fall?" The push of its own pair fades at the top; the pairs of other prompts go on pushing through the shared adapter.
#
#   {{pushes}}
# - **Section 6.** "Will DPO, which does not see the reward, get to the lines?" It does; only on the longest leash does the KL overshoot a little, because the error in the reward is divided by $\beta$. And the margin settles on the true difference in reward at every $\beta$.
#
#   {{margins}}
# - **Section 7.** "Is it a flaw of training that the chosen answer falls?" No, it falls at the optimum as well.
#
#   {{chosen}}
# - **Section 8.** "How many pairs for 90%?" Many say a hundred; it takes ten thousand. With a hundred the policy is worse than at the start.
#
#   {{pairs.picture}}
#
#   "Is an SFT term always good?" It rescues training when pairs are few, and keeps it from the summit when they are many.
#
#   {{sft_term}}
# - **Section 9.** "Where do we end up without the reference?" At the optimum for a uniform one: what SFT taught is wiped out.
#
#   {{reference_free}}
# - **Section 10.** "The same $\beta$, the same point?" Yes; on the longest leash DPO strays a little.
#
#   {{between}}
# - **Section 11.** "Where does the margin come to rest?" Nowhere with sigmoid, at 1/2 with IPO.
#
#   {{losses}}

# %% [markdown] lang="tr"
# ### Bunu görürseniz
#
# | Belirti | Nedeni |
# | --- | --- |
# | İlk kayıp $\ln 2$ değil | Referans başlangıç politikası değil ya da referans hiç yok |
# | İlk kayıp, $\ln 2$ çarpı çift sayısı | Ortalama yerine toplam aldı |
# | Kayıp eksi | Baştaki eksiyi unuttu ya da `log` yok |
# | Reddedilen yükseliyor | Seçilen ile reddedilenin yeri değişmiş |
# | $\beta$ yalnızca eğitimin hızını değiştiriyor | $\beta$'yı log σ'nın dışına yazdı |
# | Her istemde aynı altı token, eşit olasılıkla | `reference_free` açık: referans düzgün dağılım olmuş |
# | Marj durmadan büyüyor | Sert etiketlerle çok uzun eğitti; bu beklenir, IPO'yu anımsatın |
# | `attained` eksi, kayıp kusursuz | Çift az: erken durdursun ya da IPO denesin |

# %% [markdown] lang="en"
# ### If a learner shows you this
#
# | You see | What went wrong |
# | --- | --- |
# | The first loss is not $\ln 2$ | The reference is not the starting policy, or there is none |
# | The first loss is as many times $\ln 2$ as there are pairs | Took the sum instead of the mean |
# | A negative loss | Forgot the minus in front, or the `log` |
# | The rejected answers rise | Chosen and rejected are swapped |
# | $\beta$ changes only the pace of training | Wrote $\beta$ outside log σ |
# | The same six tokens at every prompt, equally likely | `reference_free` is on: the reference has become uniform |
# | The margin runs away | Trained for long on hard labels; that is expected, recall IPO |
# | A negative `attained` with a perfect loss | Few pairs: stop early, or try IPO |

# %% [markdown] lang="tr"
# ## {{05_quantization}}
#
# Kalacak cümle: **az bit önce ödülün sustuğu yerdeki alışkanlıkları bozar; hız ise söylenmez, ölçülür.**
#
# | § | 45 | 90 | Nasıl |
# | --- | --- | --- | --- |
# | Açılış | 2 | 3 | "Boyunuzu metre ile, tam sayı olarak söyleyin." Yuvarlamanın ne yuttuğunu görürler |
# | 1 | 4 | 6 | Izgarayı tahtaya çizin: sıfırın iki yanında yedişer ızgara adımı |
# | 2 | 8 | 12 | Bölüm 1'in sürgüsünü 2 bite indirip formülün bozulduğu yeri gösterin; "bir bit, altı desibel" tahtada kalsın |
# | 3 | 6 | 9 | Eşiği oylatın, sonra sürgüyü bir öğrenci oynatsın: hangi hata büyüyor, hangisi küçülüyor? |
# | 4 | 5 | 8 | Aykırı satırı bir öğrenci seçsin |
# | 5 | – | 8 | Kısa planda: "çarpım tam sayıyla, ölçekler en sonda" |
# | 6 | – | 9 | Kısa planda atlayın; uzun planda gruplar bir ekibin, sıfır noktası ötekinin olsun |
# | 7 | 8 | 12 | Küçük model de dört kat küçülür mü? Süreler her makinede başkadır: üç bilgisayarı karşılaştırın |
# | 8 | – | 4 | Kısa planda atlayın |
# | 9 | 8 | 9 | Dersin kalbi: önce ne bozulur? |
# | 10 | – | 6 | Ders 2 ile bağ; kısa planda bir cümle |
# | Kapanış | 4 | 4 | Ders 1'in ilk sorusuna dönün: "öğrendiğini nereden anlarsınız?" |
#
# ### Ne sorulur, ne beklenir
#
# - **Bölüm 1.** "4 bit ile kaç ayrı değer?" "16" beklenir; 15'tir, ızgara simetrik olsun diye biri boş kalır.
#
#   {{grid}}
# - **Bölüm 2.** "Bir bit eklersek hatanın gücü?" Dörtte birine iner. "Formül nerede tutmaz?" 2 bitte.
#
#   {{powers}}
# - **Bölüm 2.** "Bit başına kaç dB?" Yaklaşık altı; az bitte daha çok.
#
#   {{gains}}
# - **Bölüm 3.** "4 bitte eşik nerede olsun?" Çoğu "en büyük ağırlıkta" der; yaklaşık %60'ında hata yarıya iner. "2 bitte?" Daha da içeride.
#
#   {{thresholds}}
# - **Bölüm 4.** "Öteki satırlar kaç dB düşer?" {{outlier ~ True\s+öteki satırlar (\S+)}} yerine {{outlier ~ False\s+öteki satırlar (\S+)}}: tek satır herkesi bozar.
#
#   {{outlier}}
# - **Bölüm 5.** "İki 42 dB'lik hata birlikte?" 84 ya da 42 denir; {{law ~ formüle göre (\S+)}} dB'dir: eşit iki güç toplanınca 3 dB gider.
#
#   {{law}}
# - **Bölüm 6.** "Grup küçüldükçe ne ödenir?" Ölçeklerin baytları. "10 örnekle kalibre edersek sonrakilerin kaçı ızgaranın dışında kalır?" 11'de biri: sonuncunun en büyük olma olasılığı.
#
#   {{groups}}
#
#   {{calibration}}
# - **Bölüm 7.** "Küçük model de dört kat mı?" Yaklaşır ama varmaz; dosyada ölçeklerin ve kayıtların payı görünür.
#
#   {{sizes}}
#
#   "INT8 hızlı mıdır?" Küçük modelde değil. Sayı vermeyin, tabloyu okutun; `ayırt edilemiyor` da bir yanıttır.
# - **Bölüm 9.** "Önce hangisi bozulur?" "Ret" diyen çoktur; ret ve ödül durur, alışkanlıklar gider. KL görür, ödül görmez.
#
#   {{bits}}
#
#   Tabloda tek bir tohum var; bakılacak satırı hücre söyler:
#
#   {{one_seed}}
# - **Bölüm 10.** "Yama ne kadarını geri getirir?" Rank 2, KL'yi onda birinin altına indirir.
#
#   {{patches}}

# %% [markdown] lang="en"
# ## {{05_quantization}}
#
# The sentence to remember: **with few bits, the first to break are the habits where the reward is silent; and speed is not claimed, it is measured.**
#
# | § | 45 | 90 | How |
# | --- | --- | --- | --- |
# | Opening | 2 | 3 | "Tell me your height in metres, as a whole number." They see what rounding swallows |
# | 1 | 4 | 6 | Draw the grid on the board: seven steps on either side of zero |
# | 2 | 8 | 12 | Take the slider of section 1 down to 2 bits and show where the formula fails; leave "one bit, six decibels" on the board |
# | 3 | 6 | 9 | Take a vote on the threshold, then a learner moves the slider: which error grows, which one shrinks? |
# | 4 | 5 | 8 | Let a learner choose the outlier row |
# | 5 | – | 8 | Short plan: "the product in whole numbers, the scales at the end" |
# | 6 | – | 9 | Skip it in the short plan; in the long one, groups go to one team and the zero point to another |
# | 7 | 8 | 12 | Is the small model four times smaller as well? Timings differ between machines: compare three computers |
# | 8 | – | 4 | Skip it in the short plan |
# | 9 | 8 | 9 | The heart of the lesson: what breaks first? |
# | 10 | – | 6 | The link to lesson 2; one sentence in the short plan |
# | Closing | 4 | 4 | Return to the first question of lesson 1: "how do you tell that it has learned?" |
#
# ### What to ask, what to expect
#
# - **Section 1.** "How many different values with 4 bits?" They will say "16"; it is 15, since one is left out to keep the grid symmetric.
#
#   {{grid}}
# - **Section 2.** "And the power of the error with one more bit?" It falls to a quarter. "Where does the formula fail?" At 2 bits.
#
#   {{powers}}
# - **Section 2.** "How many dB per bit?" About six; more when bits are few.
#
#   {{gains}}
# - **Section 3.** "With 4 bits, where should the threshold be?" Most say "at the largest weight"; at about 60% of it the error is halved. "With 2 bits?" Even further in.
#
#   {{thresholds}}
# - **Section 4.** "By how many dB do the other rows fall?" {{outlier ~ True\s+other rows (\S+)}} becomes {{outlier ~ False\s+other rows (\S+)}}: one row spoils it for all.
#
#   {{outlier}}
# - **Section 5.** "Two errors of 42 dB together?" They say 84 or 42; it is {{law ~ law (\S+)}} dB: adding two equal powers costs 3 dB.
#
#   {{law}}
# - **Section 6.** "What do smaller groups cost?" The bytes of their scales. "Calibrated on 10 samples, how many later numbers lie beyond the grid?" One in 11: the chance that the last one is the largest.
#
#   {{groups}}
#
#   {{calibration}}
# - **Section 7.** "Four times for the small model too?" Close, but never quite; in the file, the scales and records make a difference.
#
#   {{sizes}}
#
#   "Is INT8 fast?" Not in a small model. Do not name a number; have them read the table. `cannot tell` is an answer too.
# - **Section 9.** "What breaks first?" Many say "the refusal"; refusal and reward hold, the habits go. The KL sees it, the reward does not.
#
#   {{bits}}
#
#   The table shows a single seed; the cell says which row to watch:
#
#   {{one_seed}}
# - **Section 10.** "How much does the patch bring back?" Rank 2 brings the KL below a tenth of what it was.
#
#   {{patches}}

# %% [markdown] lang="tr"
# ### Bunu görürseniz
#
# | Belirti | Nedeni |
# | --- | --- |
# | En büyük ağırlık bozuluyor, öbürleri iyi | Ölçeği $q_\mathrm{max}$ yerine 128'e böldü ve kırptı |
# | 4 bitte 16 değer | Izgarayı simetrik kurmadı: −8 de var |
# | Hata yarım ızgara adımını aşıyor | Yuvarlamadı, kesti (`int` ya da `floor`) |
# | Satır başına ölçek tek ölçekle aynı sonucu veriyor | En büyüğü bütün matriste ya da yanlış eksende aradı |
# | INT8 çarpımı saçma sayılar veriyor | Toplamı 8 ya da 16 bitte tuttu; taştı |
# | INT8 model 0,000 MB | Paketlenmiş ağırlıkları saymadı |
# | "INT8 iki kat hızlı!" | Bir kez, ısıtmadan ölçtü: bir daha ölçtürün |

# %% [markdown] lang="en"
# ### If a learner shows you this
#
# | You see | What went wrong |
# | --- | --- |
# | The largest weight is off, the others are fine | Divided by 128 instead of $q_\mathrm{max}$, and clipped |
# | 16 values with 4 bits | Made a grid that is not symmetric: −8 is there too |
# | The error is more than half a step | Truncated (`int` or `floor`) instead of rounding |
# | A scale per row gives the same as one scale | Looked for the largest in the whole matrix, or along the wrong axis |
# | The INT8 product gives nonsense | Kept the sum in 8 or 16 bits; it overflowed |
# | An INT8 model of 0.000 MB | Did not count the packed weights |
# | "INT8 is twice as fast!" | Timed it once, and cold: have them time it again |

# %% [markdown] lang="tr"
# ## {{06_broken_lab}}
#
# Kalacak cümle: **doğru ortalama, doğru gradyan demek değildir; neyin büyütüldüğünü eğri değil, kesin yanıt söyler.**
#
# | § | 45 | 90 | Nasıl |
# | --- | --- | --- | --- |
# | Açılış | 2 | 3 | Suçlamalar, ad verilerek kâğıda yazılır; hüküm sonra gelir |
# | 1 | 3 | 4 | Hücreleri siz çalıştırın |
# | 2 | 5 | 8 | Üç tanığı tahtaya yazın; ders boyunca kalsın |
# | 3 | 5 | 8 | Oylatın, sonra sınırı açın |
# | 4 | 5 | 8 | Tur 0'a baktırın |
# | 5 | 4 | 6 | Yavaş olanı savunacak birini seçin |
# | 6 | 7 | 10 | Dersin kalbi: eğitimi dağıtan tek satır |
# | 7 | 5 | 8 | İşareti tahtada bulsunlar |
# | 8 | – | 7 | Kısa planda ödev |
# | 9 | – | 8 | İki yanıtlı bir grupla elle hesaplatın |
# | 10 | – | 8 | Kısa planda atlayın |
# | 11 | 6 | 8 | Üç sınamayı herkes kendi cümlesiyle yazsın |
# | Kapanış | 3 | 4 | "Kendi kodunuzda ilk neye bakarsınız?" |
#
# ### Ne sorulur, ne beklenir
#
# - **Bölüm 2.** "Hangi tanığın ortalaması doğru?" k1 ile k3. Sınıf k2'yi burada suçlar; bırakın suçlasın, vaka 1'de aklanacak.
#
#   {{estimators}}
# - **Bölüm 3.** "Kimi suçluyorsunuz?" Çoğunluk k2'yi: ortalaması yanlı, ödülü daha az. Bozuk olan k1'dir; kayıpta ortalama değil gradyan sayılır.
# - **Bölüm 4.** "Eğri kendini nerede ele veriyor?" Tur 0'da: yazılan KL sıfır olmalıydı.
# - **Bölüm 6.** "Ödül olmasa bu terim nereye sürükler?" "Hiçbir yere" denir, vaka 1'den öğrenilmiştir; ama örnekler artık politikanın kendisinden gelmiyor.
#
#   {{flows}}
# - **Bölüm 7.** "Bu sayının ortalaması ne?" Ne KL ne de tersi. En iyisinde yanıtlar ölür: KL'nin hiç yapmadığı şey.
#
#   {{flipped}}
# - **Bölüm 9.** "Hangi tasmaya varır?" "0,5" denir; biraz daha kısasına varır, çünkü yanıt kendi taban çizgisinin içindedir.
#
#   {{group}}
# - **Bölüm 11.** "Hangi bozuk tarif az kalsın aklanıyordu?" İşareti ters k3 ile kendini sayan ortalama; ikisini de kendi en iyisine yakınlık ele verir.
#
#   {{verdict}}

# %% [markdown] lang="en"
# ## {{06_broken_lab}}
#
# The sentence to remember: **a right mean is not a right gradient; the exact answer, not the curve, tells what is being climbed.**
#
# | § | 45 | 90 | How |
# | --- | --- | --- | --- |
# | Opening | 2 | 3 | Accusations are written on paper, by name; the verdict comes after |
# | 1 | 3 | 4 | Run the cells yourself |
# | 2 | 5 | 8 | Write the three witnesses on the board and leave them there |
# | 3 | 5 | 8 | Take a vote, then open the frontier |
# | 4 | 5 | 8 | Have them look at rollout 0 |
# | 5 | 4 | 6 | Choose somebody to defend the slow one |
# | 6 | 7 | 10 | The heart of the lesson: one line that makes a run fall apart |
# | 7 | 5 | 8 | Let them find the sign on the board |
# | 8 | – | 7 | Homework in the short plan |
# | 9 | – | 8 | Have it worked out by hand for a group of two answers |
# | 10 | – | 8 | Skip it in the short plan |
# | 11 | 6 | 8 | Everyone writes the three checks in their own words |
# | Closing | 3 | 4 | "What will you look at first in your own code?" |
#
# ### What to ask, what to expect
#
# - **Section 2.** "Which witness has the right mean?" k1 and k3. The class accuses k2 here; let them: case 1 will acquit it.
#
#   {{estimators}}
# - **Section 3.** "Whom do you accuse?" Most say k2: its mean is biased and its reward lower. The broken one is k1: in the loss the gradient counts, not the mean.
# - **Section 4.** "Where does the curve give it away?" At rollout 0: the logged KL ought to have been zero.
# - **Section 6.** "Without a reward, where does this term drive the policy?" They say "nowhere", as case 1 taught them; but the samples no longer come from the policy itself.
#
#   {{flows}}
# - **Section 7.** "What is the mean of this number?" Neither the KL nor its reverse. At its optimum answers die, which never happens with a KL.
#
#   {{flipped}}
# - **Section 9.** "Which leash does it get?" They say "0.5"; it gets a slightly shorter one, since the answer is part of its own baseline.
#
#   {{group}}
# - **Section 11.** "Which broken recipe nearly got away?" The k3 with its sign flipped, and the mean that counts itself; being close to their own optimum gives both away.
#
#   {{verdict}}

# %% [markdown] lang="tr"
# ### Bunu görürseniz
#
# | Belirti | Nedeni |
# | --- | --- |
# | k1 ya da k3 kayba eklenmiş, KL durmadan büyüyor | Ortalaması doğru diye gradyanının da doğru olduğunu sandı: kayıpta k2 |
# | Tur 0'da KL sıfır değil | Referans kopya değil: adaptörü yüklenmemiş |
# | Eğitim ilerledikçe entropi büyüyor | Kesilmiş örneklerle kayba log oran eklemiş |
# | k3 eksi çıkıyor | Üsteldeki ya da log orandaki işaretlerden biri ters |
# | Kırpma ilk geçişte çalışıyor | Oranın altına referansı koymuş |
# | Grubun boyu değişince KL de değişiyor | Taban çizgisinde yanıtın kendisi var |
# | "Ödül arttı, demek ki doğru" | Üç sınamayı yaptırın: tur 0, `kl_beta`, kesin yanıt |

# %% [markdown] lang="en"
# ### If a learner shows you this
#
# | You see | What went wrong |
# | --- | --- |
# | k1 or k3 added to the loss, and a KL that grows on and on | Took a right mean for a right gradient: in the loss, use k2 |
# | A KL at rollout 0 that is not zero | The reference is not a copy: its adapter was not loaded |
# | An entropy that grows as training goes on | Added the log ratio to the loss, on truncated samples |
# | A negative k3 | One sign is flipped, in the exponential or in front of the log ratio |
# | A clip that acts in the first pass | Divided by the reference in the ratio |
# | A KL that changes with the size of the group | Each answer is part of its own baseline |
# | "The reward went up, so it is right" | Have them make the three checks: rollout 0, `kl_beta`, the exact answer |

# %% [markdown] lang="tr"
# ## {{07_frontier}}
#
# Kalacak cümle: **bir yöntemi önce sınırla, sonra kendi en iyisiyle karşılaştırın; varamamak ile başka yere gitmek ayrı şeylerdir.**
#
# | § | 45 | 90 | Nasıl |
# | --- | --- | --- | --- |
# | Açılış | 2 | 4 | "Bir yöntemin iyi olduğunu neye göre söylersiniz?" Yanıtları tahtada bırakın |
# | 1 | 2 | 3 | Eksenleri ve kesikli çizgiyi onlar adlandırsın |
# | 2 | 8 | 13 | Dört zarla oynatın: dört atışın en büyüğü ne sıklıkla 6'dır? |
# | 3 | – | 9 | Kısa planda atlayın |
# | 4 | 10 | 16 | Dersin kalbi: tepeyi kovaryansla bulsunlar |
# | 5 | 7 | 11 | Resmi yansıtın; her işareti bir öğrenci savunsun |
# | 6 | 12 | 18 | Grubun avantajlarını tahtada hesaplatın |
# | 7 | – | 10 | Kısa planda ödev |
# | Kapanış | 4 | 6 | "Bir makale size üç eğri gösterdi. Ne sorarsınız?" |
#
# ### Ne sorulur, ne beklenir
#
# - **Bölüm 2.** "Formül neden tutmuyor?" Beraberlik çok, iyi yanıtlar sık: seçecek bir şey kalmıyor.
#
#   {{best_of_n}}
# - **Bölüm 3.** "Tasma olmadan sınırda kalınır mı?" Doğal gradyanla evet, düz gradyanla hayır: az olası yanıtlar itilmez.
# - **Bölüm 4.** "Altın nerede döner?" Kovaryansın 0 olduğu yerde. "Çiftlerdeki doğruluk haber verirdi" diyen olur; vermez.
#
#   {{goodhart}}
# - **Bölüm 5.** "Kim sınırdan uzakta?" SFT: taklit ödülü görmez.
#
#   {{main}}
# - **Bölüm 6.** "Bölme neyi değiştirir?" Önce hangi istemin öğrendiğini, sonra, KL kayıptaysa, tasmayı.
#
#   {{recipes}}
# - **Bölüm 7.** "Uzunluğun değeri yok; öyleyse neden öğreniliyor?" Bölünen ceza uzun yanıtta hafifler.

# %% [markdown] lang="en"
# ## {{07_frontier}}
#
# The sentence to remember: **compare a method with the frontier first, then with its own optimum; falling short is one thing, going elsewhere another.**
#
# | § | 45 | 90 | How |
# | --- | --- | --- | --- |
# | Opening | 2 | 4 | "By what do you judge that a method is good?" Leave the answers on the board |
# | 1 | 2 | 3 | Let them name the axes and the dashed line |
# | 2 | 8 | 13 | Play it with four dice: how often is the largest of four throws a 6? |
# | 3 | – | 9 | Skip it in the short plan |
# | 4 | 10 | 16 | The heart of the lesson: let them find the peak by the covariance |
# | 5 | 7 | 11 | Project the picture; each mark is defended by a learner |
# | 6 | 12 | 18 | Have the advantages of a group worked out on the board |
# | 7 | – | 10 | Homework in the short plan |
# | Closing | 4 | 6 | "A paper shows you three curves. What do you ask?" |
#
# ### What to ask, what to expect
#
# - **Section 2.** "Why does the formula fail?" There are many ties, and good answers are frequent: nothing is left to choose.
#
#   {{best_of_n}}
# - **Section 3.** "Can you stay on the frontier without a leash?" With the natural gradient, yes; with the plain one, no: unlikely answers are not pushed.
# - **Section 4.** "Where does the gold turn?" Where the covariance is 0. Some say "the accuracy on the pairs would show it"; it does not.
#
#   {{goodhart}}
# - **Section 5.** "Who is off the frontier?" SFT: imitation never sees the reward.
#
#   {{main}}
# - **Section 6.** "What does the division change?" First which prompt learns; then, with the KL in the loss, the leash.
#
#   {{recipes}}
# - **Section 7.** "Length is worth nothing; then why is it learned?" A penalty that is divided weighs less on a long answer.

# %% [markdown] lang="tr"
# ### Bunu görürseniz
#
# | Belirti | Nedeni |
# | --- | --- |
# | Best-of-n'in olasılıklarının toplamı 1'i aşıyor | Beraberlik paylaştırılmamış: düzeyin olasılığı her token'a tam verilmiş |
# | Ödül modelinin doğruluğu yüksek, politika kötü | Vekil ödül fazla büyütülmüş: tasma kısalsın |
# | GRPO'nun kaybı 0 | Öyle olmalı: grubun avantajlarının toplamı 0'dır |
# | Tasma kısaldıkça KL düşüyor, ama hep beklenenden büyük (8'lik grup) | Standart sapmaya bölünmüş, KL kayıpta |
# | Yanıtlar uzadıkça uzuyor, ödül artmıyor | Kayıp yanıtın boyuna bölünüyor |

# %% [markdown] lang="en"
# ### If a learner shows you this
#
# | You see | What went wrong |
# | --- | --- |
# | The probabilities of best-of-n sum to more than 1 | Ties are not shared: every token got the probability of its whole level |
# | The reward model is accurate, the policy is poor | The proxy was climbed too far: shorten the leash |
# | The loss of GRPO is 0 | It should be: the advantages of a group sum to 0 |
# | The KL falls with a shorter leash, but is always larger than expected (a group of 8) | Divided by the standard deviation, with the KL in the loss |
# | Answers grow longer and longer, and earn no more | The loss is divided by the length of the answer |

# %% [markdown] lang="tr"
# ## {{08_real_model}}
#
# Kalacak cümle: **kitaplık değişir, sınır değişmez; bir eğitim başka yere vardıysa önce hangi amacı büyüttüğünü sorun.**
#
# Bu ders kitaplıklar olmadan da yürür: resimler saklanan üç tohumdan çizilir. TRL'nin olduğu makinede tohum 0'ın eğitimleri toplam bir iki
# dakika sürer; sınıf konuşurken çalışsınlar.
#
# | § | 45 | 90 | Nasıl |
# | --- | --- | --- | --- |
# | Açılış | 2 | 4 | "TRL kullanan var mı? `beta`'sı kaçtı?" Bilmeyen çok çıkar |
# | 1 | 2 | 3 | Tablonun hâlâ bir tablo olduğunu söyletin: 6 istem, 24 sözcük |
# | 2 | 5 | 7 | Yapılandırmayı bir öğrenci satır satır okusun |
# | 3 | 7 | 10 | Eğitilen payı tahtada saydırın |
# | 4 | 15 | 22 | Önce kuram, sonra eğitim: boş işaretleri resimden önce tahtaya koyun |
# | 5 | – | 8 | Kısa planda atlayın |
# | 6 | 8 | 13 | "Anılmayan sözcüğe ne olur?" sorusunda uzun bekleyin |
# | 7 | – | 6 | Kısa planda ödev |
# | 8 | 3 | 5 | Tabloyu kendi projelerindeki adlarla tamamlasınlar |
# | 9 | – | 4 | Birden çok makinesi olan sınıflara |
# | 10 | – | 2 | Kendiniz önceden çalıştırın, çıktısını yansıtın |
# | Kapanış | 3 | 6 | "Yarın işte neyi denetlersiniz?" Herkes tek bir ayar söylesin |
#
# ### Ne sorulur, ne beklenir
#
# - **Bölüm 3.** "Küçük modelde LoRA, ağırlıkların neden bu kadar büyük bir payını eğitiyor?" Pay $2r/d$ ile gider; burada genişlik küçük.
#
#   {{trainable}}
# - **Bölüm 4.** "Aynı `beta`; neden iki ayrı yer?" RLOO hiçbir şeyi bölmez; GRPO ödülü böler, kayıptaki tasmayı bölmez.
#
#   {{foretold}}
# - **Bölüm 4.** "Küçük grup iyi mi, kötü mü?" Hangi KL'de olduğuna bağlı; önce bunu soruyorlar mı, ona kulak verin.
# - **Bölüm 5.** "Eğitim takıldı; `r` mi küçük?" Tabloda sütunlar neredeyse aynı, satırlar değil: tavan, sözcük vektörlerinde.
#
#   {{ceilings}}
# - **Bölüm 6.** "Olasılık nereye gitti?" Hiçbir çiftte geçmeyen sözcüklere; kimse onlara dur demedi.
#
#   {{cures}}
# - **Bölüm 7.** "INT8 eğitileni bozar mı?" Eğitimin gittiği yolun yanında hiç denecek kadar az.

# %% [markdown] lang="en"
# ## {{08_real_model}}
#
# The sentence to remember: **the library changes, the frontier does not; when a training ends elsewhere, ask first which objective it climbed.**
#
# The lesson works without the libraries, too: the pictures are drawn from three stored seeds. Where TRL is installed, the trainings of seed 0 together
# take a minute or two; let them run while the class talks.
#
# | § | 45 | 90 | How |
# | --- | --- | --- | --- |
# | Opening | 2 | 4 | "Who uses TRL? What was your `beta`?" Many will not know |
# | 1 | 2 | 3 | Have them say that the table is still a table: 6 prompts, 24 words |
# | 2 | 5 | 7 | A learner reads the configuration aloud, line by line |
# | 3 | 7 | 10 | Have the trained share counted on the board |
# | 4 | 15 | 22 | Theory first: put the hollow marks on the board before the picture |
# | 5 | – | 8 | Skip it in the short plan |
# | 6 | 8 | 13 | Give them plenty of time at "what happens to a word that nobody mentions?" |
# | 7 | – | 6 | Homework in the short plan |
# | 8 | 3 | 5 | Let them add the names from their own projects to the table |
# | 9 | – | 4 | For classes with more than one machine |
# | 10 | – | 2 | Run it yourself beforehand, and project what it says |
# | Closing | 3 | 6 | "What will you check at work tomorrow?" One setting from each |
#
# ### What to ask, what to expect
#
# - **Section 3.** "Why does LoRA train so much of a small model?" The share goes with $2r/d$, and this width is small.
#
#   {{trainable}}
# - **Section 4.** "One `beta`; why two places?" RLOO divides nothing; GRPO divides the reward, and not the leash in its loss.
#
#   {{foretold}}
# - **Section 4.** "Is a small group good or bad?" That depends on the KL; listen for whether they ask.
# - **Section 5.** "Training is stuck; is `r` too small?" The columns of the table are nearly alike, the rows are not: the ceiling is in the word vectors.
#
#   {{ceilings}}
# - **Section 6.** "Where did the probability go?" To words in no pair; nobody told them to stay.
#
#   {{cures}}
# - **Section 7.** "Does INT8 spoil what was trained?" Compared with how far training moved, hardly at all.

# %% [markdown] lang="tr"
# ### Bunu görürseniz
#
# | Belirti | Nedeni |
# | --- | --- |
# | Ödül neredeyse 1, KL çok büyük, `beta` hiç yazılmamış | TRL'nin GRPO'sunda varsayılan 0: tasma yok |
# | `beta` 0,5 yazılmış, KL yine neredeyse tasmasızınki | Standart sapmaya bölünüyor, KL kayıpta: `scale_rewards="none"` ya da RLOO |
# | SFT'de kayıp büyük ve düşmüyor | İstemin sözcükleri de sayılıyor: `completion_only_loss=True` |
# | DPO'dan sonra anlamsız bir sözcük | Hiçbir çiftte geçmiyor; tasma uzun |
# | `r` büyüdü, bir şey değişmedi | Tavan başka yerde: çıkış katmanı donuk, sözcük vektörleri yakın |
# | "İki süreç istedim, süre aynı" | Tek süreç başlamış: `--processes 2` ekletin; eksikse durur |
#
# Ders bitti. Son söz sizin: büyük modellerde o kesikli çizgi yoktur, ama artık sınıfınız onun nerede olması
# gerektiğini sorabilir.

# %% [markdown] lang="en"
# ### If a learner shows you this
#
# | You see | What went wrong |
# | --- | --- |
# | A reward of nearly 1, a huge KL, and no `beta` anywhere | TRL's GRPO has 0 by default: no leash |
# | A `beta` of 0.5 is given, and the KL is still nearly that of no leash | Divided by the deviation, with the KL in the loss: `scale_rewards="none"`, or RLOO |
# | A large loss in SFT that does not fall | The prompt's words count as well: `completion_only_loss=True` |
# | A word that makes no sense, after DPO | It is in no pair, and the leash is long |
# | A larger `r` that changed nothing | The ceiling is elsewhere: the output layer is frozen, the word vectors lie close together |
# | "I asked for two processes, and it takes as long" | One was started: have them add `--processes 2`, which stops if one is missing |
#
# That is all. The last word is yours: large models have no dashed line, but from now on your class can ask where it would be.
