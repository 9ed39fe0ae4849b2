"""Pydantic's errors as faults: pointers into the user's document, and sentences instead of type names."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from .bindings import (
    DataPathInput,
    DataPathValue,
    DataReferenceInput,
    DatasetInput,
    DatasetValue,
    InputArgument,
    LiteralInput,
    OutputArgument,
    ParameterArgument,
    ParameterDefinition,
    ParameterInput,
    PipelineDataInput,
    PipelineOutput,
    StepOutput,
)
from .compute_targets import TARGET_NAME_PATTERN
from .datastores import NAME_PATTERN as DATASTORE_NAME_PATTERN
from .definition import EnvironmentDefinition, PipelineDefinition, RetryPolicy, StepDefinition
from .document import DIGEST_PATTERN, EXPERIMENT_PATTERN, NAME_PATTERN, PORT_PATTERN, VARIABLE_PATTERN
from .errors import Fault
from .names import GUID_PATTERN, STEP_RUN_ID_PATTERN
from .pointers import json_pointer
from .wording import Suggester, listed, quoted

Loc = tuple[int | str, ...]

_INPUTS: dict[int | str, type[BaseModel]] = {
    "data_reference": DataReferenceInput,
    "data_path": DataPathInput,
    "dataset": DatasetInput,
    "pipeline_data": PipelineDataInput,
    "parameter": ParameterInput,
    "literal": LiteralInput,
}
_ARGUMENTS: dict[int | str, type[BaseModel]] = {
    "input": InputArgument,
    "output": OutputArgument,
    "parameter": ParameterArgument,
}
_VALUES: dict[int | str, type[BaseModel]] = {"data_path": DataPathValue, "dataset": DatasetValue}
_PARTS: dict[int | str, type[BaseModel]] = {
    "outputs": StepOutput,
    "retry": RetryPolicy,
    "environment": EnvironmentDefinition,
}
_SCALAR = "a string, a number, true or false"
_ARGUMENT = f"{_SCALAR}, or an object with {listed([f'`{key}`' for key in _ARGUMENTS], last='or')}"

_EXPECTED = {
    "bool": "true or false",
    "dict": "an object",
    "float": "a number",
    "int": "a whole number",
    "list": "a list",
    "model": "an object",
    "string": "a string",
    "tuple": "a list",
}
_JSON_TYPES: dict[type, str] = {
    type(None): "null",
    bool: "true or false",
    int: "a number",
    float: "a number with a fraction",
    str: "a string",
    list: "a list",
    tuple: "a list",
    dict: "an object",
}
_CHOICE = re.compile(r"'([^']+)'")
_SENTENCES = {
    "finite_number": "Must be a finite number.",
    "greater_than": "Must be more than {gt:g}.",
    "greater_than_equal": "Must be at least {ge:g}.",
    "invalid_key": "Keys must be strings.",
    "less_than_equal": "Must be at most {le:g}.",
    "string_too_long": "Must have at most {max_length} characters.",
    "string_too_short": "Must not be empty.",
    "string_unicode": "Must be valid Unicode text.",
    "too_long": "Must have at most {max_length} items, not {actual_length}.",
    "too_short": "Must not be empty.",
}
_PATTERNS = {
    NAME_PATTERN: "Must have 1 to 128 letters, digits, `_`, `.`, `-` or spaces, and start with a letter, digit or `_`.",
    PORT_PATTERN: "Must have 1 to 128 letters, digits or `_`.",
    VARIABLE_PATTERN: "Must have 1 to 256 letters, digits or `_`, and not start with a digit.",
    DIGEST_PATTERN: "Must be a SHA-256 digest: 64 of the characters 0-9 and a-f.",
    EXPERIMENT_PATTERN: "Must have 1 to 255 letters, digits, `-` or `_`, and start with a letter or a digit.",
    DATASTORE_NAME_PATTERN: "Must have 1 to 128 letters, digits or `_`.",
    TARGET_NAME_PATTERN: "Must have 2 to 24 letters, digits or `-`, and start with a letter.",
    GUID_PATTERN: "Must be an id such as `0f8fad5b-d9cb-469f-a165-70867728950e`, all in small letters.",
    STEP_RUN_ID_PATTERN: "Must be the id of a step run: its run's id, `-` and five digits.",
}


def pattern_sentence(pattern: str) -> str | None:
    """What a text must be that is checked against this pattern; None for a pattern that nobody described."""
    return _PATTERNS.get(pattern)


@dataclass(frozen=True, slots=True)
class Place:
    """Where an error is.

    Attributes:
        path: Keys and list positions of the user's document; pydantic's tags for members of unions are left out.
        model: What the object that holds the last key is checked against.
        expected: For a value that may be of several types: what it may be.
    """

    path: Loc
    model: type[BaseModel]
    expected: str | None = None


def definition_place(loc: Loc) -> Place:
    """Where in a definition an error of `PipelineDefinition` is."""
    match loc:
        case ("parameters", _, "default", "data_path" | "dataset" as tag, *rest):
            return Place((*loc[:3], *rest), _VALUES[tag])
        case ("parameters", _, "default", _, *_):
            return Place(loc[:3], ParameterDefinition, _SCALAR)
        case ("parameters", _, _, *_):
            return Place(loc, ParameterDefinition)
        case ("outputs", _, _, *_):
            return Place(loc, PipelineOutput)
        case ("steps", _, _, *_):
            inside = _step_place(loc[2:])
            return Place(loc[:2] + inside.path, inside.model, inside.expected)
        case _:
            return Place(loc, PipelineDefinition)


def shape_faults(error: ValidationError, place_of: Callable[[Loc], Place], suggester: Suggester) -> list[Fault]:
    """The faults of a document that failed its model, one for each wrong place, in the order of the document."""
    found: dict[str, Fault] = {}
    for details in error.errors(include_url=False):
        if _miscounted(details):
            continue
        place = place_of(details["loc"])
        fault = _fault(details, place, suggester)
        # A value that fits no member of a union has one error per member. The first one is about its text, if any is.
        found.setdefault(fault.pointer, fault)
    return list(found.values())


def _miscounted(details: ErrorDetails) -> bool:
    # Pydantic counts the items that are left after wrong ones: a list of one wrong step "has no items".
    return details["type"] == "too_short" and len(details["input"]) >= details["ctx"]["min_length"]


def _step_place(loc: Loc) -> Place:
    match loc:
        case ("arguments", _, "literal", *_):
            return Place(loc[:2], StepDefinition, _ARGUMENT)
        case ("arguments", _, tag, *rest):
            return Place((*loc[:2], *rest), _ARGUMENTS[tag])
        case ("inputs", _, "literal", "value", _, *_):
            return Place((*loc[:2], "value"), LiteralInput, _SCALAR)
        case ("inputs", _, tag, *rest) if tag in _INPUTS:
            return Place((*loc[:2], *rest), _INPUTS[tag])
        case (field, _, *_) if field in _PARTS:
            return Place(loc, _PARTS[field])
        case _:
            return Place(loc, StepDefinition)


def _fault(details: ErrorDetails, place: Place, suggester: Suggester) -> Fault:
    path, value, suggestion = place.path, details["input"], None
    match details["type"]:
        case "missing":
            message = f"{quoted(str(path[-1]))} is required."
        case "extra_forbidden":
            key, known = str(path[-1]), list(place.model.model_fields)
            message = f"Unknown key {quoted(key)}."
            suggestion = suggester.suggest(key, known) or f"Known here: {', '.join(quoted(name) for name in known)}."
        case "union_tag_not_found":
            path, message = (*path, "kind"), f"`kind` is required: {_one_of(_INPUTS)}."
        case "union_tag_invalid":
            kind = str(details["ctx"]["tag"])
            path, message = (*path, "kind"), f"Must be {_one_of(_INPUTS)}, not {quoted(kind)}."
            suggestion = suggester.suggest(kind, [str(known) for known in _INPUTS], list_all=False)
        case "literal_error":
            choices = _CHOICE.findall(details["ctx"]["expected"])
            message = f"Must be {_one_of(choices) or details['ctx']['expected']}."
            suggestion = suggester.suggest(str(value), choices, list_all=False)
        case _ if path[-1:] == ("[key]",) and value == path[-2]:
            path, message = path[:-1], f"{quoted(str(value))} is not a good name. {_why(details)}"
        case _:
            message = _why(details, place.expected)
            if place.expected == _ARGUMENT and isinstance(value, dict):
                keys = [str(known) for known in _ARGUMENTS]
                suggestion = suggester.suggest(str(next(iter(value), "")), keys, list_all=False)
    return Fault(pointer=json_pointer(*path), message=message, suggestion=suggestion)


def _one_of(names: Iterable[int | str]) -> str:
    return listed([quoted(str(name)) for name in names], last="or")


def _why(details: ErrorDetails, expected: str | None = None) -> str:
    kind, context, value = details["type"], details.get("ctx", {}), details["input"]
    if kind == "string_pattern_mismatch" and context["pattern"] in _PATTERNS:
        return _PATTERNS[context["pattern"]]
    takes_floats = expected is not None or kind == "float_type"
    if takes_floats and isinstance(value, int | float) and not isinstance(value, bool):
        kind = "finite_number"  # the only way in which a number can be wrong there: NaN, infinite or too large
    if kind in _SENTENCES:
        return _SENTENCES[kind].format(**context)
    if expected is None and kind.endswith(("_type", "_parsing", "_from_float")):
        expected = _EXPECTED.get(kind.partition("_")[0])
    return f"{details['msg']}." if expected is None else f"Must be {expected}, not {_json_type(value)}."


def _json_type(value: Any) -> str:
    """What JSON calls a value, as part of a sentence. The value itself stays out: it may be a secret."""
    return _JSON_TYPES.get(type(value), f"a Python {type(value).__name__}")
