"""What is looked for on a slide, in whatever browser shows it."""

import pytest

SMALLEST = 18  # pixels of a letter on a screen of 1280 × 720: the last row reads it
# Pixels of the smallest one in a figure, as the figure is drawn; of three tables side by side the
# cells have smaller ones, beside a colour that is seen from afar.
LETTER = 12 / 72 * 100

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
        if (says && !part.closest('svg') && parseFloat(style.fontSize) < {SMALLEST})
            faults.push(`${{style.fontSize}}: ${{told}}`);
        const formula = part.matches('mjx-container > svg');
        const width = formula ? part.width.baseVal.value : part.naturalWidth;
        const height = formula ? part.height.baseVal.value : part.naturalHeight;
        const scale = Math.min(box.width / width, box.height / height);
        const letter = formula ? parseFloat(style.fontSize) : {LETTER};
        if (letter * scale < {SMALLEST})
            faults.push(`letters of ${{letter * scale}} px: ${{part.alt ?? told}}`);
    }}
    const heading = slide.querySelector('h2')?.getBoundingClientRect();
    const tops = [...slide.querySelectorAll('.stage > *')].map(e => e.getBoundingClientRect().top);
    if (heading && Math.min(...tops) < heading.bottom) faults.push('on the heading');
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
