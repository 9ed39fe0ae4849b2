"""The second step of the seed flow: reads a tabular dataset directly and trains on it."""

import argparse
import json
import os

from pipeyard.core import Run
from sklearn.linear_model import LogisticRegression

parser = argparse.ArgumentParser()
parser.add_argument("--extracted")
parser.add_argument("--model")
args = parser.parse_args()

run = Run.get_context()
table = run.input_datasets["iris_data"].to_pandas_dataframe()
features, labels = table.drop(columns=["species"]), table["species"]
classifier = LogisticRegression(max_iter=500).fit(features, labels)
accuracy = float(classifier.score(features, labels))
run.log("accuracy", accuracy)
run.log_list("classes", [int(value) for value in classifier.classes_])
run.log_row("sizes", rows=len(table), files=len(os.listdir(args.extracted)))
run.tag("algorithm", "logistic")
with open("summary.json", "w") as file:
    json.dump({"accuracy": accuracy}, file)
run.upload_file("summary/summary.json", "summary.json")
os.makedirs(args.model, exist_ok=True)
with open(os.path.join(args.model, "coefficients.json"), "w") as file:
    json.dump(classifier.coef_.tolist(), file)
