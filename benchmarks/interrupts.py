"""Does Ctrl-C end a search within ten seconds, at whatever moment it comes?

    python -m benchmarks.interrupts --moments 20
    python -m benchmarks.interrupts --phases start confirmation --moments 5 --seed 1

A search of tiny networks is started anew for each moment, and SIGINT (to the command alone, or as a terminal
sends it to its workers too) or SIGTERM is sent at a random time after a phase has begun. A moment passes if the
command ends with 130 within ten seconds, without a traceback and with no process left; after the closing table
0 is right as well. The signal before the first line of ours is Python's own: `start` begins when that has run.
"""

import argparse
import contextlib
import os
import pickle
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from avq_core.cli import CommandParser, integer
from avq_core.display.tables import text_table
from avq_core.run_command import leave, run_command
from avq_search.start import INTERRUPTED

LIMIT_SECONDS: Final = 10.0
_SPACE: Final = """\
epochs: 40
fixed: {model.num_layers: 1, model.embedder_scale: 0.125, optim.cycle_epochs: 40}
parameters:
  model.hidden_dim: {type: int, low: 8, high: 16, step: 8, reason: tiny}
  model.num_heads: {type: categorical, choices: [1, 2], reason: divides both}
  optim.lr: {type: float, low: 1e-3, high: 3e-2, log: true, reason: tiny networks}
"""
_TRIALS: Final = 4
STUDY: Final = "tiny"


class Phase(NamedTuple):
    """A part of the search, by what it prints when it begins."""

    marker: str
    """On stderr or stdout; empty for the first line of ours."""
    seconds: float
    """How long after the marker a signal may come."""
    begun: str = ""
    """What was done before: nothing, the `trials`, or the confirmation too (`all`)."""
    earliest: float = 0.0
    """Seconds after the marker before which it is still another phase."""


PHASES: Final = {
    "start": Phase("", 3.0),
    "data": Phase("reading", 1.0),
    "audit": Phase("auditing", 1.5),
    "workers": Phase(" starts: ", 4.0),
    "trials": Phase(" running", 10.0),
    "confirmation": Phase(" trials are done", 5.0, "trials"),
    "runs": Phase("confirming", 15.0, "trials", earliest=4.0),
    "results": Phase("confirmed", 1.5, "all"),
    "table": Phase("report: ", 0.3, "all"),
}


class Outcome(NamedTuple):
    """What became of one signal."""

    seconds: float
    """Until the command had ended; `LIMIT_SECONDS` where it had not."""
    problem: str
    """Empty where it ended as it should."""


class Searches:
    """Searches of tiny networks, each in a copy of a folder in which it has come as far as asked."""

    def __init__(self, folder: Path) -> None:
        """Writes the data and the space."""
        self.folder = folder
        self._made: dict[str, Path] = {}
        rng = np.random.default_rng(0)
        sizes = {"train": 40, "val": 20, "test": 20}
        data = {name: [_sample(rng, i) for i in range(size)] for name, size in sizes.items()}
        (folder / "data.pkl").write_bytes(pickle.dumps(data))
        (folder / "space.yaml").write_text(_SPACE, encoding="utf-8")

    def at(self, begun: str) -> Path:
        """A runs folder of its own, where `begun` is done."""
        place = Path(tempfile.mkdtemp(dir=self.folder)) / "runs"
        if begun:
            if begun not in self._made:
                self._made[begun] = self.folder / begun
                confirm = 2 if begun == "all" else 0
                process = self.start(self._made[begun], confirm=confirm)
                out, errors = process.communicate()
                if process.returncode:
                    raise RuntimeError(f"the search failed: {out}{errors}")
            shutil.copytree(self._made[begun], place)
        return place

    def start(self, runs: Path, *, confirm: int = 2) -> "subprocess.Popen[str]":
        """Starts the search as a session of its own."""
        options = {
            "data": self.folder / "data.pkl", "space": self.folder / "space.yaml", "runs": runs,
            "study": STUDY, "trials": _TRIALS, "workers": 2, "devices": "cpu",
            "baseline-epochs": 1, "confirm": confirm,
        }  # fmt: skip
        words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        return subprocess.Popen(
            [sys.executable, "-u", "-m", "search.run", *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )


def _sample(rng: np.random.Generator, number: int) -> dict[str, object]:
    audio = rng.standard_normal((5, 4)).astype(np.float32)
    level = float(np.tanh(audio.mean()))
    labels = {"cross_modal_score": level / 2, "overall_score": level / 2 + 0.1}
    return {"features": {"audio": audio}, "labels": labels, "group": f"g{number // 2}"}


def interrupt(
    searches: Searches,
    phase: Phase,
    *,
    wait: float,
    number: signal.Signals,
    whole_group: bool,
    runs: Path | None = None,
) -> Outcome:
    """Starts a search, sends the signal some seconds after the phase has begun, and looks at the end.

    Args:
        searches: Where to start it.
        phase: The phase; what comes before it is done already.
        wait: The seconds.
        number: The signal.
        whole_group: Whether the workers get it too, as from a terminal.
        runs: A runs folder to go on in; `None` for a new one.
    """
    process = searches.start(runs or searches.at(phase.begun))
    try:
        output = _wait_for(process, phase.marker)
        time.sleep(wait)
        sent = time.monotonic()
        with contextlib.suppress(ProcessLookupError):
            (os.killpg if whole_group else os.kill)(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(LIMIT_SECONDS)
        seconds = time.monotonic() - sent
        left = _of_session(process.pid)
        while left and time.monotonic() - sent < LIMIT_SECONDS:
            time.sleep(0.1)
            left = _of_session(process.pid)
    finally:
        for pid in _of_session(process.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        rest, _ = process.communicate()
    return Outcome(seconds, _problem(process.returncode, output + rest, left, seconds))


def _problem(status: int, output: str, left: Sequence[int], seconds: float) -> str:
    last = output.strip().splitlines()[-1:]
    if seconds >= LIMIT_SECONDS:
        return f"still there after {LIMIT_SECONDS:.0f} s: {last}"
    if left:
        return f"{len(left)} process(es) left: {last}"
    if "Traceback" in output or "terminate called" in output:
        return f"exit {status} with a traceback: {last}"
    if status != INTERRUPTED and not (status == 0 and "report: " in output):
        return f"exit {status}: {last}"
    return ""


def _wait_for(process: "subprocess.Popen[str]", marker: str) -> str:
    """Reads what is printed up to a marker; without one, waits until our handlers are in place."""
    assert process.stdout is not None
    output = ""
    while marker and marker not in output:
        line = process.stdout.readline()
        output += line
        if not line:
            return output
    while not marker and process.poll() is None and not _catches(process.pid, signal.SIGTERM):
        time.sleep(0.001)
    return output


def _catches(pid: int, number: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return False
    caught = next(line for line in status.splitlines() if line.startswith("SigCgt:"))
    return bool(int(caught.split()[1], 16) >> (number - 1) & 1)


def _of_session(session: int) -> list[int]:
    """Processes of a session that are still running."""
    return [pid for pid, of, state in _processes() if of == session and state not in "ZX"]


def _processes() -> Iterator[tuple[int, int, str]]:
    """Process id, session and state of every process."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            with contextlib.suppress(OSError):
                stat = (entry / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
                yield int(entry.name), int(stat[3]), stat[0]


def main(argv: Sequence[str]) -> int:
    """Interrupts searches, and prints a row for each phase."""
    options = build_parser().parse_args(argv)
    # A shell has what it starts in the background ignore Ctrl-C, and so would the searches.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    rng = np.random.default_rng(options.seed)
    rows = [["phase", "moments", "passed", "slowest [s]"]]
    problems = []
    with tempfile.TemporaryDirectory() as folder:
        searches = Searches(Path(folder))
        for name in options.phases:
            phase, outcomes = PHASES[name], []
            for moment in range(options.moments):
                wait = float(rng.uniform(phase.earliest, phase.seconds))
                number = signal.SIGTERM if moment % 4 == 3 else signal.SIGINT
                outcome = interrupt(
                    searches, phase, wait=wait, number=number, whole_group=moment % 4 == 1
                )
                outcomes.append(outcome)
                if outcome.problem:
                    problems.append(f"{name} + {wait:.2f} s, {number.name}: {outcome.problem}")
                    print(problems[-1], file=sys.stderr, flush=True)
            passed = sum(not outcome.problem for outcome in outcomes)
            slowest = max(outcome.seconds for outcome in outcomes)
            rows.append([name, str(len(outcomes)), str(passed), f"{slowest:.1f}"])
            print(" ".join(rows[-1]), file=sys.stderr, flush=True)
    print(text_table(rows))
    return 1 if problems else 0


def build_parser() -> argparse.ArgumentParser:
    """The command's options."""
    parser = CommandParser(
        prog="python -m benchmarks.interrupts",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--phases", nargs="+", choices=PHASES, default=[*PHASES], metavar="NAME")
    parser.add_argument("--moments", type=integer(1), default=20, metavar="N", help="of each phase")
    parser.add_argument("--seed", type=integer(0), default=0, metavar="N")
    return parser


if __name__ == "__main__":
    leave(run_command(main))
