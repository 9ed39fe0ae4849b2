"""Jobs as documents, and the rules of how one gets from state to state."""

import threading
import time
from typing import Any

from local.emulators.documents import Document, Documents

TERMINAL = frozenset({"Completed", "Failed", "Canceled"})
CANCEL_REQUESTED = "CancelRequested"


class Canceled(Exception):
    """Somebody wants the job to end."""


class JobStore:
    """All jobs of the workspace, by their names. Safe for many threads."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._lock = threading.Lock()

    def add(self, name: str, document: Document) -> bool:
        """Keep a new job; False if there is one of this name."""
        return self._documents.add(name, document)

    def read(self, name: str) -> Document | None:
        """A job."""
        return self._documents.read(name)

    def newest_first(self) -> list[Document]:
        """All jobs."""
        return sorted((job for _, job in self._documents), key=lambda job: (-job["created"], job["name"]))

    def remove(self, name: str) -> None:
        """Forget a job."""
        self._documents.remove(name)

    def set_tags(self, name: str, tags: dict[str, Any]) -> Document:
        """Replace a job's tags, which is all of it that can be changed."""
        with self._lock:
            properties = (self._documents.read(name) or {})["properties"]
            return self._documents.update(name, properties={**properties, "tags": tags})

    def advance(self, name: str, status: str) -> None:
        """Go on to the next state of a job under way.

        Raises:
            Canceled: It is to end instead.
        """
        with self._lock:
            job = self._documents.read(name)
            if job is None or job["status"] == CANCEL_REQUESTED:
                raise Canceled
            self._documents.update(name, status=status)

    def begin(self, name: str) -> None:
        """Note the moment from which a job runs."""
        self._documents.update(name, started=time.time())

    def end(self, name: str, status: str, error: Document | None = None) -> None:
        """Note how a job has ended; one whose end was asked for before that is `Canceled`, whatever it came to."""
        with self._lock:
            job = self._documents.read(name)
            if job is None or job["status"] in TERMINAL:
                return
            if job["status"] == CANCEL_REQUESTED:
                status, error = "Canceled", None
            self._documents.update(name, status=status, error=error, ended=time.time())

    def request_cancel(self, name: str) -> None:
        """Ask for a job's end."""
        with self._lock:
            job = self._documents.read(name)
            if job is not None and job["status"] not in TERMINAL:
                self._documents.update(name, status=CANCEL_REQUESTED)

    def take_up(self) -> list[str]:
        """Queue again what was under way when the emulator ended, as the service does with a preempted node's jobs."""
        again = []
        for job in reversed(self.newest_first()):
            if job["status"] == CANCEL_REQUESTED:
                self.end(job["name"], "Canceled")
            elif job["status"] not in TERMINAL:
                self._documents.update(job["name"], status="NotStarted", started=None)
                again.append(job["name"])
        return again
