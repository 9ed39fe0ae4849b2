"""Shared access signatures for Azure Files: one that signs with the account key, one that hands out a given token."""

import threading
from datetime import datetime, timedelta
from typing import Protocol
from urllib.parse import quote

from azure.storage.fileshare import generate_file_sas, generate_share_sas

from shared.adapters.blob_signing import CLOCK_SKEW
from shared.ports.clock import Clock


class FileSigner(Protocol):
    """What signs for one account's shares."""

    def file(
        self, share: str, name: str, permission: str, valid_for: timedelta, *, file_name: str | None = None
    ) -> str:
        """A query string for one file."""
        ...

    def share(self, share: str, permission: str, valid_for: timedelta) -> str:
        """A query string for all files of a share."""
        ...


class FileKeySigner:
    """Signs with the account key. Safe for many threads."""

    def __init__(self, account_name: str, account_key: str, clock: Clock, *, allow_http: bool = False) -> None:
        self._account_name = account_name
        self._account_key = account_key
        self._clock = clock
        self._protocol = "https,http" if allow_http else "https"
        self._lock = threading.Lock()
        self._grants: dict[tuple[str, str, timedelta], tuple[str, datetime]] = {}

    def file(
        self, share: str, name: str, permission: str, valid_for: timedelta, *, file_name: str | None = None
    ) -> str:
        """A query string for one file."""
        now = self._clock.now()
        disposition = None if file_name is None else f"attachment; filename*=UTF-8''{quote(file_name, safe='')}"
        return generate_file_sas(
            self._account_name,
            share,
            name.split("/"),
            self._account_key,
            permission=permission,
            expiry=now + valid_for,
            start=now - CLOCK_SKEW,
            protocol=self._protocol,
            content_disposition=disposition,
        )

    def share(self, share: str, permission: str, valid_for: timedelta) -> str:
        """A query string for a whole share; signed for twice the time and handed out until half of that is gone."""
        now = self._clock.now()
        key = (share, permission, valid_for)
        with self._lock:
            query, expires_at = self._grants.get(key, ("", now))
            if expires_at - now < valid_for:
                expires_at = now + 2 * valid_for
                query = generate_share_sas(
                    self._account_name,
                    share,
                    self._account_key,
                    permission=permission,
                    expiry=expires_at,
                    start=now - CLOCK_SKEW,
                    protocol=self._protocol,
                )
                self._grants[key] = (query, expires_at)
            return query


class GivenFileToken:
    """Hands out a token that somebody else signed: it can be made neither narrower nor shorter."""

    def __init__(self, token: str) -> None:
        self._token = token

    def file(
        self,
        share: str,  # noqa: ARG002 - as the other signer
        name: str,  # noqa: ARG002 - as the other signer
        permission: str,  # noqa: ARG002 - as the other signer
        valid_for: timedelta,  # noqa: ARG002 - as the other signer
        *,
        file_name: str | None = None,  # noqa: ARG002 - as the other signer
    ) -> str:
        """The token."""
        return self._token

    def share(self, share: str, permission: str, valid_for: timedelta) -> str:  # noqa: ARG002 - as the other signer
        """The token."""
        return self._token
