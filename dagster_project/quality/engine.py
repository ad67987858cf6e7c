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
from typing import Literal, cast

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


class DuckDBExecutionEngine(SqlAlchemyExecutionEngine):
    """Runs GX metrics as SQL on one DuckDB connection that lives as long as the engine."""

    def __init__(self, *args, **kwargs) -> None:  # type: ignore[no-untyped-def]  # as the parent
        super().__init__(*args, **kwargs)
        self.dialect_module = cast(ModuleType, _DuckDBTypes)

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
