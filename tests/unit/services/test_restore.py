"""What a restore refuses, and what it leaves alone, on real storage."""

import json
from typing import Any

import pytest

from shared.core.catalogue import Experiment
from shared.core.datastores import Datastore
from shared.core.errors import InvalidDocument
from shared.core.publishing import PublishedPipeline
from shared.services.documents import definition_blob
from shared.services.maintenance.backup import backup_page
from shared.services.maintenance.restore import restore
from tests.unit.services.scheduling import World

HEADER = {"type": "backup", "version": 1}
STEP = {"name": "s", "type": "command", "settings": {"command": ["true"]}}
NESTED = f'{{"type":"definition","document":{{"name":"p","steps":[{{"settings":{"[" * 900}{"]" * 900}}}]}}}}'


def record(kind: str, **fields: Any) -> str:
    return json.dumps({"type": "record", "kind": kind, "record": fields})


def body(*lines: str) -> bytes:
    return "\n".join([json.dumps(HEADER), *lines]).encode()


def target(**fields: Any) -> str:
    return record("compute_target", name="dbr", type="Databricks", created_at="", **fields)


def hook(hook_id: str) -> str:
    return record("webhook", id=hook_id, name="n", url="https://example.org/", created_at="")


@pytest.mark.parametrize(
    "line",
    [
        record("datastore", name="d", type="azure_blob", credential="account_key", secret_name="run-token-key"),
        record("datastore", name="d", type="azure_blob", credential="account_key", secret_name="datastore-d-/x"),
        target(secret_names={"access_token": "compute-other--access-token-0123456789ab"}),
        target(secret_names={"access_token": "compute-dbr--access-token-../key"}),
        hook("../../secrets/run-token-key"),
    ],
)
def test_a_record_cannot_reach_for_the_secret_of_another(world: World, line: str) -> None:
    with pytest.raises(InvalidDocument, match="is not the name of a secret that belongs to this"):
        restore(
            world.workspace, body(record("experiment", name="e", created_at=""), line), conflict="skip", dry_run=False
        )
    assert world.workspace.services.catalogue.find(Experiment, "e") is None, "nothing is written"


@pytest.mark.parametrize(
    "line",
    [
        "[" * 200_000,
        NESTED,
        json.dumps(
            {"type": "definition", "id": "x", "document": {"name": "p", "steps": [STEP | {"comment": "\ud800"}]}}
        ),
        json.dumps({"type": "definition", "document": {"name": "p", "steps": [{**STEP, "settings": {"a": "\ud800"}}]}}),
    ],
)
def test_a_hostile_line_is_a_fault(world: World, line: str) -> None:
    with pytest.raises(InvalidDocument) as refused:
        restore(world.workspace, body(line), conflict="skip", dry_run=True)
    assert {fault.pointer.split("/")[1] for fault in refused.value.faults} == {"1"}


def test_names_of_secrets_come_back_as_they_were(world: World) -> None:
    secret = "datastore-my-store-0123456789ab"
    fields = {"name": "My_store", "type": "azure_blob", "account_name": "a", "container": "c"}
    lines = body(record("datastore", **fields, credential="account_key", secret_name=secret))
    report = restore(world.workspace, lines, conflict="skip", dry_run=False)
    assert [missing.secret for missing in report.missing_secrets] == [secret]
    assert world.workspace.services.catalogue.get(Datastore, "My_store").secret_name == secret


def test_one_broken_record_does_not_keep_the_others_from_being_copied(world: World) -> None:
    workspace = world.workspace
    workspace.services.blobs.delete("pipeyard", [definition_blob(world.pipeline.definition_id)])
    workspace._definitions.forget(world.pipeline.definition_id)
    token: str | None = None
    kinds: list[str] = []
    while True:
        *lines, end = map(json.loads, backup_page(workspace, token).splitlines())
        kinds += [line["kind"] for line in lines if line["type"] == "record"]
        token = end["continuation_token"]
        if token is None:
            break
    assert PublishedPipeline.kind in kinds
