"""Many files to and from one datastore: small ones side by side, large ones one after the other in parallel pieces."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pipeyard._clients.datastores import DatastoresClient
from pipeyard._http import HttpSession
from pipeyard._storage import blobs, downloads
from pipeyard._storage.addresses import Addresses
from pipeyard._storage.file_shares import upload_share_file
from pipeyard._storage.local_files import copy_file, local_path
from pipeyard._transfer import in_parallel
from pipeyard._wire import StoredFile

Count = Callable[[int], None]


def upload_all(http: HttpSession, datastore: str, kind: str, sources: Mapping[str, Path], sent: Count) -> None:
    """Upload files.

    Args:
        http: The workspace's session.
        datastore: The datastore's name.
        kind: Its type.
        sources: Local file by path on the datastore.
        sent: Told how many bytes have arrived.
    """
    client = DatastoresClient(http)
    addresses = Addresses(lambda paths: client.upload_urls(datastore, paths), sources)
    if kind == "local_folder":
        in_parallel(lambda path: sent(copy_file(sources[path], local_path(http, addresses.of(path)))), sources)
    elif kind == "azure_file":
        # One after the other: their folders may be the same, and creating one twice at once is a conflict.
        for path, source in sources.items():
            upload_share_file(http, lambda path=path: addresses.of(path), source, sent)  # type: ignore[misc]
    else:
        large = [path for path, source in sources.items() if source.stat().st_size > blobs.ONE_PUT_BYTES]
        small = sorted(sources.keys() - set(large))
        in_parallel(lambda path: blobs.upload_small(http, addresses.of(path), sources[path], sent), small)
        with ThreadPoolExecutor(blobs.IN_FLIGHT) as pool:
            for path in large:
                blobs.upload_large(http, lambda path=path: addresses.of(path), sources[path], pool, sent)  # type: ignore[misc]


def download_all(
    http: HttpSession, datastore: str, kind: str, files: Mapping[Path, StoredFile], received: Count
) -> None:
    """Download files.

    Args:
        http: The workspace's session.
        datastore: The datastore's name.
        kind: Its type.
        files: File of a listing by local place.
        received: Told how many bytes have arrived.
    """
    client = DatastoresClient(http)
    addresses = Addresses(
        lambda paths: client.download_urls(datastore, paths), (file["path"] for file in files.values())
    )
    if kind == "local_folder":
        in_parallel(lambda t: received(copy_file(local_path(http, addresses.of(files[t]["path"])), t)), files)
        return
    large = [target for target, file in files.items() if file["size"] > downloads.RANGE_BYTES]
    small = sorted(files.keys() - set(large))
    in_parallel(lambda t: downloads.download_small(http, addresses.of(files[t]["path"]), files[t], t, received), small)
    with ThreadPoolExecutor(downloads.IN_FLIGHT) as pool:
        for target in large:
            file = files[target]
            downloads.download_large(
                http,
                lambda path=file["path"]: addresses.of(path),  # type: ignore[misc]
                file,
                target,
                pool,
                received,
            )
