"""What `azd deploy` would send to Azure and `func start` would start: the app without the rest of the checkout."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pathspec
import pytest

from shared.config import Settings, load_settings
from tests.infra.test_settings import OF_THE_HOST

ROOT = Path(__file__).parents[2]
IGNORED = pathspec.GitIgnoreSpec.from_lines((ROOT / ".funcignore").read_text().splitlines())
NOT_OURS = {".git", ".venv", ".venv-tools", "node_modules", ".pipeyard", ".hypothesis", ".mypy_cache", ".ruff_cache"}

# Microsoft's worker library indexes the app and serves one request, with no host of ours anywhere on the path.
SERVE = """
import asyncio, json, sys
from types import SimpleNamespace
sys.path[:0] = [sys.argv[1], sys.argv[2]]

import azure_functions_runtime as runtime
from azure_functions_runtime.bindings.datumdef import Datum
from azure_functions_runtime.native_invocation import invocation_request_native
from worker_messages import make_messages, request

async def serve():
    messages = make_messages()
    runtime.start_threadpool_executor()
    answer = await runtime.worker_init_request(
        request("worker_init_request", messages, capabilities={}, function_app_directory=sys.argv[1]))
    assert answer.result.status == 1, answer.result.exception.message
    found = await runtime.functions_metadata_request(request("functions_metadata_request", messages))
    import shared
    assert shared.__file__.startswith(sys.argv[1]), shared.__file__
    ids = {each.name: each.function_id for each in found.function_metadata_results}
    if len(sys.argv) > 3:
        # What the host hands over for a durable client; nothing listens there, and /health does not ask.
        client = {"taskHubName": "LocalHub", "rpcBaseUrl": "http://127.0.0.1:1", "baseUrl": "http://127.0.0.1:7071",
                  "creationUrls": {}, "managementUrls": {}, "maxGrpcMessageSizeInBytes": 4194304,
                  "grpcHttpClientTimeout": "00:01:40"}
        web = {"method": Datum("GET", "string"), "url": Datum("http://127.0.0.1:7071/health", "string"),
               "headers": {}, "query": {}, "params": {"path": Datum("health", "string")}, "body": Datum(b"", "bytes")}
        done, value, _, error, _ = await invocation_request_native(
            "one", ids["http"], [("req", Datum(web, "http")), ("client", Datum(json.dumps(client), "string"))], {})
        assert done, error
        print(json.dumps([value.value["status_code"].value, json.loads(value.value["body"].value)]))
    else:
        from shared.adapters.azure_ml.node_files import node_files
        assert all(node_files().values())
        print(json.dumps([sorted(ids), sorted(name for name in sys.modules if name.split(".")[0] == "local")]))
    runtime.stop_threadpool_executor()

asyncio.run(serve())
"""


def packed_files() -> Iterator[Path]:
    for folder, folders, files in os.walk(ROOT, followlinks=True):
        here = Path(folder).relative_to(ROOT)
        folders[:] = [name for name in folders if name not in NOT_OURS and not IGNORED.match_file(f"{here / name}/")]
        yield from (here / name for name in files if not IGNORED.match_file(str(here / name)))


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("package")
    for path in packed_files():
        if path.parts[0] == ".python_packages":
            continue
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, target / path)
    return target


def serve(package: Path, tools: Path, *arguments: str, **environment: str) -> list[object]:
    """Run the app from a folder of its own, with the installed packages but not with this checkout's modules."""
    shutil.copy(ROOT / "local/worker_messages.py", tools)
    done = subprocess.run(
        [sys.executable, "-P", "-c", SERVE, str(package), str(tools), *arguments],
        cwd=tools,
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer: list[object] = json.loads(done.stdout.splitlines()[-1])
    return answer


def test_the_package_holds_the_app_and_nothing_else():
    tops = {path.parts[0] for path in packed_files()} - {".python_packages"}
    assert tops == {
        *("activities", "api", "function_app.py", "host.json", "orchestrators", "requirements.txt", "runner"),
        *("sdk", "shared", "triggers"),
    }
    assert {path.parts[1] for path in packed_files() if path.parts[0] == "sdk"} == {"pipeyard"}


@pytest.mark.parametrize("wheel", ["yaml/local/docs/x.py", "a-1.0.dist-info/METADATA", "pkg/tests/dev.py"])
def test_wheels_that_travel_along_are_not_thinned_out(wheel: str):
    assert not IGNORED.match_file(f".python_packages/lib/site-packages/{wheel}")


def test_secrets_of_a_developer_stay_at_home():
    for path in ("local.settings.json", ".env", ".azure/dev/.env", ".pipeyard/secrets/a"):
        assert IGNORED.match_file(path)


def test_the_package_has_every_function_and_does_not_need_the_local_host(package: Path, tmp_path: Path):
    functions, of_the_local_host = serve(package, tmp_path)
    golden = json.loads((ROOT / "tests/golden/functions.json").read_text())
    assert functions == sorted(golden)
    assert of_the_local_host == []


def sample() -> dict[str, str]:
    values: dict[str, str] = json.loads((ROOT / "local.settings.sample.json").read_text())["Values"]
    return values


def test_the_sample_settings_are_settings_that_there_are():
    ours = {str(field.alias) for field in Settings.model_fields.values()}
    of_the_host = OF_THE_HOST | {"FUNCTIONS_WORKER_RUNTIME", "AzureWebJobsStorage", "DataStorage"}
    assert set(sample()) <= ours | of_the_host
    assert set(load_settings(sample()).model_fields_set) == {
        str(name) for name, field in Settings.model_fields.items() if field.alias in sample()
    }


def test_the_app_is_well_with_the_sample_settings(package: Path, tmp_path: Path, storage_account: str):
    """As under `func start`: the sample's settings, except that Azurite is the tests' one."""
    settings = sample() | {"PIPEYARD_STORAGE": storage_account, "PIPEYARD_DATA_DIR": str(tmp_path / "data")}
    status, health = serve(package, tmp_path, "health", **settings)
    assert (status, health) == ("200", {"status": "ok", "checks": {"blobs": "ok", "tables": "ok"}})
