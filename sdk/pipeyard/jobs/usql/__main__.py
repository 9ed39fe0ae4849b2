"""`python -m pipeyard.jobs.usql`."""

import sys

from pipeyard.jobs.usql.driver import main

if __name__ == "__main__":
    sys.exit(main())
