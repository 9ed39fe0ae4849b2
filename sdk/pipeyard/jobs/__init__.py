"""Drivers: what a step of a type of its own runs on the compute, started as `python -m pipeyard.jobs.<name>`."""
