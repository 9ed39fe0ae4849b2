"""v1's YAML form of schedules: a mapping `Schedule` with the arguments of `Schedule.create`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeyard._checks import refuse_unknown
from pipeyard._optional import require
from pipeyard.exceptions import UserErrorException
from pipeyard.pipeline.core._recurrence import ScheduleRecurrence

if TYPE_CHECKING:
    from pipeyard.core.workspace import Workspace

_KEYS = frozenset(
    {
        "description",
        "recurrence",
        "pipeline_parameters",
        "wait_for_provisioning",
        "wait_timeout",
        "datastore_name",
        "polling_interval",
        "data_path_parameter_name",
        "continue_on_step_failure",
        "path_on_datastore",
    }
)
_RECURRENCE_KEYS = frozenset(
    {"frequency", "interval", "start_time", "time_zone", "hours", "minutes", "week_days", "time_of_day"}
)


def load(workspace: "Workspace", filename: Path) -> dict[str, Any]:
    """The arguments in a file, for `Schedule.create`.

    Raises:
        UserErrorException: The file cannot be read or has unknown keys.
    """
    yaml = require("yaml", "yaml")
    try:
        document = yaml.safe_load(filename.read_text(encoding="utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise UserErrorException(f"The schedule {filename} cannot be read: {error}.") from error
    fields = document.get("Schedule") if isinstance(document, dict) else None
    if not isinstance(fields, dict):
        raise UserErrorException(f"The schedule {filename} must have a mapping `Schedule`.")
    refuse_unknown(f"The schedule {filename}", fields, _KEYS)
    recurrence = fields.get("recurrence")
    if recurrence is not None:
        refuse_unknown(f"The recurrence of {filename}", recurrence, _RECURRENCE_KEYS)
        fields["recurrence"] = ScheduleRecurrence(**recurrence)
    name = fields.pop("datastore_name", None)
    if name is not None:
        fields["datastore"] = workspace.datastores[name]
    return dict(fields)
