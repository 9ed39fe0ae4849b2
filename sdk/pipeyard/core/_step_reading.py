"""What can be read of a step run: state, log, metrics, files, tags. `Run` and `StepRun` are made of it."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pipeyard.core._metrics import collect, facts
from pipeyard.core._run_states import (
    REUSED_TYPE,
    STEP_NAME_LABEL,
    STEP_TYPE,
    dataset_details,
    details,
    history_status,
    pipeline_run_of,
)
from pipeyard.exceptions import UserErrorException

if TYPE_CHECKING:
    from pipeyard import _wire
    from pipeyard._client import Client
    from pipeyard._clients.publishing import PublishingClient
    from pipeyard.core.experiment import Experiment

# ruff: noqa: FBT001, FBT002, PLC0415  (v1's signatures; httpx is loaded when the workspace is asked)

LOG_FILE = "azureml-logs/70_driver_log.txt"


class StepReading:
    """A step run as the workspace knows it. Needs `experiment` and `id`."""

    experiment: "Experiment"
    _step_name: str | None = None

    @property
    def id(self) -> str:
        """Identifier of the run."""
        raise NotImplementedError

    @property
    def _client(self) -> "Client":
        return self.experiment.workspace.client

    @property
    def _more(self) -> "PublishingClient":
        from pipeyard._clients.publishing import PublishingClient

        return PublishingClient(self._client.http)

    @property
    def pipeline_run_id(self) -> str:
        """The pipeline run that it belongs to."""
        found = pipeline_run_of(self.id)
        if found is None:
            raise UserErrorException(f"{self.id!r} is no id of a step run.")
        return found

    @property
    def name(self) -> str:
        """The step's name in the definition, by which the workspace finds it."""
        if self._step_name is None:
            for step in self._client.get_steps(self.pipeline_run_id):
                if step["step_run_id"] == self.id:
                    self._step_name = step["name"]
        if self._step_name is None:
            raise UserErrorException(f"There is no step run {self.id} in the run {self.pipeline_run_id}.")
        return self._step_name

    @property
    def document(self) -> "_wire.StepRunDocument":
        """Everything that the workspace knows about it now."""
        return self._client.get_step(self.pipeline_run_id, self.name)

    @property
    def display_name(self) -> str:
        """The name that the author gave the step, which another step may share."""
        return self.document.get("labels", {}).get(STEP_NAME_LABEL, self.name)

    @property
    def number(self) -> int:
        """Its place among the steps, from 1."""
        return int(self.document.get("ordinal", 0)) + 1

    @property
    def type(self) -> str:
        """`azureml.StepRun`, or `azureml.ReusedStepRun`."""
        return REUSED_TYPE if self.document.get("reused") else STEP_TYPE

    @property
    def description(self) -> str:
        """Steps have none."""
        return ""

    @property
    def status(self) -> str:
        """The state as run histories call it: `Completed`, `Failed`, ..."""
        return history_status(self.document["status"])

    def get_status(self) -> str:
        """NotStarted, Queued, Running, Finished, Failed, Canceled or Skipped."""
        return self.document["status"]

    def get_details(self) -> dict[str, Any]:
        """v1's details; `document` has everything."""
        document = self.document
        return {
            **details(document, self.id, self._facts()[1]),
            **self._datasets(),
            "logFiles": {LOG_FILE: f"{self.experiment.workspace.url}{self._log_route()}"},
        }

    def get_details_with_logs(self) -> dict[str, Any]:
        """The details with the text of the log in place of its address."""
        return {**self.get_details(), "logFiles": {LOG_FILE: self.get_job_log()}}

    def get_detailed_status(self) -> dict[str, Any]:
        """The state, and what the compute says about it or else the reason for it."""
        document = self.document
        explanation = document.get("explanation")
        details = document.get("detail") or (explanation["sentence"] if explanation else "")
        return {"status": document["status"], "details": details}

    def get_job_log(self) -> str:
        """What the step's script has written until now."""
        from pipeyard._follow import read_log

        return "".join(read_log(self._client, self.pipeline_run_id, self.name))

    def get_all_logs(self, destination: str | Path | None = None) -> list[str]:
        """Write the log below a directory; returns the files."""
        file = Path(destination or ".") / Path(LOG_FILE).name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(self.get_job_log(), encoding="utf-8")
        return [str(file)]

    def get_metrics(
        self,
        name: str | None = None,
        recursive: bool = False,
        run_type: str | None = None,
        populate: bool = False,
    ) -> dict[str, Any]:
        """Logged values by name: one value alone, several as a list, rows and tables as columns.

        Pictures and tables of the special kinds give the name of their file among the run's files.
        """
        del run_type, populate
        metrics = collect(self._lines())
        found = metrics if name is None else {key: value for key, value in metrics.items() if key == name}
        return {self.id: found} if recursive else found

    def get_file_names(self) -> list[str]:
        """Files that the run has left."""
        return self._more.list_run_files(self.pipeline_run_id, self.name)

    def download_file(self, name: str, output_file_path: str | Path | None = None) -> None:
        """Download a file, to the working directory unless a path or a directory is named.

        Raises:
            UserErrorException: The run has no such file.
        """
        from pipeyard._transfer import download_file

        known = self.get_file_names()
        found = next((item for item in (name, f"outputs/{name}") if item in known), None)
        if found is None:
            raise UserErrorException(f"The run {self.id} has no file {name!r}. It has: {', '.join(known) or 'none'}.")
        target = Path(output_file_path or Path(name).name)
        target = target / Path(name).name if target.is_dir() else target
        download_file(self._client.http, self._file_url(found), target)

    def download_files(
        self,
        prefix: str | None = None,
        output_directory: str | Path | None = None,
        output_paths: Iterable[str | Path] | None = None,
        batch_size: int = 100,
        append_prefix: bool = True,
    ) -> None:
        """Download the files whose names begin with `prefix`, keeping their paths.

        Args:
            prefix: Of the names; a whole folder's or file's.
            output_directory: Where to; the working directory by default.
            output_paths: A path for each file instead.
            batch_size: Accepted for v1's sake.
            append_prefix: Whether `prefix` stays part of the local paths.
        """
        from pipeyard._transfer import below, download_file, in_parallel

        del batch_size
        start = prefix or ""
        names = [name for name in self.get_file_names() if name.startswith(start)]
        root = Path(output_directory or ".")
        if output_paths is not None:
            targets = dict(zip(names, map(Path, output_paths), strict=True))
        else:
            cut = len(start.rstrip("/")) if start and not append_prefix else 0
            targets = {name: below(root, name[cut:].lstrip("/") or Path(name).name) for name in names}
        in_parallel(lambda name: download_file(self._client.http, self._file_url(name), targets[name]), names)

    def _file_url(self, name: str) -> str:
        return self._more.run_file_url(self.pipeline_run_id, self.name, name)

    @property
    def tags(self) -> dict[str, str]:
        """Tags that the script set."""
        return self._facts()[0]

    def get_tags(self) -> dict[str, str]:
        """Tags that the script set."""
        return self.tags

    @property
    def properties(self) -> dict[str, str]:
        """Facts about the run, and properties that the script set."""
        return self._facts()[1]

    def get_properties(self) -> dict[str, str]:
        """Facts about the run, and properties that the script set."""
        return self.properties

    def get_children(self, recursive: bool = False, **_: Any) -> Iterator[Any]:
        """Pipeline runs that this step started."""
        del recursive
        from pipeyard.core.experiment import Experiment
        from pipeyard.pipeline.core.run import PipelineRun

        workspace = self.experiment.workspace
        for run in self._more.list_runs(parent_step_run_id=self.id):
            yield PipelineRun(Experiment(workspace, run["experiment"]), run["run_id"])

    @property
    def parent(self) -> Any:
        """The pipeline run."""
        from pipeyard.pipeline.core.run import PipelineRun

        return PipelineRun(self.experiment, self.pipeline_run_id)

    def get_snapshot_id(self) -> str | None:
        """Digest of the source directory."""
        return self._definition_step(self._client.get_run(self.pipeline_run_id)).get("snapshot")

    def register_model(
        self,
        model_name: str,
        model_path: str | None = None,
        tags: Mapping[str, str] | None = None,
        properties: Mapping[str, str] | None = None,
        model_framework: str | None = None,
        model_framework_version: str | None = None,
        description: str | None = None,
        datasets: object = None,
        **_: Any,
    ) -> Any:
        """Register files of this run as a model; `model_path` is their name among the run's files.

        Raises:
            UserErrorException: The run has no such files.
        """
        from pipeyard.core._model_files import register_from_run

        about = {
            "tags": tags,
            "properties": properties,
            "model_framework": model_framework,
            "model_framework_version": model_framework_version,
            "description": description,
            "datasets": datasets,
        }
        return register_from_run(self, model_name, model_path or f"outputs/{model_name}", about)

    def _facts(self) -> tuple[dict[str, str], dict[str, str]]:
        document = self.document
        tags, properties = facts(self._lines())
        known = {"StepType": str(document.get("type", "")), "azureml.pipelinerunid": self.pipeline_run_id}
        source = document.get("source")
        if document.get("reused") and source:
            pipeline, _, _ = source.rpartition("-")
            known |= {"azureml.reusedrunid": source, "azureml.reusedpipeline": pipeline}
        return {"azureml.nodeid": self.name, **tags}, {**known, **properties}

    def _lines(self) -> "list[_wire.MetricDocument]":
        return self._client.get_metrics(self.pipeline_run_id, self.name)

    def _datasets(self) -> dict[str, Any]:
        run = self._client.get_run(self.pipeline_run_id)
        return dataset_details(self._definition_step(run), run.get("parameters") or {})

    def _definition_step(self, run: "_wire.RunDocument") -> dict[str, Any]:
        if "definition_id" not in run:
            return {}
        steps = self._more.get_definition(run["definition_id"])["steps"]
        return next((step for step in steps if step["name"] == self.name), {})

    def _log_route(self) -> str:
        return f"/api/runs/{self.pipeline_run_id}/steps/{quote(self.name)}/logs"
