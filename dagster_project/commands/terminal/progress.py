"""How far a run is: its stages with rows and time, live on a terminal, and for programs."""

import logging
import time
from dataclasses import dataclass
from typing import Any

import dagster as dg
from rich.console import Console
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from ...defs.console import said

#: The steps of the nightly job, in their order, and what each does.
STAGES = {
    "raw": "load the exports",
    "raw_gate": "check what was loaded",
    "staging": "clean and tag rows",
    "staging_gate": "check deliveries",
    "core": "orders, visits and activity",
    "predictions": "forecasts",
    "marts": "marts",
    "marts_gate": "check the marts",
    "published__marts": "publish",
    "published__report": "report",
}
_MARKS = {"waiting": "·", "done": "✓", "failed": "✗"}


@dataclass
class Stage:
    """A step: how it went, the seconds it took, the rows of the tables it wrote."""

    stage: str
    status: str = "waiting"
    seconds: float = 0.0
    rows: int = 0
    started: float = 0.0


class Progress(logging.Handler):
    """What the log of a run tells of its stages, its exports and its warnings."""

    def __init__(self) -> None:
        super().__init__()
        self.stages = {key: Stage(key) for key in STAGES}
        self.exports: dict[str, dict[str, int]] = {}
        self.warnings: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Take in a record: an event of the engine, or what a step says."""
        given: dict[str, Any] = getattr(record, "dagster_meta", {})
        if (event := given.get("dagster_event")) is not None:
            self._note(event, record.created)
        elif (line := said(record)) and record.levelno >= logging.WARNING:
            self.warnings.append(line.removeprefix("! "))

    def _note(self, event: dg.DagsterEvent, at: float) -> None:
        stage = self.stages.get(event.step_key or "")
        if stage is None:
            return
        match event.event_type:
            case dg.DagsterEventType.STEP_START:
                stage.status, stage.started = "running", at
            case dg.DagsterEventType.STEP_SUCCESS:
                stage.status, stage.seconds = "done", at - stage.started
            case dg.DagsterEventType.STEP_FAILURE:
                stage.status, stage.seconds = "failed", at - stage.started
            case dg.DagsterEventType.ASSET_MATERIALIZATION:
                self._count(stage, event.step_materialization_data.materialization)

    def _count(self, stage: Stage, made: dg.AssetMaterialization) -> None:
        counts = {
            name: value
            for name, key in (("rows", "dagster/row_count"), ("rejected", "rejected"))
            if key in made.metadata and isinstance(value := made.metadata[key].value, int)
        }
        schema, table = made.asset_key.path[0], made.asset_key.path[-1]
        if schema != "ledger":
            stage.rows += counts.get("rows", 0)
        if schema == "raw":
            self.exports[table] = counts

    def told(self) -> list[dict[str, Any]]:
        """The stages of a run that has ended: what still waits was skipped."""
        return [
            {
                "stage": stage.stage,
                "status": "skipped" if stage.status == "waiting" else stage.status,
                "seconds": round(stage.seconds, 2),
                "rows": stage.rows,
            }
            for stage in self.stages.values()
        ]


class LiveProgress(logging.Handler):
    """The stages on a terminal, redrawn as the log tells of them; what steps say scrolls above."""

    def __init__(self, progress: Progress, screen: Console) -> None:
        super().__init__()
        self._progress, self._screen = progress, screen
        self._spinner = Spinner("dots")
        self._live = Live(
            get_renderable=self.drawn, console=screen, refresh_per_second=8, redirect_stderr=False
        )

    def __enter__(self) -> "LiveProgress":
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def emit(self, record: logging.LogRecord) -> None:
        """Show what a step says above the stages."""
        if line := said(record):
            style = "yellow" if record.levelno >= logging.WARNING else None
            self._screen.print(Text(line), style=style, highlight=False)

    def drawn(self) -> Table:
        """The stages as they are now."""
        table = Table.grid(padding=(0, 2))
        table.add_column(width=1)
        table.add_column()
        table.add_column(justify="right")
        table.add_column(justify="right")
        for stage in self._progress.stages.values():
            running = stage.status == "running"
            seconds = time.time() - stage.started if running else stage.seconds
            table.add_row(
                self._spinner if running else _MARKS[stage.status],
                Text(STAGES[stage.stage], style="bold" if running else ""),
                f"{stage.rows:,} rows" if stage.rows else "",
                f"{seconds:.1f} s" if seconds else "",
                style="dim" if stage.status == "waiting" else None,
            )
        return table
