"""What clients send to make or change a schedule, and everything that can be wrong with it, at once."""

from typing import Any

from pydantic import Field

from shared.core.bindings import ParameterValue
from shared.core.definition import PipelineDefinition
from shared.core.document import EXPERIMENT_PATTERN, Description, Document, Properties
from shared.core.errors import Conflict, Fault, InvalidDocument, NotFound
from shared.core.output_places import output_place
from shared.core.paths import relative_path_fault
from shared.core.pointers import below
from shared.core.publishing import EntityStatus, PipelineEndpoint, Title
from shared.core.recurrence import CronRecurrence, Recurrence, normalized
from shared.core.schedules import CatchUp, DatastoreTrigger, may_count
from shared.core.validation import bind_parameters
from shared.core.wording import Suggester, quoted
from shared.services.datastores import all_datastores
from shared.services.publishing import get_published, published_behind
from shared.services.recurrences import time_faults
from shared.services.workspace import Workspace
from shared.services.workspace_checks import bound_faults

_TRIGGERS = ("recurrence", "cron", "datastore_trigger")
_PIPELINES = ("published_pipeline_id", "pipeline_endpoint_id")


class ScheduleRequest(Document):
    """What a client sends to make a schedule.

    Attributes:
        published_pipeline_id: What to run; or
        pipeline_endpoint_id: the endpoint whose default version to run at the time. Exactly one of the two.
        recurrence: When; or
        cron: when; or
        datastore_trigger: after which files. Exactly one of the three.
    """

    name: Title
    description: Description = ""
    status: EntityStatus = EntityStatus.ACTIVE
    published_pipeline_id: str | None = Field(default=None, max_length=64)
    pipeline_endpoint_id: str | None = Field(default=None, max_length=64)
    experiment_name: str = Field(pattern=EXPERIMENT_PATTERN)
    parameters: dict[str, ParameterValue] = {}
    continue_on_step_failure: bool | None = None
    properties: Properties = {}
    recurrence: Recurrence | None = None
    cron: CronRecurrence | None = None
    datastore_trigger: DatastoreTrigger | None = None
    catch_up: CatchUp = CatchUp.NONE


class ScheduleChange(Document):
    """What a client sends to change a schedule: what is left out stays as it is."""

    name: Title | None = None
    description: Description | None = None
    status: EntityStatus | None = None
    experiment_name: str | None = Field(default=None, pattern=EXPERIMENT_PATTERN)
    parameters: dict[str, ParameterValue] | None = None
    continue_on_step_failure: bool | None = None
    recurrence: Recurrence | None = None
    cron: CronRecurrence | None = None
    datastore_trigger: DatastoreTrigger | None = None
    catch_up: CatchUp | None = None


def checked(workspace: Workspace, request: ScheduleRequest) -> ScheduleRequest:
    """The request as it is stored.

    Raises:
        InvalidDocument: With every fault.
    """
    faults = _one_of(request, _TRIGGERS, "trigger") + _one_of(request, _PIPELINES, "pipeline to run")
    timing = request.recurrence or request.cron
    if timing is not None:
        at = "/recurrence" if request.recurrence is not None else "/cron"
        faults += below(at, time_faults(timing))
    if request.datastore_trigger is not None:
        faults += below("/datastore_trigger", _datastore_faults(workspace, request.datastore_trigger))
    definition, missing = _definition(workspace, request)
    faults += missing
    if definition is not None:
        faults += _parameter_faults(workspace, definition, request) + _circle_faults(
            definition, request.datastore_trigger
        )
    if faults:
        raise InvalidDocument(faults)
    return request.model_copy(
        update={
            "recurrence": None if request.recurrence is None else normalized(request.recurrence),
            "datastore_trigger": _decided(request.datastore_trigger),
        }
    )


def _decided(trigger: DatastoreTrigger | None) -> DatastoreTrigger | None:
    return None if trigger is None else trigger.model_copy(update={"debounce_seconds": trigger.quiet_seconds})


def _one_of(request: ScheduleRequest, fields: tuple[str, ...], what: str) -> list[Fault]:
    given = [field for field in fields if getattr(request, field) is not None]
    if len(given) == 1:
        return []
    known = " and ".join((", ".join(f"`{field}`" for field in fields[:-1]), f"`{fields[-1]}`"))
    if not given:
        return [Fault(pointer="", message=f"The schedule has no {what}: give exactly one of {known}.")]
    message = f"A schedule has exactly one {what}; give one of {known}."
    return [Fault(pointer=f"/{field}", message=message) for field in given]


def _datastore_faults(workspace: Workspace, trigger: DatastoreTrigger) -> list[Fault]:
    faults = []
    known = [record.name for record in all_datastores(workspace)]
    if trigger.datastore not in known:
        message = f"There is no datastore {quoted(trigger.datastore)}."
        suggestion = f"The workspace has {', '.join(f'`{name}`' for name in known)}."
        faults.append(Fault(pointer="/datastore", message=message, suggestion=suggestion))
    for field, path in (("path", trigger.path), ("pattern", trigger.pattern)):
        sentence = relative_path_fault(path) if path else None
        if sentence is not None:
            faults.append(Fault(pointer=f"/{field}", message=sentence))
    if trigger.pattern is not None and "/" in trigger.pattern and not trigger.include_subfolders:
        message = "A pattern with `/` matches files in sub-folders only, and sub-folders do not count here."
        faults.append(Fault(pointer="/pattern", message=message, suggestion="Set `include_subfolders` to true."))
    if trigger.data_path_parameter is not None and not trigger.run_per_file and not trigger.path:
        message = "Several files are handed over as the folder that they lie in, so `path` must name a folder."
        suggestion = "Give `path`, or a run to each file: `debounce_seconds` 0 and no `file_list_parameter`."
        faults.append(Fault(pointer="/data_path_parameter", message=message, suggestion=suggestion))
    return faults


def _definition(workspace: Workspace, request: ScheduleRequest) -> tuple[PipelineDefinition | None, list[Fault]]:
    """The pipeline that a run would have now."""
    try:
        if request.published_pipeline_id is not None:
            published = get_published(workspace, request.published_pipeline_id)
        elif request.pipeline_endpoint_id is not None:
            endpoint = workspace.services.catalogue.get(PipelineEndpoint, request.pipeline_endpoint_id)
            published = published_behind(workspace, endpoint, None)
        else:
            return None, []
    except (NotFound, Conflict) as error:
        field = "published_pipeline_id" if request.published_pipeline_id is not None else "pipeline_endpoint_id"
        return None, [Fault(pointer=f"/{field}", message=str(error))]
    return workspace.definition(published.definition_id), []


def _parameter_faults(workspace: Workspace, definition: PipelineDefinition, request: ScheduleRequest) -> list[Fault]:
    trigger = request.datastore_trigger
    faults: list[Fault] = []
    filled: dict[str, Any] = {}
    if trigger is not None:
        for field, kind, value in (
            ("data_path_parameter", "data_path", {"datastore": trigger.datastore, "path": trigger.path or "x"}),
            ("file_list_parameter", "string", "[]"),
        ):
            name = getattr(trigger, field)
            if name is None:
                continue
            wrong = _filled_fault(definition, request, name, kind)
            if wrong is None:
                filled[name] = value
            else:
                faults.append(wrong.model_copy(update={"pointer": f"/datastore_trigger/{field}"}))
    try:
        parameters = bind_parameters(definition, {**request.parameters, **filled})
    except InvalidDocument as error:
        return [*faults, *error.faults]
    if trigger is None or trigger.file_list_parameter is None:  # or else the list's value is not known yet
        said = "With these values its runs would be refused: {0.pointer}: {0.message}"
        found = bound_faults(workspace, definition, parameters)
        faults += [Fault(pointer="/parameters", message=said.format(each)) for each in found]
    return faults


def _circle_faults(definition: PipelineDefinition, trigger: DatastoreTrigger | None) -> list[Fault]:
    """Outputs that a pipeline writes to where its schedule waits for files: each run would start the next one."""
    if trigger is None:
        return []
    return [
        Fault(
            pointer="/datastore_trigger/path",
            message=f"Step {quoted(step.name)} writes its output {quoted(name)} to `{output.path}`, where the schedule "
            "waits for files: each run would start another one.",
            suggestion="Wait for files in another folder, or only for some (`pattern`).",
        )
        for step in definition.steps
        for name, output in step.outputs.items()
        if output.path is not None
        and (output.datastore or definition.default_datastore) == trigger.datastore
        and may_count(trigger, output_place(output, "x", 0, name))
    ]


def _filled_fault(definition: PipelineDefinition, request: ScheduleRequest, name: str, kind: str) -> Fault | None:
    parameter = definition.parameters.get(name)
    if parameter is None:
        suggestion = Suggester().suggest(name, definition.parameters)
        return Fault(pointer="", message=f"The pipeline has no parameter {quoted(name)}.", suggestion=suggestion)
    if parameter.type != kind:
        return Fault(pointer="", message=f"Parameter {quoted(name)} is of type `{parameter.type}`, not `{kind}`.")
    if name in request.parameters:
        return Fault(pointer="", message=f"The trigger fills parameter {quoted(name)}, so `parameters` must not.")
    return None
