"""Lines can be told apart without full colour vision, by colour and by style."""

import itertools

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from toycore.plots.style import COLORS, EXACT, FADED, MARKERS, STYLES

APART = 15  # CIE Lab units; about 2 are just seen when two patches touch
# Machado, Oliveira and Fernandes 2009, table 1, severity 1; they act on linear RGB.
VISIONS = {
    "full": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
TO_XYZ = np.array(  # sRGB, IEC 61966-2-1, white D65
    [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
)


def linear(color: str) -> np.ndarray:
    """Its red, green and blue light, where sRGB's numbers are bent for the eye."""
    rgb = np.array(to_rgb(color))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def seen(color: str, vision) -> np.ndarray:
    """The colour in CIE Lab as this eye sees it."""
    xyz = TO_XYZ @ np.clip(np.array(vision) @ linear(color), 0, 1) / TO_XYZ.sum(1)
    x, y, z = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def distance(one: str, other: str, vision) -> float:
    return float(np.linalg.norm(seen(one, vision) - seen(other, vision)))


def test_the_distance_is_that_of_cie_lab_and_red_and_green_fall_together_for_two_eyes():
    assert seen("white", VISIONS["full"]) == pytest.approx([100, 0, 0], abs=0.05)
    assert seen("red", VISIONS["full"]) == pytest.approx([53.2, 80.1, 67.2], abs=0.1)
    orange, olive = "#D55E00", "#9A7B00"
    far = {name: distance(orange, olive, vision) > APART for name, vision in VISIONS.items()}
    assert far == {"full": True, "protanopia": False, "deuteranopia": False, "tritanopia": True}


@pytest.mark.parametrize("vision", VISIONS)
def test_every_two_colours_are_apart(vision):
    pairs = itertools.combinations([*COLORS, FADED, EXACT["color"]], 2)
    near = {pair for pair in pairs if distance(*pair, VISIONS[vision]) < APART}
    assert near == set()


def test_every_colour_stands_out_from_white_paper():
    """At least 3 to 1, what WCAG 2.2 asks of graphics (1.4.11)."""
    for color in COLORS:
        assert 1.05 / (TO_XYZ[1] @ linear(color) + 0.05) >= 3, color


def test_every_colour_has_a_line_style_and_a_marker_of_its_own():
    styles = {*STYLES, EXACT["linestyle"]}
    assert len(styles) == len(COLORS) + 1
    assert len(set(MARKERS)) == len(COLORS)
