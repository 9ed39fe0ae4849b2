"""blobTrigger bindings: new and changed blobs of a container are found by listing it every second.

In Azure Event Grid tells of them. As there, a blob may be told twice, and its function is called until it succeeds,
five times at most. Only folders that somebody waits for are listed: with none of them a look costs one query.
"""

import asyncio
import json
import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from azure.core.exceptions import AzureError, ResourceNotFoundError
from azure.storage.blob import BlobProperties, ContainerClient

from local.functions_host import Function, FunctionsHost, InvocationError

log = logging.getLogger(__name__)

INTERVAL_SECONDS = 1.0
RECENT_SECONDS = 60.0
"""Of a folder that is looked at for the first time only blobs this young are new; the app may have seen them before."""
MAX_TRIES = 5
MAX_CALLS = 8
_REST = "/{name}"

Watched = Callable[[], list[tuple[str, bool]]]
"""(prefix, whether folders below count, too) of every folder that somebody waits for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A version of a blob that was not there at the last look."""

    folder: tuple[str, bool]
    blob: BlobProperties


class BlobTrigger:
    """One function with a blob trigger."""

    def __init__(self, host: FunctionsHost, function: Function, connection_string: str, watched: Watched) -> None:
        self.function = function
        self._host = host
        self._watched = watched
        self._name = str(function.trigger["path"]).removesuffix(_REST)
        self._container = ContainerClient.from_connection_string(connection_string, self._name, retry_total=0)
        self._seen: dict[tuple[str, bool], dict[str, str]] = {}
        self._tries: dict[tuple[str, str], int] = {}

    async def run(self) -> None:
        """Look every second until cancelled."""
        while True:
            try:
                found = await asyncio.to_thread(self._look)
                room = asyncio.Semaphore(MAX_CALLS)
                await asyncio.gather(*(self._tell(each, room) for each in found))
            except Exception:  # Whatever it is (storage that stops, say), the next look may succeed.
                log.debug("Looking for blobs of %s failed", self._name, exc_info=True)
            await asyncio.sleep(INTERVAL_SECONDS)

    def close(self) -> None:
        """Close connections."""
        self._container.close()

    async def call(self, blob_name: str, blob: BlobProperties | None = None) -> None:
        """Call the function for a blob.

        Raises:
            InvocationError: The function raised.
        """
        datum = self._host.datum
        properties = {} if blob is None else {"ETag": blob.etag, "ContentLength": blob.size}
        metadata: dict[str, Any] = {
            "BlobTrigger": datum(f"{self._name}/{blob_name}", "string"),
            "Uri": datum(f"{self._container.url}/{blob_name}", "string"),
            "Properties": datum(json.dumps(properties), "json"),
            "Metadata": datum("{}", "json"),
            "name": datum(blob_name, "string"),
        }
        # The content is left out: no function of the app reads it, and it may be large.
        await self._host.invoke(self.function, datum(b"", "bytes"), metadata)

    def _look(self) -> list[Found]:
        folders = self._watched()
        self._seen = {folder: seen for folder, seen in self._seen.items() if folder in folders}
        return [found for folder in folders for found in self._look_at(folder)]

    def _look_at(self, folder: tuple[str, bool]) -> list[Found]:
        prefix, below = folder
        first = folder not in self._seen
        seen = self._seen.setdefault(folder, {})
        listed = self._container.list_blobs(prefix) if below else self._container.walk_blobs(prefix)
        found: list[Found] = []
        try:
            for blob in listed:
                if not isinstance(blob, BlobProperties) or seen.get(blob.name) == blob.etag:
                    continue
                if first and time.time() - blob.last_modified.timestamp() > RECENT_SECONDS:
                    seen[blob.name] = blob.etag
                else:
                    found.append(Found(folder=folder, blob=blob))
        except ResourceNotFoundError:
            return []
        except AzureError:
            if first:
                del self._seen[folder]
            raise
        return found

    async def _tell(self, found: Found, room: asyncio.Semaphore) -> None:
        blob, version = found.blob, (found.blob.name, found.blob.etag)
        try:
            async with room:
                await self.call(blob.name, blob)
        except InvocationError:
            tries = self._tries[version] = self._tries.get(version, 0) + 1
            if tries < MAX_TRIES:
                return
            log.exception("%s failed %d times for %s; it is not tried again", self.function.name, tries, blob.name)
        self._tries.pop(version, None)
        self._seen.get(found.folder, {})[blob.name] = blob.etag


class BlobTriggers:
    """All blob triggers of an app."""

    def __init__(
        self, host: FunctionsHost, functions: Iterable[Function], connection_string: str, watched: Watched
    ) -> None:
        found = [function for function in functions if function.trigger["type"] == "blobTrigger"]
        for function in found:
            if not str(function.trigger["path"]).endswith(_REST):
                log.warning("Function %s is never called: only paths like container/{name} are.", function.name)
        self.triggers = [
            BlobTrigger(host, function, connection_string, watched)
            for function in found
            if str(function.trigger["path"]).endswith(_REST)
        ]
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin looking in the background."""
        self._tasks = [asyncio.create_task(trigger.run()) for trigger in self.triggers]

    async def stop(self) -> None:
        """Look no more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for trigger in self.triggers:
            trigger.close()
