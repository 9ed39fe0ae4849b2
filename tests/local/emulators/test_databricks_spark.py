"""Spark in the emulator of Databricks, with a real PySpark: skipped where that or Java is missing."""

import importlib.util
import io
import json
import os
import shutil
import subprocess
import textwrap
import zipfile
from pathlib import Path

import pytest

from tests.local.emulators.databricks_emulator import CLUSTER, emptied, ended_as, result, with_pyspark
from tests.local.emulators.emulator_process import REPOSITORY
from tests.waiting import until

pytestmark = [with_pyspark, pytest.mark.timeout(300)]
needs_jdk = pytest.mark.skipif(shutil.which("javac") is None, reason="needs a JDK 17 (javac) to compile a JAR")
HELD = """
import os, sys, time
from pyspark.sql import SparkSession

context = SparkSession.builder.getOrCreate().sparkContext
workers = context.parallelize(range(2), 2).map(lambda _: os.getpid()).collect()
pids = [context._jvm.java.lang.ProcessHandle.current().pid(), os.getpid(), *workers]
print("pids", *pids, flush=True)
context.parallelize(range(2), 2).foreach(lambda _: time.sleep(600))
"""
PROGRAM = """
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.api.java.UDF1;

public class Program {
    public static class Twice implements UDF1<Long, Long> {
        public Long call(Long number) { return 2 * number; }
    }
    public static void main(String[] arguments) throws Exception {
        SparkSession spark = SparkSession.builder().getOrCreate();
        long rows = spark.read().option("header", true).csv(arguments[0]).count();
        System.out.println(String.join(" ", arguments) + " has " + rows);
        spark.range(rows).coalesce(1).write().mode("overwrite").json(arguments[1]);
        if (arguments.length > 2) System.exit(Integer.parseInt(arguments[2]));
        spark.stop();
    }
}
"""


@pytest.fixture
def box(databricks):
    """A container with a table below `in`, and an older result below `out`."""
    with databricks.blobs() as blobs:
        container = emptied(blobs, "spark")
        container.upload_blob("in/a.csv", b"name,n\nx,1\ny,2\n")
        container.upload_blob("in/b.csv", b"name,n\nx,40\n")
        container.upload_blob("out/part-old.json", b'{"n":"old"}\n')
        yield container


def names(box, folder: str) -> list[str]:
    return sorted(name.rpartition("/")[2].partition("-")[0] for name in box.list_blob_names(name_starts_with=folder))


def lines(box, folder: str) -> list[str]:
    parts = [name for name in box.list_blob_names(name_starts_with=folder) if "/part-" in name]
    return sorted(line for name in parts for line in box.download_blob(name).readall().decode().splitlines())


def succeeded(databricks, run_id: int) -> str:
    """What the run left: a notebook's value, or what was printed."""
    run = databricks.finished(run_id)
    output = databricks.output(run)
    assert result(run) == ("TERMINATED", "SUCCESS"), output
    return str(output["logs"] if "logs" in output else output["notebook_output"].get("result", ""))


def failed(databricks, run_id: int) -> str:
    run = databricks.finished(run_id)
    assert ended_as(run) == ("RUN_EXECUTION_ERROR", "CLIENT_ERROR")
    return str(databricks.output(run)["error"])


def test_a_notebook_reads_asks_and_writes_as_on_databricks(databricks, box):
    uri = databricks.uri("spark", "in")
    run_id = databricks.notebook(
        "table_of_input = spark.read.csv(dbutils.widgets.get('input'), header=True, inferSchema=True)",
        "table_of_input.createOrReplaceTempView('numbers')\ndisplay(table_of_input)",
        "# MAGIC %sql\n# MAGIC CREATE OR REPLACE TEMP VIEW sums AS SELECT name, sum(n) AS n FROM numbers GROUP BY name;"
        "\n# MAGIC SELECT * FROM sums WHERE n > :least AND name = '${which}'",
        "chosen = _sqldf.toPandas().n.tolist()",
        "table('sums').coalesce(1).write.mode('overwrite').json(dbutils.widgets.get('output'))",
        f"same = spark.read.csv('{uri}', header=True).count() == sql('SELECT * FROM numbers').count()",
        f"spark.range(2).write.parquet('{databricks.uri('spark', 'beside')}')",
        "spark.range(2).write.parquet(dbutils.widgets.get('new'))",
        "spark.range(3).write.saveAsTable('kept')",
        "from pyspark.sql import SparkSession",
        "known = isinstance(spark, SparkSession), spark.conf.get('spark.sql.session.timeZone'), sc.defaultParallelism",
        "import json\ndbutils.notebook.exit(json.dumps([chosen, same, known, table('kept').count()]))",
        parameters={
            "input": uri,
            "output": databricks.uri("spark", "out"),
            "new": databricks.uri("spark", "new"),
            "least": "2",
            "which": "x",
        },
    )
    assert json.loads(succeeded(databricks, run_id)) == [[41], True, [True, "UTC", 2], 3]
    assert lines(box, "out") == ['{"name":"x","n":41}', '{"name":"y","n":2}']  # nothing of the older result
    assert names(box, "out") == ["_SUCCESS", "part"]
    assert "_SUCCESS" in names(box, "beside")


def test_a_script_s_own_session_finds_every_kind_of_path_and_its_log_is_its_own(databricks, box):
    databricks.write("/Shared/helping.py", "def twice(number):\n    return 2 * number\n")
    code = """
        import sys
        from pyspark.sql import SparkSession
        from helping import twice

        spark = SparkSession.builder.appName("own").getOrCreate()
        spark.sparkContext.addPyFile("helping.py")
        print(spark.sparkContext.parallelize([1, 2]).map(twice).collect(), spark.conf.get("spark.sql.ansi.enabled"))
        for place in ("/Volumes/main/default/box/spark", "dbfs:/spark/a", "/spark/b", sys.argv[1], sys.argv[2]):
            spark.range(3).write.mode("overwrite").csv(place)
            print(spark.read.csv(place).count(), end=" ")
        names = [info.name for info in dbutils.fs.ls("/spark")] + [info.name for info in dbutils.fs.ls("dbfs:/spark/a")]
        print("a/" in names, "b/" in names, "_SUCCESS" in names, any(name.endswith(".crc") for name in names))
        try:
            spark.sql("SELECT * FROM nowhere")
        except Exception as error:
            print(type(error).__name__)
        spark.stop()
        print(SparkSession.builder.getOrCreate().range(4).count())
    """
    cluster = {**CLUSTER, "spark_conf": {"spark.sql.ansi.enabled": "false", "spark.master": "local[*, 4]"}}
    cluster["spark_env_vars"] = {"PYSPARK_PYTHON": "/databricks/python3/bin/python3"}
    places = ("/Volumes/main/default/box/given", databricks.uri("spark", "made by a script"))
    log = succeeded(databricks, databricks.script(textwrap.dedent(code), *places, name="own", new_cluster=cluster))
    said = [line for line in log.splitlines() if not line.startswith("WARNING: Using incubator modules")]
    assert said == ["[2, 4] false", "3 3 3 3 3 True True True False", "AnalysisException", "4"]
    assert "_SUCCESS" in names(box, "made by a script")


def test_the_example_s_spark_branch_gives_the_table_of_its_plain_one(databricks, box):
    """Emulated steps get local paths as parameters, so the branch for addresses needs some in the code."""
    databricks.write("/Shared/prepare.py", (REPOSITORY / "examples/three_services/src/prepare/prepare.py").read_text())
    header = "patient,diagnosis,mean_radius,mean_texture,mean_concavity,worst_area,worst_smoothness\n"
    box.upload_blob("raw/a.csv", header + "2,Malignant,1799,1038,30.01,201900,16.22\n10,benign,1,2,3,4,5\n")
    box.upload_blob("raw/b.csv", header + "1,BENIGN,1354,1436,6.664,71110,14.4\n")
    code = f"""
        import prepare, sys
        for raw, clean in (sys.argv[1:3], {[databricks.uri("spark", folder) for folder in ("raw", "by-spark")]}):
            sys.argv = ["prepare.py", "-raw", raw, "-clean", clean]
            prepare.main()
    """
    given = (databricks.uri("spark", "raw"), databricks.uri("spark", "plain"))
    log = succeeded(databricks, databricks.script(textwrap.dedent(code), *given, name="example"))
    assert log.count("3 patients are clean") == 2
    plain, by_spark = (
        [box.download_blob(name).readall().split() for name in box.list_blob_names(name_starts_with=f"{folder}/pa")]
        for folder in ("plain", "by-spark")
    )
    assert plain == by_spark
    assert len(plain[0]) == 4


def test_what_goes_wrong_is_told(databricks, box):
    wrong = [
        ("spark.sql('SELECT * FROM nowhere')", "The table or view `nowhere` cannot be found"),
        ("# MAGIC %sql\n# MAGIC SELEC 1", "Syntax error at or near 'SELEC'"),
        ("spark.read.csv('abfss://c@other.dfs.core.windows.net/x')", "no container of the task's parameters"),
        ("sc.parallelize([1]).map(lambda one: one / 0).collect()", "ZeroDivisionError: division by zero"),
    ]
    for cell, words in wrong:
        assert words in failed(databricks, databricks.notebook(cell, name="wrong"))


def test_a_machine_without_java_is_told(databricks):
    cluster = {**CLUSTER, "spark_env_vars": {"JAVA_HOME": "/nowhere"}}
    for name, code in {
        "given": "spark.range(1)",
        "own": "from pyspark.sql import SparkSession\nSparkSession.builder.getOrCreate()",
    }.items():
        error = failed(databricks, databricks.script(code, name=f"java_{name}", new_cluster=cluster))
        assert "Java is not installed where the Databricks emulator runs" in error


@pytest.mark.parametrize("way", ["cancel", "time", "kill"])
def test_no_process_of_spark_outlives_its_task(own_databricks, way):
    run_id = own_databricks.script(HELD, name="held", **({"timeout_seconds": 40} if way == "time" else {}))

    def pids() -> list[int]:
        logs = str(own_databricks.output(own_databricks.run(run_id)).get("logs", ""))
        return [int(word) for line in logs.splitlines() if line.startswith("pids ") for word in line.split()[1:]]

    under_way = until(pids, limit=120)
    assert len(set(under_way)) >= 3
    assert all(map(_lives, under_way))
    if way == "kill":
        own_databricks.kill()
    else:
        if way == "cancel":
            own_databricks.post("cancel", {"run_id": run_id})
        assert result(own_databricks.finished(run_id))[1] == ("CANCELED" if way == "cancel" else "TIMEDOUT")
    until(lambda: not any(map(_lives, under_way)))


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture(scope="session")
def jar(tmp_path_factory) -> bytes:
    """A JAR with the class `Program`."""
    folder = tmp_path_factory.mktemp("jar")
    (folder / "Program.java").write_text(PROGRAM)
    found = importlib.util.find_spec("pyspark")
    assert found is not None
    assert found.origin is not None
    libraries = Path(found.origin).parent / "jars" / "*"
    subprocess.run(["javac", "-cp", str(libraries), "Program.java"], cwd=folder, check=True, env=dict(os.environ))
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for file in folder.glob("*.class"):
            archive.write(file, file.name)
    return packed.getvalue()


@needs_jdk
def test_a_jar_runs_by_its_class_and_serves_python_as_a_library(databricks, box, jar):
    where = "/Volumes/main/default/libs/program.jar"
    databricks.http.put(f"/api/2.0/fs/files{where}", content=jar, params={"overwrite": "true"}).raise_for_status()
    places = [databricks.uri("spark", "in"), databricks.uri("spark", "counted")]

    def task(name: str, *words: str):
        return {"spark_jar_task": {"main_class_name": name, "parameters": list(words)}, "libraries": [{"jar": where}]}

    log = succeeded(databricks, databricks.submit(task("Program", *places)))
    assert log.splitlines()[-1].endswith(" has 3")
    assert lines(box, "counted") == ['{"id":0}', '{"id":1}', '{"id":2}']
    error = failed(databricks, databricks.submit(task("Program", *places, "3")))
    assert error.endswith("Program ended with exit code 3; what it said is in the log.")
    run = databricks.finished(databricks.submit(task("org.example.None")))
    assert "Failed to load class org.example.None" in databricks.output(run)["logs"]
    code = """
        from pyspark.sql import SparkSession
        from pyspark.sql.types import LongType
        spark = SparkSession.builder.getOrCreate()
        spark.udf.registerJavaFunction("twice", "Program$Twice", LongType())
        print(spark.sql("SELECT twice(21L)").first()[0])
    """
    log = succeeded(databricks, databricks.script(textwrap.dedent(code), name="jars", libraries=[{"jar": where}]))
    assert log.splitlines()[-1] == "42"
