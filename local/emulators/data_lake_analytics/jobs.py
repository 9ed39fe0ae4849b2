"""The jobs of the account: each goes through the service's states, on a thread of its own, and is kept on disk."""

import json
import logging
import shutil
import threading
import uuid
from http import HTTPStatus
from pathlib import Path
from typing import Any

from local.emulators.data_lake_analytics.errors import (
    Refused,
    canceled_entry,
    compile_errors,
    entry_of,
    node_lost_entry,
)
from local.emulators.data_lake_analytics.process import REPORT, command
from local.emulators.data_lake_analytics.replies import ENDED, now
from local.emulators.documents import Documents
from local.emulators.home import Home
from local.emulators.processes import Ended, Running
from shared.core.usql.compiler import compile_script
from shared.core.usql.places import BlobPlaces
from shared.core.usql.problems import CompileFailed

Json = dict[str, Any]
AT_ONCE = 4
"""Jobs that run at the same time; the others are queued, by their priority."""
_LOG = logging.getLogger(__name__)
_LOG_TAIL = 2000


class Jobs:
    """Every job. Safe for many threads."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._folder = home.folder / "runs"
        self._documents = Documents(home.folder / "jobs")
        self._change = threading.Condition()
        self._queue: list[tuple[int, str, str]] = []
        self._taken: set[str] = set()
        self._running: dict[str, Running] = {}

    def resume(self) -> None:
        """Take up what a predecessor left: what was running runs again, as after the loss of a node."""
        for job_id, job in self._documents:
            if job["state"] != ENDED:
                self._begin(job_id)

    def all(self) -> list[Json]:
        """Every job."""
        return [job for _, job in self._documents]

    def get(self, job_id: str) -> Json:
        """A job.

        Raises:
            Refused: There is none.
        """
        job = self._documents.read(job_id)
        if job is None:
            raise Refused(HTTPStatus.NOT_FOUND, "JobNotFound", f"The job {job_id} does not exist.")
        return job

    def files_of(self, job_id: str) -> list[str]:
        """Files of a job on this machine, such as its log."""
        return sorted(str(path) for path in (self._folder / job_id).rglob("*") if path.is_file())

    def submit(self, job_id: str, request: Json) -> Json:
        """Start a job; the same one again stays as it is.

        Raises:
            Refused: There is another one under the id.
        """
        job = _new(job_id, request)
        if self._documents.add(job_id, job):
            self._begin(job_id)
            return job
        known = self.get(job_id)
        if known["request"] != request:
            raise Refused(HTTPStatus.CONFLICT, "JobExists", f"There is another job {job_id} already.")
        return known

    def build(self, request: Json) -> Json:
        """A job that was only compiled, which nobody keeps."""
        job = _new(str(uuid.uuid4()), request)
        _enter(job, "Compiling")
        errors = _compile(request["properties"]["script"])
        _end(job, "Failed" if errors else "Succeeded", errors)
        return job

    def cancel(self, job_id: str) -> None:
        """Ask for a job's end; it is over once its state says so.

        Raises:
            Refused: There is no such job.
        """
        if self.get(job_id)["state"] == ENDED:
            return
        with self._change:
            self._documents.update(job_id, canceled=True)
            running = self._running.get(job_id)
            self._change.notify_all()
        if running is not None:
            running.kill()

    def _begin(self, job_id: str) -> None:
        threading.Thread(target=self._work_safely, args=(job_id,), name=f"job {job_id}", daemon=True).start()

    def _work_safely(self, job_id: str) -> None:
        """A job ends whatever happens, unless the emulator stops: then it goes on at the next start."""
        try:
            self._work(job_id)
        except Exception as error:  # noqa: BLE001 - whatever it is, the job must not stay under way for ever
            if not self._home.processes.closed:
                _LOG.exception("The job %s", job_id)
                self._end(
                    job_id, "Failed", [entry_of("E_CJS_SYSTEM_ERROR", "SYSTEM", f"{type(error).__name__}: {error}")]
                )

    def _work(self, job_id: str) -> None:
        """A job from its first state to its last."""
        self._enter(job_id, "Compiling")
        errors = _compile(self.get(job_id)["request"]["properties"]["script"])
        if errors:
            self._end(job_id, "Failed", errors)
            return
        self._enter(job_id, "Queued")
        if not self._wait_for_room(job_id):
            self._end(job_id, "Cancelled", [canceled_entry()])
            return
        try:
            self._enter(job_id, "Scheduling")
            self._enter(job_id, "Starting")
            self._pause(job_id, self._home.faults.switches.provisioning_seconds)
            self._run(job_id)
        finally:
            with self._change:
                self._taken.discard(job_id)
                self._running.pop(job_id, None)
                self._change.notify_all()

    def _wait_for_room(self, job_id: str) -> bool:
        """Wait until it is the job's turn; False where it was canceled meanwhile."""
        self._pause(job_id, self._home.faults.switches.queue_seconds)
        job = self.get(job_id)
        entry = (int(job["request"]["priority"]), str(job["submitted"]), job_id)
        with self._change:
            self._queue.append(entry)
            self._change.wait_for(
                lambda: self._is_canceled(job_id) or (len(self._taken) < AT_ONCE and min(self._queue) == entry)
            )
            self._queue.remove(entry)
            self._change.notify_all()
            if self._is_canceled(job_id):
                return False
            self._taken.add(job_id)
            return True

    def _pause(self, job_id: str, seconds: float) -> None:
        """A slow service."""
        with self._change:
            self._change.wait_for(lambda: self._is_canceled(job_id), timeout=seconds)

    def _is_canceled(self, job_id: str) -> bool:
        return bool(self.get(job_id)["canceled"])

    def _run(self, job_id: str) -> None:
        folder = self._folder / job_id
        shutil.rmtree(folder, ignore_errors=True)  # of a predecessor that was killed
        folder.mkdir(mode=0o700, parents=True)
        loses_node = self._home.faults.take_failing_node()
        self._enter(job_id, "Running", started=now())
        script = self.get(job_id)["request"]["properties"]["script"]
        work = command(folder, script, self._home.storage.connection_string)
        with self._change:
            canceled = self._is_canceled(job_id)
            if not canceled:
                running = self._running[job_id] = self._home.processes.start([work], folder=folder / "work")
        if canceled:
            self._end(job_id, "Cancelled", [canceled_entry()])
            return
        if loses_node:
            running.kill()
        ended = running.wait()
        if not self._home.processes.closed and ended is not None:
            self._finish(job_id, folder, ended, loses_node=loses_node)
        shutil.rmtree(folder / "work", ignore_errors=True)

    def _finish(self, job_id: str, folder: Path, ended: Ended, *, loses_node: bool) -> None:
        report = _report(folder)
        with self._change:
            self._documents.update(job_id, stages=report.get("stages", []))
        if ended.succeeded:
            self._end(job_id, "Succeeded", [])
        elif self._is_canceled(job_id):
            self._end(job_id, "Cancelled", [canceled_entry()])
        elif loses_node:
            self._end(job_id, "Failed", [node_lost_entry()])
        elif "error" in report:
            self._end(job_id, "Failed", [entry_of("E_RUNTIME_USER_EXECUTION", "USER", report["error"])])
        else:
            tail = (folder / "log.txt").read_bytes()[-_LOG_TAIL:].decode(errors="replace").strip()
            message = f"The engine ended with exit code {ended.exit_code}. {ended.message} {tail}"
            self._end(job_id, "Failed", [entry_of("E_RUNTIME_SYSTEM_ENGINE", "SYSTEM", message)])

    def _enter(self, job_id: str, state: str, **changes: Any) -> None:
        with self._change:
            job = self.get(job_id)
            _enter(job, state)
            self._documents.write(job_id, job | changes)

    def _end(self, job_id: str, result: str, errors: list[Json]) -> None:
        with self._change:
            job = self.get(job_id)
            _end(job, result, errors)
            self._documents.write(job_id, job)


def _new(job_id: str, request: Json) -> Json:
    job = {"id": job_id, "request": request, "state": "New", "result": "None", "submitted": now(), "canceled": False}
    job |= {"started": None, "ended": None, "audit": [], "errors": [], "stages": []}
    _enter(job, "New")
    return job


def _enter(job: Json, state: str, details: str = "") -> None:
    job["state"] = state
    job["audit"].append({"newState": state, "timeStamp": now(), "details": details})


def _end(job: Json, result: str, errors: list[Json]) -> None:
    _enter(job, ENDED, f"result:{'CanceledByUser' if result == 'Cancelled' else result}")
    job |= {"result": result, "errors": errors, "ended": job["audit"][-1]["timeStamp"]}


def _compile(script: str) -> list[Json]:
    """What is wrong with a script."""
    try:
        compile_script(script, {}, BlobPlaces())
    except CompileFailed as failed:
        return compile_errors(script, list(failed.problems))
    return []


def _report(folder: Path) -> Json:
    """What the process said at its end; nothing where it was killed."""
    try:
        report: Json = json.loads((folder / "work" / REPORT).read_bytes())
    except FileNotFoundError:
        return {}
    return report
