"""How a task's code ended, as the driver notes it for the emulator."""

from __future__ import annotations

import json
import traceback
from dataclasses import asdict, dataclass
from pathlib import Path

_OWN = str(Path(__file__).parent)


@dataclass(frozen=True)
class Outcome:
    """An end.

    Attributes:
        succeeded: Whether the code ran through.
        error: The exception, as Python names it.
        trace: Its traceback, from the user's code on.
        exit_value: What the notebook said with `dbutils.notebook.exit`.
        init_script: The init script that failed, if one did.
    """

    succeeded: bool
    error: str = ""
    trace: str = ""
    exit_value: str | None = None
    init_script: str | None = None

    @classmethod
    def of_exception(cls, error: BaseException, hint: str = "") -> Outcome:
        """The end that an exception is, with what to do about it."""
        line = f"{hint} {traceback.format_exception_only(error)[-1].strip()}".strip()
        frames = error.__traceback__
        while frames is not None and frames.tb_frame.f_code.co_filename.startswith(_OWN) and frames.tb_next:
            frames = frames.tb_next
        return cls(succeeded=False, error=line, trace="".join(traceback.format_exception(error.with_traceback(frames))))

    @classmethod
    def read(cls, file: Path) -> Outcome | None:
        """Read what `write` wrote; None where the process did not come to that."""
        try:
            return cls(**json.loads(file.read_text(encoding="utf-8")))
        except (FileNotFoundError, ValueError):
            return None

    def write(self, file: Path) -> None:
        """Note the end, whole or not at all."""
        draft = file.with_suffix(".draft")
        draft.write_text(json.dumps(asdict(self)), encoding="utf-8")
        draft.replace(file)
