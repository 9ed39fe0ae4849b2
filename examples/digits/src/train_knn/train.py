"""Train a nearest-neighbours classifier."""

import argparse
from pathlib import Path

import joblib
import numpy as np
from pipeyard.core import Run
from sklearn.neighbors import KNeighborsClassifier

NEIGHBOURS = 3


def main() -> None:
    """Read the training set, write the model."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--input", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    args = parser.parse_args()

    rows = np.loadtxt(args.input, delimiter=",", skiprows=1, dtype=int)
    images, labels = rows[:, :-1], rows[:, -1]
    model = KNeighborsClassifier(n_neighbors=NEIGHBOURS, algorithm="brute")
    model.fit(images, labels)
    joblib.dump(model, args.output)

    accuracy = model.score(images, labels)
    run = Run.get_context()
    run.log("train_accuracy", accuracy)
    run.log("neighbours", NEIGHBOURS)
    print(f"Accuracy on the training set: {accuracy:.4f}")


if __name__ == "__main__":
    main()
