"""Scores a model on the test part."""

import argparse
import os

import joblib
import pandas as pd
from pipeyard.core import Run

parser = argparse.ArgumentParser()
parser.add_argument("--model", required=True)
parser.add_argument("--test", required=True)
parser.add_argument("--scores", required=True)
args = parser.parse_args()

run = Run.get_context()
table = pd.read_csv(os.path.join(args.test, "part.csv"))
tree = joblib.load(os.path.join(args.model, "model.joblib"))
accuracy = tree.score(table.drop(columns="species"), table["species"])
run.log("accuracy", accuracy)
os.makedirs(args.scores, exist_ok=True)
with open(os.path.join(args.scores, "accuracy.txt"), "w") as file:
    file.write(f"{accuracy:.4f}\n")
print(f"accuracy {accuracy:.4f}")
