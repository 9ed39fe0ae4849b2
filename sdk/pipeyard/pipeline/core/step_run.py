"""v1's StepRun: a step's run within a pipeline run, and its outputs. Import them from `pipeyard.pipeline.core`."""

# ruff: noqa: FBT001, FBT002  (v1's signatures)

import sys
import time
from pathlib import Path
from typing import Any

from pipeyard import _wire
from pipeyard._client import Client
from pipeyard._follow import FIRST_WAIT_SECONDS, GROWTH, LONGEST_WAIT_SECONDS, STEP_ENDED, SUCCESS
from pipeyard._outputs import download_output, find_output
from pipeyard.core._run_states import pipeline_run_of
from pipeyard.core.experiment import Experiment
from pipeyard.core.run import Run
from pipeyard.exceptions import ActivityFailedException, UserErrorException
from pipeyard.pipeline.core._watching import show_log
from pipeyard.pipeline.core.graph import PortDataReference


class StepRun(Run):
    """A step's run within a pipeline run.

    `name` is the step's name in the definition, which also is its node id; `display_name` is the one that the author
    gave, where the two differ.
    """

    def __init__(
        self,
        experiment: Experiment,
        step_run_id: str,
        pipeline_run_id: str | None = None,
        node_id: str | None = None,
        **kwargs: Any,
    ) -> None:
        del kwargs
        super().__init__(experiment, step_run_id)
        self._pipeline_run_id = pipeline_run_id
        self._step_name = node_id

    @property
    def pipeline_run_id(self) -> str:
        """The run that it belongs to."""
        found = self._pipeline_run_id or pipeline_run_of(self.id)
        if found is None:
            raise UserErrorException(f"{self.id!r} is no id of a step run.")
        return found

    @property
    def node_id(self) -> str:
        """The step's name in the definition."""
        return self.name

    def get_stdout_log(self) -> str:
        """What the script has written; its two streams are one log."""
        return self.get_job_log()

    def get_stderr_log(self) -> str:
        """What the script has written; its two streams are one log."""
        return self.get_job_log()

    def get_outputs(self) -> "dict[str, StepRunOutput]":
        """The step's outputs by name; empty until it has finished."""
        documents = self._client.get_outputs(self.pipeline_run_id, self.name)
        return {document["name"]: StepRunOutput(self, document) for document in documents}

    def get_output(self, name: str) -> "StepRunOutput":
        """An output by name.

        Raises:
            UserErrorException: There is none (yet).
        """
        return StepRunOutput(self, find_output(self._client, self.pipeline_run_id, self.name, name))

    def get_output_data(self, name: str) -> PortDataReference:
        """Where an output lies: to download, or to read in another pipeline."""
        return self.get_output(name).get_port_data_reference()

    def cancel(self) -> None:
        """Ask for the end of the whole pipeline run; a single step cannot be canceled."""
        self._client.cancel(self.pipeline_run_id)

    def explain(self) -> _wire.StepExplanation:
        """Why the step ran or was reused, with every ingredient that changed."""
        return self._client.explain(self.pipeline_run_id, self.name)[0]

    def wait_for_completion(
        self, show_output: bool = True, timeout_seconds: float = sys.maxsize, raise_on_error: bool = True
    ) -> str:
        """Wait until the step has ended.

        Args:
            show_output: Print the log as it grows.
            timeout_seconds: Give up waiting after this long; the step goes on.
            raise_on_error: Raise if the step does not end as `Finished`.

        Returns:
            The last status.

        Raises:
            ActivityFailedException: The step failed, was skipped or was canceled.
        """
        deadline, wait, offsets = time.monotonic() + timeout_seconds, FIRST_WAIT_SECONDS, dict[str, int]()
        while True:
            document = self.document
            if show_output:
                show_log(self._client, document, offsets)
            if document["status"] in STEP_ENDED:
                break
            if time.monotonic() >= deadline:
                sys.stdout.write(f"Stopped waiting after {timeout_seconds:g} seconds; the step goes on.\n")
                return document["status"]
            self._client.sleep(wait)
            wait = min(wait * GROWTH, LONGEST_WAIT_SECONDS)
        if show_output:
            sys.stdout.write(f"StepRun( {self.name} ) Status: {document['status']}\n")
        if raise_on_error and document["status"] != SUCCESS:
            reason = document.get("error") or "no reason was recorded"
            raise ActivityFailedException(
                f"Step {self.name} of run {self.pipeline_run_id}: {document['status']}: {reason}"
            )
        return document["status"]


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

    @property
    def pipeline_run_id(self) -> str:
        """The pipeline run that it belongs to."""
        return self._step_run.pipeline_run_id

    def get_port_data_reference(self) -> PortDataReference:
        """Where it lies: to download with v1's paths, or to read in another pipeline."""
        workspace = self._step_run.experiment.workspace
        return PortDataReference(workspace, self.name, self.datastore, self.path_on_datastore)

    def download(self, local_path: str | Path) -> Path:
        """Download the output to `local_path/<name>`: a file, or a folder. Returns that place."""
        client: Client = self._step_run.experiment.workspace.client
        return download_output(client, self._step_run.pipeline_run_id, self._step_run.name, self._document, local_path)

    def __repr__(self) -> str:
        return f"StepRunOutput(name={self.name!r}, {self.datastore}/{self.path_on_datastore})"
