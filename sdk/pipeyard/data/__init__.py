"""v1's `azureml.data`: datasets, references to data, and outputs that become datasets.

Names are loaded when they are first used, so that a script that needs none of them starts at once.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeyard.data.data_type import DataType
    from pipeyard.data.dataset_consumption_config import DatasetConsumptionConfig
    from pipeyard.data.dataset_type_definitions import PromoteHeadersBehavior
    from pipeyard.data.file_dataset import FileDataset
    from pipeyard.data.output_dataset_config import (
        HDFSOutputDatasetConfig,
        LinkFileOutputDatasetConfig,
        LinkTabularOutputDatasetConfig,
        OutputFileDatasetConfig,
    )
    from pipeyard.data.tabular_dataset import TabularDataset

__all__ = [
    "DataType",
    "DatasetConsumptionConfig",
    "FileDataset",
    "HDFSOutputDatasetConfig",
    "LinkFileOutputDatasetConfig",
    "LinkTabularOutputDatasetConfig",
    "OutputFileDatasetConfig",
    "PromoteHeadersBehavior",
    "TabularDataset",
]

_MODULES = {
    "DataType": "data_type",
    "DatasetConsumptionConfig": "dataset_consumption_config",
    "FileDataset": "file_dataset",
    "HDFSOutputDatasetConfig": "output_dataset_config",
    "LinkFileOutputDatasetConfig": "output_dataset_config",
    "LinkTabularOutputDatasetConfig": "output_dataset_config",
    "OutputFileDatasetConfig": "output_dataset_config",
    "PromoteHeadersBehavior": "dataset_type_definitions",
    "TabularDataset": "tabular_dataset",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
