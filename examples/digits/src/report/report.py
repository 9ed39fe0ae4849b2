"""Draw the best model's confusion matrix and write a short report."""

import argparse
import json
from pathlib import Path

import matplotlib as mpl
import numpy as np

mpl.use("Agg")
import matplotlib.pyplot as plt

DIGITS = 10


def draw(matrix: np.ndarray, title: str, file: Path) -> None:
    """Draw a confusion matrix; the same matrix always gives the same bytes."""
    figure, axes = plt.subplots(figsize=(6, 5.4))
    axes.imshow(matrix, cmap="Blues")
    for row, column in np.ndindex(matrix.shape):
        if matrix[row, column]:
            colour = "white" if matrix[row, column] > matrix.max() / 2 else "black"
            axes.text(column, row, str(matrix[row, column]), ha="center", va="center", color=colour)
    axes.set(xticks=range(DIGITS), yticks=range(DIGITS), xlabel="predicted", ylabel="digit", title=title)
    figure.tight_layout()
    figure.savefig(file, dpi=120, metadata={"Software": None})


def write(scores: dict[str, dict[str, float]], best: str, matrix: np.ndarray, file: Path) -> None:
    """Write the report as Markdown."""
    ranked = sorted(scores.items(), key=lambda item: -item[1]["accuracy"])
    lines = ["# Handwritten digits", "", "| model | accuracy | macro F1 |", "|---|---|---|"]
    lines += [f"| {name} | {score['accuracy']:.4f} | {score['macro_f1']:.4f} |" for name, score in ranked]
    wrong = int(matrix.sum() - matrix.trace())
    lines += ["", f"The best model, {best}, misreads {wrong} of {int(matrix.sum())} images:", ""]
    lines += ["![Confusion matrix](confusion_matrix.png)"]
    file.write_text("\n".join(lines) + "\n")


def main() -> None:
    """Read scores and predictions; write a figure and a page."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--scores", type=Path, required=True)
    parser.add_argument("--predictions", type=Path, required=True)
    parser.add_argument("--output", type=Path, required=True)
    args = parser.parse_args()

    document = json.loads(args.scores.read_text())
    pairs = np.loadtxt(args.predictions, delimiter=",", skiprows=1, dtype=int)
    matrix = np.zeros((DIGITS, DIGITS), dtype=int)
    np.add.at(matrix, (pairs[:, 0], pairs[:, 1]), 1)

    args.output.mkdir(parents=True, exist_ok=True)
    draw(matrix, f"Confusion matrix of {document['best']}", args.output / "confusion_matrix.png")
    write(document["scores"], document["best"], matrix, args.output / "report.md")
    print(f"Wrote the report on {document['best']}")


if __name__ == "__main__":
    main()
