"""What pip installs: the script, and our commands beside a user's modules of the same names."""

import base64
import csv
import hashlib
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from avq_search.early import COMMANDS, module_of, prepare
from avq_search.start import OurPackages
from search import commands

ROOT = Path(__file__).parent.parent.parent
PROJECT = ("avq_core", "avq_search", "search", "space", "studies", "pyproject.toml", "setup.py")
FILES = ("MANIFEST.in", "README.md", "LICENSE", "avq_search.pth")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy to build from: setuptools leaves files behind."""
    folder = tmp_path_factory.mktemp("project")
    for name in (*PROJECT, *FILES):
        source = ROOT / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / name)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["wheel", "editable"])
def test_an_installed_program_runs_in_a_folder_with_modules_of_its_names(
    project: Path, tmp_path: Path, kind: str
) -> None:
    """By its script, and by `python -m`, with which Python would run the user's `search.py`."""
    pytest.importorskip("setuptools", minversion="77")
    build = f"from setuptools import build_meta; build_meta.build_{kind}({str(tmp_path)!r})"
    subprocess.run([sys.executable, "-c", build], cwd=project, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    environment = tmp_path / "venv"
    venv.create(environment, symlinks=True)
    python = environment / "bin" / "python"
    check_record(wheel)
    pip = (sys.executable, "-m", "pip", "--quiet", "--python", python)
    subprocess.run([*pip, "install", "--no-deps", "--no-index", wheel], check=True)
    users = tmp_path / "users"
    users.mkdir()
    for name in ("search", "space", "avq_core", "studies"):
        (users / f"{name}.py").write_text(f"print('{name} of mine')\n")

    def printed(*command: object) -> str:
        return subprocess.run(
            [*map(str, command)], cwd=users, env={}, capture_output=True, text=True, check=True
        ).stdout

    assert printed(environment / "bin" / "avq-search", "run", "--help").startswith(
        "usage: avq-search"
    )
    assert printed(python, "-m", "search.run", "--help").startswith("usage: python -m search.run")
    assert printed(python, "-m", "studies.report", "--help").startswith("usage: python -m studies")
    # Whatever is not one of our commands is left as it was.
    assert printed(python, "-m", "search") == "search of mine\n"
    assert printed(python, "-c", "import search") == "search of mine\n"

    subprocess.run([*pip, "uninstall", "--yes", "avq-search"], check=True)
    assert not [*environment.rglob("*avq*")]


def check_record(wheel: Path) -> None:
    """Every file of a wheel stands once in its RECORD, with hash and size, as some installers demand."""
    with zipfile.ZipFile(wheel) as file:
        (record,) = [name for name in file.namelist() if name.endswith(".dist-info/RECORD")]
        rows = [*csv.reader(file.read(record).decode().splitlines())]
        assert sorted(row[0] for row in rows) == sorted(file.namelist())
        for name, digest, size in rows:
            if name != record:
                content = file.read(name)
                expected = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode()
                assert (digest, size) == (f"sha256={expected.rstrip('=')}", str(len(content)))


def test_the_start_knows_every_command() -> None:
    """A new one is added in both lists."""
    assert {command.module for command in commands.COMMANDS} == COMMANDS


@pytest.mark.parametrize(
    ("line", "module"),
    [
        ("python -m search.run --help", "search.run"),
        ("python -X dev -W error -I -m studies.show x", "studies.show"),
        ("python script.py -m search.run", ""),
        ("python -c pass -m search.run", ""),
        ("python -", ""),
        ("python -m", ""),
        ("python", ""),
    ],
)
def test_the_module_is_read_as_python_reads_it(line: str, module: str) -> None:
    """A script's own arguments are not Python's."""
    assert module_of(line.split()) == module


@pytest.mark.parametrize(
    ("files", "is_ours"),
    [
        (("search.py",), True),
        (("search/__init__.py",), True),
        (("search/__init__.py", "search/run.py"), False),  # their own command
        (("search/__init__.py", "search/run/__main__.py"), False),
        (("other.py",), False),
    ],
)
def test_a_folder_that_can_run_the_command_itself_keeps_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, files: tuple[str, ...], is_ours: bool
) -> None:
    """Only what could not have run otherwise is changed."""
    for name in files:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    finders = [finder for finder in sys.meta_path if finder is not OurPackages]
    monkeypatch.setattr(sys, "meta_path", finders)
    prepare(["python", "-m", "search.run"], str(tmp_path))
    assert (OurPackages in sys.meta_path) == is_ours
