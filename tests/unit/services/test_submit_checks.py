"""What a step would be refused for when it begins is told when its run is submitted, with everything else."""

import hashlib
from typing import Any

import pytest

from shared.core.compute_targets import DATA_LAKE_ANALYTICS, DATABRICKS, ComputeTarget
from shared.core.errors import InvalidDocument
from shared.core.snapshots import SnapshotFile
from shared.services.begin import begin_step
from shared.services.planning import plan_run
from shared.services.publishing import PublishRequest, SubmitRequest, publish, submit_published
from shared.services.snapshots import register_snapshot, store_file
from shared.services.submission import RunRequest, submit_run, validate_definition
from tests.unit.services.scheduling import World
from tests.unit.services.test_refusals import Service, restarted

SCRIPT = """\
@rows = EXTRACT Name string, Size int FROM "@@raw@@/a.csv" USING Extractors.Csv();
@big  = SELECT Name FROM @rows WHERE Size > @@least@@;
OUTPUT @big TO "@@out@@/big.csv" USING Outputters.Csv();
"""
WRONG = SCRIPT.replace("Size > ", "Sise > ").replace("@big TO", "@bog TO")
TOLD = [
    "a.usql(2,38): error: There is no column `Sise` here. Did you mean `Size`?",
    "a.usql(3,1): error: The rowset `@bog` is not known. Did you mean `@big`?",
]
LITERAL = {"kind": "literal", "value": 3}
PARAMETER = {"kind": "parameter", "parameter": "least"}


@pytest.fixture(autouse=True)
def account(world: World) -> None:
    """An account of Data Lake Analytics."""
    now = world.workspace.now().isoformat()
    target = ComputeTarget(name="adla", type=DATA_LAKE_ANALYTICS, attached=True, created_at=now, updated_at=now)
    world.workspace.services.catalogue.insert(target)


def snapshot(world: World, script: str, name: str = "a.usql") -> str:
    data = script.encode()
    sha256 = hashlib.sha256(data).hexdigest()
    store_file(world.workspace, sha256, data)
    found, missing = register_snapshot(world.workspace, [SnapshotFile(path=name, sha256=sha256, size=len(data))])
    assert missing == []
    return found


def step(source: str, name: str = "query", least: dict[str, Any] = LITERAL, **fields: Any) -> dict[str, Any]:
    raw = {"kind": "data_reference", "datastore": "workspaceblobstore", "path": "in"}
    return {
        "name": name,
        "type": "data_lake_analytics",
        "settings": {"script_name": "a.usql"},
        "snapshot": source,
        "inputs": {"raw": raw, "least": least},
        "outputs": {"out": {}},
        "compute_target": "adla",
        **fields,
    }


def definition(*steps: dict[str, Any], **parameters: Any) -> dict[str, Any]:
    return {"name": "p", "steps": steps, "parameters": parameters}


def submit(world: World, document: dict[str, Any], **values: Any) -> str:
    engine: Any = world.engine
    request = RunRequest.model_validate({"definition": document, "parameters": values})
    return submit_run(world.workspace, engine, request)[0].run_id


def refused(world: World, document: dict[str, Any], **values: Any) -> list[tuple[str, str]]:
    """Pointers and messages, the same ones for a submit and for a plan."""
    with pytest.raises(InvalidDocument) as submitted:
        submit(world, document, **values)
    with pytest.raises(InvalidDocument) as planned:
        plan_run(world.workspace, RunRequest.model_validate({"definition": document, "parameters": values}))
    assert submitted.value.faults == planned.value.faults
    assert world.engine.runs == {}
    return [(fault.pointer, fault.message) for fault in submitted.value.faults]


def test_everything_is_told_at_once(world: World):
    nodes = {"node_count": 2, "communicator": "mpi"}
    command = {"name": "c", "type": "command", "settings": {"command": ["true"]}, "compute_target": "local"}
    batch = {"name": "b", "type": "azure_batch", "settings": {"executable": "a.exe", "pool_id": "p"}}
    document = definition(
        step(snapshot(world, WRONG)),
        step(snapshot(world, SCRIPT), "bound", PARAMETER, outputs={"out": {"datastore": "nowhere"}}),
        {**command, "resources": nodes},
        {**batch, "compute_target": "gone"},
        least={"type": "string"},
    )
    unbound = [
        ("/definition/steps/0/settings/script_name", TOLD[0]),
        ("/definition/steps/0/settings/script_name", TOLD[1]),
        ("/definition/steps/1/outputs/out/datastore", "There is no datastore `nowhere`."),
        (
            "/definition/steps/2/resources/node_count",
            "Step `c` asks for 2 nodes, and compute target `local` is this one machine.",
        ),
    ]
    found = refused(world, document)
    assert set(unbound) <= set(found)
    assert {pointer for pointer, _ in found} - {pointer for pointer, _ in unbound} == {
        "/definition/steps/3/compute_target",
        "/parameters/least",
    }
    [said] = [message for pointer, message in refused(world, document, least="x") if "steps/1/settings" in pointer]
    assert said.startswith("a.usql(2,45): error: The value of `least` is a text")


def test_a_script_that_waits_for_a_value_is_checked_when_it_has_one(world: World):
    document = definition(step(snapshot(world, SCRIPT), least=PARAMETER), least={"type": "string"})
    published = publish(world.workspace, PublishRequest.model_validate({"name": "p", "definition": document}))
    engine: Any = world.engine

    def start(least: str) -> bool:
        request = SubmitRequest.model_validate({"parameters": {"least": least}})
        return submit_published(world.workspace, engine, published.published_pipeline_id, request)[1]

    with pytest.raises(InvalidDocument, match=r"^/steps/0/settings/script_name: a.usql\(2,45\)"):
        start("; DROP")
    assert start("3")
    world.pipeline = published
    with pytest.raises(InvalidDocument, match=r"/parameters: .*/steps/0/settings/script_name: a.usql\(2,45\)"):
        world.every(parameters={"least": "; DROP"})
    assert world.every(parameters={"least": "3"})


def test_a_script_that_no_value_mends_is_not_even_published(world: World):
    document = definition(step(snapshot(world, WRONG)))
    with pytest.raises(InvalidDocument, match=r"/definition/steps/0/settings/script_name: a.usql\(2,38\)"):
        publish(world.workspace, PublishRequest.model_validate({"name": "p", "definition": document}))


def test_a_script_that_is_not_there_and_a_snapshot_that_is_not_there(world: World):
    elsewhere = snapshot(world, SCRIPT, "b.usql")
    document = definition(step(elsewhere), step("ab" * 32, "other"))
    assert refused(world, document) == [
        ("/definition/steps/0/settings/script_name", "The script a.usql is not in the step's source directory."),
        ("/definition/steps/1/snapshot", f"Snapshot {'ab' * 32} is not in this workspace."),
    ]


def test_a_script_for_databricks_that_is_not_there(world: World):
    now = world.workspace.now().isoformat()
    target = ComputeTarget(name="bricks", type=DATABRICKS, attached=True, created_at=now, updated_at=now)
    world.workspace.services.catalogue.insert(target)
    settings = {"existing_cluster_id": "1", "python_script_name": "tran.py"}
    bricks = {"name": "b", "type": "databricks", "settings": settings, "compute_target": "bricks"}
    document = definition({**bricks, "snapshot": snapshot(world, "print()", "train.py")})
    with pytest.raises(InvalidDocument, match=r"/settings/python_script_name: .*tran.py .* Did you mean `train.py`\?"):
        submit(world, document)


def test_the_name_of_the_script_may_be_a_parameter(world: World):
    named = step(snapshot(world, WRONG), settings={"script_name": {"parameter": "script"}})
    document = definition(named, script={"type": "string"})
    assert validate_definition(world.workspace, document) == []
    assert [message for _, message in refused(world, document, script="a.usql")] == TOLD
    [(pointer, _)] = refused(world, document, script="../a.usql")
    assert pointer == "/definition/steps/0/settings/script_name"


def test_the_faults_of_a_script_that_many_steps_have_are_listed_once(world: World):
    source = snapshot(world, WRONG)
    found = refused(world, definition(step(source), step(source, "again"), step(source, "third")))
    pointers = [f"/definition/steps/{ordinal}/settings/script_name" for ordinal in (0, 0, 1, 2)]
    same = "It is as wrong as in step `query`, whose faults are listed."
    assert found == [*zip(pointers, [*TOLD, same, same], strict=True)]


def test_what_is_too_large_for_a_submit_is_told_when_its_step_begins(world: World):
    world.put("in/a.csv")
    run_id = submit(world, definition(step(snapshot(world, f"{WRONG}/*{'x' * 300_000}*/"))))
    service = Service()
    assert begin_step(restarted(world, service), run_id, 0).status == "Failed"
    row = world.workspace.services.runs.get_step(run_id, 0)
    assert row is not None
    assert (row.error or "").splitlines() == [*TOLD, "2 errors: nothing has run."]
    assert service.jobs == {}


def test_a_definition_that_nothing_can_run_yet_is_valid_with_a_warning(world: World):
    document = definition({"name": "a", "type": "automl", "settings": {"automl_config": {"task": "regression"}}})
    [warning] = validate_definition(world.workspace, document)
    [(pointer, message)] = refused(world, document)
    assert pointer == "/definition/steps/0/type"
    assert warning.startswith(message)
    assert "needs a back-end for automated machine learning" in message
