"""Records with a name and versions that count up from 1."""

from collections.abc import Callable

from shared.core.catalogue import CatalogueRecord
from shared.core.errors import Conflict, NotFound
from shared.core.records import Page
from shared.core.versions import version_key, version_prefix
from shared.services.workspace import Workspace

INSERT_TRIES = 5
"""How often the next version is tried after somebody else took it first."""


def newest[R: CatalogueRecord](workspace: Workspace, kind: type[R], name: str) -> R | None:
    """The newest version of a name, None where there is none."""
    token: str | None = None
    while True:
        page: Page[R] = workspace.services.catalogue.page(kind, 1, token, prefix=version_prefix(name))
        if page.value or page.continuation_token is None:
            return page.value[0] if page.value else None
        token = page.continuation_token


def get_version[R: CatalogueRecord](workspace: Workspace, kind: type[R], name: str, version: int | None) -> R:
    """A version of a name; None is the newest.

    Raises:
        NotFound: No such name or version.
    """
    latest = newest(workspace, kind, name)
    if latest is None:
        raise NotFound(f"There is no {kind.label} `{name}`.")
    if version is None:
        return latest
    found = workspace.services.catalogue.find(kind, version_key(name, version))
    if found is None:
        raise NotFound(f"The {kind.label} `{name}` has no version {version}.")
    return found


def add_version[R: CatalogueRecord](
    workspace: Workspace, kind: type[R], name: str, make: Callable[[R | None], R | None]
) -> tuple[R, bool]:
    """Insert what `make` returns for the newest version (None: there is none yet).

    Returns:
        The new record and True, or the newest one and False where `make` returns None: there is nothing new.

    Raises:
        Conflict: Others add versions of this name all the time.
    """
    for _ in range(INSERT_TRIES):
        latest = newest(workspace, kind, name)
        record = make(latest)
        if record is None:
            assert latest is not None  # noqa: S101 - `make` found nothing new in it
            return latest, False
        try:
            return workspace.services.catalogue.insert(record), True
        except Conflict:
            continue
    raise Conflict(f"Versions of the {kind.label} `{name}` are being added by others all the time; try again.")
