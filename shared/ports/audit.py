"""The record of who did what."""

from datetime import datetime
from typing import Protocol

from shared.core.audit import AuditRecord
from shared.core.records import Page


class AuditLog(Protocol):
    """Records that are added and read, never changed."""

    def add(self, record: AuditRecord) -> None:
        """Write a record; durable when it returns."""
        ...

    def page(
        self,
        *,
        caller: str | None,
        action: str | None,
        since: datetime | None,
        page_size: int,
        continuation_token: str | None,
    ) -> Page[AuditRecord]:
        """One page, newest first. It may be short and still have a successor.

        Raises:
            InvalidDocument: The token was not made by an earlier page.
        """
        ...

    def older(self, before: datetime, position: str, size: int) -> tuple[list[str], str | None]:
        """Ids of up to `size` records of an earlier time, and the position after them, None at the end."""
        ...

    def delete(self, ids: list[str]) -> None:
        """Delete records; missing ones are fine."""
        ...
