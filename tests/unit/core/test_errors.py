from shared.core import errors


def test_codes_are_stable_and_unique():
    classes = [
        item for item in vars(errors).values() if isinstance(item, type) and issubclass(item, errors.PipeyardError)
    ]
    assert sorted(item.code for item in classes) == [
        "backend",
        "conflict",
        "forbidden",
        "integrity",
        "invalid_document",
        "not_authenticated",
        "not_found",
        "pipeyard_error",
        "sign_in_unavailable",
        "storage_unavailable",
        "too_large",
        "too_many_requests",
    ]


def test_waiting_helps_only_where_it_says_so():
    assert errors.StorageUnavailable("x").retryable
    assert not errors.Conflict("x").retryable
    assert errors.BackendError("x", retryable=True).retryable
    assert not errors.BackendError("x").retryable


def test_an_invalid_document_lists_its_faults():
    faults = [errors.Fault(pointer="", message="Bad."), errors.Fault(pointer="/a", message="Worse.", suggestion="Do.")]
    error = errors.InvalidDocument(faults)
    assert error.faults == tuple(faults)
    assert str(error) == "/: Bad.\n/a: Worse. Do."
