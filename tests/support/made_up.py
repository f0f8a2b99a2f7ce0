"""Made-up notebooks, such as the build makes of lessons: for what no lesson has so short."""

import nbformat

markdown, code = nbformat.v4.new_markdown_cell, nbformat.v4.new_code_cell
ASKED = """leash = tc.widgets.predict(
    "?",  # your letter in place of the ?
    "a short leash",
    a="where 0.5 < 1",
    b="towards the $r$",
    language="en",
)"""
SAID = {"text/plain": "none", "text/html": '<p data-truth="a">none</p>'}
WHY = "<details><summary>Why?</summary>\n\nsince\n\n</details>"


def notebook(*cells):
    return nbformat.v4.new_notebook(cells=[markdown("# Lesson 9 · Title\n\nthe lead"), *cells])


def printed(text: str):
    return code("measure()", outputs=[nbformat.v4.new_output("stream", text=text)])


def drawn(alt: str, source: str = "draw()", png: str = "iVBORw0KGgo="):
    return shown({"image/png": png, "text/plain": alt}, source)


def shown(data: dict, source: str, *tags: str):
    output = nbformat.v4.new_output("execute_result", data)
    return code(source, outputs=[output], metadata={"tags": list(tags)})


def prediction(*experiment) -> list:
    """Its cells; those of the experiment stand between the question and the answer."""
    return [
        markdown("before"),
        markdown("**Predict · a short leash.** Where\nto?"),
        code(ASKED, metadata={"tags": ["predict"]}),
        *experiment,
        shown(SAID, "leash.reveal(a=1, b=0)", "reveal"),
        markdown(WHY, metadata={"tags": ["answer"]}),
    ]
