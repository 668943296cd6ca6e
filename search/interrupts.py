"""How a worker is asked to stop, and how a running trial hears of it."""

import multiprocessing
import signal
from types import FrameType
from typing import Final

INTERRUPTED: Final = "interrupted: requeued"


class InterruptedTrial(KeyboardInterrupt):
    """Raised inside a trial that is to be requeued. Optuna fails the trial and passes it on."""


class StopRequest:
    """Whether this worker is to stop, asked between micro-batches, where stopping is safe."""

    def __init__(self) -> None:
        self.requested = False

    def listen(self) -> None:
        """From here on SIGTERM asks for a stop; Ctrl-C is the parent's to pass on."""
        signal.signal(signal.SIGTERM, self._on_signal)
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.requested = True

    def is_due(self) -> bool:
        """Asked to stop, or orphaned: a parent that was killed can ask nothing."""
        parent = multiprocessing.parent_process()
        return self.requested or (parent is not None and not parent.is_alive())

    def check(self) -> None:
        """Raises `InterruptedTrial` if a stop is due."""
        if self.is_due():
            raise InterruptedTrial(INTERRUPTED)
