"""The phases that mark: everything that a run that stays, a result, or a record of the catalogue refers to."""

from contextlib import suppress
from datetime import datetime

from shared.core import names
from shared.core.errors import NotFound
from shared.core.publishing import PipelineDraft, PublishedPipeline
from shared.core.records import OutputRecord, RunRecord
from shared.services.documents import load_manifest
from shared.services.maintenance.kinds import BACKED_UP
from shared.services.maintenance.sweep import Piece, Sweep
from shared.services.maintenance.sweeping import DEFINITIONS, SNAPSHOTS, digest_of, staying

_RUNS_PER_PIECE = 50
_RESULTS_PER_PIECE = 500
_READ_PER_PIECE = 200
_RECORDS_PER_PIECE = 200


def mark_runs(sweep: Sweep, position: str) -> Piece:
    """Mark what runs that stay refer to: all that are left, though some may have lost what kept them a moment ago."""
    found, after = sweep.workspace.services.runs.created_before(sweep.began, position, _RUNS_PER_PIECE)
    for run in found:
        if not (sweep.dry_run and sweep.may_go(run)):
            mark_run(sweep, run)
    return Piece(position=after)


def mark_run(sweep: Sweep, run: RunRecord) -> None:
    """Mark a run's definition, what its parameters name, and the outputs and results that its steps stand on."""
    cutoff = sweep.workspace.retention.cutoff("reuse", sweep.began)
    sweep.mark_text(run.model_dump_json(include={"definition_id", "parameters"}))
    for row in sweep.workspace.services.runs.get_steps(run.run_id):
        _mark_outputs(sweep, row.outputs)
        if row.reused and row.key is not None and not _is_before(row.ended_at, cutoff):
            sweep.mark_used(row.key)


def mark_results(sweep: Sweep, position: str) -> Piece:
    """Mark what results stand on, and the keys of results that a run has stood on of late."""
    cutoff = sweep.workspace.retention.cutoff("reuse", sweep.began)
    found, after = sweep.workspace.services.reuse.rows(position, _RESULTS_PER_PIECE)
    for row in found:
        if row.entry is None:
            continue
        _mark_outputs(sweep, row.entry.outputs)
        if row.key is None and not _is_before(row.entry.finished_at, cutoff):
            sweep.mark_used(row.entry.key)
    return Piece(position=after)


def mark_catalogue(sweep: Sweep, position: str) -> Piece:
    """Mark what published pipelines, drafts, datasets, models and all other records name."""
    first, _, token = position.partition(" ")
    seen = 0
    for number in range(int(first or 0), len(BACKED_UP)):
        if seen >= _RECORDS_PER_PIECE:
            return Piece(position=str(number))
        page = sweep.workspace.services.catalogue.page(BACKED_UP[number], _RECORDS_PER_PIECE, token or None)
        for record in page.value:
            sweep.mark_text(record.model_dump_json())
        seen, token = seen + len(page.value), page.continuation_token or ""
        if token:
            return Piece(position=f"{number} {token}")
    return Piece()


def mark_definitions(sweep: Sweep, position: str) -> Piece:
    """Mark what definitions that stay name: snapshots, and outputs that they read by their path."""
    blobs = sweep.workspace.services.blobs
    found, after = blobs.page(names.SYSTEM_CONTAINER, DEFINITIONS, position, _READ_PER_PIECE)
    for blob in staying(sweep, found):
        with suppress(NotFound):  # deleted since it was listed, by another purge
            sweep.mark_text(blobs.get(names.SYSTEM_CONTAINER, blob.name).decode())
    return Piece(position=after)


def mark_snapshots(sweep: Sweep, position: str) -> Piece:
    """Mark the files of snapshots that stay."""
    blobs = sweep.workspace.services.blobs
    found, after = blobs.page(names.SYSTEM_CONTAINER, SNAPSHOTS, position, _READ_PER_PIECE)
    for blob in staying(sweep, found):
        with suppress(NotFound):  # as above
            for file in load_manifest(blobs, digest_of(blob.name)).files:
                sweep.marks.add(file.sha256)
    return Piece(position=after)


def mark_active(sweep: Sweep) -> None:
    """Mark what the runs under way refer to: those that have begun since `mark_runs`, too."""
    for run_id in sweep.workspace.services.runs.list_active_run_ids():
        try:
            run = sweep.workspace.services.runs.get_run(run_id)
        except NotFound:  # it never came to be
            continue
        mark_run(sweep, run)
        with suppress(NotFound):  # of a run that cannot begin
            sweep.mark_text(sweep.workspace.definition(run.definition_id).model_dump_json())


def mark_newly_named(sweep: Sweep) -> None:
    """Mark what records of the catalogue name by now, which may be more than when `mark_catalogue` looked."""
    catalogue = sweep.workspace.services.catalogue
    for kind in BACKED_UP:
        for record in catalogue.all(kind):
            if isinstance(record, PublishedPipeline | PipelineDraft) and record.definition_id not in sweep.marks:
                with suppress(NotFound):  # of a broken record
                    sweep.mark_text(sweep.workspace.definition(record.definition_id).model_dump_json())
            sweep.mark_text(record.model_dump_json())


def _is_before(time: str | None, cutoff: datetime | None) -> bool:
    return bool(time) and cutoff is not None and datetime.fromisoformat(time or "") < cutoff


def _mark_outputs(sweep: Sweep, outputs: dict[str, OutputRecord]) -> None:
    for output in outputs.values():
        sweep.mark_output(output.datastore, output.path)
        if output.manifest is not None:
            sweep.marks.add(digest_of(output.manifest))
