"""What the gate on raw asks: did everything arrive, in the promised shape, and readable.

A critical failure stops the run, a warning is reported. Keys and relations are dbt's tests.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..exports.contract import Contract, Table
from ..exports.sql import literal
from . import rules
from .gx.runner import load_gx
from .gx.suites import Gate
from .rules import Variables

if TYPE_CHECKING:
    from great_expectations.expectations.expectation import Expectation


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
                        description=f"at most {share:.1%} of the rows of {name} are unreadable, and"
                        " of each file and delivery (max_rejected_share); `retention rejects` shows"
                        " them",
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
                ("ledger", "value_notes"): [
                    gx.UnexpectedRowsExpectation(
                        severity="warning",
                        description=f"what optional columns of {name} hold could be read; what"
                        " could not was left empty",
                        unexpected_rows_query=rules.emptied(name, run_id),
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
    if table.name in rules.DAILY:
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
