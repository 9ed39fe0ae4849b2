"""URIs of a storage account, volumes and workspace files in parameters."""

import textwrap

import pytest

from tests.local.emulators.databricks_emulator import emptied, ended_as, result

COPY = """
import sys
from pathlib import Path

source, target = Path(sys.argv[1]), Path(sys.argv[2])
for file in sorted(source.rglob("*.txt")):
    place = target / file.relative_to(source)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(file.read_text().upper())
(source / "a.txt").write_text("changed")
print(sys.argv[3])
"""


@pytest.fixture
def box(databricks):
    """A container with two files below `in`."""
    with databricks.blobs() as blobs:
        container = emptied(blobs, "box")
        for name in ("in/a.txt", "in/deep down/50% #1.txt"):
            container.upload_blob(name, name.encode())
        yield container


def contents(box) -> dict[str, bytes]:
    return {name: box.download_blob(name).readall() for name in box.list_blob_names()}


def test_a_script_reads_and_writes_what_its_uris_name(databricks, box):
    source, target = databricks.uri("box", "in"), databricks.uri("box", "results/1").replace("abfss", "wasbs")
    target = target.replace(".dfs.", ".blob.")
    run = databricks.finished(databricks.script(COPY, source, target, f"--model={source}/a.txt", name="copy"))
    output = databricks.output(run)
    assert result(run) == ("TERMINATED", "SUCCESS"), output
    assert contents(box) == {
        "in/a.txt": b"changed",
        "in/deep down/50% #1.txt": b"in/deep down/50% #1.txt",
        "results/1/a.txt": b"IN/A.TXT",
        "results/1/deep down/50% #1.txt": b"IN/DEEP DOWN/50% #1.TXT",
    }
    assert output["logs"].startswith("--model=/")
    assert output["logs"].strip().endswith("/box/in/a.txt")


def test_what_code_deletes_is_deleted_and_what_it_writes_beside_its_uris_is_kept(databricks, box):
    code = """
        import pathlib, shutil, sys
        shutil.rmtree(pathlib.Path(sys.argv[1], "deep down"))
        pathlib.Path(sys.argv[1]).with_name("beside").write_text("too")
    """
    run = databricks.finished(databricks.script(textwrap.dedent(code), databricks.uri("box", "in"), name="deletes"))
    assert result(run) == ("TERMINATED", "SUCCESS")
    assert contents(box) == {"in/a.txt": b"in/a.txt", "beside": b"too"}


def test_a_uri_may_be_one_blob(databricks, box):
    source, target = databricks.uri("box", "in/deep down/50% #1.txt"), databricks.uri("box", "out/one.csv")
    code = "import sys\nopen(sys.argv[2], 'w').write(open(sys.argv[1]).read() + '!')"
    assert result(databricks.finished(databricks.script(code, source, target))) == ("TERMINATED", "SUCCESS")
    assert contents(box)["out/one.csv"] == b"in/deep down/50% #1.txt!"


def test_a_notebook_gets_them_as_widgets_and_by_dbutils(databricks, box):
    run_id = databricks.notebook(
        "uri = '{}'".format(databricks.uri("box", "in")),
        "names = [info.name for info in dbutils.fs.ls(dbutils.widgets.get('source'))]",
        "same = [info.name for info in dbutils.fs.ls(uri)]",
        "dbutils.fs.put(dbutils.widgets.get('target') + '/note.txt', 'from a notebook')",
        "dbutils.notebook.exit(f'{names} {names == same}')",
        parameters={"source": databricks.uri("box", "in"), "target": databricks.uri("box", "made")},
    )
    run = databricks.finished(run_id)
    assert databricks.output(run)["notebook_output"]["result"] == "['a.txt', 'deep down/'] True"
    assert contents(box)["made/note.txt"] == b"from a notebook"


def test_a_failed_task_leaves_what_it_wrote_until_then(databricks, box):
    code = "import sys, pathlib\npathlib.Path(sys.argv[1], 'part.txt').write_text('part')\nraise ValueError"
    assert result(databricks.finished(databricks.script(code, databricks.uri("box", "half")))) == (
        "INTERNAL_ERROR",
        "FAILED",
    )
    assert contents(box)["half/part.txt"] == b"part"


def test_a_cancelled_task_does_too(databricks, box):
    code = (
        "import sys, pathlib, time\npathlib.Path(sys.argv[1], 'part.txt').write_text('part')\nprint(1)\ntime.sleep(60)"
    )
    run_id = databricks.script(code, databricks.uri("box", "ended"))
    run = databricks.until(run_id, lambda run: "1" in databricks.output(run).get("logs", ""))
    databricks.post("cancel", {"run_id": run["run_id"]})
    assert result(databricks.finished(run_id)) == ("TERMINATED", "CANCELED")
    assert contents(box)["ended/part.txt"] == b"part"


def test_volumes_and_workspace_files_are_local_paths(databricks):
    databricks.http.put("/api/2.0/fs/files/Volumes/main/default/in/a.txt", content=b"of a volume").raise_for_status()
    databricks.write("/Shared/settings.txt", "of the workspace")
    code = "import sys\nprint(*(open(word.partition('=')[2] or word).read() for word in sys.argv[1:]))"
    places = ["--a=/Volumes/main/default/in/a.txt", "dbfs:/Volumes/main/default/in/a.txt"]
    run = databricks.finished(databricks.script(code, *places, "/Workspace/Shared/settings.txt"))
    assert databricks.output(run)["logs"] == "of a volume of a volume of the workspace\n"


def test_code_can_lie_in_a_volume_or_in_storage(databricks, box):
    box.upload_blob("code/main.py", b"print('from storage')")
    databricks.http.put("/api/2.0/fs/files/Volumes/main/default/code/main.py", content=b"print('from a volume')")
    for path, said in (
        (databricks.uri("box", "code/main.py"), "from storage\n"),
        ("/Volumes/main/default/code/main.py", "from a volume\n"),
    ):
        run = databricks.finished(databricks.submit({"spark_python_task": {"python_file": path}}))
        assert databricks.output(run)["logs"] == said


def test_another_account_is_out_of_reach(databricks):
    run = databricks.finished(databricks.script("print()", "abfss://c@elsewhere.dfs.core.windows.net/x"))
    assert ended_as(run) == ("STORAGE_ACCESS_ERROR", "CLIENT_ERROR")
    assert "elsewhere" in databricks.output(run)["error"]
