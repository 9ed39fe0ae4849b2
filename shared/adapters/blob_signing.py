"""Shared access signatures for blobs, signed with the account key or with a user delegation key.

A signature starts a little in the past, because clocks differ. With an identity, nothing can be signed for longer
than a user delegation key lives.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from urllib.parse import quote

from azure.storage.blob import (
    BlobSasPermissions,
    ContainerSasPermissions,
    UserDelegationKey,
    generate_blob_sas,
    generate_container_sas,
)

from shared.core.errors import TooLarge
from shared.ports.clock import Clock

CLOCK_SKEW = timedelta(minutes=5)
DELEGATION_LIFE = timedelta(days=7) - 2 * CLOCK_SKEW
"""Life of a user delegation key; the service allows seven days."""
MAX_CACHED_GRANTS = 256

DelegationKeys = Callable[[datetime, datetime], UserDelegationKey]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Grant:
    """A container's signature and when it ends."""

    query: str
    expires_at: datetime


class BlobSigner(Protocol):
    """What signs for one account's blobs."""

    def blob(
        self, container: str, name: str, permission: str, valid_for: timedelta, *, file_name: str | None = None
    ) -> str:
        """A query string for one blob."""
        ...

    def container(self, container: str, permission: str, valid_for: timedelta) -> str:
        """A query string for all blobs of a container."""
        ...


class GivenToken:
    """Hands out a token that somebody else signed: it can be made neither narrower nor shorter."""

    def __init__(self, token: str) -> None:
        self._token = token

    def blob(
        self,
        container: str,  # noqa: ARG002 - as the other signer
        name: str,  # noqa: ARG002 - as the other signer
        permission: str,  # noqa: ARG002 - as the other signer
        valid_for: timedelta,  # noqa: ARG002 - as the other signer
        *,
        file_name: str | None = None,  # noqa: ARG002 - as the other signer
    ) -> str:
        """The token."""
        return self._token

    def container(self, container: str, permission: str, valid_for: timedelta) -> str:  # noqa: ARG002 - as above
        """The token."""
        return self._token


class SasSigner:
    """Signs for one account. Safe for many threads."""

    def __init__(
        self,
        account_name: str,
        clock: Clock,
        *,
        account_key: str | None = None,
        delegation_keys: DelegationKeys | None = None,
        allow_http: bool = False,
    ) -> None:
        self._account_name = account_name
        self._clock = clock
        self._account_key = account_key
        self._delegation_keys = delegation_keys
        self._protocol = "https,http" if allow_http else "https"
        self._lock = threading.Lock()
        self._key: tuple[UserDelegationKey, datetime] | None = None
        self._grants: dict[tuple[str, str, timedelta], _Grant] = {}

    def blob(
        self, container: str, name: str, permission: str, valid_for: timedelta, *, file_name: str | None = None
    ) -> str:
        """A query string for one blob."""
        now = self._clock.now()
        expires_at = now + valid_for
        return generate_blob_sas(
            self._account_name,
            container,
            name,
            permission=BlobSasPermissions.from_string(permission),
            content_disposition=None if file_name is None else _attachment(file_name),
            **self._terms(now, expires_at),
        )

    def container(self, container: str, permission: str, valid_for: timedelta) -> str:
        """A query string for all blobs of a container, valid for `valid_for` or up to twice as long.

        It is signed for twice the time and handed out again until half of that is gone.
        """
        now = self._clock.now()
        place = (container, permission, valid_for)
        known = self._grants.get(place)
        if known is not None and known.expires_at - now >= valid_for:
            return known.query
        life = 2 * valid_for if self._delegation_keys is None else max(valid_for, min(2 * valid_for, DELEGATION_LIFE))
        query = generate_container_sas(
            self._account_name,
            container,
            permission=ContainerSasPermissions.from_string(permission),
            **self._terms(now, now + life),
        )
        with self._lock:
            if len(self._grants) >= MAX_CACHED_GRANTS:
                self._grants.clear()
            self._grants[place] = _Grant(query=query, expires_at=now + life)
        return query

    def _terms(self, now: datetime, expires_at: datetime) -> dict[str, Any]:
        """Arguments that every signature shares."""
        terms: dict[str, Any] = {"start": now - CLOCK_SKEW, "expiry": expires_at, "protocol": self._protocol}
        if self._delegation_keys is None:
            return terms | {"account_key": self._account_key}
        return terms | {"user_delegation_key": self._delegation_key(self._delegation_keys, now, expires_at)}

    def _delegation_key(self, fetch: DelegationKeys, now: datetime, needed_until: datetime) -> UserDelegationKey:
        if needed_until - now > DELEGATION_LIFE:
            raise TooLarge(
                f"A signature for {needed_until - now} was asked for; "
                f"the app's identity can sign for {DELEGATION_LIFE} at most."
            )
        with self._lock:
            if self._key is None or self._key[1] < needed_until:
                until = now + DELEGATION_LIFE
                self._key = (fetch(now - CLOCK_SKEW, until), until)
            return self._key[0]


def _attachment(file_name: str) -> str:
    """A Content-Disposition that saves under `file_name` (RFC 6266)."""
    return f"attachment; filename*=UTF-8''{quote(file_name, safe='')}"
