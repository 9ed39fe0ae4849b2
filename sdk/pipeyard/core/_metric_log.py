"""The logging half of every run: values, tables and pictures, tags and properties, files."""

import json
import os
import shutil
import sys
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Self

from pipeyard.core._metrics import LIST, PROPERTY, ROW, SCALAR, TABLE, TAG, UNTAG, MetricSink, plain
from pipeyard.exceptions import UserErrorException

KEPT_FOLDERS = ("outputs", "logs")
"""What a job leaves below these is kept with its run."""
FILES_VARIABLE = "PIPEYARD_FILES_FOLDER"
"""Names the folder of files that are kept under names of their own."""
METRIC_FOLDER = "logs/metrics"


class MetricLog:
    """Logs into a sink; `id` and the sink are all it needs. Files go below the directory where the process started."""

    def __init__(self, run_id: str, sink: MetricSink) -> None:
        self._id = run_id
        self._sink = sink
        self._home = Path.cwd()
        self._own_tags: dict[str, str] = {}
        self._own_properties: dict[str, str] = {}

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

    def log_image(self, name: str, path: str | Path | None = None, plot: Any = None, description: str = "") -> None:
        """Log a picture: a file, or a plot with `savefig` (such as `matplotlib.pyplot`).

        Raises:
            UserErrorException: Neither or both are given, or the file does not exist.
        """
        del description
        if (path is None) == (plot is None):
            raise UserErrorException(f"The image {name!r} needs a path or a plot, and not both.")
        if path is not None and not Path(path).is_file():
            raise UserErrorException(f"The image {name!r}: there is no file {path}.")
        self._keep_image(name, path, plot)

    def log_confusion_matrix(self, name: str, value: Mapping[str, Any] | str, description: str = "") -> None:
        """Log a confusion matrix in v1's JSON form, as a dictionary or as text."""
        del description
        self._keep_json("confusion_matrix", name, value)

    def log_accuracy_table(self, name: str, value: Mapping[str, Any] | str, description: str = "") -> None:
        """Log an accuracy table in v1's JSON form."""
        del description
        self._keep_json("accuracy_table", name, value)

    def log_residuals(self, name: str, value: Mapping[str, Any] | str, description: str = "") -> None:
        """Log residuals in v1's JSON form."""
        del description
        self._keep_json("residuals", name, value)

    def log_predictions(self, name: str, value: Mapping[str, Any] | str, description: str = "") -> None:
        """Log predictions in v1's JSON form."""
        del description
        self._keep_json("predictions", name, value)

    def _keep_image(self, name: str, path: str | Path | None, plot: Any) -> None:
        suffix = Path(path).suffix if path is not None else ".png"
        target = self._metric_file(name, suffix)
        if path is not None:
            shutil.copyfile(path, target)
        else:
            plot.savefig(target, bbox_inches="tight")
        self._sink.write("image", name, target.relative_to(self._home).as_posix())

    def _keep_json(self, kind: str, name: str, value: Mapping[str, Any] | str) -> None:
        target = self._metric_file(name, ".json")
        target.write_text(json.dumps(json_value(kind, name, value)), encoding="utf-8")
        self._sink.write(kind, name, target.relative_to(self._home).as_posix())

    def _metric_file(self, name: str, suffix: str) -> Path:
        readable = "".join(letter if letter.isalnum() or letter in "-_" else "_" for letter in name)
        folder = self._home / METRIC_FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"{readable}_{uuid.uuid4().hex[:8]}{suffix}"

    def tag(self, key: str, value: str | None = None) -> None:
        """Attach a tag to the run."""
        self._own_tags[key] = "" if value is None else str(value)
        self._sink.write(TAG, key, value)

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Attach several tags to the run."""
        for key, value in tags.items():
            self.tag(key, value)

    def remove_tags(self, tags: Iterable[str]) -> None:
        """Take tags away by their keys."""
        for key in [tags] if isinstance(tags, str) else tags:
            self._own_tags.pop(key, None)
            self._sink.write(UNTAG, key, None)

    def add_properties(self, properties: Mapping[str, str]) -> None:
        """Attach facts that nobody can change again.

        Raises:
            UserErrorException: One of them has another value already.
        """
        for key, value in properties.items():
            if self._own_properties.get(key, str(value)) != str(value):
                raise UserErrorException(
                    f"The property {key!r} is {self._own_properties[key]!r} and cannot be changed."
                )
            self._own_properties[key] = str(value)
            self._sink.write(PROPERTY, key, str(value))

    def upload_file(self, name: str, path_or_stream: str | Path | BinaryIO, datastore_name: str | None = None) -> None:
        """Keep a file with the run under a name.

        Raises:
            UserErrorException: The file does not exist, or the name leads out of the working directory.
        """
        del datastore_name  # files of runs lie where the workspace keeps them
        target = self._kept(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(path_or_stream, str | Path):
            source = Path(path_or_stream)
            if not source.is_file():
                raise UserErrorException(f"There is no file {source} to upload as {name!r}.")
            if not (target.exists() and source.samefile(target)):
                shutil.copyfile(source, target)
        else:
            with target.open("wb") as file:
                shutil.copyfileobj(path_or_stream, file)

    def upload_files(
        self, names: Iterable[str], paths: Iterable[str | Path], datastore_name: str | None = None
    ) -> None:
        """Keep several files with the run."""
        for name, path in zip(names, paths, strict=True):
            self.upload_file(name, path, datastore_name)

    def upload_folder(self, name: str, path: str | Path, datastore_name: str | None = None) -> None:
        """Keep everything below a folder with the run, below `name`."""
        root = Path(path)
        if not root.is_dir():
            raise UserErrorException(f"There is no folder {root} to upload as {name!r}.")
        for file in sorted(item for item in root.rglob("*") if item.is_file()):
            self.upload_file(f"{name.rstrip('/')}/{file.relative_to(root).as_posix()}", file, datastore_name)

    def _kept(self, name: str) -> Path:
        parts = [part for part in name.replace("\\", "/").split("/") if part not in {"", "."}]
        if not parts or ".." in parts:
            raise UserErrorException(f"{name!r} cannot name a file of a run.")
        if parts[0] in KEPT_FOLDERS:
            return self._home.joinpath(*parts)
        return self._named_files().joinpath(*parts)

    def _named_files(self) -> Path:
        """Where files lie that have names of their own: told by the runner, below `outputs/` without one."""
        return Path(os.environ.get(FILES_VARIABLE) or self._home / "outputs")

    def _local_files(self) -> list[str]:
        roots = [(self._home, self._home / folder) for folder in KEPT_FOLDERS]
        if FILES_VARIABLE in os.environ:
            roots.append((self._named_files(), self._named_files()))
        found = {file.relative_to(root) for root, below in roots for file in below.rglob("*") if file.is_file()}
        return sorted(file.as_posix() for file in found)

    def flush(self, timeout_seconds: float = 300) -> None:
        """Nothing to wait for: every value is written when it is logged."""

    def __enter__(self) -> Self:
        """v1's `with experiment.start_logging() as run:`."""
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Complete the run, or tell why it failed."""
        if error is None:
            self.complete()
        else:
            self.fail(error_details=str(error), error_code=type(error).__name__)

    def start(self) -> None:
        """Nothing to do: a step's run starts with its script."""

    def complete(self, _set_status: object = None) -> None:
        """Nothing to do: a step's run completes when its script ends with exit code 0."""

    def fail(self, error_details: object = None, error_code: object = None, _set_status: object = None) -> None:
        """Say why the script gives up; the run fails when the script ends with another exit code than 0."""
        code = f" ({error_code})" if error_code else ""
        sys.stderr.write(f"The run was marked as failed{code}: {error_details}\n")


def json_value(kind: str, name: str, value: Mapping[str, Any] | str) -> Any:
    """A metric in v1's JSON form.

    Raises:
        UserErrorException: The text is no JSON object.
    """
    try:
        document = json.loads(value) if isinstance(value, str) else plain(value)
    except ValueError as error:
        raise UserErrorException(f"The {kind} {name!r} is no JSON: {error}.") from error
    if not isinstance(document, dict):
        raise UserErrorException(f"The {kind} {name!r} must be a JSON object with 'schema_type' and 'data'.")
    return document
