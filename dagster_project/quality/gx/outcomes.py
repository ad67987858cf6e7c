"""What an expectation found, in plain values that can be kept and shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from great_expectations.expectations.expectation import Expectation

Severity = Literal["critical", "warning", "info"]

SHOWN_VALUES = 5
SHOWN_CHARACTERS = 160
SHOWN_ROWS_CHARACTERS = 1500

#: What a rule's own SQL has beside what it found: rows to look at, and what to do.
BESIDE = frozenset({"examples", "remedy", "to_let_it_through", "to_let_them_through"})


@dataclass(frozen=True)
class Outcome:
    """What one expectation found.

    Attributes:
        expectation: GX's name of the rule, e.g. `expect_column_values_to_be_unique`.
        column: The column, or several joined by ", "; None for a rule on the whole table.
        severity: What a failure means: `critical` stops, `warning` and `info` are reported.
        passed: Whether the rule holds (within its `mostly`).
        observed: What was found, briefly. Values of masked columns never appear in it.
        unexpected_count: Rows that break the rule, also when `mostly` forgives them; None for a
            rule that is not about rows (a row count, a mean).
        description: The author's words: the expectation's `description`, else its `notes`.
        found: What was found where readers of the marts see it: no examples, no remedy.
    """

    expectation: str
    column: str | None
    severity: Severity
    passed: bool
    observed: str
    unexpected_count: int | None
    description: str
    found: str = ""


@dataclass(frozen=True)
class SuiteResult:
    """The outcomes of one table's suite, in the suite's order."""

    schema: str
    table: str
    outcomes: tuple[Outcome, ...]

    @property
    def passed(self) -> bool:
        """Whether no critical expectation failed."""
        return not self.failed

    @property
    def failed(self) -> tuple[Outcome, ...]:
        """The critical expectations that failed."""
        return tuple(o for o in self.outcomes if not o.passed and o.severity == "critical")

    @property
    def warnings(self) -> tuple[Outcome, ...]:
        """The other expectations that failed: severity `warning` or `info`."""
        return tuple(o for o in self.outcomes if not o.passed and o.severity != "critical")

    def to_dict(self) -> dict[str, Any]:
        """The result as strings, numbers, booleans, lists and dicts only, ready for JSON."""
        outcomes = [asdict(outcome) for outcome in self.outcomes]
        return {
            "schema": self.schema,
            "table": self.table,
            "passed": self.passed,
            "outcomes": outcomes,
        }


def outcome_of(
    expectation: Expectation, result: Mapping[str, Any], masked: frozenset[str]
) -> Outcome:
    columns = columns_of(expectation)
    unexpected = result["unexpected_count"] if is_about_rows(result) else None
    hidden = bool(masked.intersection(map(str.casefold, columns)))
    observed = _observed(result, hidden=hidden)
    found = _counted(result) if is_about_rows(result) else "" if hidden else observed
    if is_own_sql(expectation):
        unexpected = result["observed_value"]
        rows = (result.get("details") or {}).get("unexpected_rows")
        observed, found = (_rows(unexpected, rows, hides) for hides in (masked, masked | BESIDE))
    notes = expectation.notes or ""
    return Outcome(
        expectation=expectation.expectation_type,
        column=", ".join(columns) or None,
        severity=expectation.severity.value,
        passed=result["success"],
        observed=observed,
        unexpected_count=unexpected,
        description=expectation.description
        or (notes if isinstance(notes, str) else " ".join(notes)),
        found=" ".join(found.split()),
    )


def is_own_sql(expectation: Expectation) -> bool:
    from great_expectations.expectations import UnexpectedRowsExpectation

    return isinstance(expectation, UnexpectedRowsExpectation)


def is_about_rows(result: Mapping[str, Any]) -> bool:
    """Whether the rule was judged row by row, rather than on one figure of the table."""
    return "element_count" in result and result.get("unexpected_count") is not None


def columns_of(expectation: Expectation) -> list[str]:
    """The columns whose values the expectation looks at."""
    single = (getattr(expectation, name, None) for name in ("column", "column_A", "column_B"))
    return [*filter(None, single), *(getattr(expectation, "column_list", None) or ())]


def _counted(result: Mapping[str, Any]) -> str:
    return f"{result['unexpected_count']:,} of {result['element_count']:,} rows"


def _observed(result: Mapping[str, Any], *, hidden: bool) -> str:
    if is_about_rows(result):
        text = _counted(result)
        examples = [] if hidden else result.get("partial_unexpected_list") or []
        shown = [_value(example) for example in examples if example is not None]
        return _short(f"{text}: {', '.join(dict.fromkeys(shown))}" if shown else text)
    if hidden:
        return "hidden"
    if "observed_value" not in result:
        return "no rows"  # GX says nothing about a row rule with `mostly` on an empty table
    mismatched = (result.get("details") or {}).get("mismatched")
    if isinstance(mismatched, Mapping):
        return _short("; ".join(f"{kind} {_value(names)}" for kind, names in mismatched.items()))
    return _short(_value(result.get("observed_value")))


def _rows(
    unexpected: int, found: Sequence[Mapping[str, Any]] | None, masked: frozenset[str]
) -> str:
    """The first rows that a rule's own SQL found, without their masked columns."""
    count = f"{unexpected:,} unexpected row{'' if unexpected == 1 else 's'}"
    rows = [
        ", ".join(
            f"{column.replace('_', ' ')} {value if isinstance(value, str) else _value(value)}"
            for column, value in row.items()
            if value is not None and column.casefold() not in masked
        )
        for row in (found or ())[:SHOWN_VALUES]
    ]
    shown = "; ".join(filter(None, rows))
    if not shown:
        return count
    return _short(shown if unexpected == 1 else f"{count}: {shown}", SHOWN_ROWS_CHARACTERS)


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return "(" + ", ".join(f"{key}={_value(part)}" for key, part in value.items()) + ")"
    if isinstance(value, (list, tuple, set)):
        shown = [_value(part) for part in list(value)[:SHOWN_VALUES]]
        rest = [f"… {len(value)} in all"] if len(value) > SHOWN_VALUES else []
        return "(" + ", ".join(shown + rest) + ")"
    if isinstance(value, float):
        return f"{value:.6g}"
    return repr(value) if isinstance(value, str) else str(value)


def _short(text: str, limit: int = SHOWN_CHARACTERS) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"
