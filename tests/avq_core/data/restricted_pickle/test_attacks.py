"""Known attacks with pickles: each is refused with one line, quickly and with little memory."""

import builtins
import os
import pickle
import resource
import struct
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pickle_fuzz import CANARY

from avq_core.data.restricted_pickle import reader as safe_pickle
from avq_core.errors import DataError


class _Reduced:
    def __init__(self, *parts: Any) -> None:
        self.parts = parts

    def __reduce__(self) -> tuple[Any, ...]:
        return self.parts


class _WithState:
    def __setstate__(self, state: object) -> None:
        os.system("true")  # noqa: S605


class _WithSlots:
    __slots__ = ("a",)


def _array(body: bytes) -> bytes:
    return b"\x80\x02cnumpy._core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85" + body


_SLOTS = _WithSlots()
_SLOTS.a = 1
_OBJECT_ARRAY = pickle.dumps(np.array([_Reduced(os.system, ("true",))], object), 2)
_STATE = _WithState()
_STATE.x = 1  # type: ignore[attr-defined]
_TENSOR = pickle.dumps(torch.arange(6.0), 4)
_STORAGE = _TENSOR[_TENSOR.index(b"\x80\x02\x8a") :]

_SLOW_STORAGE = b"\x80\x02" + b"N0" * (1 << 20) + _STORAGE[2:]

ATTACKS: dict[str, tuple[bytes, str]] = {
    "reduce": (pickle.dumps(_Reduced(os.system, ("true",))), r"posix\.system.*refused"),
    "reduce, protocol 0": (pickle.dumps(_Reduced(builtins.exec, ("1",)), 0), r"\.exec.*refused"),
    "getattr": (pickle.dumps(_Reduced(getattr, (1, "real"))), r"builtins\.getattr.*refused"),
    "setstate of a class": (pickle.dumps(_STATE), r"_WithState.*refused"),
    "setstate by function": (
        pickle.dumps(_Reduced(dict, (), {"a": 1}, None, None, os.system), 5),
        r"refused",
    ),
    "setstate of a dict": (b"\x80\x02}}b.", r"sets the state of an object that is no array"),
    "setstate of a list": (b"\x80\x02]N}\x86b.", r"sets the state of an object that is no array"),
    "copyreg": (pickle.dumps(_SLOTS, 2), r"_WithSlots.*refused|makes objects of a class"),
    "copyreg of old": (b"ccopy_reg\n_reconstructor\n(cos\n_wrap_close\nc__builtin__\nobject\nNtR.",
                       r"copy_reg\._reconstructor.*refused"),
    "newobj": (b"\x80\x02cnumpy\nndarray\n)\x81.", r"makes objects of a class"),
    "newobj_ex": (b"\x80\x04\x8c\x05numpy\x8c\x07ndarray\x93)}\x92.", r"makes objects of a class"),
    "inst": (b"(S'true'\nios\nsystem\n.", r"makes objects of a class"),
    "obj": (b"(cos\nsystem\nS'true'\no.", r"os\.system.*refused"),
    "extension": (b"\x80\x02\x82\x01.", r"registered extension"),
    "nested global": (b"\x80\x04\x8c\x08builtins\x8c\x09bytes.mro\x93.", r"bytes\.mro.*refused"),
    "dunder of a stand-in": (b"\x80\x04\x8c\x05numpy\x8c\x13dtype.__class__.mro\x93.", r"refused"),
    "global by text of numbers": (b"\x80\x04K\x01K\x02\x93.", r"a name is no text"),
    "calling a value": (b"\x80\x02X\x04\x00\x00\x00evil)R.", r"calls something other than an allowed name"),
    "calling with a list": (b"\x80\x02cbuiltins\nset\n]R.", r"calls something other than an allowed name"),
    "dtype of objects": (b"\x80\x02cnumpy\ndtype\n(X\x01\x00\x00\x00OK\x00K\x01tR.", r"array of objects"),
    "object array": (_OBJECT_ARRAY, r"system.*refused|array of objects"),
    "reconstruct of objects": (
        _array(b"U\x01O\x87R(K\x01K\x01\x85cnumpy\ndtype\nU\x01O\x85R\x89]tb."), r"array of objects"),
    "structured dtype": (
        b"\x80\x02cnumpy\ndtype\nU\x02f4\x85R(K\x03U\x01<NU\x01a\x85}NJ\xff\xff\xff\xffK\x04K\x00tb.",
        r"structured or malformed"),
    "array larger than its bytes": (
        _array(b"U\x01b\x87R(K\x01J\xff\xff\xff\x7f\x85cnumpy\ndtype\nU\x02f4\x85R\x89U\x04aaaatb."),
        r"shape \(2147483647,\) and type float32 with 4 bytes"),
    "array of negative shape": (
        _array(b"U\x01b\x87R(K\x01J\xff\xff\xff\xff\x85cnumpy\ndtype\nU\x02f4\x85R\x89U\x00tb."),
        r"array of shape"),
    "array of text beyond Unicode": (
        _array(b"U\x01b\x87R(K\x01K\x01\x85cnumpy\ndtype\nU\x02U1\x85R\x89U\x04\xff\xff\xff\xfftb."),
        r"text that is not Unicode"),
    "codec that runs": (b"\x80\x02c_codecs\nencode\nX\x01\x00\x00\x00aX\x06\x00\x00\x00base64\x86R.",
                        r"encodes text as 'base64'"),
    "bytes of a size": (b"\x80\x02cbuiltins\nbytes\nJ\xff\xff\xff\x7f\x85R.", r"makes bytes in a way"),
    "bytearray of a size": (b"\x80\x02cbuiltins\nbytearray\nJ\xff\xff\xff\x7f\x85R.", r"makes bytes"),
    "set of a range": (b"\x80\x02cbuiltins\nset\ncbuiltins\nrange\nJ\xff\xff\xff\x7f\x85R\x85R.", r"range.*refused"),
    "huge string": (b"\x80\x04\x8d" + struct.pack("<Q", 2**62) + b"a.", r"longer than the file"),
    "huge bytes": (b"\x80\x04\x8e" + struct.pack("<Q", 2**62) + b"a.", r"longer than the file"),
    "huge bytearray": (b"\x80\x05\x96" + struct.pack("<Q", 2**40) + b"a.", r"longer than the file"),
    "huge frame": (b"\x80\x04\x95" + struct.pack("<Q", 2**62) + b"N.", r"longer than the file"),
    "huge integer": (b"\x80\x02\x8b" + struct.pack("<i", 10**8) + bytes(100), r"integer of 100,000,000 bytes"),
    "long decimal": (b"L" + b"9" * 5000 + b"L\n.", r"integer of 5,001 digits|integer of 5,000 digits"),
    "memo far away": (b"\x80\x02Nr\xff\xff\xff\x7f.", r"memo is out of order"),
    "memo never set": (b"\x80\x02j\x07\x00\x00\x00.", r"memo lacks"),
    "endless line": (b"c" + b"a" * 200_000, r"a line does not end"),
    "tuple as key": (b"\x80\x02}" + b")" + b"\x85" * 200_000 + b"Ns.", r"a tuple as a key"),
    "colliding keys": (
        b"\x80\x02}(" + b"".join(b"\x8a\x0a" + (k * (2**61 - 1)).to_bytes(10, "little", signed=True) + b"N"
                                for k in range(2**10, 2**10 + 2000)) + b"u.",
        r"a int as a key, expected names and numbers of at most 64 bits"),
    "list as a member": (b"\x80\x04\x8f(]\x90.", r"a list as a key"),
    "persistent id": (b"\x80\x02X\x01\x00\x00\x00aQ.", r"persistent id"),
    "out-of-band": (b"\x80\x05\x97.", r"out-of-band buffers"),
    "deep lists": (b"\x80\x02" + b"]" * 100_000 + b"a" * 99_999 + b".", r"nested deeper than 100"),
    "deep tuples": (b"\x80\x02)" + b"\x85" * 100_000 + b".", r"nested deeper than 100"),
    "torch code": (b"\x80\x02ctorch.storage\n_load_from_bytes\nC\x16"
                    b"\x80\x02cos\nsystem\nU\x04true\x85R." + b"\x85R.",
                   r"torch storage of 'os\.system'"),
    "torch storage type": (_TENSOR.replace(b"FloatStorage", b"ComplexStora"), r"torch storage of 'torch\.ComplexStora'"),
    "torch magic": (_TENSOR.replace(b"\x8a\x0a\x6c\xfc", b"\x8a\x0a\x6d\xfc"), r"damaged torch storage"),
    "torch stride": (_TENSOR.replace(b"K\x06\x85", b"K\x07\x85"), r"does not fit its storage"),
}  # fmt: skip


@pytest.mark.parametrize(("data", "message"), ATTACKS.values(), ids=ATTACKS.keys())
def test_an_attack_is_refused(tmp_path: Path, data: bytes, message: str) -> None:
    """The error names what it tries, and nothing is run."""
    path = tmp_path / "attack.pkl"
    path.write_bytes(data)
    with pytest.raises(DataError, match=message) as error, CANARY.watching():
        safe_pickle.load(path)
    assert "\n" not in str(error.value)


def _bombs() -> dict[str, Callable[[], bytes]]:
    size = 4 << 20
    return {
        "sets": lambda: b"\x80\x04(" + b"\x8f" * size + b"l.",
        "dicts": lambda: b"\x80\x04(" + b"}" * size + b"l.",
        "lists": lambda: b"\x80\x04(" + b"]" * size + b"l.",
        "marks": lambda: b"\x80\x04" + b"(" * size + b".",
        "memo": lambda: b"\x80\x04N" + b"\x94" * size + b".",
        "doubling tuples": lambda: b"\x80\x04)" + b"2\x86" * (size // 2) + b".",
        "doubling lists": lambda: b"\x80\x04]\x94" + b"(" + b"h\x00" * (size // 2) + b"e.",
        "copies of bytes": lambda: (
            b"\x80\x04cbuiltins\nbytearray\nq\x00C\xff"
            + bytes(255)
            + b"q\x01("
            + b"h\x00h\x01\x85R" * (size // 6)
            + b"l."
        ),
        "copies of a list": lambda: (
            b"\x80\x04cbuiltins\nset\nq\x00]("
            + b"".join(b"M" + struct.pack("<H", i) for i in range(5000))
            + b"eq\x01("
            + b"h\x00h\x01\x85R" * (size // 6)
            + b"l."
        ),
        "a list walked often": lambda: (
            b"\x80\x04ccollections\nOrderedDict\nq\x00K\x01K\x02\x86q\x02]("
            + b"h\x02" * (size // 4)
            + b"eq\x01("
            + b"h\x00h\x01\x85R" * (size // 12)
            + b"l."
        ),
        "arrays in the other order": lambda: (
            b"\x80\x04cnumpy._core.numeric\n_frombuffer\nq\x00B"
            + struct.pack("<I", 1 << 20)
            + bytes(1 << 20)
            + b"q\x01cnumpy\ndtype\nU\x02f8\x85R(K\x03U\x01>NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
            + b"q\x02J\x00\x00\x02\x00\x85q\x03("
            + b"h\x00(h\x01h\x02h\x03U\x01CtR" * (size // 20)
            + b"l."
        ),
        "a storage read often": lambda: (
            b"\x80\x04ctorch.storage\n_load_from_bytes\nq\x00B"
            + struct.pack("<I", len(_SLOW_STORAGE))
            + _SLOW_STORAGE
            + b"q\x01("
            + b"h\x00h\x01\x85R" * (size // 6)
            + b"l."
        ),
        "wide text": lambda: (
            b"\x80\x04X" + struct.pack("<I", size) + "😀".encode() + b"a" * (size - 4) + b"."
        ),
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", list(_bombs()))
def test_a_bomb_takes_little_memory_and_time(tmp_path: Path, name: str) -> None:
    """4 MB that expand as far as possible take at most 4 times that plus the floor, and 10 s."""
    path = tmp_path / "bomb.pkl"
    path.write_bytes(_bombs()[name]())
    script = (
        "import resource, sys, time; from pathlib import Path\n"
        "from avq_core.data.restricted_pickle import reader as safe_pickle; from avq_core.errors import DataError\n"
        "kilobytes = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "before, start = kilobytes(), time.process_time()\n"
        "try: safe_pickle.load(Path(sys.argv[1])); outcome = 'read'\n"
        "except DataError as error: outcome = 'refused'\n"
        "print(outcome, kilobytes() - before, time.process_time() - start)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30)),
    )  # fmt: skip
    outcome, kilobytes, seconds = done.stdout.split()
    assert outcome in ("read", "refused")
    assert float(kilobytes) * 1024 <= 4 * path.stat().st_size + (1 << 28)
    assert float(seconds) < 10
