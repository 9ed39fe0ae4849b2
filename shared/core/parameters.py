"""Values of pipeline parameters: which value fits which type, without conversions that a user could not foresee."""

from typing import Annotated, Any

from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from .bindings import DataPathValue, DatasetValue, ParameterDefinition, ParameterValue
from .document import Text
from .errors import Fault
from .shapes import Place, shape_faults
from .wording import Suggester, shorten

_TYPES: dict[str, TypeAdapter[Any]] = {
    "string": TypeAdapter(Annotated[Text, Field(strict=True)]),
    "int": TypeAdapter(Annotated[int, Field(strict=True)]),
    "float": TypeAdapter(Annotated[float, Field(strict=True, allow_inf_nan=False)]),
    "bool": TypeAdapter(Annotated[bool, Field(strict=True)]),
    "data_path": TypeAdapter(DataPathValue),
    "dataset": TypeAdapter(DatasetValue),
}
"""Strict: true is not 1, "1" is not 1, 1.0 is not 1. Only a float takes a whole number and makes it a float."""

_MODELS: dict[str, type[BaseModel]] = {"data_path": DataPathValue, "dataset": DatasetValue}


def fit_parameter(parameter: ParameterDefinition, value: object) -> tuple[ParameterValue | None, list[Fault]]:
    """(the value as the parameter's type has it, no faults), or (None, what is wrong with it; pointers are "")."""
    adapter = _TYPES[parameter.type]
    try:
        fitting: ParameterValue = adapter.validate_python(value)
    except ValidationError as error:
        faults = shape_faults(
            error, lambda loc: Place(loc, _MODELS.get(parameter.type, ParameterDefinition)), Suggester()
        )
        suggestion = _without_quotes(adapter, value)
        return None, [fault.model_copy(update={"suggestion": suggestion}) for fault in faults]
    return fitting, []


def _without_quotes(adapter: TypeAdapter[Any], value: object) -> str | None:
    if not isinstance(value, str):
        return None
    try:
        adapter.validate_json(value)
    except ValueError:
        return None
    return f"Write {shorten(value)} without quotes."
