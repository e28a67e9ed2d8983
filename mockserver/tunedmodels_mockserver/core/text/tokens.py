"""Tokens: a plausible cut of text into countable pieces.

Observed: a digit is a token ("100" and "101" are 3 tokens each in mid-2024), and so is the space before one (in the 13
tokens of "Write a 500 word essay about the sea.", of which one belongs to the prompt and not to its text). The rest is
invented: up to six letters make a token and longer words are split; a space belongs to what follows it, if that is no
digit; a punctuation sign or a CJK character is a token; other white space goes by the run.
"""

from __future__ import annotations

import re
from itertools import islice

_CJK = r"\u3005-\u9fff\uac00-\ud7af\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff"

# Any character starts a match, so the tokens of a text are the text; and no token looks beyond its end, so
# those of its head are the same tokens.
_TOKEN = re.compile(rf" ?(?:[^\W\d_{_CJK}]{{1,6}}|[^\s\d])|\d|\s+")


def count(text: str) -> int:
    """Return a plausible number of tokens for *text*: invented, but for digits."""
    return sum(1 for _ in _TOKEN.finditer(text))


def head(text: str, limit: int) -> str:
    """Return the first *limit* tokens of *text*, or *text* itself when it has no more."""
    end = 0
    for token in islice(_TOKEN.finditer(text), max(limit, 0)):
        end = token.end()
    return text[:end]
