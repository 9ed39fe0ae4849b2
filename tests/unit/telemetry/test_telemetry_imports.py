"""What telemetry costs a start: nothing, where nobody has asked for it."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
LOOK = """
import sys
import function_app
print(sorted(name for name in sys.modules if name in ("opentelemetry.sdk", "azure.monitor", "azure.identity")))
"""


def loaded(**settings: str) -> str:
    names = ("APPLICATIONINSIGHTS_CONNECTION_STRING", "PIPEYARD_STORAGE_ACCOUNT")
    environment = {name: value for name, value in os.environ.items() if name not in names}
    command = [sys.executable, "-c", LOOK]
    done = subprocess.run(
        command, cwd=ROOT, env={**environment, **settings}, capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout.strip()


def test_the_app_loads_no_exporter_unless_it_is_told_where_to_send():
    assert loaded() == "[]"
