"""Score every model on the test set and name the best."""

import argparse
import json
from pathlib import Path

import joblib
import numpy as np
from pipeyard.core import Run
from sklearn.metrics import accuracy_score, f1_score

MODELS = ("logistic", "forest", "knn")


def main() -> None:
    """Read the models and the test set; write the scores and the best model's predictions."""
    parser = argparse.ArgumentParser()
    for name in MODELS:
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--test", type=Path, required=True)
    parser.add_argument("--scores", type=Path, required=True)
    parser.add_argument("--predictions", type=Path, required=True)
    args = parser.parse_args()

    rows = np.loadtxt(args.test, delimiter=",", skiprows=1, dtype=int)
    images, labels = rows[:, :-1], rows[:, -1]
    run = Run.get_context()
    scores: dict[str, dict[str, float]] = {}
    predicted: dict[str, np.ndarray] = {}
    for name in MODELS:
        predicted[name] = joblib.load(getattr(args, name)).predict(images)
        accuracy = float(accuracy_score(labels, predicted[name]))
        scores[name] = {"accuracy": accuracy, "macro_f1": float(f1_score(labels, predicted[name], average="macro"))}
        run.log(f"accuracy_{name}", accuracy)
        run.log_row("scores", model=name, **scores[name])
        print(f"{name:10} {accuracy:.4f}")

    best = max(MODELS, key=lambda name: scores[name]["accuracy"])
    run.tag("best_model", best)
    args.scores.write_text(json.dumps({"best": best, "scores": scores}, indent=2) + "\n")
    pairs = np.column_stack([labels, predicted[best]])
    np.savetxt(args.predictions, pairs, fmt="%d", delimiter=",", header="digit,predicted", comments="")
    print(f"Best: {best}")


if __name__ == "__main__":
    main()
