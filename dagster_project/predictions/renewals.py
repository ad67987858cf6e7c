"""Fits sBG to cohorts of subscribers, and writes how they renew as tables.

Runs between two steps of dbt, as `predictions` does, and writes its tables beside those. A model
for each billing period: whoever pays by the year rarely decides. No Dagster in here.
"""

from collections.abc import Mapping
from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from .tables import Forecasts

if TYPE_CHECKING:
    from .models.sbg import DrawnContracts, LearntContracts


def project(into: Forecasts, variables: Mapping[str, Any]) -> "dict[int, LearntContracts]":
    """Fit the cohorts of each billing period, and write how they renew.

    Returns what was learnt, by billing period in months.
    """
    from .models.sbg import draw_contracts, learn_contracts

    cells = into.con.execute(
        "select billing_months, cohort_month, renewal_number, surviving_customers, is_complete"
        " from predictions.contract_cohorts order by 1, 2, 3"
    ).fetchall()
    found: dict[int, LearntContracts] = {}
    for billing_months, members in groupby(cells, itemgetter(0)):
        rows = list(members)
        complete = groupby((row for row in rows if row[4]), itemgetter(1))
        cohorts = [[row[3] for row in cohort] for _, cohort in complete]
        found[billing_months] = learnt = learn_contracts(cohorts)
        drawn = draw_contracts(cohorts, learnt.model) if learnt.model else None
        into.insert("contracts", [_contract(billing_months, cohorts, learnt, drawn)])
        ahead = variables["renewals_ahead"] if learnt.model else 0
        last = max(row[2] for row in rows) + ahead
        rate = (1 + variables["prediction_discount_rate"]) ** (billing_months / 12) - 1
        into.insert("renewals", _renewals(billing_months, last, learnt, drawn, rate))
    return found


def _contract(
    billing_months: int,
    cohorts: list[list[int]],
    learnt: "LearntContracts",
    drawn: "DrawnContracts | None",
) -> dict[str, Any]:
    row: dict[str, Any] = {
        "billing_months": billing_months,
        "customers": sum(cohort[0] for cohort in cohorts),
        "reason": learnt.reason,
    }
    if learnt.estimates:
        intervals = learnt.estimates.intervals() or {}
        for name, estimate in learnt.estimates.values.items():
            low, high = intervals[name]
            row |= {name: estimate, f"{name}_low": low, f"{name}_high": high}
    if drawn:
        row |= {"fit_p_value": drawn.share_as_bad, "is_fit_rejected": drawn.rejects}
    return row


def _renewals(
    billing_months: int,
    last: int,
    learnt: "LearntContracts",
    drawn: "DrawnContracts | None",
    rate: float,
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [
        {"billing_months": billing_months, "renewal_number": number} for number in range(last + 1)
    ]
    if learnt.model is None or drawn is None:
        return rows
    numbers = range(last + 1)
    figures = {
        "survival_rate": [model.survival(numbers) for model in (learnt.model, drawn.model)],
        "renewal_rate": [model.retention(numbers) for model in (learnt.model, drawn.model)],
    }
    if rate > 0:
        figures["renewals_to_come"] = [
            model.discounted_residual_lifetime(numbers, rate)
            for model in (learnt.model, drawn.model)
        ]
    for name, (of_fit, of_draws) in figures.items():
        low, high = drawn.interval(of_draws)
        for row in rows:
            number = row["renewal_number"]
            if number or name != "renewal_rate":
                row[name] = float(of_fit[number])
                row[f"{name}_low"], row[f"{name}_high"] = float(low[number]), float(high[number])
    return rows
