"""Housekeeping: removing what is not needed any more, and keeping a copy of what is."""
