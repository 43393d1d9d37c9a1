"""The ways to do a step's product, and when each is chosen."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unrolled.rnn.arrays import Array
from unrolled.rnn.engine import products


@pytest.fixture
def with_avx512(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a processor with AVX-512."""
    monkeypatch.setattr(products, "has_avx512", lambda: True)


@pytest.mark.usefixtures("with_avx512")
@pytest.mark.parametrize(
    ("rows", "of_a_row", "pieces"),
    [
        (200, 54 * 16, 1),  # small: BLAS takes it as it lies
        (400, 104 * 32, 2),
        (512, 132 * 32, 4),
        (100, 400 * 32, 2),  # an LSTM of 100 units, back
        (1, 1_000_000, 1),
        (2, 500_000, 1),
        (2, 500_001, 2),
        (2, 1_000_000, 2),
        (2, 1_000_001, 1),  # no piece would be small
        (7, 200_000, 1),  # 7 pieces are too many
        (5, 1_000_000, 5),
        (6, 1_000_000, 1),
        (512, 132 * 256, 1),
    ],
)
def test_products_a_little_too_large_are_done_in_pieces(rows: int, of_a_row: int, pieces: int) -> None:
    assert products.n_pieces(rows, of_a_row) == pieces


def test_without_avx512_nothing_is_done_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(products, "has_avx512", lambda: False)
    assert products.n_pieces(400, 104 * 32) == 1


@pytest.mark.usefixtures("with_avx512")
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.complex128])
@pytest.mark.parametrize(("rows", "K", "n"), [(12, 5, 4), (400, 104, 32), (512, 132, 32)])
def test_every_way_gives_the_product(rows: int, K: int, n: int, dtype: Any) -> None:
    rng = np.random.default_rng(0)
    W: Array = rng.standard_normal((rows, K)).astype(dtype)
    columns: Array = rng.standard_normal((K, n)).astype(dtype)
    for given_W in (W, np.asfortranarray(W), W[::-1][::-1]):
        out: Array = np.full((rows, n), np.nan, dtype)
        products.product_with(given_W, n)(columns, out)
        np.testing.assert_allclose(out, W @ columns, rtol=0, atol=20 * K * np.finfo(dtype).eps)


@pytest.mark.usefixtures("with_avx512")
def test_fewer_columns_than_it_was_made_for_will_do() -> None:
    rng = np.random.default_rng(0)
    W, columns, out = (rng.standard_normal(shape) for shape in ((400, 104), (104, 3), (400, 3)))
    products.product_with(W, 32)(columns, out)
    np.testing.assert_allclose(out, W @ columns, rtol=0, atol=1e-12)


@given(n=st.integers(1, 2000), itemsize=st.sampled_from([4, 8, 16]))
def test_columns_are_added_where_few_fill_vectors(n: int, itemsize: int) -> None:
    columns = products.padded(n, itemsize)
    assert n <= columns <= n + n // 8
    assert columns == n or columns * itemsize % 64 == 0
    full = -(-n * itemsize // 64) * 64 // itemsize
    assert (columns == full) == (full - n <= n // 8)


def test_what_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    for found, wanted in ((True, "product"), (False, "dot")):
        monkeypatch.setattr(products, "has_avx512", lambda found=found: found)
        W: Array = np.zeros((400, 104), np.float32)
        assert products.product_with(W, 32).__name__ == wanted
        assert products.product_with(W, 10).__name__ == "dot"


@pytest.mark.parametrize(
    ("config", "wanted"),
    [
        ({"SIMD Extensions": {"found": ["SSE41", "AVX512F", "AVX512_SKX"]}}, True),
        ({"SIMD Extensions": {"found": ["X86_V3", "X86_V4"]}}, True),
        ({"SIMD Extensions": {"found": ["X86_V3"]}}, False),
        ({"SIMD Extensions": {}}, False),
        ({}, False),
    ],
)
def test_whether_there_is_avx512(config: Any, wanted: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(np, "show_config", lambda mode: {"dicts": config}[mode])
    assert products.has_avx512.__wrapped__() is wanted
