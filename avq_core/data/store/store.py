"""The prepared store: the preprocessed data on disk, memory-mapped, fitted on train only.

A store is a folder named by a hash of the data's content and the data settings. It is written once and
never changed. A search gets `SearchSplits` from it, which give no access to the test split.
"""

import functools
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from avq_core.config.data import DataConfig
from avq_core.data.dataset import NO_TEST, RawSplit
from avq_core.data.preprocessing.splits import PreparedSplit, SearchSplits
from avq_core.data.preprocessing.statistics import Statistics, fit
from avq_core.data.schema import Schema
from avq_core.data.store import files as store_files
from avq_core.data.store import fingerprint as fingerprints
from avq_core.data.store.reading import read_dataset
from avq_core.data.store.writer import store_bytes, write_store
from avq_core.errors import DataError

STORE_VERSION: Final = 3
"""Raised when the files or the preprocessing change: a store of another version is written again."""
_KEY_VERSION: Final = 2
"""Part of every store's key, and so of a study's identity. Raised only when the same clean data is
prepared to other values: then no study made before can be resumed."""


@dataclass(frozen=True, kw_only=True)
class PreparedStore:
    """A complete store on disk. Opening it reads `meta.json` only."""

    path: Path
    key: str
    """Hash of fingerprint, data settings and store version; also the folder's name."""
    fingerprint: str
    """Hash of the data's content."""
    raw_schema: Schema
    """Streams and tasks of the file."""
    schema: Schema
    """Streams and tasks as the network reads them: reduced streams have fewer columns."""
    attainable_r2: Mapping[str, Mapping[str, float]]
    """Split to task to the highest attainable R²; empty unless the data is synthetic."""
    notes: tuple[str, ...]
    """Lines for the user: how the file was read, and what preprocessing did."""

    @functools.cached_property
    def statistics(self) -> Statistics:
        """The preprocessing, as fitted on the train split."""
        from safetensors.numpy import load_file

        arrays = load_file(self.path / store_files.STATISTICS)
        return Statistics.from_arrays(arrays, self.raw_schema)

    @property
    def num_bytes(self) -> int:
        """Size on disk, of all splits together."""
        return sum(file.stat().st_size for file in self.path.iterdir())

    def search_splits(self) -> SearchSplits:
        """Train and val, memory-mapped copy-on-write, so that nothing can change the files."""
        return SearchSplits(schema=self.schema, train=self._split("train"), val=self._split("val"))

    @functools.cached_property
    def has_test(self) -> bool:
        """Whether the data has a test split with labels."""
        return (self.path / store_files.targets_file("test")).exists()

    def test_split(self) -> PreparedSplit:
        """The test split, to be opened once, after the configuration has been chosen.

        Raises:
            DataError: The data has none.
        """
        if not self.has_test:
            raise DataError(f"{NO_TEST}; add one to the file to have metrics on test")
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
    # "c" is writable, as torch.from_numpy requires, and never written back to the file.
    array: npt.NDArray[Any] = np.load(path, mmap_mode="c", allow_pickle=False)
    return array


def open_store(path: Path) -> PreparedStore:
    """Opens a store.

    Raises:
        DataError: There is no complete store at `path`.
    """
    store = open_if_complete(path)
    if store is None:
        raise DataError(f"{path} holds no complete prepared store; run python -m avq_core.prepare")
    return store


def open_if_complete(path: Path) -> PreparedStore | None:
    """Opens a store; `None` if there is none, it is incomplete, or of another version."""
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
    """Preprocesses a data set; later calls with the same data and settings reuse the store.

    Args:
        source: A path (pickle, .npz or .safetensors), or `demo`.
        config: The data settings.
        root: Folder of all stores; made if it does not exist.
        on_note: Called with a line on each step of the work; not called if the store exists.
        rebuild: Reads the file and writes the store again, even if the store exists.
        limit: Bytes that all stores in `root` may take; `None` for all free disk space.

    Returns:
        The store. Processes that prepare the same data at the same time all get the same one.

    Raises:
        DataError: The data cannot be read or breaks the contract; or `root` cannot be written or
            has too little space.
        ConfigError: PCA of an unknown stream, or to more components than the stream has.
    """
    note = on_note or (lambda _line: None)
    cached = None if rebuild else fingerprints.cached_fingerprint(source, root)
    if cached is not None:
        store = open_if_complete(root / store_key(cached, config))
        if store is not None:
            return store
    store_files.check_writable(root)
    note(f"reading {source}")
    dataset, fingerprint = read_dataset(source, config, root)
    key = store_key(fingerprint, config)
    store = None if rebuild else open_if_complete(root / key)
    return store or write(
        dataset.splits,
        dataset.schema,
        config,
        root=root,
        key=key,
        about={
            "fingerprint": fingerprint,
            "attainable_r2": dataset.attainable_r2,
            "notes": dataset.notes,
        },
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
    """Fits the preprocessing on the split `train`, and writes a store of all splits.

    Args:
        splits: Splits by name; their features are dropped as they are written.
        schema: The raw schema.
        config: The data settings.
        root: Folder of all stores.
        key: The store's name.
        about: The data's fingerprint, attainable R² and notes, for `meta.json`.
        on_note: Called with a line on each step.
        replace: Whether to replace an existing complete store.
        limit: As in `prepare`.

    Raises:
        DataError: `root` cannot be written or has too little space.
        ConfigError: PCA of an unknown stream, or to more components than the stream has.
    """
    on_note(f"fitting on {len(splits['train'])} train samples")
    statistics = fit(splits["train"], schema, config)
    needed = store_bytes(splits, statistics.prepared_schema(schema), config.storage)
    store_files.check_room(root / key, needed, limit)
    on_note(f"writing {needed / 1e9:.2f} GB to {root / key}")
    identity = {"version": STORE_VERSION, "key": key, "settings": config.model_dump(mode="json")}
    is_outdated = (
        store_files.read_meta(root / key) is not None and open_if_complete(root / key) is None
    )
    with store_files.writing(root, key, replace=replace or is_outdated) as folder:
        write_store(
            splits, schema, statistics, folder, storage=config.storage, about={**identity, **about}
        )
    return open_store(root / key)


def store_key(fingerprint: str, config: DataConfig, *parts: object) -> str:
    """A store's name: a hash of the data's content, the settings, and further `parts`, if any."""
    settings = {**config.model_dump(mode="json"), "pca": dict(sorted(config.pca.items()))}
    text = json.dumps([_KEY_VERSION, fingerprint, settings, *parts], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]
