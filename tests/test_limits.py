"""The plugin that keeps the quick suite quick, tried on suites of a test or two."""

from collections.abc import Callable

import pytest
from limits import Limits, Spent, limit_from_environment

pytest_plugins = ["pytester"]

FIXTURES = """
import pytest

@pytest.fixture
def its_own(spend):
    spend(6, 6)

@pytest.fixture(scope="module")
def shared(spend):
    spend(6, 6)
"""


class Clock:
    """A clock that goes on when a test says so, as a plugin that gives tests the fixture `spend`."""

    def __init__(self) -> None:
        self.spent = Spent(0.0, 0.0)

    @pytest.fixture(scope="session")
    def spend(self) -> Callable[[float, float], None]:
        """Lets so many seconds go by on the clock, and so many of computing."""

        def spend(wall: float, cpu: float) -> None:
            self.spent += Spent(wall, cpu)

        return spend


def run(pytester: pytest.Pytester, test: str) -> pytest.TestReport:
    """The report of one test under a limit of five seconds."""
    pytester.makepyfile(FIXTURES + test)
    clock = Clock()
    limits = Limits(5.0, now=lambda: clock.spent)
    result = pytester.inline_run("-W", "ignore", plugins=[limits, clock])
    return result.matchreport()


@pytest.mark.parametrize(
    ("test", "outcome"),
    [
        ("def test_it(spend): spend(6, 6)", "failed"),
        ("def test_it(spend): spend(4, 4)", "passed"),
        ("def test_it(its_own): pass", "failed"),
        ("def test_it(shared): pass", "passed"),
        ("@pytest.mark.slow\ndef test_it(spend): spend(60, 60)", "passed"),
        ("def test_it(spend): spend(14, 1)", "passed"),
        ("def test_it(spend): spend(16, 1)", "failed"),
    ],
    ids=["long", "short", "fixture", "shared fixture", "marked", "busy machine", "waits"],
)
def test_a_test_over_the_limit_must_be_marked(
    pytester: pytest.Pytester, test: str, outcome: str
) -> None:
    """What other tests share is not counted, nor what a busy machine computes for others."""
    assert run(pytester, test).outcome == outcome


def test_a_failure_says_what_to_do(pytester: pytest.Pytester) -> None:
    """Seconds that it took, seconds that it may take, and the way out."""
    report = run(pytester, "def test_it(spend): spend(6, 5)")
    assert "test_it took 6.0 s (5.0 s of computing), expected at most 5 s" in str(report.longrepr)
    assert "not marked slow: make it quicker, or mark it" in str(report.longrepr)


def test_folders_give_their_tests_a_mark(pytester: pytest.Pytester) -> None:
    """So that `-m` leaves them out."""
    for folder in ("browser", "benchmarks", "search"):
        (pytester.mkdir(folder) / f"test_{folder}.py").write_text("def test_it(): pass")
    chosen = "not browser and not benchmark"
    result = pytester.inline_run("-W", "ignore", "-m", chosen, plugins=[Limits(None)])
    assert [report.nodeid for report in result.listoutcomes()[0]] == [
        "search/test_search.py::test_it"
    ]


@pytest.mark.parametrize(
    ("environment", "limit"),
    [({}, None), ({"CI": "true"}, 5.0), ({"CI": "true", "MAX_TEST_SECONDS": "20"}, 20.0)],
)
def test_only_ci_has_a_limit(
    monkeypatch: pytest.MonkeyPatch, environment: dict[str, str], limit: float | None
) -> None:
    """Five seconds, or as many as the environment says."""
    for name in ("CI", "MAX_TEST_SECONDS"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert limit_from_environment() == limit
