"""`python -m avq_core.demo --out FILE`: writes the demo set to a file, small or at full size."""

if __name__ == "__main__":  # before any other import
    from avq_search.start import begin

    begin()

import argparse
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from avq_core.cli import CommandParser, integer
from avq_core.errors import ConfigError
from avq_core.invocation import typed
from avq_core.run_command import leave, run_command

if TYPE_CHECKING:
    from avq_core.data.synthetic import DemoSize


def main(argv: Sequence[str]) -> int:
    """Makes the set, writes it, and prints the attainable R²."""
    options = build_parser().parse_args(argv)
    from avq_core.data.files.write import check_suffix, files, write
    from avq_core.data.synthetic import FULL, SMALL, make_demo
    from avq_core.files import check_place

    check_suffix(options.out)
    for path in files(options.out):
        check_place(path)
    size = FULL if options.full else SMALL
    _check_room(options.out, size)
    start = time.perf_counter()
    print(f"making {sum(size.clips.values()):,} clips of {size.num_frames} frames ...", flush=True)
    dataset = make_demo(size=size, seed=options.seed)
    print(f"writing {options.out} ...", flush=True)
    write(dataset, options.out)
    seconds = time.perf_counter() - start
    print(f"{options.out}: {options.out.stat().st_size / 1e9:.2f} GB ({seconds:.0f} s)")
    for split, ceilings in dataset.attainable_r2.items():
        r2 = ", ".join(f"{task} {value:.3f}" for task, value in ceilings.items())
        print(f"attainable R² on {split}: {r2}")
    print(f"next: {typed('avq_core.audit')} {options.out}")
    return 0


def _check_room(path: Path, size: "DemoSize") -> None:
    """Raises early if the values alone, without headers and labels, do not fit on the disk."""
    from avq_core.data.schema import DEFAULT_STREAM_SHAPES

    shapes = DEFAULT_STREAM_SHAPES.values()
    clip = sum(dim * (size.num_frames if frames else 1) for *frames, dim in shapes)
    needed = sum(size.clips.values()) * clip * 4
    free = shutil.disk_usage(path.parent).free
    if needed > free:
        raise ConfigError(
            f"{path} takes {needed / 1e9:.2f} GB, but {path.parent} has {free / 1e9:.2f} GB free; "
            "make room, or give a file on another disk"
        )


def build_parser() -> argparse.ArgumentParser:
    """The command's options."""
    parser = CommandParser(
        prog=typed("avq_core.demo"),
        description="Writes the demo set to a file: to try the commands, to see the file formats, or "
        "to measure at full size. The data is synthetic, with a known attainable R².",
    )
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="FILE",
        help="ends in .pkl, .npz or .safetensors (with a .json file beside it)",
    )
    parser.add_argument(
        "--full",
        action="store_true",
        help="1,602 clips of 150 frames (2.3 GB) instead of 600 clips of 30 frames",
    )
    parser.add_argument(
        "--seed", type=integer(0), default=0, metavar="N", help="default: %(default)s"
    )
    return parser


if __name__ == "__main__":
    leave(run_command(main))
