"""Outputs that are closed, broken, full, or of another encoding: the work is done, the status tells."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from avq_core.outputs import in_encoding, plain

COMMAND = """
import itertools
from pathlib import Path
from avq_core.run_command import leave, run_command
from avq_core.errors import AvqError
from avq_core.status_line import StatusLine

def main(argv):
    status = StatusLine(clock=itertools.count(0, 20).__next__)
    for number in range(30):
        status.show(f"{number} of 30: R² 0.31 ± 0.02")
        print("making " + "." * 9000, flush=True)
    status.say("done")
    Path(argv[0]).write_text("done")
    print("R² 0.31 ± 0.02 · ok …")
    if "--wrong" in argv:
        raise AvqError("R² is wrong")
    return 0

leave(run_command(main))
"""


def shell(redirection: str, folder: Path, *, wrong: bool = False, **environment: str) -> int:
    """The command's status with its outputs redirected; the work is done in every case."""
    (folder / "command.py").write_text(COMMAND, encoding="utf-8")
    line = f'"$PYTHON" command.py result {"--wrong" if wrong else ""} {redirection}'
    done = subprocess.run(
        ["bash", "-c", f"{line}; exit ${{PIPESTATUS[0]}}"],
        cwd=folder,
        env=os.environ | {"PYTHON": sys.executable, "PYTHONPATH": str(Path.cwd())} | environment,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (folder / "result").read_text() == "done", done.stderr.decode()
    for output in (done.stdout + done.stderr, *(file.read_bytes() for file in folder.glob("[oe]"))):
        assert b"Traceback" not in output
        assert b"Exception" not in output
    return done.returncode


@pytest.mark.parametrize(
    ("redirection", "status", "unbuffered"),
    [
        (">&-", 0, ""),  # as a daemon starts it
        ("2>&-", 0, ""),
        (">&- 2>&- <&-", 0, "1"),
        ("> /dev/full", 1, ""),
        ("2> /dev/full", 0, ""),  # progress is not what the command is for
        ("> /dev/full 2> /dev/full", 1, "1"),
        ("| head -c 1", 141, ""),  # as other programs end
        ("2>&1 | head -1", 141, "1"),
        ("2>&1 > o | true", 0, ""),
    ],
)
def test_a_command_does_its_work_whatever_becomes_of_its_words(
    tmp_path: Path, redirection: str, status: int, unbuffered: str
) -> None:
    """The exit status says what could not be delivered; there is no traceback."""
    assert shell(redirection, tmp_path, PYTHONUNBUFFERED=unbuffered) == status


@pytest.mark.parametrize("redirection", [">&- 2>&-", "2>&1 | true"])
def test_a_mistake_of_the_user_keeps_its_status(tmp_path: Path, redirection: str) -> None:
    """The line about it cannot be read, so the status is all there is."""
    assert shell(redirection, tmp_path, wrong=True) == 2


def test_a_full_disk_under_the_output_is_named(tmp_path: Path) -> None:
    """On stderr, where it can be read."""
    assert shell("> /dev/full 2> e", tmp_path) == 1
    last = (tmp_path / "e").read_text(encoding="utf-8").splitlines()[-1]
    assert last == "error: cannot write to standard output: No space left on device"


@pytest.mark.parametrize(("redirection", "status"), [(">&-", 2), ("> o", 0)])
def test_a_result_that_is_to_be_printed_needs_an_output(
    tmp_path: Path, redirection: str, status: int
) -> None:
    """`--out -` of a command whose standard output is closed is a mistake."""
    code = (
        "from avq_core.run_command import run_command; from avq_core.outputs import check_stdout; "
        "raise SystemExit(run_command(lambda _: check_stdout() or 0, []))"
    )
    done = subprocess.run(
        ["bash", "-c", f"\"$PYTHON\" -c '{code}' {redirection}"],
        cwd=tmp_path,
        env=os.environ | {"PYTHON": sys.executable, "PYTHONPATH": str(Path.cwd())},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status
    assert done.stderr.startswith("error: --out is -, but" if status else "")


@pytest.mark.parametrize("coding", ["ascii", "koi8-r"])
def test_other_encodings_get_plain_characters(tmp_path: Path, coding: str) -> None:
    """Those that the encoding has stay as they are."""
    assert shell("> o 2> e", tmp_path, wrong=True, PYTHONIOENCODING=coding) == 2
    last = (tmp_path / "o").read_bytes().splitlines()[-1].decode(coding)
    assert last == in_encoding("R² 0.31 ± 0.02 · ok …", coding)
    assert (
        (tmp_path / "e").read_bytes().decode(coding).endswith(in_encoding("R² is wrong\n", coding))
    )


def test_a_locale_without_unicode_is_no_error(tmp_path: Path) -> None:
    """Python may take UTF-8 there all the same."""
    assert shell("> o", tmp_path, LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0") == 0


@pytest.mark.parametrize("width", ["0", "x"])
def test_a_terminal_may_be_of_any_width_and_go_away(tmp_path: Path, width: str) -> None:
    """The terminal's other end is closed in the middle of the live line."""
    (tmp_path / "command.py").write_text(COMMAND, encoding="utf-8")
    master, slave = os.openpty()
    process = subprocess.Popen(
        [sys.executable, "command.py", "result"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(Path.cwd()), "TERM": "xterm", "COLUMNS": width},
        stdout=subprocess.DEVNULL,
        stderr=slave,
    )
    os.close(slave)
    assert os.read(master, 16)
    os.close(master)
    assert process.wait(timeout=60) == 0
    assert (tmp_path / "result").read_text() == "done"


def test_plain_text_says_the_same() -> None:
    """A name keeps its letters, if only by their numbers."""
    assert plain("R² 0.3 ± 0.1 · 3 × 2 … “x” – é 中 \udcff") == (
        'R2 0.3 +/- 0.1 - 3 x 2 ... "x" - \\xe9 \\u4e2d \\udcff'
    )


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("ascii", "R2 0.3 +/- 0.1 - 3 x 2"),
        ("gbk", "R2 0.3 ± 0.1 · 3 × 2"),
        ("latin-1", "R² 0.3 ± 0.1 · 3 × 2"),
        ("koi8-r", "R² 0.3 +/- 0.1 · 3 x 2"),
    ],
)
def test_characters_that_an_encoding_has_stay(encoding: str, text: str) -> None:
    """Only the others become plain."""
    assert in_encoding("R² 0.3 ± 0.1 · 3 × 2", encoding) == text
