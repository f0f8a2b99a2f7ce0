"""The course's notebooks as they run: each executed once, for all tests and all workers."""

import functools
import os

import nbformat
import pytest
from filelock import FileLock


def planned(path):
    """The course's notebook of this path, not executed."""
    from builder import work
    from builder.plan import plan

    (name,) = (p.stem for p in work.COURSE.lessons.glob("*.py") if p.stem[:2] == path.stem[:2])
    (notebooks,) = plan(work.COURSE, [name])
    return notebooks[path]


@pytest.fixture(scope="session")
def of_all_workers(tmp_path_factory):
    """A folder that all workers of this run of the tests have in common."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def live(of_all_workers):
    """A notebook of the course, run: with its widgets, which what is stored has not."""
    from builder.execution import run

    @functools.cache
    def live(path):
        kept = of_all_workers / f"{path.parent.name}-{path.name}"
        with FileLock(f"{kept}.lock"):
            if not kept.exists():
                nbformat.write(run(path, planned(path)), kept)
        return nbformat.read(kept, as_version=4)

    return live
