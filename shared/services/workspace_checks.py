"""What a definition and a run's parameters name must exist in the workspace."""

from collections.abc import Iterator, Mapping, Sequence

from shared.core.bindings import DataPathValue, DataReferenceInput, DatasetInput, DatasetValue, ParameterValue
from shared.core.compute_targets import ComputeTarget
from shared.core.datasets import Dataset
from shared.core.definition import PipelineDefinition, StepDefinition
from shared.core.errors import Fault, NotFound
from shared.core.output_places import output_place
from shared.core.paths import relative_path_fault
from shared.core.pointers import below, json_pointer
from shared.core.settings_binding import bind_settings
from shared.core.wording import Suggester, quoted
from shared.services.code_checks import CodeChecks
from shared.services.compute_targets import all_targets, find_target, refusal
from shared.services.datastores import known_datastores
from shared.services.step_variables import uses_parameters
from shared.services.workspace import Workspace


def definition_faults(workspace: Workspace, definition: PipelineDefinition) -> list[Fault]:
    """Compute targets, datastores, datasets and snapshots that do not exist, and places that cannot be."""
    defaults = {name: parameter.default for name, parameter in definition.parameters.items()}
    named = {definition.default_datastore, *(name for step in definition.steps for _, name in _datastores(step))}
    datastores = known_datastores(workspace, named)
    faults = _unknown("/default_datastore", "datastore", definition.default_datastore, datastores)
    for name, default in defaults.items():
        faults += below(json_pointer("parameters", name, "default"), _value_faults(workspace, default))
    faults += _target_faults(workspace, definition)
    snapshots = {step.snapshot for step in definition.steps if step.snapshot is not None}
    missing = {snapshot for snapshot in snapshots if not workspace.has_snapshot(snapshot)}
    checks = CodeChecks(workspace)
    for ordinal, step in enumerate(definition.steps):
        found = _step_faults(workspace, step, datastores, missing)
        if step.snapshot not in missing and not uses_parameters(step):
            found += checks.faults(step, {})
        faults += below(f"/steps/{ordinal}", found)
    return faults + _place_faults(definition)


def value_faults(
    workspace: Workspace, definition: PipelineDefinition, parameters: Mapping[str, ParameterValue]
) -> list[Fault]:
    """Places and datasets that parameters name and that do not exist.

    Args:
        workspace: The workspace.
        definition: What `parse_definition` found nothing wrong with.
        parameters: All parameters with their values.
    """
    faults: list[Fault] = []
    for name, value in parameters.items():
        if value != definition.parameters[name].default:  # defaults were checked with the definition
            faults += below(json_pointer("parameters", name), _value_faults(workspace, value))
    return faults


def bound_faults(
    workspace: Workspace, definition: PipelineDefinition, parameters: Mapping[str, ParameterValue]
) -> list[Fault]:
    """Settings that do not take the values of parameters, and code that is wrong with them; the others have been told.

    Args:
        workspace: The workspace.
        definition: What `parse_definition` found nothing wrong with.
        parameters: All parameters with their values.
    """
    checks = CodeChecks(workspace)
    faults: list[Fault] = []
    for ordinal, step in enumerate(definition.steps):
        if not uses_parameters(step):
            continue
        bound = step.model_copy(update={"settings": bind_settings(step.settings, parameters)})
        found = workspace.step_types[step.type].check(bound)
        if not found and step.snapshot is not None and workspace.has_snapshot(step.snapshot):
            found = checks.faults(step, parameters)
        faults += below(f"/steps/{ordinal}", found)
    return faults


def refusals(workspace: Workspace, definition: PipelineDefinition) -> list[Fault]:
    """Steps that nothing can run on their compute targets as those are now."""
    targets = _targets(workspace, definition)
    faults: list[Fault] = []
    for ordinal, step in enumerate(definition.steps):
        target = targets[step.compute_target or definition.default_compute_target]
        kinds = workspace.step_types[step.type].compute_kinds
        if target is None or (kinds is not None and target.type not in kinds):
            continue  # told with the definition
        fault = refusal(workspace, step, target)
        faults += below(f"/steps/{ordinal}", [fault] if fault is not None else [])
    return faults


def _step_faults(workspace: Workspace, step: StepDefinition, datastores: list[str], missing: set[str]) -> list[Fault]:
    faults: list[Fault] = []
    for place, datastore in _datastores(step):
        faults += _unknown(f"/{place}/datastore", "datastore", datastore, datastores)
    for name, source in step.inputs.items():
        if isinstance(source, DatasetInput) and source.dataset_id is not None:
            found = _dataset_faults(workspace, source.dataset_id)
            faults += below(json_pointer("inputs", name, "dataset_id"), found)
    if step.snapshot in missing:
        message = f"Snapshot {step.snapshot} is not in this workspace."
        suggestion = "Upload it first: POST /api/snapshots says which files are missing."
        faults.append(Fault(pointer="/snapshot", message=message, suggestion=suggestion))
    return faults


def _place_faults(definition: PipelineDefinition) -> list[Fault]:
    """Outputs at one and the same place: one would write over the other, whose readers and reuse would suffer."""
    faults: list[Fault] = []
    taken: dict[tuple[str, str], str] = {}
    for ordinal, step in enumerate(definition.steps):
        for name, output in step.outputs.items():
            if output.path is None:
                continue
            place = (output.datastore or definition.default_datastore, output_place(output, "run", ordinal, name))
            mine = f"output {quoted(name)} of step {quoted(step.name)}"
            if taken.setdefault(place, mine) != mine:
                message = f"The {taken[place]} goes to this very place: one would write over the other."
                suggestion = "Put `{run-id}` into the path, or choose another one."
                pointer = json_pointer("steps", ordinal, "outputs", name, "path")
                faults.append(Fault(pointer=pointer, message=message, suggestion=suggestion))
    return faults


def _datastores(step: StepDefinition) -> Iterator[tuple[str, str]]:
    """Every datastore that a step names, with the place where it does."""
    for name, source in step.inputs.items():
        if isinstance(source, DataReferenceInput):
            yield f"inputs/{name}", source.datastore
    for name, output in step.outputs.items():
        if output.datastore is not None:
            yield f"outputs/{name}", output.datastore


def _target_faults(workspace: Workspace, definition: PipelineDefinition) -> list[Fault]:
    targets = _targets(workspace, definition)
    faults: list[Fault] = []
    for ordinal, step in enumerate(definition.steps):
        name = step.compute_target or definition.default_compute_target
        own = step.compute_target is not None
        pointer = f"/steps/{ordinal}/compute_target" if own else "/default_compute_target"
        target = targets[name]
        if target is None:
            known = [each.name for each in all_targets(workspace)]
            faults += _unknown(pointer, "compute target", name, known)
            continue
        kinds = workspace.step_types[step.type].compute_kinds
        if kinds is not None and target.type not in kinds:
            wanted = " or ".join(quoted(kind) for kind in sorted(kinds))
            message = (
                f"Step {quoted(step.name)} of type {quoted(step.type)} needs a compute target of type {wanted}; "
                f"{quoted(name)} is of type {quoted(target.type)}."
            )
            suggestion = "Attach one: `pipeyard compute attach`, or `PUT /api/compute-targets/{name}`."
            faults.append(Fault(pointer=f"/steps/{ordinal}/compute_target", message=message, suggestion=suggestion))
    return list(dict.fromkeys(faults))  # the default is named once, however many steps use it


def _targets(workspace: Workspace, definition: PipelineDefinition) -> dict[str, ComputeTarget | None]:
    """The compute targets that steps run on, by name; None for those that do not exist."""
    named = {step.compute_target or definition.default_compute_target for step in definition.steps}
    return {name: _target(workspace, name) for name in named}


def _target(workspace: Workspace, name: str) -> ComputeTarget | None:
    try:
        return find_target(workspace, name)
    except NotFound:
        return None


def _value_faults(workspace: Workspace, value: ParameterValue | None) -> list[Fault]:
    """What does not exist of what a value names."""
    match value:
        case DataPathValue():
            sentence = relative_path_fault(value.path)
            wrong = [Fault(pointer="/path", message=sentence)] if sentence is not None else []
            known = known_datastores(workspace, {value.datastore})
            return [*wrong, *_unknown("/datastore", "datastore", value.datastore, known)]
        case DatasetValue():
            return below("/dataset_id", _dataset_faults(workspace, value.dataset_id))
        case _:
            return []


def _dataset_faults(workspace: Workspace, dataset_id: str) -> list[Fault]:
    if workspace.services.catalogue.find(Dataset, dataset_id) is not None:
        return []
    message = f"There is no dataset {quoted(dataset_id)}."
    return [Fault(pointer="", message=message, suggestion="Save or register it first: POST /api/datasets.")]


def _unknown(pointer: str, what: str, name: str, known: Sequence[str]) -> list[Fault]:
    if name in known:
        return []
    near = Suggester().suggest(name, known, list_all=False)
    suggestion = near or f"The workspace has {', '.join(f'`{each}`' for each in known) or 'none'}."
    return [Fault(pointer=pointer, message=f"There is no {what} `{name}`.", suggestion=suggestion)]
