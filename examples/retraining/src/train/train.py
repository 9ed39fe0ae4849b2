"""Train a classifier of handwritten digits."""

import argparse
from pathlib import Path

import joblib
import numpy as np
from pipeyard.core import Run
from sklearn.ensemble import RandomForestClassifier

TREES = 40
SEED = 7


def main() -> None:
    """Read the training set, write the model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--input", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    args = parser.parse_args()

    rows = np.loadtxt(args.input, delimiter=",", dtype=int)
    model = RandomForestClassifier(n_estimators=TREES, random_state=SEED)
    model.fit(rows[:, :-1], rows[:, -1])
    joblib.dump(model, args.output)
    Run.get_context().log("images", len(rows))


if __name__ == "__main__":
    main()
