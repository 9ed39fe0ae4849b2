"""Tests of `pipeyard.jobs`."""
