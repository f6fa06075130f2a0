"""What the library logs, in the loggers of the standard library."""

from __future__ import annotations

import logging

from ._native import conclave as _native
from ._native.conclave import LogLevel, LogRecord

_LEVELS = {
    LogLevel.DEBUG: logging.DEBUG,
    LogLevel.INFO: logging.INFO,
    LogLevel.WARN: logging.WARNING,
    LogLevel.ERROR: logging.ERROR,
}


class _Loggers(_native.Logger):
    def log(self, record: LogRecord) -> None:
        # `conclave::receive` is the logger `conclave.receive`.
        logger = logging.getLogger(record.target.replace("::", "."))
        logger.log(_LEVELS[record.level], "%s", record.message)


def log_to_logging(level: LogLevel = LogLevel.INFO) -> None:
    """Sends what the library logs, from `level` upward, to the loggers of the standard library below "conclave".

    Takes the place of what `set_logger` was told. No line holds user data or secrets.
    """
    _native.set_logger(_Loggers(), level)
