"""Runs one job on whatever machine it is copied to: fetch, start the script, watch it, upload, report.

Standard library only, single-threaded, and readable by Python 3.8. The only documents it shares with the rest of
Pipeyard are `job.json` (read) and `result.json` (written).
"""
