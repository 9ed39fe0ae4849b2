"""The life of one job, from the queue to its end, in a thread of its own."""

import logging
import threading
from dataclasses import dataclass
from pathlib import Path

from azure.core.exceptions import AzureError

from local.emulators.azure_ml.assets import Assets
from local.emulators.azure_ml.calls import timestamp
from local.emulators.azure_ml.clusters import Clusters
from local.emulators.azure_ml.contract import CodeVersion, CommandJob, EnvironmentVersion
from local.emulators.azure_ml.datastores import Datastores
from local.emulators.azure_ml.job_checks import cluster_name
from local.emulators.azure_ml.job_data import JobData
from local.emulators.azure_ml.job_store import Canceled, JobStore
from local.emulators.azure_ml.launch import commands
from local.emulators.azure_ml.log_upload import LogUpload
from local.emulators.azure_ml.places import JobFolder
from local.emulators.documents import Document
from local.emulators.environments import BuildError, Software
from local.emulators.home import Home
from local.emulators.processes import Command, Ended, Running
from local.emulators.storage import StorageError

log = logging.getLogger(__name__)

_TAIL = 2000
_BUILD_LOG = "azureml-logs/20_image_build_log.txt"


class Failure(Exception):
    """The job has failed."""

    def __init__(self, message: str, *, code: str = "UserError", inner: str) -> None:
        super().__init__(message)
        self.error = run_error(code, message, inner)


class TimedOut(Exception):
    """The job has run for as long as it may."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What executions share."""

    home: Home
    store: JobStore
    clusters: Clusters
    datastores: Datastores
    codes: Assets[CodeVersion]
    environments: Assets[EnvironmentVersion]

    def folder(self, name: str) -> JobFolder:
        """A job's folder."""
        return JobFolder(self.home.folder / "runs" / name)


class Execution:
    """One job."""

    def __init__(self, name: str, document: Document, around: Surroundings) -> None:
        self._name = name
        self._document = document
        self._job = CommandJob.model_validate(document["properties"])
        self._around = around
        self._folder = around.folder(name)
        self._data = JobData(name, self._job, self._folder, around.home.storage, around.datastores)
        self._logs = LogUpload(name, self._folder.logs, around.home.storage, around.datastores)
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._running: Running | None = None

    def cancel(self) -> None:
        """End it; its state has to say so already."""
        with self._lock:
            self._stop.set()
            if self._running is not None:
                self._running.kill()
        self._around.clusters.wake()

    def run(self) -> None:
        """Live it through."""
        try:
            self._wait_for_turn()
            self._run_on_nodes()
            self._end("Completed")
        except Canceled:
            self._end("Canceled")
        except TimedOut:
            limit = self._job.limits and self._job.limits.timeout
            message = f"The job was canceled because it ran longer than its limit of {limit}."
            self._end("Canceled", run_error("UserError", message, "JobRunDurationExceeded"))
        except Failure as failure:
            self._end("Failed", failure.error)
        except (StorageError, AzureError) as error:
            self._end("Failed", run_error("UserError", str(error), "ScriptExecution.StreamAccess"))
        except Exception as error:  # the job must not stay under way for ever
            log.exception("The emulator failed with job %s", self._name)
            self._end("Failed", run_error("ServiceError", f"The emulator failed: {error}", "InternalServerError"))
        finally:
            self._folder.clear()

    def _wait_for_turn(self) -> None:
        self._around.store.advance(self._name, "Queued")
        if self._stop.wait(self._around.home.faults.switches.queue_seconds):
            raise Canceled
        cluster = cluster_name(self._job)
        if not self._around.clusters.take(cluster, self._name, self._job.node_count, self._stop.is_set):
            raise Canceled

    def _run_on_nodes(self) -> None:
        loses_node = self._around.home.faults.take_failing_node()
        try:
            self._around.store.advance(self._name, "Preparing")
            self._folder.begin()
            self._logs.start()
            processes = self._prepare()
            self._around.store.advance(self._name, "Running")
            self._around.store.begin(self._name)
            ended = self._execute(processes, loses_node=loses_node)
            if ended is None:
                raise Failure("The node that the job ran on was lost.", code="ServiceError", inner="NodeFailure")
            self._judge(ended, processes)
            self._around.store.advance(self._name, "Finalizing")
            self._data.store(succeeded=True)
        finally:
            self._logs.stop()
            self._around.clusters.give_back(cluster_name(self._job), self._name, broken=loses_node)

    def _prepare(self) -> list[Command]:
        environment = self._around.environments.at(self._job.environment_id)
        build_log = self._folder.logs / _BUILD_LOG
        build_log.parent.mkdir(parents=True)
        try:
            image = environment.image or "an image that would be built"
            software = Software.from_conda(environment.conda_file, image)
            python = self._around.home.environments.python(software, build_log, self._stop.is_set)
        except (BuildError, ValueError) as error:
            if self._stop.is_set():
                raise Canceled from error
            raise Failure(f"Image build failed. {error}", inner="ImageBuildFailure") from error
        try:
            if self._job.code_id is not None:
                self._data.fetch_code(self._around.codes.at(self._job.code_id).code_uri)
            values = self._data.prepare()
        except StorageError as error:
            raise Failure(str(error), inner="ScriptExecution.StreamAccess.NotFound") from error
        return commands(self._name, self._document["workspace"], self._job, python, self._folder, values)

    def _execute(self, processes: list[Command], *, loses_node: bool) -> Ended | None:
        """Run the processes; None if their node was lost."""
        limit = self._job.limits and self._job.limits.timeout
        with self._lock:
            if self._stop.is_set():
                raise Canceled
            self._running = self._around.home.processes.start(
                processes, folder=self._folder.code, time_limit=limit.total_seconds() if limit else None
            )
        if loses_node:
            self._running.kill()
        ended = self._running.wait()
        return None if loses_node else ended

    def _judge(self, ended: Ended, processes: list[Command]) -> None:
        if ended.succeeded:
            return
        self._data.store(succeeded=False)
        if ended.reason == "killed":
            raise Canceled
        if ended.reason == "timed_out":
            raise TimedOut
        if ended.reason == "lost":
            raise Failure(ended.message, code="ServiceError", inner="NodeFailure")
        if ended.reason == "not_started":
            raise Failure(f"The command could not be started. {ended.message}", inner="CommandNotFound")
        failed = next((index for index, code in enumerate(ended.exit_codes) if code > 0), 0)
        file = processes[failed].log
        raise Failure(
            f"Execution failed. User process 'bash' exited with status code {ended.exit_codes[failed]}. "
            f"Please check log file 'user_logs/{file.name}' for error details. Error: {_tail(file)}",
            inner="UserTrainingScriptFailed",
        )

    def _end(self, status: str, error: Document | None = None) -> None:
        if not self._around.home.processes.closed:  # otherwise it runs again, at the next start
            self._around.store.end(self._name, status, error)


def run_error(code: str, message: str, inner: str) -> Document:
    """What the run history says of a failure."""
    error = {"code": code, "message": message, "innerError": {"code": inner, "innerError": None}}
    return {"error": error, "time": timestamp(), "componentName": "execution-worker"}


def _tail(file: Path) -> str:
    return file.read_bytes()[-_TAIL:].decode("utf-8", "replace").strip() if file.exists() else ""
