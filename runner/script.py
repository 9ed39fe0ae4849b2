"""The script's command line and environment, and its start: a fork, a session of its own, an exec."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from .errors import JobError
from .placement import NOTHING, Placement
from .processes import die_with_parent
from .spec import Argument, Spec, check_relative

_PASSED_ON = frozenset(
    {
        *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TMP", "TEMP"),
        *("LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "VIRTUAL_ENV", "CONDA_PREFIX", "JAVA_HOME", "SYSTEMROOT"),
        *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"),
        *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"),
        *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"),
    }
)
_PASSED_ON_PREFIXES = ("LC_", "CUDA_", "NVIDIA_")
_REFERENCE = "AZUREML_DATAREFERENCE_"
_REFERENCE_TEXT = re.compile(r"\$AZUREML_DATAREFERENCE_(\w+)")
_LOST_SIGNALS = ("SIGPIPE", "SIGXFSZ", "SIGHUP")


class Layout(NamedTuple):
    """The job's directory and what lies in it."""

    root: Path

    @property
    def work(self) -> Path:
        """The script's working directory."""
        return self.root / "work"

    @property
    def log(self) -> Path:
        """What the script prints."""
        return self.root / "log.txt"

    @property
    def metrics(self) -> Path:
        """What the script measures, one JSON object per line."""
        return self.root / "metrics.jsonl"

    @property
    def named_files(self) -> Path:
        """Files that the script keeps with its run under names of their own (`Run.upload_file`)."""
        return self.root / "files"

    def input(self, name: str) -> Path:
        """Folder of an input."""
        return self.root / "inputs" / name

    def output(self, name: str) -> Path:
        """Where the script writes an output."""
        return self.root / "outputs" / name


class Command(NamedTuple):
    """Everything that an exec needs; the first word is looked up on PATH if it has no slash."""

    words: list[str]
    environment: dict[str, str]


def passed_on(environment: Mapping[str, str]) -> dict[str, str]:
    """The part of the host's environment that a script may see: where things are, and no secrets."""
    return {
        name: value for name, value in environment.items() if name in _PASSED_ON or name.startswith(_PASSED_ON_PREFIXES)
    }


def own_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of a machine that is the job's own, without the variables by which a run of v1 finds itself."""
    return {name: value for name, value in environment.items() if not name.startswith("AZUREML_")}


def prepare_command(spec: Spec, layout: Layout, placement: Placement = NOTHING) -> Command:
    """Resolve paths in the command line and the environment.

    Raises:
        JobError: The script is not in the snapshot.
    """
    inputs = {item.name: str(layout.input(item.name) / (item.file_name or "")) for item in spec.inputs}
    inputs.update(placement.inputs)
    outputs = {item.name: str(layout.output(item.name)) for item in spec.outputs}
    outputs.update(placement.outputs)
    references = {**inputs, **outputs}

    def word(argument: Argument) -> str:
        if argument.input is not None:
            return inputs[argument.input]
        if argument.output is not None:
            return outputs[argument.output]
        return _REFERENCE_TEXT.sub(lambda match: references.get(match[1], match[0]), argument.value or "")

    def filled(value: str) -> str:
        """The path where the whole value names one; text that only mentions one may be meant for another job."""
        match = _REFERENCE_TEXT.fullmatch(value)
        return references.get(match[1], value) if match else value

    words = [word(argument) for argument in spec.command]
    if spec.launch == "script" and not (layout.work / check_relative(words[0])).is_file():
        raise JobError(f"The script {words[0]} is not in the step's source directory.")
    if spec.launch != "executable":
        words[:0] = [spec.interpreter or sys.executable, *(["-m"] if spec.launch == "module" else [])]
    environment = {
        **(own_environment(os.environ) if placement.own_machine else passed_on(os.environ)),
        "AZUREML_OUTPUT_DIRECTORY": "./outputs",
        "AZUREML_LOGDIRECTORY_PATH": "./logs",
        "PYTHONUNBUFFERED": "1",
        **{name: filled(value) for name, value in spec.environment.items()},
        **{_REFERENCE + name: path for name, path in references.items()},
        "PIPEYARD_METRICS_FILE": str(layout.metrics),
        "PIPEYARD_FILES_FOLDER": str(layout.named_files),
    }
    if placement.packages:
        found = [environment.get("PYTHONPATH", ""), *placement.packages]
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, found))
    return Command(words, environment)


def display_name(spec: Spec) -> str:
    """The script as messages call it."""
    return Path(spec.command[0].value or "the command").name


def start(command: Command, layout: Layout) -> int:
    """Start the script; returns its process id, which is also its group and session.

    Raises:
        JobError: The interpreter or the executable cannot be started.
    """
    runner = os.getpid()
    read_end, write_end = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            _become(command, layout, runner)
        except BaseException as error:  # noqa: BLE001 - nothing may return from here into a second runner
            with contextlib.suppress(OSError):
                os.write(write_end, (getattr(error, "strerror", None) or type(error).__name__).encode())
        finally:
            os._exit(127)
    os.close(write_end)
    with os.fdopen(read_end, "rb") as stream:
        failure = stream.read().decode()  # ends when the exec closes the pipe
    if failure:
        os.waitpid(pid, 0)
        advice = " Install Open MPI, or run the step on a cluster." if command.words[0] == "mpirun" else ""
        raise JobError(f"{command.words[0]} could not be started: {failure}.{advice}")
    return pid


def _become(command: Command, layout: Layout, runner: int) -> None:
    os.setsid()
    die_with_parent(runner)
    null = os.open(os.devnull, os.O_RDONLY)
    log = os.open(layout.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(null, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    for name in _LOST_SIGNALS:  # Python ignores these; handlers are undone by the exec, ignoring is not
        signal.signal(getattr(signal, name), signal.SIG_DFL)
    os.chdir(layout.work)
    os.execvpe(command.words[0], command.words, command.environment)  # noqa: S606
