"""The console of a run: what the steps say, without the engine's own chatter."""

import logging
import sys
from typing import Any

import dagster as dg


class _StepsOnly(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        said: dict[str, Any] = getattr(record, "dagster_meta", {})
        # a skipped step is logged with all its assets; the command reports what failed, at its end
        is_consequence = str(said.get("orig_message")).startswith("Dependencies for step ")
        return said.get("dagster_event") is None and not is_consequence


@dg.logger(None, description="One line for each thing a step says.")
def progress(context: dg.InitLoggerContext) -> logging.Logger:
    logger = logging.Logger("retention", level=logging.INFO)
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(_StepsOnly())
    handler.setFormatter(_Plain())
    logger.addHandler(handler)
    return logger


class _Plain(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        said: dict[str, Any] = getattr(record, "dagster_meta", {})
        message = said.get("orig_message") or record.getMessage()
        mark = "! " if record.levelno >= logging.WARNING else "  "
        return mark + message
