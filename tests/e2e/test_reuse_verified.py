"""A result is only reused while its stored bytes are the ones that the step wrote."""

from collections.abc import Callable, Iterator

import pytest
from azure.storage.blob import BlobServiceClient, ContainerClient

from tests.e2e.workspace import DATASTORE, Api, Flow, Json, Server


@pytest.fixture
def storage(server: Server) -> Iterator[BlobServiceClient]:
    with server.blobs() as service:
        yield service


def container_of(api: Api, storage: BlobServiceClient) -> ContainerClient:
    (datastore,) = [each for each in api.get("/api/datastores")["value"] if each["name"] == DATASTORE]
    return storage.get_container_client(datastore["container"])


def delete(container: ContainerClient, blob: str) -> str:
    container.delete_blob(blob)
    return "is gone"


def alter(container: ContainerClient, blob: str) -> str:
    container.upload_blob(blob, b"y", overwrite=True)
    return "was altered"


def lengthen(container: ContainerClient, blob: str) -> str:
    container.upload_blob(blob, b"xx", overwrite=True)
    return "was altered"


HARMS = pytest.mark.parametrize("harm", [delete, alter, lengthen])


def pair(flow: Flow) -> list[Json]:
    return [flow.step("first"), flow.step("second", "note(); out(read('first'))", data=["first"])]


@HARMS
def test_a_harmed_output_makes_its_step_run_again(
    harm: Callable[[ContainerClient, str], str], flow: Flow, api: Api, storage: BlobServiceClient
) -> None:
    steps = pair(flow)
    first = flow.run(*steps).finished()
    blob = api.outputs(first.run_id, "first")["out"]["path"]
    words = harm(container_of(api, storage), blob)
    plan = api.post("/api/plan", {"definition": flow.definition(*steps)})["steps"][0]
    again = flow.run(*steps).finished()
    assert again.ran == {"first"}, "its output has the bytes from before, so `second` is reused"
    explanation = again.steps["first"]["explanation"]
    assert explanation["code"] == "outputs_missing"
    assert f"`{blob}`" in explanation["sentence"]
    assert words in explanation["sentence"]
    assert "`out`" in explanation["sentence"]
    assert (plan["action"], plan["explanation"]) == ("run", explanation)
    assert flow.run(*steps).finished().ran == set()
    assert flow.starts() == {"first": 2, "second": 1}
    assert api.read_output(again.run_id, "first") == b"x"


@HARMS
def test_another_experiment_does_not_trust_a_harmed_output_either(
    harm: Callable[[ContainerClient, str], str], flow: Flow, api: Api, storage: BlobServiceClient
) -> None:
    steps = pair(flow)
    first = flow.run(*steps).finished()
    blob = api.outputs(first.run_id, "second")["out"]["path"]
    words = harm(container_of(api, storage), blob)
    again = flow.run(*steps, experiment_name=f"other_{flow.token}").finished()
    assert again.ran == {"second"}
    sentence = again.steps["second"]["explanation"]["sentence"]
    assert f"`{blob}`" in sentence
    assert words in sentence


def test_one_file_of_many_that_is_gone(flow: Flow, api: Api, storage: BlobServiceClient) -> None:
    script = "note(); os.mkdir(path())\nfor i in range(250): open(f'{path()}/{i}', 'w').close()"
    step = flow.step("many", script)
    first = flow.run(step).finished()
    blob = api.outputs(first.run_id, "many")["out"]["path"] + "/137"
    container_of(api, storage).delete_blob(blob)
    again = flow.run(step).finished()
    assert again.ran == {"many"}
    assert f"`{blob}`" in again.steps["many"]["explanation"]["sentence"]


def test_a_stray_file_beside_an_output_changes_nothing(flow: Flow, api: Api, storage: BlobServiceClient) -> None:
    step = flow.step("first", outputs={"out": {}})
    first = flow.run(step).finished()
    blob = api.outputs(first.run_id, "first")["out"]["path"]
    container_of(api, storage).upload_blob(f"{blob}_stray", b"stray")
    assert flow.run(step).finished().reused == {"first"}


def test_a_lost_list_of_files_makes_the_step_run_again(flow: Flow, api: Api, storage: BlobServiceClient) -> None:
    """The list of files of a large output is a blob of its own, which can be lost like any other."""
    script = "note(); os.mkdir(path())\nfor i in range(250): open(f'{path()}/{i}', 'w').write(os.environ['WORD'])"
    step = flow.step("many", script, env={"WORD": flow.token})
    first = flow.run(step).finished()
    digest = api.outputs(first.run_id, "many")["out"]["digest"]
    lost = 0
    for container in storage.list_containers():
        client = storage.get_container_client(container.name)
        for name in [each.name for each in client.list_blobs() if digest in each.name]:
            client.delete_blob(name)
            lost += 1
    assert lost == 1
    again = flow.run(step).finished()
    assert again.ran == {"many"}
    assert again.steps["many"]["explanation"]["code"] == "outputs_missing"
