"""The gates between the stages, as blocking checks: a red one stops what is downstream."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import dagster as dg

from ..exports.contract import load_contract
from ..quality.data_docs import build_data_docs
from ..quality.gates_marts import mart_gates
from ..quality.gates_raw import raw_gates
from ..quality.gates_staging import staging_gates
from ..quality.gx.outcomes import Outcome, SuiteResult
from ..quality.gx.runner import GateError
from ..quality.gx.suites import Gate, run_gates
from ..quality.nights.findings import note_findings
from ..quality.results import not_judged, record
from ..quality.rules import note_columns
from ..warehouse import builds
from ..warehouse.history import note_accepted
from ..warehouse.project import gate_bounds
from ..warehouse.rejects import write_rejects
from .resources import Shop

CONTRACT = load_contract()
PERSONAL = frozenset(
    column.name
    for table in CONTRACT.tables.values()
    for column in table.columns.values()
    if column.is_personal
)


def _gate(
    stage: str, assets: Sequence[Sequence[str]], gates: Callable[[Shop], list[Gate]]
) -> dg.AssetChecksDefinition:
    @dg.multi_asset_check(
        name=f"{stage}_gate",
        specs=[
            dg.AssetCheckSpec(
                "gate",
                asset=list(asset),
                blocking=True,
                description=f"Great Expectations on {'.'.join(asset)}.",
            )
            for asset in assets
        ],
        can_subset=True,
        pool="warehouse",
    )
    def check(context: dg.AssetCheckExecutionContext, shop: Shop) -> Iterator[dg.AssetCheckResult]:
        asked = [list(key.asset_key.path) for key in context.selected_asset_check_keys]
        wanted = [gate for gate in gates(shop) if list(gate.asset) in asked]
        try:
            found = run_gates(shop.warehouse.build_file, wanted, mask_columns=PERSONAL)
        except GateError:
            _keep(shop, stage, {(stage, "gate"): [not_judged(stage)]})
            raise
        page = _keep(shop, stage, found)
        with shop.warehouse.connect() as con:
            write_rejects(con, shop.warehouse.rejects_file)
            for asset, results in found.items():
                builds.note_gate(con, ".".join(asset), not any(r.failed for r in results))
        for key in sorted(asked):
            results = found.get((key[0], key[1]), [])
            for result in results:
                for outcome in (*result.failed, *result.warnings):
                    context.log.warning(
                        f"{'.'.join(key)}, {stage} gate, {outcome.severity}:"
                        f" {result.schema}.{result.table}"
                        f"{'.' + outcome.column if outcome.column else ''}: "
                        f"{outcome.description or outcome.expectation}: {outcome.observed}"
                    )
            yield _result(key, results, page)

    return check


def _raw_gates(shop: Shop) -> list[Gate]:
    with shop.warehouse.connect() as con:
        note_columns(con, shop.run.run_id)
    return raw_gates(CONTRACT, shop.config.exports, shop.variables, shop.run.run_id)


def _staging_gates(shop: Shop) -> list[Gate]:
    with shop.warehouse.connect() as con:
        accepted = note_findings(con, shop.config, CONTRACT, shop.variables)
        note_accepted(con, shop.run, accepted)
    return staging_gates(CONTRACT, shop.config.exports, shop.variables)


def _keep(shop: Shop, stage: str, found: Mapping[tuple[str, str], list[SuiteResult]]) -> Path:
    """Keep what a gate found, where people look for it: red runs need it most."""
    run = shop.run
    kept = [
        record(run.run_id, run.started_at, stage, asset, result)
        for asset, results in sorted(found.items())
        for result in results
    ]
    shop.warehouse.keep_checks(run.run_id, stage, kept)
    build_data_docs(shop.warehouse.checks_folder, shop.warehouse.docs_folder)
    return shop.warehouse.docs_folder / f"{run.run_id}.html"


def _result(asset: list[str], results: list[SuiteResult], page: Path) -> dg.AssetCheckResult:
    outcomes = [(result, outcome) for result in results for outcome in result.outcomes]
    failed = [outcome for result in results for outcome in result.failed]
    warned = [o for result in results for o in result.warnings if o.severity == "warning"]
    table = [
        dg.TableRecord(
            {
                "table": f"{result.schema}.{result.table}",
                "expectation": outcome.description or outcome.expectation,
                "column": outcome.column or "",
                "severity": outcome.severity,
                "passed": "yes" if outcome.passed else "no",
                "observed": outcome.observed,
            }
        )
        for result, outcome in outcomes
    ]
    metadata: dict[str, dg.MetadataValue] = {"expectations": dg.MetadataValue.int(len(outcomes))}
    if table:
        metadata["data_docs"] = dg.MetadataValue.path(str(page))
        metadata["outcomes"] = dg.MetadataValue.table(table)
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name="gate",
        passed=not failed and not warned,
        severity=dg.AssetCheckSeverity.ERROR if failed else dg.AssetCheckSeverity.WARN,
        description=_said([*failed, *warned]) if outcomes else "not mapped in exports.yml",
        metadata=metadata,
    )


def _said(odd: list[Outcome]) -> str | None:
    """What is odd, a line each: what alerts and the list of checks show."""
    lines = [f"{o.description or o.expectation}: {o.observed.partition(chr(10))[0]}" for o in odd]
    return "\n".join(lines) or None


raw_gate = _gate(
    "raw",
    [("raw", name) for name in CONTRACT.tables],
    _raw_gates,
)
staging_gate = _gate(
    "staging",
    [("staging", table.staged) for table in CONTRACT.tables.values()],
    _staging_gates,
)
marts_gate = _gate(
    "marts",
    [("marts", mart) for mart in gate_bounds()],
    lambda shop: mart_gates(gate_bounds(), shop.variables),
)
