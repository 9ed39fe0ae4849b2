"""Removing what is not kept any longer: phase by phase, piece by piece, and on from where it stopped.

The order makes it safe beside runs that begin meanwhile. Runs that have expired go first. Then everything is marked
that something refers to, from the outside inwards (definitions, their snapshots, their files), each level only after
the one above has been swept: what survived there counts. Results are dropped last, so that their outputs go with the
next purge at the earliest, when whoever saw such a result just before has written down that it stands on it.
"""

import uuid
from datetime import datetime, timedelta

from shared.core import names
from shared.core.canonical import digest
from shared.core.errors import Conflict, NotFound
from shared.core.marks import Marks
from shared.core.retention import Mode, Purge
from shared.ports.engine import Engine
from shared.services.maintenance import marking, rows, runs, sweeping
from shared.services.maintenance.sweep import Phase, Sweep
from shared.services.workspace import Workspace

PHASES: dict[str, Phase] = {
    "runs": runs.sweep_runs,
    "mark_runs": marking.mark_runs,
    "mark_results": marking.mark_results,
    "mark_catalogue": marking.mark_catalogue,
    "definitions": sweeping.sweep_definitions,
    "mark_definitions": marking.mark_definitions,
    "outputs": runs.sweep_outputs,
    "file_lists": runs.sweep_file_lists,
    "snapshots": sweeping.sweep_snapshots,
    "mark_snapshots": marking.mark_snapshots,
    "snapshot_files": sweeping.sweep_files,
    "job_files": sweeping.sweep_jobs,
    "code": sweeping.sweep_code,
    "listings": sweeping.sweep_listings,
    "audit": rows.sweep_audit,
    "trigger_events": rows.sweep_trigger_events,
    "deliveries": rows.sweep_deliveries,
    "run_rates": rows.sweep_run_rates,
    "orchestrations": rows.sweep_orchestrations,
    "local_files": rows.sweep_machine,
    "results": rows.sweep_results,
}
_NAMES = list(PHASES)
_PLAN = digest("pipeyard.purge", _NAMES)
_MOST_NOTES = 50
BETWEEN_PURGES = timedelta(hours=23)
"""The timer begins a purge each day, and goes on with one that has not ended every hour."""


def purge_by_timer(workspace: Workspace, engine: Engine, seconds: float) -> Purge | None:
    """Go on with the purge, or begin one if the last one was yesterday. None where nothing was to do."""
    if not workspace.purges:
        return None
    last = workspace.services.catalogue.find(Purge, "purge")
    if last is not None and last.ended_at is not None:
        since = workspace.now() - datetime.fromisoformat(last.started_at)
        if since < BETWEEN_PURGES:
            return None
    return purge(workspace, engine, "purge", seconds)


def purge(workspace: Workspace, engine: Engine, mode: Mode, seconds: float) -> Purge:
    """Begin a purge or go on with the one under way, for so many seconds (one piece of work at least).

    Returns:
        How far it has come. `ended_at` says whether it is over; otherwise call again.

    Raises:
        Conflict: Somebody else is at work on it at this moment.
    """
    record, marks = _current(workspace, mode)
    began = datetime.fromisoformat(record.started_at)
    sweep = Sweep(workspace=workspace, engine=engine, purge=record, began=began, marks=marks)
    until = workspace.now() + timedelta(seconds=seconds)
    while sweep.purge.ended_at is None:
        _work(sweep)
        if workspace.now() >= until:
            break
    return sweep.purge


def last_purge(workspace: Workspace, mode: Mode) -> Purge:
    """How the last purge went, or how far the one under way has come.

    Raises:
        NotFound: There was none.
    """
    found = workspace.services.catalogue.find(Purge, mode)
    if found is None:
        raise NotFound("There was no purge yet." if mode == "purge" else "There was no dry run of a purge yet.")
    return found


def _current(workspace: Workspace, mode: Mode) -> tuple[Purge, Marks]:
    """The purge under way with its marks, or a new one. Without its marks a purge must not go on."""
    catalogue = workspace.services.catalogue
    last = catalogue.find(Purge, mode)
    if last is not None and last.ended_at is None and last.plan == _PLAN:
        marks = _load_marks(workspace, last)
        if marks is not None:
            return last, marks
    real = last if mode == "purge" else catalogue.find(Purge, "purge")
    fresh = Purge(
        mode=mode,
        purge_id=uuid.uuid4().hex,
        started_at=workspace.now().isoformat(),
        plan=_PLAN,
        phase=_NAMES[0],
        results_dropped_at=None if real is None else real.results_dropped_at,
        etag=None if last is None else last.etag,
    )
    written = catalogue.insert(fresh) if last is None else catalogue.replace(fresh)
    return written, Marks(written.purge_id)


def _work(sweep: Sweep) -> None:
    """Do one piece and write down how far it came; the marks first, so that none is missing after a crash."""
    record = sweep.purge
    piece = PHASES[record.phase](sweep, record.position)
    now = sweep.workspace.now().isoformat()
    following = record.phase if piece.position is not None else _after(record.phase)
    done = record.model_copy(
        update={
            "phase": following,
            "position": piece.position or "",
            "marks": _store_marks(sweep) if record.phase.startswith("mark_") else record.marks,
            "removed": record.tallied(piece.removed),
            "notes": tuple(dict.fromkeys((*record.notes, *piece.notes, *sweep.notes)))[:_MOST_NOTES],
            "ended_at": None if following else now,
        }
    )
    if record.phase == "results" and not record.dry_run:
        done = done.model_copy(update={"results_dropped_at": now})
    sweep.notes.clear()
    try:
        sweep.purge = sweep.workspace.services.catalogue.replace(done)
    except Conflict:
        raise Conflict("Somebody else is at work on this purge; look again in a minute.") from None
    if not following:
        _forget_all_marks(sweep.workspace, record.mode)
    elif done.marks != record.marks and record.marks is not None:
        sweep.workspace.services.blobs.delete(names.SYSTEM_CONTAINER, [record.marks])


def _after(phase: str) -> str:
    following = _NAMES.index(phase) + 1
    return _NAMES[following] if following < len(_NAMES) else ""


def _load_marks(workspace: Workspace, record: Purge) -> Marks | None:
    """What was marked until now; None if that is lost."""
    if record.marks is None:
        return Marks(record.purge_id)
    try:
        return Marks.load(record.purge_id, workspace.services.blobs.get(names.SYSTEM_CONTAINER, record.marks))
    except (NotFound, ValueError):
        return None


def _store_marks(sweep: Sweep) -> str:
    """Write the marks down under a name of their own: of two at work on a purge, the record says whose count."""
    blob = f"{_folder(sweep.purge.mode)}{uuid.uuid4().hex}"
    sweep.workspace.services.blobs.put(names.SYSTEM_CONTAINER, blob, sweep.marks.dump())
    return blob


def _forget_all_marks(workspace: Workspace, mode: Mode) -> None:
    """Delete the marks of a purge that has ended, and those that a crash has left."""
    blobs = workspace.services.blobs
    blobs.delete(names.SYSTEM_CONTAINER, [blob.name for blob in blobs.list(names.SYSTEM_CONTAINER, _folder(mode))])


def _folder(mode: Mode) -> str:
    return f"purges/{mode}/"
