"""Tests of `shared.steps`."""
