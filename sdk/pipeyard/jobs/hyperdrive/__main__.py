"""`python -m pipeyard.jobs.hyperdrive`."""

import sys

from pipeyard.jobs.hyperdrive.driver import main

if __name__ == "__main__":
    sys.exit(main())
