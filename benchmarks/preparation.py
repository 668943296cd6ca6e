"""How long does preparing the data take, and how much memory, beside the manual's listing?

    python -m benchmarks.preparation DATA

Each way runs in a fresh process on the same file, one after the other: the manual's, ours on a new folder
(`cold`) and ours on a folder that holds the prepared set already (`warm`). The file is read once before, so
that all find it in the page cache. The manual's way unpickles the file: give one that you trust.
"""

import argparse
import json
import pickle
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from avq_core.cli import CommandParser
from avq_core.display.tables import text_table
from avq_core.errors import ConfigError
from avq_core.run_command import run_command

WAYS: Final = ("manual", "cold", "warm")


def prepare_as_the_manual(data: Path, work: Path) -> None:
    """The manual's listing: everything loaded, stacked, fitted on each split, pickled."""
    import numpy as np
    from sklearn.impute import SimpleImputer
    from sklearn.preprocessing import StandardScaler

    with data.open("rb") as stream:
        splits = pickle.load(stream)  # noqa: S301 - this is what is measured
    processed: dict[str, Any] = {}
    for name, samples in splits.items():
        features = {}
        for stream_name in samples[0]["features"]:
            stacked = np.stack([sample["features"][stream_name] for sample in samples])
            rows = stacked.reshape(-1, stacked.shape[-1])
            if stream_name == "visual":
                rows = SimpleImputer(strategy="median").fit_transform(rows)
            rows = StandardScaler().fit_transform(rows)
            features[stream_name] = rows.reshape(stacked.shape).astype(np.float32)
        labels = {
            task: np.array([sample["labels"][task] for sample in samples], np.float32)
            for task in samples[0]["labels"]
        }
        masks = {task: values != -1.0 for task, values in labels.items()}
        processed[name] = {"features": features, "labels": labels, "valid_masks": masks}
    with (work / "processed.pkl").open("wb") as stream:
        pickle.dump(processed, stream)


def prepare_as_here(data: Path, work: Path) -> None:
    """This project's way; the second call on one folder is the warm one."""
    from avq_core.config.data import DataConfig
    from avq_core.data.store.store import prepare

    prepare(str(data), DataConfig(), root=work).search_splits()


def measure_here(way: Callable[[Path, Path], None], data: Path, work: Path) -> dict[str, float]:
    """Seconds and peak memory in GB of one call, in this process."""
    import numpy as np  # noqa: F401 - both ways need it, so its import is left out of both

    start = time.perf_counter()
    way(data, work)
    seconds = time.perf_counter() - start
    kibibytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"seconds": seconds, "peak_gb": kibibytes * 1024 / 1e9}


def measure_in_new_process(way: str, data: Path, work: Path) -> dict[str, float]:
    """As `measure_here`, and `process`: the seconds of the whole process, its start included."""
    start = time.perf_counter()
    command = [
        sys.executable,
        "-m",
        "benchmarks.preparation",
        str(data),
        "--way",
        way,
        "--work",
        str(work),
    ]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    result: dict[str, float] = json.loads(output)
    return {**result, "process": time.perf_counter() - start}


def build_parser() -> argparse.ArgumentParser:
    """The command's options."""
    parser = CommandParser(
        prog="python -m benchmarks.preparation",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("data", type=Path, help="a pickle that you trust")
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    return parser


def main(argv: Sequence[str]) -> int:
    """Measures every way and prints them side by side."""
    options = build_parser().parse_args(argv)
    if options.way is not None:
        way = prepare_as_the_manual if options.way == "manual" else prepare_as_here
        print(json.dumps(measure_here(way, options.data, options.work)))
        return 0
    try:
        with options.data.open("rb") as stream:
            while stream.read(1 << 24):
                pass
    except OSError as error:
        raise ConfigError(
            f"cannot read {options.data} ({error.strerror}); give a pickle"
        ) from error
    with tempfile.TemporaryDirectory(prefix="preparation-", dir=".") as folder:
        results = {name: measure_in_new_process(name, options.data, Path(folder)) for name in WAYS}
    print(f"{options.data} ({options.data.stat().st_size / 1e6:,.0f} MB)")
    print(table(results))
    return 0


def table(results: Mapping[str, Mapping[str, float]]) -> str:
    """A row a way, with its speed and memory relative to the manual's."""
    manual = results["manual"]
    rows = [["way", "seconds", "with process start", "peak GB", "speed-up", "share of the memory"]]
    rows += [
        [
            name,
            f"{result['seconds']:.2f}",
            f"{result['process']:.2f}",
            f"{result['peak_gb']:.2f}",
            f"{manual['seconds'] / result['seconds']:.1f}",
            f"{result['peak_gb'] / manual['peak_gb']:.2f}",
        ]
        for name, result in results.items()
    ]
    return text_table(rows)


if __name__ == "__main__":
    sys.exit(run_command(main))
