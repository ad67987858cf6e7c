"""The gates between the stages, as blocking checks: a red one stops what is downstream."""

from collections.abc import Callable, Iterator, Sequence

import dagster as dg

from ..exports.contract import load_contract
from ..quality.runner import SuiteResult, run_suites
from ..quality.suites import TAGGED, Gate, mart_gates, raw_gates, staging_gates
from .dbt import marts_with_gates
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
        asked = {gate.asset: gate for gate in gates(shop)}
        kept = []
        for key in sorted(key.asset_key.path for key in context.selected_asset_check_keys):
            gate = asked.get((key[0], key[1]))
            results = (
                run_suites(shop.warehouse.build_file, gate.suite, mask_columns=PERSONAL)
                if gate
                else []
            )
            kept += [result.to_dict() for result in results]
            shop.warehouse.keep_checks(shop.run.run_id, stage, kept)
            for result in results:
                for outcome in (*result.failed, *result.warnings):
                    context.log.warning(
                        f"{stage} gate, {outcome.severity}: {result.schema}.{result.table}"
                        f"{'.' + outcome.column if outcome.column else ''}: "
                        f"{outcome.description or outcome.expectation}: {outcome.observed}"
                    )
            yield _result(list(key), results)

    return check


def _result(asset: list[str], results: list[SuiteResult]) -> dg.AssetCheckResult:
    outcomes = [(result, outcome) for result in results for outcome in result.outcomes]
    failed = [outcome for result in results for outcome in result.failed]
    warned = [outcome for result in results for outcome in result.warnings]
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
        metadata["outcomes"] = dg.MetadataValue.table(table)
    return dg.AssetCheckResult(
        asset_key=asset,
        check_name="gate",
        passed=not failed and not warned,
        severity=dg.AssetCheckSeverity.ERROR if failed else dg.AssetCheckSeverity.WARN,
        description="not mapped in exports.yml" if not outcomes else None,
        metadata=metadata,
    )


raw_gate = _gate(
    "raw",
    [("raw", name) for name in CONTRACT.tables],
    lambda shop: raw_gates(CONTRACT, shop.config.exports, shop.variables),
)
staging_gate = _gate(
    "staging",
    [("staging", model) for model in TAGGED.values()],
    lambda shop: staging_gates(shop.config.exports, shop.variables),
)
marts_gate = _gate(
    "marts",
    [("marts", mart) for mart in marts_with_gates()],
    lambda shop: mart_gates(marts_with_gates()),
)
