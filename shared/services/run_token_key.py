"""The key that signs run tokens: made by whoever needs it first, and the same for all instances from then on.

A key vault cannot keep a value only if there is none. So every key has a name of its own, and a record, which can be
written only once, says which one counts.
"""

import secrets as random
from typing import ClassVar

from shared.core import names
from shared.core.catalogue import CatalogueRecord
from shared.core.errors import Conflict, NotFound, PipeyardError
from shared.ports.catalogue import Catalogue
from shared.ports.secrets import SecretStore

_TRIES = 5


class RunTokenKey(CatalogueRecord):
    """Which secret is the key."""

    kind: ClassVar[str] = "run_token_key"
    label: ClassVar[str] = "key of run tokens"

    secret_name: str

    @property
    def key(self) -> str:
        """There is one."""
        return "the"


def run_token_key(secrets: SecretStore, catalogue: Catalogue) -> str:
    """The key, made if there is none.

    Raises:
        PipeyardError: Neither this instance nor another could keep one.
    """
    if (given := secrets.get(names.RUN_TOKEN_KEY)) is not None:
        return given
    for _ in range(_TRIES):
        known = catalogue.find(RunTokenKey, "the")
        kept = secrets.get(known.secret_name) if known is not None else None
        if kept:
            return kept
        name = f"{names.RUN_TOKEN_KEY}-{random.token_hex(6)}"
        secrets.set(name, random.token_urlsafe(48))
        try:
            if known is None:
                catalogue.insert(RunTokenKey(secret_name=name))
            else:  # its secret is lost
                catalogue.replace(RunTokenKey(secret_name=name, etag=known.etag))
        except (Conflict, NotFound):  # another instance was faster: the next look finds its key
            secrets.delete(name)
    raise PipeyardError("The key of run tokens could not be kept. Set PIPEYARD_RUN_TOKEN_KEY.")
