"""Where a process can be made to stop and wait for its end."""

from __future__ import annotations

import enum
import os
import time

# Longest wait for a kill, in seconds.
_PATIENCE = 30


class Point(enum.Enum):
    """A line between two others."""

    BEFORE_SENDING = "before-sending"
    """A message is encrypted, and its key used up; nothing has been sent."""
    AFTER_SENDING = "after-sending"
    """A message is sent; nothing says so."""
    INSIDE_RECEIVING = "inside-receiving"
    """In the transaction of a message received: all is written, nothing is committed."""
    AFTER_RECEIVING = "after-receiving"
    """The transaction is committed; nobody has seen the message."""

    def stop(self) -> None:
        """Says that the point is reached, and waits to be killed."""
        print(f"stopped {self.value}", flush=True)
        time.sleep(_PATIENCE)
        os._exit(1)
