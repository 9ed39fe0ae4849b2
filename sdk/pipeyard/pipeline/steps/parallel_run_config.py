"""v1's ParallelRunConfig: how a ParallelRunStep cuts its inputs, and what it runs for each part."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pipeyard._core.parallel_run import DEFAULT_FILE_NAME
from pipeyard._optional import require
from pipeyard.core.environment import Environment
from pipeyard.core.runconfig import RunConfiguration
from pipeyard.core.workspace import Workspace
from pipeyard.exceptions import Fault, UserErrorException
from pipeyard.pipeline.core.builder import checked_target
from pipeyard.pipeline.core.graph import PipelineParameter

OUTPUT_ACTIONS = ("append_row", "summary_only")
LOGGING_LEVELS = ("DEBUG", "INFO", "WARNING", "WARN", "ERROR", "FATAL", "CRITICAL")
_SIZE = re.compile(r"\d+([kKmMgG][bB])?")
_FIELDS = (
    "entry_script",
    "error_threshold",
    "output_action",
    "compute_target",
    "node_count",
    "process_count_per_node",
    "mini_batch_size",
    "source_directory",
    "description",
    "logging_level",
    "run_invocation_timeout",
    "run_max_try",
    "append_row_file_name",
    "allowed_failed_count",
    "allowed_failed_percent",
    "partition_keys",
    "environment_variables",
)


class ParallelRunConfig:
    """How inputs are cut into mini-batches, and what is done with each.

    Every field but `entry_script`, `partition_keys` and the folders may be a PipelineParameter, which each run can set.

    Attributes:
        environment: What the entry script needs; beside its own packages also `pipeyard[data]`.
        entry_script: With `init()` and `run(mini_batch)`, relative to the source directory.
        error_threshold: Most items that may fail; -1 for any number.
        output_action: `append_row` or `summary_only`.
        node_count: One machine does all the work, whatever this says.
        process_count_per_node: Workers; None for one per CPU.
        mini_batch_size: Files (10 by default), or about so many bytes of rows ("1MB").
        run_invocation_timeout: Seconds for one mini-batch.
        run_max_try: Tries of a mini-batch.
        partition_keys: Columns whose values make the mini-batches, instead of a size.
    """

    def __init__(
        self,
        environment: Environment,
        entry_script: str,
        error_threshold: Any,
        output_action: Any,
        compute_target: Any,
        node_count: Any,
        process_count_per_node: Any = None,
        mini_batch_size: Any = None,
        source_directory: str | Path | None = None,
        description: str | None = None,
        logging_level: Any = "INFO",
        run_invocation_timeout: Any = 60,
        run_max_try: Any = 3,
        append_row_file_name: Any = None,
        allowed_failed_count: Any = None,
        allowed_failed_percent: Any = None,
        partition_keys: Sequence[str] | None = None,
        environment_variables: Mapping[str, str] | None = None,
    ) -> None:
        self.environment = environment
        self.entry_script = entry_script
        self.error_threshold = error_threshold
        self.output_action = output_action
        self.compute_target = compute_target
        self.node_count = node_count
        self.process_count_per_node = process_count_per_node
        self.mini_batch_size = mini_batch_size
        self.source_directory = source_directory
        self.description = description
        self.logging_level = logging_level
        self.run_invocation_timeout = run_invocation_timeout
        self.run_max_try = run_max_try
        self.append_row_file_name = append_row_file_name
        self.allowed_failed_count = allowed_failed_count
        self.allowed_failed_percent = allowed_failed_percent
        self.partition_keys = partition_keys
        self.environment_variables = environment_variables
        self.check()

    def check(self) -> None:
        """Look at every field.

        Raises:
            UserErrorException: Some are wrong; names all of them.
        """
        faults = [Fault(name, message) for name, message in _faults(self)]
        if faults:
            raise UserErrorException("The ParallelRunConfig is wrong:", faults=faults)

    def settings(self) -> dict[str, Any]:
        """What the step's type asks for, apart from inputs and output; fields without a value are left out."""
        size = self.mini_batch_size
        found = {
            "entry_script": str(self.entry_script),
            "mini_batch_size": str(size) if isinstance(size, int) else size,
            "partition_keys": list(self.partition_keys) if self.partition_keys is not None else None,
            "error_threshold": self.error_threshold,
            "output_action": self.output_action,
            "append_row_file_name": self.append_row_file_name,
            "node_count": self.node_count,
            "process_count_per_node": self.process_count_per_node,
            "run_invocation_timeout": self.run_invocation_timeout,
            "run_max_try": self.run_max_try,
            "logging_level": self.logging_level,
            "allowed_failed_count": self.allowed_failed_count,
            "allowed_failed_percent": self.allowed_failed_percent,
        }
        return {key: value for key, value in found.items() if value is not None}

    def run_configuration(self) -> RunConfiguration:
        """Environment and variables, as steps take them."""
        configuration = RunConfiguration()
        configuration.environment = self.environment
        configuration.environment_variables = {
            key: str(value) for key, value in (self.environment_variables or {}).items()
        }
        return configuration

    def save_to_yaml(self, path: str | Path) -> None:
        """Write the configuration to a YAML file.

        Raises:
            UserErrorException: PyYAML is not installed.
        """
        yaml = require("yaml", "yaml")
        document = {name: _written(getattr(self, name)) for name in _FIELDS}
        document["compute_target"] = checked_target("ParallelRunConfig", self.compute_target)
        document["environment"] = {
            "name": self.environment.name,
            **json.loads(json.dumps(self.environment.to_document())),
        }
        kept = {key: value for key, value in document.items() if value is not None}
        Path(path).write_text(yaml.safe_dump(kept, sort_keys=False), encoding="utf-8")

    @staticmethod
    def load_yaml(workspace: Workspace, path: str | Path, **kwargs: Any) -> "ParallelRunConfig":
        """Read a configuration that `save_to_yaml` wrote; keyword arguments win over the file.

        Raises:
            UserErrorException: The file cannot be read, or a field is wrong.
        """
        del workspace  # compute targets are known by name
        yaml = require("yaml", "yaml")
        try:
            document = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
        except (OSError, ValueError, yaml.YAMLError) as error:
            raise UserErrorException(f"The ParallelRunConfig {path} cannot be read: {error}.") from error
        if not isinstance(document, dict) or not isinstance(document.get("environment", {}), dict):
            raise UserErrorException(f"The ParallelRunConfig {path} must hold its fields by name.")
        fields = {name: _read(document[name]) for name in _FIELDS if name in document}
        if environment := dict(document.get("environment", {})):
            fields["environment"] = Environment.from_document(environment.pop("name", ""), environment, None)
        try:
            return ParallelRunConfig(**{**fields, **kwargs})
        except TypeError as error:
            raise UserErrorException(f"The ParallelRunConfig {path} is not complete: {error}.") from error

    def __repr__(self) -> str:
        return f"ParallelRunConfig(entry_script={self.entry_script!r}, mini_batch_size={self.mini_batch_size!r})"


def _written(value: Any) -> Any:
    if isinstance(value, PipelineParameter):
        return {"parameter": value.name, "default": value.default_value}
    if isinstance(value, Path):
        return str(value)
    return list(value) if isinstance(value, tuple) else value


def _read(value: Any) -> Any:
    if isinstance(value, dict) and value.keys() == {"parameter", "default"}:
        return PipelineParameter(value["parameter"], value["default"])
    return value


def _faults(config: ParallelRunConfig) -> Iterator[tuple[str, str]]:
    if config.environment is None:
        yield "environment", "An environment is required; Environment('empty') will do."
    if not isinstance(config.entry_script, str) or not config.entry_script:
        yield "entry_script", "The entry script is required: its path relative to the source directory."
    if config.compute_target is None:
        yield "compute_target", "A compute target is required, such as 'local'."
    for name, is_right, message in _RULES:
        value = getattr(config, name)
        value = value.default_value if isinstance(value, PipelineParameter) else value
        if not is_right(value):
            yield name, f"{message}, not {value!r}."
    if config.mini_batch_size is not None and config.partition_keys is not None:
        yield "partition_keys", "mini_batch_size and partition_keys exclude each other."


def _whole(least: int, *, optional: bool = False) -> Callable[[Any], bool]:
    def is_right(value: Any) -> bool:
        if value is None:
            return optional
        return isinstance(value, int) and not isinstance(value, bool) and value >= least

    return is_right


def _one_of(known: Sequence[str]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and value in known


def _is_size(value: Any) -> bool:
    if value is None:
        return True
    return (
        not isinstance(value, bool)
        and _SIZE.fullmatch(str(value)) is not None
        and not re.fullmatch("0+[a-zA-Z]*", str(value))
    )


def _is_file_name(value: Any) -> bool:
    return value is None or (
        isinstance(value, str) and bool(value) and not {"/", "\\"} & set(value) and value not in {".", ".."}
    )


def _is_percent(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 100)  # noqa: PLR2004


def _are_keys(value: Any) -> bool:
    if value is None:
        return True
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(key, str) for key in value)


_RULES: tuple[tuple[str, Callable[[Any], bool], str], ...] = (
    ("error_threshold", _whole(-1), "Must be a whole number, at least -1 (-1 allows any number of failures)"),
    ("output_action", _one_of(OUTPUT_ACTIONS), f"Must be one of {', '.join(OUTPUT_ACTIONS)}"),
    ("node_count", _whole(1), "Must be a whole number, at least 1"),
    ("process_count_per_node", _whole(1, optional=True), "Must be a whole number, at least 1"),
    ("mini_batch_size", _is_size, "Must be a number of files such as '10', or a size such as '10KB', '1MB', '1GB'"),
    ("logging_level", _one_of(LOGGING_LEVELS), f"Must be one of {', '.join(LOGGING_LEVELS)}"),
    ("run_invocation_timeout", _whole(1), "Must be a number of seconds, at least 1"),
    ("run_max_try", _whole(1), "Must be a whole number, at least 1"),
    ("append_row_file_name", _is_file_name, f"Must be the plain name of a file, such as {DEFAULT_FILE_NAME!r}"),
    ("allowed_failed_count", _whole(0, optional=True), "Must be a whole number, at least 0"),
    ("allowed_failed_percent", _is_percent, "Must be a number from 0 to 100"),
    ("partition_keys", _are_keys, "Must be a list of names of columns"),
)
