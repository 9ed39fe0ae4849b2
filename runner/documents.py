"""The small files of a job directory: who runs the job (`runner.json`) and how it ended (`result.json`)."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

from .processes import start_mark

SPEC_FILE = "job.json"
RUNNER_FILE = "runner.json"
RESULT_FILE = "result.json"
CANCEL_FILE = "cancel"

_PRIVATE = 0o600


def claim(root: Path) -> bool:
    """Become the one process that ever runs this job. False if there is one already."""
    try:
        descriptor = os.open(root / RUNNER_FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE)
    except FileExistsError:
        return False
    with os.fdopen(descriptor, "w") as stream:
        stream.write(json.dumps(_runner()))  # json.dump would take the slow, pure Python way
    return True


def record_script(root: Path, pid: int) -> None:
    """Add the script's process, which is also its group and session, to `runner.json`."""
    replace(root / RUNNER_FILE, {**_runner(), "script_pid": pid, "script_pgid": pid})


def replace(path: Path, document: dict[str, Any]) -> None:
    """Write a document so that readers see the old one or the new one, and nobody else may read it."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _PRIVATE)
    with os.fdopen(descriptor, "w") as stream:
        stream.write(json.dumps(document))
    temporary.rename(path)


def without(document: dict[str, Any], secrets: tuple[str, ...]) -> dict[str, Any]:
    """The document with every secret in its sentences blotted out."""
    warnings = [blot(text, secrets) for text in document.get("warnings", ())]
    return {**document, "message": blot(document.get("message", ""), secrets), "warnings": warnings}


def blot(text: str, secrets: tuple[str, ...]) -> str:
    """The text without the secrets, and with what UTF-8 cannot say replaced."""
    for secret in secrets:
        text = text.replace(secret, "***")
    return text.encode(errors="replace").decode()


def now() -> str:
    """The wall clock as ISO 8601 in UTC."""
    seconds, nanoseconds = divmod(time.time_ns(), 10**9)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{nanoseconds // 1000:06d}+00:00"


def _runner() -> dict[str, Any]:
    return {"schema_version": 1, "pid": os.getpid(), "started": start_mark(os.getpid())}
