"""What v1's assignments mean for a pipeline's parameters, and a pipeline's values in v1's words.

v1's clients send every value as text, others send JSON numbers: both are read as the parameter's type has it. Names
that the pipeline does not have are ignored, as v1 does, but not silently: they become warnings of the run.
"""

import re
from collections.abc import Mapping
from typing import Any

from api.v1.submissions import DataPathAssignment, DataSetAssignment, DataSetReference, SubmissionInfo
from shared.core.bindings import DataPathValue, DatasetValue, ParameterDefinition, ParameterValue
from shared.core.errors import Fault, InvalidDocument, NotFound
from shared.core.pointers import json_pointer
from shared.core.wording import listed, quoted
from shared.services.datasets import get_registered
from shared.services.workspace import Workspace

_TRUE = frozenset({"true", "1"})
_FALSE = frozenset({"false", "0"})
_WHOLE = re.compile(r"[+-]?[0-9]{1,300}(\.0*)?")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
MAX_NAMED = 20
"""How many unknown names a warning lists."""


def parameter_values(
    workspace: Workspace, parameters: Mapping[str, ParameterDefinition], info: SubmissionInfo
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """(values for the pipeline's parameters as far as they can be read, warnings).

    Whether they fit is decided where all values are checked.

    Raises:
        InvalidDocument: A dataset is named that does not exist.
    """
    values: dict[str, Any] = {}
    unknown: list[str] = []
    faults: list[Fault] = []
    for place, assigned in _assigned(info).items():
        for name, value in assigned.items():
            if name not in parameters:
                unknown.append(name)
            elif value is not None:
                try:
                    values[name] = _value(workspace, parameters[name], value)
                except NotFound as error:
                    faults.append(Fault(pointer=json_pointer(place, name), message=str(error)))
    if faults:
        raise InvalidDocument(faults)
    return values, _warnings(unknown, parameters)


def changed_values(
    workspace: Workspace,
    parameters: Mapping[str, ParameterDefinition],
    info: SubmissionInfo,
    stored: Mapping[str, ParameterValue],
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """What a change makes of stored values, and warnings.

    Of v1's three kinds of assignments those that are not sent stay. A client that changes the document which it got
    sends data paths in two of them, and may have changed one: what differs from the stored value counts.

    Raises:
        InvalidDocument: As `parameter_values`.
    """
    values, warnings = parameter_values(workspace, parameters, info)
    for name, assigned in (info.data_path_assignments or {}).items():
        old = stored.get(name)
        if isinstance(old, DataPathValue) and values.get(name) == old.model_dump():
            values[name] = _data_path(assigned)
    return {name: value for name, value in stored.items() if not _sends_kind_of(info, value)} | values, warnings


def _sends_kind_of(info: SubmissionInfo, value: ParameterValue) -> bool:
    if isinstance(value, DataPathValue):
        return info.data_path_assignments is not None
    if isinstance(value, DatasetValue):
        return info.data_set_definition_value_assignments is not None
    return info.parameter_assignments is not None


def _assigned(info: SubmissionInfo) -> dict[str, Mapping[str, Any]]:
    return {
        "ParameterAssignments": info.parameter_assignments or {},
        "DataPathAssignments": info.data_path_assignments or {},
        "DataSetDefinitionValueAssignments": info.data_set_definition_value_assignments or {},
    }


def _warnings(unknown: list[str], parameters: Mapping[str, ParameterDefinition]) -> tuple[str, ...]:
    if not unknown:
        return ()
    names = listed([quoted(name) for name in dict.fromkeys(unknown)], limit=MAX_NAMED)
    known = listed([quoted(name) for name in parameters], limit=MAX_NAMED) or "none"
    return (f"The pipeline has no parameter {names}, so what was given for it was ignored. Its parameters: {known}.",)


def _value(workspace: Workspace, parameter: ParameterDefinition, given: Any) -> Any:
    if isinstance(given, DataPathAssignment):
        return _data_path(given)
    if isinstance(given, DataSetAssignment):
        if given.literal_value is not None:
            return _data_path(given.literal_value)
        return _dataset(workspace, given.saved_data_set_reference or given.data_set_reference or DataSetReference())
    return read_scalar(parameter.type, given)


def _data_path(given: DataPathAssignment) -> dict[str, str]:
    return {"datastore": given.data_store_name, "path": given.relative_path or ""}


def _dataset(workspace: Workspace, given: DataSetReference) -> dict[str, str]:
    if given.id is not None:
        return {"dataset_id": given.id}
    if given.name is None:
        raise NotFound("A dataset is given by `Id`, or by `Name` and `Version`.")
    version = str(given.version or "latest")
    if version != "latest" and not version.isdecimal():
        raise NotFound(f"Dataset {quoted(given.name)} has no version {quoted(version)}; versions count from 1.")
    number = None if version == "latest" else int(version)
    return {"dataset_id": get_registered(workspace, given.name, number).dataset_id}


def read_scalar(kind: str, given: Any) -> Any:
    """A value as the parameter's type has it, or as it was given where it cannot be read as such."""
    text = given.strip() if isinstance(given, str) else str(given)
    if kind == "string":
        return str(given) if isinstance(given, bool | int | float) else given
    if kind == "bool" and not isinstance(given, float):
        folded = text.casefold()
        return folded in _TRUE if folded in _TRUE | _FALSE else given
    if kind == "int" and not isinstance(given, bool) and _WHOLE.fullmatch(text):
        return int(text.partition(".")[0])
    if kind == "float" and isinstance(given, str) and _NUMBER.fullmatch(text):
        return float(text)
    return given


def written_scalar(value: object) -> str:
    """A value as v1 writes it: text."""
    return value if isinstance(value, str) else str(value)


def wire_values(values: Mapping[str, ParameterValue | None]) -> dict[str, Any]:
    """A pipeline's values as v1's three kinds of assignments, by v1's key."""
    scalars: dict[str, str] = {}
    paths: dict[str, DataPathAssignment] = {}
    datasets: dict[str, DataSetAssignment] = {}
    for name, value in values.items():
        match value:
            case DataPathValue():
                place = DataPathAssignment(data_store_name=value.datastore, relative_path=value.path)
                paths[name] = place
                datasets[name] = DataSetAssignment(literal_value=place)
            case DatasetValue():
                reference = DataSetReference(id=value.dataset_id)
                datasets[name] = DataSetAssignment(saved_data_set_reference=reference)
            case None:
                continue
            case _:
                scalars[name] = written_scalar(value)
    return {
        "parameter_assignments": scalars,
        "data_path_assignments": paths,
        "data_set_definition_value_assignments": datasets,
    }
