"""The first step of the seed flow: reads a data reference and a parameter, writes pipeline data."""

import argparse
import os
import shutil

from pipeyard.core import Run

parser = argparse.ArgumentParser()
parser.add_argument("--input")
parser.add_argument("--output")
parser.add_argument("--param")
args = parser.parse_args()

run = Run.get_context()
os.makedirs(args.output, exist_ok=True)
for name in sorted(os.listdir(args.input)):
    shutil.copy(os.path.join(args.input, name), args.output)
run.log("param_length", len(args.param))
print(f"extracted with {args.param} from {len(os.listdir(args.output))} files")
