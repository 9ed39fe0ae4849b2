"""WHAT touches the world: each activity resolves the workspace and calls one service function."""

from . import runs, steps

BLUEPRINTS = (runs.bp, steps.bp)
