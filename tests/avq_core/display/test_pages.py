"""HTML pages from templates."""

import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from avq_core.display.pages import render_page

ROOT = Path(__file__).parents[3]
PAGES = {"avq_core.audit": "audit.html.j2", "studies.report": "report.html.j2"}
AUDIT = {"verdict": [], "worst": "note", "findings": [], "key": [], "sections": []}


def test_a_page_has_the_common_frame_and_style() -> None:
    """With its title, and colours from the palette."""
    page = render_page("avq_core.audit", "audit.html.j2", title="Clips", **AUDIT)
    assert page.startswith('<!doctype html>\n<html lang="en">')
    assert "<title>Clips</title>" in page
    assert "--ink: #1f2933" in page
    assert page.endswith("</html>")


def test_what_a_user_named_is_escaped() -> None:
    """In the title as in a cell."""
    page = render_page("avq_core.audit", "audit.html.j2", title="<script>x</script>", **AUDIT)
    assert "<script" not in page
    assert page.count("&lt;script&gt;x&lt;/script&gt;") == 2


def test_a_value_that_is_missing_is_an_error() -> None:
    """Not an empty place in the page."""
    with pytest.raises(UndefinedError, match="title"):
        render_page("avq_core.audit", "audit.html.j2", **AUDIT)


def test_every_template_is_part_of_the_wheel() -> None:
    """A page can be written where only the installed package is."""
    setuptools = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
    (pattern,) = setuptools["package-data"]["*"]
    templates = [path for top in ("avq_core", "studies") for path in (ROOT / top).rglob("*.j2")]
    assert {path.name for path in templates} >= {"base.html.j2", *PAGES.values()}
    for path in templates:
        package = path.parents[1]
        assert (package / "__init__.py").exists()
        assert fnmatch(str(path.relative_to(package)), pattern)


def test_jinja_is_imported_only_where_a_page_is_written() -> None:
    """The commands' --help must not wait for it."""
    code = (
        "import sys, avq_core.display.pages, studies.report.build; print('jinja2' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
