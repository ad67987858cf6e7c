"""What the last gate asks of the marts, before anybody reads them."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .gx.runner import load_gx
from .gx.suites import Gate
from .rules import Variables

if TYPE_CHECKING:
    from great_expectations.expectations.expectation import Expectation

Bounds = Mapping[str, Mapping[str, str]]


def mart_gates(bounds: Bounds, variables: Variables) -> list[Gate]:
    """Gates on the marts: no share outside 0 to 1, no count below 0, no NaN in either, and no
    prediction that has not earned its place.

    `bounds` are those that the yml beside each mart gives its columns: mart, column, and `share` or
    `count`.
    """
    gx = load_gx()
    gates = []
    for mart, columns in bounds.items():
        expectations = [_bound(gx, column, kind) for column, kind in columns.items()]
        if mart == "customer_value":
            expectations.append(_earned_predictions(gx, variables))
        if mart == "audience_uplift":
            expectations.append(_nobody_held_out_was_written_to(gx))
        gates.append(Gate(("marts", mart), {("marts", mart): expectations}))
    return gates


def _bound(gx: Any, column: str, kind: str) -> "Expectation":
    described = {
        "share": f"{column} is a share, from 0 to 1",
        "count": f"{column} is never below 0",
    }
    return gx.ExpectColumnValuesToBeBetween(
        column=column,
        min_value=0,
        max_value=1 if kind == "share" else None,
        description=described[kind],
    )


def _nobody_held_out_was_written_to(gx: Any) -> "Expectation":
    return gx.ExpectColumnValuesToBeBetween(
        column="held_out_messaged",
        max_value=0,
        severity="warning",
        description="nobody who is held out of an audience is written to: their arm would no longer"
        " show what happens without the message, and the uplift would be too small",
    )


def _earned_predictions(gx: Any, variables: Variables) -> "Expectation":
    return gx.UnexpectedRowsExpectation(
        description="a prediction is told only where the verdict on its horizon holds, and is"
        " then a number from 0 on",
        unexpected_rows_query=unearned_predictions(variables),
    )


def unearned_predictions(variables: Variables) -> str:
    """Predictions of `customer_value` whose horizon failed, or that are not a number from 0 up."""
    holds = "select 1 from marts.prediction_verdict where is_whole_holdout and verdict = 'holds'"
    faults = [_unearned("probability_alive", holds)]
    for days in variables["prediction_horizons"]:
        for column, verdict in (
            ("expected_orders", "verdict"),
            ("predicted_value", "value_verdict"),
        ):
            holds = (
                "select 1 from marts.prediction_verdict"
                f" where not is_whole_holdout and horizon_days = {days} and {verdict} = 'holds'"
            )
            faults += [
                _unearned(f"{column}_{days}{bound}", holds) for bound in ("", "_low", "_high")
            ]
    return " union all ".join(faults)


def _unearned(column: str, holds: str) -> str:
    return (
        f"select '{column}' as prediction, count(*) as customers from {{batch}}"
        f" where {column} is not null and (not exists ({holds})"
        f" or not coalesce({column}::double between 0 and 1e300, false)) having count(*) > 0"
    )
