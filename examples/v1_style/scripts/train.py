"""Fits a tree to the training part."""

import argparse
import os

import joblib
import pandas as pd
from pipeyard.core import Run
from sklearn.tree import DecisionTreeClassifier

parser = argparse.ArgumentParser()
parser.add_argument("--train", required=True)
parser.add_argument("--model", required=True)
parser.add_argument("--depth", type=int, default=2)
args = parser.parse_args()

run = Run.get_context()
table = pd.read_csv(os.path.join(args.train, "part.csv"))
tree = DecisionTreeClassifier(max_depth=args.depth, random_state=7)
tree.fit(table.drop(columns="species"), table["species"])
os.makedirs(args.model, exist_ok=True)
joblib.dump(tree, os.path.join(args.model, "model.joblib"))
run.log("depth", args.depth)
run.tag("algorithm", "tree")
