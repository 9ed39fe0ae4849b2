"""Every name that Pipeyard's telemetry uses: alerts, the workbook and people's queries rest on them.

A test compares them with what `infra/` asks for.
"""

from dataclasses import dataclass
from typing import Literal

RUN_ID = "pipeyard.run_id"
STEP_RUN_ID = "pipeyard.step_run_id"
STEP = "pipeyard.step"
EXPERIMENT = "pipeyard.experiment"
PIPELINE = "pipeyard.pipeline"
ATTEMPT = "pipeyard.attempt"
COMPUTE_TARGET = "pipeyard.compute_target"
BACKEND = "pipeyard.backend"
OUTCOME = "pipeyard.outcome"
ERROR = "pipeyard.error"
ATTRIBUTES = (RUN_ID, STEP_RUN_ID, STEP, EXPERIMENT, PIPELINE, ATTEMPT, COMPUTE_TARGET, BACKEND, OUTCOME, ERROR)

RUN_SPAN = "run"
STEP_SPAN = "step"
JOB_SPAN = "job"
ACTIVITY_SPAN = "activity"
COMPUTE_SPAN = "compute"
"""First words of the names of spans; the name of what it is about follows."""
SUBMIT_SPAN = "submit"
CANCEL_SPAN = "cancel"
RESTART_SPAN = "restart"
JOB_ENDED_SPAN = "job_ended"


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric. Histograms are of seconds; a gauge is what was last seen."""

    name: str
    kind: Literal["counter", "histogram", "gauge"]
    text: str


RUNS_STARTED = Metric("pipeyard.runs.started", "counter", "Runs that were submitted")
RUNS_FINISHED = Metric("pipeyard.runs.finished", "counter", "Runs that ended well")
RUNS_FAILED = Metric("pipeyard.runs.failed", "counter", "Runs that failed")
RUNS_CANCELED = Metric("pipeyard.runs.canceled", "counter", "Runs that were cancelled")
RUNS_RESTARTED = Metric("pipeyard.runs.restarted", "counter", "Runs that the reconciler started again")
RUNS_STUCK = Metric("pipeyard.runs.stuck", "gauge", "Runs that are not over and to which nothing happens")
RUN_SECONDS = Metric("pipeyard.runs.duration", "histogram", "From a run's submit to its end")
STEPS_ENDED = Metric("pipeyard.steps.ended", "counter", "Steps that ended, by outcome")
STEPS_REUSED = Metric("pipeyard.steps.reused", "counter", "Steps for which an earlier result stood in")
SECONDS_SAVED = Metric("pipeyard.steps.saved", "histogram", "What a reused step took when it ran")
STEP_SECONDS = Metric("pipeyard.steps.duration", "histogram", "From the start of a step's first try to its end")
QUEUE_SECONDS = Metric("pipeyard.steps.queued", "histogram", "What a try waited for a place or for another run")
ACTIVITIES_FAILED = Metric("pipeyard.activities.failed", "counter", "Activities that raised, to be tried again")
ACTIVITIES_GIVEN_UP = Metric("pipeyard.activities.given_up", "counter", "Activities that failed on their last try")
STORAGE_THROTTLED = Metric("pipeyard.storage.throttled", "counter", "Requests that storage or vault refused for now")
COMPUTE_CALLS = Metric("pipeyard.compute.calls", "counter", "Submits, polls and cancels, by back-end and outcome")
COMPUTE_THROTTLED = Metric("pipeyard.compute.throttled", "counter", "Requests that a compute service refused for now")

METRICS = (
    *(RUNS_STARTED, RUNS_FINISHED, RUNS_FAILED, RUNS_CANCELED, RUNS_RESTARTED, RUNS_STUCK, RUN_SECONDS),
    *(STEPS_ENDED, STEPS_REUSED, SECONDS_SAVED, STEP_SECONDS, QUEUE_SECONDS),
    *(ACTIVITIES_FAILED, ACTIVITIES_GIVEN_UP, STORAGE_THROTTLED, COMPUTE_CALLS, COMPUTE_THROTTLED),
)
