"""Write scikit-learn's breast cancer measurements (569 patients, 30 numbers each) as the files of four clinics."""

import argparse
import csv
from pathlib import Path

from sklearn.datasets import load_breast_cancer

CLINICS = ("east", "north", "south", "west")


def main() -> None:
    """Write `three_services/raw/<clinic>.csv` below the directory that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    folder = parser.parse_args().directory / "three_services" / "raw"
    folder.mkdir(parents=True, exist_ok=True)
    data = load_breast_cancer()
    columns = ["patient", *(name.replace(" ", "_") for name in data.feature_names), "diagnosis"]
    for clinic, name in enumerate(CLINICS):
        with (folder / f"{name}.csv").open("w", newline="") as stream:
            rows = csv.writer(stream)
            rows.writerow(columns)
            for patient in range(clinic, len(data.target), len(CLINICS)):
                # The clinics write the numbers in hundredths and spell the diagnosis out.
                measured = [f"{value * 100:.4f}" for value in data.data[patient]]
                rows.writerow([patient, *measured, data.target_names[data.target[patient]].title()])
    print(f"Wrote {len(data.target)} patients of {len(CLINICS)} clinics to {folder}")


if __name__ == "__main__":
    main()
