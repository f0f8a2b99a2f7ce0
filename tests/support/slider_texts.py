"""What the lessons' sliders tell in a kernel, and what they ought to tell, by lesson.

PROBE, a cell, moves every slider through all its values and says what it shows; what is due is
computed here, from the package, as the lesson's prose describes it.
"""

import torch

import lesson_runs as runs
import toycore as tc
from toycore.language import number, setting, text, word

PROBE = """
import base64, hashlib, json, time
seconds = time.process_time()
told = []
for widget in [shown for shown in Out.values() if isinstance(shown, tc.widgets.Sliders)]:
    for name, selector in zip(widget.names, widget.selectors):
        first = selector.index
        for label, index in selector.options:
            selector.index = index
            view, shown = widget.view, widget.picture(widget.position)
            for at in widget.position:
                view = view.children[at] if hasattr(view, "children") else view
            png = base64.b64encode(shown.png).decode()
            digest = hashlib.sha256(png.encode()).hexdigest()
            told.append((name, label, shown.alt, png in view.value, digest))
        selector.index = first
print(json.dumps({"seconds": seconds, "told": told}))
"""

Due = list[tuple[str, str, list[str]]]  # slider, label of the value, phrases of the picture's text


def of_curves(run: tc.Run, language: str, *curves: str) -> Due:
    """Each value with its name, and the last mean over seeds of each curve."""
    ((setting, values),) = run.config.swept.items()
    due = []
    for value in values:
        mean = run.history.sel({setting: value}).mean("seed")
        label = number(value, language)
        phrases = [f"{setting} = {label}: "]
        for curve in curves:
            per_update = curve in ("clip_fraction", "approx_kl")  # told as a mean over training
            told = mean[curve][1:].mean() if per_update else mean[curve][-1]
            phrases.append(f"{text(f'curve.{curve}', language)} {number(told, language)}")
        due.append((setting, label, phrases))
    return due


def of_optimum(world: tc.World, kl_beta: float) -> list[str]:
    """The likeliest answers under π*, by the closed form written once more."""
    ref = torch.as_tensor(runs.start().logp.values)
    return of_policy(world, (ref + world.reward / kl_beta).softmax(-1))


def of_policy(world: tc.World, chances: torch.Tensor) -> list[str]:
    """The likeliest answer to each prompt and its probability, averaged over seeds."""
    chances = chances.mean(0).numpy()
    token = chances.round(9).argmax(-1)  # of equals the first
    return [
        f"{prompt} → {world.tokens[t]} ({number(row[t], world.language)})"
        for prompt, t, row in zip(world.prompts, token, chances, strict=True)
    ]


def lesson_1(language: str) -> Due:
    world = tc.World(language=language)
    leashes = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
    due = [("kl_beta", number(b, language), of_optimum(world, b)) for b in leashes]
    grids = {"helpful": (-1.0, 1.0, 2.0), "harmful": (-2.0, -1.0, 1.0)}
    grids["neutral"] = (0.0, 0.2, 1.0)
    for kind, grid in grids.items():
        for value in grid:
            edited = tc.World(**{kind: value}, language=language)
            name = text(f"setting.{kind}", language)
            due.append((name, number(value, language), of_optimum(edited, 0.5)))
    return due


CHANGED = 4  # the lesson shows the first seed whose answer clearly changes with 2 bits


def magnified(language: str) -> Due:
    """Lesson 3's one update: the ratios of all tokens at the first prompt, pass by pass."""
    world, due = tc.World(language=language), []
    start = torch.as_tensor(runs.start().logp.sel(seed=0).values)
    logits = {name: start.clone().requires_grad_() for name in ("unclipped", "clipped")}
    uniform = torch.rand(200, 1024, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    prompt, token = tc.noise.sample_answer(start, uniform[0, :256])
    gain = world.reward[prompt, token] - (start.exp() * world.reward).sum(-1)[prompt]
    gain = (gain - gain.mean()) / (gain.std() + 0.1)
    for passes in range(9):
        said = []
        for name, table in logits.items():
            ratio = (table.log_softmax(-1) - start).exp().detach()[0]
            places = [int((sign * ratio.numpy()).round(9).argmax()) for sign in (-1, 1)]
            at, where = places  # of equals the first
            least, most = (number(round(float(ratio[i]), 2), language) for i in places)
            said.append(text(f"policy.{name}", language) + ":")
            said += [f"{least} ({world.tokens[at]})", f"{most} ({world.tokens[where]})"]
            rho = (table.log_softmax(-1) - start)[prompt, token].exp()
            worth = rho * gain
            if name == "clipped":
                worth = torch.minimum(worth, rho.clamp(0.8, 1.2) * gain)
            (slope,) = torch.autograd.grad(worth.mean(), table)
            logits[name] = (table + 2 * slope).detach().requires_grad_()
        due.append((word("setting", "passes", language), str(passes), said))
    return due


def lesson_2(language: str) -> Due:
    """Each alpha's map, cell by cell, and its middle column in the caption."""
    due, loss = [], runs.scaled().history.loss.isel(step=-1).mean("seed")
    comma = str.maketrans(".", ",") if language == "tr" else {}
    for alpha in loss.lora_alpha.values.tolist():
        table = loss.sel(lora_alpha=alpha)
        rows = [[f"{cell:.2f}".translate(comma) for cell in row] for row in table.values]
        column = f"α = {alpha:g}: {'; '.join(row[2] for row in rows)}."
        due.append(("lora_alpha", f"{alpha:g}", [column, " / ".join(map("; ".join, rows))]))
    return due + of_curves(runs.lora_ranks(), language, "loss", "accuracy")


def lesson_5(language: str) -> Due:
    world, due = tc.World(language=language), []
    named = {name: word("setting", name, language) for name in ("bits", "threshold")}
    weight = torch.randn(1, 4096, generator=torch.Generator().manual_seed(0))
    for bits in range(2, 9):
        step = weight.abs().max().item() / (2 ** (bits - 1) - 1)
        said = f"{bits} bit", str(2**bits - 1), f"Δ = {number(step, language)}."
        due.append((named["bits"], str(bits), list(said)))
    weight = weight.double()
    for tenths in range(2, 11):
        at, label = weight.abs().max() * tenths / 10, number(tenths / 10, language)
        on_grid = (weight * 7 / at).round().clamp(-7, 7) * at / 7
        power = (weight - on_grid).square().mean().item()
        beyond = number((weight.abs() > at).sum().item(), language)
        said = f" {beyond} ", f" {setting(float(f'{power:.3g}'), language)}"
        due.append((named["threshold"], label, list(said)))
    model = runs.judged().model.select(torch.arange(16))
    weight = (model.head.weight + model.head.delta_weight()).detach()
    for bits in range(2, 9):
        step = weight.abs().amax(-1, keepdim=True) / (2 ** (bits - 1) - 1)
        rounded = step * (weight / step).round()
        logits = model.prompt_embed @ rounded.mT + model.head.bias[:, None]
        one = logits[CHANGED : CHANGED + 1].softmax(-1).detach()
        due.append((named["bits"], str(bits), of_policy(world, one)))
    return due


def at_place(named: str, ref: torch.Tensor, reward: torch.Tensor, logp, language: str) -> list[str]:
    """Reward and KL of a policy, means over seeds and prompts, behind its name."""
    chances = logp.exp()
    earned = (chances * reward).sum(-1).mean()
    far = torch.special.xlogy(chances, chances).sum(-1) - (chances * ref).sum(-1)
    return [f"{named} {number(float(value), language)}" for value in (earned, far.mean())]


def climbed(name: str, proxy, language: str) -> list[str]:
    """The most gold on the way along the optima of a proxy, from a long leash to none."""
    ref, gold = torch.as_tensor(runs.start().logp.values), runs.judge_of_answers().reward
    tilts, proxy = torch.logspace(-1, 2, 3000, dtype=torch.float64), torch.as_tensor(proxy.values)
    peak = max(float(((ref + tilt * proxy).softmax(-1) * gold).sum(-1).mean()) for tilt in tilts)
    return [f"{text('head.peak', language)}: {name} {number(peak, language)}"]


def lesson_7(language: str) -> Due:
    reward, ref = runs.WORLD.reward, torch.as_tensor(runs.start().logp.values)
    due: Due = []

    def due_at(slider: str, value: float, **policies) -> None:
        told = (at_place(name, ref, reward, logp, language) for name, logp in policies.items())
        due.append((slider, number(value, language), [phrase for each in told for phrase in each]))

    below, level = (
        (ref.exp()[..., None, :] * (reward[:, None] < reward[..., None])).sum(-1),
        (ref.exp()[..., None, :] * (reward[:, None] == reward[..., None])).sum(-1),
    )
    for n in (2, 4, 8, 16, 64):
        mass = (below + level) ** n - below**n
        due_at("n", n, **{"best-of-n": ref + (mass / level).log()})
    plain = ref
    walked = {0: ref}
    for step in range(1, 81):
        gain = reward - (plain.exp() * reward).sum(-1, keepdim=True)
        plain = (plain + 0.5 * plain.exp() * gain).log_softmax(-1)
        walked[step] = plain
    ways = [text(f"way.{name}", language) for name in ("natural", "plain")]
    for step in (0, 5, 10, 20, 40, 80):
        natural = (ref + 0.05 * step * reward).log_softmax(-1)
        due_at("step", step, **dict(zip(ways, (natural, walked[step]), strict=True)))
    for rank in (1, 2, 4, 6):
        proxy = runs.reward_models().reward.sel(rank=rank)
        due.append(("rank", str(rank), climbed(f"rank {rank}", proxy, language)))
    for count, model in runs.models_by_pairs().items():
        told = climbed(str(count), model.reward, language)
        due.append(("pairs", number(count, language), told))
    trained = runs.dpo_leashes().logp
    for beta in (0.25, 0.5, 1, 2):
        own = (ref + torch.as_tensor(runs.full_reward_model().reward.values) / beta).log_softmax(-1)
        due_at("beta", beta, DPO=torch.as_tensor(trained.sel(beta=beta).values))
        due[-1][2].extend(at_place("DPO", ref, reward, own, language))
    spots = {"reward": ("KL ödülde", "KL in the reward"), "loss": ("KL kayıpta", "KL in the loss")}
    leashed = (ref + reward / 0.5).log_softmax(-1)
    for size in (2, 4, 8, 16):
        trained_so = runs.groups("loss").logp.sel(num_generations=size).values
        policies = {"reward": leashed, "loss": torch.as_tensor(trained_so)}
        named = {spots[k][language == "en"]: logp for k, logp in policies.items()}
        due_at("num_generations", size, **named)
    for rate in (0.1, 0.3, 1, 3):
        curves = runs.lengths().sel(lr=rate).isel(step=-1).mean("seed")
        ends = []
        for kind in ("long_right", "long_wrong"):
            for way in ("grpo", "dr_grpo"):
                end = float(curves[kind].sel(loss_type=way))
                ends.append(f"{text(f'way.{way}', language)} {number(end, language)}")
        due.append(("lr", number(rate, language), ends))
    return due


def lesson_8(language: str) -> Due:
    """Stored runs, and where GRPO must land, by the optimum of groups that lesson 7 counts."""
    stored, words = tc.real.stored(), tc.World()
    reward = tc.real.reward(words)
    usual = {"beta": 0.5, "num_generations": 16, "rank": 8}
    tables = [stored["starts"][str(seed)]["ref_logp"] for seed in (0, 1, 2)]
    ref = torch.tensor(tables, dtype=torch.float64).log_softmax(-1)
    due: Due = []

    def due_at(slider: str, name: str, value: float) -> None:
        said, wanted = [], usual | {name: value}
        for told, method in (("RLOO", "rloo"), ("Dr. GRPO", "dr_grpo"), ("GRPO", "grpo")):
            landed = [
                run["logp"]
                for run in stored["runs"]
                if run["method"] == method and wanted.items() <= run.items()
            ]
            logp = torch.tensor(landed, dtype=torch.float64).log_softmax(-1)
            said += at_place(told, ref, reward, logp, language)
        recipe = {"kl_beta": wanted["beta"], "num_generations": wanted["num_generations"]}
        config = tc.GRPOConfig(kl_estimator="k2", **recipe)
        own = tc.grpo.own_optimum(ref, reward, config)
        said += at_place("GRPO", ref, reward, own, language)
        due.append((slider, number(value, language), said))

    for beta in (0.1, 0.25, 0.5, 1.0):
        due_at("beta", "beta", beta)
    for size in (4, 8, 16):
        due_at("num_generations", "num_generations", size)
    for rank in (2, 8, 32):
        due_at("r", "rank", rank)
    return due


DUE = {
    "01": lesson_1,
    "02": lesson_2,
    "03": lambda language: (
        magnified(language)
        + of_curves(runs.clip_ranges(), language, "clip_fraction", "approx_kl")
        + of_curves(runs.leashes(), language, "reward", "kl")
    ),
    "04": lambda language: of_curves(runs.betas(), language, "reward", "kl"),
    "05": lesson_5,
    "06": lambda language: of_curves(runs.sham(), language, "reward", "kl"),
    "07": lesson_7,
    "08": lesson_8,
}
