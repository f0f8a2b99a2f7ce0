"""Notebooks executed, and what is kept of a run."""

import copy
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from traitlets.config import Config

from builder import predict
from builder.lesson import LessonError

WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
# Where kernel and client can: else each kernel warns that its connection is not encrypted.
ENCRYPTED = Config(KernelManager={"transport_encryption": "auto"})
TIMEOUT = 120  # seconds per cell: ends a hang, not a slow machine's work


def execute(path: Path, notebook):
    """The notebook with its outputs, and with nothing in it that another run would not give."""
    return stored(run(path, notebook), notebook)


def run(path: Path, notebook):
    """The notebook with its outputs, its widgets' state and their views."""
    done = copy.deepcopy(notebook)
    client = NotebookClient(
        done,
        timeout=TIMEOUT,
        kernel_name="python3",
        config=ENCRYPTED,
        resources={"metadata": {"path": str(path.parent)}},
        coalesce_streams=True,
        force_raise_errors=True,
        record_timing=False,
    )
    try:
        client.execute()
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
        raise LessonError(f"{path.parent.name}/{path.name}: {error}") from error
    for cell in done.cells:
        if "outputs" in cell:  # where a slow machine has shown a bar, an empty output is left
            cell.outputs = [output for output in cell.outputs if output.get("data") != {}]
    for output in outputs(done):
        if "image/png" in output.get("data", {}):
            # The same picture once more, for screen readers in JupyterLab; here only a copy.
            output.data.pop("text/html", None)
    return done


def stored(live, notebook):
    done = copy.deepcopy(live)
    done.metadata = notebook.metadata  # without the kernel's version and the widgets' state
    for output in outputs(done):
        if len(output.get("data", {})) > 1:
            # The live view is gone with its kernel, and would hide the picture beside it.
            output.data.pop(WIDGET_VIEW, None)
    for cell in filter(predict.is_folded, done.cells):
        # Beside a fold JupyterLab shows the first line of the first output: here an empty one.
        cell.outputs.insert(0, nbformat.v4.new_output("display_data"))
    return done


def outputs(notebook) -> list:
    return [output for cell in notebook.cells for output in cell.get("outputs", ())]
