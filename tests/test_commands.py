"""Each command as a process of its own: the one way of starting it that other tests leave out."""

import pytest
from commands import assert_one_line, run_process

COMMANDS = [
    *(f"avq_core.{name}" for name in ("audit", "baselines", "demo", "explain")),
    *(f"avq_core.{name}" for name in ("predict", "prepare", "train")),
    "search.run",
    *(f"studies.{name}" for name in ("dashboard", "export", "migrate", "report", "show")),
]


@pytest.mark.parametrize("module", COMMANDS)
def test_options_that_are_none_end_the_process_with_2(module: str) -> None:
    """One line on stderr and nothing else: `python -m` leads to the command's own way out."""
    done = run_process(module, "--no-such-option")
    assert_one_line(done, f"python -m {module} --help lists the options")
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
