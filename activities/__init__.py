"""WHAT touches the world: each activity resolves the workspace and calls one service function."""

from . import arrivals, runs, steps, webhooks

BLUEPRINTS = (arrivals.bp, runs.bp, steps.bp, webhooks.bp)
