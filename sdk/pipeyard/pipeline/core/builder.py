"""v1's `azureml.pipeline.core.builder`: the base of all steps, and steps in a row.

A step is a description. Its constructor checks names, ports and arguments, and raises what v1 raised; nothing is read,
hashed or sent until a pipeline is made of it. A new kind of step is a subclass that sets `step_type` and says in
`settings` what its type asks for; pipeline parameters may stand anywhere in there. Everything else (ports, arguments,
environment, compute target, retries) is the same for every kind, and `_translation.py` writes it down.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from pipeyard._checks import suggest, warn
from pipeyard.core.runconfig import RunConfiguration
from pipeyard.pipeline.core._ports import Ports, argument_kind, ports_of
from pipeyard.pipeline.core.pipeline_data import PipelineData, data_behind

__all__ = ["PipelineData", "PipelineStep", "StepSequence"]

# ruff: noqa: FBT001, FBT002  (v1's signatures)

TARGET_AND_TYPE = 2
_OWN_TYPES = {"Databricks", "DataLakeAnalytics", "DataFactory", "Batch", "Kusto", "LocalProcess"}
_V1S_TYPES = {"AmlCompute", "BatchAI", "ComputeInstance", "HDInsight", "Kubernetes", "Remote", "SynapseSpark"}
TARGET_TYPES = frozenset({*_OWN_TYPES, *_V1S_TYPES, "VirtualMachine"})
"""What a compute target can be said to be in `(name, type)`."""


class PipelineStep:
    """A step of a pipeline.

    Every step takes, beside v1's arguments, `retry` (how often a failed step is tried again: a number, or a dictionary
    with `max_attempts`, `delay_seconds`, `backoff` and `max_delay_seconds`), `timeout` (seconds for one try),
    `always_run` (start once the steps before it have ended, however they ended) and `labels` (for people).

    Two steps may have one name: in the definition the second one becomes `<name>_2`, and its runs show the name that
    was given. Characters that definitions do not allow in names become `_` in the same way.

    Attributes:
        step_type: The definition's name of this kind of step.
        takes_source: Whether a step of this kind has a source directory even if none is named.
        name: As it was given.
        source_directory: What travels with the step; None for the pipeline's default.
        script_name: A file of the source directory that must exist, None for kinds without one.
        snapshot: Digest of a source directory that the workspace has already, None for most steps.
        compute_type: What the compute target was said to be in `(name, type)`; the workspace is asked before a submit.
        predecessors: Steps that must end first although no data flows.
    """

    step_type: ClassVar[str] = "python_script"
    takes_source: ClassVar[bool] = False

    def __init__(
        self,
        name: str,
        inputs: Sequence[Any] | None = None,
        outputs: Sequence[Any] | None = None,
        arguments: Sequence[Any] | None = None,
        fix_port_name_collisions: bool = False,
        resource_inputs: Sequence[Any] | None = None,
        *,
        params: Mapping[str, Any] | None = None,
        source_directory: str | Path | None = None,
        script_name: str | None = None,
        compute_target: Any = None,
        runconfig: RunConfiguration | None = None,
        allow_reuse: bool = True,
        version: str | None = None,
        retry: int | Mapping[str, Any] | None = None,
        timeout: float | None = None,
        always_run: bool = False,
        labels: Mapping[str, str] | None = None,
    ) -> None:
        if not isinstance(name, str) or not name.strip():
            raise ValueError(f"A step needs a name, not {name!r}.")
        self.name = name
        self.arguments = checked_arguments(name, arguments)
        self.ports: Ports = ports_of(
            name,
            [*listed(inputs), *listed(resource_inputs)],
            listed(outputs),
            self.arguments,
            rename_inputs=fix_port_name_collisions,
        )
        if not isinstance(params, Mapping | None):
            raise ValueError(  # noqa: TRY004  (as above)
                f"The params of step {name!r} must be a dictionary, such as {{'name': value}}, not {params!r}."
            )
        if not isinstance(runconfig, RunConfiguration | None):
            raise ValueError(  # noqa: TRY004  (as above)
                f"The runconfig of step {name!r} must be a RunConfiguration, not {runconfig!r}."
            )
        if not isinstance(labels, Mapping | None):
            raise ValueError(  # noqa: TRY004  (as above)
                f"The labels of step {name!r} must be a dictionary, such as {{'ticket': 'ML-7'}}, not {labels!r}."
            )
        self.params = dict(params or {})
        self.source_directory = str(source_directory) if source_directory is not None else None
        self.script_name = script_name
        self.compute_target = checked_target(name, compute_target)
        self.compute_type: str | None = compute_target[1] if _named_with_type(compute_target) else None
        self.runconfig = runconfig
        self.allow_reuse = allow_reuse
        self.version = version
        self.retry = retry_document(name, retry)
        self.timeout = timeout
        self.always_run = always_run
        self.labels = dict(labels or {})
        self.predecessors: list[PipelineStep] = []
        self.snapshot: str | None = None
        self._claim_outputs()

    def _claim_outputs(self) -> None:
        """Let pipelines that read an output find this step even where it is not listed."""
        for port in self.ports.outputs:
            data = data_behind(port.value)
            if data is not None:
                data.maker = self
            else:
                port.value.origin.maker = self

    @property
    def inputs(self) -> list[Any]:
        """What the step reads."""
        return [port.value for port in self.ports.inputs]

    @property
    def outputs(self) -> list[Any]:
        """What the step writes."""
        return [port.value for port in self.ports.outputs]

    def run_after(self, step: "PipelineStep | Sequence[PipelineStep]") -> None:
        """Start only once another step has ended, or several have, although no data flows.

        Raises:
            TypeError: It is no step.
        """
        for item in step if isinstance(step, list | tuple) else [step]:
            if not isinstance(item, PipelineStep):
                raise TypeError(f"Step {self.name!r} can run after steps only, not after {item!r}.")
            if item not in self.predecessors:
                self.predecessors.append(item)

    def settings(self) -> dict[str, Any]:
        """What the step's type asks for, as the definition has it; may hold pipeline parameters."""
        return {}

    def words(self) -> list[Any]:
        """The command line after what `settings` starts."""
        return list(self.arguments)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(name={self.name!r})"


class StepSequence:
    """Steps in a row: each group begins once every step of the group before has ended.

    Attributes:
        steps: Steps, or lists of steps that may run side by side.
    """

    def __init__(self, steps: Iterable[Any] | None = None) -> None:
        self.steps: list[Any] = list(steps or ())

    def __iter__(self) -> Iterator[Any]:
        return iter(self.steps)


def producer_of(value: Any) -> PipelineStep | None:
    """The step that writes what an input reads, None where no step does."""
    data = data_behind(value)
    made = data if data is not None else getattr(getattr(value, "dataset", value), "origin", None)
    maker = getattr(made, "maker", None)
    return maker if isinstance(maker, PipelineStep) else None


def listed(values: Any) -> list[Any]:
    """A list of what was given; a single object counts as a list of one."""
    if values is None:
        return []
    plain = isinstance(values, list) or (type(values) is tuple and _is_plain(values))
    return list(values) if plain else [values]


def _is_plain(values: tuple[Any, ...]) -> bool:
    from pipeyard.data._documents import is_data_path_pair  # noqa: PLC0415  (the modules name each other)

    return not is_data_path_pair(values)


def checked_arguments(step: str, arguments: Any) -> list[Any]:
    """The words of a command line.

    Raises:
        ValueError: It is a bare string, which v1 took apart letter by letter.
        TypeError: A word is a list or a dictionary, or the whole is no list.
    """
    if arguments is None:
        return []
    if isinstance(arguments, str):
        raise ValueError(  # noqa: TRY004  (v1 tells wrong arguments of steps with ValueError)
            f"The arguments of step {step!r} are a string. Write a list: arguments={arguments.split()!r}."
        )
    if not isinstance(arguments, Sequence):
        raise TypeError(
            f"The arguments of step {step!r} are a {type(arguments).__name__}. Write a list, in the order of the "
            "command line: arguments=['--name', value]."
        )
    words = list(arguments)
    for word in words:
        argument_kind(step, word)
    return words


def checked_target(step: str, target: Any) -> str | None:
    """The name of a compute target that was given by name, as `(name, type)` or as an object.

    Raises:
        ValueError: It is none of these, or there is no such type.
    """
    if target is None:
        return None
    if _named_with_type(target):
        if target[1] not in TARGET_TYPES:
            raise ValueError(
                f"The compute target of step {step!r} names the type {target[1]!r}.{suggest(target[1], TARGET_TYPES)} "
                f"The types are {', '.join(sorted(TARGET_TYPES))}."
            )
        return str(target[0])
    name = target if isinstance(target, str) else getattr(target, "name", None)
    if not isinstance(name, str) or not name:
        raise ValueError(f"The compute target of step {step!r} must be a target or the name of one, not {target!r}.")
    return name


def _named_with_type(target: Any) -> bool:
    return (
        isinstance(target, tuple) and len(target) == TARGET_AND_TYPE and all(isinstance(item, str) for item in target)
    )


def retry_document(step: str, retry: Any) -> dict[str, Any] | None:
    """How often a failed step is tried again, as the definition has it.

    Raises:
        ValueError: It is neither a number nor a policy.
    """
    if retry is None:
        return None
    if isinstance(retry, int) and not isinstance(retry, bool) and retry >= 0:
        return {"max_attempts": retry + 1}
    if isinstance(retry, Mapping):
        return dict(retry)
    raise ValueError(
        f"The retry of step {step!r} must be how often a failed step is tried again, or a dictionary with "
        f"max_attempts, delay_seconds, backoff, max_delay_seconds; not {retry!r}."
    )


def ignore_hash_paths(step: str, hash_paths: object) -> None:
    """Tell that `hash_paths` has no effect, as v1 did: the whole source directory decides about reuse."""
    if hash_paths:
        warn(f"Step {step!r}: hash_paths has no effect. Everything in the source directory decides about reuse.")
