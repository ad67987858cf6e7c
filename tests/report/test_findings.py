"""What stands out, against differences and intervals worked out by hand or as published."""

import datetime as dt
from typing import Any

import pytest
from scipy.stats import binomtest

from dagster_project.report.findings import difference, findings, judged
from dagster_project.report.language import language

WORDS = language("en", "EUR")
NO_GROUP = (
    " No group of a segment stands out: of the {} compared, none moved away from the others by more"
    " than chance explains."
)
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
    # 80 of 200 less 120 of 600, at 1 - 0.025 / 4, of scipy's Wilson intervals
    assert sentence == (
        "Those who first came in Feb 2024 kept best: of 200, 40.0% (95% interval 33.0 to 46.9%)"
        " ordered again in month 3 after it, and of all the others together 20.0%. The gap is"
        " +20.0 pp (95% interval +10.7 to +29.6 pp, wider because the best of 4 cohorts was picked;"
        " it lies above 0, so this is more than luck)."
    )
    # 14 of 40 against 40 of 160: 35 % and 25 %, which four cohorts alike make easily
    (sentence,) = said(heat_month=cohorts((40, 14), (80, 20), (40, 10), (40, 10)))
    assert "of 40, 35.0%" in sentence
    assert "The gap is +10.0 pp (95% interval \u2212" in sentence
    assert "it holds 0, so this may be luck" in sentence


def test_what_back_means_is_said_of_any_study() -> None:
    rows = cohorts((200, 40), (200, 80))
    for row in rows:
        row["study"] = "session_to_session"
    assert "came back (Visited, then visited again) in month 3" in said(heat_month=rows)[0]


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
    assert "in Feb 2024 kept best: of 200, 40.0%" in sentence
    assert sentence.endswith(
        "Cohorts with a star, whose customers may have come before the data"
        " begin, are not compared."
    )


def lost(name: str, value: str, before: tuple[int, int], now: tuple[int, int]) -> dict[str, Any]:
    """Who was lost, and of how many, in two months; `split` adds what follows."""
    return {
        "segment_name": name,
        "segment_value": value,
        "month": dt.date(2024, 12, 1),
        "churned_before": before[0],
        "opening_before": before[1],
        "churned_customers": now[0],
        "opening_customers": now[1],
        "rate_before": before[0] / before[1],
        "churn_rate": now[0] / now[1],
        "rate_change": now[0] / now[1] - before[0] / before[1],
        "rate_change_low": 0.001,
        "rate_change_high": 0.039,
    }


def split(everybody: dict[str, Any], *groups: dict[str, Any]) -> list[dict[str, Any]]:
    """The groups of everybody, with Wilson's intervals as scipy has them."""
    rows = [everybody, *groups]
    for row in rows:
        for ends, churned, opening in (
            ("rate_before", "churned_before", "opening_before"),
            ("churn_rate", "churned_customers", "opening_customers"),
        ):
            found = binomtest(row[churned], row[opening]).proportion_ci(method="wilson")
            row[f"{ends}_low"], row[f"{ends}_high"] = found.low, found.high
        part = row["churned_customers"] / everybody["opening_customers"]
        row["contribution"] = part - row["churned_before"] / everybody["opening_before"]
        share = row["opening_customers"] / everybody["opening_customers"]
        row["due_by_share"] = share * everybody["rate_change"]
        row["beyond_share"] = row["contribution"] - row["due_by_share"]
        row["compared"] = len(groups)
    return rows


def test_a_change_of_the_churn_rate_names_who_moved_it_beyond_their_share() -> None:
    # 460 of 4000 after 400; GB 160 of 1000 after 100, a quarter of all, the others 300 of 3000
    # in both months: 60 more of 4000 are +1.5 pp, a quarter of +1.5 pp is +0.4 pp
    rows = split(
        lost("all", "all", (400, 4000), (460, 4000)),
        lost("country", "FR", (300, 3000), (300, 3000)),
        lost("country", "GB", (100, 1000), (160, 1000)),
    )
    assert said(lost=rows) == [
        "The churn rate of Dec 2024 was 11.5%, +1.5 pp (95% interval +0.1 to +3.9 pp) from the"
        " month before; more than chance explains. “country GB” stands out: its churn rate went"
        " from 10.0% (95% interval 8.3 to 12.0%) to 16.0% (95% interval 13.9 to 18.4%), that of all"
        " the others from 10.0% to 10.0%; more than chance explains."
    ]
    # the change of GB less that of the others is 3.5 standard errors: the luck of one in a thousand
    for row in rows:
        row["compared"] = 1000
    assert said(lost=rows)[0].endswith(NO_GROUP.format(1000))
    rows[0]["rate_change_low"] = -0.001
    assert "+3.9 pp) from the month before; chance may explain it" in said(lost=rows)[0]
    rows[0]["rate_change_low"] = None
    assert "+1.5 pp from the month before; too few customers" in said(lost=rows)[0]


def test_a_large_group_does_not_lead_by_its_size() -> None:
    """GB adds 4.0 of 6.0 pp and FR 2.0, but their shares of the customers would add 4.8 and 1.2."""
    rows = split(
        lost("all", "all", (250, 2500), (400, 2500)),
        lost("country", "GB", (200, 2000), (300, 2000)),
        lost("country", "FR", (50, 500), (100, 500)),
    )
    # FR rose from 10 to 20 %, intervals apart, but the others rose too: +10 pp against +5 pp with
    # a standard error of 2.5 pp are 2.0, of which the luck of one in two makes 2.2
    (sentence,) = said(lost=rows)
    assert sentence.endswith(NO_GROUP.format(2))
    # of one alone it makes less
    for row in rows:
        row["compared"] = 1
    assert "“country FR” stands out: its churn rate went from 10.0%" in said(lost=rows)[0]


def test_of_two_groups_beyond_their_share_the_farther_is_named() -> None:
    """GB adds 3.0 pp where 2.1 are due, FR 2.0 where 0.7 are: 0.9 and 1.3 beyond."""
    rows = split(
        lost("all", "all", (500, 5000), (675, 5000)),
        lost("country", "GB", (300, 3000), (450, 3000)),
        lost("country", "FR", (100, 1000), (200, 1000)),
        lost("country", "DE", (100, 1000), (25, 1000)),
    )
    assert "“country FR” stands out" in said(lost=rows)[0]


def test_a_group_whose_intervals_overlap_does_not_stand_out() -> None:
    """What others did is no doing of GB, whose change is 4.6 standard errors from theirs."""
    rows = split(
        lost("all", "all", (280, 2400), (285, 2400)),
        lost("country", "GB", (200, 2000), (245, 2000)),
        lost("country", "FR", (80, 400), (40, 400)),
    )
    assert rows[1]["churn_rate_low"] < rows[1]["rate_before_high"]
    assert said(lost=rows)[0].endswith(NO_GROUP.format(2))


def test_a_fall_names_who_fell_and_no_group_stands_for_everybody() -> None:
    rows = split(
        lost("all", "all", (460, 4000), (400, 4000)),
        lost("country", "GB", (160, 1000), (100, 1000)),
    )
    assert "“country GB” stands out: its churn rate went from 16.0%" in said(lost=rows)[0]
    assert "No group" not in said(lost=rows)[0]
    whole = (rows[0], lost("country", "GB", (460, 4000), (400, 4000)))
    assert "“" not in said(lost=split(*whole))[0], "due by its share is all it adds"
    rows[1]["rate_change_low"] = None
    assert "“" not in said(lost=rows)[0], "too few for an interval"


def test_who_joined_one_silence_ago_is_not_said_to_have_moved_the_churn_rate() -> None:
    """In any month of any shop their first silence runs out: no finding."""
    rows = split(
        lost("all", "all", (400, 4000), (460, 4000)),
        lost("first_month", "2024-09", (10, 1000), (300, 1000)),
    )
    assert "stands out: its churn" not in said(lost=rows)[0]


def test_churn_is_told_of_those_whose_first_silence_ran_out_and_of_all_others() -> None:
    """90 days after mid September are in December, after mid August in November."""
    rows = split(
        lost("all", "all", (219, 1304), (245, 1372)),
        lost("first_month", "2024-09", (2, 176), (80, 174)),
        lost("first_month", "2024-08", (57, 135), (20, 80)),
    )
    ((sentence, _),) = findings(NOTHING | {"lost": rows}, WORDS, None, silence_days=90)
    # 245 - 80 = 165 of 1372 - 174 = 1198 are 13.77 %, 219 - 57 = 162 of 1304 - 135 = 1169 13.86 %
    assert (
        "Who joined in Sep 2024 could be lost for the first time, after 90 days without anything:"
        " 80 of 174 were; the month before it was who joined in Aug 2024: 57 of 135. Of all the"
        " others 13.8% were lost; the month before, 13.9%."
    ) in sentence.replace("\xa0", " ")
    assert "first time" not in said(lost=rows)[0], "of how many days is not known"
    ((sentence, _),) = findings(NOTHING | {"lost": rows[:2]}, WORDS, None, silence_days=90)
    assert "first time" not in sentence, "the month before has nobody to compare with"


def campaign(name: str, diagnosis: str | None, judged: int, newest: int | None) -> dict[str, Any]:
    return {
        "campaign": name,
        "channel": "google",
        "kind": "ad",
        "diagnosis": diagnosis,
        "click_rate": 0.004,
        "click_rate_of_others": 0.015,
        "conversion_rate": 0.014,
        "conversion_rate_of_others": 0.164,
        "judged_visits": 360,
        "judged_orders": 5,
        "landing_page": None,
        "page_source": None,
        "page_rate": None,
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
        # 16.4 % of 360 are 59
        "In Nov 2024, sale (google) fell short of the others of its channel: 1.4% of its 360 visits"
        " led to an order, 16.4% of theirs; at their rate it would have had 54 orders more.",
        "In Mar 2024, old (google) fell short of the others of its channel: its click rate was"
        " 0.4%, theirs 1.5%.",
    ]


def test_a_landing_page_is_named_with_who_does_better_there() -> None:
    row = campaign("sale", "ad and landing page", 11, None) | {"landing_page": "/gifts"}
    ((sentence, block),) = findings(NOTHING | {"campaigns": [row]}, WORDS, None)
    assert sentence.endswith(
        ": its click rate was 0.4%, theirs 1.5%; 1.4% of its 360 visits led to an order, 16.4% of"
        " theirs; at their rate it would have had 54 orders more. Its main landing page is /gifts."
    )
    assert block == "pages"
    row |= {"page_source": "instagram", "page_rate": 0.159}
    older = row | {"judged_month": dt.date(2024, 3, 1), "kind": "message", "landing_page": None}
    told = findings(NOTHING | {"campaigns": [row, older]}, WORDS, None)
    assert (
        "/gifts, where 15.9% of the visits from instagram led to an order: look at this"
        in told[0][0]
    )
    assert "; 1.4% of its 360 clicks led to an order, 16.4% of theirs;" in told[1][0]
    assert [block for _, block in told] == ["pages", "campaigns"]


def test_a_month_that_is_not_judged_yet_is_named_with_why() -> None:
    (sentence,) = said(campaigns=[campaign("sale", "ad", 11, 12)])
    assert sentence.endswith(
        ", theirs 1.5%. Dec 2024 is not judged yet: orders that its clicks and visits lead to may"
        " still come."
    )
    rows = [campaign("sale", "ad", 11, 12)]
    told = judged(rows, dt.date(2024, 12, 30), WORDS).replace("\xa0", " ")
    assert told == (
        "The newest month with a verdict is Nov 2024. Dec 2024 is not judged yet: it is not over."
    )
    # a month in between that was never delivered in full is none that is to come
    assert "not judged" not in judged([campaign("sale", "ad", 11, 9)], None, WORDS)
