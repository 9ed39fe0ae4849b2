"""WHO may ask: the HTTP function and the timers. Parse, one call, reply."""

from . import http, job_ended, reconcile

BLUEPRINTS = (http.bp, job_ended.bp, reconcile.bp)
