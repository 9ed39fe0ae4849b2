"""What the phases of a purge share: its times, its marks, and what a piece of work answers."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shared.core import names
from shared.core.errors import NotFound
from shared.core.marks import Marks
from shared.core.path_patterns import pattern_regex
from shared.core.records import RunRecord
from shared.core.retention import Purge, Removed, has_expired
from shared.ports.blobs import BlobInfo
from shared.ports.engine import Engine
from shared.services.maintenance.removal import is_kept_above, is_needed_above
from shared.services.workspace import Workspace

_DIGEST = re.compile(r"\b[0-9a-f]{64}\b")
_GUID_LENGTH = 36
_GUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_OUTPUT = re.compile(rf"azureml/({_GUID})(-\d{{5}}/)?")
_MANY_OUTPUTS = re.compile(rf'"path":\s*"azureml(?:/?"|/(?!{_GUID})[^/"]*[*?])')
"""The folder of all outputs, or a pattern that many runs' outputs may match, as datasets have it."""
_ANY = "any output"
_OUTPUTS = "azureml"
"""The folder of all outputs."""
_WATCHED = "datastore_trigger"
"""What a schedule waits for: it reads new files, and never an output that was there before."""
_WIDE = re.compile(r'"path":\s*"(?:/?"|[^"]*[*?])')
"""What may be a whole datastore, or a pattern of a datastore: looked at more closely."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """What a piece of work answers.

    Attributes:
        position: Where the phase goes on; None where it is over.
        removed: How much went, by sort.
    """

    position: str | None = None
    removed: dict[str, Removed] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


type Phase = Callable[["Sweep", str], Piece]
"""Works on a piece that begins at a position ("" at first). A piece may be done twice, when a crash comes between."""


@dataclass(slots=True, kw_only=True)
class Sweep:
    """A purge at work.

    Attributes:
        began: When the purge began: all its phases, however late, judge by this time.
        marks: What something refers to.
        notes: Sentences for the administrator that the next piece takes along.
    """

    workspace: Workspace
    engine: Engine
    purge: Purge
    began: datetime
    marks: Marks
    notes: list[str] = field(default_factory=list)

    @property
    def dry_run(self) -> bool:
        """Whether it only looks."""
        return self.purge.dry_run

    def may_go(self, run: RunRecord) -> bool:
        """Whether a run has expired, and no step that is still under way and no run that is kept started it."""
        if not has_expired(run, self.workspace.retention.cutoff("runs", self.began)):
            return False
        return not (is_needed_above(self.workspace, run) or is_kept_above(self.workspace, run))

    def is_old(self, blob: BlobInfo) -> bool:
        """Whether a blob was written or renewed long enough ago to be judged at all."""
        cutoff = self.workspace.retention.cutoff("unused", self.began)
        return cutoff is not None and blob.modified_at is not None and blob.modified_at < cutoff

    def mark_text(self, text: str) -> None:
        """Mark every digest and every step output that a document names."""
        for digest in _DIGEST.findall(text):
            self.marks.add(digest)
        for run_id, ordinal in _OUTPUT.findall(text):
            self.marks.add(f"run:{run_id}" if not ordinal else f"step:{run_id}{ordinal.rstrip('/')}")
        if _MANY_OUTPUTS.search(text) is not None:
            self.marks.add(_ANY)
        if _WIDE.search(text) is not None:
            for datastore, path in _places(json.loads(text)):
                if _covers_outputs(path):
                    self.marks.add(f"any:{datastore}")

    def mark_output(self, datastore: str, path: str) -> None:
        """Mark an output that something stands on."""
        self.marks.add(f"output:{datastore}/{path}")

    def mark_used(self, key: str) -> None:
        """Mark a result that a run has stood on of late."""
        self.marks.add(f"used:{key}")

    def is_used(self, key: str) -> bool:
        """Whether a run has stood on a result of late."""
        return f"used:{key}" in self.marks

    def is_output_marked(self, datastore: str, path: str) -> bool:
        """Whether something stands on an output at one of Pipeyard's own places."""
        step_run_id = path.split("/")[1]
        run_id, _ = names.split_step_run_id(step_run_id)
        mentions = (f"output:{datastore}/{path}", f"step:{step_run_id}", f"run:{run_id}")
        return self.is_all_marked(datastore) or any(mention in self.marks for mention in mentions)

    def is_all_marked(self, datastore: str) -> bool:
        """Whether something stands on all outputs of a datastore: it is the whole of it, or a pattern."""
        return _ANY in self.marks or f"any:{datastore}" in self.marks

    def began_first(self) -> datetime:
        """When the oldest run that is not over was created; now, where none is."""
        found = [self.began]
        for run_id in self.workspace.services.runs.list_active_run_ids():
            with suppress(NotFound):  # it never came to be
                found.append(datetime.fromisoformat(self.workspace.services.runs.get_run(run_id).created_at))
        return min(found)

    def is_active(self) -> Callable[[str], bool]:
        """Says whether a job, by its name, belongs to a run that is not over."""
        active = set(self.workspace.services.runs.list_active_run_ids())
        return lambda job: job[:_GUID_LENGTH] in active


def tally(blobs: list[BlobInfo]) -> Removed:
    """How much that is."""
    return Removed(count=len(blobs), bytes=sum(blob.size for blob in blobs))


def _places(document: Any) -> Iterator[tuple[str, str]]:
    """Every (datastore, path) that a document names, however deep."""
    waiting = [document]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            waiting += [value for name, value in each.items() if name != _WATCHED]
            datastore, path = each.get("datastore"), each.get("path")
            if isinstance(datastore, str) and isinstance(path, str):
                yield datastore, path
        elif isinstance(each, list):
            waiting += each


def _covers_outputs(path: str) -> bool:
    """Whether a path is a whole datastore, or a pattern that the folder of all outputs may match on the way."""
    folder, slash, _ = path.strip("/").partition("/")
    if not folder or folder == "**":
        return True
    return bool(slash) and pattern_regex(folder).fullmatch(_OUTPUTS) is not None
