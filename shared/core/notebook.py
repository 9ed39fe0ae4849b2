"""Settings of a `notebook` step, as its step type checks them and its driver reads them."""

from pydantic import Field

from .document import Document, Scalar


class NotebookSettings(Document):
    """A notebook to execute.

    Attributes:
        notebook: Path of the notebook, relative to the source directory.
        output_notebook: Name of the output that gets the executed notebook, as one file.
        parameters: Values for the notebook, beside the paths of inputs and outputs, which have their own names.
        kernel_name: A kernel of the compute; None means the step's own Python.
        timeout_seconds: For one cell; None means no limit.
    """

    notebook: str = Field(strict=True)
    output_notebook: str | None = None
    parameters: dict[str, Scalar | None] = {}
    kernel_name: str | None = Field(default=None, min_length=1, max_length=255)
    timeout_seconds: int | None = Field(default=None, gt=0)
