"""v1's linked services: Synapse workspaces that Azure ML knew. Here a Spark pool is attached by its name."""

from dataclasses import dataclass
from typing import Any, NoReturn

from pipeyard._checks import not_offered

_INSTEAD = (
    "Attach the pool itself: SynapseCompute.attach_configuration(linked_service='<workspace>', pool_name='<pool>')."
)


@dataclass(frozen=True, slots=True)
class SynapseWorkspaceLinkedServiceConfiguration:
    """Names of a Synapse workspace."""

    subscription_id: str
    resource_group: str
    name: str


class LinkedService:
    """A Synapse workspace; every method says what to use instead."""

    @staticmethod
    def register(*_: Any, **__: Any) -> NoReturn:
        """Refused."""
        raise not_offered("linked services", _INSTEAD)

    @staticmethod
    def get(*_: Any, **__: Any) -> NoReturn:
        """Refused."""
        raise not_offered("linked services", _INSTEAD)

    @staticmethod
    def list(*_: Any, **__: Any) -> list[Any]:
        """None."""
        return []
