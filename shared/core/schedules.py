"""Schedules: what starts runs by itself. The order of the steps within one run is `run_schedule`."""

from enum import StrEnum
from typing import ClassVar, Literal

from pydantic import Field

from .bindings import ParameterValue
from .catalogue import CatalogueRecord
from .document import Document, Name, Properties
from .path_patterns import pattern_regex
from .publishing import EntityStatus
from .recurrence import CronRecurrence, Recurrence

DEBOUNCE_SECONDS = 10
LONGEST_DEBOUNCE_SECONDS = 3600
STEP_OUTPUTS = "azureml/"
"""Where pipelines themselves write."""


class CatchUp(StrEnum):
    """What becomes of instants that the workspace slept through."""

    NONE = "none"
    LAST = "last"
    ALL = "all"


class DatastoreTrigger(Document):
    """New and changed files start runs.

    Attributes:
        path: Folder on the datastore, "" for the top.
        pattern: Which files below `path` count, with `*`, `**` and `?`; None means all.
        include_subfolders: Whether files in folders below `path` count, too.
        polling_interval_minutes: How often the folder is listed, where events do not come or got lost.
        debounce_seconds: How long it must be quiet before a run starts with everything that arrived. None: not at
            all where each file gets a run of its own, else `DEBOUNCE_SECONDS`.
        data_path_parameter: A `data_path` parameter that gets the file (or the folder of several).
        file_list_parameter: A `string` parameter that gets a JSON array of the files' paths.
    """

    datastore: Name
    path: str = Field(default="", max_length=1024)
    pattern: str | None = Field(default=None, min_length=1, max_length=1024)
    include_subfolders: bool = False
    polling_interval_minutes: int = Field(default=5, ge=1, le=24 * 60)
    debounce_seconds: int | None = Field(default=None, ge=0, le=LONGEST_DEBOUNCE_SECONDS)
    data_path_parameter: str | None = Field(default=None, max_length=255)
    file_list_parameter: str | None = Field(default=None, max_length=255)

    @property
    def quiet_seconds(self) -> int:
        """`debounce_seconds`, decided."""
        if self.debounce_seconds is not None:
            return self.debounce_seconds
        return 0 if self.data_path_parameter is not None and self.file_list_parameter is None else DEBOUNCE_SECONDS

    @property
    def run_per_file(self) -> bool:
        """v1's way: a run for each file."""
        return self.data_path_parameter is not None and self.file_list_parameter is None and self.quiet_seconds == 0

    @property
    def prefix(self) -> str:
        """What the names of all files below `path` begin with."""
        return f"{self.path}/" if self.path else ""


def why_not(trigger: DatastoreTrigger, name: str) -> str | None:
    """Why a file does not count; None if it does, and "" if the trigger has nothing to do with it at all."""
    if not name.startswith(trigger.prefix) or name == trigger.prefix:
        return ""
    if name.startswith(STEP_OUTPUTS) and not trigger.prefix.startswith(STEP_OUTPUTS):
        return ""
    below = name[len(trigger.prefix) :]
    if not trigger.include_subfolders and "/" in below:
        return "It lies in a sub-folder, and sub-folders do not count."
    if trigger.pattern is not None and pattern_regex(trigger.pattern).fullmatch(below) is None:
        return f"It does not match the pattern `{trigger.pattern}`."
    return None


def may_count(trigger: DatastoreTrigger, place: str) -> bool:
    """Whether what a pipeline writes to a place of its author's choice could count: it would start itself for ever.

    The place is a file, or a folder of files whose names nobody knows: with a pattern these are taken not to match.
    """
    if why_not(trigger, place) is None:
        return True
    if trigger.pattern is not None:
        return False
    folder = f"{place}/"
    return trigger.prefix.startswith(folder) or why_not(trigger, f"{folder}x") is None


class Schedule(CatalogueRecord):
    """What starts runs of a published pipeline or of an endpoint. Exactly one of the three triggers is given.

    Attributes:
        parameters: Values that differ from the pipeline's defaults.
        continue_on_step_failure: None means as published.
        warnings: Sentences for the user that each of its runs gets.
        anchored_at: When the trigger was set: where a recurrence without a start begins to count.
        active_since: Instants and files before this do not count: creation, enabling, or a change of the trigger.
    """

    kind: ClassVar[str] = "schedule"
    label: ClassVar[str] = "schedule"

    schedule_id: str
    name: str
    description: str = ""
    status: EntityStatus = EntityStatus.ACTIVE
    published_pipeline_id: str | None = None
    pipeline_endpoint_id: str | None = None
    experiment_name: str
    parameters: dict[str, ParameterValue] = {}
    continue_on_step_failure: bool | None = None
    properties: Properties = {}
    recurrence: Recurrence | None = None
    cron: CronRecurrence | None = None
    datastore_trigger: DatastoreTrigger | None = None
    catch_up: CatchUp = CatchUp.NONE
    warnings: tuple[str, ...] = ()
    created_at: str
    created_by: str | None = None
    updated_at: str
    anchored_at: str
    active_since: str

    @property
    def key(self) -> str:
        """Its id."""
        return self.schedule_id

    @property
    def timing(self) -> Recurrence | CronRecurrence | None:
        """The trigger by time, None where files are the trigger."""
        return self.recurrence or self.cron


class ScheduleProgress(CatalogueRecord):
    """How far a schedule has come: apart from the schedule itself, which belongs to its user.

    Attributes:
        active_since: Of the schedule when this was written; if the schedule has another one, this is out of date.
        cursor: Every instant up to this one is settled.
        listing: Digest of the list of files as last seen; the list is a blob.
        polled_at: When that was.
    """

    kind: ClassVar[str] = "schedule_progress"
    label: ClassVar[str] = "progress of schedule"

    schedule_id: str
    active_since: str
    cursor: str
    last_fired_at: str | None = None
    last_run_id: str | None = None
    listing: str | None = None
    polled_at: str | None = None

    @property
    def key(self) -> str:
        """The schedule's id."""
        return self.schedule_id


class Arrival(CatalogueRecord):
    """A file that a schedule has to do something about, or has done.

    Attributes:
        digest: Of path and ETag: an arrival that is told twice is one.
        active_since: Of the schedule when the file arrived; once that is another one, the file does not count.
        source: `event` or `poll`: who told it first.
        settled_by: The window that has dealt with it.
    """

    kind: ClassVar[str] = "arrival"
    label: ClassVar[str] = "arrival"

    schedule_id: str
    digest: str
    path: str
    etag: str
    arrived_at: str
    active_since: str
    source: Literal["event", "poll"]
    settled_by: str | None = None

    @property
    def settled(self) -> bool:
        """Whether nothing is left to do about it."""
        return self.settled_by is not None

    @property
    def key(self) -> str:
        """Schedule and digest."""
        return f"{self.schedule_id}/{self.digest}"


class ArrivalWindow(CatalogueRecord):
    """Arrivals that are being turned into runs: at most one window of a schedule at a time.

    Written before the first submit, so that whoever goes on after a crash starts the same runs.
    """

    kind: ClassVar[str] = "arrival_window"
    label: ClassVar[str] = "arrival window"

    schedule_id: str
    window_id: str
    opened_at: str
    arrivals: tuple[Arrival, ...]

    @property
    def key(self) -> str:
        """The schedule's id."""
        return self.schedule_id


class TriggerOutcome(StrEnum):
    """What a schedule did."""

    STARTED = "started"
    IGNORED = "ignored"
    MISSED = "missed"
    FAILED = "failed"


class TriggerEvent(CatalogueRecord):
    """One line of a schedule's history.

    Attributes:
        event_id: Sorts newest first.
        instant: The instant of a recurrence that this is about.
        run_id: The run that was started.
        files: The files that arrived (the first few of them).
        reason: Why it was ignored, missed or failed, as a sentence.
    """

    kind: ClassVar[str] = "trigger_event"
    label: ClassVar[str] = "trigger event"

    schedule_id: str
    event_id: str
    at: str
    outcome: TriggerOutcome
    instant: str | None = None
    run_id: str | None = None
    files: tuple[str, ...] = ()
    file_count: int = 0
    reason: str | None = None

    @property
    def key(self) -> str:
        """Schedule and id."""
        return f"{self.schedule_id}/{self.event_id}"
