"""v1's `azureml.core.workspace`."""

from pathlib import Path
from typing import TYPE_CHECKING

from pipeyard._config import WorkspaceLocation, find_workspace
from pipeyard.exceptions import UserErrorException

if TYPE_CHECKING:
    from pipeyard._client import Client
    from pipeyard.core.datastore import Datastore
    from pipeyard.core.experiment import Experiment
    from pipeyard.pipeline.core.run import PipelineRun


class Workspace:
    """A Pipeyard deployment: one address.

    Attributes:
        url: Base URL of the workspace.
    """

    def __init__(self, url: str, *, client: "Client | None" = None) -> None:
        self._location = WorkspaceLocation(url=url.rstrip("/"), source="Workspace(url)")
        self._opened = client

    @property
    def url(self) -> str:
        """Base URL of the workspace."""
        return self._location.url

    @property
    def client(self) -> "Client":
        """The workspace's routes; opened on first use."""
        if self._opened is None:
            from pipeyard._client import Client  # noqa: PLC0415  (httpx would triple the import time of every script)

            self._opened = Client(self._location)
        return self._opened

    @classmethod
    def from_config(cls, path: str | Path | None = None, *, client: "Client | None" = None) -> "Workspace":
        """Find the workspace: `PIPEYARD_URL`, else a `config.json` here or in a parent directory, else this machine.

        Args:
            path: A configuration file or the directory where the search begins.
            client: For tests and special transports.

        Raises:
            UserErrorException: A configuration file is broken.
        """
        location = find_workspace(path)
        workspace = cls(location.url, client=client)
        workspace._location = location
        return workspace

    @property
    def datastores(self) -> "dict[str, Datastore]":
        """Every datastore by name."""
        from pipeyard.core.datastore import Datastore  # noqa: PLC0415  (the two modules name each other)

        return {item["name"]: Datastore(self, item["name"]) for item in self.client.list_datastores()}

    @property
    def experiments(self) -> "dict[str, Experiment]":
        """Every experiment by name."""
        from pipeyard.core.experiment import Experiment  # noqa: PLC0415  (the two modules name each other)

        return {item.name: item for item in Experiment.list(self)}

    def get_default_datastore(self) -> "Datastore":
        """The datastore that pipelines use where they name none.

        Raises:
            UserErrorException: The workspace has no default datastore.
        """
        from pipeyard.core.datastore import Datastore  # noqa: PLC0415  (the two modules name each other)

        for item in self.client.list_datastores():
            if item["is_default"]:
                return Datastore(self, item["name"])
        raise UserErrorException(f"The workspace at {self.url} has no default datastore.")

    def get_run(self, run_id: str) -> "PipelineRun":
        """A pipeline run by its id.

        Raises:
            UserErrorException: There is none.
        """
        from pipeyard.pipeline.core.run import PipelineRun  # noqa: PLC0415  (the two modules name each other)

        return PipelineRun.get(self, run_id)

    def __repr__(self) -> str:
        return f"Workspace(url={self.url!r})"
