"""`python -m pipeyard.jobs.parallel_run`; the arguments are the entry script's."""

import sys

from pipeyard.jobs.parallel_run.driver import main

if __name__ == "__main__":  # workers import this module, too
    sys.exit(main(sys.argv[1:]))
