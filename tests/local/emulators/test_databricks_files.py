"""The Workspace and Files APIs, through the vendor's client and raw."""

import base64
import io

import pytest
from databricks.sdk.errors import ResourceAlreadyExists, ResourceDoesNotExist
from databricks.sdk.service.workspace import ExportFormat, ImportFormat, Language, ObjectType

NOTEBOOK = b"# Databricks notebook source\nx = 1\n"


@pytest.fixture
def client(databricks):
    return databricks.client()


def test_the_client_finds_out_who_it_is(client):
    assert client.current_user.me().user_name == "emulator@localhost"


def test_files_are_uploaded_exported_listed_and_deleted(client):
    client.workspace.mkdirs("/Shared/tree/below")
    client.workspace.upload("/Shared/tree/a.py", io.BytesIO(b"print(1)\r\n\r\n"), format=ImportFormat.RAW)
    client.workspace.import_(
        "/Workspace/Shared/tree/below/b.bin",
        format=ImportFormat.AUTO,
        content=base64.b64encode(bytes(range(256))).decode(),
    )
    assert client.workspace.get_status("/Shared/tree/a.py").object_type is ObjectType.FILE
    assert client.workspace.get_status("/Workspace/Shared/tree/a.py").path == "/Shared/tree/a.py"
    found = client.workspace.list("/Shared/tree", recursive=True)
    assert sorted(info.path for info in found) == ["/Shared/tree/a.py", "/Shared/tree/below/b.bin"]
    exported = client.workspace.export("/Shared/tree/below/b.bin", format=ExportFormat.AUTO)
    assert base64.b64decode(exported.content) == bytes(range(256))
    with client.workspace.download("/Shared/tree/a.py", format=ExportFormat.AUTO) as content:
        assert content.read() == b"print(1)\r\n\r\n"
    client.workspace.delete("/Shared/tree", recursive=True)
    with pytest.raises(ResourceDoesNotExist, match="doesn't exist"):
        client.workspace.get_status("/Shared/tree")


def test_notebooks_are_told_from_files(client):
    client.workspace.mkdirs("/Shared/kinds")
    client.workspace.upload("/Shared/kinds/auto.py", io.BytesIO(NOTEBOOK), format=ImportFormat.AUTO)
    client.workspace.upload("/Shared/kinds/raw.py", io.BytesIO(NOTEBOOK), format=ImportFormat.RAW)
    client.workspace.upload("/Shared/kinds/source", io.BytesIO(b"y = 2\n"), language=Language.PYTHON)
    kinds = {info.path: (info.object_type, info.language) for info in client.workspace.list("/Shared/kinds")}
    assert kinds == {
        "/Shared/kinds/auto": (ObjectType.NOTEBOOK, Language.PYTHON),
        "/Shared/kinds/raw.py": (ObjectType.FILE, None),
        "/Shared/kinds/source": (ObjectType.NOTEBOOK, Language.PYTHON),
    }
    with client.workspace.download("/Shared/kinds/source") as content:
        assert content.read() == b"# Databricks notebook source\ny = 2\n"
    client.workspace.upload("/Shared/kinds/raw.py", io.BytesIO(b"plain"), format=ImportFormat.AUTO, overwrite=True)
    client.workspace.delete("/Shared/kinds/auto")
    client.workspace.upload("/Shared/kinds/auto", io.BytesIO(b"a file now"), format=ImportFormat.AUTO)
    assert client.workspace.get_status("/Shared/kinds/auto").object_type is ObjectType.FILE


def test_what_is_there_is_replaced_only_when_told(client):
    client.workspace.upload("/Shared/once.txt", io.BytesIO(b"1"), format=ImportFormat.AUTO, overwrite=True)
    with pytest.raises(ResourceAlreadyExists, match="already exists"):
        client.workspace.upload("/Shared/once.txt", io.BytesIO(b"2"), format=ImportFormat.AUTO)
    with pytest.raises(ResourceDoesNotExist, match="parent folder"):
        client.workspace.upload("/Shared/no/such/folder.txt", io.BytesIO(b"2"), format=ImportFormat.AUTO)


def test_volumes_keep_files(client):
    path = "/Volumes/main/default/kept/some folder/a #1.bin"
    client.files.upload(path, io.BytesIO(b"content"), overwrite=True)
    assert client.files.get_metadata(path).content_length == 7
    assert client.files.download(path).contents.read() == b"content"
    client.files.create_directory("/Volumes/main/default/kept/empty")
    names = {
        entry.name: entry.is_directory for entry in client.files.list_directory_contents("/Volumes/main/default/kept")
    }
    assert names == {"some folder": True, "empty": True}
    assert client.dbfs.get_status(f"dbfs:{path}").file_size == 7
    client.files.delete(path)
    client.files.delete_directory("/Volumes/main/default/kept/empty")


@pytest.mark.parametrize(
    ("method", "path", "more", "status", "code"),
    [
        ("GET", "/api/2.0/fs/files/Volumes/a/b/c/none", {}, 404, "NOT_FOUND"),
        ("HEAD", "/api/2.0/fs/files/Volumes/a/b/c/none", {}, 404, None),
        ("PUT", "/api/2.0/fs/files/Volumes/a/b", {"content": b"x"}, 400, "INVALID_PARAMETER_VALUE"),
        ("PUT", "/api/2.0/fs/files/Volumes/a/b/c/%2e%2e/%2e%2e/x", {"content": b"x"}, 400, "INVALID_PARAMETER_VALUE"),
        ("GET", "/api/2.0/workspace/get-status", {"params": {"path": "/none"}}, 404, "RESOURCE_DOES_NOT_EXIST"),
        ("GET", "/api/2.0/workspace/get-status", {"params": {"path": "/../../etc"}}, 400, "INVALID_PARAMETER_VALUE"),
        ("GET", "/api/2.0/workspace/get-status", {"params": {"path": "none"}}, 400, "INVALID_PARAMETER_VALUE"),
        ("GET", "/api/2.0/workspace/get-status", {}, 400, "INVALID_PARAMETER_VALUE"),
        ("GET", "/api/2.0/workspace/export", {"params": {"path": "/Shared"}}, 400, "INVALID_PARAMETER_VALUE"),
        ("POST", "/api/2.0/workspace/mkdirs", {"content": b"{"}, 400, "MALFORMED_REQUEST"),
        ("POST", "/api/2.0/workspace/mkdirs", {"content": b"[]"}, 400, "MALFORMED_REQUEST"),
        (
            "POST",
            "/api/2.0/workspace/import",
            {"json": {"path": "/a", "format": "DBC"}},
            400,
            "INVALID_PARAMETER_VALUE",
        ),
        ("POST", "/api/2.0/workspace/import", {"json": {"path": "/a", "content": "?"}}, 400, "INVALID_PARAMETER_VALUE"),
        ("POST", "/api/2.0/workspace/import", {"json": {"path": "/a"}}, 400, "INVALID_PARAMETER_VALUE"),
        ("POST", "/api/2.0/workspace/delete", {"json": {"path": "/"}}, 400, "INVALID_PARAMETER_VALUE"),
        ("GET", "/api/2.0/sql/warehouses", {}, 404, "ENDPOINT_NOT_FOUND"),
    ],
)
def test_wrong_requests_are_refused_as_databricks_does(databricks, method, path, more, status, code):
    answer = databricks.http.request(method, path, **more)
    assert answer.status_code == status
    if code is not None:
        assert answer.json()["error_code"] == code
        assert answer.json()["message"]


def test_whoever_has_no_token_stays_outside(databricks):
    for header, status in (("", 401), ("Basic dXNlcjpwYXNz", 401), ("Bearer", 403)):
        headers = {"Authorization": header}
        answer = databricks.http.get("/api/2.2/jobs/runs/list", headers=headers)
        assert answer.status_code == status
        assert answer.json()["error_code"] in {"UNAUTHENTICATED", "PERMISSION_DENIED"}
