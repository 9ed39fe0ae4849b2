"""`POST /admin/functions/<name>`: runs a timer's function, or a blob's, now. The Functions host has the same door."""

import json
from http import HTTPStatus

from local.blob_triggers import BlobTrigger
from local.functions_host import FunctionsHost, InvocationError

PREFIX = "/admin/functions/"


async def run_by_hand(
    host: FunctionsHost, blob_triggers: list[BlobTrigger], name: str, body: bytes
) -> tuple[HTTPStatus, str]:
    """Run a function and wait for its end, unlike the Functions host; returns a status and a sentence.

    Args:
        host: The functions.
        blob_triggers: Those that can be called.
        name: The function's name.
        body: `{"input": "<container>/<blob>"}` for a blob trigger; a timer needs none.
    """
    function = host.functions.get(name)
    if function is None:
        return HTTPStatus.NOT_FOUND, f"There is no function {name!r}."
    blob = next((trigger for trigger in blob_triggers if trigger.function is function), None)
    try:
        if blob is not None:
            await blob.call(_input(body).partition("/")[2])
        elif function.trigger["type"] == "timerTrigger":
            state = {"Schedule": {"AdjustForDST": True}, "ScheduleStatus": None, "IsPastDue": False}
            await host.invoke(function, host.datum(json.dumps(state), "json"))
        else:
            return HTTPStatus.BAD_REQUEST, f"{name} is started by a {function.trigger['type']}, not by hand."
    except ValueError:
        return HTTPStatus.BAD_REQUEST, 'The body must be {"input": "<container>/<blob>"}.'
    except InvocationError as error:
        return HTTPStatus.INTERNAL_SERVER_ERROR, f"{error}: {error.__cause__}"
    return HTTPStatus.ACCEPTED, f"{name} has run."


def _input(body: bytes) -> str:
    document = json.loads(body)
    if not isinstance(document, dict) or not isinstance(document.get("input"), str):
        raise ValueError(body)  # noqa: TRY004 -- to its caller it is one sort of fault
    return str(document["input"])
