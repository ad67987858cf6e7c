"""Dagster's SQLite storage, named in `.dagster/dagster.yaml`, with less work for each event.

A run writes some 1,300 events, and Dagster opens the files, compiles the statement, lets SQLite
write its journal back and waits for the disk for every one: a fifth of a run on a small shop.
Files and tables are those of Dagster's default, so each reads what the other wrote.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from dagster._core.storage.event_log.sqlite.sqlite_event_log import (
    INDEX_SHARD_NAME,
    SqliteEventLogStorage,
)
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
from dagster._serdes import ConfigurableClassData
from sqlalchemy import Connection, Engine, NullPool, QueuePool, create_engine, event


class RunHistory(DagsterSqliteStorage):
    """Runs, their events, and schedules, in a folder."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        super().__init__(base_dir, inst_data)
        self._event_log_storage = EventLog(self._event_log_storage._base_dir)

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> "RunHistory":
        """The storage that `dagster.yaml` asks for."""
        return cls.from_local(inst_data=inst_data, **config_value)


class EventLog(SqliteEventLogStorage):
    """A file of events for each run, and an index of those that concern assets."""

    def __init__(self, base_dir: str) -> None:
        self._engines: dict[str, Engine] = {}
        super().__init__(base_dir)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[Connection]:
        if shard not in self._engines:
            with super()._connect(shard):
                pass  # makes the file and its tables
        engine = self._engines.get(shard) or self._keep(shard)
        with self._db_lock, engine.begin() as connection:
            yield connection

    def _keep(self, shard: str) -> Engine:
        """Keep the engine, and with it what it compiled, of the index and of one run.

        The index stays open. A run's file is closed after every event: the UI follows a run by
        changes to that file, and what is only in its journal is not one.
        """
        engine = create_engine(
            self.conn_string_for_shard(shard),
            poolclass=QueuePool if shard == INDEX_SHARD_NAME else NullPool,
            connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS},
        )
        # a killed run loses no event; a machine that loses power may lose the run's own file
        waits = "NORMAL" if shard == INDEX_SHARD_NAME else "OFF"
        event.listen(engine, "connect", lambda con, _: con.execute(f"pragma synchronous = {waits}"))
        kept = {name: of for name, of in self._engines.items() if name == INDEX_SHARD_NAME}
        self._engines = kept | {shard: engine}
        return engine

    def wipe(self) -> None:
        """Delete all events."""
        self.dispose()
        super().wipe()

    def dispose(self) -> None:
        """Close the index."""
        for engine in self._engines.values():
            engine.dispose()
        self._engines = {}
        super().dispose()
