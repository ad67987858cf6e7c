"""A thin DuckDB backend for Great Expectations 1.24.

GX has no DuckDB data source, and its generic SQL one fails on DuckDB. Everything here is a
deviation from the generic one, with its reason beside it. Importing this module imports GX
(seconds); registering is a side effect of the class: `context.data_sources.add_duckdb(...)`.

Needs duckdb-engine 0.17 (the SQLAlchemy dialect) and SQLAlchemy 2.0.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any, Literal, cast

import sqlalchemy as sa
from great_expectations.datasource.fluent import SQLDatasource
from great_expectations.execution_engine import SqlAlchemyExecutionEngine


class _DuckDBTypes:
    """What GX looks up on a dialect's module: type names and its branch for regular expressions.

    GX finds these for the databases it knows; for any other it leaves None, and then every type
    or pattern expectation fails with "dialect is not supported".
    """

    # GX picks the SQL of a pattern by an attribute's name. DuckDB has no branch; this one emits
    # REGEXP_MATCHES(column, pattern), which in DuckDB finds the pattern anywhere in the text as
    # GX documents. The Postgres branch would emit `~`, in DuckDB a match of the whole text.
    DremioDialect = True

    BOOLEAN = sa.Boolean
    SMALLINT, INTEGER, BIGINT = sa.SmallInteger, sa.Integer, sa.BigInteger
    DECIMAL, DOUBLE = sa.Numeric, sa.Float
    VARCHAR = sa.String
    DATE, TIMESTAMP = sa.Date, sa.TIMESTAMP


class _Inspector:
    """What GX asks SQLAlchemy's inspector for, read for all tables of a schema at once.

    SQLAlchemy asks the catalog in the words of Postgres, table by table: on a hundred small tables
    that takes half as long as all expectations.
    """

    def __init__(self, engine: DuckDBExecutionEngine) -> None:
        self.dialect = engine.dialect
        self._engine = engine
        self._columns: dict[str | None, dict[str, list[dict[str, Any]]]] = {}

    def get_columns(self, table_name: str, schema: str | None = None) -> list[dict[str, Any]]:
        """The columns of a table or view. Raises KeyError where it does not exist."""
        if schema not in self._columns:
            self._columns[schema] = self._read(schema)
        return self._columns[schema][str(table_name)]

    def get_pk_constraint(self, table_name: str, schema: str | None = None) -> dict[str, list]:
        """None: the warehouse declares no keys, and no expectation asks for one."""
        return {"constrained_columns": []}

    def _read(self, schema: str | None) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = {}
        with self._engine.get_connection() as connection:
            rows = connection.execute(
                sa.text(
                    "select table_name, column_name, data_type, is_nullable from duckdb_columns()"
                    " where database_name = current_database()"
                    " and schema_name = coalesce(:schema, current_schema())"
                    " order by table_name, column_index"
                ),
                {"schema": schema},
            ).all()
        for table, column, data_type, is_nullable in rows:
            kind = getattr(_DuckDBTypes, data_type.split("(")[0], sa.types.NullType)
            described = {"name": column, "type": kind(), "nullable": is_nullable, "default": None}
            found.setdefault(table, []).append(described)
        return found


class DuckDBExecutionEngine(SqlAlchemyExecutionEngine):
    """Runs GX metrics as SQL on one DuckDB connection that lives as long as the engine."""

    def __init__(self, *args, **kwargs) -> None:  # type: ignore[no-untyped-def]  # as the parent
        super().__init__(*args, **kwargs)
        self.dialect_module = cast(ModuleType, _DuckDBTypes)

    def get_inspector(self) -> sa.Inspector:
        """One that reads the catalog once, kept as the parent keeps its own."""
        if self._inspector is None:
            self._inspector = cast(sa.Inspector, _Inspector(self))
        return self._inspector

    @contextmanager
    def get_connection(self) -> Iterator[sa.Connection]:
        """Yield the kept connection, in a new transaction.

        The parent returns its connection to the pool before the caller fetches. Returning it
        rolls back, and a rollback drops DuckDB's pending result: GX then fails with "list index
        out of range". So the connection is kept, as GX itself does for SQLite.

        An error while reading (a failed cast, say) aborts DuckDB's transaction, and every later
        statement in it fails as well. GX has fetched all it wants before it asks for the
        connection again, so ending the previous transaction here is safe, and each error stays
        with the expectation that caused it.
        """
        if self._connection is None or self._connection.closed:
            self._connection = self.engine.connect()
        elif self._connection.in_transaction():
            self._connection.rollback()
        yield self._connection

    def close(self) -> None:
        """Close every connection, so that this process may open the file in another mode.

        The parent only disposes of the pool, which does not hold a connection that is in use.
        """
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        super().close()


class DuckDBDatasource(SQLDatasource):
    """One schema of a DuckDB file as a GX data source, registered as `add_duckdb`.

    Args:
        name: The name of the data source.
        connection_string: The SQLAlchemy URL, `duckdb://`.
        schema_name: The schema of its tables. GX has deprecated a schema on each table in favour
            of one on the data source, hence one data source per schema.
        kwargs: Goes to `create_engine`; `{"connect_args": {"database": path, "read_only": True}}`.
    """

    type: Literal["duckdb"] = "duckdb"  # type: ignore[assignment]  # how GX registers a kind
    schema_name: str | None = None

    @property
    def schema_(self) -> str | None:
        """The schema in which GX looks for tables."""
        return self.schema_name

    @property
    def execution_engine_type(self) -> builtins.type[DuckDBExecutionEngine]:
        """The engine that GX builds for this data source."""
        return DuckDBExecutionEngine

    def get_engine(self) -> sa.Engine:
        """The execution engine's SQLAlchemy engine.

        The parent makes a second one to test connections, with a pool that nobody would close.
        """
        return self.get_execution_engine().engine

    @classmethod
    def _get_exec_engine_excludes(cls) -> set[str]:
        # every other field goes to create_engine(), which knows no schema_name
        return super()._get_exec_engine_excludes() | {"schema_name"}
