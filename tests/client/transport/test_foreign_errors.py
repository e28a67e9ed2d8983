"""Failures: every error of the libraries beneath is known by name, and none comes through."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import google.auth.credentials
import google.auth.exceptions
import pytest
import requests
import responses
import urllib3

from tunedmodels import (
    Client,
    CredentialsError,
    Request,
    RetrySafety,
    TrainingDataError,
    TransportError,
    Unauthenticated,
)
from tunedmodels._transport.foreign_errors import (
    GOOGLE_AUTH_ERRORS,
    REQUESTS_ERRORS,
    credentials_error,
    cut_off_error,
    error_reason,
    no_answer_error,
)

URL = "https://service.test"
LOOK = f"{URL}/v1beta/tunedModels/m"
REQUEST = Request("POST", LOOK)

# What may have reached the service, and what cannot have; the rest fails again in the same way.
LOST = {
    requests.exceptions.ConnectionError,
    requests.exceptions.ProxyError,
    requests.exceptions.Timeout,
    requests.exceptions.ReadTimeout,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
}
UNSENT = {
    requests.exceptions.ConnectTimeout,
    google.auth.exceptions.TransportError,
    google.auth.exceptions.TimeoutError,
}


class Failing(google.auth.credentials.Credentials):
    """Credentials that fail when they are to be used."""

    def __init__(self, error: Exception) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.error = error

    def before_request(self, request: Any, method: str, url: str, headers: dict[str, str]) -> None:  # noqa: ARG002
        raise self.error

    def refresh(self, request: Any) -> None:  # noqa: ARG002
        raise self.error


class FailingLater(Failing):
    """Credentials with a token that cannot be renewed."""

    def before_request(self, request: Any, method: str, url: str, headers: dict[str, str]) -> None:  # noqa: ARG002
        self.token = "old"
        headers["authorization"] = "Bearer old"


def error_classes_in(module: ModuleType, root: type[Exception]) -> set[type[Exception]]:
    """The errors that *module* defines below *root*, and *root*."""
    return {
        kind
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, root) and kind.__module__ == module.__name__
    }


def below(root: type[Exception], package: str) -> set[type[Exception]]:
    """The subclasses of *root* that *package* defines anywhere, and theirs, and *root*."""
    found = {root}
    for kind in root.__subclasses__():
        found |= below(kind, package)
    return {kind for kind in found if kind.__module__.startswith(package)}


def expected(kind: type[Exception]) -> RetrySafety:
    return RetrySafety.UNSENT if kind in UNSENT else RetrySafety.LOST if kind in LOST else RetrySafety.FINAL


def example_error(kind: type[Exception]) -> Exception:
    return kind("broken", "{", 0) if kind is requests.exceptions.JSONDecodeError else kind("broken")


def by_name(kinds: Any) -> list[Any]:
    return sorted(kinds, key=lambda kind: kind.__name__)


def test_errors_of_requests_are_all_known() -> None:
    """The table names every error of requests, and nothing else."""
    root = requests.exceptions.RequestException

    assert set(REQUESTS_ERRORS) == error_classes_in(requests.exceptions, root)
    assert below(root, "requests") <= set(REQUESTS_ERRORS)


def test_errors_of_google_auth_are_all_known() -> None:
    """The table names every error of google-auth's module of errors, and nothing else."""
    assert set(GOOGLE_AUTH_ERRORS) == error_classes_in(google.auth.exceptions, google.auth.exceptions.GoogleAuthError)


def test_all_errors_of_google_auth_have_one_root() -> None:
    """The root that is caught is the root of all that google-auth defines."""
    errors = error_classes_in(google.auth.exceptions, Exception)

    assert [kind for kind in errors if not issubclass(kind, google.auth.exceptions.GoogleAuthError)] == []


@pytest.mark.parametrize("kind", by_name(REQUESTS_ERRORS))
def test_no_error_of_requests_leaks(answers: responses.RequestsMock, kind: type[Exception]) -> None:
    """Whatever requests raises is a TransportError that says whether the request may have arrived."""
    error = example_error(kind)
    answers.get(LOOK, body=error)
    with Client(URL, api_key="the-key", retry=None) as client, pytest.raises(TransportError) as caught:
        client.tuned_models.get("m")

    assert caught.value.__cause__ is error
    assert str(caught.value) == f"GET {LOOK} was not answered: {error_reason(error)}"
    assert caught.value.request == Request("GET", LOOK)
    assert caught.value.response is None
    assert caught.value.retry_safety is expected(kind)


@pytest.mark.parametrize("kind", by_name(GOOGLE_AUTH_ERRORS))
def test_no_error_of_google_auth_leaks(kind: type[Exception]) -> None:
    """Whatever google-auth raises is a CredentialsError; nothing was sent then."""
    error = example_error(kind)
    with Client(URL, credentials=Failing(error), retry=None) as client, pytest.raises(CredentialsError) as caught:
        client.tuned_models.get("m")

    assert caught.value.__cause__ is error
    said_first = error.args[0] if error.args else error
    assert str(caught.value).startswith(f"Credentials are missing or not accepted: {said_first} (give credentials=")
    assert caught.value.retry_safety is expected(kind)


@pytest.mark.parametrize("kind", by_name(GOOGLE_AUTH_ERRORS))
def test_no_error_of_a_renewal_leaks(answers: responses.RequestsMock, kind: type[Exception]) -> None:
    """A token that cannot be renewed leaves the service's own answer."""
    answers.get(LOOK, status=401)
    with Client(URL, credentials=FailingLater(example_error(kind))) as client, pytest.raises(Unauthenticated):
        client.tuned_models.get("m")

    assert len(answers.calls) == 1


@pytest.mark.parametrize("kind", by_name(REQUESTS_ERRORS))
def test_no_error_of_a_download_leaks(answers: responses.RequestsMock, kind: type[Exception]) -> None:
    """Whatever requests raises for somebody's file is a TrainingDataError that names the file."""
    url = "https://files.test/data.csv"
    error = example_error(kind)
    answers.get(url, body=error)
    with Client(URL, api_key="the-key") as client, pytest.raises(TrainingDataError) as caught:
        client.tuned_models.create(base_model="b", training_data=url)

    # What requests says may have the URL in it, and that a signature.
    assert caught.value.__cause__ is None
    assert str(caught.value) == f"{url}: cannot be read: {error_reason(error)}."
    assert caught.value.source == url


def test_download_that_is_sent_nowhere(answers: responses.RequestsMock) -> None:
    """A redirect to what is no address is the file's failure too."""
    url = "https://files.test/data.csv"
    answers.get(url, status=302, headers={"Location": "http://["})

    with Client(URL, api_key="the-key") as client, pytest.raises(TrainingDataError) as caught:
        client.tuned_models.create(base_model="b", training_data=url)

    assert caught.value.source == url


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        pytest.param(
            requests.ConnectionError(urllib3.exceptions.MaxRetryError(None, "/", _refused)),  # type: ignore[arg-type]
            RetrySafety.UNSENT,
            id="refused",
        )
        for _refused in [urllib3.exceptions.NewConnectionError(None, "refused")]  # type: ignore[arg-type]
    ]
    + [
        pytest.param(requests.ConnectionError(), RetrySafety.LOST, id="without-a-reason"),
        pytest.param(
            requests.ConnectionError(urllib3.exceptions.ProtocolError("Connection aborted.")),
            RetrySafety.LOST,
            id="broke",
        ),
        pytest.param(urllib3.exceptions.ReadTimeoutError(None, "/", "slow"), RetrySafety.LOST, id="urllib3"),  # type: ignore[arg-type]
        pytest.param(OSError("no such file"), RetrySafety.LOST, id="system"),
        pytest.param(ValueError("Invalid IPv6 URL"), RetrySafety.FINAL, id="redirect-to-no-address"),
        pytest.param(type("Newer", (requests.Timeout,), {})(), RetrySafety.LOST, id="of-a-newer-requests"),
        pytest.param(type("Own", (requests.RequestException,), {})(), RetrySafety.FINAL, id="of-an-adapter"),
    ],
)
def test_whether_the_request_may_have_arrived(error: Exception, failure: RetrySafety) -> None:
    """Only where no connection was made it is certain that it has not; the reason beneath decides, then the class."""
    assert no_answer_error(REQUEST, error).retry_safety is failure


def test_answer_that_is_cut_off_may_have_been_the_right_one() -> None:
    """Whatever cuts an answer off, the service had begun to answer."""
    found = cut_off_error(REQUEST, requests.exceptions.SSLError("broken"))

    assert found.retry_safety is RetrySafety.LOST
    assert str(found) == f"The answer to POST {LOOK} was cut off: broken"


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        (google.auth.exceptions.RefreshError("revoked"), RetrySafety.FINAL),
        (google.auth.exceptions.RefreshError("busy", retryable=True), RetrySafety.UNSENT),
        (google.auth.exceptions.TransportError("reset", retryable=False), RetrySafety.UNSENT),
        (ValueError("no JSON"), RetrySafety.FINAL),
        (type("Newer", (google.auth.exceptions.RefreshError,), {})("new"), RetrySafety.FINAL),
    ],
    ids=["final", "busy", "reset", "value", "of-a-newer-google-auth"],
)
def test_whether_another_try_may_get_a_token(error: Exception, failure: RetrySafety) -> None:
    """google-auth's own word on it counts, then the class."""
    assert credentials_error(error).retry_safety is failure
