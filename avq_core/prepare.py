"""`python -m avq_core.prepare DATA`: only preprocesses a data set."""

if __name__ == "__main__":  # before any other import
    from avq_search.start import begin

    begin()

import argparse
import shutil
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from avq_core.cli import CommandParser, number, refused
from avq_core.files import check_place
from avq_core.invocation import typed
from avq_core.run_command import leave, run_command

if TYPE_CHECKING:
    from avq_core.config.data import DataConfig
    from avq_core.data.store.store import PreparedStore


def main(argv: Sequence[str]) -> int:
    """Prepares a data set, and reports its folder, the time taken and what was filled."""
    options = build_parser().parse_args(argv)
    from avq_core.config.values import load_data_config
    from avq_core.data.files.read import default_source
    from avq_core.data.store.store import prepare

    config = load_data_config(options.layout)
    config = config.changed(pca={**config.pca, **dict(options.pca)})
    if options.legacy_pickle is not None:
        check_place(options.legacy_pickle)
    source = options.data or default_source()
    if options.data is None:
        print(f"data: {source} (none was named)")
    start = time.perf_counter()
    steps: list[str] = []

    def note(line: str) -> None:
        steps.append(line)
        print(f"{line} ...", flush=True)

    root = options.runs / "prepared"
    store = prepare(
        source,
        config,
        root=root,
        on_note=note,
        rebuild=options.rebuild,
        limit=None if options.store_limit is None else int(options.store_limit * 1e9),
    )
    seconds = time.perf_counter() - start
    print(f"{'prepared' if steps else 'already prepared'}: {store.path} ({seconds:.1f} s)")
    print("\n".join(_description(store, config)))
    print(_disk_usage(root, options.store_limit))
    if options.legacy_pickle is not None:
        from avq_core.data.store.legacy_pickle import write_legacy_pickle

        write_legacy_pickle(store, options.legacy_pickle)
        print(f"the manual's layout: {options.legacy_pickle}")
    return 0


def _description(store: "PreparedStore", config: "DataConfig") -> Iterator[str]:
    """The shape of each stream, and what was filled or set to 0."""
    for stream in store.schema.streams:
        shape = (store.schema.num_frames, stream.dim) if stream.temporal else (stream.dim,)
        reduced = " (principal components)" if stream.name in config.pca else ""
        lacking = " (not in every sample)" if stream.optional else ""
        yield f"  {stream.name}: {shape}{reduced}{lacking}"
    for line in store.notes or ("nothing to fill, no column without variation",):
        yield f"note: {line}"


def _disk_usage(root: Path, limit: float | None) -> str:
    """The disk space that all stores take, and the limit or the free space."""
    from avq_core.data.store.files import stored_bytes

    allowed = (
        f"{shutil.disk_usage(root).free / 1e9:.0f} GB are free"
        if limit is None
        else f"--store-limit allows {limit:g} GB"
    )
    return f"prepared data under {root}: {stored_bytes(root) / 1e9:.2f} GB; {allowed}"


def build_parser() -> argparse.ArgumentParser:
    """The command's options."""
    parser = CommandParser(
        prog=typed("avq_core.prepare"),
        description="Preprocesses a data set: fills missing values, standardises, scales labels, "
        "all fitted on the train split only. Other commands do this automatically.",
    )
    parser.add_argument(
        "data",
        nargs="?",
        metavar="DATA",
        help="a .pkl, .npz or .safetensors file, or `demo`; default: datasets/ac.pkl if it exists, "
        "else demo",
    )
    parser.add_argument(
        "--layout",
        type=Path,
        metavar="FILE",
        help="YAML with the names in the file, label ranges and PCA widths (docs/data.md)",
    )
    parser.add_argument(
        "--runs",
        type=Path,
        default=Path("runs"),
        metavar="DIR",
        help="prepared data is stored in DIR/prepared (default: %(default)s)",
    )
    parser.add_argument(
        "--pca",
        nargs="+",
        default=[],
        action="extend",
        type=_width,
        metavar="STREAM=WIDTH",
        help="reduce a stream to WIDTH principal components, such as keypoint=64",
    )
    parser.add_argument(
        "--rebuild", action="store_true", help="read the file and write the store again"
    )
    parser.add_argument(
        "--store-limit",
        type=number(0),
        metavar="GB",
        help="disk space that all data in DIR/prepared may take (default: no limit)",
    )
    parser.add_argument(
        "--legacy-pickle",
        type=Path,
        metavar="FILE",
        help="also write {split: {features, labels, valid_masks}}, as the manual's code reads it",
    )
    return parser


def _width(text: str) -> tuple[str, int]:
    """Parses STREAM=WIDTH."""
    stream, _, width = text.partition("=")
    if not stream or not width.isdecimal():
        raise refused(repr(text), "STREAM=WIDTH such as keypoint=64")
    return stream, int(width)


if __name__ == "__main__":
    leave(run_command(main))
