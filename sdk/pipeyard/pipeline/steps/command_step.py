"""v1's CommandStep: a step that runs a command line."""

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Unpack

from pipeyard.core._resources import resources_of
from pipeyard.core.runconfig import RunConfiguration
from pipeyard.core.script_run_config import ScriptRunConfig
from pipeyard.pipeline.core.builder import PipelineStep
from pipeyard.pipeline.steps._options import StepOptions, check_runconfig_parameters

# ruff: noqa: FBT001, FBT002  (v1's signatures)

_SHELL = re.compile(r"[|&;<>`]|\$\(|\n")


class CommandStep(PipelineStep):
    """Runs a command line, with or without a source directory.

    No shell is in between unless the text uses one (`|`, `&&`, `>`, ...): then it runs as `bash -c <text>`, and what
    follows the text in a list reaches it as `$1`, `$2`, ...

    Args:
        command: A text, or a list whose first item is a text that is split into words; the other items are words,
            pipeline parameters, inputs and outputs.
        name: Of the step; `CommandStep_<first word>` by default.
        compute_target: Where it runs.
        runconfig: Environment and more; a ScriptRunConfig brings the command too.
        runconfig_pipeline_params: v1's; the values must be 1.
        inputs: What it reads.
        outputs: What it writes.
        params: Values that the command finds in `AML_PARAMETER_<name>`.
        source_directory: Must exist; None for a command without files.
        allow_reuse: False runs it every time.
        version: Free text; changing it runs the step anew.

    Raises:
        ValueError: There is no command, the directory does not exist, or a port or argument is wrong.
    """

    step_type: ClassVar[str] = "command"

    def __init__(
        self,
        command: str | Sequence[Any] | None = None,
        name: str | None = None,
        compute_target: Any = None,
        runconfig: RunConfiguration | ScriptRunConfig | None = None,
        runconfig_pipeline_params: Mapping[str, Any] | None = None,
        inputs: Sequence[Any] | None = None,
        outputs: Sequence[Any] | None = None,
        params: Mapping[str, Any] | None = None,
        source_directory: str | Path | None = None,
        allow_reuse: bool = True,
        version: str | None = None,
        **options: Unpack[StepOptions],
    ) -> None:
        if isinstance(runconfig, ScriptRunConfig):
            command = command or command_of(runconfig)
            source_directory = source_directory or runconfig.source_directory
            runconfig = runconfig.run_config
        elif runconfig is not None and not command:
            command = runconfig.command
        words = split_command(command)
        name = name or f"CommandStep_{Path(str(words[0])).name}"
        if source_directory is not None and not Path(source_directory).is_dir():
            raise ValueError(f"Step {name!r}: the source directory {source_directory} does not exist.")
        check_runconfig_parameters(name, runconfig_pipeline_params)
        resources_of(name, runconfig)  # what is wrong with it is said here
        started = _leading_texts(words)
        self.command = words[:started]
        super().__init__(
            name,
            inputs,
            outputs,
            words[started:],
            fix_port_name_collisions=True,
            params=params,
            source_directory=source_directory,
            compute_target=compute_target,
            runconfig=runconfig,
            allow_reuse=allow_reuse,
            version=version,
            **options,
        )

    def settings(self) -> dict[str, Any]:
        """The words up to the first that only the run knows."""
        return {"command": list(self.command)}


def split_command(command: Any) -> list[Any]:
    """A command as words.

    Raises:
        ValueError: There is none, or its first item is no text.
    """
    plain = isinstance(command, str) or not isinstance(command, Iterable)
    items = [command] if plain else list(command)
    if not items or not isinstance(items[0], str) or not items[0].strip():
        raise ValueError("A CommandStep needs a command: a text, or a list that begins with a text.")
    first = items[0]
    if _SHELL.search(first):
        return ["bash", "-c", first, *(["bash", *items[1:]] if items[1:] else [])]
    return [*shlex.split(first), *items[1:]]


def command_of(config: ScriptRunConfig) -> Any:
    """The command of a ScriptRunConfig; a script becomes `python <script> <arguments>`."""
    if config.command:
        return config.command
    return [f"python {shlex.quote(config.script)}", *config.arguments] if config.script else None


def _leading_texts(words: Sequence[Any]) -> int:
    for position, word in enumerate(words):
        if not isinstance(word, str):
            return position
    return len(words)
