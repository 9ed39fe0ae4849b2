"""Make a training set of the newest batch: the last one by name."""

import argparse
from pathlib import Path

import numpy as np
from pipeyard.core import Run

COLUMNS = 65


def main() -> None:
    """Read the batches' folder, write the training set."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batches", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    args = parser.parse_args()

    newest = max(args.batches.glob("*.csv"))
    rows = np.loadtxt(newest, delimiter=",", dtype=int, ndmin=2)
    if rows.shape[1] != COLUMNS:
        raise SystemExit(f"{newest.name} has {rows.shape[1]} columns instead of {COLUMNS}.")
    np.savetxt(args.output, rows, fmt="%d", delimiter=",")
    Run.get_context().log("images", len(rows))
    print(f"{newest.name}: {len(rows)} images")


if __name__ == "__main__":
    main()
