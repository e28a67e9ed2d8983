"""Notes one request and its answer as they are, so that the request does not wait for the journal.

A raw entry holds references only. It becomes an entry of the journal, with its secrets masked, when somebody reads the
journal. Nothing else leaves it: no document, no text and no error message is made of a raw entry.
"""

from __future__ import annotations

import msgspec

from . import masking
from .answer_fields import AnswerFields, read_fields
from .entry import EMPTY, Body, Entry

BODY_LIMIT = 16 * 1024  # bytes of a body that the journal keeps
READ_LIMIT = BODY_LIMIT + masking.MARGIN  # bytes of a body that are searched for secrets

# The journal keeps the headers that change an answer or identify the caller. It masks those with credentials.
_HEADERS = {
    "User-Agent": "HTTP_USER_AGENT",
    "X-Goog-Api-Client": "HTTP_X_GOOG_API_CLIENT",
    "Content-Type": "CONTENT_TYPE",
    "Accept-Encoding": "HTTP_ACCEPT_ENCODING",
    "X-Test-Id": "HTTP_X_TEST_ID",
    "X-Goog-User-Project": "HTTP_X_GOOG_USER_PROJECT",
    "X-Goog-FieldMask": "HTTP_X_GOOG_FIELDMASK",
    "X-HTTP-Method-Override": "HTTP_X_HTTP_METHOD_OVERRIDE",
    "X-Goog-Emulator-Instructions": "HTTP_X_GOOG_EMULATOR_INSTRUCTIONS",
}
_CREDENTIALS = {"Authorization": "HTTP_AUTHORIZATION", "X-Goog-Api-Key": "HTTP_X_GOOG_API_KEY"}
HEADER_KEYS = (*_HEADERS.values(), *_CREDENTIALS.values())
"""The keys of the headers in a WSGI environment, in the order of ``RawEntry.header_values``."""

_OVERHEAD = 1000  # approximate bytes of an entry without its bodies


class RawEntry(msgspec.Struct, eq=False):
    """One request and its answer, with their secrets.

    ``path``, ``query`` and ``header_values`` are as in a WSGI environment. The members have the meaning that they have
    in ``Entry``. ``polled_model`` is the name of the model if the request polls its run, or empty.
    """

    http: str
    path: str
    query: str
    header_values: tuple[str | None, ...]
    started: int
    ended: int = 0
    status: int = 0
    number: int = 0
    at: int | None = None
    method: str = ""
    caller: str = ""
    polled_model: str = ""
    retry_after: str = ""
    note: str = ""
    fault: str = ""
    allowances: tuple[str, ...] = ()
    lost: bool = False
    poll: int | None = None
    _request: bytes = b""
    _request_size: int = 0
    _answer: bytes = b""
    _answer_size: int = 0
    _fields: AnswerFields | None = None

    def __repr__(self) -> str:
        """Show the number only, because the rest can have secrets."""
        return f"RawEntry({self.number})"

    def set_request(self, body: bytes, size: int) -> None:
        """Set the body of the request. *size* is the number of bytes of the whole body if *body* is its beginning."""
        self._request = body if len(body) <= READ_LIMIT else body[: READ_LIMIT + 1]
        self._request_size = max(len(body), size)

    def set_answer(self, body: bytes) -> None:
        """Set the body of the answer. Of a long body, keep the beginning and the members that decide."""
        self._answer_size = len(body)
        self._fields = read_fields(body) if len(body) > BODY_LIMIT else None
        self._answer = body if len(body) <= READ_LIMIT else body[: READ_LIMIT + 1]

    @property
    def answer_fields(self) -> AnswerFields:
        """The members of the answer that decide what a client does next."""
        return self._fields or read_fields(self._answer)

    @property
    def retry_delay(self) -> float | None:
        """The seconds that the answer asks the caller to wait, by Retry-After or else by RetryInfo, or None."""
        return float(self.retry_after) if self.retry_after.isdecimal() else self.answer_fields.retry_delay

    @property
    def size(self) -> int:
        """The approximate number of bytes that the entry takes in memory."""
        return _OVERHEAD + len(self._request) + len(self._answer) + len(self.path) + len(self.query)

    def mask(self) -> Entry:
        """Return the entry of the journal, with its secrets masked."""
        path, query, headers = self._masked_head()
        is_form = not self._request.lstrip().startswith((b"{", b"["))
        return Entry(
            http=self.http,
            path=path,
            status=self.status,
            started=self.started,
            ended=self.ended,
            number=self.number,
            at=self.at,
            method=self.method,
            caller=self.caller,
            query=query,
            headers=headers,
            request=_mask_body(self._request, self._request_size, is_form=is_form),
            answer=_mask_body(self._answer, self._answer_size),
            retry_after=self.retry_after,
            note=self.note,
            fault=self.fault,
            allowances=self.allowances,
            lost=self.lost,
            poll=self.poll,
            long_answer_fields=self._fields,
        )

    def _masked_head(self) -> tuple[str, str, tuple[tuple[str, str], ...]]:
        """Return the path, the query and the headers without secrets."""
        values = dict(zip((*_HEADERS, *_CREDENTIALS), self.header_values, strict=True))
        headers = [(name, values[name] or "") for name in _HEADERS if values[name]]
        secret = [(name, masking.mask_authorization(values[name] or "")) for name in _CREDENTIALS if values[name]]
        path, query = _as_utf8(self.path), _as_utf8(self.query)
        joined = "\n".join([path, *(value for _, value in headers)])
        if masking.mask_text(joined) != joined:
            path, headers = masking.mask_text(path), [(name, masking.mask_text(value)) for name, value in headers]
        # If a client writes & in place of the ?, the query is in the path.
        path = masking.mask_query(path) if "&" in path else path
        return path, masking.mask_query(query), (*headers, *secret)


def _mask_body(data: bytes, size: int, *, is_form: bool = False) -> Body:
    """Return *data*, the beginning of a body of *size* bytes, in the form that the journal keeps: masked, then cut."""
    if not data:
        return EMPTY
    beginning = data[:READ_LIMIT]
    masked = masking.mask_form(beginning) if is_form else masking.mask_body(beginning)
    # If the read limit cut a secret in two, masking does not recognize its first half. So leave out the last bytes of
    # the masked text: masks can have moved the end.
    limit = BODY_LIMIT if len(data) <= READ_LIMIT else min(BODY_LIMIT, len(masked) - masking.MARGIN)
    return Body(masked[: max(limit, 0)], len(masked) + size - len(beginning))


def _as_utf8(text: str) -> str:
    """Return *text*, which WSGI decoded as Latin-1, decoded as UTF-8."""
    return text if text.isascii() else text.encode("latin-1", "replace").decode("utf-8", "replace")
