"""What an activity raises goes to the host, which writes it down: with its name, without secrets."""

import traceback
from typing import Any

import pytest

from activities.observed import observed
from shared.core.errors import StorageUnavailable

SIGNED = "/c/b?sv=1&sig=c2lnbmF0dXJl"


def raised_by_any(error: Exception, cause: Exception) -> Exception:
    @observed
    def begin_step(payload: dict[str, Any]) -> None:
        raise error from cause

    with pytest.raises(Exception, match="did not answer") as caught:
        begin_step({})
    return caught.value


def test_causes_are_left_out_where_they_have_secrets_and_the_name_stays():
    cause = OSError(f"Max retries exceeded with url: {SIGNED}")
    error = raised_by_any(StorageUnavailable("Blob b: storage did not answer."), cause)
    told = "".join(traceback.format_exception(error))
    assert "c2lnbmF0dXJl" not in told
    assert (type(error).__name__, str(error)) == ("StorageUnavailable", "Blob b: storage did not answer.")


def test_an_error_without_secrets_goes_on_as_it_is():
    error, cause = StorageUnavailable("Blob b: storage did not answer."), OSError("no route to the host")
    assert raised_by_any(error, cause) is error
    assert error.__cause__ is cause
