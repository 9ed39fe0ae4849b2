"""Properties of compute targets that are kept as secrets: rows and answers only ever name them.

Each value goes under a name of its own, so that the old one stays right until the record that names it is replaced.
"""

import secrets
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from shared.core.errors import Fault, PipeyardError
from shared.core.pointers import json_pointer
from shared.core.wording import quoted
from shared.services.workspace import Workspace

SECRET_PROPERTIES = frozenset(
    {
        *("access_token", "account_key", "admin_user_password", "administrator_password", "api_key"),
        *("application_key", "client_secret", "connection_string", "kusto_connection_string", "password"),
        *("primary_key", "private_key", "private_key_passphrase", "sas_token", "secondary_key", "secret"),
        *("service_principal_password", "shared_access_key", "storage_account_key", "token"),
    }
)
"""Properties whose values are kept by the secret store and never shown again."""


def secret_faults(given: Mapping[str, Any]) -> list[Fault]:
    """Secrets that are no texts, or lie where they would not be found; pointers begin below the properties."""
    wrong = [
        Fault(pointer=json_pointer(name), message="It is kept as a secret, and those are texts.")
        for name in sorted(SECRET_PROPERTIES & given.keys())
        if not isinstance(given[name], str | None)
    ]
    hidden = [
        Fault(pointer=json_pointer(name), message=f"It holds {quoted(inner)}; give that at the top.")
        for name, value in given.items()
        for inner in sorted(_names_within(value) & SECRET_PROPERTIES)
    ]
    return wrong + hidden


def without_secrets(given: Mapping[str, Any]) -> dict[str, Any]:
    """The properties that may be written to a row."""
    return {name: value for name, value in given.items() if name not in SECRET_PROPERTIES}


def secret_prefix(target: str, name: str) -> str:
    """What the names begin with under which a property of a target is kept."""
    return f"compute-{target.lower()}--{name.replace('_', '-')}-"


def keep_secrets(workspace: Workspace, target: str, given: Mapping[str, Any]) -> dict[str, str]:
    """Give the secrets among the properties to the secret store.

    Returns:
        By property, the name under which the store has its value.
    """
    kept = {}
    for name in sorted(SECRET_PROPERTIES & given.keys()):
        if given[name]:
            kept[name] = f"{secret_prefix(target, name)}{secrets.token_hex(6)}"
            workspace.services.secrets.set(kept[name], given[name])
    return kept


def forget_secrets(workspace: Workspace, names: Iterable[str]) -> None:
    """Delete secrets that no record names any more."""
    for name in names:
        with suppress(PipeyardError):  # an orphan that nothing names is no reason to fail
            workspace.services.secrets.delete(name)


def _names_within(value: object) -> set[str]:
    if isinstance(value, dict):
        return {*value, *(name for each in value.values() for name in _names_within(each))}
    return {name for each in value for name in _names_within(each)} if isinstance(value, list) else set()
