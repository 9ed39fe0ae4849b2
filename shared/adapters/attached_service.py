"""Compute targets of services that exist already and look after themselves: all there is to do is to try the door."""

from collections.abc import Callable
from typing import Any

from shared.ports.compute import TargetStatus


class AttachedService:
    """The `ComputeProvisioner` port for such a target.

    Args:
        try_it: Asks the service something that costs nothing; raises what the service says where it refuses.
    """

    def __init__(self, try_it: Callable[[], None]) -> None:
        self._try = try_it

    def check(self) -> None:
        """Try the connection."""
        self._try()

    def apply(self) -> None:
        """Nothing to do."""

    def status(self) -> TargetStatus:
        """It was there when it was attached; whether it still is, jobs find out."""
        return TargetStatus(provisioning_state="Succeeded")

    def nodes(self) -> list[dict[str, Any]]:
        """None that anybody could see."""
        return []

    def remove(self) -> None:
        """Nothing to do."""
