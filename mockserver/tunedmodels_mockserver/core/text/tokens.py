"""Splits text into tokens in a plausible way, to count them and to cut a text at a limit.

Observed: a digit is a token ("100" and "101" have 3 tokens each in mid-2024), and so is the space before a digit
("Write a 500 word essay about the sea." has 13 tokens, one of which belongs to the prompt and not to its text). The
rest is invented. Up to six letters are a token, and longer words are split. A space belongs to the token after it,
except before a digit. A punctuation mark or a CJK character is a token. A run of other white space is a token.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from itertools import islice

_CJK = r"\u3005-\u9fff\uac00-\ud7af\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"

_MAX_KEPT = 2000  # characters of a text whose count is kept

# Every character can start a match, so the joined tokens are the whole text. No token depends on the text after its
# end, so the head of a text has the same tokens.
_TOKEN = rf" ?(?:[^\W\d_{_CJK}]{{1,6}}|[^\s\d])|\d|\s+"


@cache  # compiled at first use: it takes a millisecond, and a start does not need it
def _token() -> re.Pattern[str]:
    return re.compile(_TOKEN)


def count(text: str) -> int:
    """Return a plausible number of tokens for *text*. It is invented, except for digits."""
    return _count(text) if len(text) <= _MAX_KEPT else _count.__wrapped__(text)


@lru_cache(maxsize=512)  # the same prompts and answers come again
def _count(text: str) -> int:
    return sum(1 for _ in _token().finditer(text))


def head(text: str, limit: int) -> str:
    """Return the first *limit* tokens of *text*, or *text* itself if it has no more."""
    end = 0
    for token in islice(_token().finditer(text), max(limit, 0)):
        end = token.end()
    return text[:end]
