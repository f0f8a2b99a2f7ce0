"""For every test: one world, and one start that many of them train from."""

import pytest
import torch

import toycore as tc
from accessibility import axe  # noqa: F401
from live_lessons import live, of_all_workers  # noqa: F401
from site_pages import address, browser, site, visit  # noqa: F401

LONGEST = (
    "bundles",
    "site",
    "browser",
    "live",
    "race",
    "storms",
    "slides",
    "properties",
    "trials",
    "checks",
)


def pytest_collection_modifyitems(items: list) -> None:
    """The longest files first, so that of two workers neither waits long for the other."""
    place = {f"test_{name}": index for index, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path.stem, len(place)))


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> None:
    """As in the lessons: beside the other worker, two threads would wait for one another."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def world() -> tc.World:
    return tc.World()


@pytest.fixture(scope="session")
def start(world) -> tc.Run:
    """The default SFT of eight seeds: where PPO and DPO start."""
    return tc.train_sft(world, tc.SFTConfig(seeds=8))
