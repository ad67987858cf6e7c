"""What `exports.yml` computes over a file in its own SQL: `select`, `sql` and `where`.

It may read its own file and nothing else: no table of the warehouse, no other file.
"""

import json
import re
from collections.abc import Iterator, Set
from pathlib import Path
from typing import Any

import duckdb

from ..errors import ExportError
from ..sql import identifier
from .names import unique_names

#: Marks our columns among the file's: no column of an export begins with it.
HIDDEN = "\x1f"
ROW_NAME = f"{HIDDEN}{HIDDEN}row"
ROW = identifier(ROW_NAME)


#: Table functions that make rows of what they are given.
_HARMLESS = {"range", "generate_series", "unnest", "json_each", "json_tree", "repeat_row"}


def over_files(
    con: duckdb.DuckDBPyConnection, path: Path, given: str, files: dict[str, str]
) -> str:
    """An export's own query, with what is read in place of `{file}` and of each `{name}`.

    Raises ExportError where it reads anything else.
    """
    query, stand_ins = given, given
    for name, relation in files.items():
        query = query.replace(f"{{{name}}}", relation)
        stand_ins = stand_ins.replace(f"{{{name}}}", identifier(HIDDEN * 3 + name))
    _stop_beyond_the_file(con, path, "select", stand_ins, {HIDDEN * 3 + name for name in files})
    return query


def select(con: duckdb.DuckDBPyConnection, path: Path, query: str) -> None:
    """The table `selected`: what an export's own query makes of the file.

    Raises ExportError where DuckDB refuses it, or two of its columns have the same name.
    """
    try:
        names = [name for name, *_ in _describe(con, query)]
        if tuple(names) != unique_names(names):
            raise ExportError(f"{path}: select: two of its columns bear the same name: {names}")
        con.execute(f"create temp table selected as {query}")
    except duckdb.Error as error:
        raise ExportError(f"{path}: select: {first_lines(error)}") from error


def evaluate(
    con: duckdb.DuckDBPyConnection,
    path: Path,
    relation: str,
    row: str,
    types: dict[str, str],
    computed: dict[str, str],
    where: str | None,
    is_text: bool,
    limit: int | None,
) -> dict[str, str]:
    """`incoming`: the columns as they are, and a hidden one for each expression over them.

    In expressions, text columns that hold nothing but numbers are numbers. Returns the type of
    each expression. Raises ExportError that names the key whose SQL DuckDB refuses.
    """
    own = ", ".join(f"{identifier(HIDDEN * 2 + name)} as {identifier(name)}" for name in types)
    kept = ", ".join(f"{identifier(name)} as {identifier(HIDDEN * 2 + name)}" for name in types)
    used = " ".join([*computed.values(), where or ""]).lower()
    unused = {name.lower() for name in types if name.lower() not in used}
    seen = _numbers(con, relation, types, unused) if is_text else ""
    seen = f"* replace ({seen})" if seen else "*"
    source = f"(select {row} as {ROW}, {kept}, {seen} from {relation})"
    given = {f"columns.{name}.sql": sql for name, sql in computed.items()}
    if where:
        given["where"] = where
    for key, sql in given.items():
        try:
            _stop_beyond_the_file(con, path, key, f"select ({sql}) as x")
            _describe(con, f"select ({sql}) as x from {source}")
        except duckdb.Error as error:
            said = first_lines(error).split("Candidate functions")[0].strip()
            if "VARCHAR" in said and "No function matches" in said:
                said += (
                    " A column of other signs than digits and a point is text here; with a decimal"
                    " comma its number is cast(replace(\"column\", ',', '.') as decimal(18, 4))."
                )
            raise ExportError(f"{path}: {key}: {said}") from error
    values = "".join(f", ({sql}) as {identifier(HIDDEN + name)}" for name, sql in computed.items())
    condition = f" where {where}" if where else ""
    end = f" limit {limit}" if limit is not None else ""
    try:
        con.execute(
            f"create temp table incoming as select {ROW}, {own}{values} from {source}"
            f"{condition}{end}"
        )
    except duckdb.Error as error:
        if not given:
            raise
        raise ExportError(f"{path}: {' or '.join(given)}: {first_lines(error)}") from error
    kinds = kinds_of(con, "incoming")
    return {name: kinds[HIDDEN + name] for name in computed}


def _stop_beyond_the_file(
    con: duckdb.DuckDBPyConnection, path: Path, key: str, query: str, files: Set[str] = frozenset()
) -> None:
    """Raise ExportError where a query reads a table beside the `files` and those of its `with`.

    DuckDB's parser says what it reads; what that cannot take apart is no SELECT.
    """
    try:
        statements = con.extract_statements(query)
    except duckdb.Error as error:
        raise ExportError(f"{path}: {key}: {first_lines(error)}") from error
    if len(statements) != 1:
        raise ExportError(f"{path}: {key}: more than one statement is given")
    told = con.execute("select json_serialize_sql(?)", [query]).fetchall()[0][0]
    parsed = json.loads(told)
    if parsed["error"]:
        raise ExportError(f"{path}: {key}: {parsed['error_message']}")
    nodes = list(_nodes(parsed))
    told_with = [entry["key"] for node in nodes for entry in node.get("cte_map", {}).get("map", [])]
    own = files | set(told_with)
    for node in nodes:
        read = None
        if node.get("type") == "BASE_TABLE":
            named = [node["catalog_name"], node["schema_name"], node["table_name"]]
            read = ".".join(filter(None, named)) if any(named[:2]) or named[2] not in own else None
        elif node.get("type") == "TABLE_FUNCTION":
            function = node["function"]["function_name"]
            read = None if function.lower() in _HARMLESS else f"{function}()"
        elif node.get("type") == "SHOW_REF":
            read = "the catalog"
        if read:
            raise ExportError(f"{path}: {key}: may read its own file only, not {read}")


def _nodes(parsed: Any) -> Iterator[dict[str, Any]]:
    """Every object within the JSON of a parsed query."""
    if isinstance(parsed, dict):
        yield parsed
    for within in parsed.values() if isinstance(parsed, dict) else parsed:
        if isinstance(within, dict | list):
            yield from _nodes(within)


def _numbers(
    con: duckdb.DuckDBPyConnection, relation: str, types: dict[str, str], spared: set[str]
) -> str:
    """Casts of those text columns that hold nothing but numbers; '00123' and '+44' are not.

    Nor are numbers with more digits than a double holds: an id, or two ids in one.
    """
    names = [n for n, kind in types.items() if n.lower() not in spared and kind == "VARCHAR"]
    if not names:
        return ""
    tests = ", ".join(
        f"bool_and(regexp_full_match({c}, '-?(0|[1-9][0-9]{{0,17}})')),"
        f" bool_and({c} is null or try_cast({c} as double) is not null)"
        f" and not bool_or(regexp_matches({c}, '^([+]|-?0[0-9])|([0-9][.]?){{16}}'))"
        for c in map(identifier, names)
    )
    answers = con.execute(f"select {tests} from {relation}").fetchall()[0]
    casts = []
    for name, is_whole, is_number in zip(names, answers[::2], answers[1::2], strict=True):
        if is_whole or is_number:
            kind = "bigint" if is_whole else "double"
            casts.append(f"cast({identifier(name)} as {kind}) as {identifier(name)}")
    return ", ".join(casts)


def as_numbers(con: duckdb.DuckDBPyConnection, relation: str, spared: set[str]) -> str:
    """The query of a relation with its numbers as numbers, except in the `spared` columns."""
    casts = _numbers(con, relation, kinds_of(con, relation), spared)
    return f"select *{f' replace ({casts})' if casts else ''} from {relation}"


def _describe(con: duckdb.DuckDBPyConnection, query: str) -> list[tuple[str, ...]]:
    """What a query over the file would yield; more than one statement is refused."""
    if len(con.extract_statements(query)) != 1:
        raise duckdb.ParserException("more than one statement is given")
    return con.execute(f"describe {query}").fetchall()


def kinds_of(con: duckdb.DuckDBPyConnection, relation: str) -> dict[str, str]:
    """The columns of a relation and DuckDB's names of their types."""
    described = con.execute(f"describe select * from {relation}").fetchall()
    return {name: kind for name, kind, *_ in described}


def first_lines(error: Exception) -> str:
    """What DuckDB says, without its advice on options we do not offer."""
    said = re.split(r"\n\s*\n|\nPossible|\nLINE ", str(error).strip())[0].replace("\n", " ")
    said = re.sub(r"^[A-Z][A-Za-z ]* (Error|Exception): ", "", said)
    said = re.sub(rf', "{HIDDEN}+[^"]*"', "", said).replace(HIDDEN, "")
    # a value may be personal
    return re.sub(
        r"(?s)(Could not (?:convert|parse|cast) (?:string|value)) ['\"].*['\"]( |$)",
        r"\1 (not shown)\2",
        said,
    )
