"""Stops a worker safely: a request by signal, checked by the running trial."""

import multiprocessing
import signal
from types import FrameType
from typing import Final

REQUEUED_REASON: Final = "interrupted: requeued"


class InterruptedTrial(KeyboardInterrupt):
    """Raised inside a trial that is to be requeued. Optuna fails the trial and passes the error on."""


class StopRequest:
    """Whether this worker is to stop, checked between micro-batches, where stopping is safe."""

    def __init__(self) -> None:
        self.requested = False

    def listen(self) -> None:
        """Makes SIGTERM, as which the parent passes Ctrl-C on, request a stop."""
        signal.signal(signal.SIGTERM, self._on_signal)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.requested = True

    def is_due(self) -> bool:
        """Whether a stop was requested or the parent has died, which then cannot request one."""
        parent = multiprocessing.parent_process()
        return self.requested or (parent is not None and not parent.is_alive())

    def check(self) -> None:
        """Raises `InterruptedTrial` if a stop is due."""
        if self.is_due():
            raise InterruptedTrial(REQUEUED_REASON)
