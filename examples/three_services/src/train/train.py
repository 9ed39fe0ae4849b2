"""Learn to tell malignant from benign, epoch by epoch, and say how well it goes."""

import argparse
from pathlib import Path

import joblib
import pandas as pd
from pipeyard.core import Run
from sklearn.linear_model import SGDClassifier
from sklearn.metrics import accuracy_score, recall_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

EPOCHS = 30
REPORT_EVERY = 3
SEED = 7


def main() -> None:
    """Read `--features`, write `--model`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--features", type=Path, required=True)
    parser.add_argument("--model", type=Path, required=True)
    asked = parser.parse_args()
    table = pd.read_csv(asked.features / "features.csv")
    labels = table["malignant"]
    measured = table.drop(columns=["patient", "malignant"])
    train, test, train_labels, test_labels = train_test_split(
        measured, labels, test_size=0.3, random_state=SEED, stratify=labels
    )
    scaler = StandardScaler().fit(train)
    model = SGDClassifier(loss="log_loss", random_state=SEED)
    for epoch in range(1, EPOCHS + 1):
        model.partial_fit(scaler.transform(train), train_labels, classes=[0, 1])
        if epoch % REPORT_EVERY == 0:
            accuracy = accuracy_score(test_labels, model.predict(scaler.transform(test)))
            print(f"epoch {epoch} of {EPOCHS}: {accuracy:.3f} of the test patients", flush=True)
    found = model.predict(scaler.transform(test))
    run = Run.get_context()
    run.log("accuracy", float(accuracy_score(test_labels, found)))
    run.log("recall", float(recall_score(test_labels, found)))
    asked.model.mkdir(parents=True, exist_ok=True)
    joblib.dump((scaler, model), asked.model / "model.joblib")


if __name__ == "__main__":
    main()
