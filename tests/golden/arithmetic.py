"""What decides how this machine rounds: libraries, kernels and the processor's instructions, and a probe of them."""

import platform
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, partial
from importlib.util import find_spec
from typing import Any

import numpy as np
import scipy
from golden.digests import digest
from scipy.linalg import blas

HAS_CONTROL = find_spec("threadpoolctl") is not None


def identification() -> dict[str, Any]:
    """Return what golden values hold for; what one BLAS thread computes, so how many there are is no part of it."""
    simd = np.show_config(mode="dicts")["SIMD Extensions"]  # of this processor, less what the environment disables
    with blas_threads(1):
        probed = probe()
    return {
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "blas": _blas(),
        "simd": [*simd["baseline"], *simd.get("found", [])],
        "machine": " ".join([platform.system(), platform.machine(), *platform.libc_ver()]),
        "probe": probed,
    }


def probe() -> str:
    """Return a digest of products and elementary functions by NumPy and SciPy alone, of sizes that a network has.

    It catches what has no name: kernels chosen by a variable of the environment, another build of one version.
    """
    rng = np.random.default_rng(0)
    results = []
    for dtype in (np.float32, np.float64, np.complex128):
        for m, n, k in ((1, 10, 10), (3, 7, 5), (33, 40, 10), (33, 10, 40), (50, 50, 150), (128, 128, 513)):
            a, b = rng.standard_normal((m, k)).astype(dtype), rng.standard_normal((k, n)).astype(dtype)
            gemm = {np.float32: blas.sgemm, np.float64: blas.dgemm, np.complex128: blas.zgemm}[dtype]
            results += [a @ b, a.T.copy().T @ b, a @ b.T.copy().T, a[:, ::2] @ b[::2], a[0] @ b, gemm(1, a, b)]
            results += [f(a) for f in (np.tanh, np.exp, np.square, np.reciprocal)] + [np.log1p(abs(a)), np.sqrt(abs(a))]
            results += [a.sum(0), a.sum(1), a.mean(0), np.einsum("mk,mk->k", a, a)]
    return digest(results)


def _blas() -> list[str]:
    control = _control()
    if control is None:
        return ["unknown: threadpoolctl is not installed"]
    return sorted(f"{each.internal_api} {each.version} {each.architecture}" for each in control.lib_controllers)


@contextmanager
def blas_threads(n: int) -> Iterator[None]:
    """Let BLAS have n threads in the block, as OPENBLAS_NUM_THREADS would; without threadpoolctl, leave it as it is."""
    control = _control()
    if control is None:
        yield
        return
    before = max(library.num_threads for library in control.lib_controllers)
    _set(control, n)
    try:
        yield
    finally:
        _set(control, before)


def _set(control: Any, n: int) -> None:
    # By a thread that is gone, so that nobody is in control and `rnn.train` may take hold.
    setting = threading.Thread(target=partial(control.limit, limits=n))
    setting.start()
    setting.join()


@cache
def _control() -> Any:
    if not HAS_CONTROL:
        return None
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="blas")
