"""What the gate on staging asks: is every row tagged, is too much of an export held back, and is
a delivery unlike the shop's own past."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..exports.contract import Contract
from . import rules
from .gx.runner import load_gx
from .gx.suites import Gate
from .nights import findings
from .rules import Variables

if TYPE_CHECKING:
    from great_expectations.expectations.expectation import Expectation


def staging_gates(contract: Contract, mapped: Iterable[str], variables: Variables) -> list[Gate]:
    """Gates on staging: one for each mapped export, on its tagged rows and its newest nights.

    `nights.findings.note_findings` has to have judged these.
    """
    gx = load_gx()
    exports = list(mapped)
    gates = []
    for name in exports:
        staged = contract.tables[name].staged
        suite = {
            ("staging", staged): _tagged_rows(gx, name, variables),
            ("ledger", "night_findings"): _nights(gx, name),
        }
        if name == "orders" and "customers" in exports:
            suite["staging", "stg_orders"] = [_known_customers(gx, variables)]
        gates.append(Gate(("staging", staged), suite))
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
            description=f"at most {share:.1%} of the rows of {name} are quarantined, and of each"
            " file (max_quarantined_share); `retention rejects` shows them",
            unexpected_rows_query=rules.quarantined(share),
        ),
    ]
    if name not in rules.DAILY:
        return expectations
    return [
        *expectations,
        gx.ExpectColumnProportionOfNonNullValuesToBeBetween(
            column="customer_id",
            min_value=0,
            severity="info",
            description=f"share of the rows of {name} that name their customer",
        ),
    ]


def _nights(gx: Any, name: str) -> list["Expectation"]:
    described = {
        "critical": f"what is delivered of {name} is like the nights before",
        "warning": f"what is delivered of {name} is much like the nights before",
    }
    return [
        gx.UnexpectedRowsExpectation(
            severity=severity,
            description=text,
            unexpected_rows_query=findings.rule(name, severity),
        )
        for severity, text in described.items()
    ]


def _known_customers(gx: Any, variables: Variables) -> "Expectation":
    share = variables["max_unknown_customers_share"]
    return gx.UnexpectedRowsExpectation(
        severity="warning",
        description=f"at most {share:.1%} of the orders are by customers that the customers export"
        " does not hold (max_unknown_customers_share)",
        unexpected_rows_query=rules.unknown_customers(share),
    )
