"""Reads a data set together with the fingerprint that names its store."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from avq_core.config.data import DataConfig
from avq_core.data.dataset import Dataset
from avq_core.data.files.read import DEMO, load_dataset
from avq_core.data.store import fingerprint as fingerprints


def read_dataset(source: str, config: DataConfig, root: Path) -> tuple[Dataset, str]:
    """Reads a data set and computes its fingerprint, which is added to the index in `root`.

    Raises:
        DataError: The data cannot be read, breaks the contract, or changes meanwhile.
    """
    if source == DEMO:
        cached = fingerprints.cached_fingerprint(source, root)
        assert cached is not None, "the demo set's fingerprint needs no reading"
        return load_dataset(source, config), cached
    path = Path(source)
    # Hashing in parallel costs almost no time, as both release the interpreter lock.
    with fingerprints.unchanged(path), ThreadPoolExecutor(1) as pool:
        hashing = pool.submit(fingerprints.read_fingerprint, path)
        dataset = load_dataset(source, config)
        fingerprint = hashing.result()
    fingerprints.remember(path, fingerprint, root)
    return dataset, fingerprint
