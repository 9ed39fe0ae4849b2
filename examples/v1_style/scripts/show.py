"""Prints its arguments, and what lies at those that are paths."""

import os
import sys

for argument in sys.argv[1:]:
    files = sorted(os.listdir(argument)) if os.path.isdir(argument) else []
    print(argument if not os.path.exists(argument) else f"path with {files or os.path.basename(argument)}")
