"""What stands out at the top of the page: who kept best, why churn moved, what falls short.

A sentence says whether chance may explain it: of the best of many cohorts, whether it would still
be the best had all been alike.
"""

import datetime as dt
import math
from collections.abc import Mapping, Sequence
from statistics import NormalDist
from typing import Any

from . import cells
from .heat import SMALL
from .language import Language

Row = Mapping[str, Any]

#: The months after which cohorts are compared.
MONTHS = 3
#: What falls short is named so many times at most.
NAMED = 3

#: A sentence and the block of the page that tells more.
Finding = tuple[str, str]


def difference(now: Sequence[float], before: Sequence[float]) -> tuple[float, float]:
    """The interval of a difference, from a figure, its lower and its upper bound, twice.

    Zou & Donner (2008), Construction of confidence limits about effect measures, Statistics in
    Medicine 27(10); of shares within Wilson's intervals it is method 10 of Newcombe (1998).
    """
    (one, low, high), (other, other_low, other_high) = now, before
    return (
        one - other - math.hypot(one - low, other_high - other),
        one - other + math.hypot(high - one, other - other_low),
    )


def findings(
    rows: Mapping[str, Sequence[Row]],
    words: Language,
    as_of: dt.date | None,
    silence_days: int | None = None,
) -> list[Finding]:
    """The sentences as of a day, those first that concern most customers.

    Customers count as lost after so many days of silence.
    """
    return [
        *_cohorts(rows["heat_month"], words),
        *_churn(rows["lost"], words, silence_days),
        *_failures(rows["campaigns"], words, as_of),
    ]


def judged(rows: Sequence[Row], as_of: dt.date | None, words: Language) -> str:
    """Of which month the verdicts on campaigns and pages are; of a newer month, why it has none.

    Each row has the last month that is complete, `judged_month`, and the last that is not.
    """
    newest = max((row["judged_month"] for row in rows if row["judged_month"]), default=None)
    said = words("did.judged", month=words.month(newest)) if newest else ""
    return f"{said} {_not_judged(rows, as_of, words)}".strip()


def _not_judged(rows: Sequence[Row], as_of: dt.date | None, words: Language) -> str:
    """Why the newest month has no verdict; nothing where it has."""
    newest = max((row["judged_month"] for row in rows if row["judged_month"]), default=dt.date.min)
    month = max((row["open_month"] for row in rows if row["open_month"]), default=newest)
    if month <= newest:
        return ""
    following = dt.date(month.year + month.month // 12, month.month % 12 + 1, 1)
    is_over = as_of is not None and as_of + dt.timedelta(days=1) >= following
    return words("did.open_late" if is_over else "did.open", month=words.month(month))


def _cohorts(cells_of: Sequence[Row], words: Language) -> list[Finding]:
    """Which monthly cohort kept best after MONTHS months, against all others together."""
    preferred = cells_of[0]["study"] if cells_of else None
    studies = [row["study"] for row in cells_of]
    study = "order_to_order" if "order_to_order" in studies else preferred
    complete = [
        row
        for row in cells_of
        if row["study"] == study
        and row["segment_name"] == "all"
        and row["period_number"] == MONTHS
        and row["is_complete"]
        and row["cohort_size"] >= SMALL
    ]
    compared = [row for row in complete if not row["is_left_truncated"]]
    if len(compared) < 2:
        return []
    best = max(compared, key=lambda row: row["retained_customers"] / row["cohort_size"])
    kept, size = best["retained_customers"], best["cohort_size"]
    others = sum(row["retained_customers"] for row in compared) - kept
    of_others = sum(row["cohort_size"] for row in compared) - size
    # the best of many is better by chance too: each is given its share of the 5 %
    z = NormalDist().inv_cdf(1 - 0.025 / len(compared))
    low, high = difference(_wilson(kept, size, z), _wilson(others, of_others, z))
    given = {
        "months": MONTHS,
        "cohort": words.month(best["cohort_start"]),
        "rate": words.percent(kept / size),
        "interval": cells.interval(best["rate_low"], best["rate_high"], "percent", words),
        "size": words.number(size),
        "back": words("findings.ordered_again")
        if study == "order_to_order"
        else words("findings.came_back", study=words.value(study, "studies")),
        "others": words.percent(others / of_others),
        "gap": cells.text(kept / size - others / of_others, "points", words),
        "gap_interval": cells.interval(low, high, "points", words),
        "compared": len(compared),
        "certainty": words("findings.best_sure" if low > 0 else "findings.best_unsure"),
    }
    said = words("findings.best", **given)
    if len(compared) < len(complete):
        said += " " + words("findings.best_starred")
    return [(said, "heat_month")]


def _wilson(successes: int, trials: int, z: float) -> tuple[float, float, float]:
    """A share and the bounds of its Wilson interval at z."""
    share = successes / trials
    middle = (share + z * z / (2 * trials)) / (1 + z * z / trials)
    half = (
        z
        / (1 + z * z / trials)
        * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    )
    return share, middle - half, middle + half


def _churn(lost: Sequence[Row], words: Language, silence_days: int | None) -> list[Finding]:
    """How the churn rate moved in the last complete month, and which group did it."""
    if not lost or lost[0]["segment_name"] != "all" or lost[0]["rate_change"] is None:
        return []
    everybody = lost[0]
    moved = everybody["rate_change"]
    given = {
        "month": words.month(everybody["month"]),
        "rate": words.percent(everybody["churn_rate"]),
        "change": cells.text(moved, "points", words),
    }
    low, high = everybody["rate_change_low"], everybody["rate_change_high"]
    if low is None:
        certainty = words("findings.too_few")
    else:
        interval = cells.interval(low, high, "points", words)
        given["change"] += f" ({words('cards.interval', interval=interval)})"
        certainty = words("cards.sure" if low > 0 or high < 0 else "cards.chance")
    told = [
        words("findings.churn", **given, certainty=certainty),
        _first_silences(everybody, lost[1:], words, silence_days),
        _most(everybody, lost[1:], words),
    ]
    return [(" ".join(filter(None, told)), "lost")]


def months_since_silence(first_month: str, month: dt.date, silence_days: int) -> int:
    """Months since those who joined in a month, 2024-09, could first be lost: 0 in that month.

    Nobody can be lost before so many days of silence, and all who never came again are lost at
    once: churn leaps in that month, and falls in the next.
    """
    lost = dt.date.fromisoformat(f"{first_month}-15") + dt.timedelta(days=silence_days)
    return 12 * (month.year - lost.year) + month.month - lost.month


def _first_silences(
    everybody: Row, groups: Sequence[Row], words: Language, silence_days: int | None
) -> str:
    """How many of the lost were in their first silence, and the churn rate of all others."""
    by_age = {
        months_since_silence(row["segment_value"], row["month"], silence_days): row
        for row in groups
        if silence_days and row["segment_name"] == "first_month"
    }
    if not {0, 1} <= by_age.keys():
        return ""
    newly, a_month_ago = by_age[0], by_age[1]
    first = [newly["churned_customers"], newly["opening_customers"]]
    first_before = [a_month_ago["churned_before"], a_month_ago["opening_before"]]
    counts = zip((everybody[count] for count in _COUNTS), first + first_before, strict=True)
    churned, opening, churned_before, opening_before = (all_ - of for all_, of in counts)
    # who joins and is lost within a month is lost without having been there at its start
    if not all((first[1], first_before[1], opening > churned, opening_before > churned_before)):
        return ""
    return words(
        "findings.churn_first",
        joined=words.month(dt.date.fromisoformat(f"{newly['segment_value']}-01")),
        joined_before=words.month(dt.date.fromisoformat(f"{a_month_ago['segment_value']}-01")),
        days=words("form.days", n=silence_days),
        churned=words.number(first[0]),
        opening=words.number(first[1]),
        churned_before=words.number(first_before[0]),
        opening_before=words.number(first_before[1]),
        others=words.percent(churned / opening),
        others_before=words.percent(churned_before / opening_before),
    )


def _most(everybody: Row, groups: Sequence[Row], words: Language) -> str:
    """The group that moved the churn rate most beyond its share, of those that surely did.

    A large group adds much to a change whatever it does; `beyond_share` is what a group adds less
    its share of the customers times the change for everybody.
    """
    # whose first silence runs out this month always leads the months of joining, in any shop
    same_way = [
        row
        for row in groups
        if row["beyond_share"] * everybody["rate_change"] > 0
        and row["rate_change_low"] is not None
        and row["segment_name"] != "first_month"
    ]
    if not same_way:
        return ""
    sure = [row for row in same_way if _is_apart(row, everybody)]
    if not sure:
        return words("findings.churn_none", compared=same_way[0]["compared"])
    most = max(sure, key=lambda row: abs(row["beyond_share"]))
    churned, opening, churned_before, opening_before = _others(most, everybody)
    given = {
        "segment": words.value(most["segment_name"], "segments"),
        "value": most["segment_value"],
        "before": words.percent(most["rate_before"]),
        "interval_before": cells.interval(
            most["rate_before_low"], most["rate_before_high"], "percent", words
        ),
        "now": words.percent(most["churn_rate"]),
        "interval": cells.interval(
            most["churn_rate_low"], most["churn_rate_high"], "percent", words
        ),
        "others_before": words.percent(churned_before / opening_before),
        "others": words.percent(churned / opening),
    }
    return words("findings.churn_most", **given)


#: Of both months who was lost, and of how many.
_COUNTS = ("churned_customers", "opening_customers", "churned_before", "opening_before")


def _others(group: Row, everybody: Row) -> list[int]:
    """Of all who are not in a group, who was lost, and of how many, in both months."""
    return [everybody[count] - group[count] for count in _COUNTS]


def _is_apart(group: Row, everybody: Row) -> bool:
    """Whether the churn of a group surely moved as everybody's did, and more than the others'.

    Its intervals of both months lie apart; and its change less that of all others is more than the
    luck of one among those compared, each of which is given its share of the 5 %.
    """
    own = [group[count] for count in _COUNTS]
    churned, opening, churned_before, opening_before = others = _others(group, everybody)
    # who joins and is lost within a month is lost without having been there at its start
    if churned > opening or churned_before > opening_before or not opening * opening_before:
        return False
    z = NormalDist().inv_cdf(1 - 0.025 / group["compared"])
    low, high = difference(_change(z, *own), _change(z, *others))
    if everybody["rate_change"] > 0:
        return low > 0 and group["churn_rate_low"] > group["rate_before_high"]
    return high < 0 and group["churn_rate_high"] < group["rate_before_low"]


def _change(
    z: float, churned: int, opening: int, churned_before: int, opening_before: int
) -> tuple[float, float, float]:
    """How a churn rate changed, and the bounds of its interval at z."""
    now, before = _wilson(churned, opening, z), _wilson(churned_before, opening_before, z)
    return now[0] - before[0], *difference(now, before)


def _failures(campaigns: Sequence[Row], words: Language, as_of: dt.date | None) -> list[Finding]:
    """Campaigns that surely fell short of the others of their channel, in their newest month.

    Those whose newest month is latest come first; what is not judged yet is said once.
    """
    short = [row for row in campaigns if row["diagnosis"]]
    short.sort(key=lambda row: row["judged_month"], reverse=True)
    newest = max((row["judged_month"] for row in campaigns if row["judged_month"]), default=None)
    found = [
        (
            words(
                "findings.falls_short",
                month=words.month(row["judged_month"]),
                campaign=row["campaign"],
                channel=row["channel"],
                where=_where(row, words),
            ),
            # the table of pages has the rates, of one month
            "pages" if row["landing_page"] and row["judged_month"] == newest else "campaigns",
        )
        for row in short[:NAMED]
    ]
    if found:
        last, block = found[-1]
        found[-1] = f"{last} {_not_judged(campaigns, as_of, words)}".strip(), block
    return found


def _where(row: Row, words: Language) -> str:
    """In which rate a campaign fell short; of its landing page, from where it does better."""
    is_ad, is_page = "ad" in row["diagnosis"].split(), "landing page" in row["diagnosis"]
    few_buy = "few_buy_message" if row["kind"] == "message" else "few_buy"
    told = [
        words(
            f"findings.{key}",
            rate=cells.text(row[rate], "percent", words),
            others=cells.text(row[f"{rate}_of_others"], "percent", words),
            visits=words.number(row["judged_visits"]),
            missed=words.number(
                round(row["judged_visits"] * row["conversion_rate_of_others"])
                - row["judged_orders"]
            )
            if key != "few_click"
            else "",
        )
        for key, rate, is_short in (
            ("few_click", "click_rate", is_ad),
            (few_buy, "conversion_rate", is_page),
        )
        if is_short
    ]
    said = f"{'; '.join(told)}."
    if is_page and row["landing_page"]:
        given = {
            "page": row["landing_page"],
            "source": row["page_source"],
            "rate": cells.text(row["page_rate"], "percent", words),
        }
        said += " " + words(f"findings.{'page_fine' if row['page_source'] else 'page'}", **given)
    return said
