"""Tests the pure parts of scripts/bench and scripts/soak, by tables."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))

from benchmarks import load, machine, results, soak, statistic, table


@pytest.mark.parametrize(
    ("values", "others", "expected"),
    [
        ([2.0, 20.0, 6.0], [1.0, 10.0, 2.0], 2.0),
        ([1.0, 100.0, 1.0], [2.0, 1.0, 4.0], 0.5),  # not the ratio of the medians
        ([1.0, 3.0], [0.0, 1.0], 3.0),
        ([1.0], [], None),
    ],
)
def test_ratio_is_taken_round_by_round(values: list[float], others: list[float], expected: float | None) -> None:
    """The median of the rounds' ratios, without rounds that cannot be divided by."""
    assert statistic.ratio(values, others) == expected


@pytest.mark.parametrize(("share", "expected"), [(0, 1), (50, 3), (99, 4), (100, 4)])
def test_percentile(share: float, expected: float) -> None:
    """A percentile is one of the values."""
    assert statistic.percentile([1, 2, 3, 4], share) == expected


def test_wrk_result() -> None:
    """The rate is requests over microseconds."""
    assert load.read_result("Running\nRESULT 1000 2000000 10.5 99 3\n") == load.Load(500, 10.5, 99, 1000, 3)


def test_script_of_wrk_escapes() -> None:
    """No byte of a body can end the string of Lua."""
    text = load.script(load.Request("/", "POST", b'"\n', {"A": "b"}))

    assert 'wrk.body = "\\034\\010"' in text
    assert 'wrk.headers["\\065"] = "\\098"' in text


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        ({"operation.16.ratio.aimock": 1.3}, True),
        ({"operation.16.ratio.aimock": 1.1}, False),
        ({}, None),
    ],
)
def test_aim(figures: dict[str, float], expected: bool | None) -> None:
    """An aim is met, not met, or not measured."""
    assert results.judge(figures)[0].met is expected


def test_aim_over_another_figure() -> None:
    """Some aims are for a quotient of two figures."""
    figures = {"create.1.cpu.ours": 90.0, "operation.1.cpu.ours": 10.0}
    [judgement] = [one for one in results.judge(figures) if one.value is not None]

    assert (judgement.name, judgement.value, judgement.met) == ("S4", 9.0, False)


def test_table() -> None:
    """A bar in a cell does not end it."""
    assert table.markdown_table([["a", "b"], ["1|2", "3"]]) == "| a | b |\n| --- | --- |\n| 1\\|2 | 3 |"


def test_section_replaces_what_is_between_the_marks() -> None:
    """The page around the marks stays, however often it is written."""
    begin, end = table.marks("scripts/bench")
    page = f"before\n{begin}\nold\n{end}\nafter\n"
    once = table.with_section(page, "new", "scripts/bench")

    assert once == f"before\n{begin}\n\nnew\n\n{end}\nafter\n"
    assert table.with_section(once, "new", "scripts/bench") == once
    with pytest.raises(ValueError, match="lacks"):
        table.with_section("no marks", "new", "scripts/bench")


@pytest.mark.parametrize(
    ("quiet", "words"),
    [
        (machine.Quiet(0.1, 0.05, 0.0), []),
        (machine.Quiet(2.0, 0.05, 0.0), ["load average"]),
        (machine.Quiet(0.1, 0.5, 0.2), ["other processes", "hypervisor"]),
    ],
)
def test_busy_machine(quiet: machine.Quiet, words: list[str]) -> None:
    """Each reason is a sentence of its own."""
    complaints = quiet.complaints()

    assert len(complaints) == len(words)
    assert all(word in complaint for word, complaint in zip(words, complaints, strict=True))


def _samples(memory: float = 0.0, files: int = 0, p99: float = 1.0) -> list[soak.Sample]:
    flat = [soak.Sample(number, 50, 20, 3, 1.0, 100) for number in range(10)]
    return [*flat, *(soak.Sample(10 + number, 50 + memory, 20 + files, 3, p99, 100) for number in range(5))]


@pytest.mark.parametrize(
    ("samples", "health", "status", "words"),
    [
        (_samples(), [1.0], 0, []),
        (_samples(memory=20), [1.0], 0, ["memory grew by 20.0 MiB"]),
        (_samples(files=9), [1.0], 0, ["files grew from 20 to 29"]),
        (_samples(p99=9), [1.0], 0, ["p99 rose from 1.0 to 9.0 ms"]),
        (_samples(), [], 0, ["nobody asked /health"]),
        (_samples(), [50.5, 2.0], 0, ["/health took 50.5 ms, and more than 50 ms 1 times"]),
        (_samples(), [1.0], 1, ["the server ended with status 1"]),
    ],
)
def test_soak(samples: list[soak.Sample], health: list[float], status: int, words: list[str]) -> None:
    """Growth, a rising latency, a late /health and a bad end are each reported."""
    assert soak.complaints(samples, soak.Traffic(), health, status) == words
