"""What orchestrators hand to activities and get back: ids and short words, never documents."""

from typing import NotRequired, TypedDict


class RunPayload(TypedDict):
    """One run."""

    run_id: str


class SchedulePayload(TypedDict):
    """One schedule."""

    schedule_id: str


class StepPayload(TypedDict):
    """One step of a run."""

    run_id: str
    ordinal: int


class CheckPayload(StepPayload):
    """A step to look after; `canceling` once its run is being cancelled."""

    canceling: bool


class FailPayload(StepPayload):
    """A step that Pipeyard itself could not carry on with."""

    message: str


class SkipPayload(TypedDict):
    """Steps that will never start, each with the step whose end decided it."""

    run_id: str
    canceled: bool
    skips: list[list[int]]


class DeliveryPayload(TypedDict):
    """A message for a webhook."""

    webhook_id: str
    delivery_id: str


class ClosePayload(TypedDict):
    """A run and its final status; `error` where no step is to blame."""

    run_id: str
    status: str
    error: NotRequired[str]
