"""The errors are one tree, have attributes, and can be copied and pickled."""

from __future__ import annotations

import copy
import inspect
import pickle
import re
from typing import Any

import pytest

from tunedmodels import ErrorInfo, FieldViolation, HelpLink, QuotaViolation, errors

TYPE = "type.googleapis.com/google.rpc."
REQUEST = errors.Request("GET", "https://service.test/v1beta/tunedModels?pageSize=5")
RESPONSE = errors.Response(404, {"content-type": "application/json"}, '{"error": {}}')


def error_classes() -> dict[str, type[Exception]]:
    """Return the public errors of the module, by name."""
    return {
        name: kind
        for name, kind in vars(errors).items()
        if isinstance(kind, type)
        and issubclass(kind, Exception)
        and not issubclass(kind, Warning)
        and not name.startswith("_")
    }


def parent(kind: type[Exception]) -> str:
    """Return the name of the nearest public base class."""
    return next(above.__name__ for above in kind.__mro__[1:] if not above.__name__.startswith("_"))


def statuses() -> dict[str, type[errors.APIError]]:
    return {name: kind for name, kind in error_classes().items() if issubclass(kind, errors.APIError)}


def test_one_root() -> None:
    """One except clause catches every error."""
    assert {name for name, kind in error_classes().items() if not issubclass(kind, errors.TunedModelsError)} == set()


def test_tree_in_the_docstring() -> None:
    """The tree in the docstring has each error once, in the order of the module, below its parent."""
    parents: list[str] = []
    tree: dict[str, str] = {}
    for line in (errors.__doc__ or "").splitlines():
        match = re.match(r"    ((?:│   |    )*)(├── |└── )?(\w+)  ", line)
        if match:
            depth = len(match[1]) // 4 + bool(match[2])
            assert match[3] not in tree
            tree[match[3]] = parents[depth - 1] if depth else "Exception"
            parents[depth:] = [match[3]]

    assert tree == {name: parent(kind) for name, kind in error_classes().items()}


def test_codes_in_the_docstring() -> None:
    """The tree has the number of each status, and the class has the name of the status."""
    tree = dict(re.findall(r"── (\w+) +(\d{3})  ", errors.__doc__ or ""))
    classes = {}
    for name, kind in statuses().items():
        match = re.search(r"\((\d{3}) ([A-Z_]+)\)\.$", inspect.getdoc(kind) or "")
        if match:
            classes[name] = match[1]
            assert "".join(word.capitalize() for word in match[2].split("_")) == name

    assert tree == classes
    assert set(classes) == set(statuses()) - {"APIError"}


@pytest.mark.parametrize(
    ("kind", "also"), [(errors.OperationTimeout, TimeoutError), (errors.TrainingDataError, ValueError)]
)
def test_errors_of_python_too(kind: type[Exception], also: type[Exception]) -> None:
    """Code with Python's own errors in mind works."""
    assert issubclass(kind, also)


def test_warning_is_a_warning() -> None:
    """Duplicate examples are for the warnings module, and no error."""
    assert issubclass(errors.DuplicateExamplesWarning, UserWarning)


def test_api_error() -> None:
    """The error has all values, and its text has some of them."""
    details = ({"@type": f"{TYPE}ErrorInfo", "reason": "A"},)
    error = errors.NotFound(
        404,
        "NOT_FOUND",
        "Gone.\n",
        details,
        hint="look elsewhere",
        retry_delay=7.0,
        request=REQUEST,
        response=RESPONSE,
    )

    assert str(error) == "404 NOT_FOUND: Gone. (look elsewhere)"
    assert (error.code, error.status, error.message, error.details) == (404, "NOT_FOUND", "Gone.\n", details)
    assert (error.hint, error.retry_delay) == ("look elsewhere", 7.0)
    assert (error.request, error.response) == (REQUEST, RESPONSE)


def test_api_error_without_a_status() -> None:
    """Without a status the text begins with the code; missing values are empty or None."""
    error = errors.APIError(418, "", "Short and stout.")

    assert str(error) == "418: Short and stout."
    assert (error.details, error.hint, error.retry_delay) == ((), "", None)
    assert (error.request, error.response) == (None, None)
    assert (error.error_info, error.field_violations, error.quota_violations, error.links) == (None, (), (), ())


# In the form of an answer of April 2025 about the quota of a minute.
QUOTA = {
    "@type": f"{TYPE}QuotaFailure",
    "violations": [
        {
            "quotaMetric": "generativelanguage.googleapis.com/generate_content_free_tier_requests",
            "quotaId": "GenerateRequestsPerMinutePerProjectPerModel-FreeTier",
            "quotaDimensions": {"location": "global", "model": "gemini-1.5-flash"},
            "quotaValue": "15",
        }
    ],
}


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(lambda details: errors.APIError(400, "", "", details), id="APIError"),
        pytest.param(lambda details: errors.OperationFailed("o", 3, "", "", details), id="OperationFailed"),
    ],
)
def test_details(error: Any) -> None:
    """The details of both errors are read as messages."""
    link = {"description": "Learn more about Gemini API quotas", "url": "https://ai.google.dev/gemini-api/docs"}
    violation = {"field": "tuned_model.display_name", "description": "too long", "newMember": 1}
    failed = error(
        (
            {
                "@type": f"{TYPE}ErrorInfo",
                "reason": "CREDENTIALS_MISSING",
                "domain": "googleapis.com",
                "metadata": {"service": "generativelanguage.googleapis.com"},
            },
            {"@type": f"{TYPE}BadRequest", "fieldViolations": [violation]},
            QUOTA,
            {"@type": f"{TYPE}Help", "links": [link]},
            {"@type": f"{TYPE}BadRequest", "fieldViolations": [{"description": "and another"}]},
        )
    )

    assert failed.error_info == ErrorInfo(
        reason="CREDENTIALS_MISSING",
        domain="googleapis.com",
        metadata={"service": "generativelanguage.googleapis.com"},
    )
    assert failed.field_violations == (
        FieldViolation(field="tuned_model.display_name", description="too long", unknown={"newMember": 1}),
        FieldViolation(description="and another"),
    )
    assert failed.quota_violations == (
        QuotaViolation(
            quota_metric="generativelanguage.googleapis.com/generate_content_free_tier_requests",
            quota_id="GenerateRequestsPerMinutePerProjectPerModel-FreeTier",
            quota_dimensions={"location": "global", "model": "gemini-1.5-flash"},
            quota_value=15,
        ),
    )
    assert failed.links == (
        HelpLink(description="Learn more about Gemini API quotas", url="https://ai.google.dev/gemini-api/docs"),
    )


@pytest.mark.parametrize(
    "detail",
    [
        {},
        {"@type": [1]},
        {"@type": f"{TYPE}Unheard"},
        {"@type": f"{TYPE}ErrorInfo", "reason": 5},
        {"@type": f"{TYPE}ErrorInfo", "metadata": {"a": 1}},
        {"@type": f"{TYPE}BadRequest"},
        {"@type": f"{TYPE}BadRequest", "fieldViolations": None},
        {"@type": f"{TYPE}BadRequest", "fieldViolations": {"field": "a"}},
        {"@type": f"{TYPE}BadRequest", "fieldViolations": [None, 5, "a", [], {"field": 5}]},
        {"@type": f"{TYPE}QuotaFailure", "violations": [{"quotaValue": "many"}]},
        {"@type": f"{TYPE}Help", "links": "https://a.test"},
    ],
    ids=repr,
)
def test_details_in_another_form(detail: dict[str, Any]) -> None:
    """A detail in another form is only in the details."""
    good = {"@type": f"{TYPE}BadRequest", "fieldViolations": [{"field": "b"}]}
    error = errors.APIError(400, "INVALID_ARGUMENT", "No.", (detail, good))

    assert error.details[0] == detail
    assert (error.error_info, error.quota_violations, error.links) == (None, (), ())
    assert error.field_violations == (FieldViolation(field="b"),)


def test_operation_failed() -> None:
    """The error of an operation has its name and its end; a status without a name is a number."""
    error = errors.OperationFailed("tunedModels/m/operations/o", 1, "CANCELLED", "Stopped.", ({"a": 1},))

    assert str(error) == "tunedModels/m/operations/o ended with CANCELLED: Stopped."
    assert (error.operation, error.code, error.status) == ("tunedModels/m/operations/o", 1, "CANCELLED")
    assert (error.message, error.details) == ("Stopped.", ({"a": 1},))
    assert str(errors.OperationFailed("o", 99, "", "Odd.")) == "o ended with 99: Odd."


def example_error(kind: type[Exception]) -> Exception:
    """Return an error of that class with all its values."""
    details = ({"@type": f"{TYPE}ErrorInfo", "reason": "A"},)
    if issubclass(kind, errors.APIError):
        return kind(404, "STATUS", "Said.", details, hint="do", retry_delay=2.5, request=REQUEST, response=RESPONSE)
    if issubclass(kind, errors.OperationFailed):
        return kind("o", 13, "INTERNAL", "Broken.", details)
    if issubclass(kind, errors.OperationTimeout):
        return kind("o", 2.5)
    if issubclass(kind, errors.TransportError):
        return kind("no answer", REQUEST, RESPONSE, errors.RetrySafety.LOST)
    if issubclass(kind, errors.CredentialsError):
        return kind("no token", errors.RetrySafety.UNSENT)
    if issubclass(kind, errors.TrainingDataError):
        return kind("no", source="a.csv", line=3, row=1, column="output")
    return kind("text")


@pytest.mark.parametrize("kind", [*error_classes().values(), errors.DuplicateExamplesWarning])
@pytest.mark.parametrize(
    "duplicate",
    [
        *(
            pytest.param(lambda error, protocol=protocol: pickle.loads(pickle.dumps(error, protocol)), id=f"{protocol}")
            for protocol in (0, pickle.HIGHEST_PROTOCOL)
        ),
        pytest.param(copy.copy, id="copy"),
        pytest.param(copy.deepcopy, id="deepcopy"),
    ],
)
def test_copies_of_errors_are_the_same(kind: type[Exception], duplicate: Any) -> None:
    """An error is the same after a copy, or after pickling, as process pools do it."""
    error = example_error(kind)
    again = duplicate(error)

    assert type(again) is kind
    assert str(again) == str(error)
    assert vars(again) == vars(error)
