"""Code, environments and datastores of the Azure ML emulator."""

from tests.local.emulators.azure_ml_client import WORKSPACE


def code(uri, digest=None):
    return {"properties": {"codeUri": uri, "isAnonymous": True, "properties": {"hash_sha256": digest}}}


def test_a_version_of_code_never_changes(azure_ml):
    path = "/codes/steady/versions/1"
    assert azure_ml.call("PUT", path, code("https://a.blob.core.windows.net/c/one")).status_code == 201
    assert azure_ml.call("PUT", path, code("https://a.blob.core.windows.net/c/one")).status_code == 200
    refused = azure_ml.call("PUT", path, code("https://a.blob.core.windows.net/c/two"))
    assert refused.status_code == 400
    assert "codeUri" in refused.json()["error"]["message"]
    assert azure_ml.get(path)["id"] == WORKSPACE + path
    assert azure_ml.call("GET", "/codes/steady/versions/2").status_code == 404
    assert azure_ml.call("PUT", "/codes/steady/versions/3", {"properties": {}}).status_code == 400


def test_code_is_found_by_its_content(azure_ml):
    for version, digest in (("1", "aa"), ("2", "bb")):
        azure_ml.put(f"/codes/hashed/versions/{version}", code("https://a.blob.core.windows.net/c/x", digest))
    assert [one["name"] for one in azure_ml.call("GET", "/codes/hashed/versions", hash="bb").json()["value"]] == ["2"]
    assert [one["name"] for one in azure_ml.get("/codes/hashed/versions")["value"]] == ["2", "1"]


def test_an_environment_is_an_image_or_a_build_and_never_changes(azure_ml):
    path = "/environments/tools/versions/1"
    body = {"properties": {"image": "ubuntu", "condaFile": "dependencies: []", "isAnonymous": True}}
    assert azure_ml.put(path, body)["properties"]["provisioningState"] == "Succeeded"
    for change in ({"image": "debian"}, {"condaFile": "dependencies: [numpy]"}, {"build": {"contextUri": "x"}}):
        changed = {"properties": {**body["properties"], **change}}
        assert azure_ml.call("PUT", path, changed).status_code == 400
    assert azure_ml.call("PUT", "/environments/tools/versions/2", {"properties": {}}).status_code == 400


def test_datastores_say_where_artifacts_are(azure_ml):
    store = azure_ml.get("/datastores/workspaceartifactstore")["properties"]
    assert (store["containerName"], store["accountName"]) == ("azureml", azure_ml.blobs.account_name)
    secrets = azure_ml.call("POST", "/datastores/workspaceartifactstore/listSecrets").json()
    assert secrets == {"secretsType": "AccountKey", "key": azure_ml.blobs.credential.account_key}


def test_a_registered_datastore_leads_to_its_container(azure_ml):
    azure_ml.write("lake", "in.txt", "water")
    properties = {
        "datastoreType": "AzureBlob",
        "accountName": azure_ml.blobs.account_name,
        "containerName": "lake",
        "credentials": {"credentialsType": "AccountKey", "secrets": {"secretsType": "AccountKey", "key": "secret"}},
    }
    assert "secret" not in azure_ml.call("PUT", "/datastores/lake", {"properties": properties}).text
    there = {"jobInputType": "uri_file", "uri": f"azureml:/{WORKSPACE}/datastores/lake/paths/in.txt"}
    azure_ml.submit("drinks", "cat ${{inputs.x}}", inputs={"x": there})
    assert azure_ml.ended("drinks") == "Completed"
    assert azure_ml.log("drinks") == "water"
    assert azure_ml.call("PUT", "/datastores/workspaceblobstore", {"properties": properties}).status_code == 400
    assert "secrets" not in azure_ml.get("/datastores/lake")["properties"]["credentials"]
