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
    from .models.sbg import LearntContracts


def project(into: Forecasts, variables: Mapping[str, Any]) -> "dict[int, LearntContracts]":
    """Fit the cohorts of each billing period, and write how they renew.

    Returns what was learnt, by billing period in months.
    """
    from .models.sbg import learn_contracts

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
        into.insert("contracts", [_contract(billing_months, cohorts, learnt)])
        ahead = variables["renewals_ahead"] if learnt.model else 0
        last = max(row[2] for row in rows) + ahead
        rate = (1 + variables["prediction_discount_rate"]) ** (billing_months / 12) - 1
        into.insert("renewals", _renewals(billing_months, last, learnt, rate))
    return found


def _contract(
    billing_months: int, cohorts: list[list[int]], learnt: "LearntContracts"
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
    return row


def _renewals(
    billing_months: int, last: int, learnt: "LearntContracts", rate: float
) -> list[dict[str, Any]]:
    rows = []
    for number in range(last + 1):
        row: dict[str, Any] = {"billing_months": billing_months, "renewal_number": number}
        if learnt.model:
            row["survival_rate"] = float(learnt.model.survival(number))
            if number:
                row["renewal_rate"] = float(learnt.model.retention(number))
            if rate > 0:
                residual = learnt.model.discounted_residual_lifetime(number, rate)
                row["renewals_to_come"] = float(residual)
        rows.append(row)
    return rows
