"""Make one clean table of the clinics' files: numbers in their unit, one spelling of the diagnosis.

On Databricks the addresses are `abfss://` ones, which Spark reads and writes; on one machine they are paths.
"""

import argparse
import csv
from collections.abc import Iterable
from pathlib import Path

KEPT = ("mean_radius", "mean_texture", "mean_concavity", "worst_area", "worst_smoothness")
SPELLINGS = {"malignant": "M", "benign": "B"}


def main() -> None:
    """Read `-raw`, write `-clean`, the way Databricks steps get inputs and outputs."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("-raw", required=True)
    parser.add_argument("-clean", required=True)
    # Databricks steps get more arguments than a script asks for.
    asked, _ = parser.parse_known_args()
    rows = sorted((clean(row) for row in read(asked.raw)), key=lambda row: int(row["patient"]))
    write(asked.clean, rows)
    print(f"{len(rows)} patients are clean")


def clean(row: dict[str, str]) -> dict[str, str]:
    """One patient: the kept measurements, in units instead of hundredths."""
    numbers = {name: f"{float(row[name]) / 100:.6g}" for name in KEPT}
    return {"patient": row["patient"], "diagnosis": SPELLINGS[row["diagnosis"].lower()], **numbers}


def read(place: str) -> Iterable[dict[str, str]]:
    """The rows of every CSV file below a place."""
    if "://" in place:
        return [row.asDict() for row in spark().read.csv(place, header=True).collect()]
    files = sorted(Path(place).rglob("*.csv"))
    print(f"Reading {', '.join(file.name for file in files)}")
    return [row for file in files for row in csv.DictReader(file.open(newline=""))]


def write(place: str, rows: list[dict[str, str]]) -> None:
    """Write the table as one CSV file below a place."""
    if "://" in place:
        spark().createDataFrame(rows).select(*rows[0]).coalesce(1).write.csv(place, header=True, mode="overwrite")
        return
    Path(place).mkdir(parents=True, exist_ok=True)
    with (Path(place) / "patients.csv").open("w", newline="") as stream:
        table = csv.DictWriter(stream, list(rows[0]))
        table.writeheader()
        table.writerows(rows)


def spark():  # type: ignore[no-untyped-def]  # noqa: ANN201 - pyspark is there on Databricks only
    """The cluster's Spark session."""
    from pyspark.sql import SparkSession  # type: ignore[import-not-found]  # noqa: PLC0415 - as above

    return SparkSession.builder.getOrCreate()


if __name__ == "__main__":
    main()
