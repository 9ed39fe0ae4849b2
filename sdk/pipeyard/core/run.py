"""v1's `azureml.core.run`: the run around a script, and what all kinds of runs share.

`Run.get_context()` gives a step's script the run that it belongs to: metrics, tags and files that it logs become part
of that run, and everything that `StepRun` reads can be read there too. Outside a job it gives an `OfflineRun`, which
prints. `Run(experiment, run_id)` gives the object for a run that was submitted: a PipelineRun or a StepRun.
"""

# ruff: noqa: FBT001, FBT002, PLC0415  (v1's signatures; httpx is loaded when the workspace is asked)

import builtins
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Self, cast

from pipeyard._checks import not_offered, require_id, require_workspace
from pipeyard.core._metric_log import MetricLog
from pipeyard.core._metrics import METRICS_VARIABLE, FileSink, MetricSink
from pipeyard.core._offline_run import OfflineRun
from pipeyard.core._run_states import STEP_RUN_ID
from pipeyard.core._step_reading import StepReading
from pipeyard.core.experiment import Experiment
from pipeyard.core.workspace import Workspace
from pipeyard.exceptions import RunEnvironmentException, UserErrorException

if TYPE_CHECKING:
    from pathlib import Path
    from typing import BinaryIO

RUN_ID_VARIABLE = "AZUREML_RUN_ID"
EXPERIMENT_VARIABLE = "AZUREML_ARM_PROJECT_NAME"

_OfflineRun = OfflineRun


class _Nowhere:
    """Refuses values: only the process of a step can log for it."""

    def write(self, kind: str, name: str, value: Any, step: int | None = None) -> None:
        """Refuse.

        Raises:
            UserErrorException: Always.
        """
        del kind, value, step
        raise UserErrorException(f"{name!r} can be logged inside the step only, through Run.get_context().")


class Run(StepReading, MetricLog):
    """A run in a workspace.

    Attributes:
        experiment: The experiment that it belongs to.
    """

    def __new__(cls, experiment: Experiment, run_id: str, *_: Any, sink: MetricSink | None = None, **__: Any) -> Self:
        """The object that fits the id, unless a subclass or the run around this process is asked for."""
        del experiment
        if cls is not Run or sink is not None:
            return super().__new__(cls)
        from pipeyard.pipeline.core.run import PipelineRun, StepRun

        require_id(run_id, "Run")
        fitting: Any = StepRun if STEP_RUN_ID.fullmatch(run_id) else PipelineRun
        return cast("Self", super().__new__(fitting))

    def __init__(
        self, experiment: Experiment, run_id: str, outputs: object = None, *, sink: MetricSink | None = None
    ) -> None:
        del outputs
        if not hasattr(experiment, "workspace"):
            raise UserErrorException(f"{type(self).__name__} needs an Experiment object, not {experiment!r}.")
        require_id(run_id, type(self).__name__)
        MetricLog.__init__(self, run_id, sink or _Nowhere())
        self.experiment = experiment

    @property
    def id(self) -> str:
        """Identifier of the run."""
        return self._id

    @property
    def _inside(self) -> bool:
        """Whether this process is the run's own."""
        return isinstance(self._sink, FileSink)

    @staticmethod
    def get_context(allow_offline: bool = True, **kwargs: Any) -> "Run | OfflineRun":
        """The run around this process: a submitted step's, else an offline one that prints what it is given.

        Raises:
            RunEnvironmentException: There is no submitted run and `allow_offline` is False.
        """
        del kwargs
        run_id, metrics_file = os.environ.get(RUN_ID_VARIABLE), os.environ.get(METRICS_VARIABLE)
        if run_id and metrics_file:
            experiment = Experiment(Workspace.from_config(), os.environ.get(EXPERIMENT_VARIABLE, "unnamed"))
            return Run(experiment, run_id, sink=FileSink(metrics_file))
        if allow_offline:
            return OfflineRun()
        raise RunEnvironmentException(
            f"This process belongs to no submitted run: {RUN_ID_VARIABLE} and {METRICS_VARIABLE} are not both set. "
            "Submit the script as a step, or allow an offline run."
        )

    @staticmethod
    def get(workspace: Workspace, run_id: str) -> "Run":
        """A run by its id: a PipelineRun or a StepRun.

        Raises:
            UserErrorException: There is none.
        """
        require_workspace(workspace, "Run.get")
        require_id(run_id, "Run.get")
        from pipeyard.pipeline.core.run import PipelineRun, StepRun

        match = STEP_RUN_ID.fullmatch(run_id)
        parent = workspace.client.get_run(match["run"] if match else run_id)
        experiment = Experiment(workspace, parent["experiment"])
        return StepRun(experiment, run_id) if match else PipelineRun(experiment, parent["run_id"])

    @staticmethod
    def list(
        experiment: Experiment,
        type: str | None = None,  # noqa: A002  (v1's name)
        tags: Any = None,
        properties: Any = None,
        status: str | None = None,
        include_children: bool = False,
    ) -> "Iterator[Run]":
        """Runs of an experiment, newest first."""
        return experiment.get_runs(type, tags, properties, include_children, status=status)

    @property
    def input_datasets(self) -> Mapping[str, Any]:
        """Inside a job: datasets and paths of the step's dataset inputs by name.

        Raises:
            UserErrorException: This process is not the run's own.
        """
        self._require_inside("input_datasets")
        from pipeyard.data._job_inputs import input_datasets

        return input_datasets()

    @property
    def output_datasets(self) -> Mapping[str, Any]:
        """Inside a job: paths of the step's dataset outputs by name.

        Raises:
            UserErrorException: This process is not the run's own.
        """
        self._require_inside("output_datasets")
        from pipeyard.data._job_inputs import output_datasets

        return output_datasets()

    def _require_inside(self, what: str) -> None:
        if not self._inside:
            raise UserErrorException(f"{what} exist inside the step only, through Run.get_context().")

    def get_file_names(self) -> builtins.list[str]:
        """Files that the run has left; inside a job, those that are there now."""
        return self._local_files() if self._inside else super().get_file_names()

    @property
    def tags(self) -> dict[str, str]:
        """Tags that the script set."""
        return dict(self._own_tags) if self._inside else super().tags

    @property
    def properties(self) -> dict[str, str]:
        """Facts about the run, and properties that the script set."""
        return dict(self._own_properties) if self._inside else super().properties

    def upload_file(
        self, name: str, path_or_stream: "str | Path | BinaryIO", datastore_name: str | None = None
    ) -> None:
        """Keep a file with the run: below `outputs/` unless its name begins with `outputs/` or `logs/`."""
        self._require_inside("Files to upload")
        super().upload_file(name, path_or_stream, datastore_name)

    def cancel(self) -> None:
        """Inside a job: only a warning. Ask for the end of the pipeline run instead: `run.parent.cancel()`."""
        sys.stderr.write("A script cannot cancel its own run; end it, or cancel run.parent.\n")

    def wait_for_completion(self, *_: Any, **__: Any) -> Any:
        """Inside a job: refused, it would wait for itself.

        Raises:
            UserErrorException: Always.
        """
        raise UserErrorException("A script cannot wait for its own run.")

    def child_run(self, name: str | None = None, run_id: str | None = None, outputs: object = None) -> "MetricLog":
        """A part of this run: what it logs is part of the run, under names that begin with `<name>/`."""
        del outputs
        shown = name or run_id or f"child_{next(self._child_numbers())}"
        return _ChildLog(self, shown)

    def create_children(
        self, count: int | None = None, tag_key: str | None = None, tag_values: Iterable[str] | None = None
    ) -> "builtins.list[MetricLog]":
        """Several parts of this run."""
        values = builtins.list(tag_values) if tag_values is not None else [None] * (count or 0)
        children = [self.child_run() for _ in values]
        for child, value in zip(children, values, strict=True):
            if tag_key is not None:
                child.tag(tag_key, value)
        return children

    def _child_numbers(self) -> Iterator[int]:
        self._children_made = getattr(self, "_children_made", 0) + 1
        yield self._children_made

    def submit_child(self, config: Any, tags: Mapping[str, str] | None = None, **kwargs: Any) -> "Run":
        """Start a pipeline run that belongs to this step: it shows among `get_children()`, and ends with it."""
        return cast("Run", self.experiment.submit(config, tags, parent_run_id=self.id, **kwargs))

    def get_secret(self, name: str) -> str:
        """Refused: secrets reach scripts as environment variables of the compute target."""
        raise not_offered("Run.get_secret", f"Give the secret {name!r} to the compute target's environment.")

    def take_snapshot(self, file_or_folder_path: object) -> None:
        """Refused: a step's source directory is its snapshot."""
        del file_or_folder_path
        raise not_offered("Run.take_snapshot", "The step's source directory is kept already; upload other files.")

    def restore_snapshot(self, *_: Any, **__: Any) -> None:
        """Refused: sources stay in the workspace."""
        raise not_offered("Run.restore_snapshot", "GET /api/snapshots/{get_snapshot_id()} lists the files.")

    def __repr__(self) -> str:
        return f"{type(self).__name__}(experiment={self.experiment.name!r}, id={self.id!r})"


class _ChildLog(MetricLog):
    """A part of a run."""

    def __init__(self, run: Run, name: str) -> None:
        super().__init__(f"{run.id}/{name}", _Prefixed(run, name))
        self.parent = run
        self.experiment = run.experiment
        self.name = name


class _Prefixed:
    """Writes into a run under names that begin with another name."""

    def __init__(self, run: Run, name: str) -> None:
        self._sink = run._sink  # noqa: SLF001  (a part of the run)
        self._name = name

    def write(self, kind: str, name: str, value: Any, step: int | None = None) -> None:
        """Take one value."""
        self._sink.write(kind, f"{self._name}/{name}", value, step)
