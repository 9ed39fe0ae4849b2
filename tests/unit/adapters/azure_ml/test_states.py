import json
from pathlib import Path

import pytest

from shared.adapters.azure_ml.states import PHASES, Phase, is_platform_fault, phase_of

SCHEMA = Path(__file__).parents[5] / "shared/specs/aml-2025-12-01.schema.json"


@pytest.mark.parametrize(
    ("status", "phase"),
    [
        *((word, Phase.UNDER_WAY) for word in ("NotStarted", "Starting", "Provisioning", "Preparing", "Queued")),
        *((word, Phase.UNDER_WAY) for word in ("Running", "Finalizing", "CancelRequested")),
        *((word, Phase.QUIET) for word in ("NotResponding", "Paused", "Unknown", "SomethingNew")),
        ("Completed", Phase.COMPLETED),
        ("Failed", Phase.FAILED),
        ("Canceled", Phase.CANCELED),
    ],
)
def test_every_status_has_a_meaning(status, phase):
    assert phase_of(status) is phase


@pytest.mark.skipif(not SCHEMA.exists(), reason="The service's schema is not here.")
def test_the_table_is_complete():
    status = json.loads(SCHEMA.read_text())["$defs"]["CommandJob"]["properties"]["status"]
    known = next(option["x-known-values"] for option in status["anyOf"] if "x-known-values" in option)
    assert set(PHASES) == set(known)


@pytest.mark.parametrize(
    ("codes", "is_platform"),
    [
        ("ServiceError", True),
        ("UserError/NodePreempted", True),
        ("UserError", False),
        ("UserError/ImageBuildFailure", False),
        ("", False),
    ],
)
def test_whose_fault_a_code_is(codes, is_platform):
    assert is_platform_fault(codes) is is_platform
