"""The function app indexes cleanly under Microsoft's own worker library, with exactly these functions and bindings."""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
GOLDEN = ROOT / "tests" / "golden" / "functions.json"

# In a process of its own: the worker library keeps one registry per process.
INDEX = """
import asyncio, json, sys
from local.worker_messages import make_messages, request

import azure_functions_runtime as runtime

async def index():
    messages = make_messages()
    runtime.start_threadpool_executor()
    answer = await runtime.worker_init_request(
        request("worker_init_request", messages, capabilities={}, function_app_directory=sys.argv[1]))
    assert answer.result.status == 1, answer.result.exception.message
    found = await runtime.functions_metadata_request(request("functions_metadata_request", messages))
    runtime.stop_threadpool_executor()
    return {each.name: [json.loads(binding) for binding in each.raw_bindings]
            for each in found.function_metadata_results}

print(json.dumps(asyncio.run(index())))
"""


def test_the_index_is_the_golden_list():
    done = subprocess.run(
        [sys.executable, "-c", INDEX, str(ROOT)], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    simplified = {
        name: sorted(
            (
                {
                    key: binding[key]
                    for key in ("type", "name", "route", "methods", "schedule", "authLevel")
                    if key in binding
                }
                for binding in bindings
            ),
            key=lambda binding: binding["type"],
        )
        for name, bindings in sorted(found.items())
    }
    assert simplified == json.loads(GOLDEN.read_text())


def test_importing_the_app_does_no_io():
    """One bad import takes every function down, so nothing may happen at import but definitions."""
    probe = (
        "import builtins, os, socket, sys\n"
        "import azure.durable_functions, azure.functions\n"
        "def forbidden(*args, **kwargs): raise AssertionError('network at import')\n"
        "socket.socket.connect = forbidden\n"
        "import function_app\n"
        "assert 'fastapi' not in sys.modules, 'FastAPI belongs to the first request'\n"
        "assert 'azure.identity' not in sys.modules, 'identity belongs to Azure'\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"PATH": ""},
    )
    assert done.returncode == 0, done.stderr


def test_an_app_in_azure_that_asks_nobody_to_sign_in_does_not_start():
    done = subprocess.run(
        [sys.executable, "-c", "import function_app"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"PATH": "", "PIPEYARD_AUTH": "none", "WEBSITE_SITE_NAME": "app"},
    )
    assert done.returncode != 0
    assert "PIPEYARD_AUTH is `none`" in done.stderr
