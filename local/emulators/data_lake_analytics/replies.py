"""What the service says about jobs: the whole of one, and the short form of its list."""

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

Json = dict[str, Any]
ENDED = "Ended"
_NO_NODE = "00000000-0000-0000-0000-000000000000"


def now() -> str:
    """The time as the service writes it, with seven decimals."""
    moment = datetime.now(UTC)  # noqa: TID251 - an emulated service has a clock of its own
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}0+00:00"


def full(job: Json, *, with_script: bool = True) -> Json:
    """Everything about a job. The answer to a submit leaves out the script, as the real one does."""
    answer = {**short(job), "errorMessage": job["errors"], "stateAuditRecords": job["audit"]}
    if not job["errors"]:
        del answer["errorMessage"]
    asked = job["request"]["properties"]
    answer["properties"] = {
        "type": "USql",
        "runtimeVersion": asked["runtimeVersion"] or "default",
        "rootProcessNodeId": _NO_NODE,
        "compileMode": asked["compileMode"] or "Semantic",
        "totalCompilationTime": duration(job["audit"], "Compiling"),
        "totalPauseTime": "PT0S",
        "totalQueuedTime": duration(job["audit"], "Queued"),
        "totalRunningTime": duration(job["audit"], "Running"),
    }
    if with_script:
        answer["properties"]["script"] = asked["script"]
    return answer


def short(job: Json) -> Json:
    """A job in a list."""
    asked = job["request"]
    answer = {
        "jobId": job["id"],
        "name": asked["name"],
        "type": "USql",
        "submitter": "pipeyard@localhost",
        "degreeOfParallelism": asked.get("degreeOfParallelism") or 1,
        "degreeOfParallelismPercent": asked.get("degreeOfParallelismPercent") or 0.0,
        "priority": asked.get("priority", 1000),
        "submitTime": job["submitted"],
        "state": job["state"],
        "result": job["result"],
        "logFilePatterns": asked.get("logFilePatterns", []),
    }
    answer |= {key: job[name] for key, name in (("startTime", "started"), ("endTime", "ended")) if job[name]}
    return answer | ({"related": asked["related"]} if asked.get("related") else {})


def duration(audit: list[Json], state: str) -> str:
    """How long a job was in a state, all times together, in ISO 8601."""
    seconds = 0.0
    for record, following in pairwise(audit):
        if record["newState"] == state:
            begin, end = (datetime.fromisoformat(each["timeStamp"]) for each in (record, following))
            seconds += max(0.0, (end - begin).total_seconds())
    return f"PT{seconds:g}S" if seconds >= 1e-3 else "PT0S"  # noqa: PLR2004 - no exponents
