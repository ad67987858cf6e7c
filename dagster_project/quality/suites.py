"""What the gates ask at each door: of raw, of staging, of the marts.

A gate asks what the models inside cannot: did everything arrive, is it of the promised shape, is
too much of it bad. Keys and relations are dbt's tests. Critical stops the run, a warning is told.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..exports.contract import Contract, Table
from ..exports.sql import literal
from . import rules
from .outcomes import SuiteResult
from .rules import Variables
from .runner import load_gx, run_suites

if TYPE_CHECKING:
    from great_expectations.expectations.expectation import Expectation

#: Of each export: the model that holds all its rows, tagged.
TAGGED = {
    "orders": "stg_order_rows",
    "sessions": "stg_session_rows",
    "events": "stg_event_rows",
    "customers": "stg_customer_rows",
    "refunds": "stg_refund_rows",
    "messages": "stg_message_rows",
    "marketing_spend": "stg_marketing_spend_rows",
    "surveys": "stg_survey_rows",
    "loyalty_points": "stg_loyalty_point_rows",
    "referrals": "stg_referral_rows",
    "coupons": "stg_coupon_rows",
    "subscriptions": "stg_subscription_rows",
}

#: Of each mart: columns that are shares, and columns that count.
SHARES = {
    "cohort_retention": ["retention_rate", "on_or_after_rate", "rate_low", "rate_high"],
    "retention_curve": ["retention_rate", "on_or_after_rate"],
    "monthly_churn": ["customer_retention_rate"],
    "lifespan_survival": ["survival", "survival_low", "survival_high"],
    "active_customers": ["stickiness"],
    "campaign_funnel": ["open_rate", "unsubscribe_rate", "conversion_rate"],
    "landing_page_funnel": ["product_view_rate", "wish_rate", "order_rate", "conversion_rate"],
    "nps": ["promoters_retention_rate", "detractors_retention_rate"],
    "coupon_effect": ["share_of_orders", "share_of_expected", "repeat_rate", "redemption_rate"],
    "referral_growth": ["conversion"],
    "onboarding": ["activation_rate"],
    "repeat_purchase": ["repeat_rate"],
    "session_conversion": ["conversion_rate"],
    "subscription_mrr_monthly": ["grr", "gross_churn_rate"],
    "audience_uplift": ["treated_outcome", "held_out_outcome"],
    "prediction_lift": ["coverage"],
    "customer_value": ["probability_alive"],
}
COUNTS = {
    "cohort_retention": ["cohort_size", "retained_customers", "retained_on_or_after"],
    "monthly_churn": ["opening_customers", "closing_customers", "churned_customers"],
    "lifespan_survival": ["at_risk", "ended"],
    "lifespan_summary": ["customers", "ended_customers"],
    "customer_value": ["orders"],
    "cohort_value": ["cohort_size"],
    "value_curve": ["eligible_customers"],
    "value_concentration": ["customers"],
    "segment_value": ["members", "customers"],
    "money_identity": ["row_count"],
    "active_customers": ["dau", "wau", "mau", "mau_28"],
    "lifecycle": ["active_customers", "dormant_customers"],
    "acquisition": ["sessions", "visitors", "new_visitors", "new_customers", "spend", "cac"],
    "campaign_funnel": ["sent", "delivered", "clicked", "converted", "cost"],
    "loyalty_balances": ["redeemed", "expired"],
    "referral_growth": ["invitations", "joined", "k_factor"],
    "coupon_effect": ["redemptions", "redeemers", "redemptions_with_order", "discount"],
    "session_conversion": ["sessions", "orders"],
    "behaviour_effect": ["members", "others"],
    "subscription_mrr": ["mrr"],
    "communication_calendar": ["days_until_renewal"],
    "subscription_mrr_monthly": ["closing", "closing_customers", "expansion", "reactivation"],
    "prediction_tracking": ["actual_orders", "expected_orders"],
    "prediction_verdict": ["actual_orders", "predicted_orders"],
    "source_accounting": ["rows_in_files", "rows_used", "rows_rejected", "rows_quarantined"],
}

Suite = Mapping[tuple[str, str], list["Expectation"]]


@dataclass(frozen=True)
class Gate:
    """One gate: the asset it guards, and the expectations by table that decide."""

    asset: tuple[str, str]
    suite: Suite


def run_gates(
    database: Path, gates: Sequence[Gate], mask_columns: frozenset[str] = frozenset()
) -> dict[tuple[str, str], list[SuiteResult]]:
    """What each gate's tables show, by the asset it guards; see `run_suites`.

    All gates of a stage go through GX together, each table once: most of the cost is its setting
    up, of the context and of every table.
    """
    together: dict[tuple[str, str], list[Expectation]] = {}
    for gate in gates:
        for table, expectations in gate.suite.items():
            together.setdefault(table, []).extend(expectations)
    results = run_suites(database, together, mask_columns=mask_columns)
    outcomes = {(result.schema, result.table): iter(result.outcomes) for result in results}
    return {
        gate.asset: [
            SuiteResult(*table, tuple(islice(outcomes[table], len(expectations))))
            for table, expectations in gate.suite.items()
        ]
        for gate in gates
    }


def raw_gates(
    contract: Contract, mapped: Iterable[str], variables: Variables, run_id: str
) -> list[Gate]:
    """Gates on `raw.*`, one for each mapped export; `run_id` says which files are new."""
    gx = load_gx()
    share = variables["max_rejected_share"]
    return [
        Gate(
            ("raw", name),
            {
                ("raw", name): _raw_table(gx, contract, contract.tables[name], variables),
                ("ledger", "files"): [
                    gx.UnexpectedRowsExpectation(
                        description=f"at most {share:.1%} of the rows of {name} are unreadable"
                        " (max_rejected_share); ledger.rejects has each with file and line",
                        unexpected_rows_query=rules.rejected(name, share),
                    )
                ],
                ("ledger", "file_columns"): [
                    gx.UnexpectedRowsExpectation(
                        severity="warning",
                        description=f"new files of {name} have the columns and types of those"
                        " before them",
                        unexpected_rows_query=rules.drift(name, run_id),
                    )
                ],
            },
        )
        for name in mapped
    ]


def _raw_table(
    gx: Any, contract: Contract, table: Table, variables: Variables
) -> list["Expectation"]:
    expectations = [
        gx.ExpectTableColumnsToMatchSet(
            column_set=[*table.columns, *contract.provenance],
            exact_match=True,
            description="the columns are those of the contract",
        ),
        gx.ExpectTableRowCountToBeBetween(
            min_value=1, severity="warning", description=f"{table.name} holds rows"
        ),
        gx.UnexpectedRowsExpectation(
            description="every row that a file brought is in the table, and no other",
            unexpected_rows_query="select count(*) as present from {batch} having count(*)"
            " <> (select coalesce(sum(rows_loaded), 0) from ledger.files"
            f" where export = {literal(table.name)})",
        ),
    ]
    if table.name in rules.HAPPENINGS:
        expectations.append(
            gx.UnexpectedRowsExpectation(
                severity="warning",
                description=f"the newest row of {table.name} is at most"
                f" {variables['max_days_without_rows']} days older than the as-of date"
                " (max_days_without_rows)",
                unexpected_rows_query=rules.stale(table.name, variables),
            )
        )
    filled = [column.name for column in table.columns.values() if column.is_not_null]
    return expectations + [
        gx.ExpectColumnValuesToNotBeNull(column=name, description=f"{name} is never empty")
        for name in filled
    ]


def staging_gates(mapped: Iterable[str], variables: Variables) -> list[Gate]:
    """Gates on staging: one for each mapped export, on its tagged rows."""
    gx = load_gx()
    exports = list(mapped)
    gates = []
    for name in exports:
        suite = {("staging", TAGGED[name]): _tagged_rows(gx, name, variables)}
        if name == "orders" and "customers" in exports:
            suite["staging", "stg_orders"] = [_known_customers(gx, variables)]
        gates.append(Gate(("staging", TAGGED[name]), suite))
    return gates


def _tagged_rows(gx: Any, name: str, variables: Variables) -> list["Expectation"]:
    share = variables["max_quarantined_share"]
    expectations = [
        gx.UnexpectedRowsExpectation(
            description="every loaded row is tagged exactly once",
            unexpected_rows_query="select count(*) as tagged from {batch}"
            f" having count(*) <> (select count(*) from raw.{name})",
        ),
        gx.ExpectColumnValuesToBeInSet(
            column="row_status",
            value_set=["used", "duplicate", "superseded", "quarantined"],
            description="every row is used, duplicate, superseded or quarantined",
        ),
        gx.UnexpectedRowsExpectation(
            description=f"at most {share:.1%} of the rows of {name} are quarantined"
            " (max_quarantined_share); marts.quarantine has each with its reason",
            unexpected_rows_query=rules.quarantined(share),
        ),
    ]
    if name not in rules.HAPPENINGS:
        return expectations
    return [
        *expectations,
        _volume(gx, name, variables, "critical"),
        _volume(gx, name, variables, "warning"),
        gx.ExpectColumnProportionOfNonNullValuesToBeBetween(
            column="customer_id",
            min_value=0,
            severity="info",
            description=f"share of the rows of {name} that name their customer",
        ),
    ]


def _volume(gx: Any, name: str, variables: Variables, severity: str) -> "Expectation":
    setting = f"volume_{severity}_factor"
    factor, weeks = variables[setting], variables["volume_weeks"]
    closed_days = severity == "warning"
    shut = "" if closed_days else "; a day without any is only warned of, shops close"
    return gx.UnexpectedRowsExpectation(
        severity=severity,
        description=f"the {name} of the newest complete day are within a factor of {factor:g} of"
        f" the usual, the median of that weekday in the {weeks} weeks before ({setting}){shut}",
        unexpected_rows_query=rules.unusual_volume(
            name, variables, factor, closed_days=closed_days
        ),
    )


def _known_customers(gx: Any, variables: Variables) -> "Expectation":
    share = variables["max_unknown_customers_share"]
    return gx.UnexpectedRowsExpectation(
        severity="warning",
        description=f"at most {share:.1%} of the orders are by customers that the customers export"
        " does not hold (max_unknown_customers_share)",
        unexpected_rows_query=rules.unknown_customers(share),
    )


def mart_gates(marts: Iterable[str], variables: Variables) -> list[Gate]:
    """Gates on the marts: no share outside 0 to 1, no count below 0, no NaN in either, and no
    prediction that has not earned its place."""
    gx = load_gx()
    gates = []
    for mart in marts:
        expectations = [
            gx.ExpectColumnValuesToBeBetween(
                column=column,
                min_value=0,
                max_value=1,
                description=f"{column} is a share, from 0 to 1",
            )
            for column in SHARES.get(mart, ())
        ] + [
            gx.ExpectColumnValuesToBeBetween(
                column=column, min_value=0, description=f"{column} is never below 0"
            )
            for column in COUNTS.get(mart, ())
        ]
        if mart == "customer_value":
            expectations.append(_earned_predictions(gx, variables))
        if expectations:
            gates.append(Gate(("marts", mart), {("marts", mart): expectations}))
    return gates


def _earned_predictions(gx: Any, variables: Variables) -> "Expectation":
    return gx.UnexpectedRowsExpectation(
        description="a prediction is told only where the verdict on its horizon holds, and is"
        " then a number from 0 on",
        unexpected_rows_query=rules.unearned_predictions(variables),
    )
