"""`python -m avq_core.audit`, as a process."""

import json
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]


def run(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Runs the command."""
    command = [sys.executable, "-m", "avq_core.audit", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd)


def test_the_demo_set_is_audited_with_its_ceiling() -> None:
    """Tables of streams and tasks, with the best attainable R²."""
    done = run("demo")
    assert (done.returncode, done.stderr) == (0, "")
    assert "320 x 30 x 163" in done.stdout
    assert "attainable R²" in done.stdout


def test_json_has_the_same_figures() -> None:
    """Machine-readable on request, and nothing but JSON."""
    report = json.loads(run("demo", "--json").stdout)
    assert [split["samples"] for split in report["splits"]] == [320, 120, 160]
    assert report["streams"][0]["shape"] == [320, 30, 163]


def test_an_error_among_the_findings_sets_the_exit_status(tmp_path: Path) -> None:
    """A task without variance: the audit is printed, and the status is 1."""
    sample = {"features": {"a": np.ones((3, 2))}, "labels": {"x_score": 0.5}}
    path = tmp_path / "data.pkl"
    path.write_bytes(pickle.dumps({name: [sample] * 2 for name in ("train", "val", "test")}))
    done = run(str(path))
    assert done.returncode == 1
    assert "error: x in train: 2 valid labels without variance" in done.stdout


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
    done = run(str(path))
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert message in done.stderr


@pytest.mark.parametrize("module", ["avq_core.audit", "avq_core.prepare"])
def test_help_needs_neither_numpy_nor_torch(module: str) -> None:
    """So that it answers at once."""
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
