"""A step's inputs and outputs by name, from all the kinds of objects that v1 accepted for them."""

import numbers
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any

from pipeyard.data import _documents
from pipeyard.pipeline.core.graph import (
    InputPortBinding,
    OutputPortBinding,
    PipelineParameter,
    PortDataReference,
    check_port_name,
    is_dataset,
)
from pipeyard.pipeline.core.pipeline_data import PipelineData, data_behind
from pipeyard.pipeline.core.pipeline_output_dataset import PipelineOutputAbstractDataset

RENAMED_INPUT = "INPUT_"


@dataclass(frozen=True, slots=True)
class Port:
    """An input or an output.

    Attributes:
        name: What the script knows it by.
        value: The object that was given for it.
    """

    name: str
    value: Any


@dataclass(frozen=True, slots=True)
class Ports:
    """All of a step's."""

    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]


def ports_of(
    step: str, inputs: Sequence[Any], outputs: Sequence[Any], arguments: Iterable[Any], *, rename_inputs: bool
) -> Ports:
    """Name every port, and add what only the arguments name.

    Raises:
        ValueError: An object cannot be an input or output, a name is wrong or taken, or an argument belongs to none.
    """
    reading = [Port(check_port_name(_input_name(step, item), f"an input of step {step!r}"), item) for item in inputs]
    writing = [Port(check_port_name(_output_name(step, item), f"an output of step {step!r}"), item) for item in outputs]
    for word in arguments:
        if argument_kind(step, word) != "data":
            continue
        if find_port(Ports(tuple(reading), tuple(writing)), word) is not None:
            continue
        if _documents.is_output(word):
            writing.append(Port(_documents.output_name(word), word))
        elif _documents.is_input(word) and hasattr(word, "dataset"):
            reading.append(Port(_documents.input_name(word), word))
        else:
            raise ValueError(
                f"Step {step!r} has {word!r} among its arguments, but neither among its inputs nor its outputs."
            )
    _check_unique(step, "inputs", reading)
    _check_unique(step, "outputs", writing)
    return Ports(tuple(_apart(step, reading, writing, rename_inputs=rename_inputs)), tuple(writing))


def argument_kind(step: str, word: Any) -> str:
    """`text`, `parameter` or `data`.

    Raises:
        TypeError: It is none of these.
    """
    if word is None or isinstance(word, str | int | float | PurePath | numbers.Number):
        return "text"
    if isinstance(word, PipelineParameter):
        return "parameter"
    if _is_data(word):
        return "data"
    raise TypeError(
        f"Step {step!r} has an argument of type {type(word).__name__}. Arguments are texts, numbers, pipeline "
        "parameters, and inputs and outputs of the step; put the items of a list into the arguments one by one."
    )


def find_port(ports: Ports, word: Any) -> tuple[str, str] | None:
    """(`input` or `output`, name) of the port that an argument stands for."""
    for kind, candidates in (("output", ports.outputs), ("input", ports.inputs)):
        for port in candidates:
            if port.value is word:
                return kind, port.name
    for kind, candidates in (("output", ports.outputs), ("input", ports.inputs)):
        for port in candidates:
            if _same_data(kind, port, word):
                return kind, port.name
    return None


def _same_data(kind: str, port: Port, word: Any) -> bool:
    origin = getattr(word, "origin", None)
    if origin is not None:
        found = port.value if kind == "output" else getattr(port.value, "dataset", port.value)
        return bool(origin == getattr(found, "origin", None))
    if isinstance(word, InputPortBinding):
        return kind == "input" and port.name == word.name
    data = data_behind(word)
    if data is not None:
        return data_behind(port.value) is data
    if kind != "input" or data_behind(port.value) is not None:
        return False
    bound = port.value.bind_object if isinstance(port.value, InputPortBinding) else port.value
    return bound is not None and _input_name("", word) == _input_name("", bound)


def renamed_outputs(ports: Ports, names: Mapping[int, str]) -> Ports:
    """The same with other names for outputs, by the identity of their objects."""
    return Ports(ports.inputs, tuple(Port(names.get(id(port.value), port.name), port.value) for port in ports.outputs))


def _is_data(value: Any) -> bool:
    ours = InputPortBinding | OutputPortBinding | PipelineData | PortDataReference | PipelineOutputAbstractDataset
    return isinstance(value, ours) or _documents.is_input(value) or _documents.is_output(value) or _is_sql(value)


def _is_sql(value: Any) -> bool:
    return hasattr(value, "sql_query") and hasattr(value, "data_reference_name")


def _input_name(step: str, value: Any) -> str:
    if isinstance(value, InputPortBinding | PipelineData | OutputPortBinding | PortDataReference):
        return value.name
    if isinstance(value, PipelineOutputAbstractDataset):
        return value.input_name
    if _documents.is_input(value):
        return _documents.input_name(value)
    if _is_sql(value):
        return str(value.data_reference_name)
    if is_dataset(value):
        raise ValueError(
            f"Step {step!r} has a dataset itself among its inputs. Say how it is consumed: "
            "dataset.as_named_input('name'), and for files .as_mount() or .as_download() after it."
        )
    raise ValueError(f"Step {step!r} has an input of unexpected type {type(value).__name__}: {value!r}.")


def _output_name(step: str, value: Any) -> str:
    if isinstance(value, PipelineData | OutputPortBinding):
        return value.output_name
    if isinstance(value, PipelineOutputAbstractDataset):
        return value.name
    if _documents.is_output(value):
        return _documents.output_name(value)
    hint = " A DataReference is read only: write to a PipelineData." if hasattr(value, "data_reference_name") else ""
    raise ValueError(f"Step {step!r} has an output of unexpected type {type(value).__name__}: {value!r}.{hint}")


def _check_unique(step: str, what: str, ports: Sequence[Port]) -> None:
    names = [port.name for port in ports]
    repeated = sorted({name for name in names if names.count(name) > 1})
    if repeated:
        raise ValueError(
            f"Step {step!r} has several {what} called {', '.join(map(repr, repeated))}. "
            "Give one of them another name, for instance with as_input('name') or as_named_input('name')."
        )


def _apart(step: str, reading: Sequence[Port], writing: Sequence[Port], *, rename_inputs: bool) -> list[Port]:
    """Inputs whose names no output has."""
    taken = {port.name for port in writing}
    clashing = sorted(port.name for port in reading if port.name in taken)
    if clashing and not rename_inputs:
        raise ValueError(f"Step {step!r} has an input and an output called {', '.join(map(repr, clashing))}.")
    return [replace(port, name=RENAMED_INPUT + port.name) if port.name in taken else port for port in reading]
