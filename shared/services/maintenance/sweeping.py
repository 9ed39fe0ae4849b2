"""The phases that delete content by its digest, and other blobs of the workspace's own, where nothing refers to them.

What is looked at was marked by the phase before. A blob that is young is left alone, and one that is renewed between
the look and the deletion is not deleted: whoever is about to refer to something renews it first.
"""

from collections.abc import Callable
from datetime import timedelta

from shared.core import names
from shared.core.retention import Removed
from shared.core.schedules import Schedule
from shared.ports.blobs import BlobInfo
from shared.services.maintenance.sweep import Phase, Piece, Sweep, tally

DEFINITIONS = "definitions/"
SNAPSHOTS = "snapshots/manifests/"
_FILES = "snapshots/files/"
_FILE_LISTS = "manifests/"
_JOBS = "jobs/"
_LISTINGS = "schedules/"
_RENEWED_WITHIN = timedelta(days=1)
"""More than may lie between the last renewal of what a job uses and the job: a young blob is not renewed."""


def digest_of(name: str) -> str:
    """The digest after which a blob is named."""
    return name.rpartition("/")[2].partition(".")[0]


def staying(sweep: Sweep, blobs: list[BlobInfo]) -> list[BlobInfo]:
    """Those that are there, or would be if the phase before had removed what it could."""
    if not sweep.dry_run:
        return blobs
    return [blob for blob in blobs if digest_of(blob.name) in sweep.marks or not sweep.is_old(blob)]


def sweep_unmarked(sort: str, prefix: str) -> Phase:
    """The phase that deletes what is below `prefix`, named by its digest, and not marked."""

    def work(sweep: Sweep, position: str) -> Piece:
        return _delete(sweep, sort, prefix, position, lambda blob: digest_of(blob.name) not in sweep.marks)

    return work


sweep_definitions = sweep_unmarked("definitions", DEFINITIONS)
sweep_snapshots = sweep_unmarked("snapshots", SNAPSHOTS)
sweep_files = sweep_unmarked("snapshot_files", _FILES)
sweep_unmarked_file_lists = sweep_unmarked("file_lists", _FILE_LISTS)


def sweep_jobs(sweep: Sweep, position: str) -> Piece:
    """Delete what backends kept for jobs whose runs are over."""
    cutoff = sweep.workspace.retention.cutoff("history", sweep.began)
    if cutoff is None:
        return Piece()
    is_active = sweep.is_active()

    def may_go(blob: BlobInfo) -> bool:
        return blob.modified_at is not None and blob.modified_at < cutoff and not is_active(blob.name.split("/")[1])

    return _delete(sweep, "job_files", _JOBS, position, may_go)


def sweep_code(sweep: Sweep, position: str) -> Piece:
    """Delete the folders that clusters mount, where no job was about to use one for long."""
    cutoff = sweep.workspace.retention.cutoff("history", sweep.began)
    if cutoff is None:
        return Piece()
    # A job may wait, run, or begin again on another node for longer than histories are kept.
    cutoff = min(cutoff, sweep.began_first() - _RENEWED_WITHIN)
    blobs, prefix = sweep.workspace.services.blobs, f"{names.CODE_FOLDER}/"
    found, after = blobs.page(names.SYSTEM_CONTAINER, prefix, position)
    removed = Removed()
    for folder in sorted({blob.name.removeprefix(prefix).partition("/")[0] for blob in found}):
        files = blobs.list(names.SYSTEM_CONTAINER, f"{prefix}{folder}/")
        mark = [blob for blob in files if blob.name == f"{prefix}{folder}/{names.CODE_COMPLETE}"]
        # Without its mark a folder is not whole: somebody fills it now, or a purge was cut off.
        if any(blob.modified_at is None or blob.modified_at >= cutoff for blob in mark or files):
            continue
        removed = removed.plus(tally(files if sweep.dry_run else _delete_folder(sweep, mark, files)))
    return Piece(position=after, removed={"code": removed})


def _delete_folder(sweep: Sweep, mark: list[BlobInfo], files: list[BlobInfo]) -> list[BlobInfo]:
    """The mark goes first: if a job has renewed it just now, the folder stays; if not, the next job makes it anew."""
    blobs = sweep.workspace.services.blobs
    gone = blobs.delete_unchanged(names.SYSTEM_CONTAINER, mark)
    if mark and not gone:
        return []
    return [*gone, *blobs.delete_unchanged(names.SYSTEM_CONTAINER, [blob for blob in files if blob not in mark])]


def sweep_listings(sweep: Sweep, position: str) -> Piece:
    """Delete listings of watched folders that belong to no trigger any more."""
    known = {(each.schedule_id, each.active_since) for each in sweep.workspace.services.catalogue.all(Schedule)}

    def may_go(blob: BlobInfo) -> bool:
        schedule_id, _, listing = blob.name.removeprefix(_LISTINGS).partition("/")
        return (schedule_id, listing.removesuffix(".json")) not in known

    return _delete(sweep, "listings", _LISTINGS, position, may_go)


def _delete(sweep: Sweep, sort: str, prefix: str, position: str, may_go: Callable[[BlobInfo], bool]) -> Piece:
    blobs = sweep.workspace.services.blobs
    found, after = blobs.page(names.SYSTEM_CONTAINER, prefix, position)
    going = [blob for blob in found if sweep.is_old(blob) and may_go(blob)]
    gone = going if sweep.dry_run else blobs.delete_unchanged(names.SYSTEM_CONTAINER, going)
    removed: dict[str, Removed] = {sort: tally(gone)}
    return Piece(position=after, removed=removed)
