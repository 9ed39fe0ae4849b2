"""v1's DataTransferStep: a copy from one datastore to another."""

from typing import Any, ClassVar, Unpack

from pipeyard.pipeline.core.builder import PipelineStep
from pipeyard.pipeline.core.graph import InputPortBinding, OutputPortBinding
from pipeyard.pipeline.core.pipeline_data import PipelineData
from pipeyard.pipeline.steps._options import StepOptions, required

# ruff: noqa: FBT001, FBT002  (v1's signatures)

OUTPUT_SUFFIX = "_copied"
REFERENCE_TYPES = ("file", "directory")


class DataTransferStep(PipelineStep):
    """Copies a file or a folder to a place on another datastore. `get_output()` is what a later step reads.

    The copy is the work of the storage services where they can do it among themselves, else of the machine that runs
    the compute target's jobs. Files that are there already with the same bytes are left alone.

    Raises:
        ValueError: A reference or the compute target is missing, a type is none of `file` and `directory`, or the
            destination is a whole datastore.
    """

    step_type: ClassVar[str] = "data_transfer"

    def __init__(
        self,
        name: str,
        source_data_reference: Any = None,
        destination_data_reference: Any = None,
        compute_target: Any = None,
        source_reference_type: str | None = None,
        destination_reference_type: str | None = None,
        allow_reuse: bool = True,
        **options: Unpack[StepOptions],
    ) -> None:
        required(
            name,
            source_data_reference=source_data_reference,
            destination_data_reference=destination_data_reference,
            compute_target=compute_target,
        )
        types = {
            "source_reference_type": source_reference_type,
            "destination_reference_type": destination_reference_type,
        }
        for key, value in types.items():
            if value is not None and value not in REFERENCE_TYPES:
                raise ValueError(f"Step {name!r}: {key} must be 'file' or 'directory', not {value!r}.")
        made = isinstance(destination_data_reference, PipelineData | OutputPortBinding)
        self._output = destination_data_reference if made else _output_at(name, destination_data_reference)
        sql = _sql(source_data_reference)
        self._settings = {
            **types,
            "source": sql or None,
            "destination": _sql(_bound(destination_data_reference)) or None,
        }
        super().__init__(
            name,
            [] if sql else [source_data_reference],
            [self._output],
            compute_target=compute_target,
            allow_reuse=allow_reuse,
            **options,
        )

    def get_output(self) -> Any:
        """What a later step reads."""
        return self._output

    def settings(self) -> dict[str, Any]:
        """Types of both ends."""
        return {key: value for key, value in self._settings.items() if value is not None}


def _output_at(step: str, destination: Any) -> PipelineData:
    """The output that lies at the destination."""
    reference = _bound(destination)
    label = getattr(destination, "data_reference_name", None) or destination.name
    output = PipelineData(f"{label}{OUTPUT_SUFFIX}", datastore=reference.datastore)
    if not _sql(reference):
        output.path_on_datastore = (reference.path_on_datastore or "").strip("/")
        if not output.path_on_datastore:
            raise ValueError(f"Step {step!r}: the destination {label!r} needs a path on its datastore.")
    return output


def _bound(reference: Any) -> Any:
    return reference.bind_object if isinstance(reference, InputPortBinding) else reference


def _sql(reference: Any) -> dict[str, Any]:
    """A database's table, query or procedure; empty for files."""
    if not hasattr(reference, "sql_query"):
        return {}
    keys = ("sql_table", "sql_query", "sql_stored_procedure")
    given = {key: value for key in keys if (value := getattr(reference, key))}
    return {"datastore": reference.datastore.name, **given}
