"""Waiting for compute targets, with v1's words about it."""

import sys
import time
from typing import TYPE_CHECKING

from pipeyard.exceptions import ComputeTargetException

if TYPE_CHECKING:
    from pipeyard.core.compute.base import ComputeTarget

POLL_SECONDS = 1.0
MINUTE = 60
SUCCEEDED = "Succeeded"
FAILURES = frozenset({"Failed", "Canceled"})
NOT_FOUND = 404


def wait_until_made(
    target: "ComputeTarget", *, show_output: bool, least_nodes: int | None, timeout_in_minutes: float
) -> None:
    """Wait until a target is there, and has so many nodes; returns after the time-out, too, and says so.

    Args:
        target: The compute target.
        show_output: Print each state, and a dot for each look at it.
        least_nodes: None for targets without nodes.
        timeout_in_minutes: Give up waiting after this long.

    Raises:
        ComputeTargetException: It could not be made; in the words of the service.
    """
    progress = _Progress(show=show_output)
    deadline = time.monotonic() + timeout_in_minutes * MINUTE
    while True:
        state = target.provisioning_state
        progress.tell(state)
        errors = target.status.errors
        if state in FAILURES or errors:
            progress.end("")
            what = "could not be made" if state in FAILURES else "reports errors"
            said = "; ".join(errors) or f"its state is {state}, and its service says no more"
            raise ComputeTargetException(f"The compute target {target.name!r} {what}: {said}")
        if state == SUCCEEDED and (least_nodes is None or _nodes(target) >= least_nodes):
            progress.end(_farewell(target, least_nodes))
            return
        if time.monotonic() >= deadline:
            progress.end("Wait timeout has been reached", always=True)
            progress.end(
                f'Current provisioning state of {target.type} is "{state}" and current node count is '
                f'"{_nodes(target)}"',
                always=True,
            )
            return
        target.workspace.client.sleep(POLL_SECONDS)
        target.refresh_state()


def wait_until_gone(target: "ComputeTarget", *, show_output: bool, timeout_in_minutes: float) -> None:
    """Wait until a target that is being deleted is gone.

    Raises:
        ComputeTargetException: It could not be deleted; in the words of the service.
    """
    progress = _Progress(show=show_output)
    deadline = time.monotonic() + timeout_in_minutes * MINUTE
    while time.monotonic() < deadline:
        try:
            target.refresh_state()
        except ComputeTargetException as error:
            if error.status != NOT_FOUND:
                raise
            progress.end("Deleted")
            return
        progress.tell(target.provisioning_state)
        if target.provisioning_state in {SUCCEEDED, *FAILURES}:
            said = "; ".join(target.status.errors) or f"its state is {target.provisioning_state}"
            raise ComputeTargetException(f"The compute target {target.name!r} was not deleted: {said}")
        target.workspace.client.sleep(POLL_SECONDS)
    progress.end("Wait timeout has been reached", always=True)


def _nodes(target: "ComputeTarget") -> int:
    return int(target.status.details.get("currentNodeCount") or 0)


def _farewell(target: "ComputeTarget", least_nodes: int | None) -> str:
    if least_nodes is None:
        return f'Provisioning operation finished, operation "{target.provisioning_state}"'
    return f"{target.type} wait for completion finished\n\nMinimum number of nodes requested have been provisioned"


class _Progress:
    """States as they come, each on a line of its own, with a dot for each further look."""

    def __init__(self, *, show: bool) -> None:
        self._show = show
        self._last = ""

    def tell(self, state: str) -> None:
        if not self._show:
            return
        if state == self._last:
            sys.stdout.write(".")
        else:
            sys.stdout.write(f"\n{state}" if self._last else state)
        self._last = state
        sys.stdout.flush()

    def end(self, text: str, *, always: bool = False) -> None:
        if self._show and self._last:
            sys.stdout.write("\n")
        self._last = ""
        if text and (self._show or always):
            sys.stdout.write(f"{text}\n")
