"""The tasks of build.py: each returns what there is to open, or raises LessonError."""

from pathlib import Path

from builder import bundle, guide
from builder.execution import execute, run, stored
from builder.folder import replace
from builder.lesson import LessonError
from builder.plan import Course, plan
from builder.stored import stale, to_bytes, write

SOURCE = Path(__file__).resolve().parent.parent
ROOT = SOURCE.parent.parent
DIST = ROOT / "dist"
COURSE = Course(SOURCE / "lessons", ROOT / "toycore", SOURCE.parent)


def build(course: Course = COURSE, chosen=()) -> Path:
    """Nothing runs before all lessons are sound; a lesson's files change once all of it has run."""
    for notebooks in plan(course, chosen):
        for path in notebooks:
            path.parent.mkdir(parents=True, exist_ok=True)
        done = {path: execute(path, notebook) for path, notebook in notebooks.items()}
        for path, notebook in done.items():
            write(path, notebook)
    guide.write(course)
    return course.output


def check(course: Course, chosen=()) -> None:
    """The guides are compared with what current notebooks say."""
    faults = stale(course, chosen)
    if not faults and not chosen:
        faults = guide.stale(course)
    if faults:
        raise LessonError("\n".join(faults))


def site(course: Course, chosen=(), folder: Path = DIST / "site") -> Path:
    """The notebooks in the repository stay as they are: the site runs its own."""
    import website  # here, since the notebooks do not need what the site needs

    lessons = plan(course, chosen)
    try:
        website.write(website.make(executed(course, lessons), DIST / "npm"), folder)
    except website.SiteError as error:
        raise LessonError(str(error)) from error
    return folder / "index.html"


def executed(course: Course, lessons: list[dict]):
    """Each notebook, run, as the site takes it."""
    for path, notebook in (pair for notebooks in lessons for pair in notebooks.items()):
        yield for_site(course, path, notebook, run(path, notebook))


def for_site(course: Course, path: Path, notebook, live):
    """What a run of the notebook gives the site: alive, stored, and as one file for upload."""
    import website

    kept = stored(live, notebook)
    alone = bundle.bundle(course, path, kept)
    return website.Executed(path.parent.name, path.stem, live, to_bytes(kept), alone)


def standalone(course: Course, chosen=()) -> Path:
    if chosen:
        raise LessonError("--standalone makes all bundles or none")
    bundle.write(bundle.bundles(course), DIST)
    return DIST


def nbgrader(course: Course, chosen=(), folder: Path = DIST / "nbgrader") -> Path:
    """Nothing there is overwritten: a teacher's changes, a gradebook, what learners handed in."""
    from builder import graded  # here, since the notebooks do without the package

    if chosen:
        raise LessonError("--nbgrader makes all assignments or none")
    files = graded.course_folder(course)
    found = {p.relative_to(folder).as_posix(): p for p in folder.rglob("*") if p.is_file()}
    if found and {name: path.read_bytes() for name, path in found.items()} != files:
        raise LessonError(f"{folder} holds a course that is no longer as made: move it first")
    replace(folder, files)
    return folder


def slides(course: Course, chosen=(), folder: Path = DIST / "slides") -> Path:
    """From the notebooks as the class has them, run once more: what is stored has no sliders."""
    import slides
    import website

    if faults := stale(course, chosen):
        raise LessonError("\n".join([*faults, "build the notebooks first: slides show them"]))
    planned = [pair for notebooks in plan(course, chosen) for pair in notebooks.items()]
    lives = {path: run(path, notebook) for path, notebook in planned}
    try:
        website.write(slides.make(lives, DIST / "npm"), folder)
    except website.SiteError as error:
        raise LessonError(str(error)) from error
    return folder
