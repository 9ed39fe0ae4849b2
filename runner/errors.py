"""Why a job ends without completing. Messages are one sentence for the user and never carry a URL's signature."""

from __future__ import annotations


class JobError(Exception):
    """The job has failed; the text is its message."""


class SpecError(JobError):
    """`job.json` asks for something that must not be done."""


class TransferError(JobError):
    """Storage refused or did not answer.

    Attributes:
        status: HTTP status, None where no answer came: then the request may have been carried out all the same.
    """

    def __init__(self, message: str, status: int | None = None) -> None:
        self.status = status
        super().__init__(message)


class StopError(Exception):
    """Somebody asked for the job's end while it was fetching or uploading; `outcome` says who."""

    def __init__(self, outcome: str) -> None:
        self.outcome = outcome
        super().__init__(outcome)
