"""`python -m avq_core.prepare DATA`: preprocessing alone."""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from avq_core.cli import CommandParser, run_command
from avq_core.errors import ConfigError


def main(argv: Sequence[str]) -> int:
    """Prepares a data set and says where it lies, how long it took and what was filled."""
    options = _parser().parse_args(argv)
    from avq_core.config import DataConfig
    from avq_core.data.dataset import default_source
    from avq_core.data.prepared import prepare

    config = DataConfig(pca=_widths(options.pca))
    source = options.data or default_source()
    if options.data is None:
        print(f"data: {source} (none was named)")
    start = time.perf_counter()
    steps: list[str] = []

    def note(line: str) -> None:
        steps.append(line)
        print(f"{line} ...", flush=True)

    store = prepare(source, config, root=Path(options.runs) / "prepared", on_note=note)
    seconds = time.perf_counter() - start
    print(f"{'prepared' if steps else 'already prepared'}: {store.path} ({seconds:.1f} s)")
    for stream in store.schema.streams:
        shape = (store.schema.num_frames, stream.dim) if stream.temporal else (stream.dim,)
        reduced = " (principal components)" if stream.name in config.pca else ""
        print(f"  {stream.name}: {shape}{reduced}")
    for line in store.notes or ("nothing to fill, no column without variation",):
        print(f"note: {line}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = CommandParser(
        prog="python -m avq_core.prepare",
        description="Preprocesses a data set: fills missing values, standardises, scales labels, "
        "all fitted on the train split only. Other commands do this by themselves.",
        allow_abbrev=False,
    )
    parser.add_argument(
        "data",
        nargs="?",
        metavar="DATA",
        help="a pickle, or `demo`; default: datasets/ac.pkl if it is there, else demo",
    )
    parser.add_argument(
        "--runs",
        default="runs",
        metavar="DIR",
        help="the store goes to DIR/prepared (default: %(default)s)",
    )
    parser.add_argument(
        "--pca",
        nargs="+",
        default=[],
        action="extend",
        metavar="STREAM=WIDTH",
        help="reduces a stream to so many principal components, such as keypoint=64",
    )
    return parser


def _widths(pairs: Sequence[str]) -> dict[str, int]:
    widths: dict[str, int] = {}
    for pair in pairs:
        stream, _, width = pair.partition("=")
        if not stream or not width.isdecimal():
            raise ConfigError(f"--pca got {pair!r}, expected STREAM=WIDTH such as keypoint=64")
        widths[stream] = int(width)
    return widths


if __name__ == "__main__":
    sys.exit(run_command(main))
