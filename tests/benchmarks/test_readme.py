"""The page on the benchmarks names all of them, as they are run."""

import importlib
import importlib.util
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
TEXT = (BENCHMARKS / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"python -m (benchmarks\.\w+)([^`\n]*)", TEXT)


def program(module: str) -> Any:
    """The module that `python -m` runs."""
    spec = importlib.util.find_spec(module)
    assert spec is not None
    return importlib.import_module(
        f"{module}.__main__" if spec.submodule_search_locations else module
    )


@pytest.mark.parametrize(("module", "arguments"), COMMANDS)
def test_a_command_of_the_page_is_taken_by_the_benchmarks_own_parser(
    module: str, arguments: str
) -> None:
    """So its options exist, and their values are of the right type."""
    program(module).build_parser().parse_args(shlex.split(arguments))


def test_the_page_names_every_benchmark() -> None:
    """Each file or folder that can be run as a program."""
    files = {path.stem for path in BENCHMARKS.glob("*.py") if "__main__" in path.read_text()}
    folders = {path.parent.name for path in BENCHMARKS.glob("*/__main__.py")}
    assert {f"benchmarks.{name}" for name in files | folders} == {name for name, _ in COMMANDS}


@pytest.mark.parametrize("module", sorted({module for module, _ in COMMANDS}))
def test_help_starts_with_the_benchmarks_question(
    module: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """And ends with exit status 0."""
    with pytest.raises(SystemExit, match="0"):
        program(module).build_parser().parse_args(["--help"])
    question = (program(module).__doc__ or "").partition("\n")[0]
    assert "?" in question
    assert question in capsys.readouterr().out
