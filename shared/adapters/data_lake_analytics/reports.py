"""What Data Lake Analytics reports about a job, as lines of the step's log and as the sentence of a failure."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

_GRAVE = frozenset({"error"})
_MOST = 10
"""Errors in a step's sentence; the log has all of them."""


def state_lines(found: dict[str, Any]) -> list[str]:
    """A line for the job, and one for each of its states so far."""
    parallel, priority = found.get("degreeOfParallelism"), found.get("priority")
    job = f"Data Lake Analytics job {found.get('jobId')}, degree of parallelism {parallel}, priority {priority}"
    records = found.get("stateAuditRecords") or []
    return [job, *(f"{_moment(record.get('timeStamp'))} {record.get('newState')}".lstrip() for record in records)]


def error_lines(found: dict[str, Any], script_name: str) -> list[str]:
    """Everything that the service says about what went wrong, notes and warnings too."""
    return [_line(entry, script_name) for entry in found.get("errorMessage") or []]


def failure(found: dict[str, Any], script_name: str) -> tuple[bool, str]:
    """Whether a failure is the script's own (and not the service's), and the sentence for the step."""
    entries = [each for each in found.get("errorMessage") or [] if str(each.get("severity")).lower() in _GRAVE]
    said = [_line(entry, script_name) for entry in entries]
    if len(said) > _MOST:
        said = [*said[:_MOST], f"{len(said) - _MOST} more errors are in the log"]
    of_the_service = bool(entries) and all(str(each.get("source")).upper() == "SYSTEM" for each in entries)
    return not of_the_service, "\n".join(said) or "The job failed, and Data Lake Analytics does not say why."


def statistics_lines(stages: list[dict[str, Any]]) -> list[str]:
    """A line for each stage of the job."""
    return [
        f"{stage.get('stageName')}: {stage.get('succeededCount', 0)} of {stage.get('totalCount', 0)} vertices, "
        f"{stage.get('dataRead', 0):,} bytes read, {stage.get('dataWritten', 0):,} written"
        for stage in stages
    ]


def _line(entry: dict[str, Any], script_name: str) -> str:
    line = entry.get("lineNumber")
    place = f"{script_name}({line})" if line else script_name
    severity = str(entry.get("severity") or "Error").lower()
    name = f" {entry['errorId']}" if entry.get("errorId") else ""
    return f"{place}: {severity}{name}: {' '.join(_words(entry))}"


def _words(entry: dict[str, Any]) -> Iterator[str]:
    """Every different text of an entry and of those inside of it."""
    told: list[str] = []
    inner: dict[str, Any] | None = entry
    while inner:
        texts = [str(inner.get(key) or "").strip() for key in ("message", "description", "details", "resolution")]
        for text in texts:
            if text and not any(text in before for before in told):
                told.append(text)
                yield text
        inner = inner.get("innerError")


def _moment(text: str | None) -> str:
    """A time of the service, which has seven decimals, to the millisecond."""
    return datetime.fromisoformat(text).isoformat(timespec="milliseconds") if text else ""
