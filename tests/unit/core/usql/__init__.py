"""Tests of `shared.core`."""
