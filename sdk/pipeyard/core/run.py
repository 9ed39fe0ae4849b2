"""v1's `azureml.core.run`: the run around a script, and what all kinds of runs share."""

import os
import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from pipeyard.core._metrics import LIST, METRICS_VARIABLE, ROW, SCALAR, TABLE, TAG, ConsoleSink, FileSink, MetricSink
from pipeyard.core.experiment import Experiment
from pipeyard.core.workspace import Workspace
from pipeyard.exceptions import RunEnvironmentException, UserErrorException

RUN_ID_VARIABLE = "AZUREML_RUN_ID"
EXPERIMENT_VARIABLE = "AZUREML_ARM_PROJECT_NAME"


class _MetricLog:
    """The logging half of a run; `id` and the place where values go are all it needs."""

    def __init__(self, run_id: str, sink: MetricSink) -> None:
        self._id = run_id
        self._sink = sink

    @property
    def id(self) -> str:
        """Identifier of the run."""
        return self._id

    def log(self, name: str, value: Any, description: str = "", step: int | None = None) -> None:
        """Log one value; logging a name again makes a series, `step` numbers its points.

        Raises:
            UserErrorException: The value is a list or another collection: use `log_list`.
        """
        del description  # v1 takes it and shows it nowhere
        # An array without dimensions is one number, however iterable its class says it is.
        if isinstance(value, Iterable) and not isinstance(value, str) and getattr(value, "ndim", None) != 0:
            raise UserErrorException(f"The metric {name!r} is a {type(value).__name__}. Use log_list for collections.")
        self._sink.write(SCALAR, name, value, step)

    def log_list(self, name: str, value: Iterable[Any], description: str = "") -> None:
        """Log a list of values."""
        del description
        self._sink.write(LIST, name, list(value))

    def log_row(self, name: str, description: str | None = None, **columns: Any) -> None:
        """Log one row of a table whose columns are the keyword arguments."""
        del description
        self._sink.write(ROW, name, columns)

    def log_table(self, name: str, value: Mapping[str, Any], description: str = "") -> None:
        """Log a table: a value or a list of values for each column."""
        del description
        self._sink.write(TABLE, name, dict(value))

    def tag(self, key: str, value: str | None = None) -> None:
        """Attach a tag to the run."""
        self._sink.write(TAG, key, value)

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Attach several tags to the run."""
        for key, value in tags.items():
            self.tag(key, value)

    def flush(self, timeout_seconds: float = 300) -> None:
        """Nothing to wait for: every value is written when it is logged."""

    def complete(self) -> None:
        """Nothing to do: a step's run completes when its script ends with exit code 0."""


class _Nowhere:
    """Refuses values: only the process of a step can log for it."""

    def write(self, kind: str, name: str, value: Any, step: int | None = None) -> None:
        """Refuse.

        Raises:
            UserErrorException: Always.
        """
        del kind, value, step
        raise UserErrorException(f"{name!r} can be logged inside the step only, through Run.get_context().")


class Run(_MetricLog):
    """A run in a workspace.

    Attributes:
        experiment: The experiment that it belongs to.
    """

    def __init__(self, experiment: Experiment, run_id: str, *, sink: MetricSink | None = None) -> None:
        super().__init__(run_id, sink or _Nowhere())
        self.experiment = experiment

    @staticmethod
    def get_context(allow_offline: bool = True) -> "Run | _OfflineRun":  # noqa: FBT001, FBT002  (v1's signature)
        """The run around this process: a submitted step's, else an offline one that prints what it is given.

        Raises:
            RunEnvironmentException: There is no submitted run and `allow_offline` is False.
        """
        run_id, metrics_file = os.environ.get(RUN_ID_VARIABLE), os.environ.get(METRICS_VARIABLE)
        if run_id and metrics_file:
            experiment = Experiment(Workspace.from_config(), os.environ.get(EXPERIMENT_VARIABLE, "unnamed"))
            return Run(experiment, run_id, sink=FileSink(metrics_file))
        if allow_offline:
            return _OfflineRun()
        raise RunEnvironmentException(
            f"This process belongs to no submitted run: {RUN_ID_VARIABLE} and {METRICS_VARIABLE} are not both set. "
            "Submit the script as a step, or allow an offline run."
        )

    def __repr__(self) -> str:
        return f"{type(self).__name__}(experiment={self.experiment.name!r}, id={self.id!r})"


class _OfflineRun(_MetricLog):
    """Stands in for a run while a script is tried out by hand."""

    def __init__(self) -> None:
        super().__init__(f"OfflineRun_{uuid.uuid4()}", ConsoleSink())

    def child_run(self, name: str | None = None) -> "_OfflineRun":
        """Another offline run."""
        del name
        return _OfflineRun()

    def cancel(self) -> None:
        """Nothing to cancel."""

    def fail(self, error_details: object = None, error_code: object = None) -> None:
        """Print why the run would have failed."""
        del error_code
        self._sink.write("failure", "details", error_details)
