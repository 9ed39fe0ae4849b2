"""From steps to the definition document (docs/definition.md).

Everything of a pipeline is decided here, without the workspace: names are made unique, data objects become bindings
between steps, parameters are collected from wherever they are used, and source directories become digests. The one
exception are datasets that the workspace does not know yet: they are saved so that they have an id.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pipeyard._checks import definition_name
from pipeyard.core._resources import resources_of
from pipeyard.core._run_states import STEP_NAME_LABEL
from pipeyard.core.environment import step_environment
from pipeyard.core.runconfig import LOCAL, variables_of
from pipeyard.core.script_run_config import LONGEST_RUN_SECONDS
from pipeyard.data import _documents
from pipeyard.data.output_dataset_config import Origin
from pipeyard.exceptions import UserErrorException
from pipeyard.pipeline.core._ports import Port, argument_kind, find_port
from pipeyard.pipeline.core.builder import PipelineStep
from pipeyard.pipeline.core.graph import SCALARS, InputPortBinding, PipelineParameter, PortDataReference
from pipeyard.pipeline.core.pipeline_data import data_behind
from pipeyard.pipeline.core.pipeline_output_dataset import PipelineOutputAbstractDataset

LONGEST_NAME = 128

type Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """Who is who in a pipeline.

    Attributes:
        names: Unique name of each step, by the step's identity.
        makers: The step and output that make each data object, by the object's identity.
        origins: The same for output configurations, which change by copies, by the origin that all copies share.
    """

    names: dict[int, str]
    makers: dict[int, tuple[PipelineStep, str]]
    origins: dict[Origin, tuple[PipelineStep, str]]

    def producer(self, origin: Origin) -> tuple[str, str]:
        """(step, output) that make an output configuration."""
        if origin not in self.origins:
            raise ValueError("A step reads an output configuration that no step of the pipeline writes.")
        step, output = self.origins[origin]
        return self.names[id(step)], output

    def maker_of(self, value: Any) -> tuple[PipelineStep, str] | None:
        """The step and output behind an input, None where the input is no step's output."""
        data = data_behind(value)
        if data is not None:
            return self.makers.get(id(data))
        origin = getattr(getattr(value, "dataset", value), "origin", None)
        return self.origins.get(origin) if isinstance(origin, Origin) else None


def wire(steps: Sequence[PipelineStep]) -> Wiring:
    """Find the producer of everything.

    Raises:
        ValueError: Two steps produce one thing.
    """
    wiring = Wiring(names=unique_names(steps), makers={}, origins={})
    for step in steps:
        for port in step.ports.outputs:
            data = data_behind(port.value)
            known = wiring.makers.get(id(data)) if data is not None else wiring.origins.get(port.value.origin)
            if known is not None:
                raise ValueError(
                    f"{port.value!r} is an output of step {known[0].name!r} and of step {step.name!r}. "
                    "Each output is made by one step."
                )
            if data is not None:
                wiring.makers[id(data)] = (step, port.name)
            else:
                wiring.origins[port.value.origin] = (step, port.name)
    return wiring


def unique_names(steps: Iterable[PipelineStep]) -> dict[int, str]:
    """Names as definitions allow them; a second step of one name gets `_2`, and so on."""
    names: dict[int, str] = {}
    taken: set[str] = set()
    for step in steps:
        base = name = definition_name(step.name)
        number = 1
        while name in taken:
            number += 1
            suffix = f"_{number}"
            name = base[: LONGEST_NAME - len(suffix)] + suffix
        taken.add(name)
        names[id(step)] = name
    return names


@dataclass(slots=True, kw_only=True)
class Translator:
    """Writes the documents of a pipeline's steps.

    Attributes:
        wiring: Who is who.
        digests: Digest of each source directory.
        default_source_directory: For steps that name none.
        parameters: Collected while steps are translated, by name.
        outputs: The pipeline's own outputs, likewise.
    """

    wiring: Wiring
    digests: Mapping[Path, str]
    default_source_directory: str | None = None
    parameters: dict[str, PipelineParameter] = field(default_factory=dict)
    outputs: Json = field(default_factory=dict)

    def step(self, step: PipelineStep) -> Json:
        """The document of a step."""
        name = self.wiring.names[id(step)]
        labels = {**step.labels, **({STEP_NAME_LABEL: step.name} if name != step.name else {})}
        source = source_of(step, self.default_source_directory)
        document = {
            "name": name,
            "type": step.step_type,
            "settings": self.plain(step.settings()),
            "snapshot": self.digests[source] if source is not None else step.snapshot,
            "arguments": [self._word(step, word) for word in step.words()],
            "inputs": {**{port.name: self._input(port) for port in step.ports.inputs}, **self._params(step)},
            "outputs": {port.name: self._output(step, port) for port in step.ports.outputs},
            "run_after": [self.wiring.names[id(before)] for before in step.predecessors],
            "retry": step.retry,
            "timeout_seconds": timeout_of(step),
            "resources": resources_of(step.name, step.runconfig),
            "environment": step_environment(step.runconfig.environment if step.runconfig else None),
            "environment_variables": dict(variables_of(step.runconfig)),
            "version": str(step.version) if step.version is not None else None,
            "compute_target": target_of(step),
            "labels": labels,
        }
        switches = {"allow_reuse": step.allow_reuse, "always_run": step.always_run}
        return {**{key: value for key, value in document.items() if value not in (None, {}, [])}, **switches}

    def plain(self, value: Any) -> Any:
        """Settings with references in place of pipeline parameters."""
        if isinstance(value, PipelineParameter):
            return {"parameter": self.declare(value)}
        if isinstance(value, Mapping):
            return {str(key): self.plain(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.plain(item) for item in value]
        return value

    def declare(self, parameter: PipelineParameter) -> str:
        """Take a parameter into the pipeline; returns its name.

        Raises:
            UserErrorException: There is another one of its name with another default.
        """
        known = self.parameters.setdefault(parameter.name, parameter)
        same = known is parameter or _default(known) == _default(parameter)
        if not same:
            raise UserErrorException(
                f"Two pipeline parameters are called {parameter.name!r} and have different defaults: "
                f"{known.default_value!r} and {parameter.default_value!r}."
            )
        return parameter.name

    def parameter_documents(self) -> Json:
        """Types and defaults of all parameters."""
        return {name: _default(parameter) for name, parameter in self.parameters.items()}

    def _word(self, step: PipelineStep, word: Any) -> Any:
        kind = argument_kind(step.name, word)
        if kind == "text":
            return str(word)
        if kind == "parameter":
            return {"parameter": self.declare(word)}
        found = find_port(step.ports, word)
        if found is None:
            raise ValueError(f"Step {step.name!r} has {word!r} among its arguments only.")
        return {found[0]: found[1]}

    def _input(self, port: Port) -> Json:
        bound = isinstance(port.value, InputPortBinding)
        value = port.value.bind_object if bound else port.value
        mode = {"mode": "download"} if bound and port.value.bind_mode == "download" else {}
        if isinstance(value, PortDataReference):
            path = value.path_on_datastore
            return {"kind": "data_reference", "datastore": value.datastore_name, "path": path, **mode}
        made = self.wiring.maker_of(value)
        data = data_behind(value)
        if data is not None:
            if made is None:
                raise ValueError(f"No step of the pipeline writes {data!r}, which another step reads.")
            view = {"view": dict(value.view)} if isinstance(value, PipelineOutputAbstractDataset) else {}
            return {"kind": "pipeline_data", "step": self.wiring.names[id(made[0])], "output": made[1], **view, **mode}
        if not _documents.is_input(value):
            raise ValueError(f"{value!r} can be an input of data transfer steps only.")
        parameter = _documents.parameter_of(value)
        if parameter is not None:
            self.declare(parameter)
        return _documents.input_document(value, self.wiring.producer)

    def _params(self, step: PipelineStep) -> Json:
        """v1's `params`: values that scripts find in `AML_PARAMETER_<name>`."""
        documents: Json = {}
        for key, value in step.params.items():
            name = "".join(letter if letter.isalnum() or letter == "_" else "_" for letter in str(key))
            if isinstance(value, PipelineParameter):
                documents[name] = {"kind": "parameter", "parameter": self.declare(value)}
            elif key in self.parameters:
                raise UserErrorException(
                    f"Step {step.name!r} has a fixed value {key!r} in params, which is a pipeline parameter's name."
                )
            else:
                documents[name] = {"kind": "literal", "value": value if type(value) in SCALARS else str(value)}
        return documents

    def _output(self, step: PipelineStep, port: Port) -> Json:
        if _documents.is_output(port.value):
            return _documents.output_document(port.value)
        data = data_behind(port.value)
        assert data is not None  # noqa: S101  (what ports_of let through)
        if data.pipeline_output_name is not None:
            if data.pipeline_output_name in self.outputs:
                raise ValueError(f"Two outputs of the pipeline are called {data.pipeline_output_name!r}.")
            place = {"step": self.wiring.names[id(step)], "output": port.name}
            self.outputs[data.pipeline_output_name] = place
        document: Json = {}
        if data.datastore is not None:
            document["datastore"] = getattr(data.datastore, "name", data.datastore)
        if (path := getattr(data, "path_on_datastore", None)) is not None:
            document["path"] = path
        if getattr(data, "asked_mode", None) == "mount":
            document["mode"] = "mount"
        if isinstance(port.value, PipelineOutputAbstractDataset) and port.value.registration:
            view = {"view": dict(port.value.view)} if port.value.view else {}
            document["register_dataset"] = {**port.value.registration, **view}
        return document


def source_of(step: PipelineStep, default: str | None) -> Path | None:
    """A step's source directory; None for steps without one."""
    if step.source_directory is not None:
        return Path(step.source_directory).absolute()
    return Path(default or ".").absolute() if step.takes_source else None


def target_of(step: PipelineStep) -> str | None:
    """The compute target that a step or its run configuration names."""
    if step.compute_target is not None:
        return step.compute_target
    named = step.runconfig.target if step.runconfig is not None else LOCAL
    return str(named) if named and named != LOCAL else None


def timeout_of(step: PipelineStep) -> float | None:
    """Longest time for one try."""
    if step.timeout is not None:
        return step.timeout
    named = step.runconfig.max_run_duration_seconds if step.runconfig is not None else None
    return float(named) if named and named < LONGEST_RUN_SECONDS else None


def _default(parameter: PipelineParameter) -> Json:
    kind = SCALARS.get(type(parameter.default_value))
    if kind is not None:
        return {"type": kind, "default": parameter.default_value}
    return _documents.parameter_document(parameter.default_value)
