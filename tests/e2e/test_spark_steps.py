"""Steps on the emulated Databricks that use a real Spark, on the files of their inputs and outputs."""

import uuid

import pytest
from pipeyard.core import Datastore, Experiment, Workspace
from pipeyard.core.compute import ComputeTarget, DatabricksCompute
from pipeyard.data.data_reference import DataReference
from pipeyard.pipeline.core import Pipeline, PipelineData
from pipeyard.pipeline.steps import DatabricksStep

from tests.e2e.workspace import Server
from tests.local.emulators.databricks_emulator import with_pyspark

SUMS = """
import sys
table = spark.read.parquet(sys.argv[sys.argv.index("-raw") + 1])
table.createOrReplaceTempView("numbers")
sums = spark.sql("SELECT n % 2 AS odd, sum(n) AS n FROM numbers GROUP BY 1 ORDER BY 1")
sums.coalesce(1).write.mode("overwrite").csv(sys.argv[sys.argv.index("-sums") + 1])
print("odd and even:", sums.count())
"""
TABLE = """
import sys
from pyspark.sql import SparkSession
spark = SparkSession.builder.appName("table").getOrCreate()
read = spark.read.csv(sys.argv[sys.argv.index("-lines") + 1], header=True, inferSchema=True)
read.write.parquet(sys.argv[sys.argv.index("-raw") + 1])
"""


@with_pyspark
@pytest.mark.timeout(300)
def test_scripts_of_the_source_directory_hand_tables_on_by_spark(server: Server, tmp_path):
    workspace = Workspace(url=server.facts["url"])
    bricks = f"bricks-{uuid.uuid4().hex[:8]}"
    ComputeTarget.attach(workspace, bricks, DatabricksCompute.attach_configuration(emulated=True))
    store = Datastore.get(workspace, "workspaceblobstore")
    (tmp_path / "given").mkdir()
    (tmp_path / "given" / "a.csv").write_text("n\n1\n2\n39\n")
    store.upload(str(tmp_path / "given"), f"spark/{bricks}")
    lines = DataReference(store, data_reference_name="lines", path_on_datastore=f"spark/{bricks}")
    raw, sums = PipelineData("raw", datastore=store), PipelineData("sums", datastore=store)
    (tmp_path / "code").mkdir()
    steps = []
    for name, text, taken, made in (("table", TABLE, lines, raw), ("sums", SUMS, raw, sums)):
        (tmp_path / "code" / f"{name}.py").write_text(text)
        step = DatabricksStep(
            name,
            inputs=[taken],
            outputs=[made],
            compute_target=bricks,
            spark_version="16.4.x-scala2.12",
            node_type="Standard_DS3_v2",
            num_workers=1,
            python_script_name=f"{name}.py",
            source_directory=str(tmp_path / "code"),
        )
        steps.append(step)
    run = Experiment(workspace, "spark").submit(Pipeline(workspace, steps))
    assert run.wait_for_completion(show_output=False) == "Finished"
    (summed,) = run.find_step_run("sums")
    assert "odd and even: 2" in summed.get_stdout_log()
    summed.get_output_data("sums").download(str(tmp_path / "back"))
    (part,) = (tmp_path / "back").rglob("part-*.csv")
    assert part.read_text() == "0,2\n1,40\n"
    workspace.client.close()
