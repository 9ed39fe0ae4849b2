"""Write scikit-learn's handwritten digits (1,797 images of 8 x 8 pixels) as a CSV file, ready for the datastore."""

import argparse
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits


def main() -> None:
    """Write `digits/digits.csv` below the directory that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    file = parser.parse_args().directory / "digits" / "digits.csv"
    file.parent.mkdir(parents=True, exist_ok=True)
    images, labels = load_digits(return_X_y=True)
    columns = ",".join([*(f"pixel_{row}_{column}" for row in range(8) for column in range(8)), "digit"])
    np.savetxt(file, np.column_stack([images, labels]), fmt="%d", delimiter=",", header=columns, comments="")
    print(f"Wrote {len(labels)} images to {file}")


if __name__ == "__main__":
    main()
