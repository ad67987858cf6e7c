"""The console of a run: what the steps say, without the engine's own chatter."""

import logging
import sys
from typing import Any

import dagster as dg


def said(record: logging.LogRecord) -> str | None:
    """What a step says by a record of the log, marked where it is a warning; None of the engine's.

    A skipped step is logged with all its assets; the command reports what failed, at its end.
    """
    given: dict[str, Any] = getattr(record, "dagster_meta", {})
    message = str(given.get("orig_message") or record.getMessage())
    if given.get("dagster_event") is not None or record.levelno < logging.INFO:
        return None
    if message.startswith("Dependencies for step "):
        return None
    return f"{'! ' if record.levelno >= logging.WARNING else '  '}{message}"


class Plain(logging.Handler):
    """One line for each thing a step says, on standard error."""

    def emit(self, record: logging.LogRecord) -> None:
        if line := said(record):
            print(line, file=sys.stderr)


def console(*handlers: logging.Handler) -> dg.LoggerDefinition:
    """A console that these handlers make of the log, with the events of the engine in it."""

    @dg.logger(None, description="One line for each thing a step says.")
    def progress(context: dg.InitLoggerContext) -> logging.Logger:
        logger = logging.Logger("retention", level=logging.DEBUG)
        for handler in handlers:
            logger.addHandler(handler)
        return logger

    return progress
