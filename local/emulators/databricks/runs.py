"""Submitted runs, on disk: what was asked for, how far each task is, and how it ended."""

import secrets
import threading
import time
from typing import Any

from local.emulators.databricks.clusters import new_cluster_id
from local.emulators.databricks.ends import End
from local.emulators.databricks.errors import ApiError, invalid
from local.emulators.databricks.states import is_over
from local.emulators.documents import Document, Documents

_ID_BITS = 47  # ids stay exact in JavaScript's numbers, too


def now() -> int:
    """Milliseconds since 1970."""
    return int(time.time() * 1000)


class Runs:
    """The runs. Safe for many threads."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._lock = threading.Lock()
        self._by_token: dict[str, int] = {}
        self._parents: dict[int, int] = {}
        for _, run in documents:
            self._index(run)

    def submit(self, body: dict[str, Any]) -> tuple[Document, bool]:
        """The run of a checked body, and whether it is a new one: a known token stands for the run that it made.

        Raises:
            ApiError: The token's run was deleted.
        """
        token = body.get("idempotency_token") or None
        with self._lock:
            known = self._by_token.get(token) if token else None
            if known is not None:
                run = self._documents.read(str(known)) or {"deleted": True}
                if run["deleted"]:
                    raise invalid(f"The run of the idempotency token {token} was deleted.")
                return run, False
            run = _new_run(body, token)
            self._documents.write(str(run["run_id"]), run)
            self._index(run)
            return run, True

    def get(self, run_id: int) -> Document:
        """A run.

        Raises:
            ApiError: There is none.
        """
        run = self._documents.read(str(run_id))
        if run is None or run["deleted"]:
            raise invalid(f"Run {run_id} does not exist.")
        return run

    def task(self, task_run_id: int) -> tuple[Document, Document]:
        """A run and the one of its tasks that has an id.

        Raises:
            ApiError: There is none, or the id is that of the whole run.
        """
        parent = self._parents.get(task_run_id)
        if parent is None:
            self.get(task_run_id)
            raise invalid(
                "Retrieving the output of runs with multiple tasks is not supported. "
                "Please retrieve the output of each individual task run instead."
            )
        run = self.get(parent)
        return run, next(task for task in run["tasks"] if task["run_id"] == task_run_id)

    def parent(self, run_id: int) -> int:
        """The run that an id of a run or of a task belongs to."""
        return self._parents.get(run_id, run_id)

    def all(self) -> list[Document]:
        """Every run, the newest first."""
        return sorted((run for _, run in self._documents if not run["deleted"]), key=lambda run: -run["start_time"])

    def unfinished(self) -> list[int]:
        """Runs that an emulator which was killed left behind."""
        return [run["run_id"] for run in self.all() if not is_over(run)]

    def request_cancel(self, run_id: int) -> Document:
        """Note that a run is to end, unless it has ended."""
        with self._lock:
            run = self.get(run_id)
            if not is_over(run):
                run["cancel_requested"] = True
                self._documents.write(str(run_id), run)
            return run

    def delete(self, run_id: int) -> None:
        """Forget a run; its token stays taken.

        Raises:
            ApiError: There is none, or it is under way.
        """
        with self._lock:
            run = self.get(run_id)
            if not is_over(run):
                raise ApiError(400, "INVALID_STATE", f"Run {run_id} is active; cancel it before you delete it.")
            self._documents.write(str(run_id), {"run_id": run_id, "token": run["token"], "deleted": True, "tasks": []})

    def change_task(self, run_id: int, index: int, **changes: Any) -> None:
        """Set fields of a task."""
        with self._lock:
            run = self.get(run_id)
            run["tasks"][index].update(changes)
            self._documents.write(str(run_id), run)

    def end_task(self, run_id: int, index: int, end: End) -> None:
        """Note how a task ended."""
        self.change_task(run_id, index, end=end.document(), end_time=now())

    def _index(self, run: Document) -> None:
        if run.get("token"):
            self._by_token[run["token"]] = run["run_id"]
        self._parents.update({task["run_id"]: run["run_id"] for task in run["tasks"]})


def _new_run(body: dict[str, Any], token: str | None) -> Document:
    return {
        "run_id": _new_id(),
        "job_id": _new_id(),
        "name": body.get("run_name") or "Untitled",
        "token": token,
        "deleted": False,
        "cancel_requested": False,
        "timeout_seconds": body.get("timeout_seconds", 0),
        "environments": body.get("environments", []),
        "start_time": now(),
        "tasks": [_new_task(spec) for spec in body["tasks"]],
    }


def _new_task(spec: dict[str, Any]) -> Document:
    return {
        "run_id": _new_id(),
        "spec": spec,
        "cluster_id": spec.get("existing_cluster_id") or new_cluster_id(),
        "life": "QUEUED",
        "start_time": 0,
        "running_time": 0,
        "end_time": 0,
        "end": None,
    }


def _new_id() -> int:
    return secrets.randbits(_ID_BITS) + 1
