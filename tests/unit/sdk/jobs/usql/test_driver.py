"""The driver of U-SQL scripts as a job starts it: a process with its variables and files."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SEARCH_LOG = """\
399266\t2/15/2012 11:53:16 AM\ten-us\thow to make nachos\t73\twww.nachos.com;www.wikipedia.com\tNULL
382045\t2/15/2012 11:53:18 AM\ten-gb\tbest "ski" resorts\t614\tskiresorts.com;ski-europe.com\tski-europe.com
382045\t2/16/2012 11:53:20 AM\ten-gb\tbroken leg\t74\tmayoclinic.com;webmd.com\tmayoclinic.com;webmd.com
106479\t2/16/2012 11:53:50 AM\ten-ca\tsouth park episodes\t24\tsouthparkstudios.com\tsouthparkstudios.com
906441\t2/17/2012 11:54:01 AM\ten-us\t\t\twww.cosmos.com\tNULL
351530\t2/18/2012 11:54:01 AM\ten-fr\tmicrosoft\t241\tmicrosoft.com\tNULL
"""
REGIONS = "Code,Name\nen-us,United States\nen-gb,United Kingdom\nen-ca,Canada\nxx,Nowhere\n"
SCRIPT = """\
// what v1's users had in their source directories
DECLARE CONST @day string = "yyyy-MM-dd";
DECLARE EXTERNAL @least int = 1000;
@log = EXTRACT UserId int, Start DateTime, Region string, Query string, Duration int?, Urls string, Clicked string
       FROM "@@logs@@/SearchLog.tsv" USING Extractors.Tsv(nullEscape: "NULL");
@regions = EXTRACT Code string, Name string FROM "@@regions@@" USING Extractors.Csv(skipFirstNRows: 1);
@unused = EXTRACT x int FROM "@@logs@@/not-there.csv" USING Extractors.Csv();
@totals =
    SELECT Region, COUNT(*) AS Searches, SUM(Duration) AS Total, MAX(Start) AS Last
    FROM @log GROUP BY Region HAVING SUM(Duration) >= @least;
@named =
    SELECT t.Region, r.Name ?? "(" + t.Region + ")" AS Name, t.Searches, t.Total, t.Last.ToString(@day) AS Last
    FROM @totals AS t LEFT OUTER JOIN @regions AS r ON t.Region == r.Code;
@ranked =
    SELECT UserId, Query, Clicked == null ? "no" : "yes" AS HasClicks, Duration,
           ROW_NUMBER() OVER (PARTITION BY Region ORDER BY Duration DESC) AS Rank
    FROM @log WHERE Start < DateTime.Parse("@@until@@");
OUTPUT @named TO "@@out@@/named.csv" ORDER BY Total DESC USING Outputters.Csv(outputHeader: true);
OUTPUT @ranked TO "@@out@@/deep/ranked.tsv" ORDER BY UserId, Rank USING Outputters.Tsv();
"""
NAMED = """\
"Region","Name","Searches","Total","Last"
"en-gb","United Kingdom",2,688,"2012-02-16"
"en-fr","(en-fr)",1,241,"2012-02-18"
"en-us","United States",2,73,"2012-02-17"
"""
RANKED = """\
106479\t"south park episodes"\t"yes"\t24\t1
351530\t"microsoft"\t"no"\t241\t1
382045\t"best ""ski"" resorts"\t"yes"\t614\t1
382045\t"broken leg"\t"yes"\t74\t2
399266\t"how to make nachos"\t"no"\t73\t1
906441\t""\t"no"\t\t2
"""


class Job:
    """Files of a job, and its process."""

    def __init__(self, root: Path) -> None:
        self.work, self.out = root / "work", root / "outputs" / "out"
        self.logs = root / "inputs" / "logs"
        self.regions = root / "inputs" / "regions" / "regions.csv"
        for folder in (self.work, self.logs, self.regions.parent, self.out.parent):
            folder.mkdir(parents=True)
        self.script(SCRIPT)
        (self.logs / "SearchLog.tsv").write_text(SEARCH_LOG)
        self.regions.write_text(REGIONS)
        self.temporary = root / "tmp"
        self.temporary.mkdir()

    def script(self, text: str) -> None:
        (self.work / "script.usql").write_text(text, encoding="utf-8")

    def run(self, *, name: str = "script.usql", **values: str) -> tuple[int, list[str]]:
        environment = {
            "PATH": os.environ["PATH"],
            "TMPDIR": str(self.temporary),
            "PIPEYARD_STEP_SETTINGS": json.dumps({"script_name": name}),
            "AZUREML_DATAREFERENCE_logs": str(self.logs),
            "AZUREML_DATAREFERENCE_regions": str(self.regions),
            "AZUREML_DATAREFERENCE_out": str(self.out),
            **{f"AML_PARAMETER_{key}": value for key, value in values.items()},
        }
        words = [sys.executable, "-m", "pipeyard.jobs.usql"]
        done = subprocess.run(
            words, cwd=self.work, env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.stderr == ""
        assert list(self.temporary.iterdir()) == []
        return done.returncode, done.stdout.splitlines()


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return Job(tmp_path)


def test_a_script_from_files_to_files(job: Job):
    code, lines = job.run(until="2012-03-01", least="73")
    assert code == 0, lines
    assert (job.out / "named.csv").read_bytes().decode() == NAMED.replace("\n", "\r\n")
    assert (job.out / "deep" / "ranked.tsv").read_bytes().decode() == RANKED.replace("\n", "\r\n")
    said = [line.partition(" in ")[0] for line in lines]
    assert said == [
        "script.usql compiled",
        "@log: 6 rows from 1 file",
        "@regions: 4 rows from 1 file",
        "@totals: 3 rows",
        "@named: 3 rows",
        "@ranked: 6 rows",
        "OUTPUT @named: 3 rows to named.csv, 169 bytes",
        "OUTPUT @ranked: 6 rows to ranked.tsv, 205 bytes",
    ]


def test_a_value_cannot_break_out_of_its_string(job: Job):
    job.script(
        '@q = SELECT * FROM (VALUES ("@@v@@")) AS t(x);\n'
        '@r = EXTRACT a string FROM "@@logs@@/a" USING Extractors.Csv();\n'
        'DECLARE @s = "@@regions@@"; OUTPUT @q TO "@@out@@" USING Outputters.Csv();'
    )
    value = 'x"); OUTPUT @q TO "/tmp/evil" USING Outputters.Csv(); --\'; DROP TABLE r1; $p0 \\'
    code, lines = job.run(v=value)
    assert code == 0, lines
    assert job.out.read_text() == '"' + value.replace('"', '""') + '"\n'


def test_compile_errors_have_places_and_nothing_runs(job: Job):
    job.script(SCRIPT.replace("COUNT(*)", "COUNTT(*)").replace("OUTPUT @ranked", "OUTPUT @rankd"))
    code, lines = job.run(until="2012-03-01")
    assert code == 1
    assert lines[0] == "script.usql(9,20): error: `COUNTT` is not covered. Did you mean `COUNT`?"
    assert lines[1] == "script.usql(19,1): error: The rowset `@rankd` is not known. Did you mean `@ranked`?"
    assert lines[2:] == ["2 errors: nothing has run."]
    assert not job.out.exists()


def test_places_outside_of_the_step_are_refused_before_anything_runs(job: Job):
    job.script(
        '@a = EXTRACT x string FROM "/etc/passwd" USING Extractors.Csv();\n'
        '@b = EXTRACT x string FROM "@@logs@@/../../x", "@@regions@@" USING Extractors.Csv();\n'
        'OUTPUT @a TO "@@logs@@/x" USING Outputters.Csv();\nOUTPUT @a TO "@@out@@x" USING Outputters.Csv();'
    )
    code, lines = job.run()
    assert code == 1
    assert [line.partition(": error: ")[2] for line in lines[:-1]] == [
        "No input of the step has this file: begin the path with `@@logs@@` or `@@regions@@`.",
        "A path cannot have `..` in it.",
        "The file would be lost: begin the path with `@@out@@`.",
        "The file would be lost: begin the path with `@@out@@`.",
    ]


def test_a_value_that_is_wrong_is_named_with_its_file_line_and_column(job: Job):
    (job.logs / "SearchLog.tsv").write_text(SEARCH_LOG.replace("\t24\t", "\tmany\t"))
    code, lines = job.run(until="2012-03-01", least="1")
    assert code == 1
    assert (
        lines[-1]
        == f"The script failed: {job.logs}/SearchLog.tsv, line 4, column Duration: the text 'many' is no int?."
    )


def test_names_and_values_must_fit_each_other(job: Job):
    code, lines = job.run(spare="1")
    assert code == 1
    assert any("no input, output or parameter called `until`" in line for line in lines)


def test_a_script_that_is_not_there(job: Job):
    assert job.run(name="none.usql") == (
        1,
        ["The script failed: The script none.usql is not in the step's source directory."],
    )
