"""Every command and every YAML of the README and docs/ does what the page says, on a tiny data set."""

import importlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
import yaml
from commands import SMALL_SPACE, TASKS, write_space, write_tiny
from documents import PAGES, ROOT, Command, blocks, commands

from avq_core.config.values import load_data_config
from search.configure import check_space
from space.space import load_space

ALL = [command for page in PAGES for command in commands(page)]
OURS = [command for command in ALL if command.module is not None]
OTHERS = [command for command in ALL if command.module is None]
PARSED_ONLY = {
    "studies.dashboard": "serves until Ctrl-C; tests/studies/dashboard starts it",
    "postgresql+psycopg://": "needs a server at that address; tests/studies/storage starts one",
}
"""What stands in a command that is parsed and not run, and why."""
TARGETS = re.compile(r"^(\w[\w-]*):", re.MULTILINE)
# A later option wins, so these make a documented command small; what it is about stays.
SMALLER = {
    "search.run": (
        *("--trials", "4", "--space", "tiny_space.yaml", "--workers", "1", "--devices", "cpu"),
        *("--baseline-epochs", "1"),
    ),
    "avq_core.train": ("--epochs", "1", "--device", "cpu", "--threads", "1"),
    "avq_core.explain": ("--repeats", "1", "--device", "cpu"),
    "avq_core.predict": ("--device", "cpu"),
}


def smaller(command: Command) -> list[str]:
    """A command's arguments, made small; a search without a name is the shared study's."""
    assert command.module is not None
    arguments = [*command.arguments, *SMALLER.get(command.module, ())]
    if command.module == "search.run":
        own = "--study" in command.arguments
        arguments += ["--confirm", "0"] if own else ["--study", "ac-extended", "--confirm", "2"]
    return arguments


def is_run(command: Command) -> bool:
    """Whether the command can end on its own, on this machine alone."""
    return not any(part in str(command) for part in PARSED_ONLY)


def run_in(folder: Path, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command in a folder as a user would run it there."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,  # of a busy machine
        check=False,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's folder: the files that the pages name, and the finished study `ac-extended`."""
    made = tmp_path_factory.mktemp("user")
    (made / "datasets").mkdir()
    tiny = write_tiny(made)
    (made / "new_clips.pkl").write_bytes(tiny.read_bytes())
    tiny.rename(made / "datasets" / "ac.pkl")
    write_space(made)
    (made / "my_space.yaml").write_text(SMALL_SPACE)
    (made / "wider.yaml").write_text(SMALL_SPACE.replace("high: 3e-2", "high: 6e-2"))
    main_job = Command(page="", words=("python", "-m", "search.run"))
    done = run_in(made, "search.run", *smaller(main_job))
    assert done.returncode == 0, done.stderr
    return made


@pytest.fixture
def in_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The test runs in the user's folder."""
    threads = torch.get_num_threads()
    monkeypatch.chdir(folder)
    yield folder
    torch.set_num_threads(threads)


@pytest.mark.parametrize("command", OURS, ids=str)
def test_the_commands_options_are_those_of_the_parser(command: Command) -> None:
    """A command is taken by the real parser as it stands on the page."""
    assert command.module is not None
    where = "search.cli" if command.module == "search.run" else command.module
    package = ROOT / where.replace(".", "/")
    module = importlib.import_module(f"{where}.__main__" if package.is_dir() else where)
    module.build_parser().parse_args(command.arguments)


@pytest.mark.parametrize("command", OTHERS, ids=str)
def test_what_is_not_ours_to_run_is_there(command: Command) -> None:
    """`make` has the target, and pytest the file; nothing else is asked of a user."""
    match command.words:
        case ("make", target):
            assert target in TARGETS.findall((ROOT / "Makefile").read_text(encoding="utf-8"))
        case (".venv/bin/python", "-m", "pytest", path):
            assert (ROOT / path).exists()
        case (".", ".venv/bin/activate"):
            assert "-m venv .venv" in (ROOT / "Makefile").read_text(encoding="utf-8")
        case _:
            pytest.fail(f"{command} is not run by any test; say here how it is checked")


def run_documented(command: Command, folder: Path) -> str | None:
    """Runs a command of a page, and gives what went wrong.

    A search has a process of its own, as its workers do; all else runs in this one.
    """
    assert command.module is not None
    arguments = smaller(command)
    if command.module == "search.run":
        done = run_in(folder, command.module, *arguments)
        return None if done.returncode == 0 else done.stderr
    package = (ROOT / command.module.replace(".", "/")).is_dir()
    module = importlib.import_module(f"{command.module}.__main__" if package else command.module)
    status = module.main(arguments)
    return None if status == 0 else f"exit status {status}"


@pytest.mark.slow
def test_the_commands_run(in_folder: Path) -> None:
    """All commands of all pages, in their order, in a folder with a tiny `datasets/ac.pkl`."""
    searched = {tuple(smaller(Command(page="", words=("python", "-m", "search.run"))))}
    for command in filter(is_run, OURS):
        arguments = tuple(smaller(command))
        if command.module == "search.run" and arguments in searched:
            continue  # the same page for another total, or the main job of the fixture
        searched.add(arguments)
        assert run_documented(command, in_folder) is None, str(command)


def yaml_blocks() -> list[tuple[str, str]]:
    """Page and text of each YAML block."""
    return [(page.name, text) for page in PAGES for text in blocks(page, "yaml")]


@pytest.mark.parametrize(("page", "text"), yaml_blocks(), ids=[page for page, _ in yaml_blocks()])
def test_the_yaml_is_taken(page: str, text: str, tmp_path: Path) -> None:
    """A space of a page can be searched at all its points, and a layout is one."""
    path = tmp_path / "example.yaml"
    path.write_text(text, encoding="utf-8")
    if "parameters" in yaml.safe_load(text):
        space = load_space(path)
        check_space(space, tasks=TASKS, epochs=space.epochs)
    else:
        load_data_config(path)
