"""What the gates ask at each door: of raw, of staging, of the marts.

A gate asks what the models inside cannot: did everything arrive, is it of the promised shape, is
too much of it bad. Keys and relations are dbt's tests. Critical stops the run, a warning is told.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ..exports.contract import Contract, Table
from ..exports.sql import literal
from .runner import load_gx

if TYPE_CHECKING:
    from great_expectations.expectations.expectation import Expectation

#: Of each export: the model that holds all its rows, tagged.
TAGGED = {
    "orders": "stg_order_rows",
    "sessions": "stg_session_rows",
    "events": "stg_event_rows",
    "customers": "stg_customer_rows",
}

#: Of each mart: columns that are shares, and columns that count.
SHARES = {
    "cohort_retention": ["retention_rate", "on_or_after_rate", "rate_low", "rate_high"],
    "retention_curve": ["retention_rate", "on_or_after_rate"],
    "monthly_churn": ["customer_retention_rate"],
    "lifespan_survival": ["survival", "survival_low", "survival_high"],
    "active_customers": ["stickiness"],
}
COUNTS = {
    "cohort_retention": ["cohort_size", "retained_customers", "retained_on_or_after"],
    "monthly_churn": ["opening_customers", "closing_customers", "churned_customers"],
    "lifespan_survival": ["at_risk", "ended"],
    "lifespan_summary": ["customers", "ended_customers"],
    "customer_value": ["orders"],
    "cohort_value": ["cohort_size"],
    "active_customers": ["dau", "wau", "mau", "mau_28"],
    "lifecycle": ["active_customers", "dormant_customers"],
    "source_accounting": ["rows_in_files", "rows_used", "rows_rejected", "rows_quarantined"],
}

Suite = Mapping[tuple[str, str], list["Expectation"]]


@dataclass(frozen=True)
class Gate:
    """One gate: the asset it guards, and the expectations by table that decide."""

    asset: tuple[str, str]
    suite: Suite


def raw_gates(
    contract: Contract, mapped: Iterable[str], variables: Mapping[str, Any]
) -> list[Gate]:
    """Gates on `raw.*`: one for each mapped export."""
    gx = load_gx()
    share = variables["max_rejected_share"]
    return [
        Gate(
            ("raw", name),
            {
                ("raw", name): _raw_table(gx, contract, contract.tables[name]),
                ("ledger", "files"): [
                    gx.UnexpectedRowsExpectation(
                        description=f"at most {share:.1%} of the rows of {name} are unreadable"
                        " (max_rejected_share); ledger.rejects has each with file and line",
                        unexpected_rows_query="select export, sum(rows_rejected) as rejected,"
                        " sum(rows_in_file) as rows_in_files from {batch}"
                        f" where export = {literal(name)} group by export"
                        f" having sum(rows_rejected) > {share} * sum(rows_in_file)",
                    )
                ],
            },
        )
        for name in mapped
    ]


def _raw_table(gx: Any, contract: Contract, table: Table) -> list["Expectation"]:
    expectations = [
        gx.ExpectTableColumnsToMatchSet(
            column_set=[*table.columns, *contract.provenance], exact_match=True
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
    filled = [column.name for column in table.columns.values() if column.is_not_null]
    return expectations + [gx.ExpectColumnValuesToNotBeNull(column=name) for name in filled]


def staging_gates(mapped: Iterable[str], variables: Mapping[str, Any]) -> list[Gate]:
    """Gates on staging: one for each mapped export, on its tagged rows."""
    gx = load_gx()
    share = variables["max_quarantined_share"]
    return [
        Gate(
            ("staging", TAGGED[name]),
            {
                ("staging", TAGGED[name]): [
                    gx.UnexpectedRowsExpectation(
                        description="every loaded row is tagged exactly once",
                        unexpected_rows_query="select count(*) as tagged from {batch}"
                        f" having count(*) <> (select count(*) from raw.{name})",
                    ),
                    gx.ExpectColumnValuesToBeInSet(
                        column="row_status",
                        value_set=["used", "duplicate", "superseded", "quarantined"],
                    ),
                    gx.UnexpectedRowsExpectation(
                        description=f"at most {share:.1%} of the rows of {name} are quarantined"
                        " (max_quarantined_share); marts.quarantine has each with its reason",
                        unexpected_rows_query="select count(*) as tagged, count(*) filter"
                        " (where row_status = 'quarantined') as quarantined from {batch}"
                        " having count(*) filter (where row_status = 'quarantined')"
                        f" > {share} * count(*)",
                    ),
                ]
            },
        )
        for name in mapped
    ]


def mart_gates(marts: Iterable[str]) -> list[Gate]:
    """Gates on the marts: no share outside 0 to 1, no count below 0, no NaN in either."""
    gx = load_gx()
    gates = []
    for mart in marts:
        expectations = [
            gx.ExpectColumnValuesToBeBetween(column=column, min_value=0, max_value=1)
            for column in SHARES.get(mart, ())
        ] + [
            gx.ExpectColumnValuesToBeBetween(column=column, min_value=0)
            for column in COUNTS.get(mart, ())
        ]
        if expectations:
            gates.append(Gate(("marts", mart), {("marts", mart): expectations}))
    return gates
