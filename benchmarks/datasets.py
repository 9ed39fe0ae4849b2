"""Reading a large delimited file as a dataset: time against a plain read by the same engine, and memory of streaming.

The floor is DuckDB reading the same file into a pandas frame with nothing around it. Each measurement is a process of
its own, so that its peak of memory is its own; times are of the reading only, medians of three.
"""

import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

REPEATS = 3
ROWS = 3_600_000
"""About 200 MB."""

MEBIBYTE = 1 << 20

WRITE = """
import duckdb, sys
duckdb.execute("SET enable_progress_bar = false")
duckdb.execute(f"COPY (SELECT range AS id, range * 0.37 AS price, range % 1000 AS store, "
    f"'customer ' || (range % 50000) AS customer, TIMESTAMP '2020-01-01' + to_seconds(range) AS sold "
    f"FROM range({sys.argv[2]})) TO '{sys.argv[1]}' (HEADER)")
"""

MEASURE = """
import json, resource, sys, time
{imports}
started = time.perf_counter()
rows = {work}
seconds = time.perf_counter() - started
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps({{"rows": rows, "seconds": seconds, "peak": peak}}))
"""

FLOOR = """
import duckdb, pandas
duckdb.execute("SET enable_progress_bar = false")
"""

DATASET = """
from pathlib import Path
import duckdb, pandas
from pipeyard.data._evaluation.files import LocalSource
from pipeyard.data._evaluation.frames import to_frame
from pipeyard.data._views import delimited_view
from pipeyard.data.tabular_dataset import TabularDataset
dataset = TabularDataset(delimited_view(), files=LocalSource(Path(sys.argv[1])))
"""


def run() -> dict[str, Any]:
    """Measure everything; progress goes to stderr."""
    with tempfile.TemporaryDirectory(prefix="pipeyard-bench-") as folder:
        file = Path(folder, "rows.csv")
        subprocess.run([sys.executable, "-c", WRITE, str(file), str(ROWS)], check=True)
        result: dict[str, Any] = {
            "file_mib": round(file.stat().st_size / MEBIBYTE),
            "floor": _measure(FLOOR, "len(duckdb.read_csv(sys.argv[1]).df())", file),
            "to_pandas_dataframe": _measure(DATASET, "len(dataset.to_pandas_dataframe())", file),
            "to_batches": _measure(DATASET, "sum(len(batch) for batch in dataset.to_batches())", file),
            "take": _measure(DATASET, "len(dataset.take(10).to_pandas_dataframe())", file),
            "get_profile": _measure(DATASET, "dataset.get_profile().row_count", file),
        }
    result["ratio"] = round(result["to_pandas_dataframe"]["seconds"] / result["floor"]["seconds"], 2)
    return result


def _measure(imports: str, work: str, file: Path) -> dict[str, Any]:
    script = MEASURE.format(imports=imports, work=work)
    command = [sys.executable, "-c", script, str(file)]
    found = [json.loads(subprocess.run(command, check=True, capture_output=True).stdout) for _ in range(REPEATS)]
    seconds = round(statistics.median(each["seconds"] for each in found), 2)
    peak = round(max(each["peak"] for each in found) / MEBIBYTE)
    print(f"{work}: {seconds} s, {peak} MiB", file=sys.stderr)
    return {"rows": found[0]["rows"], "seconds": seconds, "peak_mib": peak}
