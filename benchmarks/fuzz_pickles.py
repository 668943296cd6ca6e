"""Does any malformed pickle make the reader crash, hang or run code? A fuzzer guided by coverage.

    pip install -e '.[fuzz]'
    python -m benchmarks.fuzz_pickles --runs 200000 --seed 0

atheris on libFuzzer mutates pickles and watches which lines of the reader each input reaches. Inputs that
reach new lines are added to `--corpus`; an input that fails ends the run and is written beside it. The
short form is `tests/avq_core/data/restricted_pickle/test_fuzz.py`.
"""

import argparse
import random
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from avq_core.cli import CommandParser
from avq_core.errors import ConfigError
from avq_core.run_command import run_command

_ADDRESS_SPACE: Final = 8 << 30
"""Bytes; an input that asks for more fails."""
_LIBFUZZER_SHARE: Final = 0.1
"""Share of the mutations that libFuzzer makes itself: it knows the values of failed comparisons."""
_WHOLE_SHARE: Final = 0.5
"""Share that starts from a whole pickle: one that was mutated many times fails at its first opcodes."""


def build_parser() -> argparse.ArgumentParser:
    """The command's options."""
    parser = CommandParser(
        prog="python -m benchmarks.fuzz_pickles",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--runs", type=int, default=200_000, help="inputs (default %(default)s)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--corpus", type=Path, default=Path("runs/fuzz"), help="kept inputs")
    return parser


def main(argv: Sequence[str]) -> int:
    """Fuzzes, and prints how many inputs were read or refused, and why."""
    options = build_parser().parse_args(argv)
    atheris, pickle_fuzz = _import_instrumented()
    options.corpus.mkdir(parents=True, exist_ok=True)
    sources = pickle_fuzz.corpus()
    for number, data in enumerate(sources):
        (options.corpus / f"source-{number:02d}").write_bytes(data)
    place = options.corpus.with_name(f"{options.corpus.name}-input.pkl")
    tally = Tally(check=lambda data: pickle_fuzz.check(data, place), total=options.runs)

    def mutate(data: bytes, max_size: int, seed: int) -> bytes:
        rng = random.Random(seed)
        kind = rng.random()
        if kind < _LIBFUZZER_SHARE:
            return bytes(atheris.Mutate(data, max_size))
        mutated = pickle_fuzz.mutated(rng, sources, data if data and kind < _WHOLE_SHARE else None)
        return bytes(mutated[:max_size])

    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE, _ADDRESS_SPACE))
    arguments = [
        sys.argv[0], str(options.corpus), f"-runs={options.runs}", f"-seed={options.seed or 1}",
        "-max_len=20000", "-timeout=5", f"-artifact_prefix={options.corpus}/failed-", "-print_final_stats=1",
    ]  # fmt: skip
    atheris.Setup(arguments, tally.test, custom_mutator=mutate)
    atheris.Fuzz()  # ends the process
    return 0


def _import_instrumented() -> tuple[ModuleType, Any]:
    """atheris, and the tests' corpus and checks over a reader that atheris watches.

    Raises:
        ConfigError: atheris is not installed, or the tests are not there.
    """
    try:
        import atheris
    except ModuleNotFoundError as error:
        raise ConfigError("atheris is not installed; pip install -e '.[fuzz]'") from error
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    # What is imported in here is watched, so it comes before the tests' module, which imports it too.
    with atheris.instrument_imports(include=["avq_core.data"]):
        from avq_core.data.restricted_pickle import reader  # noqa: F401 - to be watched
    import pickle_fuzz

    return atheris, pickle_fuzz


class Tally:
    """Counts verdicts, and prints them after the last input: libFuzzer ends the process itself."""

    def __init__(self, *, check: Callable[[bytes], str], total: int) -> None:
        """Starts the clock.

        Args:
            check: An input to its verdict, `read` or why it was refused.
            total: Inputs after which the result is printed.
        """
        self._check = check
        self._total = total
        self._verdicts: Counter[str] = Counter()
        self._start = time.perf_counter()
        self._num, self._slowest = 0, 0.0

    def test(self, data: bytes) -> None:
        """Checks one input; whatever the check raises ends the fuzzing."""
        start = time.perf_counter()
        verdict = self._check(data)
        self._slowest = max(self._slowest, time.perf_counter() - start)
        self._num += 1
        self._verdicts["".join(c for c in verdict[:60] if not c.isdigit())] += 1
        if self._num == self._total:
            print(self.report(), flush=True)

    def report(self) -> str:
        """How many inputs were read, and the reasons why the others were refused."""
        seconds, num_read = time.perf_counter() - self._start, self._verdicts["read"]
        refused = {reason: count for reason, count in self._verdicts.items() if reason != "read"}
        headline = (
            f"{self._num:,} inputs in {seconds:.0f} s: {num_read:,} read, "
            f"{self._num - num_read:,} refused; slowest {self._slowest:.3f} s"
        )
        lines = [headline, *(f"{n:8,}  {reason}" for reason, n in Counter(refused).most_common(40))]
        return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(run_command(main))
