"""Kept results and the site that is made of them."""

import datetime as dt
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from dagster_project.quality.data_docs import build_data_docs
from dagster_project.quality.gx.outcomes import Outcome, Severity, SuiteResult
from dagster_project.quality.results import load_runs, not_judged, record
from dagster_project.warehouse.files import Warehouse

MORNING = dt.datetime(2024, 4, 1, 4)  # noqa: DTZ001  # a run's start is naive UTC


def outcome(severity: Severity = "critical", passed: bool = True, observed: str = "0") -> Outcome:
    return Outcome("expect_this", "amount", severity, passed, observed, 0, "amount <is> there")


def keep(
    warehouse: Warehouse, run: str, stage: str, *outcomes: Outcome, day: int = 0
) -> dict[str, object]:
    """What a stage's gate keeps of one suite."""
    kept = record(
        run,
        MORNING + dt.timedelta(days=day),
        stage,
        ("raw", "orders"),
        SuiteResult("ledger", "files", outcomes),
    )
    warehouse.keep_checks(run, stage, [kept])
    return kept


@pytest.fixture
def warehouse(tmp_path: Path) -> Warehouse:
    return Warehouse(tmp_path)


def site(warehouse: Warehouse, keep: int = 30) -> dict[str, str]:
    docs = warehouse.folder / "data_docs"
    build_data_docs(warehouse.checks_folder, docs, keep)
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(docs.iterdir())}


def test_everything_is_kept_with_run_and_stage(warehouse: Warehouse) -> None:
    kept = keep(warehouse, "run", "raw", outcome(), outcome("warning", passed=False))
    (run,) = load_runs(warehouse.checks_folder)
    (stage,) = run.stages
    assert (run.run_id, run.started_at, stage.name) == ("run", "2024-04-01 04:00:00", "raw")
    assert stage.suites == (json.loads(json.dumps(kept)),)
    assert {"run_id": "run", "stage": "raw", "asset": "raw.orders"}.items() <= kept.items()
    assert [o["passed"] for o in stage.suites[0]["outcomes"]] == [True, False]


@pytest.mark.parametrize("damage", [b"", b'[{"outcomes": [', b"\xff\xfe", b"[1]", b"{}", b"[{}]"])
def test_what_a_full_disk_left_of_a_run_is_forgotten(warehouse: Warehouse, damage: bytes) -> None:
    keep(warehouse, "cut", "raw", outcome())
    (warehouse.checks_folder / "cut/raw.json").write_bytes(damage)
    keep(warehouse, "whole", "raw", outcome())
    assert set(site(warehouse)) == {"index.html", "whole.html"}
    assert [path.name for path in warehouse.checks_folder.iterdir()] == ["whole"]


def test_only_the_newest_runs_are_kept(warehouse: Warehouse) -> None:
    for day, run in enumerate(["c", "a", "b", "d"]):
        keep(warehouse, run, "raw", outcome(), day=day)
        site(warehouse, keep=3)
    assert [run.run_id for run in load_runs(warehouse.checks_folder)] == ["d", "b", "a"]
    assert list(site(warehouse, keep=3)) == ["a.html", "b.html", "d.html", "index.html"]


def test_pages_say_what_was_found(warehouse: Warehouse) -> None:
    keep(warehouse, "good", "raw", outcome())
    keep(
        warehouse,
        "bad",
        "raw",
        outcome("info", passed=False, observed="a hint"),
        outcome("warning", passed=False, observed="a <b>warning</b>"),
        outcome(observed="as it should be"),
        day=1,
    )
    pages = site(warehouse)
    assert "Everything passed" in pages["good.html"]
    bad = pages["bad.html"]
    assert bad.index("a &lt;b&gt;warning") < bad.index("a hint") < bad.index("as it should be")
    assert "amount &lt;is&gt; there" in bad
    assert '<details class="card" open>' in bad
    assert '<details class="card" open>' not in pages["good.html"]
    index = pages["index.html"]
    assert index.index('href="bad.html"') < index.index('href="good.html"')
    assert '<span class="chip warning">1 warning</span>' in index


def test_a_run_grows_by_its_stages(warehouse: Warehouse) -> None:
    keep(warehouse, "run", "raw", outcome())
    assert "Staging" not in site(warehouse)["run.html"]
    keep(warehouse, "run", "staging", outcome("critical", passed=False))
    pages = site(warehouse)
    assert "Staging" in pages["run.html"]
    assert pages["index.html"].count("not reached") == 1


def test_a_gate_that_could_not_run_is_red(warehouse: Warehouse) -> None:
    kept = record("run", MORNING, "staging", ("staging", "gate"), not_judged("staging"))
    warehouse.keep_checks("run", "staging", [kept])
    assert "the staging gate could be judged" in site(warehouse)["run.html"]
    assert '<span class="chip critical">' in site(warehouse)["index.html"]


def test_the_same_results_make_the_same_pages(warehouse: Warehouse) -> None:
    for day, run in enumerate("ab"):
        keep(warehouse, run, "raw", outcome(), outcome("warning", passed=False), day=day)
    first = site(warehouse)
    for page in (warehouse.folder / "data_docs").iterdir():
        page.unlink()
    assert site(warehouse) == first


def test_results_without_run_and_time_are_shown(warehouse: Warehouse) -> None:
    """As an older version kept them."""
    warehouse.keep_checks("old", "marts", [SuiteResult("marts", "nps", (outcome(),)).to_dict()])
    pages = site(warehouse)
    assert "unknown" in pages["index.html"]
    assert "marts.nps" in pages["old.html"]


class _Addresses(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.found += [
            value or "" for name, value in attrs if name in ("src", "href", "action", "srcset")
        ]


def test_the_site_needs_nothing_but_itself(warehouse: Warehouse) -> None:
    keep(warehouse, "run", "raw", outcome(observed="see http://elsewhere.example"))
    pages = site(warehouse)
    for text in pages.values():
        parser = _Addresses()
        parser.feed(text)
        assert set(parser.found) <= set(pages)
        assert not parser.tags & {"script", "link", "img", "iframe", "object", "embed", "base"}
        assert not re.search(r"@import|url\(", text)
