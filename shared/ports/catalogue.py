"""Small named things of the workspace: datastores, datasets, published pipelines, schedules and the like."""

from typing import Protocol

from shared.core.catalogue import CatalogueRecord
from shared.core.records import Page


class Catalogue(Protocol):
    """Records by kind (a class of `CatalogueRecord`) and key, in the order of their keys."""

    def insert[R: CatalogueRecord](self, record: R) -> R:
        """Write a new record; returns it with its etag.

        Raises:
            Conflict: There is one with this key.
        """
        ...

    def replace[R: CatalogueRecord](self, record: R) -> R:
        """Replace a record that still has `record.etag`; returns it with its new one.

        Raises:
            Conflict: Somebody changed it since it was read.
            NotFound: There is none.
        """
        ...

    def put[R: CatalogueRecord](self, record: R) -> R:
        """Insert or replace, whatever is there; returns it with its etag."""
        ...

    def get[R: CatalogueRecord](self, kind: type[R], key: str) -> R:
        """A record.

        Raises:
            NotFound: There is none; the sentence names kind and key.
        """
        ...

    def find[R: CatalogueRecord](self, kind: type[R], key: str) -> R | None:
        """A record, None where there is none."""
        ...

    def delete(self, kind: type[CatalogueRecord], key: str, *, etag: str | None = None) -> None:
        """Delete a record; missing is fine.

        Raises:
            Conflict: `etag` is given and the record has another one.
        """
        ...

    def page[R: CatalogueRecord](
        self, kind: type[R], page_size: int, continuation_token: str | None, *, prefix: str = ""
    ) -> Page[R]:
        """One page of the records whose key starts with `prefix`. It may be short and still have a successor.

        Raises:
            InvalidDocument: The token was not made by an earlier page.
        """
        ...

    def all[R: CatalogueRecord](self, kind: type[R], *, prefix: str = "") -> list[R]:
        """Every record whose key starts with `prefix`."""
        ...
