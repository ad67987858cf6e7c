"""A shop all of whose names and values are hostile, through the whole line: they stay text.

Questions and the SQL of `exports.yml` are attacked in `warehouse/test_read.py` and
`exports/test_kinds.py`, files that lie elsewhere in `exports/test_config.py`.
"""

import csv
import html.parser
import json
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from dagster_project.commands.cli import GREEN, main

from ..support.shops import ShopRun, run_shop

TAG = "</script><img src=x onerror=alert(1)>"
SQL = "'; drop table raw.orders; copy (select 1) to 'stolen.csv'; --"
JINJA = "{{ 7 * 7 }}{% for x in range(9) %}"
FORMULA = '=HYPERLINK("http://127.0.0.1:9/?"&A1,"x")'
MARKDOWN = "[x](javascript:alert(1))"
HOSTILE = [TAG, SQL, JINJA, FORMULA, MARKDOWN, '"); drop table x; --', "\\", "%s {file} $1"]

#: Headers of the files, and file names: what a file system takes.
WHO, AT, SUM = f"who {TAG}", f"at {SQL}", f"sum {JINJA}"
ORDERS, CUSTOMERS = "orders '; drop table x; -- <b>.csv", 'customers ") {{ 7 }}.csv'


SETTINGS = {
    "segments": ["country"],
    "report_title": TAG,
    "assume_consent": True,
    "max_rejected_share": 0.05,
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> ShopRun:
    folder = tmp_path_factory.mktemp("hostile")

    def write(name: str, header: list[str], rows: list[list[str]]) -> None:
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([header, *rows])

    ids = [f"{value} {number}" for number, value in enumerate(HOSTILE)]
    days = [f"2024-{month:02}-{day:02} 10:00:00" for month in (1, 2, 3) for day in (5, 9)]
    orders = [
        [f"{place}-{day}", who, day, "10.00", HOSTILE[place], HOSTILE[-place]]
        for place, who in enumerate(ids)
        for day in days
    ]
    write(ORDERS, ["no", WHO, AT, SUM, "from", "for"], [*orders, ["bad", TAG, TAG, SQL, SQL, TAG]])
    write(CUSTOMERS, [WHO, "land"], [[who, HOSTILE[place]] for place, who in enumerate(ids)])
    told = {"delivered_at": "2024-04-01"}
    run = run_shop(
        folder,
        {
            "settings": SETTINGS,
            "exports": {
                "orders": told
                | {
                    "files": "orders*.csv",
                    "currency": "EUR",
                    "columns": {
                        "order_id": "no",
                        "customer_id": WHO,
                        "ordered_at": AT,
                        "amount": SUM,
                        "source": "from",
                        "campaign": "for",
                    },
                },
                "customers": told
                | {
                    "files": "customers*.csv",
                    "columns": {"customer_id": WHO, "country": "land"},
                },
            },
        },
    )
    assert run.result.success
    return run


def test_every_value_arrives_as_it_is(shop: ShopRun) -> None:
    sources = shop.query("select distinct source from acquisition where source is not null")
    assert {value for (value,) in sources} >= set(HOSTILE) - {"\\"}
    assert shop.query("select count(*), sum(orders) from customer_value") == [(8, 48)]
    assert shop.query("select rows_rejected from source_accounting where export = 'orders'") == [
        (1,)
    ]


def test_nothing_was_written_beside_the_warehouse(shop: ShopRun) -> None:
    folder = shop.warehouse.folder.parent
    names = {path.name for path in folder.iterdir()}
    assert names == {ORDERS, CUSTOMERS, "exports.yml", "warehouse"}
    assert not list(Path.cwd().glob("stolen.csv"))


class _Tags(html.parser.HTMLParser):
    """Which handlers, addresses and images a page has."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        hostile = tag in ("img", "iframe", "object") or any(n.startswith("on") for n, _ in attrs)
        links = [value for name, value in attrs if name in ("href", "src") and value]
        hostile |= any(link.strip().lower().startswith("javascript:") for link in links)
        self.found += [f"{tag} {attrs}"] if hostile else []


def pages(shop: ShopRun) -> Iterator[Path]:
    yield shop.warehouse.report_file
    yield from shop.warehouse.docs_folder.glob("*.html")


def test_pages_show_it_and_run_nothing(shop: ShopRun) -> None:
    seen = list(pages(shop))
    assert len(seen) == 3
    for page in seen:
        text = page.read_text(encoding="utf-8")
        parser = _Tags()
        parser.feed(text)
        assert parser.found == [], page
    # a template within a name is not run
    assert "{{ 7 * 7 }}" in shop.warehouse.report_file.read_text(encoding="utf-8")
    assert "&lt;img" in shop.warehouse.report_file.read_text(encoding="utf-8")


def test_metadata_that_the_ui_renders_shows_it_as_text(shop: ShopRun) -> None:
    rendered = [
        value.md_str
        for event in shop.result.all_events
        if event.is_step_materialization
        for value in event.materialization.metadata.values()
        if isinstance(value, dg.MarkdownMetadataValue)
    ]
    assert rendered
    for text in rendered:
        parser = _Tags()
        parser.feed(text.replace("![", ""))
        assert parser.found == []
        assert "](javascript:" not in text


def test_lists_for_spreadsheets_hold_no_formula(
    shop: ShopRun, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["--warehouse", str(shop.warehouse.folder)]
    assert main(["export", "audiences", "--folder", str(tmp_path), *where]) == GREEN
    capsys.readouterr()
    cells = [
        cell
        for file in tmp_path.glob("*.csv")
        for row in csv.reader(file.open(encoding="utf-8", newline=""))
        for cell in row
    ]
    assert cells
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))] == []


def test_answers_are_what_stands_there(shop: ShopRun, capsys: pytest.CaptureFixture[str]) -> None:
    sql = "select distinct source from acquisition where source is not null order by 1"
    asked = ["query", sql, "--format", "json", "--warehouse", str(shop.warehouse.folder)]
    assert main(asked) == GREEN
    answer = json.loads(capsys.readouterr().out)
    assert {row["source"] for row in answer} >= {TAG, SQL, JINJA}
