"""Tests the next number, in every script that a tuned model knows."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from num2words import num2words

from tunedmodels_mockserver.cli.demo import EXAMPLES
from tunedmodels_mockserver.core.text.numerals import successor

TUTORIAL = {**EXAMPLES, "LXIII": "LXIV", "六": "七"}
ROMAN_RULES = re.compile("M{0,3}(CM|CD|D?C{0,3})(XC|XL|L?X{0,3})(IX|IV|V?I{0,3})")
ROMAN_PLACES = [("M", "", ""), ("C", "D", "M"), ("X", "L", "C"), ("I", "V", "X")]


def roman(number: int) -> str:
    """Write a Roman numeral place by place; the code under test uses a table of values."""
    text = ""
    for digit, (one, five, ten) in zip(f"{number:04d}", ROMAN_PLACES, strict=True):
        forms = ["", one, one * 2, one * 3, one + five, five]
        forms += [five + one, five + one * 2, five + one * 3, one + ten]
        text += forms[int(digit)]
    return text


def kanji(number: int) -> str:
    """Write a Japanese numeral digit by digit, four digits to a group."""
    text = ""
    for group, name in zip(re.findall("....", f"{number:012d}"), ("億", "万", ""), strict=True):
        part = "".join(
            ("" if digit == "1" and unit else "〇一二三四五六七八九"[int(digit)]) + unit
            for digit, unit in zip(group, ("千", "百", "十", ""), strict=True)
            if digit != "0"
        )
        text += part + name if part else ""
    return text


def plain_words(number: int) -> str:
    words: str = num2words(number)
    return words.replace(",", "").replace("-", " ").replace(" and ", " ")


@pytest.mark.parametrize(("text", "answer"), TUTORIAL.items())
def test_tutorial_examples(text: str, answer: str) -> None:
    """The examples of the tutorial, trained on and asked for, are answered as the tutorial has them."""
    assert successor(text) == answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("999", "1000"),
        ("999,999", "1,000,000"),
        ("-1", "0"),
        ("-0", "1"),
        ("-1,000", "-999"),
        ("\N{MINUS SIGN}3", "\N{MINUS SIGN}2"),
        ("+1", "+2"),
        ("007", "008"),
        ("-010", "-009"),
        ("１９", "２０"),
        ("९", "१०"),
        (" 1\n", "2"),
    ],
)
def test_digits_keep_their_form(text: str, answer: str) -> None:
    """Digits keep separators, a sign that still applies, leading zeros and their script."""
    assert successor(text) == answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("twenty-two", "twenty-three"),
        ("one hundred and nine", "one hundred and ten"),
        ("one thousand, two hundred and thirty-four", "one thousand, two hundred and thirty-five"),
        ("one million two hundred thousand", "one million two hundred thousand one"),
        ("nine hundred ninety nine billion", "nine hundred ninety nine billion one"),
        ("Twenty two", "Twenty three"),
        ("Twenty", "Twenty one"),
        ("Twenty-Two", "Twenty-Three"),
        ("NINETY NINE", "ONE HUNDRED"),
        ("minus twenty", "minus nineteen"),
        ("Negative two", "Negative one"),
        ("minus one", "zero"),
        ("zero", "one"),
    ],
)
def test_words_keep_their_form(text: str, answer: str) -> None:
    """English words keep hyphens, commas, "and", letter case and the word for minus."""
    assert successor(text) == answer


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        *[("quatre", "cinq"), ("Quatre", "Cinq"), ("QUATRE", "CINQ"), ("zéro", "un"), ("dix", "onze")],
        *[("seize", "dix-sept"), ("vingt", "vingt et un"), ("vingt et un", "vingt-deux")],
        *[
            ("vingt deux", "vingt trois"),
            ("soixante et onze", "soixante-douze"),
            ("soixante-dix-neuf", "quatre-vingts"),
        ],
        *[("quatre-vingts", "quatre-vingt-un"), ("quatre-vingt-dix-neuf", "cent"), ("deux cents", "deux cent un")],
        *[("moins un", "zéro"), ("moins vingt", "moins dix-neuf"), ("deux milliards", "deux milliards un")],
        *[("DIX", "DX"), ("six", "seven")],
    ],
)
def test_french_words(text: str, answer: str) -> None:
    """French words are followed by French words; a word that is also Roman in capitals or English is not French."""
    assert successor(text) == answer


@pytest.mark.parametrize("text", ["et", "vingt et deux", "un deux", "cent un cent", "cinq vingt", "vingt  un", "moins"])
def test_other_french_text_has_no_successor(text: str) -> None:
    """A random sequence of French words is not a number."""
    assert successor(text) is None


@given(st.integers(0, 10**4) | st.integers(0, 10**12))
def test_any_french_words(number: int) -> None:
    """French words are followed by the words num2words has for the next number."""
    words = num2words(number, lang="fr")

    assert successor(words) == ("seven" if words == "six" else num2words(number + 1, lang="fr"))


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        *[("〇", "一"), ("零", "一"), ("九", "十"), ("十", "十一"), ("九十九", "百"), ("百", "百一")],
        *[("九百九十九", "千"), ("九千九百九十九", "一万"), ("一億二千万", "一億二千万一")],
        *[("千万", "千万一"), ("一千万", "一千万一"), ("一万一千", "一万一千一"), ("九千億", "九千億一")],
    ],
)
def test_kanji_keep_their_form(text: str, answer: str) -> None:
    """Japanese numerals carry over, and keep 千 or 一千 if both are in use."""
    assert successor(text) == answer


@pytest.mark.parametrize(("text", "answer"), [("I", "II"), ("iii", "iv"), ("xcix", "c"), ("MMMCMXCVIII", "MMMCMXCIX")])
def test_roman_keeps_its_case(text: str, answer: str) -> None:
    """The next Roman numeral has the same case."""
    assert successor(text) == answer


@pytest.mark.parametrize(
    "text",
    [
        *[
            "",
            " ",
            "-",
            ",",
            "1,00",
            ",100",
            "100,",
            "0,100",
            "1,,000",
            "1.5",
            "1 000",
            "1２",
            "²",
            "--1",
            "½",
        ],
        *["IIII", "VX", "IM", "IL", "Iv", "ı", "ⅷ", "MMMM", "MMMCMXCIX", "M" * 200],
        *["and", "and one", "one and", "twenty and two", "one two", "hundred", "zero hundred", "one-hundred"],
        *["minus", "minus minus one", "twenty tWo", "twenty  two", "million million", "hello", "one apple"],
        *[
            "一一",
            "一十",
            "二一千",
            "万",
            "億万",
            "千千",
            "一〇",
            "九千九百九十九兆九千九百九十九億九千九百九十九万九千九百九十九",
        ],
        *["1" * 201, "1" + " " * 200],
    ],
)
def test_other_text_has_no_successor(text: str) -> None:
    """Malformed numbers, the last of a script, overlong text and plain words have no successor."""
    assert successor(text) is None


@given(st.integers())
def test_any_int(number: int) -> None:
    """Any integer is followed by the next, with and without thousands separators."""
    assert successor(str(number)) == str(number + 1)
    if abs(number) >= 1000:
        assert successor(f"{number:,}") == f"{number + 1:,}"


def test_every_roman_numeral() -> None:
    """Every Roman numeral but the last is followed by the next, in either case; "dix" alone is French for ten."""
    for number in range(1, 3999):
        answer = successor(roman(number))

        assert answer == roman(number + 1)
        if roman(number) != "DIX":
            assert successor(roman(number).lower()) == roman(number + 1).lower()


@given(st.text("IVXLCDM", min_size=1, max_size=15))
def test_only_canonical_roman(text: str) -> None:
    """A random sequence of Roman letters has a successor only if it follows the rules of the script."""
    assert (successor(text) is not None) == bool(ROMAN_RULES.fullmatch(text) and text != "MMMCMXCIX")


@given(st.integers(0, 10**6) | st.integers(0, 10**13))
def test_any_words(number: int) -> None:
    """English words are followed by the words num2words has for the next number."""
    assert successor(plain_words(number)) == plain_words(number + 1)
    assert successor(plain_words(number).upper()) == plain_words(number + 1).upper()
    assert successor(f"minus {plain_words(number + 2)}") == f"minus {plain_words(number + 1)}"


@given(st.integers(1, 10**8))
def test_any_kanji(number: int) -> None:
    """A Japanese numeral is followed by the next."""
    assert successor(kanji(number)) == kanji(number + 1)
    assert kanji(number) == num2words(number, lang="ja")


WORDS = ["one", "twelve", "twenty", "and", "minus", "hundred", "thousand", "million", "trillion", "zero"]


@given(
    st.text()
    | st.text("0123456789,+-１Ⅷ²")
    | st.text("〇零一二九十百千万億兆", max_size=300)
    | st.lists(st.sampled_from(WORDS), max_size=60).map(" ".join)
)
def test_never_raises(text: str) -> None:
    """Any text is answered with text or None, and an answer is free of white space at its ends."""
    answer = successor(text)

    assert answer is None or answer == answer.strip() != ""
