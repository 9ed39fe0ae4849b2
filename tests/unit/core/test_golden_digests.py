"""Digests that are stored in every workspace. If a test here fails, every earlier result becomes unfindable."""

import json
from pathlib import Path

import pytest

from shared.core.canonical import digest
from shared.core.definition import StepDefinition
from shared.core.reuse import build_key_document, content_digest, reuse_key
from shared.core.snapshots import SnapshotFile, snapshot_digest

FOLDER = Path(__file__).parents[2] / "golden" / "digests"


def key(given) -> str:
    return reuse_key(build_key_document(StepDefinition.model_validate(given.pop("step")), **given))


FUNCTIONS = {
    "digest": lambda given: digest(given["tag"], given["value"]),
    "reuse_key": key,
    "content_digest": lambda given: content_digest((path, file) for path, file in given),
    "snapshot_digest": lambda given: snapshot_digest([SnapshotFile.model_validate(file) for file in given]),
}


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda path: path.stem)
def test_digests_never_change(path):
    golden = json.loads(path.read_text())
    assert FUNCTIONS[golden["function"]](golden["input"]) == golden["expected"]


def test_every_function_has_a_golden_file():
    used = {json.loads(path.read_text())["function"] for path in FOLDER.glob("*.json")}
    assert used == FUNCTIONS.keys()
