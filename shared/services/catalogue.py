"""Changing records of the catalogue although others may change them at the same time."""

from collections.abc import Callable

from shared.core.catalogue import CatalogueRecord
from shared.core.errors import Conflict
from shared.services.workspace import Workspace

CHANGE_TRIES = 20
"""How often a change is tried again after somebody else changed the record first."""


def change[R: CatalogueRecord](workspace: Workspace, kind: type[R], key: str, changed: Callable[[R], R]) -> R:
    """Replace a record by what `changed` makes of its latest state; a record that stays the same is not written.

    Raises:
        NotFound: There is no such record.
        Conflict: Others change it all the time, or `changed` says so.
    """
    for _ in range(CHANGE_TRIES):
        old = workspace.services.catalogue.get(kind, key)
        new = changed(old)
        if new == old:
            return old
        try:
            return workspace.services.catalogue.replace(new)
        except Conflict:
            continue
    raise Conflict(f"The {kind.label} `{key}` is being changed by others all the time; try again.")
