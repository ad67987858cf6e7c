"""The report as people have it: in a browser, from a file, by mouse, keyboard and screen reader."""

import csv
import io
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, ViewportSize, expect

from dagster_project.report.page import write_report
from dagster_project.warehouse.read import read_marts

from .ui import MISSING, browser

pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING)

WIDE: ViewportSize = {"width": 1440, "height": 900}
NARROW: ViewportSize = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as started:
        yield started


@pytest.fixture(scope="module")
def marts(demo_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's marts, as if the newest week and month were not over."""
    copy = tmp_path_factory.mktemp("marts") / "marts.duckdb"
    shutil.copy(demo_folder / "warehouse/marts.duckdb", copy)
    copy.chmod(0o644)
    with duckdb.connect(str(copy)) as con:
        con.execute(
            "update cohort_retention set is_complete = false, retention_rate = null,"
            " rate_low = null, rate_high = null, on_or_after_rate = null, on_or_after_low = null,"
            " on_or_after_high = null where (study, period, cohort_start, period_number) in"
            " (select (study, period, cohort_start, max(period_number)) from cohort_retention"
            " where period_number > 0 group by study, period, cohort_start)"
        )
    return copy


@pytest.fixture(scope="module")
def address(marts: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A page of the demo's marts."""
    file = tmp_path_factory.mktemp("report") / "index.html"
    write_report(marts, file)
    return file.as_uri()


@pytest.fixture
def said() -> list[str]:
    """Errors of the page, and whatever it asked of other places."""
    return []


@pytest.fixture
def page(chromium: Browser, address: str, said: list[str]) -> Iterator[Page]:
    """The page, opened; afterwards it has to have kept quiet."""
    context = chromium.new_context(viewport=WIDE, locale="en-GB", color_scheme="light")
    opened = context.new_page()
    opened.on("console", lambda message: said.append(message.text))
    opened.on("pageerror", lambda error: said.append(str(error)))
    opened.on(
        "request",
        lambda request: (
            None if request.url.startswith(("file:", "blob:")) else said.append(request.url)
        ),
    )
    opened.goto(address)
    yield opened
    context.close()
    assert said == []


def shown(page: Page, selector: str) -> Any:
    return page.locator(f"{selector}:visible")


def heat(page: Page) -> list[list[str]]:
    """The heat map's cohorts as they are shown: label, size, and text and class of each cell."""
    found: list[list[str]] = page.evaluate(
        """() => [...document.querySelector("[data-language]:not([hidden]) [data-heat] tbody").rows]
            .map((row) => [...row.cells].map((cell) => cell.className === "open"
                ? "open" : cell.textContent))"""
    )
    return found


def expected(marts: Path, where: str, back: str) -> list[list[str]]:
    """The same from the counts of the mart, percentages rounded half up."""
    with read_marts(marts) as con:
        rows = con.execute(
            "select cohort_start, cohort_size, list(case when is_complete"
            f" then ((200 * {back} + cohort_size) // (2 * cohort_size))::varchar"
            " else 'open' end order by period_number)"
            " from cohort_retention where bucket = 'calendar' and period_number > 0"
            f" and {where} group by all order by 1"
        ).fetchall()
    return [[f"{size:,}", *cells] for _, size, cells in rows]


def pooled(page: Page) -> list[str]:
    """The line of all cohorts together, as far as it goes."""
    shown: list[str] = page.evaluate(
        """() => [...document.querySelector("[data-language]:not([hidden]) [data-heat] tfoot")
            .rows[0].cells].slice(2).map((cell) => cell.textContent).filter((text) => text)"""
    )
    return shown


def expected_pooled(marts: Path, where: str, back: str) -> list[str]:
    """The same from the counts of the mart."""
    with read_marts(marts) as con:
        rows = con.execute(
            f"select ((200 * {back} + eligible_customers) // (2 * eligible_customers))::varchar"
            " from retention_curve where bucket = 'calendar' and period_number > 0"
            f" and retention_rate is not null and {where} order by period_number"
        ).fetchall()
    return [share for (share,) in rows]


def test_every_cell_is_the_marts_whatever_is_chosen(page: Page, marts: Path) -> None:
    studies = page.evaluate(
        "Object.keys(JSON.parse(document.getElementById('data').textContent).months)"
    )
    assert len(studies) >= 4
    seen = set()
    for study in studies:
        shown(page, "select[data-state=study]").select_option(study)
        for segment in ("country=GB", "all=all"):
            name, value = segment.split("=")
            shown(page, "select[data-state=segment]").select_option(segment)
            for mode, back in (("after", "retained_on_or_after"), ("on", "retained_customers")):
                shown(page, f"button[data-state=mode][value={mode}]").click()
                where = f"study = '{study}' and period = 'month' and segment_name = '{name}'"
                now = [[cell for cell in row[1:] if cell] for row in heat(page)]
                assert now == expected(marts, f"{where} and segment_value = '{value}'", back)
                assert pooled(page) == expected_pooled(
                    marts, f"{where} and segment_value = '{value}'", back
                )
                seen.add(json.dumps(now))
        curves = shown(page, "[data-curve]")
        assert curves.get_attribute("data-study") == study
    assert len(seen) > len(studies)
    shown(page, "button[data-state=per][value=week]").click()
    assert shown(page, "select[data-state=segment]").is_disabled()
    weeks = [[cell for cell in row[1:] if cell] for row in heat(page)]
    where = f"study = '{studies[-1]}' and period = 'week' and segment_name = 'all'"
    recent = (
        " and period_number <= 26 and cohort_start > (select max(cohort_start) from"
        " cohort_retention where period = 'week') - interval 26 week"
    )
    assert weeks == expected(marts, where + recent, "retained_customers")
    assert any("open" in row for row in weeks)


def test_the_keyboard_reaches_every_cell(page: Page) -> None:
    grid = "[data-language]:not([hidden]) [data-heat]"
    first = page.locator(f"{grid} [tabindex='0']")
    assert first.count() == 1
    first.focus()
    reading = shown(page, "article:has([data-heat]) [data-reading]")
    page.keyboard.press("ArrowRight")
    assert "2 months later" in reading.text_content()
    page.keyboard.press("Control+End")
    page.keyboard.press("Control+Home")
    assert "1 months later" in reading.text_content()
    # the same key for every cell, without the way to the browser and back
    visited = page.evaluate(
        """(grid) => {
            const press = (key) => document.activeElement.dispatchEvent(
                new KeyboardEvent("keydown", { key, bubbles: true }));
            const reading = document.querySelector(grid).closest("article")
                .querySelector("[data-reading]");
            const table = document.querySelector(grid);
            const rows = [...table.tBodies[0].rows, ...table.tFoot.rows];
            const seen = [];
            for (const row of rows) {
                press("Home");
                for (let n = 2; n < row.cells.length; n += 1) {
                    seen.push(reading.textContent);
                    press("ArrowRight");
                }
                press("ArrowDown");
            }
            return seen;
        }""",
        grid,
    )
    rows = heat(page)
    assert len(set(visited)) == len(visited) == (len(rows) + 1) * (len(rows[0]) - 2)
    assert sum("% (95% interval" in text for text in visited) > 50
    assert first.count() == 1


def test_a_cell_tells_its_counts_and_interval(page: Page, marts: Path) -> None:
    shown(page, "[data-heat] tbody tr:nth-child(2) td:nth-child(3)").hover()
    with read_marts(marts) as con:
        size, back, rate, low, high = con.execute(
            "select cohort_size, retained_customers, retention_rate, rate_low, rate_high"
            " from cohort_retention where study = 'order_to_order' and bucket = 'calendar'"
            " and period = 'month' and segment_name = 'all' and period_number = 1"
            " order by cohort_start limit 1 offset 1"
        ).fetchall()[0]
    told = f"{back} of {size} back, {100 * rate:.1f}% (95% interval {100 * low:.1f} to"
    assert told in shown(page, "article:has([data-heat]) [data-reading]").text_content()
    assert (
        f"{100 * high:.1f}%)"
        in shown(page, "article:has([data-heat]) [data-reading]").text_content()
    )


def test_the_line_of_all_cohorts_tells_its_counts(page: Page, marts: Path) -> None:
    shown(page, "[data-heat] tfoot td:nth-child(4)").hover()
    with read_marts(marts) as con:
        size, back, rate, low, high = con.execute(
            "select eligible_customers, retained_customers, retention_rate, rate_low, rate_high"
            " from retention_curve where study = 'order_to_order' and bucket = 'calendar'"
            " and period = 'month' and segment_name = 'all' and period_number = 2"
        ).fetchall()[0]
    assert shown(page, "article:has([data-heat]) [data-reading]").text_content() == (
        f"All cohorts together; 2 months later: {back:,} of {size:,} back, {100 * rate:.1f}%"
        f" (95% interval {100 * low:.1f} to {100 * high:.1f}%)."
    )


def test_the_language_is_switched_and_remembered(page: Page, address: str) -> None:
    churn = "[data-headline=churn] .value"
    english = shown(page, churn).text_content()
    before = heat(page)
    shown(page, "[data-set-language=ru]").click()
    assert shown(page, "h1").text_content() == "Остаются ли наши клиенты?"
    assert page.evaluate("document.documentElement.lang") == "ru"
    assert page.evaluate("document.activeElement.dataset.setLanguage") == "ru"
    assert shown(page, churn).text_content() == english.replace(".", ",").replace("%", "\u00a0%")
    assert [row[2:] for row in heat(page)] == [row[2:] for row in before]
    assert not page.locator("h1:visible", has_text="customers").count()
    page.goto(address)
    assert page.evaluate("document.documentElement.lang") == "ru"
    shown(page, "[data-set-language=en]").click()
    assert shown(page, churn).text_content() == english


def test_the_theme_is_the_readers_until_it_is_switched(page: Page) -> None:
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.emulate_media(color_scheme="dark")
    expect(page.locator("body")).not_to_have_css("background-color", light)
    shown(page, "[data-theme-switch]").click()
    expect(page.locator("body")).to_have_css("background-color", light)


def test_a_table_is_downloaded_as_it_stands(page: Page, marts: Path) -> None:
    def download(selector: str) -> list[dict[str, str]]:
        with page.expect_download() as started:
            shown(page, selector).click()
        text = Path(started.value.path()).read_text(encoding="utf-8-sig")
        return list(csv.DictReader(io.StringIO(text)))

    rows = download("[data-csv-of=churn]")
    with read_marts(marts) as con:
        published = con.execute(
            "select month, churned_customers, churn_rate, churn_rate_high from monthly_churn"
            " where base = 'order' and is_complete order by month"
        ).fetchall()
    assert [(r["month"], r["churned_customers"]) for r in rows] == [
        (month.isoformat(), str(churned)) for month, churned, *_ in published
    ]
    assert [r["churn_rate_high"] and float(r["churn_rate_high"]) for r in rows] == [
        "" if high is None else pytest.approx(high, abs=1e-6) for *_, high in published
    ]
    cells = download("[data-heat-csv]")
    assert {cell["study"] for cell in cells} == {"order_to_order"}
    of_cohorts = [cell for cell in cells if cell["cohort_start"] != "all"]
    assert len(of_cohorts) == sum(len([c for c in row[2:] if c]) for row in heat(page))
    together = cells[len(of_cohorts) :]
    with read_marts(marts) as con:
        curve = con.execute(
            "select period_number, eligible_customers, retained_customers, retention_rate, rate_low"
            " from retention_curve where study = 'order_to_order' and bucket = 'calendar'"
            " and period = 'month' and segment_name = 'all' and retention_rate is not null"
            " and period_number > 0 order by 1"
        ).fetchall()
    names = ("period_number", "cohort_size", "customers_back", "rate", "rate_low")
    assert [[float(line[name]) for name in names] for line in together] == [
        pytest.approx(list(row), abs=5e-4) for row in curve
    ]


def test_links_open_what_is_folded(page: Page) -> None:
    shown(page, "#en-churn .about a").click()
    assert page.evaluate("document.getElementById('en-sql-churn').open")
    assert "from monthly_churn" in shown(page, "#en-sql-churn pre code").text_content()
    shown(page, "#en-sql-churn [data-copy]").click()
    # the browser copies in its own time
    page.locator("#en-sql-churn [data-copy]", has_text="Copied").wait_for(timeout=10_000)


def test_a_narrow_screen_shows_all_of_it(page: Page) -> None:
    page.set_viewport_size(NARROW)
    assert page.evaluate("document.documentElement.scrollWidth") == NARROW["width"]
    boxes = page.evaluate(
        """() => [...document.querySelectorAll(
            "[data-language]:not([hidden]) .card, [data-language]:not([hidden]) .block")]
            .map((box) => box.getBoundingClientRect()).filter((box) => box.right > 390).length"""
    )
    assert boxes == 0


def test_a_table_that_goes_on_below_its_box_says_so(page: Page) -> None:
    """Where scrollbars lie over the page, nothing else shows that rows are hidden."""
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    page.wait_for_selector(".tall.cut:visible")
    boxes = page.evaluate(
        """() => [...document.querySelectorAll(".scroll:has(.figures)")]
            .filter((box) => box.clientHeight).map((box) => ({
                rows: box.querySelectorAll("tbody tr").length,
                hidden: box.scrollHeight - box.clientHeight,
                cut: box.classList.contains("cut"),
                told: box.nextElementSibling?.matches(".more:not([hidden])")
                    ? box.nextElementSibling.textContent : "",
            }))"""
    )
    assert {box["cut"] for box in boxes} == {True, False}
    for box in boxes:
        assert box["cut"] == (box["hidden"] > 1)
        assert box["told"].startswith(f"{box['rows']} rows;") == box["cut"]
        assert not box["cut"] or box["rows"] > 12
    first = shown(page, ".tall.cut").first
    first.evaluate("box => { box.id = 'looked-at'; box.scrollTop = box.scrollHeight }")
    page.wait_for_selector("#looked-at:not(.cut)")
    assert first.page.locator("#looked-at + .more:visible").count()
    page.emulate_media(media="print")
    cut = page.evaluate(
        """() => [...document.querySelectorAll(".tall")].filter((box) =>
            box.clientHeight < box.scrollHeight || getComputedStyle(box).maskImage !== "none"
        ).length"""
    )
    assert cut == 0
    assert not page.locator(".more:visible").count()


def test_paper_shows_figures_and_no_buttons(page: Page) -> None:
    page.emulate_media(media="print")
    assert not page.locator("button:visible").count()
    assert not page.locator("nav:visible").count()
    assert shown(page, "[data-heat]").count() == 1


def test_no_grave_fault_of_access(chromium: Browser, address: str) -> None:
    """By axe-core, of every kind of element; of like rows and panels two each.

    The colours of the dark theme are those whose contrast `tests/report` computes.
    """
    context = chromium.new_context(viewport=NARROW, color_scheme="light", bypass_csp=True)
    page = context.new_page()
    page.goto(address)
    page.evaluate(
        """() => {
            for (const many of ["[data-language][hidden]", "tbody tr:nth-child(n + 3)", ".at",
                ".method:nth-of-type(n + 3)", "[data-curve][hidden]"]) {
                for (const one of document.querySelectorAll(many)) one.remove();
            }
            for (const one of document.querySelectorAll("details")) one.open = true;
        }"""
    )
    found = Axe().run(page).response["violations"]
    context.close()
    assert [(fault["id"], fault["nodes"][0]["html"]) for fault in found] == []
