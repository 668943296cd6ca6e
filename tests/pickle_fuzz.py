"""What the fuzzing of the pickle reader is made of: a corpus, mutations, a canary, a verdict."""

import codecs
import os
import pickle
import pickletools
import random
import struct
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from avq_core.data.restricted_pickle import reader as safe_pickle
from avq_core.errors import DataError

KEPT = Path(__file__).parent / "avq_core" / "data" / "pickles"
"""Inputs that once failed, or that reach what little else does."""
HONEST = 24
"""Pickles of the corpus that picklers wrote; they come first."""
SECONDS = 5.0
MEMORY_FACTOR = 4
MEMORY_FLOOR = 1 << 20
"""Bytes that an interpreter takes for the smallest of files: error messages, one buffer of a file."""
_WATCHED = (
    "exec", "compile", "import", "marshal.", "os.", "subprocess.", "shutil.", "socket.", "ctypes.",
    "builtins.input", "code.__new__", "function.__new__", "pickle.find_class", "tempfile.", "sqlite3.",
)  # fmt: skip
_PLAIN = (str, bytes, bytearray, int, float, type(None), np.ndarray)


class CanaryError(BaseException):
    """Something was run. Not an Exception, so that no handler on the way takes it."""


class _Canary:
    """Sees every event that CPython audits (PEP 578): imports, calls of the system, writes."""

    def __init__(self) -> None:
        self.armed = False
        self.installed = False

    def hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.armed:
            return
        writes = event == "open" and not _only_reads(*arguments[1:3])
        if writes or event.startswith(_WATCHED):
            self.armed = False
            raise CanaryError(f"{event}{arguments!r}"[:200])

    @contextmanager
    def watching(self) -> Iterator[None]:
        if not self.installed:
            sys.addaudithook(self.hook)
            self.installed = True
        self.armed = True
        try:
            yield
        finally:
            self.armed = False


def _only_reads(mode: object, flags: object) -> bool:
    by_mode = mode is None or not set(str(mode)) & set("wax+")
    return by_mode and not int(str(flags or 0)) & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)


CANARY = _Canary()

# Codecs are imported when they are first used, which is none of a pickle's doing.
for _codec in ("raw-unicode-escape", "utf-8", "latin1"):
    codecs.lookup(_codec)


def check(data: bytes, path: Path) -> str:
    """Reads a pickle under watch.

    Args:
        data: The pickle.
        path: Where to write it for the reader; best in memory.

    Returns:
        `read`, or the refusal.

    Raises:
        CanaryError, AssertionError: It ran something, hung, took too much, or came to anything but
            plain values or a DataError of one line.
    """
    path.write_bytes(data)
    tracemalloc.start()
    start = time.perf_counter()
    try:
        with CANARY.watching():
            value = safe_pickle.load(path)
        verdict = "read"
    except DataError as error:
        value, verdict = None, str(error).removeprefix(str(path))
        assert "\n" not in verdict
    seconds = time.perf_counter() - start
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert seconds < SECONDS, f"{seconds:.1f} s"
    assert peak <= MEMORY_FACTOR * len(data) + MEMORY_FLOOR, f"{peak:,} bytes of {len(data):,}"
    check_plain(value)
    return verdict


def check_plain(value: Any) -> None:
    """Asserts that a value is made of plain values alone."""
    waiting, seen = [value], set()
    while waiting:
        item = waiting.pop()
        if id(item) in seen:
            continue
        seen.add(id(item))
        if isinstance(item, dict):
            waiting += [*item, *item.values()]
        elif type(item) in (list, tuple, set, frozenset):
            waiting += item
        else:
            assert isinstance(item, _PLAIN), type(item)
            assert not isinstance(item, np.ndarray) or item.dtype.kind in "biufUS"


def corpus() -> list[bytes]:
    """Small pickles of all that may be read, in every protocol, and what was kept."""
    rng = np.random.default_rng(0)
    sample = {
        "features": {"audio": rng.normal(size=(3, 2)).astype(np.float32), "sync": np.arange(2.0)},
        "labels": {"overall_score": 0.5, "lip_score": np.float64(-1)},
        "group": "speaker",
    }
    values: list[Any] = [
        {"train": [sample, sample], "val": (sample,), "test": []},
        [np.array(["a", "bc"]), np.asfortranarray(np.ones((2, 2), ">i2")), np.array(True)],
        [
            1,
            -(2**70),
            2.5,
            "text",
            b"bytes",
            bytearray(b"more"),
            None,
            True,
            {1, "a"},
            frozenset({2}),
        ],
        {"long": "x" * 2000, "ü": "ü" * 1500, "bytes": bytes(range(256)) * 8},
    ]
    found = [pickle.dumps(value, protocol) for value in values for protocol in range(6)]
    assert len(found) == HONEST
    return found + [path.read_bytes() for path in sorted(KEPT.glob("*.pkl"))]


def opcode_spans(data: bytes) -> list[tuple[int, int]]:
    """Where each opcode with its argument begins and ends, up to the first that is malformed."""
    starts: list[int] = []
    try:
        for _, _, place in pickletools.genops(data):
            starts.append(place or 0)
    except Exception:  # noqa: BLE001 - pickletools raises whatever a bad pickle makes it
        starts.append(len(data))
    return list(zip(starts, [*starts[1:], len(data)], strict=True))


_NUMBERS = (
    0,
    1,
    2,
    3,
    127,
    128,
    255,
    256,
    2**15,
    2**16 - 1,
    2**31 - 1,
    2**31,
    2**32 - 1,
    2**63 - 1,
    2**64 - 1,
)
_OPCODES = [opcode.code.encode("latin1") for opcode in pickletools.opcodes]
_NAMES = (
    b"cos\nsystem\n", b"cbuiltins\neval\n", b"c__builtin__\ngetattr\n", b"cnumpy\ndtype\n", b"cnumpy\nndarray\n",
    b"cnumpy._core.multiarray\n_reconstruct\n", b"cnumpy._core.multiarray\nscalar\n", b"ccopyreg\n_reconstructor\n",
    b"cnumpy._core.numeric\n_frombuffer\n", b"c_codecs\nencode\n", b"cbuiltins\nset\n", b"cbuiltins\nbytearray\n",
    b"ccollections\nOrderedDict\n", b"ctorch.storage\n_load_from_bytes\n", b"ctorch._utils\n_rebuild_tensor_v2\n",
)  # fmt: skip


def _flip(rng: random.Random, data: bytearray) -> None:
    for _ in range(rng.randint(1, 4)):
        data[rng.randrange(len(data))] = rng.randrange(256)


def _delete(rng: random.Random, data: bytearray) -> None:
    start = rng.randrange(len(data))
    del data[start : start + rng.randint(1, 8)]


def _cut(rng: random.Random, data: bytearray) -> None:
    del data[rng.randrange(len(data)) :]


def _number(rng: random.Random, data: bytearray) -> None:
    width = rng.choice((1, 2, 4, 8))
    start = rng.randrange(len(data))
    data[start : start + width] = struct.pack("<Q", rng.choice(_NUMBERS))[:width]


def _insert(rng: random.Random, data: bytearray) -> None:
    spans = opcode_spans(bytes(data)) or [(0, 0)]
    place = rng.choice(spans)[0]
    new = rng.choice((rng.choice(_OPCODES), rng.choice(_NAMES), bytes([rng.randrange(256)])))
    data[place:place] = new * rng.choice((1, 1, 1, 2, 50))


def _move(rng: random.Random, data: bytearray) -> None:
    spans = opcode_spans(bytes(data)) or [(0, 0)]
    first, second = rng.choice(spans), rng.choice(spans)
    part = data[first[0] : first[1]]
    if rng.random() < 0.5:
        del data[first[0] : first[1]]
    data[second[0] : second[0]] = part * rng.choice((1, 1, 2, 20))


_MUTATIONS: tuple[Callable[[random.Random, bytearray], None], ...] = (
    _flip, _delete, _cut, _number, _insert, _insert, _move, _move,
)  # fmt: skip


def mutated(rng: random.Random, sources: list[bytes], start: bytes | None = None) -> bytes:
    """A pickle that is nearly one of the sources.

    Args:
        rng: Decides everything.
        sources: Whole pickles.
        start: What to change; one of the sources if left out.
    """
    # Mostly what can be read: most of what was kept is refused at once, whatever is done to it.
    chosen = sources[:HONEST] if rng.random() < 0.8 else sources
    data = bytearray(rng.choice(chosen) if start is None else start)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 5))):
        if not data:
            break
        rng.choice(_MUTATIONS)(rng, data)
    if data and rng.random() < 0.1:
        other = rng.choice(sources)
        data = data[: rng.randrange(len(data))] + other[rng.randrange(len(other)) :]
    return bytes(data[:20_000])
