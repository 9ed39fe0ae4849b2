"""Adds or multiplies the number in a file, and writes the result as a file at the output's path."""

import argparse
import os

parser = argparse.ArgumentParser()
parser.add_argument("--file_num1", required=True)
parser.add_argument("--file_num2", required=True)
parser.add_argument("--operation", default="sum")
parser.add_argument("--output_result", required=True)
args = parser.parse_args()


def number(path: str) -> float:
    """The number in a file."""
    with open(path) as file:
        return float(file.read())


first, second = number(args.file_num1), number(args.file_num2)
result = first + second if args.operation == "sum" else first * second
os.makedirs(os.path.dirname(args.output_result), exist_ok=True)
with open(args.output_result, "w") as file:
    file.write(str(result))
print(f"{first} {args.operation} {second} = {result}")
