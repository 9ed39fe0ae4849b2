"""v1's `azureml.core.model`: files of a trained model under a name, in versions that count up."""

import builtins
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pipeyard._checks import not_offered, require_workspace
from pipeyard.core._entity import Entity
from pipeyard.core._model_files import upload_model
from pipeyard.core.workspace import Workspace
from pipeyard.exceptions import UserErrorException

# ruff: noqa: FBT001, FBT002, PLC0415  (v1's signatures; httpx is loaded when the workspace is asked)

CACHE_FOLDER = "azureml-models"
NOT_FOUND = 404


class Model(Entity):
    """A version of a model.

    Attributes:
        workspace: Where it is registered.
        document: Everything that the workspace knows about it.
    """

    class Framework:
        """Names of frameworks, for `model_framework`."""

        CUSTOM = "Custom"
        ONNX = "Onnx"
        PYTORCH = "PyTorch"
        SCIKITLEARN = "ScikitLearn"
        TENSORFLOW = "TensorFlow"

    def __init__(
        self,
        workspace: Workspace,
        name: str | None = None,
        id: str | None = None,  # noqa: A002  (v1's name)
        tags: Any = None,
        properties: Any = None,
        version: int | str | None = None,
        run_id: str | None = None,
        *,
        document: Mapping[str, Any] | None = None,
    ) -> None:
        """A registered model, the latest version unless one is named.

        Raises:
            UserErrorException: There is none.
        """
        del tags, properties, run_id
        require_workspace(workspace, "Model")
        if document is None:
            if id is not None and ":" in id:
                name, _, version = id.rpartition(":")
            if not name:
                raise UserErrorException("A Model needs a name, or an id such as 'name:3'.")
            document = _client(workspace).get_model(name, "latest" if version is None else str(version))
        super().__init__(workspace, document)

    @staticmethod
    def register(
        workspace: Workspace,
        model_path: str | Path,
        model_name: str,
        tags: Mapping[str, str] | None = None,
        properties: Mapping[str, str] | None = None,
        description: str | None = None,
        datasets: Any = None,
        model_framework: str | None = None,
        model_framework_version: str | None = None,
        child_paths: Iterable[str] | None = None,
        sample_input_dataset: object = None,
        sample_output_dataset: object = None,
        resource_configuration: object = None,
        *,
        run_id: str | None = None,
    ) -> "Model":
        """Upload a file or a folder, and register it as the next version.

        Raises:
            UserErrorException: There is nothing at the path, or the name is wrong.
        """
        require_workspace(workspace, "Model.register")
        del child_paths, sample_input_dataset, sample_output_dataset, resource_configuration
        datastore, path = upload_model(workspace, model_name, Path(model_path))
        named = {f"dataset.{use}": _dataset_text(dataset) for use, dataset in datasets or ()}
        body = {
            "name": model_name,
            "datastore": datastore,
            "path": path,
            "description": description,
            "tags": {key: str(value) for key, value in (tags or {}).items()},
            "properties": {**named, **{key: str(value) for key, value in (properties or {}).items()}},
            "run_id": run_id,
            "framework": model_framework,
            "framework_version": model_framework_version,
        }
        sent = {key: value for key, value in body.items() if value not in (None, {})}
        return Model(workspace, document=_client(workspace).register_model(sent))

    @staticmethod
    def list(
        workspace: Workspace,
        name: str | None = None,
        tags: Any = None,
        properties: Any = None,
        run_id: str | None = None,
        latest: bool = False,
        **_: Any,
    ) -> "builtins.list[Model]":
        """Registered models.

        Args:
            workspace: Where they are registered.
            name: Only versions of this model.
            tags: Keys, or (key, value) pairs, that a model must have.
            properties: Likewise.
            run_id: Only models that this run made.
            latest: Only the highest version of each.
        """
        require_workspace(workspace, "Model.list")
        models = [Model(workspace, document=item) for item in _client(workspace).list_models(name)]
        found = [
            model
            for model in models
            if _has(model.tags, tags) and _has(model.properties, properties) and run_id in {None, model.run_id}
        ]
        if not latest:
            return found
        highest: dict[str, Model] = {}
        for model in found:
            if model.name not in highest or highest[model.name].version < model.version:
                highest[model.name] = model
        return [*highest.values()]

    @staticmethod
    def get_model_path(model_name: str, version: int | str | None = None, _workspace: Workspace | None = None) -> str:
        """The local path of a registered model, downloaded once to `azureml-models/<name>/<version>`.

        Raises:
            UserErrorException: There is neither such a model nor such a path.
        """
        try:
            model = Model(_workspace or Workspace.from_config(), model_name, version=version)
        except UserErrorException as error:
            if error.status == NOT_FOUND and Path(model_name).exists():
                return model_name
            raise
        return model.download(Path(CACHE_FOLDER) / model.name / str(model.version), exist_ok=True)

    @property
    def version(self) -> int:
        """Its version."""
        return int(self.document["version"])

    @property
    def tags(self) -> dict[str, str]:
        """Its tags."""
        return dict(self.document.get("tags") or {})

    @property
    def run_id(self) -> str | None:
        """The run that made it."""
        return self.document.get("run_id")

    @property
    def created_time(self) -> str:
        """When it was registered."""
        return str(self.document.get("created_at") or "")

    @property
    def model_framework(self) -> str | None:
        """What it was made with."""
        return self.document.get("framework")

    @property
    def url(self) -> str:
        """Where it lies."""
        return f"{self.document['datastore']}/{self.document['path']}"

    def download(self, target_dir: str | Path = ".", exist_ok: bool = False, exists_ok: bool | None = None) -> str:
        """Download the model below a directory; returns its path.

        Raises:
            UserErrorException: It is there already and `exist_ok` is off.
        """
        path = str(self.document["path"])
        target = Path(target_dir) / path.rpartition("/")[2]
        if target.exists():
            if exist_ok or exists_ok:
                return str(target)
            raise UserErrorException(f"{target} exists. Set exist_ok=True to use it.")
        from pipeyard.core.datastore import Datastore

        partial = target.with_name(f".{target.name}.partial")
        Datastore.get(self.workspace, str(self.document["datastore"])).download(
            partial, prefix=path, overwrite=True, show_progress=False
        )
        shutil.move(partial / path, target)
        shutil.rmtree(partial)
        return str(target)

    def add_tags(self, tags: Mapping[str, str]) -> None:
        """Attach tags."""
        self._change({"tags": {**self.tags, **{key: str(value) for key, value in tags.items()}}})

    def remove_tags(self, tags: Iterable[str]) -> None:
        """Take tags away."""
        gone = {tags} if isinstance(tags, str) else set(tags)
        self._change({"tags": {key: value for key, value in self.tags.items() if key not in gone}})

    def update(self, tags: Mapping[str, str] | None = None, description: str | None = None, **_: Any) -> None:
        """Replace tags and description."""
        changes = {"tags": None if tags is None else dict(tags), "description": description}
        self._change({key: value for key, value in changes.items() if value is not None})

    def add_properties(self, properties: Mapping[str, str]) -> None:
        """Attach facts that never change."""
        self._change({"properties": {key: str(value) for key, value in properties.items()}})

    def delete(self) -> None:
        """Take this version out of the list; its files stay."""
        _client(self.workspace).delete_model(self.name, str(self.version))

    @staticmethod
    def deploy(*_: Any, **__: Any) -> Any:
        """Refused: Pipeyard runs pipelines."""
        raise not_offered("deployments of models", "Model.download() gives you the files for a service of your own.")

    def serialize(self) -> dict[str, Any]:
        """Everything that the workspace knows about it."""
        return dict(self.document)

    def _change(self, changes: Mapping[str, Any]) -> None:
        self.document = _client(self.workspace).change_model(self.name, str(self.version), changes)

    def __repr__(self) -> str:
        return f"Model(name={self.name!r}, version={self.version})"


def _client(workspace: Workspace) -> Any:
    from pipeyard._clients.catalogue import CatalogueClient

    return CatalogueClient(workspace.client.http)


def _dataset_text(dataset: Any) -> str:
    version = getattr(dataset, "version", None)
    name = getattr(dataset, "name", None)
    return f"{name}:{version}" if name and version else str(getattr(dataset, "id", dataset))


def _has(found: Mapping[str, str], wanted: Any) -> bool:
    """Whether all wanted keys, or (key, value) pairs, are there."""
    if wanted is None:
        return True
    for item in [wanted] if isinstance(wanted, str) else wanted.items() if isinstance(wanted, Mapping) else wanted:
        key, value = (item, None) if isinstance(item, str) else (item[0], item[1])
        if key not in found or (value is not None and found[key] != str(value)):
            return False
    return True
