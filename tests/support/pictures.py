"""The pictures of the READMEs: lesson 3's sweep, and its slider in motion.

Run as a script, this file draws them anew into .github/; a test holds them current.
"""

import io
from pathlib import Path

from matplotlib import get_data_path
from PIL import Image, ImageDraw, ImageFont

import lesson_runs
import toycore as tc
from toycore.language import LANGUAGES, setting
from toycore.plots.style import COLORS

FOLDER = Path(tc.__file__).resolve().parent.parent / ".github"
HOLD_MS = 1200  # time to see where the curves end
STRIP, LEFT, RIGHT, THUMB = 56, 150, 600, 11  # pixels: the slider above the figure


def still(language: str) -> bytes:
    """All values of kl_beta at once; also for who prefers reduced motion."""
    run = lesson_runs.in_language(lesson_runs.leashes(), language)
    return tc.plots.curves(run, "reward", "kl").png


def frames(language: str) -> list[Image.Image]:
    """What lesson 3's slider shows at each value, under the slider that stands there."""
    run = lesson_runs.in_language(lesson_runs.leashes(), language)
    values = run.config.kl_beta
    return [
        _under(tc.plots.curves(run, "reward", "kl", highlight=value).png, place, values, language)
        for place, value in enumerate(values)
    ]


def moving(language: str) -> bytes:
    """The slider from end to end and back, as an animated WebP without loss."""
    there = frames(language)
    first, *rest = there + there[-2:0:-1]
    buffer = io.BytesIO()
    first.save(
        buffer, "WEBP", save_all=True, append_images=rest, duration=HOLD_MS, loop=0, lossless=True
    )
    return buffer.getvalue()


def _under(png: bytes, place: int, values: tuple, language: str) -> Image.Image:
    """The picture with a slider above it: its name, its track, where it stands, its value."""
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    framed = Image.new("RGB", (picture.width, picture.height + STRIP), "white")
    framed.paste(picture, (0, STRIP))
    draw, middle = ImageDraw.Draw(framed), STRIP // 2
    stops = [LEFT + (RIGHT - LEFT) * at // (len(values) - 1) for at in range(len(values))]
    draw.line((LEFT, middle, RIGHT, middle), fill="#BBBBBB", width=4)
    for stop in stops:
        draw.line((stop, middle - 7, stop, middle + 7), fill="#BBBBBB", width=2)
    x, thumb = stops[place], COLORS[0]
    draw.ellipse((x - THUMB, middle - THUMB, x + THUMB, middle + THUMB), fill=thumb)
    font = ImageFont.truetype(f"{get_data_path()}/fonts/ttf/DejaVuSansMono.ttf", 20)
    draw.text((40, middle), "kl_beta", fill="black", font=font, anchor="lm")
    shown = setting(values[place], language)
    draw.text((RIGHT + 40, middle), shown, fill="black", font=font, anchor="lm")
    return framed


def files() -> dict[str, bytes]:
    """The pictures by the names of their files."""
    stills = {f"sweep.{language}.png": still(language) for language in LANGUAGES}
    return stills | {f"slider.{language}.webp": moving(language) for language in LANGUAGES}


if __name__ == "__main__":
    for name, data in files().items():
        (FOLDER / name).write_bytes(data)
        print(f"{name}: {len(data) / 1000:.0f} kB")
