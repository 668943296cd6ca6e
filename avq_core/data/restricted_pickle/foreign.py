"""What a file is that is no pickle of plain values, and the code that makes one of it.

The code is meant to be pasted into Python, once, by somebody who trusts the file: unlike the reader, it
runs whatever the file names.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from avq_core.data.restricted_pickle.named import first_command, is_data

_PLAIN: Final = (
    "import pickle; plain = lambda v: "
    "{k: plain(i) for k, i in v.items()} if isinstance(v, dict) else "
    "v.to_numpy() if hasattr(v, 'to_numpy') else "
    "plain(v.tolist()) if getattr(v, 'dtype', None) == object else "
    "[plain(i) for i in v] if isinstance(v, (list, tuple)) else v; "
    "pickle.dump(plain(pickle.load(open({old}, 'rb'))), open({new}, 'wb'))"
)
"""Dicts of any kind become dicts, object arrays and tuples lists, tables and series arrays."""
_UNPACK: Final = (
    "import {module}, pathlib; pathlib.Path({new}).write_bytes({module}.open({old}).read())"
)
_JOBLIB: Final = "import joblib, pickle; pickle.dump(joblib.load({old}), open({new}, 'wb'))"
_TORCH: Final = "import pickle, torch; pickle.dump(torch.load({old}), open({new}, 'wb'))"
_HDF5: Final = (
    "import h5py, pickle; pickle.dump({{s: {{k: v[()] for k, v in g.items()}} "
    "for s, g in h5py.File({old}).items()}}, open({new}, 'wb'))"
)
_MATLAB: Final = (
    "import pickle, scipy.io; m = scipy.io.loadmat({old}, simplify_cells=True); "
    "pickle.dump({{k: v for k, v in m.items() if k[0] != '_'}}, open({new}, 'wb'))"
)
_JSON: Final = (
    "import json, numpy, pickle; data = json.load(open({old})); "
    "[c.update(features={{k: numpy.array(v, 'f4') for k, v in c['features'].items()}}) "
    "for clips in data.values() for c in clips]; pickle.dump(data, open({new}, 'wb'))"
)
_TABLE: Final = "a table, which has no frames: save arrays by name with numpy.savez (docs/data.md)"

_STARTS: Final[Mapping[bytes, tuple[str, str]]] = {
    b"\x1f\x8b": ("a gzip file", _UNPACK.replace("{module}", "gzip")),
    b"BZh": ("a bzip2 file", _UNPACK.replace("{module}", "bz2")),
    b"\xfd7zXZ": ("an xz file", _UNPACK.replace("{module}", "lzma")),
    b"x\x01": ("compressed by joblib or zlib", _JOBLIB),
    b"x\x5e": ("compressed by joblib or zlib", _JOBLIB),
    b"x\x9c": ("compressed by joblib or zlib", _JOBLIB),
    b"x\xda": ("compressed by joblib or zlib", _JOBLIB),
    b"\x89HDF": ("an HDF5 file", _HDF5),
    b"MATLAB 5": ("a MATLAB file", _MATLAB),
    b"{": ("JSON", _JSON),
}
"""How a file begins, to what it is and the code."""
_OTHERS: Final[Mapping[bytes, str]] = {
    b"\x28\xb5\x2f\xfd": "a zstd file; unpack it with unzstd",
    b"PAR1": f"a Parquet file, {_TABLE}",
    b"\x93NUMPY": "a single .npy array; save all arrays by name with numpy.savez",
    b"version https://git-lfs": "a Git LFS pointer and not the data; run git lfs pull",
    b"<!doctype": "a web page that was saved in place of the data; download the file itself",
    b"<html": "a web page that was saved in place of the data; download the file itself",
    b"[": "JSON of a list; make a dict of splits of it, as docs/data.md has it",
}
_MODULES: Final[Mapping[str, tuple[str, str]]] = {
    "joblib": ("a joblib file", _JOBLIB),
    "jax": ("JAX arrays", "convert them with numpy.asarray before saving"),
    "jaxlib": ("JAX arrays", "convert them with numpy.asarray before saving"),
    "PIL": ("images", "convert them with numpy.asarray before saving"),
    "torch": ("torch objects", "convert tensors with .numpy() before saving"),
}
TEXT: Final = f"text, such as CSV, and not a pickle: {_TABLE}"
"""Of a file for which `is_table` holds."""
_TEXT_BYTES: Final = 512
_UNSAFE: Final = (
    "that is no data, so do not open the file with pickle or another program either, since that "
    "would run it; ask whoever made it for an .npz (docs/data.md)"
)
_CONVERTED: Final = "if you trust the file, convert it once with: "


def is_table(path: Path) -> bool:
    """Whether a file that is no pickle begins with lines of a table, such as CSV."""
    with path.open("rb") as file:
        start = file.read(_TEXT_BYTES)
    try:
        text = start.decode("utf-8", "strict" if len(start) < _TEXT_BYTES else "ignore")
    except UnicodeDecodeError:
        return False
    lines = text.splitlines()[:2]
    return len(lines) > 1 and any(all(mark in line for line in lines) for mark in ",;\t")


def kind_of(path: Path, start: bytes) -> str | None:
    """What a file is and how to convert it; `None` where it may be a pickle.

    Args:
        path: The file.
        start: Its first bytes.
    """
    if not start:
        return "empty; copy or download it again"
    if path.suffix.lower() in (".csv", ".tsv"):
        return _TABLE
    if start.startswith(b"PK\x03\x04"):
        return _zip(path)
    for magic, words in _OTHERS.items():
        if start.lower().startswith(magic.lower()):
            return words
    for magic, (kind, code) in _STARTS.items():
        if start.startswith(magic):
            return f"{kind}; {conversion(path, code)}"
    return None


def mend_of(path: Path, module: str, name: str) -> str:
    """How to convert a pickle that names something of a module, if all that it names is data."""
    if not is_data(module, name):
        return _UNSAFE
    command = first_command(path)
    if command is not None:
        return f"it also names {command[:100]!r}; {_UNSAFE}"
    kind, mend = _MODULES.get(module.partition(".")[0], ("", _PLAIN))
    about = f"{kind}: " if kind else ""
    return about + (conversion(path, mend) if mend.startswith("import ") else mend)


def plain_mend(path: Path) -> str:
    """How to convert a pickle that holds object arrays, if all that it names is data."""
    command = first_command(path)
    return conversion(path, _PLAIN) if command is None else f"it names {command[:100]!r}; {_UNSAFE}"


def conversion(path: Path, code: str) -> str:
    """The code for a file, as text for an error."""
    new = path.with_name(f"{path.stem}.plain.pkl")
    filled = code.replace("{old}", repr(str(path))).replace("{new}", repr(str(new)))
    return _CONVERTED + filled.replace("{{", "{").replace("}}", "}")


def _zip(path: Path) -> str:
    import zipfile

    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (OSError, zipfile.BadZipFile):
        return "a damaged zip file; copy or download it again"
    if names and all(name.endswith(".npy") for name in names):
        return "an .npz file; give it a name that ends in .npz"
    if any(name.endswith("/data.pkl") for name in names):
        return f"a file of torch.save; {conversion(path, _TORCH)}"
    return "a zip file; unpack it first"
