"""What `./dev check` makes of a report of checkov."""

from pathlib import Path
from typing import Any

import pytest

from infra.check import bicep_faults, report_faults

SKIPPED = {"file_path": "/modules/storage.bicep", "check_id": "CKV_1"}
FAILED = {
    "file_path": "/main.bicep",
    "file_line_range": [7, 9],
    "check_id": "CKV_2",
    "check_name": "Ensure it",
    "resource": "Microsoft.Web/sites.app",
}


def report(*, resources: int = 1, **results: Any) -> dict[str, Any]:
    nothing: dict[str, Any] = {"parsing_errors": [], "failed_checks": [], "skipped_checks": []}
    return {"results": nothing | results, "summary": {"resource_count": resources}}


def test_nothing_is_wrong_when_every_skip_is_needed():
    assert report_faults(report(skipped_checks=[SKIPPED]), {("storage.bicep", "CKV_1")}) == []


def test_files_that_cannot_be_parsed_failed_checks_and_idle_skips_are_all_told():
    faults = report_faults(
        report(parsing_errors=["/x/main.bicep"], failed_checks=[FAILED]), {("storage.bicep", "CKV_1")}
    )
    assert faults == [
        "checkov cannot parse /x/main.bicep",
        "main.bicep:7: CKV_2: Ensure it (Microsoft.Web/sites.app)",
        "storage.bicep: the skip of CKV_1 is not needed any more",
    ]


def test_a_report_about_nothing_is_a_fault():
    assert report_faults(report(resources=0), set()) == ["checkov has found no resources"]


@pytest.mark.parametrize(("code", "faults"), [(0, []), (1, ["main.bicep(1,1): Error BCP001\n"] * 4)])
def test_templates_are_compiled_where_a_compiler_is_installed(
    code: int, faults: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    compiler = tmp_path / "bicep"
    compiler.write_text(
        f'#!/bin/sh\necho "$1 $2" >>"{tmp_path}/calls"\necho "main.bicep(1,1): Error BCP001" >&2\nexit {code}\n'
    )
    compiler.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert bicep_faults() == faults
    calls = [line.split() for line in (tmp_path / "calls").read_text().splitlines()]
    assert [(verb, Path(path).name) for verb, path in calls] == [
        *(("build", "main.bicep"), ("lint", "main.bicep")),
        *(("build", "event-subscription.bicep"), ("lint", "event-subscription.bicep")),
    ]


def test_without_a_compiler_that_is_said_and_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert bicep_faults() == []
    assert "not compiled" in capsys.readouterr().out
