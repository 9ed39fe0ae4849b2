"""The phases that remove runs, and the outputs of removed runs on which nothing stands."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from shared.core import names
from shared.core.errors import Conflict, NotFound, PipeyardError
from shared.core.records import RunRecord
from shared.core.retention import Removed
from shared.services.datastores import open_datastore
from shared.services.maintenance import removal
from shared.services.maintenance.marking import mark_active, mark_newly_named
from shared.services.maintenance.sweep import Piece, Sweep, tally
from shared.services.maintenance.sweeping import sweep_unmarked_file_lists

_RUNS_PER_PIECE = 20
_AT_ONCE = 8
_RETIRED_PER_PIECE = 200
"""More than runs: before each piece, all runs under way and all records of the catalogue are looked at."""
_LATE = "late"
"""Position from which a dry run looks at the outputs of runs that are still there."""
SETTLING = timedelta(minutes=15)
"""A run that saw a result just before it was dropped has written down that it stands on it by then."""


def sweep_runs(sweep: Sweep, position: str) -> Piece:
    """Remove runs that have expired."""
    cutoff = sweep.workspace.retention.cutoff("runs", sweep.began)
    if cutoff is None:
        return Piece()
    found, after = sweep.workspace.services.runs.created_before(cutoff, position, _RUNS_PER_PIECE)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        all_removed = list(pool.map(lambda run: _sweep_expired(sweep, run), found))
    removed: dict[str, Removed] = {}
    for went in all_removed:
        removed |= {sort: removed.get(sort, Removed()).plus(more) for sort, more in went.items()}
    return Piece(position=after, removed=removed)


def _sweep_expired(sweep: Sweep, run: RunRecord) -> dict[str, Removed]:
    if not (sweep.may_go(run) and _is_still_so(sweep, run)):
        return {}
    if sweep.dry_run:
        return removal.would_remove(sweep.workspace, run)
    try:
        return removal.remove_run(sweep.workspace, run)
    except Conflict as error:
        return _say_it_is_held(sweep, run, error)


def _say_it_is_held(sweep: Sweep, run: RunRecord, error: Conflict) -> dict[str, Removed]:
    """One run whose logs somebody holds must not hold up the others; the next purge tries again."""
    sweep.notes.append(f"Run {run.run_id} could not be removed: {error}")
    return {}


def _is_still_so(sweep: Sweep, run: RunRecord) -> bool:
    """The list's copy may lag: the run may have got the label that keeps it a moment ago."""
    try:
        return sweep.may_go(sweep.workspace.services.runs.get_run(run.run_id))
    except NotFound:  # its removal was interrupted
        return True


def sweep_outputs(sweep: Sweep, position: str) -> Piece:
    """Remove outputs of removed runs on which no run, result or record stands."""
    if _is_settling(sweep):
        minutes = SETTLING // timedelta(minutes=1)
        note = f"The last purge ended less than {minutes} minutes ago: outputs wait for the next one."
        return Piece(notes=(note,))
    if position.startswith(_LATE):
        return _outputs_of_expired_runs(sweep, position.removeprefix(_LATE))
    blobs = sweep.workspace.services.blobs
    found, after = blobs.page(names.SYSTEM_CONTAINER, removal.RETIRED, position, _RETIRED_PER_PIECE)
    if found:
        _mark_again(sweep)
    removed = Removed()
    for blob in found:
        retired = removal.read_retired(sweep.workspace, blob.name.removeprefix(removal.RETIRED).removesuffix(".json"))
        if retired is not None:
            removed = removed.plus(_sweep_run(sweep, retired))
    return Piece(position=after or (_LATE if sweep.dry_run else None), removed={"outputs": removed})


def _mark_again(sweep: Sweep) -> None:
    """Mark what runs and records name that came to be since all were marked."""
    mark_active(sweep)
    mark_newly_named(sweep)


def sweep_file_lists(sweep: Sweep, position: str) -> Piece:
    """Remove lists of the files of outputs on which nothing stands."""
    if _is_settling(sweep):
        return Piece()
    mark_active(sweep)
    return sweep_unmarked_file_lists(sweep, position)


def _is_settling(sweep: Sweep) -> bool:
    dropped = sweep.purge.results_dropped_at
    return dropped is not None and sweep.began - datetime.fromisoformat(dropped) < SETTLING


def _outputs_of_expired_runs(sweep: Sweep, position: str) -> Piece:
    """What a purge would have made retired runs of before it came here."""
    cutoff = sweep.workspace.retention.cutoff("runs", sweep.began)
    if cutoff is None:
        return Piece()
    found, after = sweep.workspace.services.runs.created_before(cutoff, position, _RETIRED_PER_PIECE)
    going = list(filter(sweep.may_go, found))
    if going:
        _mark_again(sweep)
    removed = Removed()
    for run in going:
        for datastore, paths in removal.own_places(sweep.workspace, run).items():
            removed = removed.plus(_sweep_places(sweep, datastore, paths)[0])
    return Piece(position=None if after is None else f"{_LATE}{after}", removed={"outputs": removed})


def _sweep_run(sweep: Sweep, retired: removal.RetiredRun) -> Removed:
    if _ended_since(sweep, retired.run):
        return Removed()
    if not sweep.dry_run:
        try:
            finished = removal.finish_removal(sweep.workspace, retired)
        except Conflict as error:
            _say_it_is_held(sweep, retired.run, error)
            return Removed()
        if finished is None:
            removal.forget_retired(sweep.workspace, retired.run.run_id)
            return Removed()
    removed, all_gone = Removed(), True
    for datastore, paths in retired.places.items():
        went, gone = _sweep_places(sweep, datastore, paths)
        removed, all_gone = removed.plus(went), all_gone and gone
    if all_gone and not sweep.dry_run:
        removal.forget_retired(sweep.workspace, retired.run.run_id)
    return removed


def _ended_since(sweep: Sweep, run: RunRecord) -> bool:
    """Whether a run ended after the purge began.

    Its results, on which others may stand at this moment, may be younger than the marks.
    """
    return datetime.fromisoformat(run.ended_at or run.created_at) > sweep.began


def _sweep_places(sweep: Sweep, datastore: str, paths: tuple[str, ...]) -> tuple[Removed, bool]:
    """Remove outputs that are not marked; returns how much went, and whether nothing of them is left."""
    removed, all_gone = Removed(), True
    try:
        files = open_datastore(sweep.workspace, datastore)
    except NotFound:  # the datastore is none of this workspace's any more, and neither is what lies there
        return removed, True
    if sweep.is_all_marked(datastore):
        who = "a dataset, a definition or a parameter names the whole datastore or folder, or a pattern that they match"
        sweep.notes.append(f"Outputs on datastore `{datastore}` stay: {who}.")
    for path in paths:
        if sweep.is_output_marked(datastore, path):
            all_gone = False
            continue
        try:
            found = [blob for blob in files.list(path) if blob.name == path or _below(blob.name, path)]
            if not sweep.dry_run:
                files.remove([blob.name for blob in found])
        except PipeyardError as error:  # a token that may not delete, an account that is gone: the rest can go on
            sweep.notes.append(f"Outputs on datastore `{datastore}` could not be removed: {error}")
            return removed, False
        removed = removed.plus(tally(found))
    return removed, all_gone


def _below(name: str, path: str) -> bool:
    return name.startswith(f"{path}/")
