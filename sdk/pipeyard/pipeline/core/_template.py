"""Templates of steps: what a module's version keeps, and how a step is made of it."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeyard.core.environment import step_environment
from pipeyard.core.runconfig import RunConfiguration
from pipeyard.pipeline.core.graph import InputPortBinding, InputPortDef, OutputPortDef, PipelineParameter

type Json = dict[str, Any]


def script_template(
    script_name: str,
    snapshot: str,
    inputs: Sequence[InputPortDef] | None,
    outputs: Sequence[OutputPortDef] | None,
    params: Mapping[str, Any] | None,
    arguments: Sequence[Any] | None,
    runconfig: RunConfiguration | None,
) -> Json:
    """The template of a Python script."""
    reads, writes = list(inputs or ()), list(outputs or ())
    template: Json = {
        "type": "python_script",
        "settings": {"script_name": script_name},
        "snapshot": snapshot,
        "inputs": {port.name: {"optional": port.is_optional, "label": port.label or ""} for port in reads},
        "outputs": {port.name: _without_none(port.default_datastore_name, port.label) for port in writes},
        "params": {name: {"value": _default(value)} for name, value in (params or {}).items()},
        "arguments": [_word(word) for word in arguments or ()],
    }
    environment = step_environment(runconfig.environment) if runconfig is not None else {}
    return {**template, **({"environment": environment} if environment else {})}


def template_ports(name: str, template: Json, inputs: Json, outputs: Json) -> tuple[list[Any], list[Any]]:
    """A step's inputs, each under its port's name, and its outputs.

    Raises:
        ValueError: A port does not exist, or a port that is needed has no data.
    """
    for what, given, known in (("input", inputs, template["inputs"]), ("output", outputs, template["outputs"])):
        unknown = [port for port in given if port not in known]
        if unknown:
            raise ValueError(
                f"Step {name!r}: the module has no {what} {unknown[0]!r}. It has {', '.join(known) or 'none'}."
            )
    missing = [port for port, about in template["inputs"].items() if port not in inputs and not about.get("optional")]
    if missing:
        raise ValueError(f"Step {name!r}: the module's inputs {', '.join(missing)} need data in inputs_map.")
    unbound = [port for port in template["outputs"] if port not in outputs]
    if unbound:
        raise ValueError(f"Step {name!r}: the module's outputs {', '.join(unbound)} need PipelineData in outputs_map.")
    return [_bound(port, value) for port, value in inputs.items()], list(outputs.values())


def bound_template(template: Json, inputs: Sequence[Any], outputs: Mapping[str, Any]) -> list[Any]:
    """The template's own arguments, with a step's data in place of ports."""
    by_name = {binding.name: binding for binding in inputs}
    words: list[Any] = []
    for word in template.get("arguments", ()):
        if isinstance(word, dict):
            data = by_name.get(word["input"]) if "input" in word else outputs.get(word["output"])
            words += [] if data is None else [data]
        else:
            words.append(word)
    return words


def _bound(port: str, value: Any) -> InputPortBinding:
    inner = value.bind_object if isinstance(value, InputPortBinding) else value
    return InputPortBinding(port, inner)


def _word(word: Any) -> Any:
    if isinstance(word, InputPortDef):
        return {"input": word.name}
    if isinstance(word, OutputPortDef):
        return {"output": word.name}
    return str(word)


def _default(value: Any) -> Any:
    return value.default_value if isinstance(value, PipelineParameter) else value


def _without_none(datastore: str | None, label: str | None) -> Json:
    return {key: value for key, value in (("datastore", datastore), ("label", label)) if value}
