"""WHO may ask: the HTTP function and the timers. Parse, one call, reply."""

from . import http, reconcile

BLUEPRINTS = (http.bp, reconcile.bp)
