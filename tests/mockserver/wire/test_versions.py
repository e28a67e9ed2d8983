"""Tests which version has which method."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

ALL = "v1 v1beta v1alpha v1beta3"
BETAS = "v1beta v1alpha v1beta3"
CONTENT = "v1 v1beta v1alpha"

TABLE = [
    ("POST", "tunedModels", BETAS),
    ("GET", "tunedModels", BETAS),
    ("GET", "tunedModels/x", BETAS),
    ("PATCH", "tunedModels/x", BETAS),
    ("DELETE", "tunedModels/x", BETAS),
    ("POST", "tunedModels/x:transferOwnership", BETAS),
    ("POST", "tunedModels/x:generateContent", CONTENT),
    ("POST", "tunedModels/x:streamGenerateContent", CONTENT),
    ("POST", "tunedModels/x:generateText", BETAS),
    ("POST", "tunedModels/x:batchGenerateContent", "v1 v1beta"),
    ("POST", "tunedModels/x:asyncBatchEmbedContent", "v1 v1beta"),
    ("POST", "tunedModels/x:countTokens", ""),
    ("POST", "tunedModels/x:cancel", ""),
    ("POST", "tunedModels/x/permissions", BETAS),
    ("GET", "tunedModels/x/permissions", BETAS),
    ("GET", "tunedModels/x/permissions/y", BETAS),
    ("PATCH", "tunedModels/x/permissions/y", BETAS),
    ("DELETE", "tunedModels/x/permissions/y", BETAS),
    ("GET", "tunedModels/x/operations/y", CONTENT),
    ("GET", "tunedModels/x/operations", CONTENT),
    ("POST", "tunedModels/x/operations/y:cancel", "v1"),
    ("POST", "tunedModels/x/operations/y:wait", ""),
    ("GET", "operations", "v1"),
    ("DELETE", "operations/x/y", "v1"),
    ("GET", "models", ALL),
    ("GET", "models/x", ALL),
    ("POST", "models/x:generateContent", CONTENT),
    ("POST", "models/x:streamGenerateContent", CONTENT),
    ("POST", "models/x:countTokens", CONTENT),
    ("POST", "models/x:generateText", BETAS),
    ("PUT", "tunedModels/x", ""),
    ("GET", "tunedModels/x/y", ""),
]


@pytest.mark.parametrize(("method", "path", "versions"), TABLE, ids=[f"{row[0]} {row[1]}" for row in TABLE])
def test_routes(strict_http: FlaskClient, method: str, path: str, versions: str) -> None:
    """Without allowances a version answers its own methods in JSON, and all others with a page and 404."""
    answers = {version: strict_http.open(f"/{version}/{path}", method=method) for version in [*ALL.split(), "v2"]}

    pages = {version: answer for version, answer in answers.items() if not answer.is_json}
    assert [version for version in answers if version not in pages] == versions.split()
    assert {answer.status_code for answer in pages.values()} <= {404}
    assert {answer.content_type for answer in pages.values()} <= {"text/html; charset=UTF-8"}


@pytest.mark.parametrize(("method", "path", "versions"), TABLE[:19], ids=[f"{row[0]} {row[1]}" for row in TABLE[:19]])
def test_v1_is_read_as_v1beta(http: FlaskClient, method: str, path: str, versions: str) -> None:
    """An allowance adds to v1 the methods of tunedModels that it lacks; the answer names it."""
    answer = http.open(f"/v1/{path}", method=method)

    note = answer.headers.get("X-Tunedmodels-Note", "")
    assert answer.is_json
    assert note.startswith("v1-tuned-models: ") == (bool(versions) and "v1" not in versions.split())


@pytest.mark.parametrize("method", ["batchGenerateContent", "asyncBatchEmbedContent"])
def test_batches_are_not_implemented(http: FlaskClient, method: str) -> None:
    """Batch methods are known and not implemented, in both versions and for any body."""
    for version in ("v1", "v1beta"):
        answer = http.post(f"/{version}/tunedModels/x:{method}", json={"batch": {"displayName": "nightly"}})

        assert answer.status_code == 501
        assert answer.json == {
            "error": {
                "code": 501,
                "message": f"tunedModels.{method} is not implemented.",
                "status": "UNIMPLEMENTED",
            }
        }
