"""The phases that drop rows, ended orchestrations, and what local processes left on the disk."""

from collections.abc import Callable
from datetime import datetime, timedelta

from shared.core.catalogue import CatalogueRecord
from shared.core.errors import NotFound, PipeyardError
from shared.core.retention import Removed
from shared.core.schedules import TriggerEvent
from shared.core.webhooks import Delivery, DeliveryStatus
from shared.ports.runs import StoredResult
from shared.services.limits import RunRate
from shared.services.maintenance.sweep import Piece, Sweep
from shared.services.resolution import missing_outputs

_RESULTS_PER_PIECE = 200
_RECORDS_PER_PIECE = 500
_LOOK_BACK_DAYS = 3650
"""Ended orchestrations that are older than this were forgotten long ago."""


def sweep_results(sweep: Sweep, position: str) -> Piece:
    """Drop results that nobody has stood on for long, results whose outputs are gone, and claims of runs that are."""
    reuse = sweep.workspace.services.reuse
    found, after = reuse.rows(position, _RESULTS_PER_PIECE)
    count = 0
    for row in found:
        if _is_dead(sweep, row) and (sweep.dry_run or reuse.drop(row)):
            count += 1
    return Piece(position=after, removed={"results": Removed(count=count)})


def _is_dead(sweep: Sweep, row: StoredResult) -> bool:
    if row.claim is not None:
        try:
            sweep.workspace.services.runs.get_run(row.claim.run_id)
        except NotFound:
            return True
        return False
    entry, retention = row.entry, sweep.workspace.retention
    if entry is None or not entry.finished_at:
        return False
    finished = datetime.fromisoformat(entry.finished_at)
    cutoff, young = retention.cutoff("reuse", sweep.began), retention.cutoff("unused", sweep.began)
    if cutoff is not None and finished < cutoff:
        return not sweep.is_used(entry.key)
    if young is None or finished >= young or not entry.outputs:
        return False
    try:
        return bool(missing_outputs(sweep.workspace, entry, {}))
    except PipeyardError:  # a datastore that does not answer says nothing about what lies there
        return False


def sweep_audit(sweep: Sweep, position: str) -> Piece:
    """Drop lines of the audit log."""
    cutoff = sweep.workspace.retention.cutoff("audit", sweep.began)
    if cutoff is None:
        return Piece()
    audit = sweep.workspace.services.audit
    ids, after = audit.older(cutoff, position, _RECORDS_PER_PIECE)
    if not sweep.dry_run:
        audit.delete(ids)
    return Piece(position=after, removed={"audit": Removed(count=len(ids))})


def sweep_trigger_events(sweep: Sweep, position: str) -> Piece:
    """Drop lines of the histories of schedules."""
    return _sweep_records(sweep, position, TriggerEvent, "trigger_events", _at)


def sweep_deliveries(sweep: Sweep, position: str) -> Piece:
    """Drop deliveries of webhooks that are over."""
    return _sweep_records(sweep, position, Delivery, "deliveries", _ended_at)


def sweep_run_rates(sweep: Sweep, position: str) -> Piece:
    """Drop the counts of callers who have started nothing for long."""
    return _sweep_records(sweep, position, RunRate, "run_rates", lambda record: record.minute)


def _sweep_records[R: CatalogueRecord](
    sweep: Sweep, position: str, kind: type[R], sort: str, time: Callable[[R], str | None]
) -> Piece:
    cutoff = sweep.workspace.retention.cutoff("history", sweep.began)
    if cutoff is None:
        return Piece()
    catalogue = sweep.workspace.services.catalogue
    page = catalogue.page(kind, _RECORDS_PER_PIECE, position or None)
    count = 0
    for record in page.value:
        at = time(record)
        if at is None or datetime.fromisoformat(at) >= cutoff:
            continue
        count += 1
        if not sweep.dry_run:
            catalogue.delete(kind, record.key)
    return Piece(position=page.continuation_token, removed={sort: Removed(count=count)})


def _at(event: TriggerEvent) -> str:
    return event.at


def _ended_at(delivery: Delivery) -> str | None:
    return None if delivery.status is DeliveryStatus.PENDING else delivery.ended_at


def sweep_orchestrations(sweep: Sweep, position: str) -> Piece:  # noqa: ARG001 - a call goes on where one ended
    """Have the task hub forget orchestrations that have ended."""
    cutoff = sweep.workspace.retention.cutoff("history", sweep.began)
    if cutoff is None:
        return Piece()
    if sweep.dry_run:
        return Piece(removed={"orchestrations": Removed(count=sweep.engine.count_ended(cutoff))})
    count, complete = sweep.engine.forget_ended(cutoff - timedelta(days=_LOOK_BACK_DAYS), cutoff)
    return Piece(position=None if complete else "on", removed={"orchestrations": Removed(count=count)})


def sweep_machine(sweep: Sweep, position: str) -> Piece:  # noqa: ARG001 - a phase in one piece
    """Remove what local processes left on this machine and no job has used for long."""
    machine, cutoff = sweep.workspace.services.machine, sweep.workspace.retention.cutoff("unused", sweep.began)
    if machine is None or cutoff is None:
        return Piece()
    count, size = machine.sweep(cutoff, sweep.is_active(), dry_run=sweep.dry_run)
    return Piece(removed={"local_files": Removed(count=count, bytes=size)})
