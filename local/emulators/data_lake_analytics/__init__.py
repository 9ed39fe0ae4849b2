"""An emulator of Data Lake Analytics' job API (version 2016-11-01), which really runs the scripts, by DuckDB."""

from starlette.types import ASGIApp

from local.emulators.data_lake_analytics.api import make_app
from local.emulators.data_lake_analytics.errors import error_body
from local.emulators.data_lake_analytics.jobs import Jobs
from local.emulators.home import Home


def build(home: Home) -> ASGIApp:
    """The application; jobs that a killed predecessor left go on."""
    jobs = Jobs(home)
    jobs.resume()
    return home.faults.guard(make_app(jobs), error_body)
