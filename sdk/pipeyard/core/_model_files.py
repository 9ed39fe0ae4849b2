"""Files of models: to a datastore when a model is registered, to the local disk when it is used."""

import tempfile
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeyard.core.workspace import Workspace
from pipeyard.exceptions import UserErrorException

if TYPE_CHECKING:
    from pipeyard.core.model import Model

FOLDER = "models"


def upload_model(workspace: Workspace, name: str, source: Path) -> tuple[str, str]:
    """Put a file or a folder on the default datastore; returns the datastore's name and the path there.

    Raises:
        UserErrorException: There is nothing at this path.
    """
    if not source.exists():
        raise UserErrorException(f"The model {name!r}: there is nothing at {source.absolute()}.")
    store = workspace.get_default_datastore()
    folder = f"{FOLDER}/{name}/{uuid.uuid4().hex}"
    if source.is_dir():
        store.upload(source, f"{folder}/{source.name}", show_progress=False)
    else:
        store.upload_files([source], target_path=folder, show_progress=False)
    return store.name, f"{folder}/{source.name}"


def register_from_run(run: Any, name: str, path: str, about: Mapping[str, Any]) -> "Model":
    """Register a file or a folder of a run as a model.

    Raises:
        UserErrorException: The run has nothing of this name.
    """
    from pipeyard.core.model import Model  # noqa: PLC0415  (the two modules name each other)

    workspace = run.experiment.workspace
    if Path(path).exists() and getattr(run, "_inside", False):
        return Model.register(workspace, path, name, run_id=run.id, **about)
    names = run.get_file_names()
    found = next((item for item in (path, f"outputs/{path}") if _holds(names, item)), None)
    if found is None:
        raise UserErrorException(f"The run {run.id} has no file {path!r}. It has: {', '.join(names) or 'none'}.")
    with tempfile.TemporaryDirectory() as folder:
        run.download_files(prefix=found, output_directory=folder)
        return Model.register(workspace, Path(folder) / found, name, run_id=run.id, **about)


def _holds(names: list[str], path: str) -> bool:
    return any(name == path or name.startswith(f"{path.rstrip('/')}/") for name in names)
