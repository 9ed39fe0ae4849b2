"""Writes what the example needs: a hold-out set, and three batches of training data of different worth.

The first batch is small. Half of the second one's labels are wrong. The third one is large and right.
"""

import argparse
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

SEED = 7
HOLDOUT = 500
SMALL = 120
MIDDLE = 400


def main() -> None:
    """Write `retraining/` below the directory that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    folder = parser.parse_args().directory / "retraining"
    images, labels = load_digits(return_X_y=True)
    random = np.random.default_rng(SEED)
    rows = random.permutation(np.column_stack([images, labels]).astype(int))
    holdout, rows = rows[:HOLDOUT], rows[HOLDOUT:]
    first, second, third = rows[:SMALL], rows[SMALL : SMALL + MIDDLE].copy(), rows[SMALL + MIDDLE :]
    wrong = random.random(len(second)) < 1 / 2
    second[wrong, -1] = random.integers(0, 10, wrong.sum())
    write(folder / "holdout.csv", holdout)
    for number, batch in enumerate((first, second, third), 1):
        write(folder / "batches" / f"batch-{number}.csv", batch)


def write(file: Path, rows: np.ndarray) -> None:
    """One image per line: 64 pixels and the digit."""
    file.parent.mkdir(parents=True, exist_ok=True)
    np.savetxt(file, rows, fmt="%d", delimiter=",")
    print(f"Wrote {len(rows)} images to {file}")


if __name__ == "__main__":
    main()
