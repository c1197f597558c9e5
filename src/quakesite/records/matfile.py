"""Structs in MATLAB 5 files (`save -v6` and `-v7`), read with every bound checked.

SciPy's reader trusts the sizes it finds: a damaged file ends the whole process with a segmentation fault.
This one reads the few kinds of value that records hold (numbers, text, structs of one element), passes
over all others (MATLAB objects such as datetimes, cells, sparse arrays) as None, and never leaves its buffer.

Format: MathWorks, "MAT-File Format", R2023b, "Level 5 MAT-File Format".
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

HEADER_SIZE = 128
MATRIX, COMPRESSED = 14, 15
CHAR_CLASS, STRUCT_CLASS = 4, 2
NUMBER_CLASSES = range(6, 16)
DEEPEST = 4
"""Structs within structs that are followed."""

DTYPES = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
ENCODINGS = {1: "latin-1", 2: "latin-1", 4: "utf-16", 16: "utf-8", 17: "utf-16"}


class MatError(ValueError):
    """The file is no MATLAB 5 file, or is damaged."""


class MatTooLarge(ValueError):
    """A variable unpacks to more than was allowed."""


class _Element(NamedTuple):
    kind: int
    content: memoryview


def read_struct(content: bytes, variable: str, largest: int) -> dict[str, Any]:
    """Returns the struct called `variable` as a dict: numbers as arrays with MATLAB's shape, text as `str`,
    structs as dicts, anything else as None.

    Args:
        content: the whole file.
        variable: the variable's name.
        largest: bytes a compressed variable may unpack to.

    Raises:
        MatError: no MATLAB 5 file, damaged, or without such a struct.
        MatTooLarge: a variable that unpacks to more than `largest` bytes.
    """
    order = {b"IM": "<", b"MI": ">"}.get(content[126:128], "")
    if not order:
        raise MatError("no MATLAB 5 file (nor is HDF5, MATLAB's `-v7.3`, read)")
    for element in _elements(memoryview(content)[HEADER_SIZE:], order, padded=False):
        if element.kind == COMPRESSED:
            unpacked = memoryview(_unpack(element.content, largest))
            element = next(_elements(unpacked, order), element)
        if element.kind == MATRIX:
            name, value = _matrix(element.content, order, 0, only=variable)
            if name == variable:
                if not isinstance(value, dict):
                    raise MatError(f"{variable} is no struct of one element")
                return value
    raise MatError(f"no variable {variable}")


def _unpack(packed: memoryview, largest: int) -> bytes:
    stream = zlib.decompressobj()
    try:
        content = stream.decompress(packed, largest + 1)
    except zlib.error as error:
        raise MatError(f"damaged: {error}") from None
    if len(content) > largest:
        raise MatTooLarge(f"unpacks to more than {largest} bytes")
    return content


def _elements(data: memoryview, order: str, *, padded: bool = True) -> Iterator[_Element]:
    """Yields the elements one after another; short ones carry their content within their tag."""
    offset = 0
    while offset + 8 <= len(data):
        kind, size = struct.unpack_from(f"{order}II", data, offset)
        if kind >> 16:
            size, kind = kind >> 16, kind & 0xFFFF
            if size > 4:
                raise MatError("damaged: a short element that is long")
            yield _Element(kind, data[offset + 4 : offset + 4 + size])
            offset += 8
            continue
        offset += 8
        if size > len(data) - offset:
            raise MatError(f"damaged: an element of {size} bytes where {len(data) - offset} are left")
        yield _Element(kind, data[offset : offset + size])
        offset += size + (-size % 8 if padded or kind != COMPRESSED else 0)


def _matrix(data: memoryview, order: str, depth: int, only: str | None = None) -> tuple[str, Any]:
    """Returns the name and value of a matrix; no value where `only` is another name."""
    parts = _elements(data, order)
    flags = next(parts, None)
    if flags is None:
        return "", None
    if len(flags.content) < 4:
        raise MatError("damaged: an array without flags")
    kind = struct.unpack_from(f"{order}I", flags.content)[0] & 0xFF
    if kind not in NUMBER_CLASSES and kind not in (CHAR_CLASS, STRUCT_CLASS):
        return "", None
    shape = tuple(int(size) for size in _numbers(_next(parts), order))
    name = bytes(_next(parts).content).decode("latin-1")
    if only is not None and name != only:
        return name, None
    if kind == STRUCT_CLASS:
        return name, _struct(parts, shape, order, depth)
    values = _next(parts)
    if kind == CHAR_CLASS:
        return name, _text(values, order) if shape[:1] == (1,) or 0 in shape else None
    numbers = _numbers(values, order)
    if not shape or any(size < 0 for size in shape) or int(np.prod(shape, dtype=object)) != len(numbers):
        raise MatError(f"damaged: {len(numbers)} numbers in an array of shape {shape}")
    return name, numbers.reshape(shape, order="F")


def _struct(
    parts: Iterator[_Element], shape: tuple[int, ...], order: str, depth: int
) -> dict[str, Any] | None:
    lengths = _numbers(_next(parts), order)
    names = bytes(_next(parts).content)
    length = int(lengths[0]) if len(lengths) == 1 else 0
    if not 0 < length <= 256 or len(names) % length:
        raise MatError("damaged: a struct without names of fields")
    if any(size != 1 for size in shape) or depth >= DEEPEST:
        return None
    fields: dict[str, Any] = {}
    for start in range(0, len(names), length):
        name = names[start : start + length].split(b"\0")[0].decode("latin-1")
        element = _next(parts)
        if element.kind != MATRIX:
            raise MatError(f"damaged: field {name!r} is no array")
        fields[name] = _matrix(element.content, order, depth + 1)[1]
    return fields


def _next(parts: Iterator[_Element]) -> _Element:
    element = next(parts, None)
    if element is None:
        raise MatError("damaged: an array that ends early")
    return element


def _numbers(element: _Element, order: str) -> npt.NDArray[Any]:
    if element.kind not in DTYPES:
        raise MatError(f"damaged: numbers of unknown kind {element.kind}")
    dtype = np.dtype(f"{order}{DTYPES[element.kind]}")
    if len(element.content) % dtype.itemsize:
        raise MatError("damaged: a number that is cut off")
    return np.frombuffer(element.content, dtype)


def _text(element: _Element, order: str) -> str:
    encoding = ENCODINGS.get(element.kind)
    if encoding is None:
        raise MatError(f"damaged: text of unknown kind {element.kind}")
    if encoding == "utf-16":
        encoding += "-le" if order == "<" else "-be"
    return bytes(element.content).decode(encoding, "replace")
