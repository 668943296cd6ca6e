"""A thread that updates notes, plots and pictures while the page is served."""

import queue
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Final

from avq_core.errors import AvqError, ConfigError
from studies.dashboard.board import Board
from studies.dashboard.databases import Databases
from studies.errors import StudyError

_LOOK_SECONDS: Final = 5.0
_PLOT_SECONDS: Final = 60.0
"""Minimum time between updates of plots, which take a while to compute."""
_RETRY_SECONDS: Final = 60.0
"""Pause after the database could not be written."""


class Keeper(Thread):
    """Updates each study that was opened on the page, one step at a time."""

    def __init__(
        self,
        databases: Databases,
        *,
        notify: Callable[[str], None],
        on_picture: Callable[[str, int, int], None],
    ) -> None:
        """Creates the thread; it does nothing before `start`.

        Args:
            databases: Databases of the page.
            notify: Called with each line to print for the user.
            on_picture: Called with a study's name, the number of pictures drawn, and their total.
        """
        super().__init__(name="board", daemon=True)
        self._databases = databases
        self._notify = notify
        self._on_picture = on_picture
        self._asked: queue.Queue[tuple[int, Event]] = queue.Queue()
        self._pending: dict[int, _PendingUpdates] = {}
        self._ends = Event()

    def boards(self) -> list[Board]:
        """The boards of the studies that were opened."""
        return [pending.board for pending in list(self._pending.values())]

    def catch_up(self, study_id: int, *, seconds: float) -> None:
        """Waits until all ended trials have their notes, for a limited time.

        Args:
            study_id: A study's id on the page.
            seconds: The limit.
        """
        if self.is_alive() and not self._ends.is_set():
            done = Event()
            self._asked.put((study_id, done))
            done.wait(seconds)

    def stop(self, *, seconds: float) -> None:
        """Ends the thread after its current step; does not wait for longer than `seconds`."""
        self._ends.set()
        self.join(seconds)

    def run(self) -> None:
        """Answers requests first, and draws pictures in between."""
        next_look = time.monotonic() + _LOOK_SECONDS
        while not self._ends.is_set():
            has_drawn = any(
                pending.draw_one(self._on_picture) for pending in self._pending.values()
            )
            self._answer(0.0 if has_drawn else 0.2)
            if time.monotonic() >= next_look:
                for study_id, pending in list(self._pending.items()):
                    self._look(study_id, pending)
                    if study_id in self._pending:
                        self._pending[study_id].write_slow()
                next_look = time.monotonic() + _LOOK_SECONDS

    def _answer(self, patience: float) -> None:
        try:
            study_id, done = (
                self._asked.get(timeout=patience) if patience else self._asked.get_nowait()
            )
        except queue.Empty:
            return
        try:
            self._look(study_id, self._pending.get(study_id))
        finally:
            done.set()
        if study_id in self._pending:
            self._pending[study_id].write_slow()

    def _look(self, study_id: int, pending: "_PendingUpdates | None") -> None:
        """Updates a study; drops it if it was deleted or the search did not make it."""
        try:
            database, local_id = self._databases.of_study(study_id)
            if pending is None or pending.board.database is not database:
                board = Board(database, local_id, runs=self._databases.runs, notify=self._notify)
                pending = _PendingUpdates(board, self._notify)
            is_ours = pending.board.is_ours
        except (KeyError, StudyError):
            # The page itself reports what is wrong.
            is_ours = False
        if pending is None or not is_ours:
            self._pending.pop(study_id, None)
            return
        self._pending[study_id] = pending
        try:
            pending.write_quick()
        except KeyError:  # deleted since it was asked for
            self._pending.pop(study_id, None)


class _PendingUpdates:
    """The pending updates of a study, and the errors that were reported."""

    def __init__(self, board: Board, notify: Callable[[str], None]) -> None:
        self.board = board
        self._notify = notify
        self._reported: set[str] = set()
        self._paused_until = 0.0
        self._next_plots = 0.0
        self._slow_plots_due = False
        self._undrawn: list[str] = []
        self._drawn = 0
        self._can_keep = True

    def write_quick(self) -> None:
        """Writes new notes and quick plots."""
        with self._attempt() as may_write:
            if may_write:
                self.board.write_notes()
            if may_write and time.monotonic() >= self._next_plots:
                self.board.write_plots()
                self._slow_plots_due = True
                self._next_plots = time.monotonic() + _PLOT_SECONDS
        if self._can_keep:
            self._undrawn = self.board.missing()

    def write_slow(self) -> None:
        """Writes the plots that take seconds; no request waits for them."""
        with self._attempt() as may_write:
            if may_write and self._slow_plots_due:
                self._slow_plots_due = False
                self.board.write_plots(slow=True)

    @contextmanager
    def _attempt(self) -> Iterator[bool]:
        """Yields whether to write now. After a failure, which is reported once, it pauses."""
        try:
            yield time.monotonic() >= self._paused_until
        except StudyError as error:
            self._paused_until = time.monotonic() + _RETRY_SECONDS
            self._notify_once("notes and plots", error)

    def draw_one(self, on_picture: Callable[[str, int, int], None]) -> bool:
        """Draws the next missing picture; returns whether it did."""
        if not self._undrawn:
            return False
        name = self._undrawn.pop(0)
        if (drawn := self.board.draw(name)) is not None:
            try:
                self.board.keep(name, drawn)
            except ConfigError as error:
                # Then pictures are drawn on request.
                self._can_keep, self._undrawn = False, []
                self._notify_once("pictures", error)
                return False
        self._drawn += 1
        on_picture(self.board.name, self._drawn, self._drawn + len(self._undrawn))
        return True

    def _notify_once(self, what: str, error: AvqError) -> None:
        line = f"could not write {what} of {self.board.name}: {error}"
        if line not in self._reported:
            self._reported.add(line)
            self._notify(line)
