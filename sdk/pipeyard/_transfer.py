"""Files to and from signed storage URLs, eight at a time."""

import hashlib
import os
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pipeyard._core.paths import relative_path_fault
from pipeyard._http import HttpSession
from pipeyard.exceptions import ServiceException

THREADS = 8
BLOB_HEADERS = {"x-ms-blob-type": "BlockBlob"}


def in_parallel[Item](work: Callable[[Item], object], items: Iterable[Item]) -> None:
    """Call `work` for every item on a few threads; the first failure is raised and what has not begun is dropped."""
    with ThreadPoolExecutor(THREADS) as pool:
        futures = [pool.submit(work, item) for item in items]
        try:
            for future in futures:
                future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def upload_files(http: HttpSession, urls: Mapping[str, str], sources: Mapping[str, Path]) -> None:
    """PUT each file of `sources` (by its path on the datastore) to the URL of the same path."""

    def upload(path: str) -> None:
        # Whole in memory, so that a try after a broken connection sends the file from its beginning.
        http.send("PUT", urls[path], content=sources[path].read_bytes(), headers=BLOB_HEADERS)

    in_parallel(upload, sources)


def download_file(http: HttpSession, url: str, target: Path, sha256: str | None = None) -> None:
    """GET a file to `target`, complete or not at all.

    Raises:
        ServiceException: Storage did not deliver, or delivered other bytes than `sha256` says.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f"{target.name}.{os.getpid()}.part")
    digest = hashlib.sha256()
    try:
        with http.stream(url) as response, partial.open("wb") as file:
            for chunk in response.iter_bytes():
                digest.update(chunk)
                file.write(chunk)
        if sha256 is not None and digest.hexdigest() != sha256:
            raise ServiceException(f"{target.name} arrived with the digest {digest.hexdigest()} instead of {sha256}.")
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def below(directory: Path, path: str) -> Path:
    """The local place of a relative path that a workspace named; it never leaves `directory`.

    Raises:
        ServiceException: The path would leave it.
    """
    fault = relative_path_fault(path)
    if fault:
        raise ServiceException(f"The workspace named a file {path!r}. {fault}")
    return directory / path
