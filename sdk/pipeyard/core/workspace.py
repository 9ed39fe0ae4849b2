"""v1's `azureml.core.workspace`: a Pipeyard deployment, which is one address, and everything that it keeps by name.

v1 found a workspace by subscription, resource group and name. Those are shown where a configuration file has them;
what leads to the workspace is its address (`PIPEYARD_URL`, or `url` in the file).
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeyard._checks import not_offered
from pipeyard._config import find_workspace, location_of
from pipeyard._named import Named
from pipeyard.exceptions import UserErrorException

if TYPE_CHECKING:
    import builtins

    from pipeyard._client import Client
    from pipeyard._clients.datastores import DatastoresClient
    from pipeyard.core.compute import ComputeTarget
    from pipeyard.core.datastore import Datastore
    from pipeyard.core.environment import Environment
    from pipeyard.core.experiment import Experiment
    from pipeyard.core.model import Model
    from pipeyard.core.run import Run


PROVISIONING = "Workspaces are provisioned with Bicep (`azd up`), or started on this machine with `./dev start`."
DEFAULT_NAME = "pipeyard"


class Workspace:
    """A Pipeyard deployment: one address.

    Attributes:
        url: Base URL of the workspace.
    """

    def __init__(
        self,
        subscription_id: str | None = None,
        resource_group: str | None = None,
        workspace_name: str | None = None,
        auth: Any = None,
        sku: str = "basic",
        tags: Mapping[str, str] | None = None,
        *,
        url: str | None = None,
        location: str | None = None,
        client: "Client | None" = None,
    ) -> None:
        """Name a workspace; nothing is asked of it.

        Args:
            subscription_id: Shown only. An address in this place is the workspace's address.
            resource_group: Shown only.
            workspace_name: Shown only.
            auth: Signs requests in, see `pipeyard.core.authentication`.
            sku: Shown only.
            tags: Shown only.
            url: The workspace's address; found as `from_config` does if there is none.
            location: Shown only.
            client: For tests and special transports.

        Raises:
            UserErrorException: The address is none.
        """
        if isinstance(subscription_id, str) and subscription_id.startswith(("http://", "https://")):
            url, subscription_id = subscription_id, None
        found = find_workspace() if url is None else location_of(url, "Workspace(url)")
        given = {
            "subscription_id": subscription_id,
            "resource_group": resource_group,
            "workspace_name": workspace_name,
            "location": location,
        }
        self._location = found
        self._identity = {**found.identity, **{key: str(value) for key, value in given.items() if value}}
        self._auth = auth
        self._opened = client
        self.sku = sku
        self.tags = dict(tags or {})

    @property
    def url(self) -> str:
        """Base URL of the workspace."""
        return self._location.url

    @property
    def name(self) -> str:
        """Its name, as the configuration or the job's environment has it."""
        return self._shown("workspace_name", "AZUREML_ARM_WORKSPACE_NAME", DEFAULT_NAME)

    @property
    def subscription_id(self) -> str:
        """The subscription, as the configuration or the job's environment has it."""
        return self._shown("subscription_id", "AZUREML_ARM_SUBSCRIPTION", DEFAULT_NAME)

    @property
    def resource_group(self) -> str:
        """The resource group, as the configuration or the job's environment has it."""
        return self._shown("resource_group", "AZUREML_ARM_RESOURCEGROUP", DEFAULT_NAME)

    @property
    def location(self) -> str:
        """The region, as the configuration has it."""
        return self._shown("location", "", "local")

    @property
    def discovery_url(self) -> str:
        """The workspace's own address."""
        return self.url

    def _shown(self, key: str, variable: str, default: str) -> str:
        return self._identity.get(key) or os.environ.get(variable, "") or default

    @property
    def client(self) -> "Client":
        """The workspace's routes; opened on first use."""
        if self._opened is None:
            from pipeyard._client import Client  # noqa: PLC0415  (httpx would triple the import time of every script)

            token = getattr(self._auth, "get_token", None)
            self._opened = Client(self._location, auth=token)
        return self._opened

    @classmethod
    def from_config(
        cls, path: str | Path | None = None, auth: Any = None, *, client: "Client | None" = None
    ) -> "Workspace":
        """Find the workspace: `PIPEYARD_URL`, else a `config.json` here or in a parent directory, else this machine.

        Args:
            path: A configuration file or the directory where the search begins.
            auth: Signs requests in, see `pipeyard.core.authentication`.
            client: For tests and special transports.

        Raises:
            UserErrorException: A configuration file is broken.
        """
        location = find_workspace(path)
        workspace = cls(url=location.url, auth=auth, client=client)
        workspace._location = location
        workspace._identity = dict(location.identity)
        return workspace

    @staticmethod
    def get(
        name: str,
        auth: Any = None,
        subscription_id: str | None = None,
        resource_group: str | None = None,
        location: str | None = None,
        **_: Any,
    ) -> "Workspace":
        """The workspace that `from_config` finds, shown under these names."""
        return Workspace(subscription_id, resource_group, name, auth, location=location)

    @staticmethod
    def create(name: str, *_: Any, **__: Any) -> "Workspace":
        """Refused: a workspace is a deployment."""
        raise not_offered(f"creating the workspace {name!r} from the SDK", PROVISIONING)

    @staticmethod
    def list(*_: Any, **__: Any) -> "dict[str, builtins.list[Workspace]]":
        """Refused: workspaces do not know of each other."""
        raise not_offered("lists of workspaces", "Each workspace is an address: Workspace.from_config() finds yours.")

    def delete(self, *_: Any, **__: Any) -> None:
        """Refused: a workspace is a deployment."""
        raise not_offered("deleting a workspace from the SDK", PROVISIONING)

    def write_config(self, path: str | Path | None = None, file_name: str | None = None) -> None:
        """Write `.azureml/<config.json>` below a directory, for `from_config` to find."""
        file = Path(path or ".") / ".azureml" / (file_name or "config.json")
        file.parent.mkdir(parents=True, exist_ok=True)
        names = {
            "subscription_id": self.subscription_id,
            "resource_group": self.resource_group,
            "workspace_name": self.name,
        }
        file.write_text(json.dumps({"url": self.url, **names}, indent=4), encoding="utf-8")

    def get_details(self) -> dict[str, Any]:
        """What the workspace is called, and where it is."""
        resource = (
            f"/subscriptions/{self.subscription_id}/resourceGroups/{self.resource_group}"
            f"/providers/Microsoft.MachineLearningServices/workspaces/{self.name}"
        )
        return {
            "id": resource,
            "name": self.name,
            "type": "Microsoft.MachineLearningServices/workspaces",
            "location": self.location,
            "discoveryUrl": self.url,
            "sku": self.sku,
            "tags": dict(self.tags),
        }

    @property
    def compute_targets(self) -> "dict[str, ComputeTarget]":
        """Every compute target by name."""
        from pipeyard.core.compute import ComputeTarget  # noqa: PLC0415  (the two modules name each other)

        return Named("compute target", {target.name: target for target in ComputeTarget.list(self)})

    @property
    def environments(self) -> "dict[str, Environment]":
        """Every registered environment by name, latest versions."""
        from pipeyard.core.environment import Environment  # noqa: PLC0415  (the two modules name each other)

        return Named("environment", Environment.list(self))

    @property
    def models(self) -> "dict[str, Model]":
        """The latest version of every registered model by name."""
        from pipeyard.core.model import Model  # noqa: PLC0415  (the two modules name each other)

        return Named("model", {model.name: model for model in Model.list(self, latest=True)})

    @property
    def datasets(self) -> "Mapping[str, Any]":
        """The latest version of every registered dataset by name."""
        from pipeyard.core.dataset import Dataset  # noqa: PLC0415  (loads what evaluates datasets)

        found: Mapping[str, Any] = Dataset.get_all(self)
        return found

    def get_default_compute_target(self, type: str = "CPU") -> "ComputeTarget | None":  # noqa: A002  (v1's name)
        """The compute target that steps run on where they name none; there is one for all types."""
        del type
        return self.compute_targets.get("local")

    def get_default_keyvault(self) -> Any:
        """Refused: secrets are not handed out."""
        raise not_offered(
            "secrets of a workspace",
            "Give them to the compute target's environment, where scripts read them as environment variables.",
        )

    @property
    def datastores(self) -> "dict[str, Datastore]":
        """Every datastore by name."""
        from pipeyard.core.datastore import Datastore  # noqa: PLC0415  (the two modules name each other)

        found = self._datastores().list_datastores()
        return Named("datastore", {item["name"]: Datastore.of_document(self, item) for item in found})

    @property
    def experiments(self) -> "dict[str, Experiment]":
        """Every experiment by name."""
        from pipeyard.core.experiment import Experiment  # noqa: PLC0415  (the two modules name each other)

        return Named("experiment", {item.name: item for item in Experiment.list(self)})

    def get_default_datastore(self) -> "Datastore":
        """The datastore that pipelines use where they name none.

        Raises:
            UserErrorException: The workspace has no default datastore.
        """
        from pipeyard.core.datastore import Datastore  # noqa: PLC0415  (the two modules name each other)

        for item in self._datastores().list_datastores():
            if item["is_default"]:
                return Datastore.of_document(self, item)
        raise UserErrorException(f"The workspace at {self.url} has no default datastore.")

    def set_default_datastore(self, name: "str | Datastore") -> None:
        """Choose the datastore that pipelines use where they name none, by its name or the object.

        Raises:
            UserErrorException: There is none of this name.
        """
        self._datastores().set_default(str(getattr(name, "name", name)))

    def _datastores(self) -> "DatastoresClient":
        from pipeyard._clients.datastores import DatastoresClient  # noqa: PLC0415  (as `client`)

        return DatastoresClient(self.client.http)

    def get_run(self, run_id: str) -> "Run":
        """A pipeline run or a step run by its id.

        Raises:
            UserErrorException: There is none.
        """
        from pipeyard.core.run import Run  # noqa: PLC0415  (the two modules name each other)

        return Run.get(self, run_id)

    def __repr__(self) -> str:
        return f"Workspace(url={self.url!r})"
