"""Runs Great Expectations suites on DuckDB tables and says what was found, in plain values.

No Dagster here. GX is imported inside the functions, once per process: it costs seconds. Build
suites with the module that `load_gx` returns and give them to `run_suites`.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from .outcomes import (
    SHOWN_VALUES,
    Outcome,
    SuiteResult,
    columns_of,
    is_about_rows,
    is_own_sql,
    outcome_of,
)

if TYPE_CHECKING:
    from types import ModuleType

    from great_expectations.data_context import EphemeralDataContext
    from great_expectations.datasource.fluent.interfaces import Batch
    from great_expectations.expectations.expectation import Expectation
    from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

_POSITION = "position"  # in an expectation's meta


class GateError(RuntimeError):
    """A suite could not be judged: the check is broken, which says nothing about the data."""


def load_gx() -> ModuleType:
    """Import GX, the expensive step, and return `great_expectations.expectations`.

    The garbage collector is off meanwhile: an import makes hundreds of thousands of objects that
    live for good, and going through them again and again takes a fifth of the time.
    """
    with _garbage_collector_paused():
        import great_expectations.expectations as expectations

        from dagster_project.quality.gx import engine  # noqa: F401  # registers add_duckdb
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
                        # the path is not part of the URL: there GX and SQLAlchemy replace $ ? %
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
        if is_about_rows(result) and not result["success"]
        if not masked.intersection(map(str.casefold, columns_of(expectation)))
    ]
    if to_show:
        failed = [expectations[position] for position in to_show]
        examples = _validate(batch, name, failed, shown_values=SHOWN_VALUES)
        for position, result in zip(to_show, examples, strict=True):
            counted[position] = result
    own = [
        position
        for position, (expectation, result) in enumerate(zip(expectations, counted, strict=True))
        if is_own_sql(expectation) and not result["success"]
    ]
    if own:
        failed = [expectations[position] for position in own]
        found = _validate(batch, name, failed, shown_values=SHOWN_VALUES, form="COMPLETE")
        for position, result in zip(own, found, strict=True):
            counted[position] = result
    return tuple(
        outcome_of(expectation, result, masked)
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
