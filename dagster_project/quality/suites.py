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
