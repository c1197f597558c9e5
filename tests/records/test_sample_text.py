"""Numbers come out of text bit-identical to NumPy's, or not at all."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quakesite.records.sample_text import BadNumber, columns, line_count, one_per_line

finite = st.floats(allow_nan=False, allow_infinity=False)


@settings(deadline=None)
@given(st.lists(finite, min_size=2, max_size=30))
def test_values_are_bit_identical_to_those_of_float_in_every_spelling(values: list[float]) -> None:
    for spelling in ("{!r}", "{:.6f}", "{:e}", "{:+.17g}"):
        words = [spelling.format(value) for value in values]
        expected = np.array([float(word) for word in words])
        assert one_per_line("\n".join(words).encode()).tobytes() == expected.tobytes()


def test_values_are_bit_identical_to_loadtxt_and_genfromtxt() -> None:
    text = "".join(f"{value:.6f}\n" for value in np.random.default_rng(1).normal(0, 300, 500)).encode()
    ours = one_per_line(text).tobytes()
    assert ours == np.loadtxt(io.BytesIO(text)).tobytes() == np.genfromtxt(io.BytesIO(text)).tobytes()


def test_minus_zero_keeps_its_sign() -> None:
    assert np.signbit(one_per_line(b"-0.000000\n"))[0]


@pytest.mark.parametrize("text", [b"1.5\r\n-2\r\n", b" 1.5 \n\t-2\n\n\n", b"1.5\n-2"])
def test_carriage_returns_blanks_and_blank_lines_at_the_end_are_allowed(text: bytes) -> None:
    assert one_per_line(text).tolist() == [1.5, -2.0]


@pytest.mark.parametrize(
    ("text", "line"),
    [(b"1\nnan\n2\n", 2), (b"inf\n", 1), (b"1\n\n2\n", 2), (b"1\n2 3\n", 2), (b"1\n1_0\n", 2),
     (b"1\n\xff\n", 2), (b"1\n1e999\n", 2), (b"1\n--2\n", 2), (b"0x1p3\n", 1), (b"1,5\n", 1)],
)  # fmt: skip
def test_a_line_that_is_no_finite_number_is_named(text: bytes, line: int) -> None:
    with pytest.raises(BadNumber, match=f"sample {line}:"):
        one_per_line(text)


def test_no_text_is_no_numbers() -> None:
    assert one_per_line(b" \n\n").shape == (0,)


def test_columns_are_told_apart() -> None:
    assert columns(b" 1 2 3\r\n 4  5 6\r\n", 3).tolist() == [[1, 4], [2, 5], [3, 6]]


@pytest.mark.parametrize("text", [b"1 2 3\n4 5\n", b"1 2 3\n4 5\n6 7 8 9\n", b"1 2 3 4\n5 6\n7 8 9\n"])
def test_a_line_with_another_number_of_columns_is_refused(text: bytes) -> None:
    with pytest.raises(BadNumber):
        columns(text, 3)


@pytest.mark.parametrize(
    ("text", "start", "lines"),
    [
        (b"", 0, 0),
        (b"\n \n", 0, 0),
        (b"header\n", 7, 0),
        (b"1", 0, 1),
        (b"1\n2\n", 0, 2),
        (b"1\n2\n3", 2, 2),
        (b"1\n\n2\n \r\n", 0, 3),
        (b"1\n2" + b"\n" * 10_000, 0, 2),
        (b"12345\n" * 400_000, 6, 399_999),
    ],
)
def test_lines_are_counted_without_the_blank_ones_at_the_end(text: bytes, start: int, lines: int) -> None:
    assert line_count(text, start) == lines
