"""Listing, renewing and deleting the blobs of a container one page at a time, safe beside whoever writes meanwhile."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

from azure.core import MatchConditions
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from azure.storage.blob import BlobProperties, ContainerClient

from shared.ports.blobs import BlobInfo

RENEW_AFTER = timedelta(hours=6)
"""A blob that was written or renewed later is young enough: purges wait for days."""
_DELETERS = 8
HELD = frozenset({HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED})
"""What storage answers to the deletion of a blob that somebody has leased, or that a policy or legal hold keeps."""


def renew(container: ContainerClient, name: str) -> bool:
    """Whether a blob is there; an older one gets a new time of modification."""
    dates: list[str] = []
    blob = container.get_blob_client(name)

    def note_date(response: Any) -> None:
        dates.append(response.http_response.headers["Date"])

    try:
        found = blob.get_blob_properties(raw_response_hook=note_date)
        # Both times are the service's: this machine's clock does not matter.
        if parsedate_to_datetime(dates[-1]) - found.last_modified > RENEW_AFTER:
            blob.set_blob_metadata(found.metadata)
    except ResourceNotFoundError:
        return False
    return True


def page(container: ContainerClient, prefix: str, position: str, size: int) -> tuple[list[BlobInfo], str | None]:
    """One page of a listing with the position after it. A missing container has no blobs."""
    listing: Any = container.list_blobs(name_starts_with=prefix, results_per_page=size)
    pages = listing.by_page(continuation_token=position or None)
    try:
        found = [_info(blob) for blob in next(pages, ())]
    except ResourceNotFoundError:
        return [], None
    return found, pages.continuation_token or None


def delete_unchanged(container: ContainerClient, blobs: list[BlobInfo]) -> list[BlobInfo]:
    """Delete blobs that are still as they were listed; returns those that were."""

    def delete(blob: BlobInfo) -> bool:
        try:
            container.delete_blob(blob.name, etag=f'"{blob.etag}"', match_condition=MatchConditions.IfNotModified)
        except ResourceNotFoundError:
            return False
        except HttpResponseError as error:
            if error.status_code not in HELD:  # else changed, or held: one such blob must not hold up the others
                raise
            return False
        return True

    if not blobs:
        return []
    with ThreadPoolExecutor(min(_DELETERS, len(blobs))) as pool:
        gone = list(pool.map(delete, blobs))
    return [blob for blob, went in zip(blobs, gone, strict=True) if went]


def _info(blob: BlobProperties) -> BlobInfo:
    return BlobInfo(name=blob.name, size=blob.size, etag=blob.etag.strip('"'), md5=None, modified_at=blob.last_modified)
