"""nbval compares words and numbers: what a cell shows as HTML, it also says as text."""


def pytest_collectstart(collector) -> None:
    if hasattr(collector, "skip_compare"):
        collector.skip_compare += ("text/html",)
