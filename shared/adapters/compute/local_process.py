"""Jobs as processes of this machine. All state is in files, so jobs outlive the host and any host can take over.

A job's directory is `<data_dir>/jobs/<name>`: `job.json` is written here, everything else by the runner. A job has
started when `runner.json` exists, and ended when `result.json` does.
"""

import contextlib
import json
import os
import re
import signal
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil
from pydantic import ValidationError

from runner.documents import CANCEL_FILE, RESULT_FILE, RUNNER_FILE, SPEC_FILE, replace
from runner.processes import send, start_mark
from runner.script import passed_on
from runner.zygote_client import ZygoteClient, ZygoteError
from shared.adapters.job_janitor import JobJanitor
from shared.core.errors import BackendError
from shared.core.jobs import JobOutcome, JobResult, JobSpec, JobState
from shared.core.several_processes import on_one_machine
from shared.ports.compute import Capabilities

_NAME = re.compile(r"\w[\w.-]*\Z")
_CLAIM_SECONDS = 10.0
"""Between creating `runner.json` and filling it a runner needs far less than this."""
_START_SECONDS = 1.0
_INTERRUPT_SECONDS = 8.0
_SWEEPS = 50


class LocalProcessBackend:
    """Runs jobs below one directory of this machine."""

    def __init__(
        self, data_dir: Path, *, grace_seconds: float = 5.0, environment: Mapping[str, str] | None = None
    ) -> None:
        """Prepare the directory, start nothing.

        Args:
            data_dir: Home of jobs and cache; a cache on the same device as the jobs makes inputs free.
            grace_seconds: Time that a script has to end itself when asked to.
            environment: The host's environment, of which scripts see a harmless part; None means this process's.
        """
        self._jobs = data_dir.absolute() / "jobs"
        for folder in (self._jobs, self._jobs.parent / "cache"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        variables = passed_on(os.environ if environment is None else environment)
        variables["PIPEYARD_GRACE_SECONDS"] = str(grace_seconds)
        self._zygote = ZygoteClient(variables, self._jobs.parent / "zygote.log")
        self._janitor = JobJanitor(self._jobs)
        self._closing = False

    @property
    def capabilities(self) -> Capabilities:
        """What this backend can do."""
        return Capabilities(derived_ids=True, poll_seconds=2.0)

    def prepare(self) -> None:
        """Warm up, so that the first job does not pay for it, and sweep up after earlier ones."""
        self._zygote.start()
        self._janitor.start()

    def submit(self, job: JobSpec) -> str:
        """Start a job unless it has been started before; a job under way is told its newest addresses.

        Raises:
            BackendError: The name cannot be a directory, the disk refused, or no process could be started.
        """
        root = self._root(job.name)
        if (root / RESULT_FILE).exists():
            return job.name
        try:
            root.mkdir(mode=0o700, exist_ok=True)
            _write_private(root / SPEC_FILE, on_one_machine(job).model_dump_json())
        except OSError as error:
            raise BackendError(f"The job {job.name} could not be stored: {error.strerror}.", retryable=True) from error
        if not _has_begun(root):
            self._start(root)
        return job.name

    def poll(self, remote_id: str) -> JobState:
        """State of a job, from its files."""
        root = self._root(remote_id)
        ended = _ended(root)
        if ended is not None:
            return ended
        if not (root / SPEC_FILE).exists():
            return _never_submitted(root)
        runner = _read_runner(root)
        if runner is None:
            return self._poll_unclaimed(root)
        if _is_alive(runner):
            return JobState(detail="running" if "script_pid" in runner else "preparing")
        # It may have ended between the two looks.
        return _ended(root) or self._bury(root)

    def cancel(self, remote_id: str) -> None:
        """Ask for a job's end; one that has not started will never start its script."""
        root = self._root(remote_id)
        if (root / RESULT_FILE).exists():
            return
        try:
            root.mkdir(mode=0o700, exist_ok=True)
            (root / CANCEL_FILE).touch(mode=0o600)
        except OSError as error:
            message = f"The job {remote_id} could not be canceled: {error.strerror}."
            raise BackendError(message, retryable=True) from error
        # The runner looks for the marker after it made its file: one of the two sees the other.
        _signal_runner(root, signal.SIGTERM)

    def forget(self, remote_id: str) -> None:
        """Let a job's directory be removed in a while. A job that still runs is left alone."""
        root = self._root(remote_id)
        runner = _read_runner(root)
        if runner is not None and not (root / RESULT_FILE).exists() and _is_alive(runner):
            return
        self._janitor.mark(root)

    def interrupt_all(self, wait_seconds: float = _INTERRUPT_SECONDS) -> None:
        """End every running job of this machine as `interrupted`, and wait for the ends for a limited time."""
        running = [root for root in self._jobs.iterdir() if _signal_runner(root, signal.SIGUSR1)]
        deadline = time.monotonic() + wait_seconds
        while running and time.monotonic() < deadline:
            time.sleep(0.02)
            running = [root for root in running if _is_running(root)]

    def close(self, *, interrupt: bool = True) -> None:
        """Stop: end all jobs (unless they shall go on for a later host), then the zygote. Final."""
        self._closing = True
        if interrupt:
            self.interrupt_all()
        self._zygote.close()
        self._janitor.close()

    def _root(self, name: str) -> Path:
        if not _NAME.match(name):
            raise BackendError(f"{name!r} is no name of a job.")
        return self._jobs / name

    def _start(self, root: Path) -> None:
        if self._closing:
            raise BackendError("The local compute is shutting down.", retryable=True)
        try:
            self._zygote.fork(root)
        except ZygoteError as error:
            raise BackendError(str(error), retryable=True) from error

    def _poll_unclaimed(self, root: Path) -> JobState:
        if (root / RUNNER_FILE).exists():  # made, not yet filled
            if _age_seconds(root / RUNNER_FILE) > _CLAIM_SECONDS:
                return self._bury(root)
        elif _age_seconds(root / SPEC_FILE) > _START_SECONDS and not self._closing:
            self._start(root)  # the host died between storing and starting; the claim keeps it to one start
        return JobState(detail="starting")

    def _bury(self, root: Path) -> JobState:
        _sweep(root)
        state = _lost("The process that ran the job was killed or the machine was restarted.")
        if state.result is not None:
            replace(root / RESULT_FILE, state.result.model_dump(mode="json"))
        return state


def _has_begun(root: Path) -> bool:
    return (root / RUNNER_FILE).exists() or (root / RESULT_FILE).exists()


def _write_private(path: Path, text: str) -> None:
    temporary = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
    temporary.rename(path)


def _ended(root: Path) -> JobState | None:
    try:
        result = JobResult.model_validate_json((root / RESULT_FILE).read_bytes())
    except FileNotFoundError:
        return None
    except ValidationError as error:
        raise BackendError(f"The job {root.name} has a result that cannot be read.") from error
    return JobState(result=result, detail=result.outcome)


def _never_submitted(root: Path) -> JobState:
    if not (root / CANCEL_FILE).exists():
        return _lost("The job is not known on this machine.")
    result = JobResult(outcome=JobOutcome.CANCELED, message="The job was canceled before it started.")
    return JobState(result=result, detail=result.outcome)


def _read_runner(root: Path) -> dict[str, Any] | None:
    try:
        document = json.loads((root / RUNNER_FILE).read_bytes())
    except (OSError, ValueError):
        return None
    return document if isinstance(document, dict) else None


def _is_alive(runner: Mapping[str, Any]) -> bool:
    return bool(start_mark(runner["pid"]) == runner["started"])


def _is_running(root: Path) -> bool:
    runner = _read_runner(root)
    return runner is not None and _is_alive(runner) and not (root / RESULT_FILE).exists()


def _signal_runner(root: Path, number: int) -> bool:
    runner = _read_runner(root)
    if runner is None or (root / RESULT_FILE).exists() or not _is_alive(runner):
        return False
    send(runner["pid"], number)
    return True


def _age_seconds(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0


def _lost(message: str) -> JobState:
    return JobState(result=JobResult(outcome=JobOutcome.LOST, message=message), detail="lost")


def _sweep(root: Path) -> None:
    """Kill what a dead runner left. Every process of a job carries its path, so no stranger is hit."""
    marker = str(root / "metrics.jsonl")
    for _ in range(_SWEEPS):
        left = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                if process.pid != os.getpid() and process.environ().get("PIPEYARD_METRICS_FILE") == marker:
                    process.kill()
                    left.append(process)
        if not left:
            return
        psutil.wait_procs(left, timeout=0.2)
