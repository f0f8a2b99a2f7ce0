"""Makes two notebooks, Turkish and English, of each lesson: checked, executed, outputs stored.

    python notebooks/build.py [lesson ...]            writes tr/*.ipynb, en/*.ipynb, teaching.*.md
    python notebooks/build.py [lesson ...] --check    executes nothing; names each file out of date
    python notebooks/build.py [lesson ...] --site     makes the website of the course: dist/site
    python notebooks/build.py --standalone            makes each a file that runs alone: dist/tr|en
    python notebooks/build.py [lesson ...] --slides   makes projector slides of each: dist/slides

How a lesson is written: builder/lesson.py.
"""

import argparse
import sys
from pathlib import Path

from builder import bundle, guide
from builder.execution import execute, run, stored
from builder.lesson import LessonError
from builder.plan import Course, plan
from builder.stored import stale, to_bytes, write

HERE = Path(__file__).resolve().parent
COURSE = Course(HERE / "lessons", HERE.parent / "toycore", HERE)
DIST = HERE.parent / "dist"


def build(course: Course = COURSE, chosen=()) -> None:
    """Nothing runs before all lessons are sound; a lesson's files change when all have run."""
    for notebooks in plan(course, chosen):
        for path in notebooks:
            path.parent.mkdir(parents=True, exist_ok=True)
        done = {path: execute(path, notebook) for path, notebook in notebooks.items()}
        for path, notebook in done.items():
            write(path, notebook)
    guide.write(course)


def check(course: Course, chosen=()) -> list[str]:
    """The guides are compared with what current notebooks say."""
    faults = stale(course, chosen)
    return faults if faults or chosen else guide.stale(course)


def site(course: Course, chosen=(), folder: Path = DIST / "site") -> None:
    """The notebooks in the repository stay as they are: the site runs its own."""
    import website  # here, since the notebooks do not need what the site needs

    lessons = plan(course, chosen)
    try:
        website.write(website.make(executed(course, lessons), DIST / "npm"), folder)
    except website.SiteError as error:
        raise LessonError(str(error)) from error


def executed(course: Course, lessons: list[dict]):
    """Each notebook as the site takes it: alive, stored, and as one file for upload."""
    import website

    for path, notebook in (pair for notebooks in lessons for pair in notebooks.items()):
        live = run(path, notebook)
        kept = stored(live, notebook)
        alone = bundle.bundle(course, path, kept)
        yield website.Executed(path.parent.name, path.stem, live, to_bytes(kept), alone)


def standalone(course: Course, chosen=()) -> None:
    if chosen:
        raise LessonError("--standalone makes all bundles or none")
    bundle.write(bundle.bundles(course), DIST)


def projector(course: Course, chosen=(), folder: Path = DIST / "slides") -> None:
    """Of the stored notebooks: on the slides stands what the class has in the files."""
    import slides
    import website

    paths = [path for notebooks in plan(course, chosen) for path in notebooks]
    if faults := stale(course, chosen):
        raise LessonError("\n".join([*faults, "build the notebooks first: slides show them"]))
    try:
        website.write(slides.make(paths, DIST / "npm"), folder)
    except website.SiteError as error:
        raise LessonError(str(error)) from error


def main(arguments=None, course: Course = COURSE) -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("lessons", nargs="*", help="such as 03_ppo; none: all")
    parser.set_defaults(work=build)
    works = parser.add_mutually_exclusive_group()
    for name, work, what in (
        ("--check", check, "execute nothing, compare"),
        ("--site", site, "make dist/site, the website"),
        ("--slides", projector, "make dist/slides, for a projector"),
        ("--standalone", standalone, "make dist/tr, dist/en and dist/kaggle, for upload"),
    ):
        works.add_argument(name, dest="work", action="store_const", const=work, help=what)
    options = parser.parse_args(arguments)
    try:
        faults = options.work(course, [Path(name).stem for name in options.lessons])
    except LessonError as error:
        faults = [error]
    for line in faults or ():
        print(line, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
