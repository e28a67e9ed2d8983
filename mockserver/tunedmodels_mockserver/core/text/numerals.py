"""Computes the number after a numeral and writes it in the same way, in digits, Roman, kanji or number words.

Each reader below is lenient: it computes a value from the signs that it knows. Then this value is written again, and
the text is a numeral only if both agree. This rejects texts such as "IIII", "one two" and "1,00", and states the rules
of a script only once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

_MAX_LENGTH = 200  # characters; real numerals are far shorter, and prompts may have megabytes

_MINUS_SIGNS = ("-", "\N{MINUS SIGN}")
_DIGITS = re.compile(r"([-+\N{MINUS SIGN}]?)(\d[\d,]*)")

_ROMAN = {
    **{"M": 1000, "CM": 900, "D": 500, "CD": 400, "C": 100, "XC": 90},
    **{"L": 50, "XL": 40, "X": 10, "IX": 9, "V": 5, "IV": 4, "I": 1},
}
_ROMAN_LAST = 3999

_KANJI = {
    **{"兆": 10**12, "億": 10**8, "万": 10**4, "千": 1000, "百": 100, "十": 10},
    **{"九": 9, "八": 8, "七": 7, "六": 6, "五": 5, "四": 4, "三": 3, "二": 2, "一": 1},
}
_KANJI_LAST = 10**16 - 1


class _Language(msgspec.Struct, frozen=True):
    """A language of number words. ``code`` is its code in num2words.

    ``words`` has the value of each word, ``fillers`` the words without a value, ``minus`` the words for a minus.
    ``separators`` are those of num2words that a writer can replace by a space. With ``omits_separators``, the successor
    lacks each separator that the number lacks. Without, it lacks a separator only if num2words writes it in the number
    and the number omits it.
    """

    code: str
    words: Mapping[str, int]
    fillers: tuple[str, ...]
    minus: tuple[str, ...]
    separators: tuple[str, ...]
    omits_separators: bool


def _number_words(words: str, first: int, step: int = 1) -> dict[str, int]:
    return {word: first + place * step for place, word in enumerate(words.split())}


_ENGLISH = _Language(
    code="en",
    words={
        **_number_words("zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen", 0),
        **_number_words("fifteen sixteen seventeen eighteen nineteen", 15),
        **_number_words("twenty thirty forty fifty sixty seventy eighty ninety", 20, 10),
        **{"hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9, "trillion": 10**12},
    },
    fillers=("and",),
    minus=("minus", "negative"),
    separators=(", ", "-", " and "),
    omits_separators=True,
)
_FRENCH = _Language(
    code="fr",
    words={
        **_number_words(
            "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize", 0
        ),
        **_number_words("vingt trente quarante cinquante soixante", 20, 10),
        **{"vingts": 20, "cent": 100, "cents": 100, "mille": 10**3, "million": 10**6, "millions": 10**6},
        **{"milliard": 10**9, "milliards": 10**9, "billion": 10**12, "billions": 10**12},
    },
    fillers=("et",),
    minus=("moins",),
    separators=("-",),
    omits_separators=False,
)
_LANGUAGES = (_ENGLISH, _FRENCH)  # "six" is a word of both; the first language wins
_SMALLEST_FACTOR = 20  # the smallest number that multiplies: "quatre-vingts" is four times twenty


def successor(text: str) -> str | None:
    """Return the number after *text*, written in the same way as *text*, or None if *text* is not a number.

    White space around the number is dropped. The largest number that a script can write has no successor.
    """
    if len(text) > _MAX_LENGTH:
        return None
    numeral = text.strip()
    if not numeral:
        return None
    return _next_digits(numeral) or _next_roman(numeral) or _next_kanji(numeral) or _next_words(numeral)


def _next_digits(text: str) -> str | None:
    match = _DIGITS.fullmatch(text)
    if match is None:
        return None
    sign, digits = match.groups()
    zero = ord(digits[0]) - int(digits[0])  # the ten digits of a script are consecutive in Unicode
    plain = digits.translate({zero + value: str(value) for value in range(10)})
    if not plain.isascii():  # digits of two scripts
        return None
    value = int(plain.replace(",", ""))
    if "," in plain and f"{value:,}" != plain:
        return None
    value = 1 - value if sign in _MINUS_SIGNS else value + 1
    answer = f"{abs(value):,}" if "," in plain else str(abs(value))
    if plain.startswith("0"):
        answer = answer.zfill(len(plain))
    sign_text = sign if value < 0 or sign == "+" else ""
    return sign_text + answer.translate({ord(str(value)): chr(zero + value) for value in range(10)})


def _next_roman(text: str) -> str | None:
    if any(text in language.words for language in _LANGUAGES):  # "dix" is ten in French, but "DIX" is the Roman 509
        return None
    values = [_ROMAN.get(letter, 0) for letter in text.upper()]
    value = sum(-this if this < after else this for this, after in zip(values, [*values[1:], 0], strict=True))
    if value >= _ROMAN_LAST:
        return None
    return next((case(_roman(value + 1)) for case in (str.upper, str.lower) if case(_roman(value)) == text), None)


def _roman(value: int) -> str:
    text = ""
    for letters, unit in _ROMAN.items():
        times, value = divmod(value, unit)
        text += letters * times
    return text


def _next_kanji(text: str) -> str | None:
    if text in ("〇", "零"):
        return "一"
    value = _total([_KANJI.get(kanji, 0) for kanji in text], 10)
    if value >= _KANJI_LAST:
        return None
    # Both 千万 and 一千万 are in use; the successor has the form of the number.
    return next((_kanji(value + 1, one) for one in ("", "一") if _kanji(value, one) == text), None)


def _kanji(value: int, one_before_thousand: str) -> str:
    for kanji, unit in _KANJI.items():
        if value >= unit:
            times, rest = divmod(value, unit)
            count = _kanji(times, one_before_thousand) if times > 1 or unit > 1000 else ""
            if times == 1 and unit == 1000:
                count = one_before_thousand
            return count + kanji + _kanji(rest, one_before_thousand)
    return ""


def _next_words(text: str) -> str | None:
    return next(filter(None, (_next_in(language, text) for language in _LANGUAGES)), None)


def _next_in(language: _Language, text: str) -> str | None:
    lower = text.lower()
    first, _, rest = lower.partition(" ")
    negative = first in language.minus
    body = rest if negative else lower
    words = [word for word in re.split("[ ,-]+", body) if word not in language.fillers]
    try:
        value = _total([language.words[word] for word in words], _SMALLEST_FACTOR)
    except KeyError:
        return None

    from num2words import num2words  # imported here: few prompts need it, and it would slow the start-up

    # num2words writes "one thousand, two hundred and thirty-four"; the comma, the hyphen and this "and" are optional.
    canonical: str = num2words(value, lang=language.code)
    pattern = canonical.replace(", ", ",? ").replace("-", "[- ]").replace(" and ", " (?:and )?")
    if not re.fullmatch(pattern, body):
        return None

    value = 1 - value if negative else value + 1
    answer: str = num2words(abs(value), lang=language.code)
    for separator in language.separators:
        if separator not in body and (language.omits_separators or separator in canonical):
            answer = answer.replace(separator, " ")
    if value < 0:
        answer = f"{first} {answer}"
    cases = (str.lower, str.capitalize, str.title, str.upper)
    return next((case(answer) for case in cases if case(text) == text), None)


def _total(numbers: list[int], smallest_unit: int) -> int:
    """Return the sum of *numbers*. Each number from *smallest_unit* multiplies the smaller numbers just before it."""
    parts: list[int] = []
    for number in numbers:
        count = 0
        while number >= smallest_unit and parts and parts[-1] < number:
            count += parts.pop()
        parts.append(number * (count or 1))
    return sum(parts)
