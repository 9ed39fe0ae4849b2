"""v1's NotebookRunConfig: which notebook runs, and how."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeyard._checks import refuse_unknown, warn
from pipeyard.core.runconfig import RunConfiguration
from pipeyard.exceptions import UserErrorException

_KNOWN = frozenset({"progress_bar", "log_output", "kernel_name", "cwd"})


class AzureMLNotebookHandler:
    """How a notebook is executed.

    Attributes:
        timeout: Seconds for one cell; None for no limit.
        kernel_name: A kernel of the compute; None for the step's own Python.
    """

    def __init__(self, history: bool = True, timeout: int | None = None, **kwargs: Any) -> None:  # noqa: FBT001, FBT002
        del history  # metrics go to the step's run either way
        refuse_unknown("AzureMLNotebookHandler", kwargs, _KNOWN)
        if timeout is not None and (not isinstance(timeout, int) or timeout <= 0):
            raise UserErrorException(f"The timeout must be a number of seconds, more than 0, not {timeout!r}.")
        if kwargs.get("cwd") is not None:
            warn("cwd has no effect: a notebook runs in the step's source directory.")
        self.timeout = timeout
        self.kernel_name: str | None = kwargs.get("kernel_name")


class NotebookRunConfig:
    """A notebook with everything that it needs to run.

    Attributes:
        source_directory: What travels with the notebook.
        notebook: Relative to the source directory.
        parameters: Values that replace those of the cell with the tag `parameters`; may be pipeline parameters.
        handler: How it is executed.
        run_config: Environment and compute target; the environment needs `pipeyard[notebook]`.
    """

    def __init__(
        self,
        source_directory: str | Path,
        notebook: str,
        output_notebook: str | None = None,
        parameters: Mapping[str, Any] | None = None,
        handler: AzureMLNotebookHandler | None = None,
        run_config: RunConfiguration | None = None,
    ) -> None:
        if not isinstance(notebook, str) or not notebook.endswith(".ipynb"):
            raise UserErrorException(f"A NotebookRunConfig needs a notebook, such as 'train.ipynb', not {notebook!r}.")
        if output_notebook is not None:
            warn(
                f"output_notebook has no effect: the executed notebook is the step's outputs/{Path(notebook).name}, "
                "and the output that output_notebook_pipeline_data_name names."
            )
        self.source_directory = str(source_directory)
        self.notebook = notebook
        self.output_notebook = output_notebook
        self.parameters = dict(parameters or {})
        self.handler = handler or AzureMLNotebookHandler()
        self.run_config = run_config
