"""Files to and from signed storage URLs, eight at a time."""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pipeyard._core.paths import relative_path_fault
from pipeyard._http import HttpSession
from pipeyard._storage.local_files import LOCAL_SCHEME, local_path
from pipeyard.exceptions import ServiceException

THREADS = 8
_CHUNK = 1 << 20


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


def download_file(http: HttpSession, url: str, target: Path, sha256: str | None = None, md5: str | None = None) -> None:
    """GET a file to `target`, complete or not at all.

    Raises:
        ServiceException: Storage did not deliver, or delivered other bytes than the digest says.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f"{target.name}.{os.getpid()}.part")
    expected = sha256 or md5
    digest = hashlib.md5(usedforsecurity=False) if sha256 is None and md5 is not None else hashlib.sha256()
    try:
        with partial.open("wb") as file:
            for chunk in _chunks(http, url):
                digest.update(chunk)
                file.write(chunk)
        if expected is not None and digest.hexdigest() != expected:
            raise ServiceException(f"{target.name} arrived with the digest {digest.hexdigest()} instead of {expected}.")
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


def _chunks(http: HttpSession, url: str) -> Iterator[bytes]:
    if url.startswith(LOCAL_SCHEME):
        with local_path(http, url).open("rb") as file:
            while chunk := file.read(_CHUNK):
                yield chunk
        return
    with http.stream(url) as response:
        yield from response.iter_bytes()


def below(directory: Path, path: str) -> Path:
    """The local place of a relative path that a workspace named; it never leaves `directory`.

    Raises:
        ServiceException: The path would leave it.
    """
    fault = relative_path_fault(path)
    if fault:
        raise ServiceException(f"The workspace named a file {path!r}. {fault}")
    return directory / path
