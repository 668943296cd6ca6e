"""Fuzzes the pickle reader, guided by the lines that each input reaches (atheris on libFuzzer).

`pip install -e '.[fuzz]'`, then `python benchmarks/fuzz_pickles.py --runs 200000 --seed 0`. Inputs that
reach new lines are added to `--corpus`; one that fails ends the run and is written beside it. The
short form is `tests/avq_core/data/restricted_pickle/test_fuzz.py`.
"""

import argparse
import random
import resource
import sys
import time
from collections import Counter
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

with atheris.instrument_imports(include=["avq_core.data"]):
    from avq_core.data import safe_pickle  # noqa: F401 - instrumented before the helper imports it
import pickle_fuzz

_ADDRESS_SPACE = 8 << 30


def main() -> None:
    """Runs, and prints how many inputs were read and refused for what."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--corpus", type=Path, default=Path("runs/fuzz"))
    options = parser.parse_args()
    options.corpus.mkdir(parents=True, exist_ok=True)
    sources = pickle_fuzz.corpus()
    for number, data in enumerate(sources):
        (options.corpus / f"source-{number:02d}").write_bytes(data)
    verdicts: Counter[str] = Counter()
    done, slowest, start = 0, 0.0, time.perf_counter()
    place = options.corpus.with_name(f"{options.corpus.name}-input.pkl")

    def report() -> None:
        seconds = time.perf_counter() - start
        read = verdicts.pop("read", 0)
        print(
            f"{done:,} inputs in {seconds:.0f} s: {read:,} read, {done - read:,} refused; slowest {slowest:.3f} s"
        )
        for reason, count in verdicts.most_common(40):
            print(f"{count:8,}  {reason}")
        sys.stdout.flush()

    def one(data: bytes) -> None:
        nonlocal done, slowest
        begin = time.perf_counter()
        verdict = pickle_fuzz.check(data, place)
        slowest = max(slowest, time.perf_counter() - begin)
        done += 1
        verdicts["".join(c for c in verdict[:60] if not c.isdigit())] += 1
        if done == options.runs:
            report()

    def mutate(data: bytes, most: int, seed: int) -> bytes:
        rng = random.Random(seed)
        kind = rng.random()
        if kind < 0.1:  # libFuzzer's own mutations know what comparisons asked for
            return atheris.Mutate(data, most)
        # What was mutated again and again dies at its first opcodes: half start from a whole pickle.
        return pickle_fuzz.mutated(rng, sources, data if data and kind < 0.5 else None)[:most]

    resource.setrlimit(resource.RLIMIT_AS, (_ADDRESS_SPACE, _ADDRESS_SPACE))
    arguments = [
        sys.argv[0], str(options.corpus), f"-runs={options.runs}", f"-seed={options.seed or 1}",
        "-max_len=20000", "-timeout=5", f"-artifact_prefix={options.corpus}/failed-", "-print_final_stats=1",
    ]  # fmt: skip
    atheris.Setup(arguments, one, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
