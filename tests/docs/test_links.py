"""What the pages point to is there: linked files, named source files, every option of the search."""

import argparse
import re
from pathlib import Path

import pytest
from documents import PAGES, ROOT

from search.cli import build_parser

EXPERIMENTS = sorted((ROOT / "docs" / "experiments").glob("*.md"))
LINK = re.compile(r"\]\(([^)\s]+)\)")
SOURCE = re.compile(r"`((?:avq_core|benchmarks|search|space|studies|tests)/[\w/.]*)`")
OPTION = re.compile(r"^\| `(--[\w-]+) ([^`]+)` \| (.+?) \| ", re.MULTILINE)
# Where the table gives the default in words, since the command finds it out.
IN_WORDS = {None: "", "auto": "`auto`"}


@pytest.mark.parametrize(
    "page", [*PAGES, *EXPERIMENTS], ids=lambda page: str(page.relative_to(ROOT))
)
def test_links_lead_somewhere(page: Path) -> None:
    """Each relative link and picture of a page is a file."""
    targets = [link.split("#")[0] for link in LINK.findall(page.read_text(encoding="utf-8"))]
    relative = [target for target in targets if target and "://" not in target]
    assert [target for target in relative if not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_named_source_files_exist(page: Path) -> None:
    """A page that sends its reader to a file of the code names one that is there."""
    named = SOURCE.findall(page.read_text(encoding="utf-8"))
    assert [name for name in named if not (ROOT / name).exists()] == []


def _metavar(action: argparse.Action) -> str:
    return f"{action.metavar}".replace("|", r"\|")


def test_the_table_of_options_is_that_of_the_parser() -> None:
    """docs/search.md has each option of the search once, with its metavar and its default."""
    text = (ROOT / "docs" / "search.md").read_text(encoding="utf-8")
    rows = {option: (metavar, default) for option, metavar, default in OPTION.findall(text)}
    actions = {a.option_strings[0]: a for a in build_parser()._actions if a.dest != "help"}
    assert rows.keys() == actions.keys()
    for option, action in actions.items():
        metavar, default = rows[option]
        assert metavar == _metavar(action), option
        if isinstance(action.default, (int, float, Path)) or action.default == "auto":
            assert default.strip("`") == str(action.default), option
