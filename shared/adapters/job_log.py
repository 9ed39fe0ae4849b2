"""The log of a job that runs elsewhere: lines that the workspace writes while the compute service tells of the job."""

from collections import Counter

from shared.core import names
from shared.core.errors import NotFound
from shared.ports.blobs import BlobStore


class JobLog:
    """The log of one try of a step. What is noted again is not written again.

    Args:
        blobs: The workspace's blobs.
        job_name: The try's job.
    """

    def __init__(self, blobs: BlobStore, job_name: str) -> None:
        run_id, ordinal, attempt = names.split_job_name(job_name)
        self._blobs = blobs
        self._name = f"{names.artifact_prefix(run_id, ordinal)}/{names.log_name(attempt)}"

    def note(self, *texts: str) -> None:
        """Append the lines that the log does not have yet; a line that is given several times is there as often.

        Whoever polls twice, or after a restart, notes the same lines again: they must tell events apart by themselves,
        by the time that the service gives them for instance. Only one process looks after a job at a time.
        """
        text = self._read()
        there = Counter(text.splitlines())
        missing = []
        for line in (line for each in texts for line in each.splitlines()):
            there[line] -= 1
            if there[line] < 0:
                missing.append(f"{line}\n")
        if missing:
            gap = "" if text.endswith("\n") or not text else "\n"
            data = "".join((text, gap, *missing)).encode()
            self._blobs.put(names.ARTIFACT_CONTAINER, self._name, data, content_type="text/plain; charset=utf-8")

    def _read(self) -> str:
        try:
            # A launcher that was killed may have sent half a character.
            return self._blobs.get(names.ARTIFACT_CONTAINER, self._name).decode(errors="replace")
        except NotFound:
            return ""
