"""Whole commands whose output nobody reads, or whose encoding lacks R²; `tests/avq_core/test_outputs.py` has the rest."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from commands import write_space, write_tiny


def in_shell(line: str, folder: Path, **environment: str) -> "subprocess.CompletedProcess[bytes]":
    """Runs a line of bash; its status is that of the first command."""
    return subprocess.run(
        ["bash", "-c", f"{line}; exit ${{PIPESTATUS[0]}}"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(Path.cwd())} | environment,
        capture_output=True,
        timeout=300,
        check=False,
    )


@pytest.mark.slow
def test_a_search_whose_reader_goes_away_writes_its_results(tmp_path: Path) -> None:
    """`head -1` ends after the first line, minutes before a real search does."""
    write_tiny(tmp_path)
    write_space(tmp_path)
    search = (
        f"{sys.executable} -m search.run --data tiny.pkl --space tiny_space.yaml --study tiny --trials 2 "
        "--workers 1 --devices cpu --baseline-epochs 1 --confirm 1"
    )
    done = in_shell(f"{search} 2>&1 | head -1", tmp_path)
    assert done.returncode == 141
    assert done.stdout.count(b"\n") == 1
    assert {path.name for path in (tmp_path / "runs" / "tiny").glob("*.*")} >= {
        "best.yaml",
        "report.html",
    }


def test_help_in_ascii(tmp_path: Path) -> None:
    """It speaks of R²."""
    done = in_shell(f"{sys.executable} -m search.run --help", tmp_path, PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, b"")
    assert "R2" in done.stdout.decode("ascii")


@pytest.mark.slow
@pytest.mark.parametrize("coding", ["ascii", "gbk"])
def test_a_data_audit_in_another_encoding(tmp_path: Path, coding: str) -> None:
    """Its tables and notes have characters that neither encoding has."""
    write_tiny(tmp_path)
    line = f"{sys.executable} -m avq_core.audit tiny.pkl"
    plain, unicode = (in_shell(line, tmp_path, PYTHONIOENCODING=name) for name in (coding, "utf-8"))
    assert plain.returncode == unicode.returncode
    assert b"Traceback" not in plain.stderr
    assert unicode.stdout.decode().encode(coding, "ignore") != unicode.stdout.decode().encode()
    assert len(plain.stdout.decode(coding).splitlines()) == len(unicode.stdout.splitlines())
