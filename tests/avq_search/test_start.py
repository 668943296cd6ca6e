"""Commands in a folder of the user's, whose modules have our names and those of the standard library."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from commands import run, write_space, write_tiny

from avq_search.start import INTERRUPTED, PACKAGES, OurPackages, check_packages
from search.commands import COMMANDS

ROOT = Path(__file__).parent.parent.parent
THEIRS = ("search", "space", "studies", "avq_core", "queue", "random", "socket", "pickle")
SCRIPT = (
    "import sys; sys.argv[0] = 'avq-search'; from avq_search.start import run_script; run_script()"
)

EVERY_HELP = """
import sys
from avq_search.start import begin, run_script
begin()
import avq_core.run_command
avq_core.run_command.leave = sys.exit
for command in sys.argv[1:]:
    sys.argv = ["avq-search", command, "--help"]
    try:
        run_script()
    except SystemExit as end:
        assert not end.code, command
"""


@pytest.fixture
def users_folder(tmp_path: Path) -> Path:
    """A folder of modules that leave a trace when they are imported."""
    for name in THEIRS:
        (tmp_path / f"{name}.py").write_text(f"open('{name}.ran', 'w')\n")
    return tmp_path


def run_in(folder: Path, *arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Python in a folder, with this program on its path."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)} | environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def installed(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """The script as pip installs it: Python then looks into the script's folder, not the current one."""
    return run_in(folder, "-P", "-c", SCRIPT, *arguments)


def test_the_script_runs_a_command_of_ours_in_any_folder(users_folder: Path) -> None:
    """Nothing of the user's is imported."""
    done = installed(users_folder, "run", "--help")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("usage: avq-search run ")
    assert not [*users_folder.glob("*.ran")]


def test_the_script_runs_every_command(users_folder: Path) -> None:
    """Each under its own name, with what was typed in its help; all in one process, since each takes a while."""
    done = run_in(users_folder, "-P", "-c", EVERY_HELP, *(command.name for command in COMMANDS))
    assert done.returncode == 0, done.stderr
    usages = [line.split()[2] for line in done.stdout.splitlines() if line.startswith("usage: ")]
    assert usages == [command.name for command in COMMANDS]
    assert not [*users_folder.glob("*.ran")]


def test_the_script_also_leaves_alone_what_the_users_path_names(users_folder: Path) -> None:
    """PYTHONPATH puts the current folder before everything else."""
    # Python itself would not start with their `random` and `socket`: those are theirs to mend.
    for name in THEIRS:
        if name not in PACKAGES:
            (users_folder / f"{name}.py").unlink()
    done = run_in(users_folder, "-P", "-c", SCRIPT, "run", "--help", PYTHONPATH=f".:{ROOT}")
    assert done.returncode == 0, done.stderr
    assert not [*users_folder.glob("*.ran")]


@pytest.mark.parametrize("theirs", ["space", "studies", "avq_core"])
def test_a_module_as_command_imports_ours(tmp_path: Path, theirs: str) -> None:
    """Python puts the current folder first then."""
    (tmp_path / f"{theirs}.py").write_text("open('I_RAN', 'w')\n")
    done = run_in(tmp_path, "-m", "search.run", "--help")
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "I_RAN").exists()


def test_processes_that_a_command_starts_do_not_look_there_either(users_folder: Path) -> None:
    """As its workers do not."""
    child = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import multiprocessing.spawn'])"
    done = run_in(users_folder, "-P", "-c", f"from avq_search.start import begin; begin(); {child}")
    assert done.returncode == 0, done.stderr
    assert not [*users_folder.glob("*.ran")]


def write_library(folder: Path, *names: str) -> Path:
    """A folder for PYTHONPATH with modules that cannot be imported."""
    folder.mkdir()
    for name in names:
        (folder / f"{name}.py").write_text("raise RuntimeError('theirs')\n")
    (folder / "avq_core").mkdir()  # a folder of data, say, which Python would take for a package
    return folder


def test_a_worker_imports_ours_whatever_stands_first_on_the_path(tmp_path: Path) -> None:
    """A process that is spawned gets the module path of its parent, and nothing else of it."""
    library = write_library(tmp_path / "lib", *PACKAGES)
    (tmp_path / "script.py").write_text(
        "import multiprocessing, sys\n"
        "from avq_search.start import begin, check_packages\n"
        "if __name__ == '__main__':\n"
        "    begin()\n"
        "    worker = multiprocessing.get_context('spawn').Process(target=check_packages)\n"
        "    worker.start()\n"
        "    worker.join()\n"
        "    sys.exit(worker.exitcode)\n"
    )
    done = run_in(tmp_path, "script.py", PYTHONPATH=f"{library}:{ROOT}")
    assert done.returncode == 0, done.stderr


def test_the_module_path_stays_as_it_was_where_nothing_hides_ours(tmp_path: Path) -> None:
    """A library must not hide a module of Python's, as it would if its folder came first."""
    program = "import sys; from avq_search.start import begin; begin(); print(sys.path[0])"
    done = run_in(tmp_path, "-P", "-c", program, PYTHONPATH=f"{tmp_path / 'lib'}:{ROOT}")
    assert done.stdout == f"{tmp_path / 'lib'}\n", done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("command", [("-P", "-c", SCRIPT, "run"), ("-m", "search.run")])
def test_a_whole_search_with_workers_and_confirmation_imports_nothing_of_theirs(
    tmp_path: Path, users_folder: Path, command: tuple[str, ...]
) -> None:
    """`python -m` would find their `search.py`; with the program installed it does not."""
    library = write_library(tmp_path / "lib", "space", "studies")
    if command[0] == "-m":
        (users_folder / "search.py").unlink()
    done = run_in(
        users_folder, *command, "--data", str(write_tiny(tmp_path)), "--space",
        str(write_space(tmp_path)), "--trials", "2", "--workers", "1", "--devices", "cpu",
        "--baseline-epochs", "1", "--confirm", "1", PYTHONPATH=f"{library}:{ROOT}",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert not [*users_folder.glob("*.ran")]


def test_a_script_that_finds_another_module_under_our_name_is_told(tmp_path: Path) -> None:
    """In its own process theirs stay theirs."""
    (tmp_path / "space.py").write_text("mine = 1\n")
    (tmp_path / "script.py").write_text("import space\nimport search.run\n")
    done = run_in(tmp_path, "script.py")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        f"ImportError: `import space` finds {tmp_path}/space.py, expected avq-search's package in "
        f"{ROOT}; rename that file, or keep it in another folder"
    )
    check_packages()


def test_a_command_in_this_process_leaves_no_trace() -> None:
    """A test after it could otherwise not see a package that hides ours."""
    before = [*sys.path], OurPackages in sys.meta_path, os.environ.get("PYTHONSAFEPATH")
    assert run("search.run", "--help").returncode == 0
    assert ([*sys.path], OurPackages in sys.meta_path, os.environ.get("PYTHONSAFEPATH")) == before


def test_ctrl_c_before_a_command_has_begun_ends_it_at_once(tmp_path: Path) -> None:
    """While its modules are still being imported."""
    script = (
        "import signal; from avq_search.start import begin; begin(); signal.raise_signal(signal.{})"
    )
    for name in ("SIGINT", "SIGTERM"):
        done = run_in(tmp_path, "-c", script.format(name))
        assert (done.returncode, done.stderr) == (INTERRUPTED, "interrupted\n")
