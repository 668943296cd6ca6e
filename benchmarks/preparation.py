"""Preparation time and peak memory, beside the way of the manual's listing, in one run.

    python benchmarks/preparation.py DATA

Each way runs in a fresh process, on the same file, one after the other; the file is read once
before, so that all find it in the page cache.
"""

import argparse
import json
import pickle
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

WAYS = ("manual", "cold", "warm")


def prepare_as_the_manual(data: Path, work: Path) -> None:
    """The manual's listing: everything loaded, stacked, fitted on each split, pickled."""
    import numpy as np
    from sklearn.impute import SimpleImputer
    from sklearn.preprocessing import StandardScaler

    with data.open("rb") as stream:
        splits = pickle.load(stream)  # noqa: S301 - the very thing that is measured
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
    """This project's way; the second call in one folder is the warm one."""
    from avq_core.config.data import DataConfig
    from avq_core.data.store.store import prepare

    prepare(str(data), DataConfig(), root=work).search_splits()


def measure_here(way: Callable[[Path, Path], None], data: Path, work: Path) -> dict[str, float]:
    """Seconds and peak memory in GB of one call, in this process."""
    import numpy as np  # noqa: F401 - both ways need it; its import is not what is compared

    start = time.perf_counter()
    way(data, work)
    seconds = time.perf_counter() - start
    kibibytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"seconds": seconds, "peak_gb": kibibytes * 1024 / 1e9}


def measure_in_new_process(way: str, data: Path, work: Path) -> dict[str, float]:
    """As `measure_here`, and the whole process's seconds with its start."""
    start = time.perf_counter()
    command = [sys.executable, __file__, str(data), "--way", way, "--work", str(work)]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    result: dict[str, float] = json.loads(output)
    return {**result, "process": time.perf_counter() - start}


def main() -> None:
    """Measures every way and prints them side by side."""
    parser = argparse.ArgumentParser(description="Preparation beside the manual's way.")
    parser.add_argument("data", type=Path, help="a pickle that may be trusted")
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--work", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.way is not None:
        way = prepare_as_the_manual if options.way == "manual" else prepare_as_here
        print(json.dumps(measure_here(way, options.data, options.work)))
        return
    with options.data.open("rb") as stream:
        while stream.read(1 << 24):
            pass
    with tempfile.TemporaryDirectory(prefix="preparation-", dir=".") as folder:
        results = {name: measure_in_new_process(name, options.data, Path(folder)) for name in WAYS}
    base = results["manual"]
    size = options.data.stat().st_size / 1e6
    print(f"{options.data} ({size:,.0f} MB)")
    print("way     seconds  with process start  peak GB  times as fast  share of the memory")
    for name, result in results.items():
        print(
            f"{name:<6}  {result['seconds']:7.2f}  {result['process']:18.2f}  "
            f"{result['peak_gb']:7.2f}  {base['seconds'] / result['seconds']:13.1f}  "
            f"{result['peak_gb'] / base['peak_gb']:19.2f}"
        )


if __name__ == "__main__":
    main()
