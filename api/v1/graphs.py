"""v1's routes for graphs: a stored definition in v1's words, to be read and not to be written."""

from typing import Any

from fastapi import APIRouter

from api.dependencies import Sha256, WorkspaceDep
from api.v1.assignments import wire_values, written_scalar
from api.v1.node_entities import node_id
from api.v1.wire import Wire
from shared.core.bindings import ParameterDefinition, PipelineDataInput
from shared.core.definition import PipelineDefinition, StepDefinition

router = APIRouter(prefix="/Graphs")

_TYPE_CODES = {"int": "0", "float": "1", "bool": "2", "string": "3"}


class PortInfo(Wire):
    """One end of an edge."""

    node_id: str | None = None
    port_name: str | None = None
    graph_port_name: str | None = None


class GraphEdge(Wire):
    """Data that flows from one node to another, or out of the pipeline."""

    source_output_port: PortInfo
    destination_input_port: PortInfo


class GraphModuleNode(Wire):
    """A step."""

    id: str
    module_id: str
    comment: str
    module_parameters: list[dict[str, Any]]
    use_graph_default_compute: bool
    regenerate_output: bool


class GraphEntity(Wire):
    """A pipeline's steps and how data flows between them."""

    id: str
    module_nodes: list[GraphModuleNode]
    dataset_nodes: list[dict[str, Any]] = []
    edges: list[GraphEdge]
    default_compute: dict[str, str]
    default_datastore: dict[str, str]


class InterfaceParameter(Wire):
    """A scalar parameter."""

    name: str
    documentation: str
    default_value: str | None
    is_optional: bool
    type: str


class DataPathParameter(Wire):
    """A data path or dataset parameter."""

    name: str
    documentation: str
    default_value: Any
    is_optional: bool


class EntityInterface(Wire):
    """What a pipeline takes and gives."""

    parameters: list[InterfaceParameter]
    data_path_parameters: list[DataPathParameter]
    data_path_parameter_list: list[DataPathParameter]
    ports: dict[str, Any]
    metadata_parameters: list[Any] = []


@router.get("/{graph_id}")
async def get(workspace: WorkspaceDep, graph_id: Sha256) -> GraphEntity:
    """A pipeline as a graph."""
    definition = workspace.definition(graph_id)
    ordinals = {step.name: ordinal for ordinal, step in enumerate(definition.steps)}
    return GraphEntity(
        id=graph_id,
        module_nodes=[_node(ordinal, step) for ordinal, step in enumerate(definition.steps)],
        edges=_edges(definition, ordinals),
        default_compute={"Name": definition.default_compute_target},
        default_datastore={"DataStoreName": definition.default_datastore},
    )


@router.get("/{graph_id}/Interface")
async def get_interface(workspace: WorkspaceDep, graph_id: Sha256) -> EntityInterface:
    """What a pipeline takes and gives."""
    definition = workspace.definition(graph_id)
    scalars = {name: each for name, each in definition.parameters.items() if each.type in _TYPE_CODES}
    paths = {name: each for name, each in definition.parameters.items() if each.type == "data_path"}
    data = {name: each for name, each in definition.parameters.items() if each.type not in _TYPE_CODES}
    return EntityInterface(
        parameters=[_scalar(name, each) for name, each in scalars.items()],
        data_path_parameters=[_data(name, each, "data_path_assignments") for name, each in paths.items()],
        data_path_parameter_list=[
            _data(name, each, "data_set_definition_value_assignments") for name, each in data.items()
        ],
        ports={"Inputs": [], "Outputs": [{"Name": name} for name in definition.outputs]},
    )


def _node(ordinal: int, step: StepDefinition) -> GraphModuleNode:
    return GraphModuleNode(
        id=node_id(ordinal),
        module_id=step.snapshot or "",
        comment=step.name,
        module_parameters=[{"Name": "Target", "Value": step.compute_target or "", "ValueType": "0"}],
        use_graph_default_compute=step.compute_target is None,
        regenerate_output=not step.allow_reuse,
    )


def _edges(definition: PipelineDefinition, ordinals: dict[str, int]) -> list[GraphEdge]:
    edges = [
        GraphEdge(
            source_output_port=PortInfo(node_id=node_id(ordinals[source.step]), port_name=source.output),
            destination_input_port=PortInfo(node_id=node_id(ordinal), port_name=name),
        )
        for ordinal, step in enumerate(definition.steps)
        for name, source in step.inputs.items()
        if isinstance(source, PipelineDataInput)
    ]
    edges += [
        GraphEdge(
            source_output_port=PortInfo(node_id=node_id(ordinals[source.step]), port_name=source.output),
            destination_input_port=PortInfo(graph_port_name=name),
        )
        for name, source in definition.outputs.items()
    ]
    return edges


def _scalar(name: str, parameter: ParameterDefinition) -> InterfaceParameter:
    return InterfaceParameter(
        name=name,
        documentation=parameter.description,
        default_value=None if parameter.default is None else written_scalar(parameter.default),
        is_optional=parameter.default is not None,
        type=_TYPE_CODES[parameter.type],
    )


def _data(name: str, parameter: ParameterDefinition, kind: str) -> DataPathParameter:
    return DataPathParameter(
        name=name,
        documentation=parameter.description,
        default_value=wire_values({name: parameter.default})[kind].get(name),
        is_optional=parameter.default is not None,
    )
