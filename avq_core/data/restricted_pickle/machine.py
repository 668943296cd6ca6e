"""A stack machine for pickles that can do nothing but build plain values.

Python's own unpickler is built to run whatever a file names, reserves whatever a file claims to
hold, and hashes whatever a file uses as a key. This one knows the names that it is given and no
others, checks every length against what is left of the file, takes only plain keys, and keeps count
of the memory that it spends. The opcodes are those of `pickletools`, protocols 0 to 5.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO, Final

from avq_core.data.restricted_pickle.values import (
    DICT,
    ENTRY,
    SLOT,
    SMALL,
    Call,
    MalformedError,
    Stateful,
    checked_key,
    cost_of,
)
from avq_core.errors import DataError

MEMORY_FACTOR: Final = 4
MEMORY_FLOOR: Final = 1 << 28
"""A pickle may take this many times its size in memory, and this many bytes more: small objects
are larger in memory than in a file, and a large file of them is no data set."""
TOO_MUCH: Final = (
    "it would take far more memory than its own size: it is damaged, or made of very many small "
    "values; save arrays of many samples instead, such as .npz"
)
_LONGEST_LINE: Final = 1 << 16
_UNSET: Final = object()
Names = Mapping[tuple[str, str], Call]


class Machine:
    """Reads one pickle from a stream."""

    def __init__(
        self,
        stream: BinaryIO,
        size: int,
        names: Names,
        *,
        refuse: Callable[[str, str], DataError],
        persistent: Callable[[Any], Any] | None = None,
        most_steps: float = math.inf,
    ) -> None:
        """Sets it up at the stream's place.

        Args:
            stream: Buffered and seekable.
            size: Bytes of the whole stream.
            names: What the pickle may name, and what it gets for it.
            refuse: Makes the error for any other name.
            persistent: What a persistent id stands for; `None` refuses them.
            most_steps: Opcodes that it may have.
        """
        self.stream, self.size, self.names, self.refuse = stream, size, names, refuse
        self.persistent, self.most_steps = persistent, most_steps
        self.budget = MEMORY_FACTOR * size + MEMORY_FLOOR
        self.stack: list[Any] = []
        self.marks: list[list[Any]] = []
        self.memo: list[Any] = []
        self.steps = 0

    # What handlers are made of.

    def push(self, value: Any, cost: int = SMALL) -> None:
        """Puts a value on the stack, and counts what it takes."""
        self.stack.append(value)
        self.budget -= cost

    def pop(self) -> Any:
        """Takes the topmost value."""
        if not self.stack:
            raise MalformedError("its stack is empty")
        return self.stack.pop()

    def top(self) -> Any:
        """The topmost value."""
        if not self.stack:
            raise MalformedError("its stack is empty")
        return self.stack[-1]

    def pop_mark(self) -> list[Any]:
        """Takes all values above the last mark."""
        if not self.marks:
            raise MalformedError("it has no mark")
        items, self.stack = self.stack, self.marks.pop()
        return items

    def read(self, count: int) -> bytes:
        """So many bytes, which must be there before memory is reserved for them."""
        self._check_claim(count)
        data = self.stream.read(count)
        if len(data) < count:
            raise MalformedError("it ends too early")
        return data

    def read_bytearray(self, count: int) -> bytearray:
        """As `read`; protocol 5 writes arrays so."""
        self._check_claim(count)
        data = bytearray(count)
        if self.stream.readinto(data) < count:  # type: ignore[attr-defined]
            raise MalformedError("it ends too early")
        return data

    def _check_claim(self, count: int) -> None:
        if count > 512:
            if count > self.size - self.stream.tell():
                raise MalformedError("it claims to be longer than the file")
            self.budget -= count

    def number(self, count: int) -> int:
        """A little-endian unsigned number of so many bytes."""
        return int.from_bytes(self.read(count), "little")

    def line(self) -> bytes:
        """The rest of a line, which is a number or a name."""
        line = self.stream.readline(_LONGEST_LINE)
        if not line.endswith(b"\n"):
            raise MalformedError("a line does not end")
        return line[:-1]

    def find(self, module: Any, name: Any) -> Call:
        """What a name stands for."""
        if not isinstance(module, str) or not isinstance(name, str):
            raise MalformedError("a name is no text")
        if module == "__builtin__":  # as protocols 0 to 2 call it, for Python 2's sake
            module = "builtins"
        found = self.names.get((module, name))
        if found is None:
            raise self.refuse(module, name)
        return found

    def put(self, place: int) -> None:
        """Remembers the topmost value."""
        # Writers number what they remember one by one, so that no number is above the steps.
        if not 0 <= place <= self.steps:
            raise MalformedError("its memo is out of order")
        value = self.top()
        while len(self.memo) <= place:
            self.memo.append(_UNSET)
            self.budget -= SLOT
        self.memo[place] = value
        if isinstance(value, Stateful):
            value.place = place

    def get(self, place: int) -> None:
        """Puts a remembered value on the stack."""
        if not 0 <= place < len(self.memo) or self.memo[place] is _UNSET:
            raise MalformedError("its memo lacks what it asks for")
        self.push(self.memo[place], SLOT)

    def build(self) -> None:
        """Gives a stand-in its state; one that is whole then becomes the array that it stands for."""
        state, target = self.pop(), self.top()
        if not isinstance(target, Stateful):
            raise DataError(
                "it sets the state of what is no array, which could run code and was refused; save "
                "containers, numbers, strings and NumPy arrays only"
            )
        self._charge(state if type(state) is tuple else ())
        target.__setstate__(state)
        whole = target.resolve_now()
        if whole is not target:
            self.stack[-1] = whole
            if target.place is not None and self.memo[target.place] is target:
                self.memo[target.place] = whole

    def reduce(self) -> None:
        """Calls what a name stands for."""
        arguments, target = self.pop(), self.pop()
        if not isinstance(target, Call) or type(arguments) is not tuple:
            raise DataError(
                "it calls what is no name that may be called; nothing of it was run: save "
                "containers, numbers, strings and NumPy arrays only"
            )
        self._charge(arguments)
        try:
            value = target(*arguments)
        except TypeError as error:
            raise MalformedError("it calls a name with other than its arguments") from error
        self.push(value, DICT)

    def _charge(self, arguments: tuple[Any, ...]) -> None:
        """Counts what a call may copy or walk through, before it does: it may be called often."""
        self.budget -= sum(map(cost_of, arguments))
        if self.budget < 0:
            raise DataError(TOO_MUCH)

    def set_items(self, items: list[Any]) -> None:
        """Adds keys and values to the dict on top."""
        target = self.top()
        if type(target) is not dict or len(items) % 2:
            raise MalformedError("it adds items to what is no dict")
        for key, value in zip(items[::2], items[1::2], strict=True):
            target[key if type(key) is str else checked_key(key)] = value
        self.budget -= ENTRY * (len(items) // 2)

    def append_items(self, items: list[Any]) -> None:
        """Adds values to the list on top."""
        target = self.top()
        if type(target) is not list:
            raise MalformedError("it appends to what is no list")
        target.extend(items)
        self.budget -= SLOT * len(items)

    def add_members(self, items: list[Any]) -> None:
        """Adds values to the set on top."""
        target = self.top()
        if type(target) is not set:
            raise MalformedError("it adds to what is no set")
        target.update(map(checked_key, items))
        self.budget -= ENTRY * len(items)

    def persist(self, name: object) -> Any:
        """What a persistent id stands for."""
        if self.persistent is None:
            raise DataError(
                "it refers to something outside of itself (a persistent id), as torch.save does; "
                "save NumPy arrays with pickle.dump"
            )
        return self.persistent(name)
