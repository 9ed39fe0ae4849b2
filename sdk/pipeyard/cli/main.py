"""Entry point of the `pipeyard` command. Exit codes: 0 fine, 1 refused or the run did not finish, 2 wrong usage."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx


def main(arguments: Sequence[str] | None = None, *, transport: "httpx.BaseTransport | None" = None) -> None:
    """Run the command line; ends with SystemExit.

    Args:
        arguments: Words after the program's name; None means those of this process.
        transport: Answers requests instead of the network, for tests.
    """
    try:
        from pipeyard.cli.app import run  # noqa: PLC0415  (typer and rich are an extra)
    except ModuleNotFoundError as error:
        if error.name not in {"typer", "rich"}:
            raise
        sys.exit("The command line needs two more packages: pip install 'pipeyard[cli]'")
    run(sys.argv[1:] if arguments is None else list(arguments), transport)
