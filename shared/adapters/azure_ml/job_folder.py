"""The blobs of one job: its document, the results that its processes leave, and notes about it."""

import json
import time
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError

from runner.placement import ranked
from shared.adapters.azure_ml.job_body import placed_inputs, placed_outputs, process_count
from shared.core import names
from shared.core.errors import NotFound
from shared.core.jobs import BlobPlace, JobFile, JobResult, JobSpec
from shared.ports.blobs import BlobStore

VALID_FOR = timedelta(days=3)
"""How long after its submission a job may deliver its results."""
SILENCE_SECONDS = 1800.0
"""Longest time without a sign of life that a job is waited for."""

_GAP_SECONDS = 900.0
"""Polls are far closer: looks that lie this far apart belong to different silences."""


class JobFolder:
    """The blobs of one job."""

    def __init__(self, blobs: BlobStore, job_name: str) -> None:
        self._blobs = blobs
        self._folder = names.job_folder(job_name)

    @property
    def document_name(self) -> str:
        """The blob that tells the node everything."""
        return f"{self._folder}/job.json"

    def write(self, job: JobSpec, own: BlobPlace) -> None:
        """Store the job with the addresses that its processes send their results to.

        Args:
            job: The job.
            own: Any place of the workspace's account, as for `placed_inputs`.
        """
        results = [
            self._blobs.write_url(names.SYSTEM_CONTAINER, self._result_name(rank), VALID_FOR)
            for rank in range(process_count(job))
        ]
        told = _without_needless_rights(job, own).model_dump(mode="json")
        valid_until = time.time() + VALID_FOR.total_seconds()
        document = {"schema_version": 1, "job": told, "results": results, "valid_until": valid_until}
        self._put(self.document_name, document)

    def had_expired(self, moment: datetime) -> bool:
        """Whether the addresses for the job's results had expired by some moment."""
        valid_until = (self._get(self.document_name) or {}).get("valid_until")
        return valid_until is not None and moment.timestamp() > float(valid_until)

    def job(self) -> JobSpec | None:
        """The job, None where its document is gone or is of another time."""
        try:
            return JobSpec.model_validate((self._get(self.document_name) or {}).get("job"))
        except ValidationError:
            return None

    def results(self, count: int) -> list[JobResult | None]:
        """What each process has left; None for one that has left nothing that can be read."""
        return [self._result(rank) for rank in range(count)]

    def note_cancel(self) -> None:
        """Remember that the end of the job was asked for."""
        self._put(f"{self._folder}/cancel", {})

    def is_canceled(self) -> bool:
        """Whether the end of the job was asked for."""
        return self._blobs.exists(names.SYSTEM_CONTAINER, f"{self._folder}/cancel")

    def note_given_up(self) -> None:
        """Remember that the job counts as lost, whatever its end will look like."""
        self._put(f"{self._folder}/given-up", {})

    def is_given_up(self) -> bool:
        """Whether the job counts as lost."""
        return self._blobs.exists(names.SYSTEM_CONTAINER, f"{self._folder}/given-up")

    def silence(self, now: float) -> float:
        """Seconds since the first of the looks, of which this is one, that found no sign of life."""
        name = f"{self._folder}/silence"
        known = self._get(name)
        since = now if known is None or now - known["until"] > _GAP_SECONDS else known["since"]
        self._put(name, {"since": since, "until": now})
        return float(now - since)

    def delete(self) -> None:
        """Remove everything."""
        found = self._blobs.list(names.SYSTEM_CONTAINER, f"{self._folder}/")
        self._blobs.delete(names.SYSTEM_CONTAINER, [blob.name for blob in found])

    def _result_name(self, rank: int) -> str:
        return f"{self._folder}/{ranked('result.json', rank)}"

    def _result(self, rank: int) -> JobResult | None:
        try:
            return JobResult.model_validate(self._get(self._result_name(rank)))
        except ValidationError:
            return None

    def _get(self, name: str) -> dict[str, Any] | None:
        try:
            document = json.loads(self._blobs.get(names.SYSTEM_CONTAINER, name))
        except (NotFound, ValueError):
            return None
        return document if isinstance(document, dict) else None

    def _put(self, name: str, document: dict[str, Any]) -> None:
        data = json.dumps(document).encode()
        self._blobs.put(names.SYSTEM_CONTAINER, name, data, content_type="application/json")


def _without_needless_rights(job: JobSpec, own: BlobPlace) -> JobSpec:
    """The job without signatures for what the service puts in place itself: each opens more than the one file."""
    inputs, outputs = ({item.name for item in placed} for placed in (placed_inputs(job, own), placed_outputs(job, own)))
    fields = {
        "code": tuple(map(_unsigned, job.code)),
        "inputs": tuple(
            item.model_copy(update={"files": tuple(map(_unsigned, item.files))}) if item.name in inputs else item
            for item in job.inputs
        ),
        "outputs": tuple(
            item.model_copy(update={"target": item.target.model_copy(update={"query": ""})})
            if item.name in outputs
            else item
            for item in job.outputs
        ),
    }
    return job.model_copy(update=fields)


def _unsigned(file: JobFile) -> JobFile:
    return file.model_copy(update={"url": file.url.partition("?")[0]})
