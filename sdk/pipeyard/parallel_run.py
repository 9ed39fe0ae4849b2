"""What an entry script of a `ParallelRunStep` may ask for (v1's `azureml_user.parallel_run`)."""

import logging
import sys
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Folders:
    """Places of a parallel run.

    Attributes:
        working: The source directory.
        input: The first input that is cut into mini-batches.
        output: The step's output, None where it has none.
        temporary: Gone after the step.
    """

    working: str
    input: str
    output: str | None
    temporary: str


_LOGGER = logging.getLogger("EntryScript")
_current: list[Folders] = []


def enter(folders: Folders, logging_level: str) -> None:
    """Say where this process works; called once by the worker before it loads the entry script."""
    _current[:] = [folders]
    if not _LOGGER.handlers:
        handler = logging.StreamHandler(sys.stdout)
        handler.setFormatter(logging.Formatter("%(asctime)s|%(process)d|%(levelname)s|%(message)s"))
        _LOGGER.addHandler(handler)
        _LOGGER.propagate = False
    _LOGGER.setLevel(logging.getLevelNamesMapping()[logging_level])


class EntryScript:
    """Helper of an entry script; make one wherever it is needed."""

    @property
    def logger(self) -> logging.Logger:
        """Writes to the step's log, from the step's `logging_level` on."""
        return _LOGGER

    @property
    def working_dir(self) -> str:
        """The source directory."""
        return self._folders.working

    @property
    def input_dir(self) -> str:
        """Where the first input lies."""
        return self._folders.input

    @property
    def output_dir(self) -> str | None:
        """The step's output folder: files that the script writes there are a part of the output."""
        return self._folders.output

    @property
    def temp_dir(self) -> str:
        """A folder for anything that is not needed after the step."""
        return self._folders.temporary

    @property
    def _folders(self) -> Folders:
        if not _current:
            raise RuntimeError("EntryScript knows its folders only inside a ParallelRunStep.")
        return _current[0]
