"""What is looked for on a slide, in whatever browser shows it."""

import pytest

SMALLEST = 18  # pixels of a letter on a screen of 1280 × 720: the last row reads it
LETTER = 12 / 72 * 100  # pixels of the smallest one in a figure; a tall figure fills the slide

# What runs off the slide, is cut by its own box, or is too small to read.
FAULTS = f"""() => {{
    const faults = [], slide = Reveal.getCurrentSlide();
    for (const part of slide.querySelectorAll('*')) {{
        const box = part.getBoundingClientRect(), style = getComputedStyle(part);
        if (!box.width || !box.height || part.closest('mjx-assistive-mml')) continue;
        const told = `${{part.tagName}} ${{part.textContent.trim().slice(0, 40)}}`;
        const right = box.right - innerWidth, below = box.bottom - innerHeight;
        if (Math.max(-box.left, -box.top, right, below) > 1)
            faults.push(`off the slide: ${{told}}`);
        const clips = style.overflowX === 'hidden' && !part.closest('svg');
        if (clips && part.scrollWidth > part.clientWidth + 1)
            faults.push(`cut: ${{told}}`);
        const says = [...part.childNodes].some(n => n.nodeType === Node.TEXT_NODE && n.data.trim());
        const sized = says || part.tagName === 'MJX-CONTAINER';
        if (sized && !part.closest('svg') && parseFloat(style.fontSize) < {SMALLEST})
            faults.push(`${{style.fontSize}}: ${{told}}`);
        const scale = Math.min(box.width / part.naturalWidth, box.height / part.naturalHeight);
        if (part.tagName === 'IMG' && {LETTER} * scale < {SMALLEST} && box.height < 570)
            faults.push(`letters of ${{{LETTER} * scale}} px in the picture: ${{part.alt}}`);
    }}
    return faults;
}}"""


def walk(page):
    """Each slide in turn, with the one key that a presenter's remote has."""
    for number in range(1, 200):
        yield number
        if page.evaluate("Reveal.isLastSlide()"):
            return
        page.keyboard.press("PageDown")
    pytest.fail("the slides do not end")
