"""How a job ended: what the runner says, where it could say something, and what the service says where it could not."""

from datetime import UTC, datetime

from shared.adapters.azure_ml.errors import SERVICE
from shared.adapters.azure_ml.job_body import process_count
from shared.adapters.azure_ml.job_folder import VALID_FOR, JobFolder
from shared.adapters.azure_ml.results import merge
from shared.adapters.azure_ml.run_history import Details, RunHistory
from shared.adapters.azure_ml.states import Phase, is_platform_fault, is_time_limit
from shared.core import names
from shared.core.jobs import JobOutcome, JobResult, JobSpec
from shared.ports.blobs import BlobStore

_NEVER = datetime.min.replace(tzinfo=UTC)
_EXPIRED = (
    f"It ended more than {VALID_FOR.days} days after its submit, when the addresses for its results had expired, so "
    "they could not be delivered. What it wrote to mounted outputs lies at their places. Make the step shorter, or "
    "several steps of it that each go on from the output of the one before."
)
_OWN_FAULT = frozenset({JobOutcome.FAILED, JobOutcome.TIMED_OUT})


class Endings:
    """The ends of the jobs of one Azure ML workspace."""

    def __init__(self, blobs: BlobStore, history: RunHistory) -> None:
        self._blobs = blobs
        self._history = history

    def result(self, name: str, phase: Phase) -> JobResult:
        """The result of a job that the service calls completed, failed or canceled.

        Raises:
            PipeyardError: Storage or the service does not answer for now.
        """
        folder = JobFolder(self._blobs, name)
        job = folder.job()
        told = None if job is None else merge(job, folder.results(process_count(job)))
        if phase is Phase.COMPLETED:
            return told or _lost("the job completed, but its runner left no result")
        if told is not None and (
            told.outcome is JobOutcome.TIMED_OUT or (told.outcome in _OWN_FAULT and phase is Phase.FAILED)
        ):
            return told
        if folder.is_given_up():
            return _ended(JobOutcome.LOST, f"{SERVICE} had no sign of life of the job, and it was given up.", told)
        details = self._history.details(name)
        if phase is Phase.CANCELED:
            result = self._canceled(job, told, details, asked=folder.is_canceled())
        else:
            result = self._failed(told, details, asked=folder.is_canceled())
            if told is None and result.outcome is JobOutcome.FAILED and folder.had_expired(details.ended_at or _NEVER):
                result = _ended(JobOutcome.FAILED, f"{result.message} {_EXPIRED}", None)
        self._keep_log(name, details)
        return result

    def _canceled(self, job: JobSpec | None, told: JobResult | None, details: Details, *, asked: bool) -> JobResult:
        limit = None if job is None else job.timeout_seconds
        over = limit is not None and details.seconds is not None and details.seconds >= limit
        if is_time_limit(details.words) or (over and not asked):
            within = "" if limit is None else f": no end within {limit:g} s"
            return _ended(JobOutcome.TIMED_OUT, f"{SERVICE} ended the job{within}.", told)
        message = "The job was canceled." if asked else f"The job was canceled in {SERVICE}."
        return _ended(JobOutcome.CANCELED, message, told)

    def _failed(self, told: JobResult | None, details: Details, *, asked: bool) -> JobResult:
        """A failure that no script has told: the end came from outside, before the script or after it."""
        if asked:
            return _ended(JobOutcome.CANCELED, "The job was canceled.", told)
        sentence = f"{SERVICE}: {details.words or 'the job failed, and the service gives no reason'}."
        if is_time_limit(details.words):
            return _ended(JobOutcome.TIMED_OUT, sentence, told)
        # A runner that was stopped and says so was not stopped by its script, whatever its exit code looks like.
        stopped = told is not None and told.outcome is not JobOutcome.COMPLETED
        if stopped or is_platform_fault(details.codes):
            return _ended(JobOutcome.LOST, sentence, told)
        return _ended(JobOutcome.FAILED, sentence, told)

    def _keep_log(self, name: str, details: Details) -> None:
        """Where the step has no log, the service's own logs become it."""
        run_id, ordinal, attempt = names.split_job_name(name)
        log = f"{names.artifact_prefix(run_id, ordinal)}/{names.log_name(attempt)}"
        if not details.logs or self._blobs.exists(names.ARTIFACT_CONTAINER, log):
            return
        if text := self._history.tail(details):
            content_type = "text/plain; charset=utf-8"
            self._blobs.put(names.ARTIFACT_CONTAINER, log, text.encode(), content_type=content_type)


def _lost(reason: str) -> JobResult:
    return JobResult(outcome=JobOutcome.LOST, message=f"{SERVICE}: {reason}.")


def _ended(outcome: JobOutcome, message: str, told: JobResult | None) -> JobResult:
    """An end with what was measured until then; outputs belong to jobs that completed."""
    measured = told or JobResult(outcome=outcome)
    return measured.model_copy(update={"outcome": outcome, "message": message, "outputs": {}, "listed_outputs": ()})
