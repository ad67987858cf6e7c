"""What stands out, against differences and intervals worked out by hand or as published."""

import datetime as dt
from typing import Any

import pytest

from dagster_project.report.findings import difference, findings, judged
from dagster_project.report.language import language

WORDS = language("en", "EUR")
NOTHING: dict[str, list[dict[str, Any]]] = {"heat_month": [], "lost": [], "campaigns": []}


def test_the_interval_of_a_difference_is_newcombes() -> None:
    # Newcombe (1998), table II, method 10, example (a): 56/70 - 48/80
    ours, theirs = (0.8, 0.6918, 0.8769), (0.6, 0.4905, 0.7004)
    assert difference(ours, theirs) == pytest.approx((0.0524, 0.3339), abs=2e-4)


def cohorts(*cells: tuple[int, int]) -> list[dict[str, Any]]:
    """Monthly cohorts of 2024, each with its size and who came back in month 3."""
    return [
        {
            "study": "order_to_order",
            "segment_name": "all",
            "cohort_start": dt.date(2024, month, 1),
            "period_number": 3,
            "cohort_size": size,
            "retained_customers": back,
            "is_complete": True,
            "is_left_truncated": False,
            "rate_low": 0.33,
            "rate_high": 0.469,
        }
        for month, (size, back) in enumerate(cells, start=1)
    ]


def said(**rows: list[dict[str, Any]]) -> list[str]:
    as_of = dt.date(2024, 12, 31)
    return [text.replace("\xa0", " ") for text, _ in findings(NOTHING | rows, WORDS, as_of)]


def test_the_best_cohort_is_sure_only_where_luck_of_the_best_is_not_enough() -> None:
    (sentence,) = said(heat_month=cohorts((200, 40), (200, 80), (200, 40), (200, 40)))
    assert "in Feb 2024 kept best: 40.0% of 200 were back in that month" in sentence
    assert "(95% interval 33.0\u201346.9%)" in sentence
    assert "star" not in sentence
    assert "against 20.0% of all the others; more than the luck" in sentence
    # 14 of 40 against 40 of 160: 35 % and 25 %, which four cohorts alike make easily
    (sentence,) = said(heat_month=cohorts((40, 14), (80, 20), (40, 10), (40, 10)))
    assert "35.0% of 40" in sentence
    assert "may be so by luck" in sentence


def test_young_small_and_cut_off_cohorts_are_not_compared() -> None:
    rows = cohorts((200, 40), (20, 20), (200, 190), (200, 180))
    rows[2]["is_complete"], rows[3]["is_left_truncated"] = False, True
    assert said(heat_month=rows) == []
    assert said() == []


def test_a_higher_rate_of_starred_cohorts_is_told_apart() -> None:
    """They stand above the others in the map, with a star; the sentence says that it left them."""
    rows = cohorts((200, 120), (200, 80), (200, 40))
    rows[0]["is_left_truncated"] = True
    (sentence,) = said(heat_month=rows)
    assert "in Feb 2024 kept best: 40.0%" in sentence
    assert sentence.endswith(
        "Cohorts with a star, whose customers may have come before the data"
        " begin, are not compared."
    )


def lost(
    name: str, value: str, change: float, part: float, low: float | None, high: float | None
) -> dict[str, Any]:
    return {
        "segment_name": name,
        "segment_value": value,
        "month": dt.date(2024, 12, 1),
        "churn_rate": 0.18,
        "rate_change": change,
        "rate_change_low": low,
        "rate_change_high": high,
        "contribution": part,
    }


def test_a_change_of_the_churn_rate_names_who_moved_it() -> None:
    rows = [
        lost("all", "all", 0.02, 0.02, 0.001, 0.039),
        lost("country", "FR", -0.4, -0.03, None, None),
        lost("country", "GB", 0.4, 0.025, None, None),
    ]
    assert said(lost=rows) == [
        "The churn rate of Dec 2024 was 18.0%, +2.0 pp from the month before; more than chance"
        " explains. The group that moved it most: “country GB” (+2.5 pp)."
    ]
    rows[0]["rate_change_low"] = -0.001
    assert "chance may explain it" in said(lost=rows)[0]
    rows[0]["rate_change_low"] = None
    assert "too few customers" in said(lost=rows)[0]


def test_who_joined_one_silence_ago_is_not_said_to_have_moved_the_churn_rate() -> None:
    """In any month of any shop their first silence runs out: no finding."""
    rows = [
        lost("all", "all", 0.02, 0.02, 0.001, 0.039),
        lost("first_month", "2024-09", 0.4, 0.057, None, None),
    ]
    assert "Joined in" not in said(lost=rows)[0]
    rows.append(lost("country", "GB", 0.02, 0.012, None, None))
    assert said(lost=rows)[0].endswith("The group that moved it most: “country GB” (+1.2 pp).")


def campaign(name: str, diagnosis: str | None, judged: int, newest: int | None) -> dict[str, Any]:
    return {
        "campaign": name,
        "channel": "google",
        "diagnosis": diagnosis,
        "judged_month": dt.date(2024, judged, 1),
        "open_month": newest and dt.date(2024, newest, 1),
    }


def test_what_falls_short_is_named_with_its_month() -> None:
    campaigns = [
        campaign("spring", None, 11, None),
        campaign("old", "ad", 3, None),
        campaign("sale", "landing page", 11, None),
    ]
    assert said(campaigns=campaigns) == [
        "In Nov 2024, sale (google) fell short of the others of its channel: landing page.",
        "In Mar 2024, old (google) fell short of the others of its channel: ad.",
    ]


def test_a_month_that_is_not_judged_yet_is_named_with_why() -> None:
    (sentence,) = said(campaigns=[campaign("sale", "ad", 11, 12)])
    assert sentence.endswith(
        ": ad. Dec 2024 is not judged yet: orders that its clicks and visits lead to may still"
        " come."
    )
    rows = [campaign("sale", "ad", 11, 12)]
    told = judged(rows, dt.date(2024, 12, 30), WORDS)
    assert told == (
        "The newest month with a verdict is Nov 2024. Dec 2024 is not judged yet: it is not over."
    )
    # a month in between that was never delivered in full is none that is to come
    assert "not judged" not in judged([campaign("sale", "ad", 11, 9)], None, WORDS)
