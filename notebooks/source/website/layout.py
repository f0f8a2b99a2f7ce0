"""The pages around the lessons' bodies: header, contents, map, links back and forth."""

from pathlib import Path

import jinja2

from website import models
from website.pages import Lesson
from words import OTHER, WORDS

ENVIRONMENT = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
HERO = "03_ppo", "kl_beta"  # the slider on the index: of this lesson, if it is there


def site(lessons: list[Lesson]) -> dict[str, str]:
    """Every HTML page by its path."""
    files = {"index.html": ENVIRONMENT.get_template("start.html.j2").render()}
    for language in WORDS:
        mine = [lesson for lesson in lessons if lesson.language == language]
        files[f"{language}/index.html"] = index(mine, language)
        for place, lesson in enumerate(mine):
            around = mine[place - 1] if place else None, (mine[place + 1 :] or [None])[0]
            twin = next(
                other.name
                for other in lessons
                if other.number == lesson.number and other.language != language
            )
            files[f"{language}/{lesson.name}.html"] = page(lesson, around, twin)
    return files


def page(lesson: Lesson, around: tuple, twin: str) -> str:
    return ENVIRONMENT.get_template("lesson.html.j2").render(
        lesson=lesson,
        previous=around[0],
        following=around[1],
        state=models.script(lesson.models),
        **frame(lesson.language, f"{twin}.html"),
    )


def index(lessons: list[Lesson], language: str) -> str:
    lesson, view = hero(lessons)
    return ENVIRONMENT.get_template("index.html.j2").render(
        lessons=lessons,
        hero=lesson,
        view=view,
        state=models.script(models.part(lesson.models, view)) if lesson else "",
        **frame(language, "index.html"),
    )


def hero(lessons: list[Lesson]) -> tuple[Lesson | None, str | None]:
    found = (None, None)
    number, setting = HERO
    for lesson in sorted(lessons, key=lambda one: one.number == number):  # the last one counts
        for view in lesson.views:
            held = models.part(lesson.models, view).values()
            if view in lesson.stills and any(
                m["state"].get("description") == setting for m in held
            ):
                found = lesson, view
    return found


def frame(language: str, twin: str) -> dict:
    return {
        "language": language,
        "words": WORDS[language],
        "other": OTHER[language],
        "twin": f"../{OTHER[language]}/{twin}",
    }
