"""Splits a table into a training and a test part."""

import argparse
import os

import pandas as pd

parser = argparse.ArgumentParser()
parser.add_argument("--input", required=True)
parser.add_argument("--train", required=True)
parser.add_argument("--test", required=True)
args = parser.parse_args()

table = pd.read_csv(args.input).sample(frac=1, random_state=7)
os.makedirs(args.train, exist_ok=True)
os.makedirs(args.test, exist_ok=True)
table[:100].to_csv(os.path.join(args.train, "part.csv"), index=False)
table[100:].to_csv(os.path.join(args.test, "part.csv"), index=False)
print(f"{len(table)} rows in, 100 for training")
