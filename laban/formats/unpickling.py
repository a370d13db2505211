"""Pickles from strangers, read as data: numbers, texts, lists, dictionaries and NumPy arrays. Nothing in them is ever called.

A pickle is a program. This is a machine for the harmless part of its instructions: it imports no name, knows the few that NumPy
writes as words, and builds arrays out of bytes that are there. The standard `Unpickler`, however restricted, can still be made to
allocate (memo slots, array shapes) or to hash nested tuples without end.
"""

from __future__ import annotations

import pickletools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from laban.formats.arrays import LARGEST, SHOWN, brief, file_bytes, from_bytes

MOST_STEPS = 300_000
"""Instructions; a second of work. The actors of all of Inter-X take 35 thousand."""
DEEPEST = 32
"""Containers within containers."""

_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": ()}
_LITERALS = {
    "INT", "LONG", "LONG1", "LONG4", "BININT", "BININT1", "BININT2", "FLOAT", "BINFLOAT",
    "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8",
}  # fmt: skip
_GETS = {"GET", "BINGET", "LONG_BINGET"}
_PUTS = {"PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"}
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}
_SKIPPED = {"PROTO", "FRAME"}
_DTYPE = re.compile(r"[fiub][1248]|[US]\d{1,3}")


@dataclass(frozen=True)
class _Name:
    """A name that the pickle would import."""

    name: str


@dataclass
class _Unbuilt:
    """A NumPy object that has been named and waits for its state."""

    kind: str
    """`array` or `dtype`"""
    code: str = ""
    state: Any = None


class _Mark:
    """Where the items of a container begin on the stack."""


_MARK = _Mark()


def read_pickle(path: Path) -> Any:
    """The object in a pickle file: None, bool, int, float, str, bytes, list, tuple, dict of texts, or NumPy array.

    Raises `ValueError` naming file, byte and whatever else it holds: any global, any instruction that makes an object.
    """
    data = file_bytes(path)
    machine = _Machine(str(path))
    try:
        for step, (opcode, argument, position) in enumerate(pickletools.genops(data)):
            machine.where = f"{path}: byte {position}"
            if step >= MOST_STEPS:
                raise ValueError(f"{machine.where}: more than {MOST_STEPS} instructions")
            if opcode.name == "STOP":
                return machine.result()
            machine.do(opcode.name, argument)
    except ValueError as error:
        if str(path) in str(error):
            raise
        raise ValueError(f"{path}: is not a whole pickle: {brief(error)}") from error
    except (IndexError, KeyError, TypeError) as error:
        # Of the machine's own stack and memo only: there is no foreign code to raise them.
        raise ValueError(f"{machine.where}: is not a pickle that Python writes ({type(error).__name__}: {brief(error)})") from error
    raise ValueError(f"{path}: the pickle does not end")


@dataclass
class _Machine:
    where: str
    stack: list[Any] = field(default_factory=list)
    memo: dict[int, Any] = field(default_factory=dict)
    spent: int = 0
    """Bytes that calls have made out of bytes that were there: the only thing that could grow beyond the file."""

    def do(self, name: str, argument: Any) -> None:
        """One instruction."""
        if name in _LITERALS:
            self.stack.append(bytes(argument) if name == "BYTEARRAY8" else argument)
        elif name in _CONSTANTS:
            self.stack.append(_CONSTANTS[name])
        elif name in _GETS:
            self.stack.append(self.memo[argument])
        elif name in _PUTS:
            self.memo[len(self.memo) if name == "MEMOIZE" else argument] = self.stack[-1]
        elif name in _TUPLES:
            self.stack.append(tuple(self._pop(_TUPLES[name])))
        elif name not in _SKIPPED:
            if name not in self._steps:
                raise ValueError(f"{self.where}: instruction {name} is not one of plain data and NumPy arrays")
            self._steps[name](argument)

    def __post_init__(self) -> None:
        self._steps: Mapping[str, Callable[[Any], None]] = {
            "MARK": lambda _: self.stack.append(_MARK),
            "DUP": lambda _: self.stack.append(self.stack[-1]),
            "EMPTY_LIST": lambda _: self.stack.append([]),
            "EMPTY_DICT": lambda _: self.stack.append({}),
            "TUPLE": lambda _: self.stack.append(tuple(self._to_mark())),
            "LIST": lambda _: self.stack.append(self._to_mark()),
            "DICT": lambda _: self.stack.append(self._put({}, self._to_mark())),
            "APPEND": lambda _: self._extend(self._pop(1)),
            "APPENDS": lambda _: self._extend(self._to_mark()),
            "SETITEM": lambda _: self._put_on_top(self._pop(2)),
            "SETITEMS": lambda _: self._put_on_top(self._to_mark()),
            "GLOBAL": lambda names: self._name(*names.split(" ", 1)),
            "STACK_GLOBAL": lambda _: self._name(*self._pop(2)),
            "REDUCE": lambda _: self._reduce(),
            "BUILD": lambda _: self._build(),
        }

    def result(self) -> Any:
        """What is left on the stack, made of finished values."""
        (value,) = self.stack
        return _finished(value, self.where)

    def _pop(self, count: int) -> list[Any]:
        if len(self.stack) < count or any(item is _MARK for item in self.stack[-count:]):
            raise IndexError("the stack is too short")
        items = self.stack[-count:]
        del self.stack[-count:]
        return items

    def _to_mark(self) -> list[Any]:
        place = len(self.stack) - 1
        while self.stack[place] is not _MARK:
            place -= 1
            if place < 0:
                raise IndexError("no mark")
        items = self.stack[place + 1 :]
        del self.stack[place:]
        return items

    def _extend(self, items: list[Any]) -> None:
        if not isinstance(self.stack[-1], list):
            raise TypeError("appends to what is no list")
        self.stack[-1].extend(items)

    def _put_on_top(self, items: list[Any]) -> None:
        if not isinstance(self.stack[-1], dict):
            raise TypeError("sets an item of what is no dictionary")
        self._put(self.stack[-1], items)

    def _put(self, into: dict[Any, Any], items: list[Any]) -> dict[Any, Any]:
        for key, value in zip(items[::2], items[1::2], strict=True):
            if not isinstance(key, str):  # whole numbers and tuples can be made to collide
                raise ValueError(f"{self.where}: a key of type {type(key).__name__}, not a text")
            into[key] = value
        return into

    def _name(self, module: Any, name: Any) -> None:
        if not isinstance(module, str) or not isinstance(name, str):
            raise TypeError("a name that is no text")
        full = f"{module}.{name}".replace("numpy._core.", "numpy.core.")
        if full not in _CALLS and full != "numpy.ndarray":
            raise ValueError(f"{self.where}: names {full[:SHOWN]}; only NumPy arrays and plain values are read, nothing is imported")
        self.stack.append(_Name(full))

    def _reduce(self) -> None:
        function, arguments = self._pop(2)
        if not isinstance(function, _Name) or function.name not in _CALLS or not isinstance(arguments, tuple):
            raise TypeError("calls what is no function")
        made = _CALLS[function.name](self.where, *arguments)
        self.spent += len(made) if isinstance(made, bytes) else 0
        if self.spent > LARGEST:
            raise ValueError(f"{self.where}: unpacks to more than {LARGEST} bytes")
        self.stack.append(made)

    def _build(self) -> None:
        (state,) = self._pop(1)
        if not isinstance(self.stack[-1], _Unbuilt) or not isinstance(state, tuple):
            raise TypeError("sets the state of what has none")
        self.stack[-1].state = state


def _finished(value: Any, where: str) -> Any:
    """`value` with arrays in the place of unbuilt ones; each container once, however often it is shared."""
    seen: set[int] = set()
    root = [value]
    level: list[Any] = [root]
    for _ in range(DEEPEST + 1):
        level = list({id(below): below for container in level for below in _replace(container, where) if id(below) not in seen}.values())
        seen.update(map(id, level))
        if not level:
            return root[0]
    raise ValueError(f"{where}: more than {DEEPEST} containers within one another")


def _replace(container: Any, where: str) -> list[Any]:
    """Finish what a container holds itself; return the containers in it."""
    places = container.items() if isinstance(container, dict) else enumerate(container)
    changed = {place: _array(item, where) for place, item in places if isinstance(item, _Unbuilt | _Name | _Mark)}
    if changed and isinstance(container, tuple):
        raise ValueError(f"{where}: a tuple of arrays; lists and dictionaries may hold them")
    for place, array in changed.items():
        container[place] = array
    items = container.values() if isinstance(container, dict) else container
    return [item for item in items if isinstance(item, list | tuple | dict)]


def _array(item: Any, where: str) -> np.ndarray:
    """The array of NumPy's state `(1, shape, dtype, by columns, bytes)`."""
    if not isinstance(item, _Unbuilt) or item.kind != "array" or item.state is None:
        raise ValueError(f"{where}: holds {item.name if isinstance(item, _Name) else 'an unfinished object'}, which is no value")
    _, shape, dtype, by_columns, data = item.state
    return _from(data, dtype, shape, "F" if by_columns else "C", where)


def _from(data: Any, dtype: Any, shape: Any, order: str, where: str) -> np.ndarray:
    if not isinstance(data, bytes):
        raise ValueError(f"{where}: an array of objects ({type(data).__name__}), not of plain numbers")
    if not isinstance(shape, tuple) or not all(isinstance(length, int) and 0 <= length < 2**40 for length in shape):
        raise ValueError(f"{where}: an array whose shape is no tuple of lengths")
    if not isinstance(dtype, _Unbuilt) or dtype.kind != "dtype":
        raise ValueError(f"{where}: an array without a dtype")
    if dtype.state is not None and dtype.state[1] == ">":
        raise ValueError(f"{where}: a big-endian array; save it again on this machine")
    return from_bytes(data, "<" + dtype.code, shape, order, where)


def _dtype(where: str, code: Any, *_: Any) -> _Unbuilt:
    if not isinstance(code, str) or not _DTYPE.fullmatch(code):
        shown = repr(code[:SHOWN]) if isinstance(code, str) else type(code).__name__
        raise ValueError(f"{where}: an array of dtype {shown}; only plain numbers and texts are read")
    return _Unbuilt("dtype", code)


def _empty_array(where: str, kind: Any, *_: Any) -> _Unbuilt:
    if kind != _Name("numpy.ndarray"):
        raise ValueError(f"{where}: an array of a type that is not numpy.ndarray")
    return _Unbuilt("array")


def _scalar(where: str, dtype: Any, data: Any) -> Any:
    return _from(data, dtype, (), "C", where).item()


def _buffer_array(where: str, data: Any, dtype: Any, shape: Any, order: Any) -> np.ndarray:
    return _from(data, dtype, shape, "F" if order == "F" else "C", where)


def _encode(where: str, text: Any, encoding: Any) -> bytes:
    """How bytes are written before protocol 3; none at all are written as a call of `bytes`."""
    if not isinstance(text, str) or encoding != "latin1":
        raise ValueError(f"{where}: bytes in an encoding other than latin1")
    return text.encode("latin1")


_CALLS: Mapping[str, Callable[..., Any]] = {
    "numpy.dtype": _dtype,
    "numpy.core.multiarray._reconstruct": _empty_array,
    "numpy.core.multiarray.scalar": _scalar,
    "numpy.core.numeric._frombuffer": _buffer_array,
    "_codecs.encode": _encode,
    "__builtin__.bytes": lambda where: b"",
}
