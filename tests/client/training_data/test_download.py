"""Downloads of training data, without credentials."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import responses

from tunedmodels import TrainingDataError
from tunedmodels._training_data.download import download
from tunedmodels._training_data.reader import FILE_BYTES, Document

URL = "https://files.test/a.csv"
CSV = "text_input,output\n六,七\n".encode()


@pytest.fixture
def session() -> Iterator[requests.Session]:
    """A session as a client has one."""
    with requests.Session() as session:
        yield session


def test_document(answers: responses.RequestsMock, session: requests.Session) -> None:
    """A document has the bytes and the media type of the answer."""
    answers.get(URL, body=CSV, content_type="text/csv; charset=UTF-8")

    assert download(session, URL, 5) == Document(CSV, "text/csv; charset=UTF-8")


def test_document_without_a_type(answers: responses.RequestsMock, session: requests.Session) -> None:
    """The media type of an answer can be missing."""
    answers.get(URL, body=CSV, content_type=None)

    assert download(session, URL, 5).media_type == ""


def test_redirects_are_followed(answers: responses.RequestsMock, session: requests.Session) -> None:
    """The client follows redirects of downloads."""
    answers.get(URL, status=302, headers={"Location": "https://store.test/b"})
    answers.get("https://store.test/b", body=CSV)

    assert download(session, URL, 5).content == CSV


def test_request_does_not_identify_the_caller(
    answers: responses.RequestsMock, session: requests.Session, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A download sends no credentials, also none of ~/.netrc."""
    netrc = tmp_path / "netrc"
    netrc.write_text("default login ada password secret\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(netrc))
    answers.get(URL, body=CSV)
    download(session, URL, 5)

    assert {"authorization", "x-goog-api-key", "x-goog-user-project"}.isdisjoint(
        name.lower() for name in answers.calls[0].request.headers
    )


def test_too_large_a_file(answers: responses.RequestsMock, session: requests.Session) -> None:
    """The client reads one byte more than the limit of a file that is too large."""
    answers.get(URL, body=b"x" * (FILE_BYTES + 500_000))

    assert len(download(session, URL, 5).content) == FILE_BYTES + 1


@pytest.mark.parametrize("status", [404, 503])
def test_refusal(answers: responses.RequestsMock, session: requests.Session, status: int) -> None:
    """A refusal is a TrainingDataError with the status."""
    answers.get(URL, status=status)

    with pytest.raises(
        TrainingDataError, match=rf"^https://files\.test/a\.csv: cannot be read: the answer is {status}\.$"
    ) as caught:
        download(session, URL, 5)

    assert caught.value.source == URL
    assert caught.value.__cause__ is None


def test_no_time(answers: responses.RequestsMock, session: requests.Session) -> None:
    """A document that does not arrive in time is a TrainingDataError."""
    answers.get(URL, body=CSV)

    with pytest.raises(TrainingDataError, match="cannot be read: timed out"):
        download(session, URL, 0)


@pytest.mark.parametrize("url", ["https://", "http://[::1", "https://two words/a.csv", "http://a:port/a.csv"])
def test_invalid_url(session: requests.Session, url: str) -> None:
    """An invalid URL is a TrainingDataError too."""
    with pytest.raises(TrainingDataError, match="cannot be read: ") as caught:
        download(session, url, 5)

    assert caught.value.source == url
