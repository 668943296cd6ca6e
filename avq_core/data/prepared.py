"""The prepared store: what training reads, memory-mapped, fitted on train only.

A store is a folder named by a hash of the data's content and the data settings. It is written once
and never changed; there is no way from what a search reads to the test split.

Shapes: N samples, T frames, D columns of a stream, K tasks.
"""

import dataclasses
import functools
import hashlib
import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from avq_core.config import DataConfig
from avq_core.data import fingerprint as fingerprints
from avq_core.data import store_files
from avq_core.data.dataset import Dataset, load_dataset
from avq_core.data.schema import Schema
from avq_core.data.store_writer import write_store
from avq_core.data.transforms import Statistics, fit
from avq_core.errors import DataError

FloatArray = npt.NDArray[np.float32]

STORE_VERSION: Final = 1
"""Part of every store's key; raised when the files or the preprocessing change."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PreparedSplit:
    """One split, ready for training."""

    streams: dict[str, FloatArray]
    """Stream name to (N, T, D) or, clip-level, (N, D); finite, standardised, float32."""
    targets: FloatArray
    """(N, K), scaled to [0, 1] by the train split's range; NaN where missing."""
    groups: tuple[str, ...]
    """N group names."""

    def __len__(self) -> int:
        return len(self.targets)


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchSplits:
    """What a study may see. The test split is not in here, and there is no way from here to it."""

    schema: Schema
    train: PreparedSplit
    val: PreparedSplit


@dataclass(frozen=True, kw_only=True)
class PreparedStore:
    """A whole store on disk. Opening one reads `meta.json` and nothing else."""

    path: Path
    key: str
    """Hash of the fingerprint, the data settings and the store's version; the folder's name."""
    fingerprint: str
    """Hash of the data's content."""
    raw_schema: Schema
    """Streams and tasks as the file has them."""
    schema: Schema
    """Streams and tasks as the network reads them: fewer columns where a stream was reduced."""
    attainable_r2: Mapping[str, Mapping[str, float]]
    """Split to task to the best R² that anyone can reach; empty but for made data."""
    notes: tuple[str, ...]
    """What preprocessing did that a user should know."""

    @functools.cached_property
    def statistics(self) -> Statistics:
        """All that was fitted on the train split."""
        from safetensors.numpy import load_file

        arrays = load_file(self.path / store_files.STATISTICS)
        return Statistics.from_arrays(arrays, self.raw_schema)

    def search_splits(self) -> SearchSplits:
        """The splits that a search may see, mapped copy-on-write: nothing reaches the disk."""
        return SearchSplits(schema=self.schema, train=self._split("train"), val=self._split("val"))

    def test_split(self) -> PreparedSplit:
        """The test split: for the chosen configuration and the baseline, after all choosing."""
        return self._split("test")

    def _split(self, name: str) -> PreparedSplit:
        groups = json.loads((self.path / store_files.GROUPS).read_text(encoding="utf-8"))
        return PreparedSplit(
            streams={
                stream.name: _mapped(self.path / store_files.stream_file(name, stream.name))
                for stream in self.schema.streams
            },
            targets=_mapped(self.path / store_files.targets_file(name)),
            groups=tuple(groups[name]),
        )


def _mapped(path: Path) -> FloatArray:
    # "c": writable in memory, as torch.from_numpy wants it, and never written back.
    array: FloatArray = np.load(path, mmap_mode="c", allow_pickle=False)
    return array


def open_store(path: Path) -> PreparedStore:
    """Opens a store.

    Raises:
        DataError: There is no whole store at `path`.
    """
    store = _open_whole(path)
    if store is None:
        raise DataError(f"{path} holds no whole prepared store; run python -m avq_core.prepare")
    return store


def _open_whole(path: Path) -> PreparedStore | None:
    meta = store_files.read_meta(path)
    if meta is None or meta.get("version") != STORE_VERSION:
        return None
    return PreparedStore(
        path=path,
        key=meta["key"],
        fingerprint=meta["fingerprint"],
        raw_schema=Schema.from_dict(meta["raw_schema"]),
        schema=Schema.from_dict(meta["schema"]),
        attainable_r2=meta["attainable_r2"],
        notes=tuple(meta["notes"]),
    )


def prepare(
    source: str,
    config: DataConfig,
    *,
    root: Path,
    on_note: Callable[[str], None] | None = None,
) -> PreparedStore:
    """Preprocesses a data set once; later calls with the same data and settings find it there.

    Args:
        source: A pickle's path, or `demo`.
        config: The data settings.
        root: Folder of all stores; made if need be.
        on_note: Takes a line on each step of the work; is not called where none is to be done.

    Returns:
        The store. Processes that prepare the same data at the same time all get the same one.

    Raises:
        DataError: The data cannot be read or breaks the contract, or `root` cannot be written.
        ConfigError: PCA of an unknown stream, or to more components than the stream has.
    """
    note = on_note or (lambda _line: None)
    fingerprint = fingerprints.known_fingerprint(source, root)
    if fingerprint is not None:
        store = _open_whole(root / _key(fingerprint, config))
        if store is not None:
            return store
    store_files.check_writable(root)
    note(f"reading {source}")
    dataset, fingerprint = _read(source, config, root, fingerprint)
    key = _key(fingerprint, config)
    store = _open_whole(root / key)
    if store is None:
        note(f"fitting on {len(dataset.splits['train'])} train samples")
        statistics = fit(dataset.splits["train"], dataset.schema, config)
        note(f"writing {root / key}")
        with store_files.writing(root, key) as folder:
            identity = {
                "version": STORE_VERSION,
                "key": key,
                "fingerprint": fingerprint,
                "settings": dataclasses.asdict(config),
            }
            write_store(dataset, statistics, folder, identity=identity)
    return store or open_store(root / key)


def _key(fingerprint: str, config: DataConfig) -> str:
    settings = {**dataclasses.asdict(config), "pca": dict(sorted(config.pca.items()))}
    whole = json.dumps([STORE_VERSION, fingerprint, settings], sort_keys=True)
    return hashlib.sha256(whole.encode()).hexdigest()[:32]


def _read(
    source: str, config: DataConfig, root: Path, fingerprint: str | None
) -> tuple[Dataset, str]:
    if fingerprint is not None:  # as the demo set's always is
        return load_dataset(source, config), fingerprint
    path = Path(source)
    # Hashing beside reading costs next to nothing: both release the interpreter.
    with fingerprints.unchanged(path), ThreadPoolExecutor(1) as pool:
        hashing = pool.submit(fingerprints.read_fingerprint, path)
        dataset = load_dataset(source, config)
        fingerprint = hashing.result()
    fingerprints.remember(path, fingerprint, root)
    return dataset, fingerprint
