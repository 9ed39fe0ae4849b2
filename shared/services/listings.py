"""The files of a watched folder as they were last seen: what is the same as then has not arrived.

The list is one blob, which is replaced as a whole. A trigger that was changed or enabled has a list of its own, so that
a look that began before cannot put the old trigger's files into it, and a change that fails leaves the old list alone.
"""

import json

from shared.core import names
from shared.core.canonical import digest
from shared.core.errors import Fault, InvalidDocument, NotFound
from shared.core.schedules import DatastoreTrigger, Schedule, why_not
from shared.services.datastores import open_datastore
from shared.services.workspace import Memory, Workspace

MAX_WATCHED_FILES = 50_000
_REMEMBERED_SECONDS = 30
_remembered: Memory[tuple[str, str, int], dict[str, str]] = Memory(8)
"""Lists by schedule: a burst of a thousand files must not read the list a thousand times."""


def watched_files(workspace: Workspace, trigger: DatastoreTrigger) -> dict[str, str]:
    """ETag by path of every file that counts.

    Raises:
        NotFound: The datastore is gone.
        InvalidDocument: There are more files than can be watched.
    """
    found = open_datastore(workspace, trigger.datastore).list(trigger.prefix)
    files = {blob.name: blob.etag for blob in found if why_not(trigger, blob.name) is None}
    if len(files) > MAX_WATCHED_FILES:
        message = f"`{trigger.path}` has {len(files):,} files; at most {MAX_WATCHED_FILES:,} can be watched."
        suggestion = "Watch a deeper folder, or a pattern that matches fewer files."
        raise InvalidDocument([Fault(pointer="/datastore_trigger/path", message=message, suggestion=suggestion)])
    return files


def remember_listing(workspace: Workspace, schedule: Schedule) -> None:
    """What lies there when a schedule begins to wait has not arrived; nothing happens for a schedule by time."""
    if schedule.datastore_trigger is not None:
        write_listing(workspace, schedule, watched_files(workspace, schedule.datastore_trigger))


def write_listing(workspace: Workspace, schedule: Schedule, files: dict[str, str]) -> str:
    """Replace the list; returns its digest."""
    data = json.dumps(files, sort_keys=True).encode()
    workspace.services.blobs.put(names.SYSTEM_CONTAINER, _blob(schedule), data, content_type="application/json")
    return digest("pipeyard.listing", files)


def read_listing(workspace: Workspace, schedule: Schedule) -> dict[str, str]:
    """ETag by path as last seen."""
    try:
        data = workspace.services.blobs.get(names.SYSTEM_CONTAINER, _blob(schedule))
    except NotFound:
        return {}
    found: dict[str, str] = json.loads(data)
    return found


def seen_before(workspace: Workspace, schedule: Schedule, path: str, etag: str) -> bool:
    """Whether the file lay there like this when it was last looked; a look counts for half a minute."""
    bucket = int(workspace.now().timestamp()) // _REMEMBERED_SECONDS
    key = (schedule.schedule_id, schedule.active_since, bucket)
    return _remembered.get(key, lambda: read_listing(workspace, schedule)).get(path) == etag


def _blob(schedule: Schedule) -> str:
    return f"schedules/{schedule.schedule_id}/{schedule.active_since}.json"
