"""How lesson 8's libraries come to Colab and Kaggle: the one place of the course that installs.

Nothing calls it but a cell of lesson 8 whose switch the learner has set.
"""

import importlib
import subprocess
import sys
from importlib import metadata

from toycore.errors import in_its_language, say
from toycore.real.libraries import PINNED, numbers

# The oldest that PEFT 0.21 bears. Colab and Kaggle have 0.10, beside which it raises; where there
# is none, none is needed.
TORCHAO = "0.16.0"


@in_its_language
def install(language: str | None = None) -> None:
    """Install the versions that the lesson was measured with, and print what comes of it.

    torch stays. What is imported already stays in memory as it was: then the kernel must restart.
    """
    pins = wanted()
    print(say("installing", pins=", ".join(pins)), flush=True)
    before = imported()
    why = pip(*pins)
    if why is not None:
        print(say("install_failed", told=why))
        return
    importlib.invalidate_caches()
    after = imported()
    print(say("installed"))
    old = sorted(name for name, version in before.items() if after.get(name) != version)
    if old:
        print(say("restart", names=", ".join(old)))


def wanted() -> list[str]:
    """What pip is asked for: name==version."""
    versions = dict(PINNED)
    try:
        if numbers(metadata.version("torchao")) < numbers(TORCHAO):
            versions["torchao"] = TORCHAO
    except metadata.PackageNotFoundError:
        pass
    return [f"{name}=={version}" for name, version in versions.items()]


def pip(*pins: str) -> str | None:
    """Have pip install these; why it failed, in its own words, or None."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    try:
        done = subprocess.run(
            [*command, *pins],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
        )
    except OSError as error:
        return str(error)
    if done.returncode == 0:  # it may have warned of conflicts with what else is there
        return None
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR")] or lines
    return errors[-1] if errors else str(done.returncode)


def imported() -> dict[str, str]:
    """Of which packages something is imported, and which version of each is installed now.

    Not only the libraries themselves: pandas imports pyarrow, which datasets needs newer.
    """
    owners = metadata.packages_distributions()
    names = {name for module in [*sys.modules] for name in owners.get(module, ()) if name}
    return {name: metadata.version(name) for name in names}
