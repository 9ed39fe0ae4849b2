"""v1's DataTransferStep: a copy between storage accounts, which v1 left to Data Factory."""

from typing import Any, ClassVar, Unpack

from pipeyard.pipeline.core.builder import PipelineStep
from pipeyard.pipeline.core.graph import InputPortBinding, OutputPortBinding
from pipeyard.pipeline.core.pipeline_data import PipelineData
from pipeyard.pipeline.steps._options import StepOptions, required

# ruff: noqa: FBT001, FBT002  (v1's signatures)

OUTPUT_SUFFIX = "_copied"
REFERENCE_TYPES = ("file", "directory")


class DataTransferStep(PipelineStep):
    """Copies a source to a destination. `get_output()` is what a later step reads.

    Raises:
        ValueError: A reference or the compute target is missing, or a type is none of `file` and `directory`.
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
        self._output = destination_data_reference if made else PipelineData(_output_name(destination_data_reference))
        target = {} if made else {"destination": _place(destination_data_reference)}
        sql = _sql(source_data_reference)
        self._settings = {**types, **target, **({"source": sql} if sql else {})}
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
        """Types of both ends, and the destination's place."""
        return {key: value for key, value in self._settings.items() if value is not None}


def _output_name(destination: Any) -> str:
    return f"{getattr(destination, 'data_reference_name', None) or destination.name}{OUTPUT_SUFFIX}"


def _place(destination: Any) -> dict[str, str]:
    source = destination.bind_object if isinstance(destination, InputPortBinding) else destination
    if sql := _sql(source):
        return sql
    return {"datastore": source.datastore.name, "path": source.path_on_datastore or ""}


def _sql(reference: Any) -> dict[str, Any]:
    """A database's table, query or procedure; empty for files."""
    if not hasattr(reference, "sql_query"):
        return {}
    keys = ("sql_table", "sql_query", "sql_stored_procedure")
    given = {key: value for key in keys if (value := getattr(reference, key))}
    return {"datastore": reference.datastore.name, **given}
