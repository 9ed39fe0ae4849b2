"""WHO may ask: the HTTP function and the timers. Parse, one call, reply."""

from . import blob_arrived, http, job_ended, purge, tick

BLUEPRINTS = (blob_arrived.bp, http.bp, job_ended.bp, purge.bp, tick.bp)
