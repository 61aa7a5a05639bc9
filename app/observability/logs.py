"""Logs: JSON lines under the names of the Elastic Common Schema, with the trace they belong to; plain lines for people."""

from __future__ import annotations

import logging
import logging.config

from ecs_logging import StdlibFormatter
from opentelemetry import trace


class _TraceIds(logging.Filter):
    """Puts the ids of the current span on each record."""

    def filter(self, record: logging.LogRecord) -> bool:
        span = trace.get_current_span().get_span_context()
        if span.is_valid:
            record.__dict__["trace.id"] = f"{span.trace_id:032x}"
            record.__dict__["span.id"] = f"{span.span_id:016x}"
        return True


class _Lines(logging.Formatter):
    """One short line for a person who watches a terminal."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(message)s", datefmt="%H:%M:%S")


def set_up_logs(*, level: str, as_json: bool) -> None:
    """Send all logs to standard error, from uvicorn and arq too."""
    formatter = {"()": StdlibFormatter, "exclude_fields": ["log.original", "process"]} if as_json else {"()": _Lines}
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"chosen": formatter},
            "filters": {"trace": {"()": _TraceIds}},
            "handlers": {
                "stderr": {"class": "logging.StreamHandler", "formatter": "chosen", "filters": ["trace"]},
            },
            "root": {"level": level, "handlers": ["stderr"]},
            # The query string of a GET holds a document and its variables: access logs stay off.
            "loggers": {
                "uvicorn.access": {"level": "CRITICAL", "propagate": False},
                "uvicorn.error": {"level": "WARNING"},
                "strawberry": {"level": "CRITICAL"},
                "arq": {"level": "WARNING"},
                "alembic": {"level": "WARNING"},
            },
        }
    )
