"""Tests the report's page in a real browser, which opens it as a file and requests nothing else."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

from tunedmodels_contracts.clauses.clause import Clause, Level
from tunedmodels_contracts.clauses.results import Check, CheckedServer, Result, Verdict
from tunedmodels_contracts.evidence.evidence import Evidence, Kind
from tunedmodels_contracts.report import files
from tunedmodels_contracts.report.report import Report, merge
from tunedmodels_contracts.report.run import SuiteRun
from tunedmodels_contracts.report.summary_lines import headline

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Dialog, Page, Request

REQUIRED = "TUNEDMODELS_TEST_BROWSER"
"""If this variable is set, a missing browser is a failure."""

NAMES = ("chromium", "chromium-browser", "google-chrome")
EVIL = "<img src=https://example.com/x onerror=alert(1)><script>alert(2)</script>"

FAKE = SuiteRun(
    CheckedServer("fake", "http://fake.test"),
    date(2026, 11, 22),
    (
        Result(Clause("get/missing-model", ("tunedModels.get",)), "Gone.", (Check("a", Verdict.BROKEN, EVIL),)),
        Result(Clause("list/whole-models", ("tunedModels.list",)), "Whole.", (Check("b", Verdict.HELD),)),
        Result(
            Clause("stream/events", ("tunedModels.streamGenerateContent",), level=Level.OPTIONAL),
            EVIL,
            (Check("c", Verdict.HELD),),
        ),
    ),
)
REPLAY = replace(FAKE, subject=CheckedServer("replay"), results=FAKE.results[1:2])
EVIDENCE = {"list/whole-models": Evidence(Kind.PUBLISHED, "2024", "owner/repository@362ab9b5379d:a/notebook.ipynb")}
REPORT = merge([Report("0.1.0", (FAKE,), EVIDENCE), Report("0.1.0", (REPLAY,), EVIDENCE)])


def chromium() -> str:
    """Return the path of an installed browser. Without one, skip the test, or fail it if a browser is required."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None and os.environ.get(REQUIRED):
        pytest.fail(f"{REQUIRED} requires a browser, and none of {', '.join(NAMES)} is installed")
    if path is None:
        pytest.skip(f"no browser is installed here: none of {', '.join(NAMES)}")
    return path


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    executable = chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # The browser opens only our page. In containers it runs as root, which its sandbox refuses.
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, tmp_path: Path) -> Iterator[Page]:
    """The page of REPORT. A message on the console, a request to a server or a dialog fails the test."""
    files.write(REPORT, tmp_path)
    context = browser.new_context()
    page = context.new_page()
    problems: list[str] = []

    def dismiss(dialog: Dialog) -> None:
        problems.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def refuse(request: Request) -> None:
        if not request.url.startswith("file:"):
            problems.append(f"request: {request.url}")

    page.on("console", lambda message: problems.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: problems.append(f"error: {error}"))
    page.on("dialog", dismiss)
    page.on("request", refuse)
    page.goto((tmp_path / "report.html").as_uri())
    yield page

    context.close()
    assert problems == []


def expect_clauses(page: Page, *names: str) -> None:
    """Wait until the table shows the clauses with these *names*, and no others.

    The page forbids scripts that are text, so ``wait_for_function`` fails if its first look comes too early.
    """
    from playwright.sync_api import expect

    expect(page.locator(".clauses tbody tr:visible th code")).to_have_text(names)


def test_first_line(page: Page) -> None:
    """The page begins with what is proved and what is not. Texts of a server do nothing."""
    first = page.locator("body > *").first

    assert first.inner_text() == headline(REPORT)
    assert "none is verified against the real API" in first.inner_text()
    assert page.locator("img").count() == 0
    assert page.get_by_text("<img src=").count() > 0


def test_targets_are_columns(page: Page) -> None:
    """Each run has a column."""
    assert page.locator(".clauses thead th").all_inner_texts()[-2:] == ["fake", "replay"]
    assert page.locator("[id='list/whole-models'] td").all_inner_texts()[-2:] == ["held", "held"]
    assert page.locator("[id='stream/events'] td").all_inner_texts()[-2:] == ["held", "not in the run"]


def test_filter(page: Page) -> None:
    """Words, level, evidence and verdict select clauses together. One button shows all clauses again."""
    everything = ("get/missing-model", "list/whole-models", "stream/events")
    expect_clauses(page, *everything)

    page.get_by_label("Words").fill("models get")
    expect_clauses(page, "get/missing-model")
    page.get_by_label("Words").fill("LIST")
    expect_clauses(page, "list/whole-models")
    assert page.locator("output").inner_text() == "1 of 3 clauses"
    page.get_by_label("Level").select_option("optional")
    expect_clauses(page)

    page.get_by_role("button", name="Show all").click()
    expect_clauses(page, *everything)
    assert page.locator("output").inner_text() == "3 of 3 clauses"
    page.get_by_label("Evidence").select_option("none")
    expect_clauses(page, "get/missing-model", "stream/events")
    page.get_by_label("On a target").select_option("broken")
    expect_clauses(page, "get/missing-model")


def test_links(page: Page) -> None:
    """Each link within the page has a target. A link to a clause that the filter hides shows the clause."""
    links = page.locator("a[href^='#']")
    for target in {link.get_attribute("href") or "" for link in links.all()}:
        assert page.locator(f"[id='{target[1:]}']").count() == 1, target

    page.get_by_label("Level").select_option("optional")
    expect_clauses(page, "stream/events")
    page.locator("#bare ~ ul a", has_text="get/missing-model").click()
    expect_clauses(page, "get/missing-model", "list/whole-models", "stream/events")
    assert page.locator("a[href^='http']").get_attribute("href") == (
        "https://github.com/owner/repository/blob/362ab9b5379d/a/notebook.ipynb"
    )


def test_inventions(page: Page) -> None:
    """The parts of the list of inventions are closed, and open on a click."""
    part = page.locator("#invented ~ details").first
    assert not part.locator("table").is_visible()

    part.locator("summary").click()
    assert part.locator("tbody tr").first.is_visible()


def test_page_is_readable(page: Page) -> None:
    """The page fits a phone, and each text has WCAG's contrast of 4.5 to 1 with its background, also in the dark."""
    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    for width, scheme in product((320, 390, 1280), schemes):
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme=scheme)

        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(CONTRASTS) >= 4.5, (width, scheme)


# The lowest contrast of any visible text with the background behind it.
CONTRASTS = """() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgb = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => {
    const linear = (part) => (part /= 255) <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    const [x, y, z] = [r, g, b].map(linear);
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = rgb(getComputedStyle(at).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    throw new Error("nothing is painted behind " + element.outerHTML);
  };
  let least = Infinity;
  for (const element of document.querySelectorAll("main *, .lead *")) {
    const says = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!says || !element.checkVisibility()) continue;
    const [one, other] = [rgb(getComputedStyle(element).color), ground(element)].map(light).sort((a, b) => b - a);
    least = Math.min(least, (one + 0.05) / (other + 0.05));
  }
  return least;
}"""
