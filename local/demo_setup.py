"""What an example needs in its workspace before it runs: compute targets, and datastores besides the default one."""

from pipeyard._client import Client
from pipeyard._clients.compute import ComputeClient
from pipeyard.core import Workspace
from pipeyard.core.compute import ComputeTarget

from local.azurite import ACCOUNT, ACCOUNT_KEY
from local.demo_example import Description


def set_up(workspace: Workspace, client: Client, description: Description, blob_port: int) -> list[str]:
    """Make everything that the description names; returns a line for each thing.

    Raises:
        PipeyardException: The workspace refuses something.
    """
    done: list[str] = []
    for name, container in description.containers.items():
        place = {"account_name": ACCOUNT, "container": container, "endpoint": f"http://127.0.0.1:{blob_port}/{ACCOUNT}"}
        right = {"account_key": ACCOUNT_KEY, "create_if_not_exists": True}
        client.http.send("PUT", f"/api/datastores/{name}", json={"type": "azure_blob", **place, **right})
        done.append(f"Registered the datastore {name}")
    for name, document in description.compute_targets.items():
        ComputeClient(client.http).put(name, document)
    for name, document in description.compute_targets.items():
        ComputeTarget(workspace, name).wait_for_completion(show_output=False)
        done.append(f"The compute target {name} ({document['type']}) is there")
    return done
