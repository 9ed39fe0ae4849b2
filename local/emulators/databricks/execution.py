"""Carries out runs: a thread per run takes its tasks, one after the other, from the queue to their ends."""

import logging
import os
import shutil
import threading
import time
from pathlib import Path
from typing import Any

from local.emulators.databricks import ends
from local.emulators.databricks.clusters import Clusters, node_count
from local.emulators.databricks.emulated_driver.outcome import Outcome
from local.emulators.databricks.ends import End
from local.emulators.databricks.preparation import CannotRun, Preparation, Prepared
from local.emulators.databricks.runs import Runs, now
from local.emulators.databricks.submission import in_order, upstream
from local.emulators.documents import Document
from local.emulators.environments import BuildError, Environments, Software
from local.emulators.home import Home
from local.emulators.processes import Command, Ended, Running
from local.emulators.storage import StorageError
from runner.script import passed_on

log = logging.getLogger(__name__)

_LOST_AFTER_SECONDS = 0.2
_RUNTIME_VERSION = "16.4"


class Stopped(Exception):
    """The run is to end, or its time is over."""


class Execution:
    """Runs under way."""

    def __init__(self, home: Home, runs: Runs, clusters: Clusters, preparation: Preparation) -> None:
        self._home = home
        self._runs = runs
        self._clusters = clusters
        self._preparation = preparation
        self._environments = Environments(home.folder / "environments", home.processes)
        self._lock = threading.Lock()
        self._under_way: dict[int, RunUnderWay] = {}

    def start(self, run_id: int) -> None:
        """Begin, or begin again, with a run."""
        under_way = RunUnderWay(self._runs.get(run_id))
        with self._lock:
            self._under_way[run_id] = under_way
        threading.Thread(target=self._carry_out, args=(run_id, under_way), daemon=True).start()

    def cancel(self, run_id: int) -> None:
        """Have a run end; returns at once."""
        with self._lock:
            under_way = self._under_way.get(run_id)
        if under_way is not None:
            under_way.stop()

    def log_file(self, task_run_id: int) -> Path:
        """Where a task's output is."""
        return self._folder(task_run_id) / "log.txt"

    def forget(self, task_run_id: int) -> None:
        """Delete a task's files."""
        shutil.rmtree(self._folder(task_run_id), ignore_errors=True)

    def _folder(self, task_run_id: int) -> Path:
        return self._home.folder / "tasks" / str(task_run_id)

    def _carry_out(self, run_id: int, under_way: "RunUnderWay") -> None:
        run = self._runs.get(run_id)
        if run["cancel_requested"]:  # since it was read for the start
            under_way.stop()
        specs = [task["spec"] for task in run["tasks"]]
        indices = {spec["task_key"]: index for index, spec in enumerate(specs)}
        results = {task["spec"]["task_key"]: task["end"]["result"] for task in run["tasks"] if task["end"]}
        for key in in_order(specs):
            if key in results:
                continue
            failed = [results[other] for other in upstream(specs[indices[key]]) if results[other] != "SUCCESS"]
            try:
                end = ends.upstream_failed(failed[0]) if failed else self._task(run, indices[key], under_way)
            except Exception:
                log.exception("The emulator failed at task %s of run %s", key, run_id)
                end = ends.not_run("INTERNAL_ERROR", "The emulator failed; see its log.", "INTERNAL_ERROR")
            if self._home.processes.closed:  # begins again at the next start
                return
            results[key] = end.result
            self._runs.end_task(run_id, indices[key], end)
        with self._lock:
            self._under_way.pop(run_id, None)

    def _task(self, run: Document, index: int, under_way: "RunUnderWay") -> End:
        """Carry out a task."""
        task, run_id, switches = run["tasks"][index], run["run_id"], self._home.faults.switches
        folder = self._folder(task["run_id"])
        shutil.rmtree(folder, ignore_errors=True)  # of a try that the emulator did not live to see the end of
        (folder / "scratch").mkdir(parents=True)
        self._runs.change_task(run_id, index, life="QUEUED", start_time=0, running_time=0)
        under_way.begin_task(task["spec"])
        try:
            under_way.pause(switches.queue_seconds)
            self._runs.change_task(run_id, index, life="PENDING", start_time=now())
            under_way.pause(switches.provisioning_seconds if self._is_to_be_started(task["spec"]) else 0)
            _check_quota(task["spec"], switches.quota_nodes)
            prepared = self._preparation.prepare(task["spec"], run["environments"], folder)
            python = self._environments.python(Software(prepared.requirements), folder / "setup.txt")
            under_way.pause(0)
            self._runs.change_task(run_id, index, life="RUNNING", running_time=now())
            return self._run(task, prepared, str(python), under_way)
        except Stopped:
            return under_way.end()
        except CannotRun as reason:
            return reason.end
        except BuildError as error:
            return ends.not_run("LIBRARY_INSTALLATION_ERROR", f"Library installation failed: {error}")
        finally:
            shutil.rmtree(folder / "data", ignore_errors=True)  # it is in storage

    def _is_to_be_started(self, spec: dict[str, Any]) -> bool:
        """Whether a task waits for a cluster: a new one, or an existing one that does not run."""
        return "existing_cluster_id" not in spec or self._clusters.start(spec["existing_cluster_id"])

    def _run(self, task: Document, prepared: Prepared, python: str, under_way: "RunUnderWay") -> End:
        folder = self._folder(task["run_id"])
        file = folder / "task.json"
        prepared.task.write(file)
        variables = {**passed_on(os.environ), **_cluster_variables(task), **prepared.variables}
        command = Command(prepared.task.command(file, python), variables, folder / "log.txt")
        loses_node = self._home.faults.take_failing_node()
        running = self._home.processes.start([command], folder=folder / "scratch", time_limit=under_way.seconds_left())
        under_way.kills(running)
        if loses_node:
            running.wait(_LOST_AFTER_SECONDS)
            running.kill()
            running.wait()
            return ends.node_lost()
        ended = running.wait()
        assert ended is not None  # noqa: S101 -- waited without a limit
        if under_way.stopped or ended.reason == "timed_out":
            return self._stored(prepared, under_way.end())
        return self._stored(prepared, _end(ended, Outcome.read(Path(prepared.task.result))))

    def _stored(self, prepared: Prepared, end: End) -> End:
        """Upload what the task wrote; of one that failed, too, as it would have written to storage itself."""
        if self._home.processes.closed:
            return end
        try:
            prepared.places.store()
        except StorageError as error:
            return end if end.result != "SUCCESS" else ends.not_run("STORAGE_ACCESS_ERROR", str(error))
        return end


class RunUnderWay:
    """What can end a run before its code does: a wish, and its time limits."""

    def __init__(self, run: Document) -> None:
        self._wish = threading.Event()
        if run["cancel_requested"]:
            self._wish.set()
        self._running: Running | None = None
        limit = run["timeout_seconds"]
        self._run_ends = time.monotonic() - (now() - run["start_time"]) / 1000 + limit if limit else None
        self._ends: float | None = self._run_ends

    @property
    def stopped(self) -> bool:
        """Whether somebody wishes it to end."""
        return self._wish.is_set()

    def stop(self) -> None:
        """Have it end, at any moment of its life."""
        self._wish.set()
        if self._running is not None:
            self._running.kill()

    def kills(self, running: Running) -> None:
        """Name the process that is to be killed."""
        self._running = running
        if self.stopped:
            running.kill()

    def begin_task(self, spec: dict[str, Any]) -> None:
        """Set the limit of a task, beside that of the run."""
        own = spec.get("timeout_seconds")
        limits = [limit for limit in (self._run_ends, time.monotonic() + own if own else None) if limit is not None]
        self._ends = min(limits, default=None)
        self._running = None

    def seconds_left(self) -> float | None:
        """Until the time limit; None without one."""
        return None if self._ends is None else max(0.01, self._ends - time.monotonic())

    def pause(self, seconds: float) -> None:
        """Let time pass.

        Raises:
            Stopped: Somebody wishes the run to end, or its time is over.
        """
        left = self.seconds_left()
        if self._wish.wait(seconds if left is None else min(seconds, left)) or self._over():
            raise Stopped

    def _over(self) -> bool:
        return self._ends is not None and self._ends <= time.monotonic()

    def end(self) -> End:
        """How a task that was stopped ends."""
        return ends.canceled() if self.stopped else ends.timed_out()


def _cluster_variables(task: Document) -> dict[str, str]:
    """What code knows its cluster by."""
    version = str(task["spec"].get("new_cluster", {}).get("spark_version", _RUNTIME_VERSION)).partition(".x")[0]
    return {"DATABRICKS_RUNTIME_VERSION": version, "DB_IS_DRIVER": "TRUE", "DB_CLUSTER_ID": task["cluster_id"]}


def _end(ended: Ended, outcome: Outcome | None) -> End:
    if outcome is None or ended.reason != "exited":
        if ended.reason == "not_started":
            return ends.not_run("DRIVER_ERROR", f"The driver could not be started: {ended.message}", "INTERNAL_ERROR")
        return ends.driver_stopped(ended.reason == "exited", ended.exit_code)
    if outcome.init_script is not None:
        where = Path(outcome.init_script).name
        reason = f"Cluster was terminated. Reason: INIT_SCRIPT_FAILURE. Init script {where}: {outcome.error}"
        return ends.not_run("CLUSTER_ERROR", reason)
    if outcome.succeeded:
        return ends.succeeded(outcome.exit_value)
    return ends.workload_failed(outcome.error, outcome.trace)


def _check_quota(spec: dict[str, Any], nodes: int | None) -> None:
    """Refuse a cluster for which there are not enough machines.

    Raises:
        CannotRun: It is too large.
    """
    wanted = node_count(spec["new_cluster"]) if "new_cluster" in spec else 0
    if nodes is not None and wanted > nodes:
        reason = f"AZURE_QUOTA_EXCEEDED_EXCEPTION (CLIENT_ERROR): {wanted} nodes were asked for, there are {nodes}."
        raise CannotRun(ends.not_run("CLUSTER_ERROR", f"Cluster was terminated. Reason: {reason}"))
