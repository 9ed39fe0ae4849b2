"""Where a request's bearer token comes from."""

import os
from collections.abc import Callable, Mapping

Auth = Callable[[], str | None]
"""Gives the token to send now, None for none."""

TOKEN_VARIABLE = "PIPEYARD_TOKEN"  # noqa: S105 - the name of a variable
RUN_TOKEN_VARIABLE = "AZUREML_RUN_TOKEN"  # noqa: S105 - the name of a variable
SERVICE_VARIABLE = "AZUREML_SERVICE_ENDPOINT"


def token_of_environment(url: str, environment: Mapping[str, str] = os.environ) -> str | None:
    """`PIPEYARD_TOKEN`; else, in a job, its run token, which is for the workspace that runs the job and no other.

    Args:
        url: Base URL of the workspace that is about to be called.
        environment: For tests.
    """
    if token := environment.get(TOKEN_VARIABLE, "").strip():
        return token
    if environment.get(SERVICE_VARIABLE, "").rstrip("/") == url.rstrip("/"):
        return environment.get(RUN_TOKEN_VARIABLE) or None
    return None
