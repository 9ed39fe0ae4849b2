"""`python -m pipeyard`: the command line, for places where the `pipeyard` script is not on PATH."""

from pipeyard.cli.main import main

if __name__ == "__main__":
    main()
