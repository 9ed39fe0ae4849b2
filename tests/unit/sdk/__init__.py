"""Tests of the SDK and its command line."""
