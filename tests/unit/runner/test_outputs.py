import os

import pytest

from runner.outputs import Finder
from runner.script import Layout, passed_on


@pytest.fixture
def layout(tmp_path):
    for name in ("work", "inputs/data", "outputs"):
        (tmp_path / "job" / name).mkdir(parents=True)
    return Layout(tmp_path / "job")


def test_files_are_found_by_name(layout):
    (layout.output("m") / "b").mkdir(parents=True)
    (layout.output("m") / "b" / "c").touch()
    (layout.output("m") / "a").touch()
    finder = Finder(layout)
    assert [file.relative for file in finder.find(layout.output("m"), "m")] == ["a", "b/c"]
    assert finder.find(layout.output("missing"), "missing") == []
    assert finder.warnings == []


def test_links_are_followed_only_to_what_is_the_scripts_own(layout, tmp_path):
    root = layout.output("m")
    root.mkdir()
    (layout.input("data") / "in").write_text("in")
    (layout.root / "job.json").write_text("SECRET")
    (tmp_path / "outside").write_text("outside")
    (root / "good").symlink_to(layout.input("data"))
    (root / "secret").symlink_to(layout.root / "job.json")
    (root / "away").symlink_to(tmp_path / "outside")
    (root / "nothing").symlink_to("nowhere")
    (root / "loop").symlink_to(root)
    (root / "self").symlink_to("self")
    os.mkfifo(root / "pipe")
    finder = Finder(layout)
    assert [file.relative for file in finder.find(root, "m")] == ["good/in"]
    assert sorted(finder.warnings) == [
        "m/away was left out: it is a link to a place outside the job.",
        "m/loop was left out: it is a link to a folder that it lies in.",
        "m/nothing was left out: it is a link to nothing.",
        "m/pipe was left out: it is neither a file nor a folder.",
        "m/secret was left out: it is a link to a place outside the job.",
        "m/self was left out: it is a link to nothing.",
    ]


def test_an_output_that_is_itself_a_link(layout, tmp_path):
    (tmp_path / "outside").write_text("x")
    layout.output("m").symlink_to(tmp_path / "outside")
    (layout.work / "f").write_text("x")
    layout.output("n").symlink_to(layout.work / "f")
    finder = Finder(layout)
    assert finder.find(layout.output("m"), "m") == []
    assert [file.path for file in finder.find(layout.output("n"), "n")] == [(layout.work / "f").resolve()]


def test_scripts_see_where_things_are_but_no_secrets():
    host = {
        "PATH": "/bin",
        "LC_ALL": "C",
        "CUDA_VISIBLE_DEVICES": "0",
        "AzureWebJobsStorage": "x",
        "PIPEYARD_STORAGE": "x",
    }
    assert passed_on(host) == {"PATH": "/bin", "LC_ALL": "C", "CUDA_VISIBLE_DEVICES": "0"}
