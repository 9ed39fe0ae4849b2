"""v1's `azureml.pipeline.core.run`: runs that were submitted, to look at, wait for and cancel."""

# ruff: noqa: FBT001, FBT002  (v1's signatures)

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeyard import _wire
from pipeyard._client import Client
from pipeyard._follow import FAILED, RunView, follow_run, read_log
from pipeyard._outputs import download_output
from pipeyard.core._metrics import collect
from pipeyard.core.experiment import Experiment
from pipeyard.core.run import Run
from pipeyard.core.workspace import Workspace
from pipeyard.exceptions import ActivityFailedException


class _SubmittedRun(Run):
    """What pipeline runs and step runs share."""

    @property
    def _client(self) -> Client:
        return self.experiment.workspace.client


class PipelineRun(_SubmittedRun):
    """A run of a pipeline."""

    @staticmethod
    def get(workspace: Workspace, run_id: str) -> "PipelineRun":
        """A run by its id.

        Raises:
            UserErrorException: There is none.
        """
        document = workspace.client.get_run(run_id)
        return PipelineRun(Experiment(workspace, document["experiment"]), document["run_id"])

    def get_status(self) -> str:
        """NotStarted, Running, CancelRequested, Finished, Failed or Canceled."""
        return self._client.get_run(self.id)["status"]

    def get_details(self) -> _wire.RunDocument:
        """Everything that the workspace knows about the run itself."""
        return self._client.get_run(self.id)

    def get_steps(self) -> "Iterator[StepRun]":
        """The run's steps in the definition's order, those that have not begun included."""
        for document in self._client.get_steps(self.id):
            yield StepRun(self.experiment, document["step_run_id"], self.id, document["name"])

    def find_step_run(self, name: str) -> "list[StepRun]":
        """The steps of this name: one, or none."""
        return [step for step in self.get_steps() if step.name == name]

    def explain(self, step: str | None = None) -> list[_wire.StepExplanation]:
        """Why each step ran or was reused, with every ingredient that changed."""
        return self._client.explain(self.id, step)

    def cancel(self) -> None:
        """Ask for the run's end. It is `Canceled` once every job has ended: `wait_for_completion` waits for that."""
        self._client.cancel(self.id)

    def wait_for_completion(
        self, show_output: bool = True, timeout_seconds: float = sys.maxsize, raise_on_error: bool = True
    ) -> str:
        """Wait until the run has ended.

        Args:
            show_output: Print each change of status, and the log of each step that failed.
            timeout_seconds: Give up waiting after this long; the run goes on.
            raise_on_error: Raise if the run does not end as `Finished`.

        Returns:
            The last status.

        Raises:
            ActivityFailedException: The run failed or was canceled.
        """
        shown = _Printer(self._client).show if show_output else _show_nothing
        view = follow_run(self._client, self.id, shown, time.monotonic() + timeout_seconds)
        if not view.ended:
            sys.stdout.write(f"Stopped waiting after {timeout_seconds:g} seconds; the run goes on.\n")
        elif raise_on_error and not view.succeeded:
            raise ActivityFailedException(_why(view))
        return view.run["status"]


class StepRun(_SubmittedRun):
    """A step's run within a pipeline run.

    Attributes:
        pipeline_run_id: The run that it belongs to.
        name: The step's name, which also is its node id.
    """

    def __init__(self, experiment: Experiment, step_run_id: str, pipeline_run_id: str, node_id: str) -> None:
        super().__init__(experiment, step_run_id)
        self.pipeline_run_id = pipeline_run_id
        self.name = node_id

    def get_status(self) -> str:
        """NotStarted, Queued, Running, Finished, Failed, Canceled or Skipped."""
        return self.get_details()["status"]

    def get_details(self) -> _wire.StepRunDocument:
        """Everything that the workspace knows about the step run."""
        return self._client.get_step(self.pipeline_run_id, self.name)

    def get_job_log(self) -> str:
        """What the step's script has written until now."""
        return "".join(read_log(self._client, self.pipeline_run_id, self.name))

    def get_metrics(self) -> dict[str, Any]:
        """Logged values by name: one value alone, several as a list, rows and tables as columns."""
        return collect(self._client.get_metrics(self.pipeline_run_id, self.name))

    def get_outputs(self) -> "dict[str, StepRunOutput]":
        """The step's outputs by name; empty until it has finished."""
        documents = self._client.get_outputs(self.pipeline_run_id, self.name)
        return {document["name"]: StepRunOutput(self, document) for document in documents}


class StepRunOutput:
    """An output of a finished step.

    Attributes:
        name: Its name in the step.
        datastore: Name of the datastore that keeps it.
        path_on_datastore: Where it lies there.
    """

    def __init__(self, step_run: StepRun, document: _wire.OutputDocument) -> None:
        self._step_run = step_run
        self._document = document
        self.name = document["name"]
        self.datastore = document["datastore"]
        self.path_on_datastore = document["path"]

    def download(self, local_path: str | Path) -> Path:
        """Download the output to `local_path/<name>`: a file, or a folder. Returns that place."""
        client = self._step_run.experiment.workspace.client
        return download_output(client, self._step_run.pipeline_run_id, self._step_run.name, self._document, local_path)


class _Printer:
    """Prints what changed between two looks at a run."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._shown: dict[str, str] = {}

    def show(self, view: RunView) -> None:
        run = view.run
        for step in view.steps:
            if self._change(step["name"], step["status"], f"StepRun( {step['name']} ) Status: {step['status']}"):
                self._show_log(step)
        self._change("", run["status"], f"PipelineRun {run['run_id']} Status: {run['status']}")

    def _change(self, name: str, status: str, line: str) -> bool:
        if self._shown.get(name) == status:
            return False
        self._shown[name] = status
        sys.stdout.write(line + "\n")
        return True

    def _show_log(self, step: _wire.StepRunDocument) -> None:
        if step["status"] == FAILED:
            for text in read_log(self._client, step["run_id"], step["name"]):
                sys.stdout.write(text)


def _show_nothing(view: RunView) -> None:
    del view


def _why(view: RunView) -> str:
    failed = [f"{step['name']}: {step['error']}" for step in view.steps if step.get("error")]
    reason = view.run.get("error") or "; ".join(failed) or "no reason was recorded"
    return f"Run {view.run['run_id']} ended as {view.run['status']}: {reason}"
