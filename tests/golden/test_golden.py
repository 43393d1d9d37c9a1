"""Results are what they were, to the bit; see make.py."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from golden.arithmetic import HAS_CONTROL, blas_threads, identification
from golden.configurations import configurations
from golden.digests import digest, digests
from golden.make import VALUES, differences

CONFIGURATIONS = configurations()
HELD = json.loads(VALUES.read_text())


def unlike() -> str:
    """Which part of this machine's arithmetic is not that of values.json, in words; empty if none is."""
    here, there = identification(), HELD["arithmetic"]
    parts = [part for part in there if here.get(part) != there[part]]
    return ", ".join(f"{part} is {here.get(part)}, not {there[part]}" for part in parts)


UNLIKE = unlike()
elsewhere = pytest.mark.skipif(
    bool(UNLIKE),
    reason=f"golden values were made on other arithmetic ({UNLIKE}); compare two trees instead: "
    "python tests/golden/make.py --compare OLD/src NEW/src",
)


@pytest.fixture(autouse=True, scope="module")
def one_blas_thread() -> Iterator[None]:
    with blas_threads(1):
        yield


@elsewhere
@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_results_are_what_they_were(name: str) -> None:
    assert digests(CONFIGURATIONS[name]()) == HELD["values"].get(name)


def test_every_configuration_is_held() -> None:
    if not HAS_CONTROL:
        pytest.skip("threadpoolctl is not installed, without which nothing is divided among threads")
    assert list(CONFIGURATIONS) == list(HELD["values"])


@pytest.mark.parametrize(
    "name", ["Tanh, batch of 3, 40 steps, float32", "LSTM, both ways, Mean, equal lengths, float64"]
)
def test_one_last_digit_of_one_entry_is_seen(name: str) -> None:
    results = CONFIGURATIONS[name]()
    right = digests(results)
    gradients = [part for part in results if part.startswith(("W_", "b_"))]
    assert len(gradients) >= 5
    for part in [*gradients, "A", "dA", "delta", "Y_hat", "predict_proba"]:
        entry = (0,) * results[part].ndim
        moved = results[part].copy()
        moved[entry] = np.nextafter(moved[entry], np.inf, dtype=moved.dtype)
        found = digests({**results, part: moved})
        assert differences({name: right}, {name: found}) == [f"{name}: {part}"]
    loss = np.nextafter(results["loss"], np.inf)
    assert digest(float(loss)) != right["loss"]


def test_dtype_and_shape_are_seen() -> None:
    zeros = np.zeros((2, 3))
    others = [zeros.T, zeros.astype(np.float32), zeros.reshape(6), -zeros, zeros[:1], zeros.astype(np.int64)]
    assert len({digest(each) for each in [zeros, *others]}) == 7
    assert digest([zeros, None]) != digest([None, zeros])
    assert digest(np.asfortranarray(np.arange(6.0).reshape(2, 3))) == digest(np.arange(6.0).reshape(2, 3))


@pytest.mark.parametrize("name", [name for name in CONFIGURATIONS if "vanishing, equal" in name])
def test_vanishing_gradients_vanish(name: str) -> None:
    results = CONFIGURATIONS[name]()
    assert not results["dA"][0].any()
    assert results["delta"][-1].any()


WRONG = """
import numpy as np

_right = ManyToOne.predict_proba
ManyToOne.predict_proba = lambda *given, **named: np.nextafter(_right(*given, **named), np.float32(1))
"""


@pytest.mark.long
def test_two_trees_are_compared(tmp_path: Path) -> None:
    make, src = VALUES.with_name("make.py"), VALUES.parents[2] / "src"
    shutil.copytree(src / "unrolled", tmp_path / "unrolled")
    with (tmp_path / "unrolled" / "rnn" / "__init__.py").open("a") as names:
        names.write(WRONG)
    for other, code, said in (
        (src, 0, "0 of 4 configurations differ\n"),
        (tmp_path, 1, "GRU, batch of 3, 40 steps, float32: predict_proba\n"),
    ):
        command = [
            sys.executable,
            str(make),
            "--only",
            "batch of 3, 40 steps, float32",
            "--compare",
            str(src),
            str(other),
        ]
        run = subprocess.run(command, capture_output=True, text=True, timeout=300)
        assert run.returncode == code, run.stderr
        assert said in run.stdout
