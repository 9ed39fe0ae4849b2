"""What every script of this folder begins with: a cluster, and a small file of real data."""

from pathlib import Path

from pipeyard.core import Workspace
from pipeyard.core.compute import AmlCompute, ComputeTarget
from pipeyard.core.compute_target import ComputeTargetException
from sklearn.datasets import load_iris

SOURCE_DIRECTORY = str(Path(__file__).parent / "scripts")


def find_or_create_cluster(workspace: Workspace, name: str = "cpu-cluster") -> ComputeTarget:
    """v1's idiom: look it up, and create it if there is none."""
    try:
        return ComputeTarget(workspace=workspace, name=name)
    except ComputeTargetException:
        configuration = AmlCompute.provisioning_configuration(vm_size="STANDARD_D2_V2", min_nodes=0, max_nodes=4)
        cluster = ComputeTarget.create(workspace, name, configuration)
        cluster.wait_for_completion(show_output=True, min_node_count=None, timeout_in_minutes=20)
        print(cluster.get_status().serialize())
        return cluster


def write_iris(folder: str) -> str:
    """Write the iris data set as a CSV file; returns its path."""
    iris = load_iris(as_frame=True).frame
    iris.columns = ["sepal_length", "sepal_width", "petal_length", "petal_width", "species"]
    path = Path(folder) / "iris.csv"
    iris.to_csv(path, index=False)
    return str(path)
