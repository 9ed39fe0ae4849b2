"""Step runs in v1's words: a step is a node of the run's graph."""

import re

from api.v1.wire import Wire
from shared.core.errors import NotFound
from shared.core.records import OutputRecord, RunRecord, StepRecord
from shared.core.status import StepStatus
from shared.services.workspace import RunContext

_STATUS = {StepStatus.SKIPPED: "Bypassed"}
_NODE_ID = re.compile(r"[0-9a-f]{8}")


class ReuseInfo(Wire):
    """Which step run a reused one stands on."""

    experiment_id: str
    node_id: str
    request_id: str
    run_id: str
    node_start_time: str | None
    node_end_time: str | None


class TaskStatus(Wire):
    """How a step run is."""

    status_code: str
    status_detail: str | None
    creation_time: str | None
    schedule_time: str | None
    start_time: str | None
    end_time: str | None
    request_id: str
    run_id: str
    real_time_log_path: str | None
    has_warnings: bool
    reuse_info: ReuseInfo | None


class BlobReference(Wire):
    """A place on a datastore."""

    relative_path: str
    aml_data_store_name: str
    uri: str | None = None
    account: str | None = None
    container: str | None = None
    sas_token: str | None = None


class DataReferenceEntity(Wire):
    """A place, by the sort of its store. What is not a blob store is shown in the same way."""

    type: str = "AzureBlob"
    azure_blob_reference: BlobReference


class DataLocation(Wire):
    """Where an output lies."""

    storage_type: str = "AzureBlob"
    storage_id: str
    uri: str | None = None
    data_reference: DataReferenceEntity


class NodeOutput(Wire):
    """An output."""

    data_type_id: str
    logical_size_in_bytes: int
    physical_size_in_bytes: int
    hash: str
    data_location: DataLocation


def node_id(ordinal: int) -> str:
    """A step's id in v1's graph: eight hex digits, as v1's own ids are."""
    return f"{ordinal:08x}"


def ordinal_of(context: RunContext, node: str) -> int:
    """The step behind a node id; a step's name is taken, too, because people know it.

    Raises:
        NotFound: The run has no such step.
    """
    if _NODE_ID.fullmatch(node) and int(node, 16) < len(context.definition.steps):
        return int(node, 16)
    if node in context.ordinals:
        return context.ordinals[node]
    raise NotFound(f"Run {context.run.run_id} has no node `{node[:128]}`. Nodes are named by their id or their step.")


def status_code(row: StepRecord) -> str:
    """A step run's status in v1's words."""
    return _STATUS.get(row.status, row.status.value)


def task_status(run: RunRecord, row: StepRecord, step_run_id: str) -> TaskStatus:
    """A step run as v1 shows it."""
    reused = None
    if row.reused and row.source is not None:
        reused = ReuseInfo(
            experiment_id=run.experiment,
            node_id=node_id(row.ordinal),
            request_id=row.source,
            run_id=row.source,
            node_start_time=row.started_at,
            node_end_time=row.ended_at,
        )
    sentence = row.error or (row.explanation.sentence if row.explanation is not None else None)
    return TaskStatus(
        status_code=status_code(row),
        status_detail=sentence,
        creation_time=run.created_at,
        schedule_time=row.queued_at,
        start_time=row.started_at,
        end_time=row.ended_at,
        request_id=step_run_id,
        run_id=step_run_id,
        real_time_log_path=None,
        has_warnings=bool(row.warnings),
        reuse_info=reused,
    )


def node_output(output: OutputRecord) -> NodeOutput:
    """An output as v1 shows it."""
    place = BlobReference(relative_path=output.path, aml_data_store_name=output.datastore)
    return NodeOutput(
        data_type_id="AnyFile" if output.is_file else "AnyDirectory",
        logical_size_in_bytes=output.total_bytes,
        physical_size_in_bytes=output.total_bytes,
        hash=output.digest,
        data_location=DataLocation(
            storage_id=output.datastore, data_reference=DataReferenceEntity(azure_blob_reference=place)
        ),
    )
