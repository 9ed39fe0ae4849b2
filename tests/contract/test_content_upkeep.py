"""What purges rely on: pages of blobs, deletions that respect whoever writes meanwhile, and renewal."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from shared.adapters import blob_sweeping
from shared.adapters.storage.blobs import AzureBlobStore
from tests.fakes.clocks import SystemClock

CONTAINER = "content"


@pytest.fixture
def blobs(storage_account: str) -> Iterator[AzureBlobStore]:
    store = AzureBlobStore.from_connection_string(storage_account, SystemClock())
    store.ensure_containers([CONTAINER])
    yield store
    store.close()


def test_pages_join_to_the_whole_list(blobs: AzureBlobStore) -> None:
    for number in range(7):
        blobs.put(CONTAINER, f"a/{number}", b"x" * number)
    blobs.put(CONTAINER, "b", b"")
    names: list[tuple[str, int]] = []
    position: str | None = ""
    pages = 0
    while position is not None:
        found, position = blobs.page(CONTAINER, "a/", position, 3)
        names += [(blob.name, blob.size) for blob in found]
        pages += 1
    assert names == [(f"a/{number}", number) for number in range(7)]
    assert pages == 3
    assert blobs.page("nothing", "", "") == ([], None)


def test_only_what_is_as_it_was_listed_is_deleted(blobs: AzureBlobStore) -> None:
    for name in ("same", "changed", "gone"):
        blobs.put(CONTAINER, name, b"1")
    listed, _ = blobs.page(CONTAINER, "", "")
    blobs.put(CONTAINER, "changed", b"2")
    blobs.delete(CONTAINER, ["gone"])
    assert [blob.name for blob in blobs.delete_unchanged(CONTAINER, listed)] == ["same"]
    assert [blob.name for blob in blobs.list(CONTAINER, "")] == ["changed"]
    assert blobs.delete_unchanged(CONTAINER, []) == []


def test_content_that_somebody_is_about_to_refer_to_is_renewed(
    blobs: AzureBlobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs.put(CONTAINER, "a", b"1")
    (before,), _ = blobs.page(CONTAINER, "", "")
    assert blobs.renew(CONTAINER, "a")
    assert not blobs.renew(CONTAINER, "b")
    assert blobs.page(CONTAINER, "", "")[0][0].etag == before.etag, "it is young as it is"
    monkeypatch.setattr(blob_sweeping, "RENEW_AFTER", timedelta(seconds=-1))
    assert blobs.renew(CONTAINER, "a")
    assert blobs.delete_unchanged(CONTAINER, [before]) == [], "whoever listed it before must let it be"
    (after,), _ = blobs.page(CONTAINER, "", "")
    assert after.modified_at is not None
    assert before.modified_at is not None
    assert after.modified_at >= before.modified_at
    assert blobs.get(CONTAINER, "a") == b"1"
