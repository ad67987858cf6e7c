"""The page says what the marts say, in both languages, and nothing that it should not."""

import datetime as dt
import html
import json
import math
import re
import shutil
import string
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from dagster_project.commands.cli import GREEN, main
from dagster_project.exports.errors import ExportError
from dagster_project.report import heat
from dagster_project.report.blocks import SECTIONS
from dagster_project.report.language import LANGUAGES, WORDS, language
from dagster_project.report.page import TEMPLATES, write_report
from dagster_project.report.queries import HEADLINES, QUERIES
from dagster_project.warehouse.read import ask

HOSTILE = "</script><img src=x onerror=alert(1)>'\"&{{ 7 * 7 }}"


@pytest.fixture(scope="module")
def marts(demo_folder: Path) -> Path:
    """The published marts of the demo."""
    return demo_folder / "warehouse/marts.duckdb"


@pytest.fixture(scope="module")
def page(marts: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Their page."""
    file = tmp_path_factory.mktemp("report") / "index.html"
    write_report(marts, file)
    return file.read_text()


def rows(marts: Path, sql: str) -> list[tuple]:
    with duckdb.connect(str(marts), read_only=True) as con:
        return con.execute(sql).fetchall()


def changed(marts: Path, folder: Path, *statements: str) -> Path:
    """A copy of the marts in which something is otherwise."""
    copy = folder / "marts.duckdb"
    shutil.copy(marts, copy)
    copy.chmod(0o644)
    with duckdb.connect(str(copy)) as con:
        for statement in statements:
            con.execute(statement)
    return copy


class Seen(HTMLParser):
    """The tags of a page, and the cells of each block's table, in one language."""

    def __init__(self, page: str, code: str) -> None:
        super().__init__()
        self.code, self.block, self.place = code, "", ""
        self.tags: list[str] = []
        self.cells: dict[str, list[list[str]]] = {}
        self.headlines: dict[str, str] = {}
        # what is held back until its language is asked for is read as well
        self.feed(re.sub(r'<script type="text/html".*?>(.*?)</script>', r"\1", page, flags=re.S))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.tags.append(tag)
        self.place = given.get("data-language") or self.place
        if self.place != self.code:
            return
        if tag == "article":
            self.block = (given.get("id") or "").removeprefix(f"{self.code}-")
            if headline := given.get("data-headline"):
                self.headlines[headline] = given.get("data-raw") or ""
        if tag == "tr":
            self.cells.setdefault(self.block, []).append([])
        if "data-v" in given:
            ends = (given[end] or "" for end in ("data-v", "data-l", "data-h") if end in given)
            self.cells[self.block][-1] += ends


def seen_rows(page: Path, block: str) -> list[list[str]]:
    """The rows of a block's table as other programs get them."""
    return [line for line in Seen(page.read_text(), "en").cells[block] if line]


def data(page: str) -> dict[str, Any]:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', page, re.S)
    assert found
    loaded: dict[str, Any] = json.loads(found[1])
    return loaded


def test_every_cell_of_the_heat_map_is_the_marts(marts: Path, page: str) -> None:
    found = {
        (
            "month" if kind == "months" else "week",
            study,
            *segment.split("=", 1),
            start,
            place + 1,
        ): (
            size,
            bool(truncated),
            cell,
        )
        for kind in ("months", "weeks")
        for study, segments in data(page)[kind].items()
        for segment, cohorts in segments.items()
        for start, size, truncated, cells in cohorts
        for place, cell in enumerate(cells)
    }
    expected = {}
    for row in rows(
        marts,
        """
        select period, study, segment_name, segment_value, cohort_start, period_number,
            cohort_size, is_left_truncated, is_complete, retained_customers, retained_on_or_after,
            rate_low, rate_high, on_or_after_low, on_or_after_high
        from cohort_retention
        where bucket = 'calendar' and period_number > 0
            and (period = 'month' or period = 'week' and segment_name = 'all')
        """,
    ):
        period, study, name, value, start, offset, size, truncated, complete = row[:9]
        back, after, *bounds = row[9:]
        tenths = [None if bound is None else round(1000 * bound) for bound in bounds]
        cell = [back, *tenths[:2], after, *tenths[2:]] if complete else [back]
        key = (period, study, name, value, start.isoformat(), offset)
        expected[key] = (size, truncated, cell)
    assert {key: expected[key] for key in found} == found
    months = {key for key in expected if key[0] == "month"}
    assert months <= found.keys()
    assert len(found) > 3000


def test_the_line_of_all_cohorts_is_the_marts(marts: Path, page: str) -> None:
    found = {
        (study, "month" if kind == "months" else "week", *segment.split("=", 1), place + 1): cell
        for kind, studies in data(page)["pooled"].items()
        for study, segments in studies.items()
        for segment, cells in segments.items()
        for place, cell in enumerate(cells)
        if cell
    }
    expected = {}
    for *key, size, back, after, rate, after_rate, low, high, after_low, after_high in rows(
        marts,
        """
        select study, period, segment_name, segment_value, period_number, eligible_customers,
            retained_customers, retained_on_or_after, retention_rate, on_or_after_rate, rate_low,
            rate_high, on_or_after_low, on_or_after_high
        from retention_curve
        where bucket = 'calendar' and period_number > 0 and retention_rate is not null
            and (period = 'month' or period = 'week' and segment_name = 'all'
                and period_number <= 26)
        """,
    ):
        assert (back / size, after / size) == pytest.approx((rate, after_rate), abs=1e-12)
        tenths = [round(1000 * bound) for bound in (low, high, after_low, after_high)]
        expected[tuple(key)] = [size, back, *tenths[:2], after, *tenths[2:]]
    assert found == expected
    assert len(found) > 300
    # and what is seen before the script runs
    foot = re.search(r"<table[^>]*data-heat.*?<tfoot>(.*?)</tfoot>", page, re.S)
    assert foot
    _, *shown = re.findall(r"<td[^>]*>(.*?)</td>", foot[1])
    line = data(page)["pooled"]["months"]["order_to_order"]["all=all"]
    told = [str(int(100 * cell[1] / cell[0] + 0.5)) for cell in line]
    assert shown == told + [""] * (len(shown) - len(told))


def test_a_cell_s_percentage_is_the_marts_rate(marts: Path) -> None:
    """The page divides counts; the mart publishes rates."""
    for back, after, size, rate, after_rate in rows(
        marts,
        "select retained_customers, retained_on_or_after, cohort_size, retention_rate,"
        " on_or_after_rate from cohort_retention where is_complete and period <> 'day'",
    ):
        assert (back / size, after / size) == pytest.approx((rate, after_rate), abs=1e-12)


def test_the_first_state_of_the_heat_map_is_a_table_of_these_figures(page: str) -> None:
    body = re.search(r"<table[^>]*data-heat.*?<tbody>(.*?)</tbody>", page, re.S)
    assert body
    shown = [re.findall(r"<td[^>]*>(.*?)</td>", line) for line in body[1].split("</tr>")[:-1]]
    cohorts = data(page)["months"]["order_to_order"]["all=all"]
    for line, (_, size, _, cells) in zip(shown, cohorts, strict=True):
        told = [str(int(100 * c[0] / size + 0.5)) if len(c) > 1 else "" for c in cells]
        assert line[1:] == told + [""] * (len(line) - 1 - len(cells))


def test_the_headlines_are_the_marts(marts: Path, page: str) -> None:
    (month,) = rows(marts, "select max(month) from monthly_churn where is_complete")[0]
    expected = {
        "churn": rows(
            marts,
            f"select churn_rate from monthly_churn where base = 'order' and month = '{month}'",
        )[0][0],
        "active": rows(
            marts,
            "select mau from active_customers where activity = 'any' and segment_name = 'all'"
            " and activity_date = (select max(activity_date) from active_customers)",
        )[0][0],
        "new": rows(
            marts,
            "select new_customers from lifecycle where activity = 'order' and period = 'month'"
            f" and segment_name = 'all' and period_start = '{month}'",
        )[0][0],
        "back": rows(
            marts,
            "select retention_rate from cohort_retention where study = 'order_to_order'"
            " and period = 'month' and bucket = 'calendar' and segment_name = 'all'"
            f" and period_number = 1 and cohort_start = date '{month}' - interval 1 month",
        )[0][0],
        "worth": rows(
            marts,
            "select cumulative_revenue_per_customer from cohort_value"
            " where months_since_first_order = 6 and is_complete order by cohort_month desc",
        )[0][0],
        "revenue": float(
            sum(
                revenue
                for cohort, age, revenue in rows(
                    marts,
                    "select cohort_month, months_since_first_order, revenue_cash from cohort_value",
                )
                if cohort.year * 12 + cohort.month + age == month.year * 12 + month.month
            )
        ),
    }
    for code in LANGUAGES:
        shown = {name: float(raw) for name, raw in Seen(page, code).headlines.items()}
        assert shown == pytest.approx(expected, abs=1e-6)


def test_who_is_active_is_told_as_of_the_newest_complete_day(marts: Path, tmp_path: Path) -> None:
    """A last day that was delivered in part does not make the figure a month old."""
    cut = "activity_date = (select max(activity_date) from active_customers)"
    copy = changed(
        marts,
        tmp_path,
        f"update active_customers set mau_is_complete = false where {cut}",
    )
    write_report(copy, tmp_path / "index.html")
    text = (tmp_path / "index.html").read_text()
    (newest, now), (_, before) = rows(
        copy,
        "select activity_date, mau from active_customers where activity = 'any'"
        " and segment_name = 'all' and mau_is_complete and activity_date in ("
        "(select max(activity_date) from active_customers) - interval 1 day,"
        " (select max(activity_date) from active_customers) - interval 31 day)"
        " order by activity_date desc",
    )
    assert Seen(text, "en").headlines["active"] == str(now)
    card = re.search(r'data-headline="active".*?</article>', text, re.S)
    assert card
    assert language("en").date(newest) in card[0]
    assert f"before: {before:,}" in card[0]


def test_the_revenue_says_that_guests_are_not_in_it(marts: Path, page: str, tmp_path: Path) -> None:
    """In its card and not only where it is folded: a shop holds it against its back office."""

    def line(text: str) -> str:
        card = re.search(r'data-headline="revenue".*?class="when quiet">(.*?)</p>', text, re.S)
        assert card
        return html.unescape(card[1])

    money = dict(rows(marts, "select term, amount from money_identity"))
    guests = money["without customer"]
    counted = guests + money["cohort revenue"] + money["customers without an order"]
    words = language("en", "GBP")
    assert guests > 0
    assert line(page).endswith(
        f", of known customers; without guests, whose orders of all time came to"
        f" {words.money(guests)} ({words.percent(guests / counted)} of all net revenue)"
    )
    copy = changed(
        marts, tmp_path, "update money_identity set amount = 0 where term = 'without customer'"
    )
    write_report(copy, tmp_path / "index.html")
    assert line((tmp_path / "index.html").read_text()).endswith(", of known customers")


def test_tables_are_the_marts(marts: Path, page: str) -> None:
    """Some by hand: of the churn, the campaigns' money and the accounting every row."""
    seen = Seen(page, "en").cells
    churn = {line[0]: line[1:] for line in seen["churn"] if line}
    for month, *counts, rate in rows(
        marts,
        "select month, opening_customers, new_customers, reactivated_customers, churned_customers,"
        " closing_customers, churn_rate from monthly_churn where base = 'order' and is_complete",
    ):
        shown = churn.pop(month.isoformat())
        assert shown[:5] == [str(count) for count in counts]
        assert shown[5] == ("" if rate is None else str(round(rate, 6)))
    assert not churn
    spent = {}
    for campaign, channel, cost in rows(
        marts, "select campaign, channel, cost from campaign_funnel"
    ):
        spent[campaign, channel] = spent.get((campaign, channel), 0) + (cost or 0)
    shown = {(line[0], line[1]): float(line[9] or 0) for line in seen["campaigns"] if line}
    assert shown == {key: pytest.approx(float(cost)) for key, cost in spent.items()}
    told = dict(
        rows(
            marts,
            "select campaign || channel, bool_or(kind = 'ad' and delivered + clicked + cost > 0)"
            " from campaign_funnel group by all",
        )
    )
    assert set(told.values()) == {True, False}
    for line in seen["campaigns"][1:]:
        assert (line[9] != "") == told[line[0] + line[1]], "what nobody told is not 0"
        assert (line[5] != "") == (line[2] == "message")
        assert (line[6] != "") == (line[2] != "link")
    tiers = {line[1]: line[2:] for line in seen["tiers"] if line}
    for tier, count, rate, low, high, value, difference in rows(
        marts,
        "select segment_value, customers, retention_rate, rate_low, rate_high, value_per_customer,"
        " value_difference from tier_effect where segment_name = 'tier'",
    ):
        shown = tiers.pop(tier)
        assert shown[0] == str(count)
        assert [float(cell) for cell in shown[1:4]] == pytest.approx([rate, low, high], abs=1e-6)
        assert float(shown[7]) == pytest.approx(value, abs=1e-6)
        assert float(shown[10]) == pytest.approx(difference, abs=1e-6)
    assert not tiers
    accounted = {line[0]: line[1:] for line in seen["rows"] if line}
    assert {export: line[1] for export, line in accounted.items()} == {
        export: str(count)
        for export, count in rows(marts, "select export, rows_in_files from source_accounting")
    }


def test_groups_of_segments_come_before_months_of_joining(marts: Path, page: str) -> None:
    """Those who joined one silence ago move the rate most in every month, whatever happened."""
    shown = [line for line in Seen(page, "en").cells["lost"] if line]
    names = [line[0] for line in shown]
    joined = names.index("first_month")
    assert names[0] == "all"
    assert joined > 1
    assert set(names[joined:]) == {"first_month"}
    published = {
        (name, value, month): counts
        for name, value, month, *counts in rows(
            marts,
            "select segment_name, segment_value, month, churned_customers, opening_customers"
            " from churn_by_segment where base = 'order' and is_complete",
        )
    }
    month = max(month for _, _, month in published)
    before = (month - dt.timedelta(days=1)).replace(day=1)
    lost, opening = published["all", "all", month]
    lost_before, opening_before = published["all", "all", before]
    moved = lost / opening - lost_before / opening_before
    expected = {}
    for (name, value, at), (churned, customers) in published.items():
        if at == month and name != "all":
            churned_before = published.get((name, value, before), (0, 0))[0]
            part = churned / opening - churned_before / opening_before
            expected[name, value] = (part, moved * customers / opening)
    for line in shown[1:]:
        told = [float(cell) for cell in line[13:15]]
        assert told == pytest.approx(expected[line[0], line[1]], abs=1e-6)
    far = {key: round(abs(part - due), 12) for key, (part, due) in expected.items()}
    for told, is_joined in ((shown[1:joined], False), (shown[joined:], True)):
        all_of = [far[key] for key in far if (key[0] == "first_month") == is_joined]
        assert [far[line[0], line[1]] for line in told] == sorted(all_of, reverse=True)[:8]


def test_verdicts_on_campaigns_name_their_month(marts: Path, tmp_path: Path) -> None:
    """In the demo December is over, but not the days in which its clicks may lead to orders."""
    copy = changed(
        marts,
        tmp_path,
        "update campaign_funnel set diagnosis = 'landing page' where month = ("
        "select max(month) from campaign_funnel where is_complete)",
    )
    write_report(copy, tmp_path / "index.html")
    text = html.unescape((tmp_path / "index.html").read_text())
    for mart, block in (("campaign_funnel", "campaigns"), ("landing_page_funnel", "pages")):
        ((judged, newest),) = rows(
            copy, f"select max(month) filter (is_complete), max(month) from {mart}"
        )
        assert judged < newest
        article = re.search(rf'id="en-{block}".*?</article>', text, re.S)
        assert article
        month, later = language("en").month(judged), language("en").month(newest)
        assert (
            f"The newest month with a verdict is {month}. {later} is not judged yet:"
            in (article[0])
        )
        assert block == "pages" or f"after the click <small>{month}</small>" in article[0]
        heads = re.findall(r'<th scope="col"[^>]*>(.*?)</th>', article[0])
        money = [head for head in heads if "<small>all its months</small>" in head]
        assert bool(money) == (block == "campaigns")
        assert block == "pages" or heads[-1] == "Falls short <small>the month named</small>"
    standing = re.search(r"What stands out.*?</div>", text, re.S)
    assert standing
    assert f"In {month}, " in standing[0]
    assert f"{later} is not judged yet: orders that its clicks" in standing[0]


def standing(page: str, code: str) -> list[tuple[str, str]]:
    """What stands out in a language, and the place that more of it leads to."""
    part = page[page.index(f'<section id="{code}-top"') :]
    listed = part[part.index('class="trust findings"') :].split("</ul>")[0]
    found = re.findall(r'<li class="note">(.*?) <a href="#([^"]*)">', listed)
    return [(html.unescape(text), place) for text, place in found]


def test_what_stands_out_leads_to_the_figures_it_speaks_of(marts: Path, page: str) -> None:
    for code in LANGUAGES:
        places = [place.removeprefix(f"{code}-") for _, place in standing(page, code)]
        assert places == ["heat_month", "lost", "pages", "pages"]
        assert all(f'<article class="block wide" id="{code}-{place}"' in page for place in places)
    ((campaign, visits, orders, rate, others, landing, better),) = rows(
        marts,
        "select funnel.campaign, visits, converted, funnel.conversion_rate,"
        " conversion_rate_of_others, landing_page,"
        " (select conversion_rate from landing_page_funnel where landing_page = page.landing_page"
        " and month = page.month and source = 'instagram') from campaign_funnel as funnel"
        " inner join landing_page_funnel as page on source = channel"
        " and page.campaign = funnel.campaign and page.month = funnel.month"
        " where funnel.diagnosis = 'landing page' and funnel.is_complete"
        " order by funnel.month desc limit 1",
    )
    words = language("en", "GBP")
    (told,) = (text for text, _ in standing(page, "en") if f", {campaign} (google_ads)" in text)
    missed = round(visits * others) - orders
    assert told.endswith(
        f": {words.percent(rate)} of its {visits} visits led to an order,"
        f" {words.percent(others)} of theirs; at their rate it would have had {missed} orders more."
        f" Its main landing page is {landing}, where {words.percent(better)} of the visits from"
        " instagram led to an order:"
        " look at this campaign's link, its promise and its tracking before the page."
    )


def test_a_campaign_known_from_visits_alone_is_no_ad(page: str) -> None:
    kinds = {(line[1], line[2]) for line in Seen(page, "en").cells["campaigns"] if line}
    assert ("newsletter", "link") in kinds
    assert ("google_ads", "ad") in kinds
    assert not {("newsletter", "ad"), ("google_ads", "link")} & kinds


def test_a_leap_of_a_month_of_joining_is_explained_beside_it(marts: Path, page: str) -> None:
    """90 days on, December loses those of September who never came again."""
    ((month,),) = rows(
        marts, "select max(month) from churn_by_segment where contribution is not null"
    )
    assert month.month == 12
    found = re.findall(r'data-v="(\d{4}-\d\d)" class="text">.*? <small>(.*?)</small>', page)
    assert found[:2] == [
        (
            f"{month.year}-09",
            "normal at this age: whoever never came back counts as lost after 90\xa0days",
        ),
        (f"{month.year}-08", "normal too: it falls after that peak"),
    ]
    assert len(found) == 2 * len(LANGUAGES)


def test_a_setting_is_named_only_where_a_definition_is_asked_for(page: str) -> None:
    assert "churn_after_days" in page
    assert "churn_after_days" not in re.sub(r"<details.*?</details>", "", page, flags=re.S)


def test_groups_farthest_from_the_others_stand_first(page: str) -> None:
    """What is worth knowing of a long table is not what its box hides."""
    (everybody, *_), *shown = (line for line in Seen(page, "en").cells["segments"] if line)
    assert everybody == "all"
    far = [abs(math.log(float(line[6]))) if line[6] else -1.0 for line in shown]
    assert len([distance for distance in far if distance > 0]) > 3
    assert far == sorted(far, reverse=True)


def test_what_customers_cost_leaves_out_months_whose_spending_is_not_told(
    marts: Path, tmp_path: Path
) -> None:
    copy = changed(
        marts,
        tmp_path,
        "update acquisition set spend = null, cac = null where month < (select min(month) from"
        " acquisition) + interval 4 month",
    )
    write_report(copy, tmp_path / "index.html")
    shown = {line[0]: line[3:7] for line in seen_rows(tmp_path / "index.html", "acquisition")}
    expected: dict[str, list[float]] = {}
    for source, spend, customers, margin, won in rows(
        copy,
        "select source, spend, new_customers, margin_to_date, new_customers from acquisition"
        " where is_complete",
    ):
        sums = expected.setdefault(source, [0.0] * 5)
        sums[3] += float(margin)
        sums[4] += won
        if spend is not None:
            for place, value in enumerate((spend, customers, margin)):
                sums[place] += float(value)
    assert shown.keys() == expected.keys()
    for source, (spend, customers, margin, all_margin, won) in expected.items():
        told_spend, cac, each, over = shown[source]
        # a source that no spending is told of need not be free
        assert told_spend == "" if not spend else float(told_spend) == pytest.approx(spend)
        assert cac == "" if not spend else float(cac) == pytest.approx(spend / customers, abs=1e-5)
        assert float(each) == pytest.approx(all_margin / won, abs=1e-5)
        assert over == "" if not spend else float(over) == pytest.approx(margin / spend, abs=1e-5)


def test_checks_that_warned_are_named(demo_folder: Path, marts: Path, page: str) -> None:
    """By what the gates left beside the marts."""
    odd = [
        (suite, outcome)
        for file in sorted((demo_folder / "warehouse/checks").glob("*/*.json"))
        for suite in json.loads(file.read_text(encoding="utf-8"))
        for outcome in suite["outcomes"]
        if not outcome["passed"]
    ]
    assert odd
    ((failed, warned),) = rows(marts, "select checks_failed, warned from metric_run_log")
    assert failed == len(odd)
    assert warned.splitlines() == [
        f"{suite['asset']}, {suite['stage']} gate: {outcome['description']};"
        f" found: {outcome['found']}"
        for suite, outcome in odd
    ]
    told = [
        html.unescape(line) for line in re.findall(r"<li class=.look.[^>]*>(.*?)</li>", page, re.S)
    ]
    for suite, outcome in odd:
        # by what was found, in both languages: its name says what should hold
        assert sum(outcome["found"] in line for line in told) == 2
        assert not any(suite["asset"] in line for line in told)
    customers = "A check gave a warning, in customers. What should be: what optional columns"
    (line,) = (line for line in told if line.startswith(customers))
    assert line.endswith(f"What was found: {odd[0][1]['found']}.")
    ((odd_facts,),) = rows(marts, "select count(*) from data_warnings where occurrences > 0")
    assert f"Kinds of odd facts in the exports: {odd_facts}. All of them count" in "".join(told)
    assert sum("“Odd facts that count all the same”" in line for line in told) == 1
    assert sum("«Странности, которые всё же учтены»" in line for line in told) == 1
    assert "assert_" not in page, "no test's name"


def test_a_warning_says_what_was_found(marts: Path, tmp_path: Path) -> None:
    lines = (
        "staging.stg_order_rows, staging gate: what is delivered of orders is much like the nights"
        " before; found: of a.csv, gate amounts, seen the largest amount is 9, expected at most 4",
        "marts.nps, marts gate: nps is at most 100",
    )
    copy = changed(
        marts,
        tmp_path,
        f"update metric_run_log set checks_failed = 2, warned = '{chr(10).join(lines)}'",
    )
    write_report(copy, tmp_path / "index.html")
    text = html.unescape((tmp_path / "index.html").read_text())
    assert (
        "A check gave a warning, in orders. What should be: what is delivered of orders is much"
        " like the nights before. What was found: of a.csv, gate amounts, seen the largest amount"
        " is 9, expected at most 4." in text
    )
    assert "A check gave a warning, in nps. What should be: nps is at most 100." in text
    assert "stg_order_rows, staging gate" not in text


def test_money_that_was_set_aside_is_told_where_it_is_much(marts: Path, tmp_path: Path) -> None:
    ((revenue,),) = rows(
        marts,
        "select sum(amount) from money_identity where term in ('cohort revenue',"
        " 'customers without an order', 'without customer')",
    )
    copy = changed(
        marts,
        tmp_path,
        "update source_accounting set amount_quarantined = 0, amount_rejected = 0",
        # held back refunds, which are below nought, and as much of orders
        f"update source_accounting set amount_quarantined = -{revenue} / 4 where export = 'orders'",
        f"update source_accounting set amount_quarantined = 0, amount_rejected = {revenue} / 4"
        " where export = 'coupons'",
    )
    write_report(copy, tmp_path / "index.html")
    text = html.unescape((tmp_path / "index.html").read_text())
    half = language("en", "GBP").money(revenue / 4)
    assert (
        f'<li class="look">Money: {half} of coupons, {half} of orders were set aside with their'
        " rows and are in no figure; that is 50.0% of the net revenue.</li>" in text
    )
    assert "это 50,0\xa0% чистой выручки" in text
    with duckdb.connect(str(copy)) as con:
        con.execute(
            "update source_accounting set amount_quarantined = amount_quarantined / 60,"
            " amount_rejected = amount_rejected / 60"
        )
    write_report(copy, tmp_path / "index.html")
    assert "Money: " not in (tmp_path / "index.html").read_text(), "less than a hundredth"


def test_every_query_runs_as_it_is_shown(marts: Path, page: str) -> None:
    shown = re.findall(r"<pre><code>(select.*?)</code></pre>", page, re.S)
    assert len(shown) == len(LANGUAGES) * (len(HEADLINES) + len(QUERIES))
    for sql in sorted({html.unescape(text) for text in shown}):
        (answer,) = ask(marts, sql)
        assert answer.columns


def test_the_same_marts_give_the_same_bytes(marts: Path, page: str, tmp_path: Path) -> None:
    again = tmp_path / "deep/index.html"
    assert write_report(marts, again) == len(page.encode())
    assert again.read_text() == page
    assert [file.name for file in again.parent.iterdir()] == ["index.html"]
    assert (marts.parent / "report/index.html").read_text() == page, "the run's own"
    assert len(page.encode()) < 3_000_000


def test_no_customer_is_on_the_page(marts: Path, page: str) -> None:
    words = set(re.findall(r"[\w-]+", page))
    ids = {customer for (customer,) in rows(marts, "select customer_id from customer_value")}
    assert len(ids) > 700
    assert not ids & words
    assert not re.findall(r"\w@\w", page)


def test_nothing_is_asked_of_other_places(page: str) -> None:
    """Nor could it: the page forbids itself every request, which `tests/browser` watches."""
    assert "default-src 'none'" in page
    markup = re.sub(r"<script.*?</script>", "", page, flags=re.S)
    assert not re.findall(r"(?:src|href|url)\s*[=(]\s*[\"']?(?!#)[^\"')\s]+", markup)
    assert "http" not in page.replace('http-equiv="Content-Security-Policy"', "")


def test_names_of_the_shop_are_text(marts: Path, page: str, tmp_path: Path) -> None:
    name = HOSTILE.replace("'", "''")
    settings = json.dumps({"base_currency": "GBP", "report_title": HOSTILE}).replace("'", "''")
    copy = changed(
        marts,
        tmp_path,
        f"update metric_run_log set settings = '{settings}'",
        f"update campaign_funnel set campaign = '{name}' || campaign",
        f"update acquisition set source = '{name}' where source = 'organic'",
        f"update landing_page_funnel set landing_page = '{name}', diagnosis = '{name}'",
        *(
            f"update {mart} set segment_value = '{name}' || segment_value,"
            f" segment_name = segment_name || '{name}' where segment_name <> 'all'"
            for mart in ("cohort_retention", "retention_curve", "segment_value")
        ),
        f"update quarantine set reason = '{name}'",
    )
    write_report(copy, tmp_path / "index.html")
    text = (tmp_path / "index.html").read_text()
    seen, clean = Seen(text, "en"), Seen(page, "en")
    assert set(seen.tags) == set(clean.tags)
    assert "img" not in seen.tags
    assert seen.tags.count("script") == 2
    assert "{{ 7 * 7 }}" in text
    assert any(HOSTILE in segment for segment in data(text)["months"]["order_to_order"])


def leaves(words: dict[str, Any], above: str = "") -> dict[str, str]:
    found: dict[str, str] = {}
    for key, value in words.items():
        name = f"{above}.{key}" if above else str(key)
        found |= leaves(value, name) if isinstance(value, dict) else {name: str(value)}
    return found


def test_languages_have_the_same_words_with_the_same_gaps() -> None:
    english, *others = (
        leaves(yaml.safe_load((WORDS / f"{code}.yml").read_text())) for code in ("en", "ru")
    )
    for other in others:
        assert english.keys() == other.keys()
        for key, text in english.items():
            gaps = [
                sorted(g for _, g, *_ in string.Formatter().parse(t) if g)
                for t in (text, other[key])
            ]
            assert gaps[0] == gaps[1], key
            assert other[key], key


def test_every_word_is_used_and_every_column_has_one() -> None:
    words = yaml.safe_load((WORDS / "en.yml").read_text())
    blocks = [block for blocks in SECTIONS.values() for block in blocks]
    keys = {key for block in blocks for key, _ in block.queries}
    assert keys == words["blocks"].keys() == QUERIES.keys()
    shown = {column.name for block in blocks for column in block.columns}
    shown |= {one.column for block in blocks if block.chart for one in block.chart.series}
    elsewhere = {"period_number", "retained_customers", "retention_rate", "on_or_after_rate"}
    assert shown | elsewhere | {"eligible_customers", "recency_score"} == words["columns"].keys()
    assert HEADLINES.keys() == words["cards"].keys() & HEADLINES.keys()
    sources = "".join(
        path.read_text() for path in (*TEMPLATES.glob("*"), *TEMPLATES.parent.glob("*.py"))
    )
    for group in ("page", "trust", "heat", "worth", "did", "chart", "method"):
        unused = [key for key in words[group] if not re.search(rf"\b{key}\b", sources)]
        assert unused == [], group


def test_numbers_are_written_as_the_language_does() -> None:
    english, russian = language("en", "GBP"), language("ru", "GBP")
    assert english.percent(0.1785) == "17.9%"
    assert russian.percent(0.1785) == "17,9\u00a0%"
    assert english.money(-1234567.5) == "\u2212£1,234,568"
    assert russian.money(-1234567.5) == "\u22121\u00a0234\u00a0568\u00a0£"
    assert language("en", "CHF").money(2) == "CHF\u00a02.00"
    assert language("en").money(0.005) == "0.01"
    assert english.number(0.5) == "1"
    assert english.date(dt.date(2024, 3, 1)) == "1 March 2024"
    assert russian.date(dt.date(2024, 3, 1)).startswith("1 марта 2024")
    assert russian.month(dt.date(2024, 3, 1)) == "март\u00a02024"


def luminance(colour: str) -> float:
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [0, 1])
def test_every_shade_can_be_read(theme: int) -> None:
    """WCAG AA: 4.5 for text, 3 for the lines of charts; shades get darker, or lighter, evenly."""
    style = (TEMPLATES / "style.css").read_text()
    colours = dict(re.findall(r"--([\w-]+): (#\w{6})", style.split("}")[theme]))
    dark_from = 6 if theme else 7
    for n in range(heat.SHADES):
        ink = colours["high-ink" if n >= dark_from else "low-ink"]
        assert contrast(colours[f"s{n}"], ink) >= 4.5, n
    lightness = [luminance(colours[f"s{n}"]) for n in range(heat.SHADES)]
    assert lightness == sorted(lightness, reverse=not theme)
    for ground in ("card", "ground", "soft"):
        for ink in ("ink", "quiet", "accent", "good", "look", "bad"):
            assert contrast(colours[ink], colours[ground]) >= 4.5, (ink, ground)
    assert contrast(colours["small-ink"], colours["small"]) >= 4.5
    assert min(contrast(colours[f"c{n}"], colours["card"]) for n in range(8)) >= 3


def test_small_cohorts_are_grey_and_open_cells_have_no_figure() -> None:
    assert heat.table([["2024-01-01", 29, 0, [[5, 80, 350, 6, 90, 380], [2]]]])[0]["cells"] == [
        {"text": 17, "css": "small", "cell": [5, 80, 350, 6, 90, 380]},
        {"text": "", "css": "open", "cell": [2]},
    ]
    assert [heat.shade(rate, 0.4) for rate in (0, 0.001, 0.2, 0.4, 0.6)] == [0, 1, 5, 9, 9]
    assert [heat.percent(part, 200) for part in (0, 1, 2, 199, 200)] == [0, 1, 1, 100, 100]


def test_what_is_empty_says_what_it_needs(marts: Path, tmp_path: Path) -> None:
    lost = ("marketing_spend", "referrals")
    copy = changed(
        marts,
        tmp_path,
        *(
            f"delete from {mart}"
            for mart in ("acquisition", "referral_growth", "referral_effect", "prediction_verdict")
        ),
        f"delete from source_accounting where export in {lost}",
        "update mart_availability set is_filled = false, reason = 'referrals is not mapped'"
        " where mart like 'referral%'",
    )
    write_report(copy, tmp_path / "index.html")
    text = (tmp_path / "index.html").read_text()
    lack = re.search(r'id="en-referrals".*?</article>', text, re.S)
    assert lack
    assert "referrals is not mapped" in lack[0]
    assert "    columns:\n      referrer_id: your column\n      invited_at: your column" in lack[0]
    assert "ваш столбец" in text


def test_the_command_makes_the_page_anew(
    marts: Path, page: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(marts, tmp_path)
    assert main(["report", "--warehouse", str(tmp_path)]) == GREEN
    assert capsys.readouterr().out.strip() == (tmp_path / "report/index.html").as_uri()
    assert (tmp_path / "report/index.html").read_text() == page


def test_marts_of_another_version_are_told_of(marts: Path, tmp_path: Path) -> None:
    older = changed(marts, tmp_path, "alter table lifespan_summary drop column median_low")
    with pytest.raises(ExportError, match="published by an older version; run `retention run`"):
        write_report(older, tmp_path / "index.html")
    assert not (tmp_path / "index.html").exists()
