"""v1's `azureml.pipeline.core.run`: runs that were submitted, to look at, wait for and cancel."""

# ruff: noqa: FBT001, FBT002  (v1's signatures)

import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeyard import _wire
from pipeyard._checks import require_workspace, texts
from pipeyard._explanation import Explanation
from pipeyard._follow import RunView, follow_run
from pipeyard.core._metrics import collect
from pipeyard.core._run_states import PIPELINE_TYPE, STEP_NAME_LABEL, details, history_status
from pipeyard.core.experiment import Experiment
from pipeyard.core.run import Run
from pipeyard.core.workspace import Workspace
from pipeyard.exceptions import ActivityFailedException, UserErrorException
from pipeyard.pipeline.core._steps_together import StepsTogether
from pipeyard.pipeline.core._watching import Printer, why
from pipeyard.pipeline.core.graph import PortDataReference
from pipeyard.pipeline.core.step_run import StepRun, StepRunOutput

if TYPE_CHECKING:
    from pipeyard.pipeline.core.pipeline import Graph
    from pipeyard.pipeline.core.published_pipeline import PublishedPipeline

__all__ = ["PipelineRun", "PortDataReference", "StepRun", "StepRunOutput", "get_pipeline_runs"]


class PipelineRun(StepsTogether, Run):
    """A run of a pipeline."""

    @staticmethod
    def get(workspace: Workspace, run_id: str) -> "PipelineRun":
        """A run by its id.

        Raises:
            UserErrorException: There is none.
        """
        require_workspace(workspace, "PipelineRun.get")
        document = workspace.client.get_run(run_id)
        return PipelineRun(Experiment(workspace, document["experiment"]), document["run_id"])

    @staticmethod
    def get_pipeline_runs(workspace: Workspace, pipeline_id: str) -> "list[PipelineRun]":
        """Runs of a published pipeline, newest first."""
        require_workspace(workspace, "PipelineRun.get_pipeline_runs")
        from pipeyard._clients.publishing import PublishingClient  # noqa: PLC0415  (needed here only)

        found = PublishingClient(workspace.client.http).list_runs(published_pipeline_id=pipeline_id)
        return [PipelineRun(Experiment(workspace, item["experiment"]), item["run_id"]) for item in found]

    @property
    def run_document(self) -> _wire.RunDocument:
        """Everything that the workspace knows about the run itself."""
        return self._client.get_run(self.id)

    @property
    def pipeline_run_id(self) -> str:
        """Its own id."""
        return self.id

    @property
    def name(self) -> str:
        """The pipeline's name."""
        return self.run_document["pipeline"]

    @property
    def display_name(self) -> str:
        """The pipeline's name."""
        return self.name

    @property
    def description(self) -> str:
        """What the submit said about it."""
        return self.run_document.get("description", "")

    @property
    def type(self) -> str:
        """`azureml.PipelineRun`."""
        return PIPELINE_TYPE

    @property
    def number(self) -> int:
        """Runs have no numbers here."""
        return 0

    @property
    def status(self) -> str:
        """The state as run histories call it: `Completed`, `Failed`, ..."""
        return history_status(self.get_status())

    @property
    def parent(self) -> StepRun | None:
        """The step run that started this run, None where a person or a schedule did."""
        parent = self.run_document.get("parent_step_run_id")
        return StepRun(self.experiment, str(parent)) if parent else None

    @property
    def tags(self) -> dict[str, str]:
        """Tags that anyone can change."""
        return dict(self.run_document.get("labels") or {})

    @property
    def properties(self) -> dict[str, str]:
        """Facts about the run, such as the commit of its sources."""
        return _properties(self.run_document)

    def tag(self, key: str, value: str | None = None) -> None:
        """Attach a tag, or change it."""
        self.set_tags({key: value or ""})

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Attach tags, or change them."""
        self._more.change_run(self.id, {"labels": texts(tags)})

    def remove_tags(self, tags: Iterable[str]) -> None:
        """Take tags away by their keys."""
        keys = [tags] if isinstance(tags, str) else tags
        self._more.change_run(self.id, {"labels": dict.fromkeys(keys)})

    def add_properties(self, properties: Mapping[str, str]) -> None:
        """Attach facts that nobody can change again."""
        self._more.change_run(self.id, {"properties": texts(properties)})

    def get_status(self) -> str:
        """NotStarted, Running, CancelRequested, Finished, Failed or Canceled."""
        return self.run_document["status"]

    def get_details(self) -> dict[str, Any]:
        """v1's details; `run_document` has everything."""
        document = self.run_document
        return details(document, self.id, _properties(document))

    def get_steps(self) -> Iterator[StepRun]:
        """The run's steps in the definition's order, those that have not begun included."""
        for document in self._client.get_steps(self.id):
            yield StepRun(self.experiment, document["step_run_id"], self.id, document["name"])

    def get_children(self, recursive: bool = False, **_: Any) -> Iterator[Run]:
        """The run's steps, the last one first; with `recursive` also runs that they started."""
        for step in reversed(list(self.get_steps())):
            yield step
            if recursive:
                yield from step.get_children()

    def find_step_run(self, name: str) -> list[StepRun]:
        """The steps of this name: one, none, or several where the author gave a name twice."""
        return [
            StepRun(self.experiment, step["step_run_id"], self.id, step["name"])
            for step in self._client.get_steps(self.id)
            if name in {step["name"], step.get("labels", {}).get(STEP_NAME_LABEL, step["name"])}
        ]

    def get_metrics(
        self,
        name: str | None = None,
        recursive: bool = False,
        run_type: str | None = None,
        populate: bool = False,
    ) -> dict[str, Any]:
        """Metrics belong to steps: empty, or with `recursive` those of each step by its id."""
        del run_type, populate
        if not recursive:
            return {}
        return {
            step.id: {
                key: value
                for key, value in collect(self._client.get_metrics(self.id, step.name)).items()
                if name in {None, key}
            }
            for step in self.get_steps()
        }

    def get_graph(self) -> "Graph":
        """Steps and the edges between them."""
        from pipeyard.pipeline.core.pipeline import Graph  # noqa: PLC0415  (pipelines submit runs: the modules are a circle)

        return Graph.of(self._definition())

    def get_pipeline_output(self, pipeline_output_name: str) -> PortDataReference:
        """An output that the pipeline offers under a name of its own.

        Raises:
            UserErrorException: There is none of this name, or its step has not finished.
        """
        outputs = self._definition().get("outputs") or {}
        if pipeline_output_name not in outputs:
            raise UserErrorException(
                f"The pipeline of run {self.id} has no output {pipeline_output_name!r}. "
                f"It has: {', '.join(sorted(outputs)) or 'none'}."
            )
        place = outputs[pipeline_output_name]
        (step,) = [step for step in self.get_steps() if step.name == place["step"]]
        return step.get_output_data(place["output"])

    def publish_pipeline(
        self,
        name: str,
        description: str | None = None,
        version: str | None = None,
        continue_on_step_failure: bool | None = None,
    ) -> "PublishedPipeline":
        """Publish what this run ran."""
        from pipeyard.pipeline.core.published_pipeline import PublishedPipeline  # noqa: PLC0415  (as in get_graph)

        body = {
            "name": name,
            "description": description,
            "version": version,
            "continue_on_step_failure": continue_on_step_failure,
            "run_id": self.id,
        }
        sent = {key: value for key, value in body.items() if value is not None}
        return PublishedPipeline.of(self.experiment.workspace, self._more.publish(sent))

    def save(self, path: str | Path | None = None) -> str:
        """Write the run's definition to a file; returns the file's path."""
        from pipeyard.pipeline.core._starting import save_definition  # noqa: PLC0415  (as in get_graph)

        return save_definition(self._definition(), path, self.name)

    def explain(self, step: str | None = None) -> Explanation:
        """Why each step ran or was reused, with every ingredient that changed; print it for sentences."""
        return Explanation(self._client.explain(self.id, step))

    def cancel(self) -> None:
        """Ask for the run's end. It is `Canceled` once every job has ended: `wait_for_completion` waits for that."""
        self._client.cancel(self.id)

    def resume(self) -> "PipelineRun":
        """Start a new run of the same request, in which finished steps are reused."""
        return PipelineRun(self.experiment, self._client.resume(self.id)["run_id"])

    def complete(self, _set_status: object = None) -> None:
        """Refused: a pipeline run completes with its steps."""
        raise NotImplementedError("A pipeline run completes with its steps.")

    def fail(self, error_details: object = None, error_code: object = None, _set_status: object = None) -> None:
        """Refused: a pipeline run fails with its steps."""
        raise NotImplementedError("A pipeline run fails with its steps; cancel() ends it.")

    def child_run(self, name: str | None = None, run_id: str | None = None, outputs: object = None) -> Any:
        """Refused: a pipeline run's children are its steps."""
        raise NotImplementedError("A pipeline run's children are its steps.")

    def wait_for_completion(
        self, show_output: bool = True, timeout_seconds: float = sys.maxsize, raise_on_error: bool = True
    ) -> str:
        """Wait until the run has ended.

        Args:
            show_output: Print each change of status, and the log of each step in turn.
            timeout_seconds: Give up waiting after this long; the run goes on.
            raise_on_error: Raise if the run does not end as `Finished`.

        Returns:
            The last status.

        Raises:
            ActivityFailedException: The run failed or was canceled.
        """
        shown = Printer(self._client).show if show_output else _show_nothing
        view = follow_run(self._client, self.id, shown, time.monotonic() + timeout_seconds)
        if not view.ended:
            sys.stdout.write(f"Stopped waiting after {timeout_seconds:g} seconds; the run goes on.\n")
        elif raise_on_error and not view.succeeded:
            raise ActivityFailedException(why(view))
        return view.run["status"]

    def _definition(self) -> _wire.Definition:
        return self._more.get_definition(self.run_document["definition_id"])


def get_pipeline_runs(workspace: Workspace, pipeline_id: str) -> list[PipelineRun]:
    """Runs of a published pipeline, newest first."""
    return PipelineRun.get_pipeline_runs(workspace, pipeline_id)


def _properties(document: _wire.RunDocument) -> dict[str, str]:
    known = {"runType": str(document.get("run_source") or "SDK"), "azureml.pipelineComponent": "pipelinerun"}
    published = document.get("published_pipeline_id")
    more = {"azureml.pipelineid": str(published)} if published else {}
    return {**known, **more, **dict(document.get("properties") or {})}  # type: ignore[call-overload]


def _show_nothing(view: RunView) -> None:
    del view
