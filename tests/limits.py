"""Marks tests by their folder, and fails those that take long without being marked `slow`.

`make test` runs what is neither `slow` nor `browser` nor `benchmark`. So that it stays quick, a test of those
fails in CI when it takes over five seconds.
"""

import os
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, Final

import pytest

FOLDERS: Final = {"browser": "browser", "benchmarks": "benchmark"}
"""Marks of all tests in a folder."""
EXEMPT: Final = ("slow", *FOLDERS.values())


def limit_from_environment() -> float | None:
    """Seconds that an unmarked test may take: 5 in CI, else no limit; `MAX_TEST_SECONDS` sets others."""
    told = os.environ.get("MAX_TEST_SECONDS", "5" if os.environ.get("CI") else "")
    return float(told) if told else None


@dataclass(frozen=True, slots=True)
class Spent:
    """Time of this process, or between two moments of it."""

    wall: float
    """Seconds on the clock."""
    cpu: float
    """Seconds of computing, here and in child processes that have ended."""

    @classmethod
    def now(cls) -> "Spent":
        """Up to this moment."""
        times = os.times()
        return cls(time.perf_counter(), sum(times[:4]))

    def __sub__(self, other: "Spent") -> "Spent":
        return Spent(self.wall - other.wall, self.cpu - other.cpu)

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(self.wall + other.wall, self.cpu + other.cpu)

    def is_over(self, seconds: float) -> bool:
        """Whether a test took longer than it may.

        On a busy machine the clock counts what others compute, so half of the seconds must be a test's
        own. One that only waits may take three times as long, and no longer.
        """
        return self.wall > seconds and (self.cpu > seconds / 2 or self.wall > 3 * seconds)


class Limits:
    """The plugin.

    Args:
        max_seconds: Of a test and the fixtures that are made for it alone; `None` for no limit.
        now: Reads the clocks.
    """

    def __init__(self, max_seconds: float | None, now: Callable[[], Spent] = Spent.now) -> None:
        self.max_seconds = max_seconds
        self._now = now
        self._begin = now()
        self._shared_depth = 0

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Adds the folders' marks, before pytest chooses by them."""
        for item in items:
            for folder in FOLDERS.keys() & set(item.path.relative_to(item.config.rootpath).parts):
                item.add_marker(FOLDERS[folder])

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self) -> None:
        """A test begins."""
        self._begin = self._now()

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[Any]
    ) -> Generator[None, object, object]:
        """Takes the time of a fixture that other tests share off the test that happens to come first."""
        begin, shared = self._now(), fixturedef.scope != "function"
        self._shared_depth += shared
        try:
            return (yield)
        finally:
            self._shared_depth -= shared
            if shared and not self._shared_depth:
                self._begin += self._now() - begin

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Fails a test that passed but took too long."""
        report = yield
        if call.when != "call" or not report.passed or self.max_seconds is None:
            return report
        spent = self._now() - self._begin
        if spent.is_over(self.max_seconds) and not any(map(item.get_closest_marker, EXEMPT)):
            report.outcome = "failed"
            report.longrepr = (
                f"{item.nodeid} took {spent.wall:.1f} s ({spent.cpu:.1f} s of computing), expected at most "
                f"{self.max_seconds:g} s of a test that is not marked slow: make it quicker, or mark it"
            )
        return report
