"""Settings of a `parallel_run` step, as its step type checks them and its driver reads them."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_core import PydanticCustomError

from .document import Document

DEFAULT_FILE_NAME = "parallel_run_step.txt"
DEFAULT_FILES_PER_BATCH = 10
DEFAULT_BYTES_PER_BATCH = 1024 * 1024
RESERVED_ARGUMENTS = frozenset(
    {
        "allowed_failed_count",
        "allowed_failed_percent",
        "append_row_file_name",
        "error_threshold",
        "logging_level",
        "mini_batch_size",
        "output",
        "output_action",
        "partition_keys",
        "process_count_per_node",
        "run_invocation_timeout",
        "run_max_try",
    }
)
"""Names of arguments that v1 keeps for itself; an entry script that used one would not get its own value there."""

_SIZE = re.compile(r"[0-9]{1,12}([kKmMgG][bB])?")
_UNITS = {"": 1, "KB": 1024, "MB": 1024**2, "GB": 1024**3}


def _checked_size(text: str) -> str:
    if not _SIZE.fullmatch(text) or not batch_size(text):
        message = "Must be a number of files such as `10`, or a size of rows such as `10KB`, `1MB` or `1GB`"
        raise PydanticCustomError("mini_batch_size", message)
    return text


def _words(value: object) -> object:
    """A whole number is as good as its digits: a pipeline parameter may hold either."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


MiniBatchSize = Annotated[str, BeforeValidator(_words), AfterValidator(_checked_size)]
Whole = Annotated[int, Field(strict=True)]


class ParallelRunSettings(Document):
    """What a `parallel_run` step does with its inputs.

    Attributes:
        entry_script: Path of the script with `init()` and `run()`, relative to the source directory.
        inputs: Names of the inputs that are cut into mini-batches; all others are side inputs.
        output: Name of the output that gets the rows; None where there are none to keep.
        mini_batch_size: Number of files of a mini-batch, or the approximate bytes of one of rows (`1MB`).
        partition_keys: Columns whose values make the mini-batches instead.
        error_threshold: Most items that may fail; -1 means any number.
        output_action: `append_row` writes what `run()` returns to one file, `summary_only` only counts it.
        append_row_file_name: Name of that file in the output folder.
        process_count_per_node: Worker processes; None means one for each CPU.
        run_invocation_timeout: Seconds for one call of `run()`.
        run_max_try: Tries of a mini-batch, the first included.
        allowed_failed_count: Most mini-batches that may fail; None means any number.
        allowed_failed_percent: The same as a share of all mini-batches.
    """

    entry_script: str = Field(strict=True)
    inputs: tuple[str, ...] = Field(min_length=1)
    output: str | None = None
    mini_batch_size: MiniBatchSize | None = None
    partition_keys: tuple[str, ...] | None = Field(default=None, min_length=1)
    error_threshold: Whole = Field(default=-1, ge=-1)
    output_action: Literal["append_row", "summary_only"] = "append_row"
    append_row_file_name: str = Field(default=DEFAULT_FILE_NAME, min_length=1, max_length=255)
    node_count: Whole = Field(default=1, ge=1)
    process_count_per_node: Whole | None = Field(default=None, ge=1, le=1024)
    run_invocation_timeout: Whole = Field(default=60, gt=0)
    run_max_try: Whole = Field(default=3, gt=0)
    logging_level: Literal["DEBUG", "INFO", "WARNING", "WARN", "ERROR", "FATAL", "CRITICAL"] = "INFO"
    allowed_failed_count: Whole | None = Field(default=None, ge=0)
    allowed_failed_percent: float | None = Field(default=None, ge=0, le=100, allow_inf_nan=False)


def batch_size(text: str) -> int:
    """A mini-batch size as a number: of files, or of bytes."""
    digits = text.rstrip("kKmMgGbB")
    return int(digits) * _UNITS[text[len(digits) :].upper()]
