"""The report's page in a real browser: opened as a file, with nothing fetched from anywhere."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

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

DEMANDED = "TUNEDMODELS_TEST_BROWSER"
"""Where continuous integration sets it, a missing browser is a failure."""

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
    """Return the path of an installed browser; without one the test is skipped, or fails where one is demanded."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if found is None and os.environ.get(DEMANDED):
        pytest.fail(f"{DEMANDED} demands a browser, and none of {', '.join(NAMES)} is installed")
    if found is None:
        pytest.skip(f"no browser is installed here: none of {', '.join(NAMES)}")
    return found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    executable = chromium()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # Nobody else's page is opened, and containers run as root, which its sandbox refuses.
        browser = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, tmp_path: Path) -> Iterator[Page]:
    """The page of REPORT. Whatever it says on the console, asks of any server or asks the user, fails the test."""
    files.write(REPORT, tmp_path)
    context = browser.new_context()
    page = context.new_page()
    trouble: list[str] = []

    def dismiss(dialog: Dialog) -> None:
        trouble.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def asked(request: Request) -> None:
        if not request.url.startswith("file:"):
            trouble.append(f"request: {request.url}")

    page.on("console", lambda message: trouble.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: trouble.append(f"error: {error}"))
    page.on("dialog", dismiss)
    page.on("request", asked)
    page.goto((tmp_path / "report.html").as_uri())
    yield page

    context.close()
    assert trouble == []


def expect_shown(page: Page, *names: str) -> None:
    """Wait until the table shows the clauses with these *names*, and no others.

    The page forbids scripts that are text, so ``wait_for_function`` fails if its first look comes too early.
    """
    from playwright.sync_api import expect

    expect(page.locator(".clauses tbody tr:visible th code")).to_have_text(names)


def test_first_line(page: Page) -> None:
    """What one sees first says what is proved and what is not, whatever a server has said."""
    first = page.locator("body > *").first

    assert first.inner_text() == headline(REPORT)
    assert "none is verified against the real API" in first.inner_text()
    assert page.locator("img").count() == 0
    assert page.get_by_text("<img src=").count() > 0


def test_targets_stand_side_by_side(page: Page) -> None:
    """Each run is a column."""
    assert page.locator(".clauses thead th").all_inner_texts()[-2:] == ["fake", "replay"]
    assert page.locator("[id='list/whole-models'] td").all_inner_texts()[-2:] == ["held", "held"]
    assert page.locator("[id='stream/events'] td").all_inner_texts()[-2:] == ["held", "not in the run"]


def test_filter(page: Page) -> None:
    """Words, level, evidence and verdict narrow the clauses together, and one button shows all again."""
    everything = ("get/missing-model", "list/whole-models", "stream/events")
    expect_shown(page, *everything)

    page.get_by_label("Words").fill("models get")
    expect_shown(page, "get/missing-model")
    page.get_by_label("Words").fill("LIST")
    expect_shown(page, "list/whole-models")
    assert page.locator("output").inner_text() == "1 of 3 clauses"
    page.get_by_label("Level").select_option("optional")
    expect_shown(page)

    page.get_by_role("button", name="Show all").click()
    expect_shown(page, *everything)
    assert page.locator("output").inner_text() == "3 of 3 clauses"
    page.get_by_label("Evidence").select_option("none")
    expect_shown(page, "get/missing-model", "stream/events")
    page.get_by_label("On a target").select_option("broken")
    expect_shown(page, "get/missing-model")


def test_links(page: Page) -> None:
    """Links within the page lead somewhere, and to a clause that the filter hides, too."""
    links = page.locator("a[href^='#']")
    for target in {link.get_attribute("href") or "" for link in links.all()}:
        assert page.locator(f"[id='{target[1:]}']").count() == 1, target

    page.get_by_label("Level").select_option("optional")
    expect_shown(page, "stream/events")
    page.locator("#bare ~ ul a", has_text="get/missing-model").click()
    expect_shown(page, "get/missing-model", "list/whole-models", "stream/events")
    assert page.locator("a[href^='http']").get_attribute("href") == (
        "https://github.com/owner/repository/blob/362ab9b5379d/a/notebook.ipynb"
    )


def test_what_is_invented(page: Page) -> None:
    """The parts are folded, and open on a click."""
    part = page.locator("#invented ~ details").first
    assert not part.locator("table").is_visible()

    part.locator("summary").click()
    assert part.locator("tbody tr").first.is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_readable(page: Page, width: int, scheme: str) -> None:
    """It fits a phone, and every text stands out from its ground by WCAG's 4.5 to 1, in the dark too."""
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")

    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(CONTRASTS) >= 4.5


# The least contrast of any visible text with the nearest ground that is painted behind it.
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
