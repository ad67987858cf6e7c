"""Models over any database without dbt's seconds: their own SQL, rendered here.

For a look at exports before a run. What is rendered are the project's own files.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import duckdb
import jinja2

from ..exports.sql import identifier, literal
from ..settings import DBT_PROJECT, dbt_defaults, own_yaml
from .project import given_by_contract


class _Returned(Exception):
    """What a macro hands back with `return`, as dbt has it."""


class Models:
    """The project's models as tables of a connection, each built when it is asked for."""

    def __init__(self, con: duckdb.DuckDBPyConnection, variables: Mapping[str, Any]) -> None:
        self._con = con
        self._variables = variables
        self._built: set[str] = set()
        self._paths = {path.stem: path for path in DBT_PROJECT.glob("models/**/*.sql")}
        self._macros: dict[str, Callable[..., Any]] = {}
        self._env = jinja2.Environment(extensions=["jinja2.ext.do"], autoescape=False)
        self._env.globals |= {
            "var": lambda name, default=None: variables.get(name, default),
            "ref": self.build,
            "source": lambda schema, table: f"{schema}.{identifier(table)}",
            "config": lambda **_: "",
            "return": _return,
            "adapter": _Adapter(self._macros),
            "dbt": _Dbt(),
        }
        self._load_macros()

    def build(self, name: str) -> str:
        """Build a model, or a seed, with what it is made of; its name in the database."""
        table = f"staging.{identifier(name)}"
        if name in self._built:
            return table
        self._con.execute("create schema if not exists staging")
        if path := self._paths.get(name):
            sql = self._env.from_string(path.read_text(encoding="utf-8")).render()
        else:
            sql = _seed(DBT_PROJECT / f"seeds/{name}.csv")
        self._con.execute(f"create or replace table {table} as {sql}")
        self._built.add(name)
        return table

    def _load_macros(self) -> None:
        texts = [
            text
            for path in sorted(DBT_PROJECT.glob("macros/*.sql"))
            if "{% materialization" not in (text := path.read_text(encoding="utf-8"))
        ]
        for name in re.findall(r"{%-?\s*macro (\w+)\(", "\n".join(texts)):
            self._env.globals[name] = self._called(name)
        for text in texts:
            module = self._env.from_string(text).module
            for name in re.findall(r"{%-?\s*macro (\w+)\(", text):
                self._macros[name] = getattr(module, name)

    def _called(self, name: str) -> Callable[..., Any]:
        def call(*given: Any, **named: Any) -> Any:
            try:
                return self._macros[name](*given, **named)
            except _Returned as returned:
                return returned.args[0]

        return call


def _return(value: Any) -> None:
    raise _Returned(value)


class _Adapter:
    """The two things that macros ask of dbt's adapter."""

    def __init__(self, macros: Mapping[str, Callable[..., Any]]) -> None:
        self._macros = macros

    def dispatch(self, name: str) -> Callable[..., Any]:
        return self._macros.get(f"duckdb__{name}") or self._macros[f"default__{name}"]

    def quote(self, name: str) -> str:
        return identifier(name)


class _Dbt:
    """The one macro of dbt's own that the project's use."""

    def datediff(self, first: str, last: str, part: str) -> str:
        return f"date_diff('{part}', {first}, {last})"


def _seed(path: Path) -> str:
    seeds = own_yaml(path.parent / "_seeds.yml")["seeds"]
    types = next(seed["config"]["column_types"] for seed in seeds if seed["name"] == path.stem)
    listed = ", ".join(
        f"{literal(name)}: {literal(kind.replace('string', 'varchar'))}"
        for name, kind in types.items()
    )
    return f"select * from read_csv({literal(path)}, header = true, columns = {{{listed}}})"


def defaults() -> dict[str, Any]:
    """The project's own vars, and what models have to know of the contract."""
    return {**dbt_defaults(), **given_by_contract()}
