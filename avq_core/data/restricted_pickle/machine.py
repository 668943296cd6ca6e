"""A stack machine for pickles that can only build plain values.

Python's unpickler calls whatever a file names, allocates whatever size a file claims, and hashes
whatever a file uses as a key. This one accepts only the names that it is given, checks every length
against the rest of the file, allows only plain keys, and limits the memory it uses. The opcodes are
those of `pickletools`, protocols 0 to 5.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO, Final

from avq_core.data.restricted_pickle.place import place_of
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
"""A pickle may use `MEMORY_FACTOR` times its size plus `MEMORY_FLOOR` bytes of memory. Small objects
take more memory than bytes in the file, and a large file of them is not a data set."""
TOO_MUCH: Final = (
    "it would need far more memory than its own size: it is damaged, or consists of very many small "
    "values; save arrays of many samples instead, such as .npz"
)
_MAX_LINE_BYTES: Final = 1 << 16
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
        max_steps: float = math.inf,
    ) -> None:
        """Starts at the stream's current position.

        Args:
            stream: Buffered and seekable.
            size: Size of the whole stream in bytes.
            names: (module, name) that the pickle may use, to what it gets for it.
            refuse: Makes the error for any other name.
            persistent: Resolves a persistent id; `None` refuses all of them.
            max_steps: Number of opcodes that are allowed.
        """
        self.stream, self.size, self.names, self.refuse = stream, size, names, refuse
        self.persistent, self.max_steps = persistent, max_steps
        self.budget = MEMORY_FACTOR * size + MEMORY_FLOOR
        self.stack: list[Any] = []
        self.marks: list[list[Any]] = []
        self.memo: list[Any] = []
        self.steps = 0

    def near(self) -> list[str]:
        """Keys and places in lists on the way to what is being read, as far as the stack tells."""
        return place_of([*self.marks, self.stack])

    # The operations that the opcodes consist of.

    def push(self, value: Any, cost: int = SMALL) -> None:
        """Pushes a value and charges its memory to the budget."""
        self.stack.append(value)
        self.budget -= cost

    def pop(self) -> Any:
        """Pops the value on top of the stack."""
        if not self.stack:
            raise MalformedError("its stack is empty")
        return self.stack.pop()

    def top(self) -> Any:
        """The value on top of the stack."""
        if not self.stack:
            raise MalformedError("its stack is empty")
        return self.stack[-1]

    def pop_mark(self) -> list[Any]:
        """Pops all values above the last mark."""
        if not self.marks:
            raise MalformedError("it has no mark")
        items, self.stack = self.stack, self.marks.pop()
        return items

    def read(self, count: int) -> bytes:
        """Reads bytes; the file must have them before memory is allocated."""
        self._check_claim(count)
        data = self.stream.read(count)
        if len(data) < count:
            raise MalformedError("it ends too early")
        return data

    def read_bytearray(self, count: int) -> bytearray:
        """Reads a bytearray, as protocol 5 stores arrays."""
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
        """Reads a little-endian unsigned integer of `count` bytes."""
        return int.from_bytes(self.read(count), "little")

    def line(self) -> bytes:
        """Reads the rest of a line, which is a number or a name."""
        line = self.stream.readline(_MAX_LINE_BYTES)
        if not line.endswith(b"\n"):
            raise MalformedError("a line does not end")
        return line[:-1]

    def find(self, module: Any, name: Any) -> Call:
        """Looks up a name that the pickle uses."""
        if not isinstance(module, str) or not isinstance(name, str):
            raise MalformedError("a name is no text")
        if module == "__builtin__":  # Python 2's name for it, which protocols 0 to 2 write
            module = "builtins"
        call = self.names.get((module, name))
        if call is None:
            raise self.refuse(module, name)
        return call

    def put(self, place: int) -> None:
        """Stores the top value in the memo."""
        # Picklers number memo entries one by one, so no number exceeds the opcodes so far.
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
        """Pushes a value from the memo."""
        if not 0 <= place < len(self.memo) or self.memo[place] is _UNSET:
            raise MalformedError("its memo lacks what it asks for")
        self.push(self.memo[place], SLOT)

    def build(self) -> None:
        """Sets the state of a stand-in, and replaces it by its array once it is complete."""
        state, target = self.pop(), self.top()
        if not isinstance(target, Stateful):
            raise DataError(
                "it sets the state of an object that is no array, which could run code and was "
                "refused; save containers, numbers, strings and NumPy arrays only"
            )
        self._charge(state if type(state) is tuple else ())
        target.__setstate__(state)
        resolved = target.resolve_now()
        if resolved is not target:
            self.stack[-1] = resolved
            if target.place is not None and self.memo[target.place] is target:
                self.memo[target.place] = resolved

    def reduce(self) -> None:
        """Calls a name that the pickle may use."""
        arguments, target = self.pop(), self.pop()
        if not isinstance(target, Call) or type(arguments) is not tuple:
            raise DataError(
                "it calls something other than an allowed name, which could run code and was "
                "refused; save containers, numbers, strings and NumPy arrays only"
            )
        self._charge(arguments)
        try:
            value = target(*arguments)
        except TypeError as error:
            raise MalformedError("it calls a name with wrong arguments") from error
        self.push(value, DICT)

    def _charge(self, arguments: tuple[Any, ...]) -> None:
        """Charges what a call may copy or iterate over, in advance, since it may be called often."""
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
        """Resolves a persistent id."""
        if self.persistent is None:
            raise DataError(
                "it refers to data outside the pickle (a persistent id), as torch.save does; save "
                "NumPy arrays with pickle.dump"
            )
        return self.persistent(name)
