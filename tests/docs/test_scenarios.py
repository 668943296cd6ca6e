"""The table of scenarios names tests that exist."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
SCENARIOS = (ROOT / "docs" / "scenarios.md").read_text(encoding="utf-8")


def test_every_scenario_is_kept_by_a_test_that_exists() -> None:
    """What the table claims can be looked up."""
    rows = [line for line in SCENARIOS.splitlines() if line.startswith("| ") and "`" in line]
    tests = [re.search(r"\| `(tests/[\w/]+\.py)` \|$", row) for row in rows]
    assert len(tests) >= 60
    assert all(tests)
    missing = {match[1] for match in tests if match and not (ROOT / match[1]).is_file()}
    assert missing == set()
