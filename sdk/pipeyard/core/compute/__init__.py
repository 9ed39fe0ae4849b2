"""v1's `azureml.core.compute`: what steps run on.

`ComputeTarget(workspace, name)` looks a target up and raises ComputeTargetException where there is none, so that v1's
find-or-create idiom works:

    try:
        target = ComputeTarget(workspace, "cpu-cluster")
    except ComputeTargetException:
        target = ComputeTarget.create(workspace, "cpu-cluster", AmlCompute.provisioning_configuration(max_nodes=4))
    target.wait_for_completion(show_output=True)
"""

from pipeyard.core.compute.amlcompute import AmlCompute
from pipeyard.core.compute.attached import (
    AdlaCompute,
    BatchCompute,
    DatabricksCompute,
    DataFactoryCompute,
    KustoCompute,
    SynapseCompute,
)
from pipeyard.core.compute.base import ComputeTarget
from pipeyard.core.compute.configuration import ComputeTargetStatus
from pipeyard.core.compute.refused import AksCompute, ComputeInstance, HDInsightCompute, RemoteCompute
from pipeyard.exceptions import ComputeTargetException

__all__ = [
    "AdlaCompute",
    "AksCompute",
    "AmlCompute",
    "BatchCompute",
    "ComputeInstance",
    "ComputeTarget",
    "ComputeTargetException",
    "ComputeTargetStatus",
    "DataFactoryCompute",
    "DatabricksCompute",
    "HDInsightCompute",
    "KustoCompute",
    "RemoteCompute",
    "SynapseCompute",
]
