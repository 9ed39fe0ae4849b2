"""`python -m benchmarks [NAME] [--json]`: run one benchmark; with --json the last line is one object."""

import argparse
import importlib
import json
import sys
from pathlib import Path

BENCHMARKS = sorted(path.stem for path in Path(__file__).parent.glob("*.py") if not path.stem.startswith("_"))


def main() -> None:
    """Parse the command line and run the benchmark."""
    parser = argparse.ArgumentParser(prog="./dev bench", description="Run a benchmark.")
    parser.add_argument("name", nargs="?", default="overhead", choices=BENCHMARKS)
    parser.add_argument("--json", action="store_true", help="print one JSON object on the last line")
    arguments = parser.parse_args()
    result = importlib.import_module(f"benchmarks.{arguments.name}").run()
    if arguments.json:
        sys.stderr.flush()
        print(json.dumps(result))


if __name__ == "__main__":
    main()
