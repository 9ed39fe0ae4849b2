"""The run around a script that is tried out by hand: everything works, nothing leaves the machine.

What v1's offline run printed, this one prints in the same words. What v1's lacked (status, tags, children, datasets,
files, ...) behaves as in a submitted run that has just begun.
"""

import sys
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from pipeyard.core._metric_log import MetricLog, json_value
from pipeyard.core._metrics import ConsoleSink, MetricSink, collect

if TYPE_CHECKING:
    from pipeyard._wire import MetricDocument
    from pipeyard.core.experiment import Experiment

OFFLINE_EXPERIMENT = "offline"


class _Recorder:
    """Prints, and remembers for `get_metrics`."""

    def __init__(self, printer: MetricSink) -> None:
        self._printer = printer
        self.documents: list[MetricDocument] = []

    def write(self, kind: str, name: str, value: Any, step: int | None = None) -> None:
        """Take one value."""
        self.documents.append({"kind": kind, "name": name, "value": value, "step": step})
        self._printer.write(kind, name, value, step)


class OfflineRun(MetricLog):
    """Stands in for a run while a script is tried out by hand.

    Attributes:
        parent: The run that made this one, None for the first.
        type: `OfflineRun`.
        number: Always 0.
    """

    type = "OfflineRun"
    number = 0

    def __init__(self, name: str | None = None, parent: "OfflineRun | None" = None) -> None:
        self._recorder = _Recorder(ConsoleSink())
        super().__init__(f"OfflineRun_{uuid.uuid4()}", self._recorder)
        self.parent = parent
        self._name = name
        self._status = "Running"
        self._children: list[OfflineRun] = []
        self.description = ""

    @property
    def experiment(self) -> "Experiment":
        """An experiment of the workspace that this machine is set up for; nothing is asked of it."""
        from pipeyard.core.experiment import Experiment  # noqa: PLC0415  (the modules name each other)
        from pipeyard.core.workspace import Workspace  # noqa: PLC0415

        return Experiment(Workspace.from_config(), OFFLINE_EXPERIMENT)

    @property
    def pipeline_run_id(self) -> str:
        """Its own id: there is no pipeline around it."""
        return self.id

    @property
    def name(self) -> str:
        """Its name, else its id."""
        return self._name or self.id

    @property
    def display_name(self) -> str:
        """As `name`."""
        return self.name

    @property
    def status(self) -> str:
        """`Running`, `Completed`, `Failed` or `Canceled`."""
        return self._status

    def get_status(self) -> str:
        """`Running`, `Completed`, `Failed` or `Canceled`."""
        return self._status

    @property
    def tags(self) -> dict[str, str]:
        """Tags of this run."""
        return dict(self._own_tags)

    def get_tags(self) -> dict[str, str]:
        """Tags of this run."""
        return self.tags

    @property
    def properties(self) -> dict[str, str]:
        """Properties of this run."""
        return dict(self._own_properties)

    def get_properties(self) -> dict[str, str]:
        """Properties of this run."""
        return self.properties

    @property
    def input_datasets(self) -> Mapping[str, Any]:
        """Datasets that the environment names; none where the script is started by hand."""
        from pipeyard.data._job_inputs import input_datasets  # noqa: PLC0415  (loads what evaluates datasets)

        return input_datasets()

    @property
    def output_datasets(self) -> Mapping[str, Any]:
        """Output places that the environment names."""
        from pipeyard.data._job_inputs import output_datasets  # noqa: PLC0415  (as above)

        return output_datasets()

    def get_metrics(self, name: str | None = None, **_: Any) -> dict[str, Any]:
        """What was logged."""
        metrics = collect(self._recorder.documents)
        return metrics if name is None else {key: value for key, value in metrics.items() if key == name}

    def get_details(self) -> dict[str, Any]:
        """The keys that a submitted run has."""
        return {
            "runId": self.id,
            "target": "local",
            "status": self.status,
            "properties": self.properties,
            "inputDatasets": [],
            "outputDatasets": [],
            "logFiles": {},
            "warnings": [],
            "error": None,
        }

    def get_details_with_logs(self) -> dict[str, Any]:
        """As `get_details`: the log is what this process prints."""
        return self.get_details()

    def get_detailed_status(self) -> dict[str, Any]:
        """The state; nothing is known beside it."""
        return {"status": self.status, "details": ""}

    def get_job_log(self) -> str:
        """Nothing: the log is what this process prints."""
        return ""

    def get_all_logs(self, destination: str | Path | None = None) -> list[str]:
        """No files: the log is what this process prints."""
        del destination
        return []

    def get_children(self, **_: Any) -> "Iterable[OfflineRun]":
        """Runs that `child_run` made, newest first."""
        return reversed(self._children)

    def child_run(self, name: str | None = None, run_id: str | None = None, outputs: object = None) -> "OfflineRun":
        """Another offline run."""
        del run_id, outputs
        child = OfflineRun(name, self)
        self._children.append(child)
        return child

    def create_children(
        self, count: int | None = None, tag_key: str | None = None, tag_values: Iterable[str] | None = None
    ) -> "list[OfflineRun]":
        """Several offline runs, with a tag each if values are given."""
        values = list(tag_values) if tag_values is not None else [None] * (count or 0)
        children = [self.child_run() for _ in values]
        for child, value in zip(children, values, strict=True):
            if tag_key is not None:
                child.tag(tag_key, value)
        return children

    def submit_child(self, config: object, tags: Mapping[str, str] | None = None, **_: Any) -> "OfflineRun":
        """Print what would be started; returns another offline run."""
        sys.stdout.write(f"Attempted to submit {config!r} as a child of the run\n")
        child = self.child_run()
        child.set_tags(tags or {})
        return child

    def complete(self, _set_status: object = None) -> None:
        """Set the status."""
        self._status = "Completed"

    def cancel(self) -> None:
        """Set the status."""
        self._status = "Canceled"

    def fail(self, error_details: object = None, error_code: object = None, _set_status: object = None) -> None:
        """Print why the run would have failed."""
        del error_code
        self._status = "Failed"
        self._recorder.write("failure", "details", error_details)

    def wait_for_completion(self, *_: Any, **__: Any) -> dict[str, Any]:
        """Nothing to wait for."""
        return self.get_details()

    def add_properties(self, properties: Mapping[str, str]) -> None:
        """Print and remember."""
        sys.stdout.write(f"Attempted to add properties to the run: {dict(properties)}\n")
        self._own_properties.update({key: str(value) for key, value in properties.items()})

    def remove_tags(self, tags: Iterable[str]) -> None:
        """Forget tags."""
        for key in [tags] if isinstance(tags, str) else tags:
            self._own_tags.pop(key, None)

    def upload_file(self, name: str, path_or_stream: str | Path | BinaryIO, datastore_name: str | None = None) -> None:
        """Print what would be uploaded."""
        del datastore_name
        shown = path_or_stream if isinstance(path_or_stream, str | Path) else "a stream"
        sys.stdout.write(f"Attempted to upload file {name}: {shown}\n")

    def upload_folder(self, name: str, path: str | Path, datastore_name: str | None = None) -> None:
        """Print what would be uploaded."""
        del datastore_name
        sys.stdout.write(f"Attempted to upload folder {name}: {path}\n")

    def get_file_names(self) -> list[str]:
        """Files below `outputs` and `logs` of the working directory."""
        return self._local_files()

    def download_file(self, name: str, output_file_path: str | Path | None = None) -> None:
        """Print what would be downloaded."""
        sys.stdout.write(f"Attempted to download file {name} to {output_file_path or Path(name).name}\n")

    def download_files(
        self, prefix: str | None = None, output_directory: str | Path | None = None, *_: Any, **__: Any
    ) -> None:
        """Print what would be downloaded."""
        sys.stdout.write(f"Attempted to download files {prefix or ''}* to {output_directory or '.'}\n")

    def register_model(self, model_name: str, model_path: str | None = None, **_: Any) -> None:
        """Print what would be registered."""
        sys.stdout.write(f"Attempted to register model {model_name} from {model_path or 'outputs'}\n")

    def get_snapshot_id(self) -> None:
        """There is none."""

    def restore_snapshot(self, *_: Any, **__: Any) -> None:
        """Print what would be fetched."""
        sys.stdout.write("Attempted to restore the snapshot of the run\n")

    def take_snapshot(self, file_or_folder_path: str | Path) -> None:
        """Print what would be kept."""
        sys.stdout.write(f"Attempted to take a snapshot of {file_or_folder_path}\n")

    def get_secret(self, name: str) -> str:
        """The environment variable of this name, as a job would find it."""
        import os  # noqa: PLC0415  (used here only)

        return os.environ.get(name, "")

    def flush(self, timeout_seconds: float = 300) -> None:
        """Print what would be waited for."""
        del timeout_seconds
        sys.stdout.write("Attempted to flush the metrics of the run\n")

    def _keep_image(self, name: str, path: str | Path | None, plot: Any) -> None:
        self._sink.write("image", name, str(path) if path is not None else repr(plot))

    def _keep_json(self, kind: str, name: str, value: Mapping[str, Any] | str) -> None:
        self._sink.write(kind, name, json_value(kind, name, value))

    def __repr__(self) -> str:
        return f"OfflineRun(id={self.id!r})"
