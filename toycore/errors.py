"""What is said of wrong input, in Turkish and English side by side, and who says it in which.

A message is spoken in the language of the World, the Run or the check that is at work (a scope,
`in_its_language`); where none is known, in that of the session (`set_language`), English at first.
"""

import functools
import inspect
import itertools
from collections.abc import Callable
from contextvars import ContextVar
from typing import ParamSpec, TypeVar

LANGUAGES = ("tr", "en")

# In braces stand what came and what is allowed: names and values of the code, or other entries.
ERRORS: dict[str, dict[str, str]] = {
    "must": {
        "tr": "{name} için gereken: {allowed}; gelen: {got}",
        "en": "{name} must be {allowed}; got {got}",
    },
    # --- numbers ---
    "whole": {"tr": "bir tam sayı", "en": "a whole number"},
    "finite_number": {"tr": "sonlu bir sayı", "en": "a finite number"},
    "bounded": {"tr": "{bounds} olan {number}", "en": "{number} {bounds}"},
    "least": {"tr": "en az {low}", "en": "of at least {low}"},
    "above": {"tr": "{low} değerinden büyük", "en": "above {low}"},
    "most": {"tr": "{low}, en çok {high}", "en": "{low} and at most {high}"},
    "or_none": {"tr": "{rule} (ya da None)", "en": "{rule} (or None)"},
    "or_per_run": {"tr": "{rule}, ya da her eğitim için bir tane", "en": "{rule}, or one per run"},
    "per_run": {
        "tr": "bir sayı ya da her eğitim için bir tane, {shape}",
        "en": "a number or one per run, {shape}",
    },
    "one_per_run": {"tr": "her eğitim için bir {name}", "en": "one {name} per run"},
    "huge": {
        "tr": "{bits} bitlik bir sayı (en çok 63 bit olabilir)",
        "en": "one of {bits} bits, where 63 are the most",
    },
    "range": {
        "tr": "{name} için gereken: 0 ile {most} arası; gelen: {low} ile {high} arası",
        "en": "{name} must be from 0 to {most}; got {low} to {high}",
    },
    # --- words, kinds and names ---
    "one_of": {"tr": "{options} seçeneklerinden biri", "en": "one of {options}"},
    "an_instance": {"tr": "bir {kind}", "en": "a {kind}"},
    "true_or_false": {"tr": "True ya da False", "en": "True or False"},
    "a_string": {"tr": "tırnak içinde bir metin", "en": "a string"},
    "nothing": {"tr": "hiçbiri", "en": "nothing"},
    "no_attribute": {
        "tr": "toycore içinde {name} diye bir ad yok",
        "en": "module 'toycore' has no attribute {name}",
    },
    "no_word": {
        "tr": "bilinmeyen {kind}: {name}; bilinenler: {known}",
        "en": "unknown {kind} {name}; known: {known}",
    },
    "no_label": {
        "tr": "bilinmeyen {kind}: {label}; olabilecekler: {labels} ya da 0 ile {most} arasında bir numara",
        "en": "unknown {kind} {label}; allowed: {labels}, or an index 0 to {most}",
    },
    "kind.prompt": {"tr": "istem", "en": "prompt"},
    "kind.token": {"tr": "token", "en": "token"},
    "kind.curve": {"tr": "eğri", "en": "curve"},
    "kind.policy": {"tr": "politika", "en": "policy"},
    # --- tables ---
    "table": {"tr": "gerçel sayılardan bir tablo", "en": "a table of real numbers"},
    "batch": {"tr": "gerçel sayılardan bir grup (batch)", "en": "a batch of real numbers"},
    "indices": {"tr": "sıra numaraları, yani tam sayılar", "en": "indices, whole numbers"},
    "dense": {"tr": "yoğun (dense) bir tensör", "en": "a dense tensor"},
    "no_numbers": {
        "tr": "{name} için gereken: sayıları olan bir tensör; gelen: meta aygıtında bir tensör",
        "en": "{name} must have its numbers; got a tensor on the meta device",
    },
    "no_number": {
        "tr": "{name} en az bir sayı taşımalı; gelen: {shape} biçimi",
        "en": "{name} must have at least one number; got shape {shape}",
    },
    "not_finite": {
        "tr": "{name} sonlu olmalı; gelen: içinde NaN ya da sonsuz var",
        "en": "{name} must be finite; got NaN or infinity in it",
    },
    "the_shape": {"tr": "{shape} biçimi", "en": "the shape {shape}"},
    "shape": {
        "tr": "{name} için gereken biçim: {shape}; gelen: {got}",
        "en": "{name} must have the shape {shape}; got {got}",
    },
    "shape_must": {
        "tr": "gereken biçim: {meant}; gelen: {told}",
        "en": "the shape must be {meant}; got {told}",
    },
    "no_fit": {
        "tr": "bu biçimler {meant} olarak bir araya gelmiyor: {told}",
        "en": "these shapes do not fit together as {meant}: {told}",
    },
    "prompts_tokens": {"tr": "(..., istemler, token'lar)", "en": "(..., prompts, tokens)"},
    "reward_shape": {"tr": "{shape} (istemler, token'lar)", "en": "{shape} (prompts, tokens)"},
    "for_logp": {
        "tr": "(..., B), logp (..., B, V) iken",
        "en": "(..., B), for logp (..., B, V)",
    },
    "and_entropy": {
        "tr": "(R, B), entropy ise (R, P)",
        "en": "(R, B), and entropy (R, P)",
    },
    "reward_table": {
        "tr": "{shape} biçiminde, gerçel sayılardan bir tablo",
        "en": "a table {shape} of real numbers",
    },
    "log_probabilities": {"tr": "log-olasılıklar {shape}", "en": "log-probabilities {shape}"},
    "not_one": {
        "tr": "{name} için gereken: {allowed}, her satırda exp'lerin toplamı 1; gelen: bundan {error:.3g} sapan satırlar, en büyük sayı {largest:.3g}",
        "en": "{name} must be {allowed}: the exp of each row must sum to 1; got rows that miss it by {error:.3g}, the largest number {largest:.3g}",
    },
    "target": {
        "tr": "target için gereken: (..., B), logp (..., B, V) iken; gelen: {target}, logp {logp} iken",
        "en": "target must be (..., B) for logp (..., B, V); got {target} for logp {logp}",
    },
    "shares": {
        "tr": "weight için gereken: B üzerinde toplamı 1 eden, en az 0 olan paylar; gelen: {low} ile {high} arası toplamlar, en küçük pay {least}",
        "en": "weight must be shares of at least 0 that sum to 1 over B; got sums of {low} to {high}, the least share {least}",
    },
    # --- settings ---
    "no_setting": {
        "tr": "{config} içinde {name} diye bir ayar yok{near}; ayarları: {names}",
        "en": "{config} has no setting {name}{near}; its settings: {names}",
    },
    "near": {"tr": " (en yakını: {name})", "en": " (did you mean {name}?)"},
    "empty": {
        "tr": "{name} için en az bir değer gerekir ({rule}); gelen: boş bir dizi",
        "en": "{name} must have at least one value ({rule}); got an empty sequence",
    },
    "none_inside": {
        "tr": "{name} birkaç değerle birden denenirken None olamaz; gelen: {got}",
        "en": "{name} cannot be None inside a sweep; got {got}",
    },
    "distinct": {
        "tr": "{name} için birbirinden farklı değerler gerekir; gelen: {got}",
        "en": "{name} must have distinct values; got {got}",
    },
    "at_least_one": {
        "tr": "{name} için en az bir değer gerekir; gelen: hiç",
        "en": "{name} must be at least one; got none",
    },
    "a_seed": {"tr": "bir tohum (seed)", "en": "a seed"},
    # --- the world ---
    "both_rewards": {
        "tr": "ödüller ya sınıf sınıf ya da tek bir tablo olarak (reward=...) verilir, ikisi birden değil",
        "en": "give rewards by class or as a table (reward=...), not both",
    },
    "rows": {
        "tr": "(istem, seçilen, reddedilen) satırları",
        "en": "rows of (prompt, chosen, rejected)",
    },
    "a_pair": {
        "tr": "bir çift (istem, seçilen, reddedilen) üçlüsüdür; gelen: {got}",
        "en": "a pair is (prompt, chosen, rejected); got {got}",
    },
    "pair": {
        "tr": "tam sayılar (istem, seçilen, reddedilen)",
        "en": "whole numbers (prompt, chosen, rejected)",
    },
    "rows_of": {"tr": "(N, 3), satırları {pair}", "en": "(N, 3), rows of {pair}"},
    "sets": {
        "tr": "(N, 3) ya da (S, N, 3), S = {seeds} tohum",
        "en": "(N, 3), or (S, N, 3) with S = {seeds} seeds",
    },
    "same_answer": {
        "tr": "seçilen ile reddedilen ayrı olmalı; gelen: {got}",
        "en": "chosen and rejected must differ; got {got}",
    },
    "two_tokens": {
        "tr": "ref_logp her istemde en az iki token'a olasılık bırakmalı; {prompt} isteminde yalnızca bir tane var",
        "en": "ref_logp must leave at least two tokens possible at each prompt; got one at {prompt}",
    },
    # --- runs and where they start ---
    "not_swept": {
        "tr": "{name} birkaç değerle denenmedi; denenenler: {swept}",
        "en": "{name} was not swept; swept: {swept}",
    },
    "not_in_run": {
        "tr": "{name}={value} bu eğitimde yok; olanlar: {values}",
        "en": "{name}={value} is not in this run; it has {values}",
    },
    "run_or_none": {
        "tr": "bir Run (örneğin train_sft sonucu) ya da None",
        "en": "a Run (of train_sft, say) or None",
    },
    "start_sweeps": {
        "tr": "start her tohum için tek bir eğitim olmalı; birkaç değerle denenenler: {names}; start.sel(...) ile seç",
        "en": "start must have one run per seed; it sweeps {names}: use start.sel(...)",
    },
    "start_seeds": {
        "tr": "start, config ile aynı tohumları taşımalı: {due}; gelen: {got}",
        "en": "start must have the seeds of the config, {due}; got {got}",
    },
    "lab_run": {
        "tr": "run, bozuk laboratuvarın bir eğitimi olmalı; gelen: {config}",
        "en": "the run must be one of the broken lab; got one by {config}",
    },
    "lab_sweeps": {
        "tr": "run içinde birkaç değerle denenmesi gereken: {needed}, denenen: {found}; run.sel(...) ile seç",
        "en": "the run must sweep {needed}; it sweeps {found}: use run.sel(...)",
    },
    # --- groups of answers ---
    "groups_of_two": {
        "tr": "reward için gereken: (..., G), en az 2 yanıtlık gruplar; gelen: {shape} biçimi",
        "en": "reward must be (..., G), groups of at least 2; got the shape {shape}",
    },
    "one_recipe": {
        "tr": "config tek bir tarif olmalı; birkaç değerle denenenler: {names}; her birine tek değer ver",
        "en": "config must be of one recipe; it sweeps {names}: give one value each",
    },
    "only_k1": {
        "tr": "kl_in reward iken kl_estimator k1 olmalı: k2 ve k3 orada seyrekleşen yanıtları yok olana dek iter; gelen: {got}",
        "en": "kl_estimator must be k1 where kl_in is reward: there k2 and k3 push answers that have become rare until they die out; got {got}",
    },
    "two_rests": {
        "tr": "bu tarifin tek bir kendi en iyisi yok: referanstan ve en iyi yanıtlardan başlayan eğitimler, bir ödülün payı {apart:.3g} farklı olan yerlerde durur",
        "en": "this recipe has no single optimum of its own: from the reference and from the best answers on, training rests where shares of one reward differ by {apart:.3g}",
    },
    "too_many_kinds": {
        "tr": "bir istemde {levels} ayrı ödül varken num_generations daha küçük olmalı: {group} yanıtlık grupların {count} türü var, en çok {most} tür sayılır",
        "en": "num_generations must be smaller where a prompt has {levels} different rewards: groups of {group} are of {count} kinds, and at most {most} are counted",
    },
    # --- figures ---
    "none_given": {
        "tr": "gereken: en az bir {what}; gelen: hiç",
        "en": "there must be at least one {what}; got none",
    },
    "by_keyword": {
        "tr": "tablo, adıyla ({example}=...)",
        "en": "table, by keyword ({example}=...)",
    },
    "way": {"tr": "eğitim yolu, adıyla", "en": "way of training, by keyword"},
    "thing": {"tr": "çizilecek şey", "en": "thing to draw"},
    "a_curve": {"tr": "bu eğitimin bir eğrisi", "en": "a curve of this run"},
    "value_of": {"tr": "bir {setting} değeri, {values}", "en": "a value of {setting}, {values}"},
    "one_swept": {
        "tr": "bu şekil, tek bir ayarı birkaç değerle denenmiş bir eğitim ister; denenenler: {names}",
        "en": "the figure needs a run with one swept setting; this one sweeps: {names}",
    },
    "frontier": {
        "tr": "frontier en az bir, en çok {most} eğitim ister; gelen: {got}",
        "en": "frontier needs at least one run and at most {most}; got {got}",
    },
    "plane": {
        "tr": "düzlem, rank'ı 2 olan bir SFT eğitimi ister: run.sel(lora_rank=2) ile seç",
        "en": "the plane needs an SFT run of rank 2: use run.sel(lora_rank=2)",
    },
    "lacks": {
        "tr": "exact_values her tahmini adıyla vermeli; eksik: {names}",
        "en": "exact_values must name each estimate; it lacks {names}",
    },
    "ratios_of": {"tr": "{count}. geçişin oranları", "en": "the ratios of pass {count}"},
    "largest_weight": {"tr": "en büyük ağırlık", "en": "the largest weight"},
    "one_row": {"tr": "tek bir satır, (1, N)", "en": "one row, (1, N)"},
    "over_one": {
        "tr": "bir ayar ile seed üzerinde bir xarray.DataArray",
        "en": "an xarray.DataArray over a setting and seed",
    },
    "over_two": {
        "tr": "iki ayar ile seed üzerinde bir xarray.DataArray",
        "en": "an xarray.DataArray over two settings and seed",
    },
    "of_lengths": {
        "tr": "train_length sonucu, yalnızca loss_type birkaç değerle denenmiş: (loss_type, seed, step)",
        "en": "what train_length returns where loss_type alone is swept: (loss_type, seed, step)",
    },
    "same_settings": {
        "tr": "{names} aynı ayarların aynı değerleri üzerinde olmalı",
        "en": "{names} must be over the same values of the same settings",
    },
    # --- sliders, predictions, questions ---
    "start_names": {
        "tr": "start şu adları taşımalı: {names}; gelen: {got}",
        "en": "start must name {names}; got {got}",
    },
    "a_value": {"tr": "{name} sürgüsünün bir değeri", "en": "a value of {name}"},
    "start_of": {"tr": "{name} sürgüsünün başlangıcı", "en": "start of {name}"},
    "no_value": {
        "tr": "{name} sürgüsü en az bir değer ister; gelen: hiç",
        "en": "the slider {name} needs at least one value; got none",
    },
    "drawn": {"tr": "draw fonksiyonundan dönen", "en": "what draw returns"},
    "answers": {
        "tr": "yanıtlar birbirinden farklı olmalı ve a, b … harflerini taşımalı; gelen: {got}",
        "en": "answers must be different and have the letters a, b …; got {got}",
    },
    "letter": {
        "tr": "tahmin şu harflerden biridir, tırnak içinde: {letters}; yazılan: {got}",
        "en": "a prediction is one of these letters, in quotes: {letters}; got {got}",
    },
    "quiz_letter": {
        "tr": "yanıt şu harflerden biridir, tırnak içinde: {letters}; yazılan: {got}",
        "en": "an answer is one of these letters, in quotes: {letters}; got {got}",
    },
    "quiz_letters": {
        "tr": "gereken: {due} soru için {due} harflik bir liste; gelen: {got}",
        "en": "there must be a list of {due} letters for {due} questions; got {got}",
    },
    "reveal": {
        "tr": "reveal her yanıt için ({asked}) doğru olup olmadığını bilmeli; gelen: {got}",
        "en": "reveal must be told of each answer ({asked}) whether it holds; got {got}",
    },
    "no_question": {
        "tr": "bir quiz için en az bir soru gerekir: 1. Soru?",
        "en": "a quiz needs at least one question: 1. Question?",
    },
    "two_answers": {
        "tr": "satır {line}: bir soru iki ya da daha çok yanıt ister, hepsi birbirinden farklı",
        "en": "line {line}: a question needs two or more answers, all different",
    },
    "one_right": {
        "tr": "satır {line}: bir sorunun tam bir doğru yanıtı olur; gelen: {got}",
        "en": "line {line}: a question has exactly one right answer; got {got}",
    },
    "no_item": {
        "tr": "satır {line} ne bir soru (1. Soru?) ne de onun altında, içeriden başlayan bir yanıt (   - [ ] yanlış — nedeni; ya da - [x] doğru — nedeni): {text}",
        "en": "line {line} is neither a question (1. Question?) nor an answer below it, indented (   - [ ] wrong — why; or - [x] right — why): {text}",
    },
    "misnumbered": {
        "tr": "satır {line}: {count}. sorunun numarası {number}",
        "en": "line {line}: question {count} has the number {number}",
    },
    "too_early": {
        "tr": "satır {line}: ilk sorudan önce bir yanıt: {text}",
        "en": "line {line}: an answer before the first question: {text}",
    },
    "no_why": {
        "tr": "satır {line}: bir yanıt ' — ' işaretini ve nedenini ister: {text}",
        "en": "line {line}: an answer needs ' — ' and why: {text}",
    },
    "only_text": {
        "tr": "yalnızca metin yazılabilir; gelen: {got}",
        "en": "only text can be written; got {got}",
    },
    "no_lesson": {
        "tr": "ders, denetimlerinin dosyasıyla anılır: {known}; gelen: {got}",
        "en": "a lesson is named as the file of its checks: {known}; got {got}",
    },
    # --- timing ---
    "arms": {
        "tr": "argümansız fonksiyonlardan bir dict",
        "en": "a dict of functions without arguments",
    },
    "some_arms": {
        "tr": "en az bir yarışmacı, hiçbiri denetim ölçümünün adını taşımadan",
        "en": "one or more, none named as the control",
    },
    "of_the_arms": {"tr": "{arms} yarışmacılarından", "en": "of the arms {arms}"},
    "work_of": {"tr": "{name} yarışmacısının işi (work)", "en": "work of {name}"},
    # --- quantization ---
    "ends": {
        "tr": "min_val en çok max_val kadar olabilir, ikisi birden 0 olamaz; gelen: {low} ve {high}",
        "en": "min_val must be at most max_val, and not both may be 0; got {low} and {high}",
    },
    "two_axes": {
        "tr": "weight en az iki eksenli olmalı, (..., out, in); gelen: {shape} biçimi",
        "en": "weight must have two axes or more, (..., out, in); got shape {shape}",
    },
    "same_shape": {
        "tr": "signal ile approximation aynı biçimde olmalı; gelen: {one} ve {two}",
        "en": "signal and approximation must have the same shape; got {one} and {two}",
    },
    "columns": {
        "tr": "weight en çok {most} sütunlu olabilir; gelen: {got}",
        "en": "weight must have at most {most:,} columns; got {got:,}",
    },
    "terms": {
        "tr": "bir INT8 toplamı en çok {most} terimli olabilir; gelen: {got}",
        "en": "an INT8 sum may have at most {most:,} terms; got {got:,}",
    },
    "floats": {
        "tr": "bir float16, bfloat16, float32 ya da float64 tensörü",
        "en": "a tensor of float16, bfloat16, float32 or float64",
    },
    "no_linear": {
        "tr": "module içinde nicemlenecek bir nn.Linear olmalı; gelen: {got}",
        "en": "module must have an nn.Linear to quantize; got {got}",
    },
    "layer": {"tr": "{name} katmanı", "en": "layer {name}"},
    "the_layer": {"tr": "katman", "en": "the layer"},
    "left": {
        "tr": "olduğu gibi bırakıldı, nicemlenmedi: {layers}",
        "en": "left as it is, not quantized: {layers}",
    },
    "is_a": {"tr": "türü {kind}", "en": "it is a {kind}"},
    "has_own": {"tr": "kendine özgü bir eki var: {what}", "en": "it has {what} of its own"},
    "weight_is_a": {"tr": "ağırlığının türü {kind}", "en": "its weight is a {kind}"},
    "weight_is": {"tr": "ağırlığının düzeni {layout}", "en": "its weight is {layout}"},
    "owner_reads": {"tr": "ağırlığını sahibi okuyor", "en": "its owner reads its weight"},
    "uncopied": {
        "tr": "module kopyalanamıyor: {error}",
        "en": "module cannot be copied: {error}",
    },
    "own_forward": {
        "tr": "module kopyalanamıyor: {layer}, forward yerine bir fonksiyon taşıyor; o, özgün katmanlarla çalışmayı sürdürürdü",
        "en": "module cannot be copied: {layer} has a function for its forward, which would go on with the layers of the original",
    },
    "bytes": {
        "tr": "{name} kaç bayt tutar, söylenemiyor: {kind}",
        "en": "cannot tell how many bytes {name} takes: {kind}",
    },
    "unseen": {
        "tr": "{device} üzerinde, sayıları görülemeyen bir {kind}",
        "en": "{kind} on {device}, without numbers that can be seen",
    },
    "not_installed": {"tr": "{library} kurulu değil", "en": "{library} is not installed"},
    # --- the libraries of lesson 8 ---
    "too_old": {
        "tr": "{library} {found} eski kalıyor: en az {needed} gerekir.",
        "en": "{library} {found} is too old: it takes {needed} or later.",
    },
    "unusable": {
        "tr": "Kitaplıklar kurulu, ama burada çalışmıyor: {kind}: {told}",
        "en": "The libraries are installed, but do not run here: {kind}: {told}",
    },
    "installing": {
        "tr": "Kurulacak: {pins}. torch olduğu gibi kalır.",
        "en": "To be installed: {pins}. torch stays as it is.",
    },
    "installed": {"tr": "Kuruldu.", "en": "Installed."},
    "install_failed": {
        "tr": "Kurulamadı. pip'in dediği: {told}",
        "en": "Not installed. What pip said: {told}",
    },
    "restart": {
        "tr": "Çekirdeği (kernel) yeniden başlat ve dersi baştan çalıştır; eskisi bellekte kaldı: {names}.",
        "en": "Restart the kernel and run the lesson from its beginning; in memory is still the old {names}.",
    },
    "smollm2_missing": {
        "tr": "{library} kurulu değil. Bir hücrede kurmak için: {command}",
        "en": "{library} is not installed. To install it, in a cell: {command}",
    },
    "smollm2_memory": {
        "tr": "SmolLM2 için {needed:.1f} GiB boş bellek gerekir; burada {free:.1f} GiB var.",
        "en": "SmolLM2 takes {needed:.1f} GiB of free memory; here are {free:.1f} GiB.",
    },
    "smollm2_cost": {
        "tr": "SmolLM2, 135 milyon parametre: yaklaşık 1300 MB bellek ister, makineye göre 1 ile 4 dakika sürer; paketi bir kez indirilir, 93 MB. Yalnızca İngilizce bilir.",
        "en": "SmolLM2, 135 million parameters: it takes about 1300 MB of memory and, depending on the machine, 1 to 4 minutes; its package is downloaded once, 93 MB. It knows English only.",
    },
    "not_stored": {
        "tr": "Saklanan eğitimler burada yok: tek dosya olarak yüklenen derslerden yalnızca ders 8 onları içerir.",
        "en": "The stored trainings are not here: of the lessons uploaded as single files, only lesson 8 holds them.",
    },
    "processes": {
        "tr": "{asked} süreç istendi, başlatıcı ise {got} süreç başlattı.",
        "en": "Asked for {asked} processes, but the launcher started {got}.",
    },
    "no_checkpoint": {
        "tr": "Devam edilecek bir kayıt (checkpoint) yok; --folder {folder}",
        "en": "There is no checkpoint to resume from: --folder {folder}",
    },
    "uneven": {
        "tr": "Bir güncellemenin {batch} örneği {got} sürece eşit bölünemez.",
        "en": "The {batch} samples of an update cannot be shared evenly by {got} processes.",
    },
    "weight_gone": {
        "tr": "{layer}: sahibi ağırlığını okuyor, o ise artık yok",
        "en": "the owner of {layer} reads its weight, which is gone",
    },
    "noisy": {
        "tr": "{layer}: SNR {snr:.1f} dB, {least:.0f} dB'nin üstünde değil",
        "en": "{layer} has an SNR of {snr:.1f} dB, not above {least:.0f}",
    },
    "not_smaller": {
        "tr": "kopya küçülmedi: {before} bayt yerine {after} bayt",
        "en": "the copy is not smaller: {after:,} bytes instead of {before:,}",
    },
    # --- what a class hands in ---
    "class_missing": {
        "tr": "Bu komut için gereken, ama kurulu olmayan: {libraries}. Kurmak için: {command}",
        "en": "Needed by this command and not installed: {libraries}. To install it: {command}",
    },
    "class_no_folder": {
        "tr": "Böyle bir klasör yok: {folder}",
        "en": "There is no such folder: {folder}",
    },
    "class_no_notebook": {
        "tr": "Bu klasörde hiç ders defteri yok: {folder}",
        "en": "There is no notebook in this folder: {folder}",
    },
    "class_none": {
        "tr": "Tabloya girebilecek bir defter yok:",
        "en": "There is no notebook that could be put into the table:",
    },
    "class_tie": {
        "tr": "Birden çok dersten eşit sayıda defter var: {lessons}. Hangi dersin tablosunu istediğinizi yazın: --lesson {first}",
        "en": "There are as many notebooks of one lesson as of another: {lessons}. Say of which you want the table: --lesson {first}",
    },
    "class_unwritable": {
        "tr": "{path} yazılamadı: {error}. Başka bir programda açıksa kapatın, sonra komutu yeniden çalıştırın.",
        "en": "{path} could not be written: {error}. Close it if another program has it open, then run the command again.",
    },
}


def say(key: str, **figures) -> str:
    """A message, or a part of one, in the language that is spoken now."""
    return ERRORS[key][spoken()].format(**figures)


class Phrase:
    """A part of a message, put into words when the message is: by then it is known if any is."""

    def __init__(self, key: str, **figures):
        self.key, self.figures = key, figures

    def __str__(self) -> str:
        return say(self.key, **self.figures)


# --- which language -------------------------------------------------------------------------------

SESSION = "en"  # a plain global: a slider's callback may come on another thread
SCOPE: ContextVar[str | None] = ContextVar("toycore.errors", default=None)

P = ParamSpec("P")
R = TypeVar("R")


def check(language: str) -> str:
    """The language itself, if the course speaks it; else a ValueError."""
    if not _known(language):
        allowed = Phrase("one_of", options=", ".join(LANGUAGES))
        raise ValueError(say("must", name="language", allowed=allowed, got=repr(language)))
    return language


def set_language(language: str) -> None:
    """The language of errors where no World, Run or check is at hand: "tr" or "en"."""
    global SESSION
    SESSION = check(language)


def spoken() -> str:
    """The language that is spoken now: of what is at work, else of the session."""
    return SCOPE.get() or SESSION


def in_its_language(work: Callable[P, R]) -> Callable[P, R]:
    """A function whose errors are in the language of what it is given.

    That is its argument `language`, or the first World, Run or thing with a language among its
    arguments. What is called within has the last word; afterwards all is as it was. No context
    manager of Python's, for the reason that threads.py gives.
    """
    names = [*inspect.signature(work).parameters]
    place = names.index("language") if "language" in names else len(names)

    @functools.wraps(work)
    def speaking(*args: P.args, **named: P.kwargs) -> R:
        given = [named.get("language"), *args[place : place + 1]]
        found = itertools.chain(given, map(_language_of, args), map(_language_of, named.values()))
        before = SCOPE.get()
        try:
            SCOPE.set(next(filter(_known, found), before))
            return work(*args, **named)
        finally:
            SCOPE.set(before)

    return speaking


def _language_of(argument):
    """The language of a World, of a Run's world, of whatever else holds one."""
    held = getattr(argument, "__dict__", {})
    return getattr(held.get("world"), "__dict__", held).get("language")


def _known(language) -> bool:
    return isinstance(language, str) and language in LANGUAGES  # an array is in no tuple
