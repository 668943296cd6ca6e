"""A thread that keeps notes, plots and pictures up to date while the page is served."""

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
"""Plots take a while to make: while trials go on ending, they are made so often."""
_RETRY_SECONDS: Final = 60.0
"""After the database could not be written."""


class Keeper(Thread):
    """Looks after each study that somebody looks at, one thing at a time."""

    def __init__(
        self,
        databases: Databases,
        *,
        tell: Callable[[str], None],
        on_picture: Callable[[str, int, int], None],
    ) -> None:
        """Makes the thread; it does nothing before `start`.

        Args:
            databases: Of the page.
            tell: Is told what a user should know, a line each.
            on_picture: Is told of a study how many pictures are drawn, and of how many.
        """
        super().__init__(name="board", daemon=True)
        self._databases = databases
        self._tell = tell
        self._on_picture = on_picture
        self._asked: queue.Queue[tuple[int, Event]] = queue.Queue()
        self._kept: dict[int, _Kept] = {}
        self._ends = Event()

    def boards(self) -> list[Board]:
        """The studies that were looked at."""
        return [kept.board for kept in list(self._kept.values())]

    def catch_up(self, study_id: int, *, seconds: float) -> None:
        """Waits until all that has ended has its notes, but not longer than that.

        Args:
            study_id: A study's id on the page.
            seconds: How long.
        """
        if self.is_alive() and not self._ends.is_set():
            done = Event()
            self._asked.put((study_id, done))
            done.wait(seconds)

    def stop(self, *, seconds: float) -> None:
        """Ends the thread after what it is at, or leaves it behind."""
        self._ends.set()
        self.join(seconds)

    def run(self) -> None:
        """Does what is asked first, and draws pictures in between."""
        next_look = time.monotonic() + _LOOK_SECONDS
        while not self._ends.is_set():
            has_drawn = any(kept.draw_one(self._on_picture) for kept in self._kept.values())
            self._answer(0.0 if has_drawn else 0.2)
            if time.monotonic() >= next_look:
                for study_id, kept in list(self._kept.items()):
                    self._look(study_id, kept)
                    if study_id in self._kept:
                        self._kept[study_id].finish()
                next_look = time.monotonic() + _LOOK_SECONDS

    def _answer(self, patience: float) -> None:
        try:
            study_id, done = (
                self._asked.get(timeout=patience) if patience else self._asked.get_nowait()
            )
        except queue.Empty:
            return
        try:
            self._look(study_id, self._kept.get(study_id))
        finally:
            done.set()
        if study_id in self._kept:
            self._kept[study_id].finish()

    def _look(self, study_id: int, kept: "_Kept | None") -> None:
        """Brings a study up to date; one that is gone, or is not ours, is kept no longer."""
        try:
            database, own = self._databases.of_study(study_id)
            if kept is None or kept.board.database is not database:
                board = Board(database, own, runs=self._databases.runs, tell=self._tell)
                kept = _Kept(board, self._tell)
            is_ours = kept.board.is_ours
        except (KeyError, StudyError):
            # What is wrong with it, the page tells.
            is_ours = False
        if kept is None or not is_ours:
            self._kept.pop(study_id, None)
            return
        self._kept[study_id] = kept
        try:
            kept.look()
        except KeyError:  # deleted since it was asked for
            self._kept.pop(study_id, None)


class _Kept:
    """A study that is looked after: what is due, and what went wrong."""

    def __init__(self, board: Board, tell: Callable[[str], None]) -> None:
        self.board = board
        self._tell = tell
        self._told: set[str] = set()
        self._rests_until = 0.0
        self._next_plots = 0.0
        self._owes_slow_plots = False
        self._undrawn: list[str] = []
        self._drawn = 0
        self._can_keep = True

    def look(self) -> None:
        """Writes what is new and quick to make."""
        with self._trying() as may_write:
            if may_write:
                self.board.write_notes()
            if may_write and time.monotonic() >= self._next_plots:
                self.board.write_plots()
                self._owes_slow_plots = True
                self._next_plots = time.monotonic() + _PLOT_SECONDS
        if self._can_keep:
            self._undrawn = self.board.missing()

    def finish(self) -> None:
        """Writes what is new and takes seconds to make: nobody is to wait for it."""
        with self._trying() as may_write:
            if may_write and self._owes_slow_plots:
                self._owes_slow_plots = False
                self.board.write_plots(slow=True)

    @contextmanager
    def _trying(self) -> Iterator[bool]:
        """Whether to write now: after a failure, which is told once, not for a while."""
        try:
            yield time.monotonic() >= self._rests_until
        except StudyError as error:
            self._rests_until = time.monotonic() + _RETRY_SECONDS
            self._tell_once("notes and plots", error)

    def draw_one(self, on_picture: Callable[[str, int, int], None]) -> bool:
        """Draws the next picture that is missing; returns whether there was one."""
        if not self._undrawn:
            return False
        name = self._undrawn.pop(0)
        if (drawn := self.board.draw(name)) is not None:
            try:
                self.board.keep(name, drawn)
            except ConfigError as error:
                # They are drawn when somebody looks at them, then.
                self._can_keep, self._undrawn = False, []
                self._tell_once("pictures", error)
                return False
        self._drawn += 1
        on_picture(self.board.name, self._drawn, self._drawn + len(self._undrawn))
        return True

    def _tell_once(self, what: str, error: AvqError) -> None:
        line = f"could not write {what} of {self.board.name}: {error}"
        if line not in self._told:
            self._told.add(line)
            self._tell(line)
