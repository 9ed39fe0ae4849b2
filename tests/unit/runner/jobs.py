"""Builds job specs whose files lie on a BlobServer."""

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from shared.core.jobs import JobArgument, JobFile, JobInput, JobOutput, JobSpec, UploadTarget

from .blob_server import QUERY, BlobServer

LOG = "azureml-logs/70_driver_log.txt"
METRICS = "metrics/attempt_1.jsonl"


def value(text: str) -> JobArgument:
    return JobArgument(value=text)


def job(
    server: BlobServer,
    code: str | dict[str, str] = "",
    *,
    name: str = "run-00000-1",
    arguments: tuple[JobArgument, ...] = (),
    inputs: Mapping[str, Mapping[str, bytes] | bytes] | None = None,
    outputs: tuple[str, ...] = (),
    **changes: Any,
) -> JobSpec:
    """A job that runs `train.py`, with results below `job/` of the server."""
    files = {"train.py": code} if isinstance(code, str) else code
    target = {
        output: UploadTarget(base_url=f"{server.base_url}/data/{name}/{output}", query=QUERY) for output in outputs
    }
    fields = {
        "name": name,
        "run_id": "run",
        "step_run_id": "run-00000",
        "compute_target": "local",
        "code": tuple(
            JobFile(path=path, **server.put(f"code/{name}/{path}", textwrap.dedent(text).encode()))
            for path, text in files.items()
        ),
        "command": (value("train.py"), *arguments),
        "inputs": tuple(_input(server, name, key, content) for key, content in (inputs or {}).items()),
        "outputs": tuple(JobOutput(name=output, target=target[output]) for output in outputs),
        "artifacts": UploadTarget(base_url=f"{server.base_url}/job/{name}", query=QUERY),
        "log_name": LOG,
        "metrics_name": METRICS,
    }
    return JobSpec(**{**fields, **changes})


def _input(server: BlobServer, job_name: str, key: str, content: Mapping[str, bytes] | bytes) -> JobInput:
    if isinstance(content, bytes):
        return JobInput(
            name=key, files=(JobFile(path="", **server.put(f"in/{job_name}/{key}", content)),), file_name="file.bin"
        )
    files = tuple(
        JobFile(path=path, **server.put(f"in/{job_name}/{key}/{path}", data)) for path, data in content.items()
    )
    return JobInput(name=key, files=files)


def text_of(path: Path) -> str | None:
    """Content of a file that may not be there yet."""
    return path.read_text() if path.exists() and path.stat().st_size else None
