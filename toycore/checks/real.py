"""The exercises of lesson 8: a reward for TRL, β for a budget, a bug in a config, twice the rank.

None of them needs TRL: where a training lands is its own optimum, from the start that was stored.
"""

import dataclasses
import functools
import inspect
import itertools
import math
import statistics
from types import SimpleNamespace

import torch

from toycore import real
from toycore.checks.attempt import Unusable, kind, members
from toycore.checks.compare import same_values
from toycore.checks.draws import whole
from toycore.checks.exercise import Predicted, Tried, Written, number, predicted_choice
from toycore.checks.settled import settled
from toycore.checks.verdict import Mistake
from toycore.errors import spoken
from toycore.real.oracle import words
from toycore.world import HARMFUL, HELPFUL, NEUTRAL, World


@functools.cache
def world_of(language: str) -> World:
    return World(language=language)


def here() -> World:
    """The world in the language of the check that is at work."""
    return world_of(spoken())


# --- the reward function ----------------------------------------------------------------------------

# Words that are no answers, though one stands in each of them.
LONGER = {
    "en": ("yesterday", "nothing", "helpful", "badly", "longer", "shortly"),
    "tr": ("yardımcı", "kötülük", "uzunluk", "kısaca", "hayırlı", "özetler"),
}


def texts(generator):
    """Prompts and completions as TRL hands them over: each prompt as often as it has answers.

    An answer of each class and a foreign word, without a blank, then behind one; then both at once,
    foreign ones with an answer inside, one cut off, and one that was over before it began (""). The
    first group begins and ends with rewards that differ, and from that of a foreign word: so what takes
    one answer of a prompt for all is not taken for what finds none.
    """
    world = here()
    foreign = [word for word in words(world)[3:] if word not in world.tokens]

    def one(of) -> str:
        return of[int(whole(generator, len(of)))]

    def group() -> list[str]:
        good, bad, neutral = (
            one([world.tokens[k] for k in kinds]) for kinds in (HELPFUL, HARMFUL, NEUTRAL)
        )
        return [good, bad, one(foreign), neutral]

    def shuffled(of) -> list:
        return [of[k] for k in torch.randperm(len(of), generator=generator)]

    def more() -> list[str]:
        longer = one(LONGER[world.language])
        odd = [longer, f" {longer}", f"{one(world.tokens)} {one(foreign)}", group()[0][:-1], ""]
        return [*group(), *(f" {text}" for text in group()), *odd]

    for prompts, draw in (
        (1, group),
        (2, lambda: [f" {text}" for text in group()]),
        (3, more),
    ):
        asked = [world.prompts[k] for k in torch.randperm(6, generator=generator)[:prompts]]
        order = list if prompts == 1 else shuffled
        groups = [(prompt, text) for prompt in asked for text in order(draw())]
        yield {"prompts": [p for p, _ in groups], "completions": [text for _, text in groups]}


def by_trl(function, inputs: dict):
    """Called, and its result read, as TRL does both (1.16, `_calculate_rewards`)."""
    known, completions = words(here()), inputs["completions"]
    given = {
        "prompts": [*inputs["prompts"]],
        "completions": [*completions],
        "completion_ids": [
            [known.index(word) if word in known else 2 for word in text.split()]
            for text in completions
        ],
        "trainer_state": SimpleNamespace(global_step=0),
        "log_extra": lambda column, values: None,
        "log_metric": lambda name, value: None,
    }
    try:
        inspect.signature(function).bind(**given)
    except TypeError:
        raise Unusable("by_name") from None
    except Exception:  # built in, or a learner's own class: the call will tell
        pass
    return taken(function(**given), len(completions))


@settled
def taken(returned, due: int):
    """The numbers that TRL makes of it; Unusable with the name of a mistake where it raises."""
    if returned is None or any(one is ... for one in [returned, *(members(returned) or ())]):
        return returned  # a stub
    if issubclass(type(returned), str | dict):
        raise Unusable("no_numbers", got=kind(returned))
    try:
        count = len(returned)
    except TypeError:
        count = due  # a generator has no length either
    if count == due:
        try:
            rewards = [*itertools.islice(iter(returned), due + 1)]
        except TypeError:
            raise Unusable("one_number") from None
        count = len(rewards)
    if count != due:
        raise Unusable("length", got=count, due=due)
    if any(reward is None for reward in rewards):
        raise Unusable("none")
    try:
        made = torch.tensor(rewards, dtype=torch.float32)
    except Exception:
        raise Unusable("no_numbers", got=kind(rewards[0])) from None
    if made.ndim != 1:
        raise Unusable("no_numbers", got=kind(rewards[0]))
    return made


def worth() -> dict[str, float]:
    """What each answer earns: the same at every prompt."""
    world = here()
    return dict(zip(world.tokens, world.reward[0].tolist(), strict=True))


def right_rewards(prompts, completions, **_) -> list[float]:
    return real.reward_function(here())(prompts, completions)


def each(reward):
    """A function of TRL's kind: `reward(earned, text)` for each completion."""

    def rewards(prompts, completions, **_) -> list:
        earned = worth()
        return [reward(earned, text) for text in completions]

    return rewards


def after(change):
    """The right rewards, changed: `change(rewards, prompts)`."""
    return lambda prompts, completions, **_: change(right_rewards(prompts, completions), prompts)


def inside(holds):
    """The first answer for which `holds(answer, text)`."""
    return each(
        lambda earned, text: next(
            (value for word, value in earned.items() if holds(word, text.strip())), real.OTHER
        )
    )


def less_mean(rewards, prompts, spread: bool = False) -> list[float]:
    """Less the mean of the prompt's group, as the trainer itself does."""
    groups = {p: [r for r, q in zip(rewards, prompts, strict=True) if p == q] for p in prompts}
    scale = {p: statistics.stdev(of) + 1e-4 if spread else 1.0 for p, of in groups.items()}
    return [
        (r - statistics.fmean(groups[p])) / scale[p] for r, p in zip(rewards, prompts, strict=True)
    ]


def group_mean(rewards, prompts) -> list[float]:
    left = less_mean(rewards, prompts)
    return [reward - over for reward, over in zip(rewards, left, strict=True)]


def neutral_as(value: float):
    return after(lambda rewards, _: [value if abs(r - 0.2) < 1e-9 else r for r in rewards])


CALLS = itertools.count(1)  # what a function may remember from call to call

REWARD = {
    "by_name": Mistake(
        lambda prompts, completions: right_rewards(prompts, completions),
        also=(
            lambda completions: right_rewards(completions, completions),
            lambda asked, answered, **_: right_rewards(asked, answered),
        ),
        tr="TRL her şeyi adıyla verir: `prompts=`, `completions=`, ardından `completion_ids=`, `trainer_state=` ve veri kümesinin öteki sütunları. Fonksiyonun bunlardan birini almıyor, eğitim ilk adımda dururdu. `prompts` ile `completions` adlarını koru, sona `**kwargs` ekle.",
        en="TRL passes everything by name: `prompts=`, `completions=`, then `completion_ids=`, `trainer_state=` and the other columns of the data. Your function does not take one of them, so training would stop at the first step. Keep the names `prompts` and `completions`, and put `**kwargs` at the end.",
    ),
    "one_number": Mistake(
        after(lambda rewards, _: sum(rewards) / len(rewards)),
        also=(after(lambda rewards, _: sum(rewards)), after(lambda rewards, _: rewards[0])),
        tr="Tek bir sayı dönüyor. Her yanıtın kendi ödülü gerekir: grubun ortalamasını ve avantajı TRL kendisi hesaplar, hangi yanıtın iyi olduğunu yalnızca bu listeden bilir.",
        en="You return a single number. Each completion needs a reward of its own: TRL works out the group's mean and the advantage itself, and this list is all it knows of which answer was good.",
    ),
    "length": Mistake(
        after(lambda rewards, prompts: rewards[: len(set(prompts))]),
        also=(
            after(lambda rewards, _: rewards[:1]),
            after(lambda rewards, _: [r for r in rewards if r > 0]),
            after(lambda rewards, _: [*rewards, 0.0]),
        ),
        tr="{due} yanıta {got} sayı dönüyor. `prompts` ile `completions` aynı uzunluktadır: her istem, gruptaki yanıt sayısı kadar yinelenir. Her yanıta bir sayı gerekir; eleme, küme (`set`) ya da `dict` bunu bozar.",
        en="You return {got} numbers for {due} completions. `prompts` and `completions` are equally long: each prompt comes as often as its group has answers. Every completion needs one number; a filter, a `set` or a `dict` breaks that.",
    ),
    "none": Mistake(
        each(lambda earned, text: earned.get(text.strip())),
        also=(after(lambda rewards, _: [r if r > 0 else None for r in rewards]),),
        tr="Bazı yanıtların ödülü `None`. TRL bunu «bu fonksiyon bu yanıtı yargılamıyor» diye okur, NaN yapar; başka ödül fonksiyonu yoksa yanıtın ödülü kalmaz. Öteki sözcüklerin ödülü −1: `get(..., -1.0)` ya da son bir `else`.",
        en="Some completions get `None`. TRL reads that as “this function does not judge this one” and makes it NaN; with no other reward function the completion is left without a reward. Other words earn −1: `get(..., -1.0)`, or a last `else`.",
    ),
    "no_numbers": Mistake(
        after(lambda rewards, _: [str(r) for r in rewards]),
        also=(
            after(lambda rewards, _: [[r] for r in rewards]),
            after(lambda rewards, _: dict(enumerate(rewards))),
            after(lambda rewards, _: str(rewards)),
        ),
        tr="TRL döndürdüğünden bir sayı listesi yapamıyor; içinde {got} var. Her yanıta tek bir sayı gerekir: liste içinde liste, metin ya da `dict` değil.",
        en="TRL cannot make a list of numbers of what you return; there is {got} in it. Each completion needs a single number: no list in a list, no text, no `dict`.",
    ),
    "state": Mistake(
        after(lambda rewards, _: [r + next(CALLS) for r in rewards]),
        also=(after(lambda rewards, _: rewards if next(CALLS) % 2 else rewards[:1]),),
        tr="Aynı yanıtlar iki çağrıda iki ayrı sonuç verdi. Bir şey çağrıdan çağrıya taşınıyor (dışarıda bir liste, argümanda `[]` gibi bir varsayılan) ya da rastgele. TRL fonksiyonu her adımda yeniden çağırır: ödül yalnızca yanıta baksın.",
        en="The same completions gave two results in two calls. Something is carried from call to call (a list outside, a default like `[]` among the arguments), or is random. TRL calls the function anew at each step: let the reward depend on the completion alone.",
    ),
    "no_strip": Mistake(
        each(lambda earned, text: earned.get(text, real.OTHER)),
        also=(
            each(lambda earned, text: earned.get(text[1:], real.OTHER)),
            each(
                lambda earned, text: earned.get(text[1:], real.OTHER) if text[:1] == " " else -1.0
            ),
            each(lambda earned, text: earned.get(text, 0.0)),
        ),
        tr="Önündeki boşluk yüzünden aynı sözcük başka sayılıyor. Çoğu tokenizer boşluğu sözcüğün içine katar, kimi zaman da katmaz: ikisi de gelir. Karşılaştırmadan önce `completion.strip()`.",
        en="A blank in front makes the same word count as another. Most tokenizers make the blank a part of the word, and sometimes there is none: both occur. Compare `completion.strip()`.",
    ),
    "sign": Mistake(
        after(lambda rewards, _: [-r for r in rewards]),
        also=(each(lambda earned, text: -earned.get(text.strip(), -real.OTHER)),),
        tr="İşaret ters. TRL ödülü büyütür; bu bir kayıp değil. Böyle eğitilen model zararlı sözcüklere gider.",
        en="The sign is wrong. TRL makes the reward larger; it is not a loss. Trained on this, the model goes for the harmful words.",
    ),
    "unknown_zero": Mistake(
        each(lambda earned, text: earned.get(text.strip(), 0.0)),
        also=(
            each(lambda earned, text: earned.get(text.strip(), 0.2)),
            each(lambda earned, text: earned.get(text.strip(), 1.0)),
        ),
        tr="11 yanıttan hiçbiri olmayan bir sözcük, −1 yerine başka bir ödül alıyor. 0 bile zararlı bir yanıttan iyidir: model, zararlıdan kaçarken dünyada olmayan sözcüklere sızar.",
        en="A word that is none of the 11 answers gets another reward than −1. Even 0 is better than a harmful answer: on its way from harm the model would leak into words that mean nothing here.",
    ),
    "substring": Mistake(
        inside(lambda word, text: word in text),
        also=(
            inside(lambda word, text: text.startswith(word)),
            inside(lambda word, text: word in text.split()),
            inside(lambda word, text: text in word),
            inside(lambda word, text: text and text in word),
        ),
        tr="Metnin bir parçası yetiyor: `in`, `startswith` ya da sözcüklere bölmek. Başka bir sözcüğün içinde geçen anahtar sözcük de kazanıyor; model bunu bulur ve oraya gider. Bütün metin karşılaştırılır: `==` ya da `dict`.",
        en="A part of the text is enough: `in`, `startswith`, or splitting into words. So a keyword inside another word earns too, and the model will find that and go there. Compare the whole text: `==`, or a `dict`.",
    ),
    "by_prompt": Mistake(
        after(
            lambda rewards, prompts: [dict(zip(prompts, rewards, strict=True))[p] for p in prompts]
        ),
        also=(
            after(lambda rewards, prompts: [rewards[prompts.index(p)] for p in prompts]),
            after(group_mean),
        ),
        tr="Bir istemin bütün yanıtları aynı ödülü alıyor. Oysa aynı istem listede çok kez geçer: istemi anahtar yapan bir `dict` ya da `index` hep aynı yanıtı bulur. Grup içinde fark kalmayınca avantaj 0'dır, hiçbir şey öğrenilmez. `zip(prompts, completions)` ile yürü.",
        en="All completions of a prompt get the same reward. A prompt stands in the list many times: a `dict` with the prompt as its key, or `index`, always finds the same completion. With no difference inside a group the advantage is 0, and nothing is learned. Walk along `zip(prompts, completions)`.",
    ),
    "prompts_scored": Mistake(
        lambda prompts, completions, **_: right_rewards(completions, prompts),
        also=(lambda prompts, completions, **_: [real.OTHER for _ in completions],),
        tr="Bilinen yanıtlar da −1 alıyor, yani hiçbiri bulunamıyor. Yargılanan metin `completions` listesindedir; `prompts` sorudur. İki ad ya da anahtardaki sıra karışmış olabilir; sözcükler de bu not defterinin dilinde mi?",
        en="The known answers get −1 as well, so none of them is found. The text to be judged is in `completions`; `prompts` is the question. Two names, or the order in a key, may be swapped; and are the words in this notebook's language?",
    ),
    "advantage": Mistake(
        after(less_mean),
        also=(
            after(functools.partial(less_mean, spread=True)),
            after(lambda rewards, _: [r - sum(rewards) / len(rewards) for r in rewards]),
        ),
        tr="Ortalama çıkarılmış. Avantajı TRL kendisi hesaplar; ödül fonksiyonu ham ödülü verir. Yoksa iki kez çıkarılır, günlükteki `reward` da hep 0 görünür.",
        en="The mean is subtracted. TRL works out the advantage itself; the reward function gives the plain reward. Otherwise it is subtracted twice, and the `reward` in the log always reads 0.",
    ),
    "neutral": Mistake(
        neutral_as(0.0),
        also=(neutral_as(-1.0), neutral_as(1.0)),
        tr="Nötr yanıtlar (hayır, uzun, kısa) başka bir ödül alıyor; onlarınki 0,2. Sayıları elle yazmak yerine `world.reward` tablosundan oku.",
        en="The neutral answers (no, long, short) get another reward; theirs is 0.2. Read the numbers from the table `world.reward` instead of writing them by hand.",
    ),
}


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Asked(Written):
    """A function that a library calls: where the library would stop, the mistake has a name."""

    @settled
    def compare(self, inputs, got, again, due, known, language: str):
        first = got[0]
        if not same_values(first, again) or first.figures != again.figures:
            return self.named("state", language, {})
        for outcome in got:
            if outcome.trouble in self.mistakes:
                return self.named(outcome.trouble, language, outcome.figures)
        return super().compare(inputs, got, again, due, known, language)


reward_function = Asked(
    draw=texts,
    ask=by_trl,
    right=Mistake(
        right_rewards,
        tr="Her yanıta, yalnızca metnine göre, bir sayı; TRL yanında ne verirse versin. GRPOTrainer da RLOOTrainer da bunu olduğu gibi alır. (Liste yerine tensör ya da dizi döndürmek de olur: TRL hepsini tensöre çevirir.)",
        en="One number for each completion, by its text alone, whatever else TRL passes. GRPOTrainer and RLOOTrainer take it as it is. (A tensor or an array would do as well as a list: TRL turns them all into a tensor.)",
    ),
    mistakes=REWARD,
)


# --- β for a budget ---------------------------------------------------------------------------------

BUDGET, LEAST = 0.2, 0.19  # of KL: what it may be at most; at least so much of it is used
NEAR = 0.03  # of the budget: so near a KL of π* comes to it where β was chosen for π*


@functools.cache
def start_table() -> torch.Tensor:
    """Where seed 0 starts, (6, W). It is stored to four decimals: made to sum to 1 again."""
    stored = real.stored()["starts"]["0"]["ref_logp"]
    return torch.tensor(stored, dtype=torch.float64).log_softmax(-1)


@functools.lru_cache(maxsize=256)
def lands(method: str, beta: float, at: float, group: int = 16) -> dict[str, float]:
    """Where a method must land that is told `beta`: reward, KL, and what it attained at `at`.

    In the English world: the stored table has its 24 words, and the Turkish one has 23.
    """
    world, ref_logp = world_of("en"), start_table()
    own = real.own_optimum(method, ref_logp, world, beta=beta, num_generations=group)
    return real.landing(own, ref_logp, world, at)


def examine_budget(answer, language: str) -> tuple[str, dict]:
    beta = number(answer)
    if not (math.isfinite(beta) and beta >= 0):
        return "not_positive", {"got": beta}
    own, star = lands("grpo", beta, beta), lands("rloo", beta, beta)
    figures = {"got": beta, "kl": own["kl"], "reward": own["reward"], "star": star["kl"]}
    if beta == 0:
        return "zero", figures
    if own["kl"] > BUDGET:
        return ("star" if abs(star["kl"] - BUDGET) < NEAR else "over"), figures
    return ("right" if own["kl"] >= LEAST else "under"), figures


budget = Tried(
    examine=examine_budget,
    right=Mistake(
        1.5,
        tr="`beta` {got} iken GRPO'nun kendi en iyisinin KL'si {kl}; ödülü {reward}. Aynı `beta` ile $\\pi^*$ yalnızca {star} uzaklaşırdı: standart sapmaya bölmek ödülü büyütür, kayıptaki KL büyümez.",
        en="At a `beta` of {got} GRPO's own optimum has a KL of {kl} and earns {reward}. At the same `beta` $\\pi^*$ would move by {star} only: dividing by the deviation makes the reward larger, but not the KL in the loss.",
    ),
    mistakes={
        "star": Mistake(
            0.62,
            also=(0.58, 0.6, 0.65, 0.7),
            tr="`beta` {got} $\\pi^*$ için (ve RLOO için) uygun: onun KL'si {star}. TRL'nin varsayılan GRPO'su ise **kendi** en iyisine gider; onun KL'si {kl}; bütçe 0,2. Standart sapmaya bölünen ödül daha güçlü çeker: daha büyük bir `beta` gerekir.",
            en="A `beta` of {got} suits $\\pi^*$ (and RLOO): its KL is {star}. But TRL's default GRPO goes to its **own** optimum, whose KL is {kl}; the budget is 0.2. A reward divided by the deviation pulls harder, so it takes a larger `beta`.",
        ),
        "over": Mistake(
            0.5,
            also=(0.04, 0.1, 1.0, 1.2, 1.49),
            tr="Bütçe aşılıyor: `beta` {got} iken GRPO'nun kendi en iyisinin KL'si {kl}; en çok 0,2 olmalı. Aynı `beta` ile $\\pi^*$'ın KL'si {star}. Tasmayı kısalt: `beta` büyüsün.",
            en="Over the budget: at a `beta` of {got} GRPO's own optimum has a KL of {kl}, and may have 0.2 at most. At the same `beta` $\\pi^*$ has {star}. Shorten the leash: a larger `beta`.",
        ),
        "under": Mistake(
            2.0,
            also=(1.54, 1.6, 5, 100.0, 1e300),
            tr="Bütçenin içinde, ama ödül masada kalıyor: `beta` {got} iken KL {kl}; ödül {reward}. KL en az 0,19 olsun; ödül de onunla büyüsün: `beta` küçülsün.",
            en="Within the budget, but it leaves reward on the table: at a `beta` of {got} the KL is {kl} and the reward {reward}. Let the KL be at least 0.19, and the reward will grow with it: a smaller `beta`.",
        ),
        "zero": Mistake(
            0,
            also=(0.0, -0.0),
            tr="0, TRL'nin varsayılanı: tasma yok. KL {kl} olur, model en çok kazandıran yanıtlardan başkasını vermez. `beta` sıfırdan büyük olsun.",
            en="0 is TRL's default: no leash. The KL becomes {kl}, and the model gives nothing but the answers that earn most. Choose a `beta` above zero.",
        ),
        "not_positive": Mistake(
            -0.5,
            also=(math.nan, math.inf),
            tr="`beta` sıfırdan büyük, sonlu bir sayı olmalı; yazılan {got}. Negatif bir `beta`, referanstan uzaklaşmayı ödüllendirirdi.",
            en="`beta` must be a finite number above zero; you wrote {got}. A negative leash would reward moving away from the reference.",
        ),
    },
)


# --- the bug in a config ----------------------------------------------------------------------------

WANTED = 0.5  # the β of the π* that was meant
ENOUGH = 0.995  # attained: β alone, however large, comes to 0.972
SHOWN = {
    "learning_rate": 3e-3,
    "max_steps": 150,
    "num_generations": 16,
    "max_completion_length": 1,
    "temperature": 1.0,
    "top_k": 0,
}
ADDED = {"beta": 0.0, "scale_rewards": "group", "loss_type": "dapo"}  # TRL's defaults
ALIASES = ("kl_beta", "kl_coef", "kl_coeff", "init_kl_coef", "kl_penalty")
SCALES = ("group", "batch", "none")


def examine_config(answer, language: str) -> tuple[str, dict]:
    if not isinstance(answer, dict):
        return "not_a_dict", {"got": kind(answer)}
    config = SHOWN | ADDED | answer
    for name in config:
        if name not in SHOWN | ADDED:
            shown = f"`{name[:30].replace('`', '')}`" if isinstance(name, str) else kind(name)
            return ("other_name" if name in ALIASES else "unknown"), {"name": shown}
    scale = config["scale_rewards"]
    if isinstance(scale, bool):
        scale = "group" if scale else "none"  # as TRL reads it
    if scale not in SCALES:
        return "no_scale", {}
    if scale == "batch":
        return "batch", {}
    beta = number(config["beta"])
    method = "dr_grpo" if scale == "none" else "grpo"
    own, star = lands(method, beta, WANTED), lands("rloo", WANTED, WANTED)
    figures = {"got": beta, "star": star["kl"], **own}
    changed = any(config[name] != value for name, value in SHOWN.items())
    if own["attained"] >= ENOUGH:
        return ("unbroken" if changed else "right"), figures
    if scale == "none":
        return ("another_beta" if beta else "only_scale"), figures
    if config["loss_type"] != ADDED["loss_type"]:
        return "loss_type", figures
    if changed:
        return "longer", figures
    if abs(own["kl"] / star["kl"] - 1) < 0.35:
        return "compensated", figures
    return ("only_beta" if beta else "unchanged"), figures


config = Tried(
    examine=examine_config,
    right=Mistake(
        {"beta": 0.5, "scale_rewards": "none"},
        tr="İki eksik vardı: TRL'nin GRPO'sunda `beta`nın varsayılanı 0'dır, standart sapmaya bölmek de varsayılan olarak açıktır. Şimdi kendi en iyisinin KL'si {kl} ($\\pi^*$: {star}); ödülü {reward}; ulaşılan pay {attained}.",
        en="Two things were missing: in TRL's GRPO `beta` is 0 unless you set it, and the division by the deviation is on. Now its own optimum has a KL of {kl} ($\\pi^*$: {star}) and earns {reward}; attained: {attained}.",
    ),
    mistakes={
        "only_beta": Mistake(
            {"beta": 0.5},
            also=(
                {"beta": 0.5, "scale_rewards": "group"},
                {"beta": 0.5, "scale_rewards": True},
                {"beta": 0.1},
                {**SHOWN, "beta": 0.5},
            ),
            tr="Tasma artık var, ama avantaj hâlâ standart sapmaya bölünüyor: `beta` {got} ile **kendi** en iyisinin KL'si {kl}; $\\pi^*$'ınki {star}. Bölmeyi kapatan ayarı da ekle.",
            en="There is a leash now, but the advantage is still divided by the deviation: at a `beta` of {got} its **own** optimum has a KL of {kl}, and $\\pi^*$ {star}. Add the setting that switches the division off.",
        ),
        "only_scale": Mistake(
            {"scale_rewards": "none"},
            also=({"scale_rewards": False}, {"scale_rewards": "none", "loss_type": "dr_grpo"}),
            tr="Bölme kapandı, ama tasma yok: TRL'nin GRPO'sunda `beta`nın varsayılanı 0'dır. KL {kl} olur; $\\pi^*$'ınki {star}.",
            en="The division is off, but there is no leash: in TRL's GRPO `beta` is 0 unless you set it. The KL becomes {kl}; that of $\\pi^*$ is {star}.",
        ),
        "compensated": Mistake(
            {"beta": 1.3},
            also=({"beta": 1.25}, {"beta": 1.4}),
            tr="Bölmenin açtığını `beta` ile kapatmışsın: KL {kl} ($\\pi^*$: {star}); ama ulaşılan pay {attained}; 1 değil. Bölme her istemin ödülünü başka bir sayıyla çarpar, tek bir `beta` hepsini birden düzeltemez. Bölmeyi kapat.",
            en="You made up for the division with `beta`: the KL is {kl} ($\\pi^*$: {star}), but attained is {attained}, not 1. The division multiplies the reward of each prompt by another number, and one `beta` cannot mend them all. Switch the division off.",
        ),
        "another_beta": Mistake(
            {"beta": 0.1, "scale_rewards": "none"},
            also=({"beta": 1, "scale_rewards": False}, {"beta": 0.6, "scale_rewards": "none"}),
            tr="Bölme kapandı, ama `beta` {got} başka bir yere götürür: KL {kl}; istenen $\\pi^*$'ınki {star}. Hangi β'nın $\\pi^*$'ı isteniyordu?",
            en="The division is off, but a `beta` of {got} leads elsewhere: its KL is {kl}, that of the $\\pi^*$ that was wanted {star}. Which β was it wanted at?",
        ),
        "loss_type": Mistake(
            {"beta": 0.5, "loss_type": "dr_grpo"},
            also=({"loss_type": "dr_grpo"}, {"beta": 0.5, "loss_type": "grpo"}),
            tr="`loss_type` bölmeyi kapatmaz: yalnızca token'ların nasıl ortalanacağını söyler, tek token'lık yanıtta hiçbir şey değiştirmez. Dr. GRPO'nun öteki yarısı ayrı bir ayardır. Şimdi KL {kl}; $\\pi^*$'ınki {star}.",
            en="`loss_type` does not switch the division off: it only says how tokens are averaged, and with answers of one token changes nothing. The other half of Dr. GRPO is a setting of its own. As it is, the KL is {kl}; that of $\\pi^*$ is {star}.",
        ),
        "longer": Mistake(
            {"beta": 0.5, "max_steps": 600},
            also=(
                {"max_steps": 1000},
                {"learning_rate": 1e-3},
                {"num_generations": 64},
                {"beta": 0.5, "num_generations": 4},
                {"beta": 0.5, "learning_rate": 1e-4, "max_steps": 50},
            ),
            tr="Daha uzun ya da daha yavaş eğitmek çare değil: eğitim, **yazılan** amacın en iyi olduğu yere çoktan vardı. Küçük grup bölmeyi yumuşatır, kaldırmaz. Yanlış olan amaç. Gösterilen satırlar kalsın; hangi ayarlar amacı değiştirir?",
            en="Training longer or more slowly is no cure: it has long arrived where the objective **that was written** is best. Smaller groups soften the division, but do not remove it. It is the objective that is wrong. Leave the lines that are shown; which settings change what is aimed at?",
        ),
        "unbroken": Mistake(
            {"beta": 0.5, "scale_rewards": "none", "max_steps": 300},
            also=({"beta": 0.5, "scale_rewards": "none", "learning_rate": 1e-2},),
            tr="Amaç artık doğru, ama bozuk olmayan bir satır da değişmiş. İki şey birden değişince hangisinin iyileştirdiği bilinmez; büyük bir öğrenme oranı burada eğitimi bozar. Gösterilen satırlar kalsın.",
            en="The objective is right now, but you also changed a line that was not broken. When two things change at once, nobody knows which of them helped; and a large learning rate breaks training here. Leave the lines that are shown.",
        ),
        "other_name": Mistake(
            {"kl_beta": 0.5, "scale_rewards": "none"},
            also=({"kl_coef": 0.5}, {"init_kl_coef": 0.5, "beta": 0.5}),
            tr="TRL {name} adını tanımaz: `TypeError`. toycore'un `kl_beta`sı, PPO kitaplıklarının `kl_coef`i orada başka bir adla durur: bölüm 8'deki ad tablosuna bak.",
            en="TRL knows no {name}: a `TypeError`. What toycore calls `kl_beta`, and libraries for PPO `kl_coef`, has another name there: look at the table of names in section 8.",
        ),
        "unknown": Mistake(
            {"epsilon": 0.2, "beta": 0.5},
            also=({"normalize": False}, {1: 2}),
            tr="{name}: GRPOConfig böyle bir ayar bilmiyor ya da bu ayar varılan yeri değiştirmiyor. Varılan yeri tasma ile ödülün bölünmesi belirler.",
            en="{name}: either GRPOConfig knows no such setting, or it does not change where training lands. What decides that is the leash, and what the reward is divided by.",
        ),
        "no_scale": Mistake(
            {"beta": 0.5, "scale_rewards": "off"},
            also=({"beta": 0.5, "scale_rewards": 0.5}, {"beta": 0.5, "scale_rewards": []}),
            tr='`scale_rewards` bu değeri tanımaz. Bildikleri: `"group"`, `"batch"`, `"none"` (`False` de `"none"` demektir).',
            en='`scale_rewards` does not know this value. It knows `"group"`, `"batch"` and `"none"` (`False` means `"none"`, too).',
        ),
        "batch": Mistake(
            {"beta": 0.5, "scale_rewards": "batch"},
            tr='`"batch"` da böler: bu kez bütün grupların ortak standart sapmasına. Ödül yine başka bir sayıyla çarpılır, kayıptaki KL çarpılmaz. Bölme tümüyle kapanmalı.',
            en='`"batch"` divides too: by the deviation of all groups together. The reward is still multiplied by another number, and the KL in the loss is not. Switch the division off altogether.',
        ),
        "unchanged": Mistake(
            {},
            also=({"beta": 0}, {"scale_rewards": "group"}, dict(SHOWN)),
            tr="Amaç aynı kaldı: KL {kl}; ödül {reward}; $\\pi^*$'ın KL'si {star}. Yazılmayan ayar varsayılanındadır: GRPOConfig'de tasmanın varsayılanı kaç?",
            en="The objective is still the same: a KL of {kl}, a reward of {reward}; the KL of $\\pi^*$ is {star}. A setting that is not written has its default: what is the leash's in GRPOConfig?",
        ),
        "not_a_dict": Mistake(
            "beta=0.5",
            also=(["beta", 0.5], 0.5, ("beta", 0.5)),
            tr="Eklenecek ayarları bir `dict` olarak ver, `dict(ad=değer)` gibi; gelen: {got}.",
            en="Hand in the settings to be added as a `dict`, as in `dict(name=value)`; you gave {got}.",
        ),
    },
)


# --- twice the rank ---------------------------------------------------------------------------------

LAYERS, VOCABULARY, WIDTH, MLP = 2, 24, 64, 176
LINEAR = 4 * [(WIDTH, WIDTH)] + 2 * [(WIDTH, MLP)] + [(MLP, WIDTH)]  # in → out, of one layer


def adapters(rank: int) -> int:
    """The parameters that LoRA trains: A is r × in and B is out × r, beside every linear layer."""
    return LAYERS * sum(rank * (into + out) for into, out in LINEAR)


def merged() -> int:
    """The parameters of the model, which B·A was added to: embeddings, layers with their norms."""
    layer = sum(into * out for into, out in LINEAR) + 2 * WIDTH
    return VOCABULARY * WIDTH + LAYERS * layer + WIDTH


def twice() -> tuple[str, dict]:
    figures = {"small": adapters(8), "large": adapters(16), "whole": merged()}
    return "a", {name: float(count) for name, count in figures.items()}


doubled = Predicted(
    examine=predicted_choice(twice, "abc"),
    right=Mistake(
        "a",
        tr="r 8 iken {small}; r 16 iken {large} parametre eğitilir: A ile B'nin boyu r ile doğru orantılıdır. Birleştirilen modelde ikisinde de {whole} parametre vardır, eğitimin vardığı yeri de amaç belirler, r değil.",
        en="At r 8 there are {small} parameters to train, at r 16 {large}: A and B grow in proportion to r. The merged model has {whole} parameters in both cases, and where training lands is up to the objective, not to r.",
    ),
    mistakes={
        "b": Mistake(
            "b",
            tr="Varılan yeri amaç belirler: ödül, `beta`, ödülün bölünüp bölünmediği. r 2 bile oraya varıyordu; sürgüye bak. `lora_alpha = 2r` iken adaptörün çarpanı α/r de değişmez.",
            en="Where training lands is up to the objective: the reward, `beta`, whether the reward is divided. Even r 2 got there; look at the slider. And with `lora_alpha = 2r` the factor α/r of the adapter does not change either.",
        ),
        "c": Mistake(
            "c",
            tr="Birleştirirken B·A, W'nin üstüne eklenir. Bu çarpımın biçimi nedir; r onda görünür mü?",
            en="Merging adds B·A to W. What is the shape of that product, and does r show in it?",
        ),
    },
)
