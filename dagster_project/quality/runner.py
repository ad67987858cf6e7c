"""Runs Great Expectations suites on DuckDB tables and says what was found, in plain values.

No Dagster here. GX is imported inside the functions, once per process: it costs seconds. Build
suites with the module that `load_gx` returns and give them to `run_suites`.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from types import ModuleType

    from great_expectations.data_context import EphemeralDataContext
    from great_expectations.datasource.fluent.interfaces import Batch
    from great_expectations.expectations.expectation import Expectation
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

Severity = Literal["critical", "warning", "info"]

SHOWN_VALUES = 5
SHOWN_CHARACTERS = 160
SHOWN_ROWS_CHARACTERS = 600

_POSITION = "position"  # in an expectation's meta


class GateError(RuntimeError):
    """A suite could not be judged: the check is broken, which says nothing about the data."""


@dataclass(frozen=True)
class Outcome:
    """What one expectation found.

    Attributes:
        expectation: GX's name of the rule, e.g. `expect_column_values_to_be_unique`.
        column: The column, or several joined by ", "; None for a rule on the whole table.
        severity: What a failure means: `critical` stops, `warning` and `info` are told.
        passed: Whether the rule holds (within its `mostly`).
        observed: What was found, short. Values of masked columns never appear in it.
        unexpected_count: Rows that break the rule, also when `mostly` forgives them; None for a
            rule that is not about rows (a row count, a mean).
        description: The author's words: the expectation's `description`, else its `notes`.
    """

    expectation: str
    column: str | None
    severity: Severity
    passed: bool
    observed: str
    unexpected_count: int | None
    description: str


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


def load_gx() -> ModuleType:
    """Import GX, the dear step, and return `great_expectations.expectations`.

    The garbage collector rests meanwhile: an import makes hundreds of thousands of objects that
    live for good, and going through them again and again takes a fifth of the time.
    """
    with _garbage_collector_paused():
        import great_expectations.expectations as expectations

        from dagster_project.quality import engine  # noqa: F401  # registers add_duckdb
    return expectations


def run_suites(
    database: Path,
    suites: Mapping[tuple[str, str], Sequence[Expectation]],
    *,
    read_only: bool = True,
    mask_columns: frozenset[str] = frozenset(),
) -> list[SuiteResult]:
    """Judge tables of a DuckDB file, each by its suite, as SQL inside DuckDB.

    Afterwards, also after an error, no connection to the file is left open.

    Args:
        database: The DuckDB file. Nothing in it is changed.
        suites: The expectations of each (schema, table).
        read_only: How to open the file. DuckDB wants one configuration per file and process, and
            the SQLAlchemy dialect adds its own: close every other connection first, either way.
        mask_columns: Names of columns with personal data, in any table and letter case. Rules
            on them report counts only; no value of theirs reaches an `Outcome`.

    Returns:
        One result per suite, in the given order.

    Raises:
        ValueError: A suite is empty, and so would pass whatever the table holds.
        GateError: The file cannot be opened, a table or column does not exist, or a rule's SQL
            fails. The message names suite and expectation; it quotes DuckDB, which may quote
            the value it stumbled on.
    """
    for (schema, table), expectations in suites.items():
        if not expectations:
            raise ValueError(f"the suite of {schema}.{table} has no expectations")
    if not database.is_file():
        raise GateError(f"no DuckDB file at {database}")

    load_gx()
    context = _quiet_context()
    masked = frozenset(name.casefold() for name in mask_columns)
    results = []
    with ExitStack() as open_engines:
        datasources: dict[str, Any] = {}
        for (schema, table), expectations in suites.items():
            with _errors_as_gate_errors(f"{schema}.{table}"):
                if schema not in datasources:
                    datasource = context.data_sources.add_duckdb(
                        schema,
                        # the path is no part of the URL: there GX and SQLAlchemy replace $ ? %
                        connection_string="duckdb://",
                        kwargs={
                            "connect_args": {"database": str(database), "read_only": read_only}
                        },
                        schema_name=schema,
                    )
                    open_engines.callback(datasource.get_execution_engine().close)
                    datasources[schema] = datasource
                asset = datasources[schema].add_table_asset(table)
                batch = asset.add_batch_definition_whole_table("all").get_batch()
                outcomes = _judge(batch, f"{schema}.{table}", expectations, masked)
            results.append(SuiteResult(schema, table, outcomes))
    return results


def _judge(
    batch: Batch, name: str, expectations: Sequence[Expectation], masked: frozenset[str]
) -> tuple[Outcome, ...]:
    """Count first, then fetch examples for what failed: most of the time nothing does, and
    looking for examples is a second scan for every rule on rows."""
    counted = _validate(batch, name, expectations, shown_values=0)
    to_show = [
        position
        for position, (expectation, result) in enumerate(zip(expectations, counted, strict=True))
        if _is_about_rows(result) and not result["success"]
        if not masked.intersection(map(str.casefold, _columns(expectation)))
    ]
    if to_show:
        failed = [expectations[position] for position in to_show]
        examples = _validate(batch, name, failed, shown_values=SHOWN_VALUES)
        for position, result in zip(to_show, examples, strict=True):
            counted[position] = result
    own = [
        position
        for position, (expectation, result) in enumerate(zip(expectations, counted, strict=True))
        if _is_own_sql(expectation) and not result["success"]
    ]
    if own:
        failed = [expectations[position] for position in own]
        found = _validate(batch, name, failed, shown_values=SHOWN_VALUES, form="COMPLETE")
        for position, result in zip(own, found, strict=True):
            counted[position] = result
    return tuple(
        _outcome(expectation, result, masked)
        for expectation, result in zip(expectations, counted, strict=True)
    )


def _validate(
    batch: Batch,
    name: str,
    expectations: Sequence[Expectation],
    *,
    shown_values: int,
    form: Literal["BASIC", "COMPLETE"] = "BASIC",
) -> list[dict[str, Any]]:
    """Run GX once; each expectation's result dict in order, with its `success` added.

    Raises:
        GateError: An expectation raised, or GX left one out.
    """
    from great_expectations import ExpectationSuite

    # GX answers grouped by column; the position in `meta` brings the author's order back. Copies,
    # because a suite binds itself to its expectations.
    numbered = [
        expectation.copy(update={"id": None, "meta": {_POSITION: position}})
        for position, expectation in enumerate(expectations)
    ]
    validation = batch.validate(
        ExpectationSuite(name, expectations=numbered),
        result_format={"result_format": form, "partial_unexpected_count": shown_values},
    )
    errors = [
        f"{name}: {_label(result.expectation_config)} could not run: {message}"
        for result in validation.results
        if (message := _exception_message(result.exception_info))
    ]
    if errors:
        raise GateError("\n".join(errors))
    found = {
        result.expectation_config.meta[_POSITION]: {
            **result.result,
            "success": bool(result.success),
        }
        for result in validation.results
        if result.expectation_config is not None and result.expectation_config.meta is not None
    }
    if len(found) != len(expectations):
        # GX logs an expectation that it finds invalid, and goes on without it
        raise GateError(f"{name}: {len(found)} of {len(expectations)} expectations ran")
    return [found[position] for position in range(len(expectations))]


def _label(config: ExpectationConfiguration | None) -> str:
    if config is None:
        return "an expectation"
    column = config.kwargs.get("column") or config.kwargs.get("column_list") or "table"
    return f"{config.type} ({column})"


def _exception_message(exception_info: Mapping[str, Any]) -> str | None:
    """The message in GX's record of an exception, or None.

    The record is flat when the expectation raised, and one level deeper, by metric, when one of
    its metrics did.
    """
    records = [exception_info] if "raised_exception" in exception_info else exception_info.values()
    messages = [r.get("exception_message") or "unknown" for r in records if r["raised_exception"]]
    return "; ".join(dict.fromkeys(messages)) or None


def _outcome(
    expectation: Expectation, result: Mapping[str, Any], masked: frozenset[str]
) -> Outcome:
    columns = _columns(expectation)
    unexpected = result["unexpected_count"] if _is_about_rows(result) else None
    observed = _observed(result, hidden=bool(masked.intersection(map(str.casefold, columns))))
    if _is_own_sql(expectation):
        unexpected = result["observed_value"]
        observed = _rows(unexpected, (result.get("details") or {}).get("unexpected_rows"), masked)
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
    )


def _is_own_sql(expectation: Expectation) -> bool:
    from great_expectations.expectations import UnexpectedRowsExpectation

    return isinstance(expectation, UnexpectedRowsExpectation)


def _is_about_rows(result: Mapping[str, Any]) -> bool:
    """Whether the rule was judged row by row, rather than on one figure of the table."""
    return "element_count" in result and result.get("unexpected_count") is not None


def _columns(expectation: Expectation) -> list[str]:
    """The columns whose values the expectation looks at."""
    single = (getattr(expectation, name, None) for name in ("column", "column_A", "column_B"))
    return [*filter(None, single), *(getattr(expectation, "column_list", None) or ())]


def _observed(result: Mapping[str, Any], *, hidden: bool) -> str:
    if _is_about_rows(result):
        text = f"{result['unexpected_count']:,} of {result['element_count']:,} rows"
        examples = [] if hidden else result.get("partial_unexpected_list") or []
        shown = [_value(example) for example in examples if example is not None]
        return _short(f"{text}: {', '.join(dict.fromkeys(shown))}" if shown else text)
    if hidden:
        return "hidden"
    if "observed_value" not in result:
        return "no rows"  # GX says nothing of a row rule with `mostly` on an empty table
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


def _quiet_context() -> EphemeralDataContext:
    """A GX context in memory: no project folder, no progress bars, nothing sent home."""
    import great_expectations as gx
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    return gx.get_context(
        mode="ephemeral",
        project_config=DataContextConfig(
            store_backend_defaults=InMemoryStoreBackendDefaults(),
            progress_bars=ProgressBarsConfig(globally=False),
            analytics_enabled=False,
        ),
    )


@contextmanager
def _errors_as_gate_errors(name: str) -> Iterator[None]:
    """Whatever GX, SQLAlchemy or DuckDB raise while a gate runs: it could not be judged."""
    try:
        yield
    except GateError:
        raise
    except Exception as error:
        raise GateError(f"{name}: {error}") from error


@contextmanager
def _garbage_collector_paused() -> Iterator[None]:
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
