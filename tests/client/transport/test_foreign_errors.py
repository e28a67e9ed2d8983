"""The client knows every error of requests and google-auth by name, and raises its own errors instead."""

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
MODEL = f"{URL}/v1beta/tunedModels/m"
REQUEST = Request("POST", MODEL)

# Errors after which the request may have reached the service, and errors after which it cannot. The rest is final.
NO_ANSWER = {
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
    """Credentials that raise an error at each use."""

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
    """Return the errors that *module* defines below *root*, and *root*."""
    return {
        kind
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, root) and kind.__module__ == module.__name__
    }


def below(root: type[Exception], package: str) -> set[type[Exception]]:
    """Return *root* and all its subclasses that *package* defines."""
    kinds = {root}
    for kind in root.__subclasses__():
        kinds |= below(kind, package)
    return {kind for kind in kinds if kind.__module__.startswith(package)}


def expected(kind: type[Exception]) -> RetrySafety:
    return RetrySafety.UNSENT if kind in UNSENT else RetrySafety.LOST if kind in NO_ANSWER else RetrySafety.FINAL


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
    """All errors of google-auth have the root that the client catches."""
    errors = error_classes_in(google.auth.exceptions, Exception)

    assert [kind for kind in errors if not issubclass(kind, google.auth.exceptions.GoogleAuthError)] == []


@pytest.mark.parametrize("kind", by_name(REQUESTS_ERRORS))
def test_no_error_of_requests_leaks(answers: responses.RequestsMock, kind: type[Exception]) -> None:
    """Every error of requests is a TransportError that says whether the request may have arrived."""
    error = example_error(kind)
    answers.get(MODEL, body=error)
    with Client(URL, api_key="the-key", retry=None) as client, pytest.raises(TransportError) as caught:
        client.tuned_models.get("m")

    assert caught.value.__cause__ is error
    assert str(caught.value) == f"GET {MODEL} was not answered: {error_reason(error)}"
    assert caught.value.request == Request("GET", MODEL)
    assert caught.value.response is None
    assert caught.value.retry_safety is expected(kind)


@pytest.mark.parametrize("kind", by_name(GOOGLE_AUTH_ERRORS))
def test_no_error_of_google_auth_leaks(kind: type[Exception]) -> None:
    """Every error of google-auth is a CredentialsError."""
    error = example_error(kind)
    with Client(URL, credentials=Failing(error), retry=None) as client, pytest.raises(CredentialsError) as caught:
        client.tuned_models.get("m")

    assert caught.value.__cause__ is error
    text = error.args[0] if error.args else error
    assert str(caught.value).startswith(f"Credentials are missing or not accepted: {text} (give credentials=")
    assert caught.value.retry_safety is expected(kind)


@pytest.mark.parametrize("kind", [*by_name(GOOGLE_AUTH_ERRORS), ValueError, NotImplementedError])
def test_no_error_of_a_renewal_leaks(answers: responses.RequestsMock, kind: type[Exception]) -> None:
    """If a token cannot be renewed, the caller gets the service's answer."""
    answers.get(MODEL, status=401)
    with Client(URL, credentials=FailingLater(example_error(kind))) as client, pytest.raises(Unauthenticated):
        client.tuned_models.get("m")

    assert len(answers.calls) == 1


@pytest.mark.parametrize("kind", by_name(REQUESTS_ERRORS))
def test_no_error_of_a_download_leaks(answers: responses.RequestsMock, kind: type[Exception]) -> None:
    """Every error of requests in a download is a TrainingDataError that names the file."""
    url = "https://files.test/data.csv"
    error = example_error(kind)
    answers.get(url, body=error)
    with Client(URL, api_key="the-key") as client, pytest.raises(TrainingDataError) as caught:
        client.tuned_models.create(base_model="b", training_data=url)

    # The message of requests may have the URL with its signature.
    assert caught.value.__cause__ is None
    assert str(caught.value) == f"{url}: cannot be read: {error_reason(error)}."
    assert caught.value.source == url


def test_invalid_redirect_of_a_download(answers: responses.RequestsMock) -> None:
    """A redirect of a download to an invalid address is a TrainingDataError too."""
    url = "https://files.test/data.csv"
    answers.get(url, status=302, headers={"Location": "http://["})

    with Client(URL, api_key="the-key") as client, pytest.raises(TrainingDataError) as caught:
        client.tuned_models.create(base_model="b", training_data=url)

    assert caught.value.source == url


NO_CONNECTION = urllib3.exceptions.MaxRetryError(
    None,  # type: ignore[arg-type]
    "/",
    urllib3.exceptions.NewConnectionError(None, "refused"),  # type: ignore[arg-type]
)


@pytest.mark.parametrize(
    ("error", "failure"),
    [
        pytest.param(requests.ConnectionError(NO_CONNECTION), RetrySafety.UNSENT, id="refused"),
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
    """Only without a connection it is certain that the request did not arrive; the cause decides, then the class."""
    assert no_answer_error(REQUEST, error).retry_safety is failure


def test_answer_that_is_cut_off_may_have_been_the_right_one() -> None:
    """After an incomplete answer the request may have had an effect, for every error."""
    error = cut_off_error(REQUEST, requests.exceptions.SSLError("broken"))

    assert error.retry_safety is RetrySafety.LOST
    assert str(error) == f"The answer to POST {MODEL} was cut off: broken"


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
    """The error's own property decides, then its class."""
    assert credentials_error(error).retry_safety is failure
