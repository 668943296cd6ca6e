"""`python -m avq_core.audit`, as a process."""

import html.parser
import json
import pickle
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from commands import run

ROOT = Path(__file__).parents[3]


def audit(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Runs the command."""
    return run("avq_core.audit", *arguments)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the page of the demo set's audit is to go; its folder is missing."""
    return tmp_path_factory.mktemp("audit") / "deep" / "audit.html"


@pytest.fixture(scope="module")
def demo(page: Path) -> subprocess.CompletedProcess[str]:
    """The audit of the demo set as text, with a page."""
    return audit("demo", "--html", page)


@pytest.fixture(scope="module")
def demo_json(page: Path) -> subprocess.CompletedProcess[str]:
    """The same as JSON, with a page."""
    return audit("demo", "--json", "--html", page.with_name("with_json.html"))


def test_the_audit_of_the_demo_set_has_its_attainable_r2(
    demo: subprocess.CompletedProcess[str],
) -> None:
    """In the table of tasks, beside the table of streams."""
    assert (demo.returncode, demo.stderr) == (0, "")
    assert "320 x 30 x 163" in demo.stdout
    assert "attainable R²" in demo.stdout


def test_json_has_the_same_values(demo_json: subprocess.CompletedProcess[str]) -> None:
    """With --json, stdout is JSON only."""
    report = json.loads(demo_json.stdout)
    assert [split["samples"] for split in report["splits"]] == [320, 120, 160]
    assert report["streams"][0]["shape"] == [320, 30, 163]


def test_an_error_among_the_findings_sets_the_exit_status(tmp_path: Path) -> None:
    """For a task without variance the audit is printed, and the status is 1."""
    sample = {"features": {"a": np.ones((3, 2))}, "labels": {"x_score": 0.5}}
    path = tmp_path / "data.pkl"
    path.write_bytes(pickle.dumps({name: [sample] * 2 for name in ("train", "val", "test")}))
    done = audit(path)
    assert done.returncode == 1
    assert (
        "error: x in train: 2 valid labels without variance, all 0.5: a constant label"
        in done.stdout
    )
    assert "error: identical samples in two or more splits: 1 (train 0 = train 1" in done.stdout
    assert "do not trust scores on this data before the errors are corrected" in done.stdout


def test_the_page_opens_offline_and_shows_the_findings(
    demo: subprocess.CompletedProcess[str], page: Path
) -> None:
    """One file without scripts or addresses, with a chart for each task and each stream with gaps."""
    assert f"page: {page}" in demo.stdout
    text = page.read_text(encoding="utf-8")
    assert "<script" not in text
    assert not re.search(r"(src|href)=.https?:", text)
    assert text.count("<figure ") == text.count("<svg") == 1 + 3 + 5 + 1
    assert "visual: 2,235 values are NaN" in text
    html.parser.HTMLParser().feed(text)


def test_a_page_that_cannot_be_written_is_an_error_before_the_work(tmp_path: Path) -> None:
    """For example if it is a folder."""
    done = audit("demo", "--html", tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "is a folder, expected the name of a file" in done.stderr


def test_json_and_a_page_go_together(
    demo_json: subprocess.CompletedProcess[str],
) -> None:
    """Stdout is still JSON only."""
    assert json.loads(demo_json.stdout)["profiles"][0]["stream"] == "visual"
    assert "page: " in demo_json.stderr


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "error: no such file: "), (b"hello", "is not a whole pickle")],
)
def test_a_mistake_is_one_line_and_status_2(
    tmp_path: Path, content: bytes | None, message: str
) -> None:
    """On stderr, without a traceback."""
    path = tmp_path / "data.pkl"
    if content is not None:
        path.write_bytes(content)
    done = audit(path)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert message in done.stderr


@pytest.mark.parametrize("module", ["avq_core.audit.__main__", "avq_core.prepare"])
def test_help_needs_neither_numpy_nor_torch(module: str) -> None:
    """Importing them would make it slow."""
    script = (
        f"import sys, {module} as command\n"
        "try: command.main(['--help'])\n"
        "except SystemExit: pass\n"
        "sys.exit(bool({'numpy', 'torch', 'yaml'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], check=False, capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 0
    assert "datasets/ac.pkl" in done.stdout
