"""What each table of the build file was built with, recorded in `ledger.builds`.

Any selection of assets may be materialized by itself, so a table can be older than what it is made
of, or than its definition. Two things depend on these notes: a kept table is rebuilt when its own
definition changes, and publishing refuses tables that are not what a whole run would make of them.
"""

import hashlib
import json
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import duckdb

from ..exports.errors import ExportError
from ..exports.sql import identifier, literal
from ..settings import ROOT
from . import project
from .project import Node, manifest, relation

#: Tables of the loader's ledger that describe runs: each run moves them, but no figure.
RUN_LEDGER = frozenset({"runs", "published_cells", "published_restatements"})
#: Schemas that dbt builds in; `activity` is where versions up to 0.1 had `core` and `intermediate`.
SCHEMAS = ("staging", "core", "intermediate", "predictions", "marts", "activity")

_TABLES = """
create schema if not exists ledger;
create table if not exists ledger.builds (
    relation varchar primary key, build_number bigint, definition varchar, failed_test varchar,
    gate_passed_at bigint
);
"""
_VAR = re.compile(r"\bvar\(\s*['\"](\w+)['\"]")
#: Configuration that changes nothing in a table.
_NO_DEFINITION = ("access", "docs", "group", "meta", "persist_docs", "tags")

Definitions = Mapping[str, str]


def definitions(variables: Mapping[str, Any]) -> dict[str, str]:
    """For each model and seed, a digest of all that decides what it computes from its inputs.

    That is its SQL and configuration, the macros it calls, the vars that these read, and the rows
    of a seed: not its descriptions or tests. `as_of_date` does not count for a kept table, which
    is cut at no day.
    """
    found = {relation(node): _definition(node, variables) for node in project.tables().values()}
    forecasts = _digest(_code_of_forecasts(), {v: variables[v] for v in variables if _forecasts(v)})
    for node in manifest()["sources"].values():
        if node["source_name"] == "predictions":
            found[relation(node)] = forecasts
    return found


def _forecasts(variable: str) -> bool:
    return variable.startswith("prediction_") or variable == "renewals_ahead"


@cache
def _code_of_forecasts() -> str:
    files = sorted((ROOT / "dagster_project/predictions").rglob("*.py"))
    return _digest([file.read_text(encoding="utf-8") for file in files])


def _definition(node: Node, variables: Mapping[str, Any]) -> str:
    if node["resource_type"] == "seed":
        return _digest(node["checksum"], _config(node))
    code = [node["raw_code"], *(_macros(tuple(node["depends_on"]["macros"])))]
    read = sorted({name for text in code for name in _VAR.findall(text)})
    if is_kept(node):
        read = [name for name in read if name != "as_of_date"]
    values = {name: variables.get(name) for name in read}
    meta = _all_meta() if any("graph." in text for text in code) else None
    return _digest(code, _config(node), values, meta)


def is_kept(node: Node) -> bool:
    """Whether the table is kept between runs and added to."""
    return node["config"].get("materialized") == "incremental"


def _config(node: Node) -> dict[str, Any]:
    return {key: value for key, value in node["config"].items() if key not in _NO_DEFINITION}


@cache
def _macros(names: tuple[str, ...]) -> tuple[str, ...]:
    """The source of the project's own macros that these call, directly or not."""
    macros, found, queue = manifest()["macros"], {}, list(names)
    while queue:
        name = queue.pop()
        # what dbt itself does belongs to its version, which the lock decides
        if name in found or not name.startswith("macro.retention."):
            continue
        found[name] = macros[name]["macro_sql"]
        queue += macros[name]["depends_on"]["macros"]
    return tuple(found[name] for name in sorted(found))


@cache
def _all_meta() -> str:
    nodes = [*manifest()["nodes"].values(), *manifest()["sources"].values()]
    return _digest(
        sorted((node["unique_id"], _plain(node["config"].get("meta"))) for node in nodes)
    )


def _plain(value: Any) -> str:
    return json.dumps(value, sort_keys=True, default=str)


def _digest(*parts: Any) -> str:
    return hashlib.sha256(_plain(parts).encode()).hexdigest()


def prepare_builds(con: duckdb.DuckDBPyConnection) -> None:
    """Make the table of notes, where it is not there yet."""
    con.execute(_TABLES)


def require(con: duckdb.DuckDBPyConnection, relations: Iterable[str]) -> None:
    """Raises ExportError, naming them, where tables or views are not there to be read."""
    found = con.execute(
        "select schema_name || '.' || table_name from duckdb_tables()"
        " union all select schema_name || '.' || view_name from duckdb_views()"
    ).fetchall()
    if missing := sorted(set(relations) - {name for (name,) in found}):
        raise ExportError(
            f"not built yet, and needed: {', '.join(missing)}; materialize these too,"
            " or everything once (`retention run`)"
        )


def begin(con: duckdb.DuckDBPyConnection, relations: Iterable[str], known: Definitions) -> None:
    """Note that these tables are being built: a run that dies leaves them marked.

    Kept tables and seeds that were built by another definition are dropped, so that dbt
    rebuilds them. So are tables that no model makes any more.
    """
    prepare_builds(con)
    _drop_orphans(con)
    names = sorted(relations)
    noted = dict(con.execute("select relation, definition from ledger.builds").fetchall())
    changed = [name for name in names if noted.get(name) != known[name]]
    drop_kept(con, changed)
    con.execute(
        "update ledger.builds set definition = null where list_contains(?, relation)", [changed]
    )
    con.execute(
        "update ledger.builds set build_number = null where list_contains(?, relation)", [names]
    )


def drop_kept(con: duckdb.DuckDBPyConnection, relations: Collection[str]) -> None:
    """Drop those of these tables that are kept between runs, and seeds, to be rebuilt."""
    for node in project.tables().values():
        if relation(node) in relations and (is_kept(node) or node["resource_type"] == "seed"):
            con.execute(f"drop table if exists {node['schema']}.{identifier(node['name'])}")


def _drop_orphans(con: duckdb.DuckDBPyConnection) -> None:
    """Drop what is in dbt's schemas and belongs to no model, seed or source."""
    nodes = [*manifest()["nodes"].values(), *manifest()["sources"].values()]
    owned = {relation(node) for node in nodes}
    for kind in ("view", "table"):
        found = con.execute(
            f"select schema_name, {kind}_name from duckdb_{kind}s()"
            " where not internal and schema_name in ?",
            [list(SCHEMAS)],
        ).fetchall()
        for schema, name in found:
            if f"{schema}.{name}" not in owned:
                con.execute(f"drop {kind} {identifier(schema)}.{identifier(name)} cascade")


def finish(con: duckdb.DuckDBPyConnection, built: Sequence[str], known: Definitions) -> None:
    """Note tables as built, in the order in which they were: not tested, and past no gate yet."""
    for name in built:
        con.execute(
            "insert or replace into ledger.builds"
            " select ?, coalesce(max(build_number), 0) + 1, ?, null, null from ledger.builds",
            [name, known[name]],
        )


def note_test(con: duckdb.DuckDBPyConnection, name: str, test: str, passed: bool) -> None:
    """Note whether a test of a table held; one that failed keeps it from being published."""
    if passed:
        con.execute(
            "update ledger.builds set failed_test = null where relation = ? and failed_test = ?",
            [name, test],
        )
    else:
        con.execute("update ledger.builds set failed_test = ? where relation = ?", [test, name])


def note_gate(con: duckdb.DuckDBPyConnection, name: str, passed: bool) -> None:
    """Note whether the gate let a table pass as it is now."""
    con.execute(
        "update ledger.builds set gate_passed_at = case when ? then build_number end"
        " where relation = ?",
        [passed, name],
    )


def note_content(con: duckdb.DuckDBPyConnection, name: str, content: str) -> None:
    """Note a table that no model makes, by a digest of its content; equal content is no new build.

    `content` is a query of one value.
    """
    prepare_builds(con)
    row = con.execute(f"select coalesce(cast(({content}) as varchar), '')").fetchone()
    noted = con.execute(
        "select definition from ledger.builds where relation = ? and build_number is not null",
        [name],
    ).fetchone()
    if row and noted != row:
        finish(con, [name], {name: row[0]})


def note_raw(con: duckdb.DuckDBPyConnection, export: str) -> None:
    """Note a raw table by the files it was loaded from."""
    note_content(
        con,
        f"raw.{export}",
        "select md5(string_agg(concat_ws('|', file, sha256, mapping, delivered_at, rows_loaded,"
        f" loaded_at), chr(10) order by file)) from ledger.files where export = {literal(export)}",
    )


def note_ledger(con: duckdb.DuckDBPyConnection, table: str) -> None:
    """Note a table of the loader's ledger by its rows."""
    if table not in RUN_LEDGER:
        rows = f"ledger.{identifier(table)}"
        note_content(
            con, f"ledger.{table}", f"select count(*) || '|' || bit_xor(hash(r)) from {rows} as r"
        )


def faults(
    con: duckdb.DuckDBPyConnection, marts: Iterable[str], known: Definitions
) -> dict[str, str]:
    """Why marts, or what they are made of, are not what a whole run would make of them; by table.

    `known` are the current definitions, by which everything should have been built.
    """
    prepare_builds(con)
    notes = {
        name: rest
        for name, *rest in con.execute(
            "select relation, build_number, definition, failed_test from ledger.builds"
        ).fetchall()
    }
    wanted = [key for key, node in project.tables().items() if relation(node) in _named(marts)]
    found: dict[str, str] = {}
    for node in project.with_ancestors(wanted).values():
        if _describes_runs(node):
            continue
        name = relation(node)
        number, definition, failed_test = notes.get(name, (None, None, None))
        above = [_relation_of(key) for key in project.parents(node)]
        newer = [parent for parent in above if (notes.get(parent, [None])[0] or 0) > (number or 0)]
        if number is None:
            found[name] = "was never built, or not to its end"
        elif name in known and definition != known[name]:
            found[name] = "was built by another definition or other settings than those of now"
        elif failed_test:
            found[name] = f"does not hold the test {failed_test}"
        elif newer:
            found[name] = f"is older than {', '.join(sorted(newer))}"
    return found


def _named(marts: Iterable[str]) -> set[str]:
    return {f"marts.{mart}" for mart in marts}


def _relation_of(unique_id: str) -> str:
    return relation((manifest()["nodes"].get(unique_id)) or manifest()["sources"][unique_id])


def ungated(con: duckdb.DuckDBPyConnection, gated: Iterable[str]) -> list[str]:
    """Tables that their gate has not let pass as they are now."""
    passed = con.execute(
        "select relation from ledger.builds where gate_passed_at = build_number"
    ).fetchall()
    return sorted(set(gated) - {name for (name,) in passed})


def _describes_runs(node: Node) -> bool:
    return node["schema"] == "ledger" and node["name"] in RUN_LEDGER
