"""The prepared store: what training reads, memory-mapped, fitted on train only.

A store is a folder named by a hash of the data's content and the data settings. It is written once
and never changed; there is no way from what a search reads to the test split.

Shapes: N samples, T frames, D columns of a stream, K tasks.
"""

import functools
import hashlib
import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from avq_core.config.data import DataConfig
from avq_core.data.dataset import Dataset, RawSplit
from avq_core.data.files.read import DEMO, load_dataset
from avq_core.data.preprocessing.splits import PreparedSplit, SearchSplits
from avq_core.data.preprocessing.statistics import Statistics, fit
from avq_core.data.schema import Schema
from avq_core.data.store import files as store_files
from avq_core.data.store import fingerprint as fingerprints
from avq_core.data.store.writer import store_bytes, write_store
from avq_core.errors import DataError

STORE_VERSION: Final = 2
"""Part of every store's key; raised when the files or the preprocessing change."""


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

    @property
    def num_bytes(self) -> int:
        """On disk, all splits together."""
        return sum(file.stat().st_size for file in self.path.iterdir())

    def search_splits(self) -> SearchSplits:
        """The splits that a search may see, mapped copy-on-write: nothing reaches the disk."""
        return SearchSplits(schema=self.schema, train=self._split("train"), val=self._split("val"))

    def test_split(self) -> PreparedSplit:
        """The test split: for the chosen configuration and the baseline, after all choosing."""
        return self._split("test")

    def _split(self, name: str) -> PreparedSplit:
        names = json.loads((self.path / store_files.GROUPS).read_text(encoding="utf-8"))
        groups = tuple(names[name])
        lengths = self.path / store_files.lengths_file(name)
        return PreparedSplit(
            streams={
                stream.name: _mapped(self.path / store_files.stream_file(name, stream.name))
                for stream in self.schema.streams
            },
            targets=_mapped(self.path / store_files.targets_file(name)),
            groups=groups,
            lengths=np.load(lengths) if lengths.exists() else None,
            present={
                stream.name: np.load(self.path / store_files.present_file(name, stream.name))
                for stream in self.schema.streams
                if stream.optional
            },
        )


def _mapped(path: Path) -> npt.NDArray[Any]:
    # "c": writable in memory, as torch.from_numpy wants it, and never written back.
    array: npt.NDArray[Any] = np.load(path, mmap_mode="c", allow_pickle=False)
    return array


def open_store(path: Path) -> PreparedStore:
    """Opens a store.

    Raises:
        DataError: There is no whole store at `path`.
    """
    store = open_whole(path)
    if store is None:
        raise DataError(f"{path} holds no whole prepared store; run python -m avq_core.prepare")
    return store


def open_whole(path: Path) -> PreparedStore | None:
    """Opens a store; `None` where there is none, a part of one, or one of another version."""
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
    rebuild: bool = False,
    limit: int | None = None,
) -> PreparedStore:
    """Preprocesses a data set once; later calls with the same data and settings find it there.

    Args:
        source: A path (pickle, .npz or .safetensors), or `demo`.
        config: The data settings.
        root: Folder of all stores; made if need be.
        on_note: Takes a line on each step of the work; is not called where none is to be done.
        rebuild: Reads the file and writes the store again, even if it is there.
        limit: Bytes that all stores of `root` may take; `None` for what the disk has.

    Returns:
        The store. Processes that prepare the same data at the same time all get the same one.

    Raises:
        DataError: The data cannot be read or breaks the contract, or `root` cannot be written or
            has no room.
        ConfigError: PCA of an unknown stream, or to more components than the stream has.
    """
    note = on_note or (lambda _line: None)
    known = None if rebuild else fingerprints.known_fingerprint(source, root)
    if known is not None:
        store = open_whole(root / store_key(known, config))
        if store is not None:
            return store
    store_files.check_writable(root)
    note(f"reading {source}")
    dataset, fingerprint = read_dataset(source, config, root)
    key = store_key(fingerprint, config)
    store = None if rebuild else open_whole(root / key)
    return store or write(
        dataset.splits,
        dataset.schema,
        config,
        root=root,
        key=key,
        about={"fingerprint": fingerprint, "attainable_r2": dataset.attainable_r2},
        on_note=note,
        replace=rebuild,
        limit=limit,
    )


def write(
    splits: dict[str, RawSplit],
    schema: Schema,
    config: DataConfig,
    *,
    root: Path,
    key: str,
    about: Mapping[str, Any],
    on_note: Callable[[str], None],
    replace: bool = False,
    limit: int | None = None,
) -> PreparedStore:
    """Fits on the split called train, and writes a store of all splits.

    Args:
        splits: By name; their features are used up.
        schema: The raw schema.
        config: The data settings.
        root: Folder of all stores.
        key: The store's name.
        about: The data's fingerprint and the attainable R².
        on_note: Takes a line on each step.
        replace: Whether to write in place of a whole store that is there.
        limit: As in `prepare`.
    """
    on_note(f"fitting on {len(splits['train'])} train samples")
    statistics = fit(splits["train"], schema, config)
    needed = store_bytes(splits, statistics.prepared_schema(schema), config.storage)
    store_files.check_room(root / key, needed, limit)
    on_note(f"writing {needed / 1e9:.2f} GB to {root / key}")
    identity = {"version": STORE_VERSION, "key": key, "settings": config.model_dump(mode="json")}
    with store_files.writing(root, key, replace=replace) as folder:
        write_store(
            splits, schema, statistics, folder, storage=config.storage, about={**identity, **about}
        )
    return open_store(root / key)


def store_key(fingerprint: str, config: DataConfig, *parts: object) -> str:
    """A store's name: a hash of the data's content, the settings and whatever else sets it apart."""
    settings = {**config.model_dump(mode="json"), "pca": dict(sorted(config.pca.items()))}
    whole = json.dumps([STORE_VERSION, fingerprint, settings, *parts], sort_keys=True)
    return hashlib.sha256(whole.encode()).hexdigest()[:32]


def read_dataset(source: str, config: DataConfig, root: Path) -> tuple[Dataset, str]:
    """Reads a data set and its fingerprint, and notes the latter in the index of `root`.

    Raises:
        DataError: The data cannot be read, breaks the contract, or changes meanwhile.
    """
    if source == DEMO:
        known = fingerprints.known_fingerprint(source, root)
        assert known is not None, "the demo set is known by its source"
        return load_dataset(source, config), known
    path = Path(source)
    # Hashing beside reading costs next to nothing: both release the interpreter.
    with fingerprints.unchanged(path), ThreadPoolExecutor(1) as pool:
        hashing = pool.submit(fingerprints.read_fingerprint, path)
        dataset = load_dataset(source, config)
        fingerprint = hashing.result()
    fingerprints.remember(path, fingerprint, root)
    return dataset, fingerprint
