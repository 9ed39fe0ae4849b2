"""Split the digits into a training set and a test set, the same way for the same seed."""

import argparse
from pathlib import Path

import numpy as np
from pipeyard.core import Run
from sklearn.model_selection import train_test_split


def main() -> None:
    """Read one CSV file, write two."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--input", type=Path, required=True)
    parser.add_argument("--train", type=Path, required=True)
    parser.add_argument("--test", type=Path, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--test-fraction", type=float, required=True)
    args = parser.parse_args()

    with args.input.open() as stream:
        header = stream.readline().strip()
        rows = np.loadtxt(stream, delimiter=",", dtype=int)
    train, test = train_test_split(rows, test_size=args.test_fraction, random_state=args.seed, stratify=rows[:, -1])
    for file, part in ((args.train, train), (args.test, test)):
        np.savetxt(file, part, fmt="%d", delimiter=",", header=header, comments="")

    run = Run.get_context()
    run.log("train_images", len(train))
    run.log("test_images", len(test))
    print(f"{len(train)} images to train with, {len(test)} to test with")


if __name__ == "__main__":
    main()
