"""Only where the libraries of lesson 8 run: in .venv-real (tests/versions/real.txt)."""

import functools

import pytest

from toycore import World, real


@pytest.fixture(autouse=True, scope="session")
def libraries() -> None:
    why = real.guard()
    if why is not None:
        pytest.skip(why)


@pytest.fixture(scope="session")
def start():
    """The start of a seed, made once."""
    return functools.cache(lambda seed=0, **pretraining: real.start(World(), seed, **pretraining))
