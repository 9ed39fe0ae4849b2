"""What is remembered of a job between its submit and its end: as a blob, since any process may look after it."""

import json
from typing import Any

from shared.core import names
from shared.core.document import Document
from shared.core.errors import NotFound
from shared.ports.blobs import BlobStore

RECORD_FILE = "job.json"
RESULT_FILE = "result.json"


class JobRecord(Document):
    """What a run on Databricks does not tell of itself.

    Attributes:
        what: What it runs, as messages call it.
        outputs: Names of its outputs.
        launched: The launcher runs it: it sends the log itself and leaves a result.
        timeout_seconds: Its time limit, cluster and all.
    """

    what: str
    outputs: tuple[str, ...] = ()
    launched: bool = False
    timeout_seconds: int | None = None


def store_record(blobs: BlobStore, job_name: str, record: JobRecord) -> None:
    """Keep a job's record."""
    blobs.put(names.SYSTEM_CONTAINER, _blob(job_name, RECORD_FILE), record.model_dump_json().encode())


def load_record(blobs: BlobStore, job_name: str) -> JobRecord:
    """The record of a job that was submitted.

    Raises:
        NotFound: There is none.
    """
    return JobRecord.model_validate_json(blobs.get(names.SYSTEM_CONTAINER, _blob(job_name, RECORD_FILE)))


def drop_record(blobs: BlobStore, job_name: str) -> None:
    """Delete what is kept of a job."""
    blobs.delete(names.SYSTEM_CONTAINER, [_blob(job_name, name) for name in (RECORD_FILE, RESULT_FILE)])


def result_blob(job_name: str) -> str:
    """Where the launcher leaves its result."""
    return _blob(job_name, RESULT_FILE)


def load_result(blobs: BlobStore, job_name: str) -> dict[str, Any] | None:
    """What the launcher left; None where it did not get so far."""
    try:
        result = json.loads(blobs.get(names.SYSTEM_CONTAINER, result_blob(job_name)))
    except (NotFound, ValueError):
        return None
    return result if isinstance(result, dict) else None


def _blob(job_name: str, file: str) -> str:
    return f"{names.job_folder(job_name)}/{file}"
