"""`python -m local.emulators SERVICE`: one emulated service on loopback, until it is told to stop."""

import argparse
import importlib
import logging
import os
import sys
from pathlib import Path

from pydantic import ValidationError

from local.emulators.home import FAULTS_SETTING, Home
from local.emulators.server import end_with_input, serve

SERVICES = ("azure_ml", "databricks", "data_lake_analytics")


def main(arguments: list[str] | None = None) -> int:
    """Serve; returns the exit code."""
    asked = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    for name in ("azure", "urllib3"):
        logging.getLogger(name).setLevel(logging.WARNING)
    if not os.environ.get("PIPEYARD_STORAGE"):
        print("PIPEYARD_STORAGE has to hold the storage's connection string.", file=sys.stderr)
        return 1
    if asked.until_input_ends:
        end_with_input()
    try:
        with Home.open(asked.data.absolute(), os.environ) as home:
            app = importlib.import_module(f"local.emulators.{asked.service}").build(home)
            serve(app, fd=asked.fd, port=asked.port)
    except ValidationError as error:
        print(f"{FAULTS_SETTING} cannot be read. {error}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.emulators", description=__doc__)
    parser.add_argument("service", choices=SERVICES)
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--fd", type=int, help="a socket that listens already, by its descriptor")
    where.add_argument("--port", type=int, help="a port of 127.0.0.1; 0 picks a free one")
    parser.add_argument("--data", type=Path, required=True, help="folder for everything that it keeps")
    parser.add_argument(
        "--until-input-ends", action="store_true", help="stop when standard input does, as with a parent that died"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
