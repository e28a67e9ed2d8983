"""The WSGI environ of a request, which werkzeug's builder makes in five times the time."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import EnvironBuilder

from tunedmodels_contracts.transport.wsgi_call import to_environ

# werkzeug leaves the query out of the raw target; servers do not.
OWN = {"RAW_URI", "REQUEST_URI", "wsgi.input", "wsgi.errors"}
SEGMENT = st.text("aZ9-._~%é", min_size=1, max_size=5).map(lambda text: text.replace("%", "%C3%A9"))
HEADERS = st.lists(
    st.tuples(
        st.sampled_from(["Accept", "X-Goog-Api-Key", "x-goog-api-key", "Content-Type"]), st.text("az09 /,", max_size=9)
    ),
    max_size=4,
    unique_by=lambda header: header[0] == "Content-Type" or object(),
)


@given(
    st.sampled_from(["GET", "POST", "PATCH"]),
    st.sampled_from(["https://generativelanguage.googleapis.com", "http://127.0.0.1:8080", "http://h:80"]),
    st.lists(SEGMENT, max_size=3),
    st.sampled_from(["", "pageSize=3", "a=%20b&c=é", "$alt=json;enum-encoding=int"]),
    HEADERS,
    st.sampled_from([b"", b"{}", b"\xff"]),
)
def test_it_is_the_environ_of_werkzeug(
    method: str, origin: str, segments: list[str], query: str, headers: list[tuple[str, str]], body: bytes
) -> None:
    path = "/" + "/".join(segments)
    builder = EnvironBuilder(
        path=path, query_string=query, base_url=origin, method=method, headers=headers, data=body or None
    )
    expected: dict[str, Any] = builder.get_environ()
    environ = to_environ(method, f"{origin}{path}?{query}" if query else f"{origin}{path}", headers, body or None)

    assert {key: value for key, value in environ.items() if key not in OWN} == {
        key: value for key, value in expected.items() if key not in OWN
    }
    assert environ["wsgi.input"].read() == body
