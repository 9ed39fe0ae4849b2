"""Runs jobs, and runs again those that an earlier emulator left behind."""

import shutil
import threading

from local.emulators.azure_ml.execution import Execution, Surroundings


class JobQueue:
    """The jobs under way. Safe for many threads."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._lock = threading.Lock()
        self._live: dict[str, Execution] = {}

    def take_up(self) -> None:
        """Run again what was under way when the emulator ended."""
        for name in self._around.store.take_up():
            self.run(name)

    def run(self, name: str) -> None:
        """Begin with a job that is kept already."""
        document = self._around.store.read(name)
        if document is None:
            return
        execution = Execution(name, document, self._around)
        with self._lock:
            self._live[name] = execution
        threading.Thread(target=self._live_through, args=(name, execution), daemon=True).start()

    def cancel(self, name: str) -> None:
        """Ask for a job's end; it has ended when its state says so."""
        self._around.store.request_cancel(name)
        with self._lock:
            execution = self._live.get(name)
        if execution is not None:
            execution.cancel()

    def forget(self, name: str) -> None:
        """Remove what is left of a job that has ended."""
        self._around.store.remove(name)
        shutil.rmtree(self._around.folder(name).root, ignore_errors=True)

    def _live_through(self, name: str, execution: Execution) -> None:
        try:
            execution.run()
        finally:
            with self._lock:
                self._live.pop(name, None)
