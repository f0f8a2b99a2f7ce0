"""A progress bar for long work, in the learner's language; it leaves nothing behind."""

from collections.abc import Iterable, Iterator

from toycore import language as words

DELAY = 1.0  # seconds: shorter work shows no bar


class CellOutput:
    """A file shown in a notebook's cell: only the last text written is seen; blanks clear it.

    A notebook is saved with what its cells show, and must not tell how slow a machine was. The
    output starts empty too, since some tools keep an output as it was at first.
    """

    encoding = "utf-8"  # tqdm asks for it, and otherwise draws bars of #

    def __init__(self):
        self.output = None

    def write(self, text: str) -> None:
        from IPython.display import display

        bar = text.strip()
        if bar and self.output is None:
            self.output = display({}, raw=True, display_id=True)
        if self.output is not None:
            self.output.update({"text/plain": bar} if bar else {}, raw=True)

    def flush(self) -> None:
        """Nothing is buffered."""


def progress(steps: Iterable, key: str, language: str) -> Iterator:
    """The steps, with a progress bar in the learner's language once a second has passed."""
    from tqdm import tqdm

    # position: not below a bar whose work was stopped; miniters: no thread watches the bar.
    options = {"leave": False, "position": 0, "miniters": 1, "ncols": 80}
    file = CellOutput() if _in_notebook() else None
    return tqdm(steps, desc=words.text(key, language), delay=DELAY, file=file, **options)


def _in_notebook() -> bool:
    """Whether a kernel runs this, so that what is displayed becomes an output of a cell."""
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    return hasattr(get_ipython(), "kernel")
