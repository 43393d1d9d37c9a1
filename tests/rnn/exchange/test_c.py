"""The C header compiles without a warning and says at each step what the network's stream says."""

import ctypes
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytest
from exchanged import BOTH_WAYS, LEAKY_NETWORKS, ONE_WAY_NETWORKS, C, D, T, network
from sampled import sampled

from unrolled import rnn

AnyNetwork: TypeAlias = rnn.ManyToOne | rnn.ManyToMany

GCC = shutil.which("gcc")
compiled = pytest.mark.skipif(GCC is None, reason="gcc, which compiles the header, is not installed")
STRICT = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-Wconversion", "-Wshadow", "-Wdouble-promotion"]
WRAPPER = """#include "net.h"
int feed(const float *x, float *y);
void reset(void);
int feed(const float *x, float *y) { return net_feed(x, y); }
void reset(void) { net_reset(); }
int sizes[2] = { NET_N_INPUTS, NET_N_ANSWERS };
"""
ANSWERS = {"class": "NET_N_CLASSES", "labels": "NET_N_CLASSES", "numbers": "NET_N_OUTPUTS"}


def compile_(net: AnyNetwork, folder: Path, *options: str, out: str = "net.so") -> Path:
    """Compile what includes a network's header in a folder, and fail with what the compiler says."""
    options = (f"-DNET_N_ANSWERS={ANSWERS[net.answers]}", *options)
    (folder / "wrapper.c").write_text(WRAPPER)
    command = ["gcc", *STRICT, *options, "-fPIC", "wrapper.c", "-o", out, *(["-lm"] if out == "net.so" else [])]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
    return folder / out


class Compiled:
    """A header that was compiled, as a stream."""

    def __init__(self, net: AnyNetwork, folder: Path) -> None:
        self.footprint: Any = rnn.to_c(net, folder / "net.h")
        self.library = ctypes.CDLL(str(compile_(net, folder, "-O2", "-shared")))
        assert list((ctypes.c_int * 2).in_dll(self.library, "sizes")) == [net.n_inputs, net.n_logits]

    def feed(self, x: np.ndarray) -> Any:
        given, y = np.ascontiguousarray(x, np.float32), np.full(C, np.nan, np.float32)
        full = self.library.feed(given.ctypes.data_as(ctypes.c_void_p), y.ctypes.data_as(ctypes.c_void_p))
        return None if full else y


@compiled
@pytest.mark.parametrize(("cells", "readout", "head"), [*sampled(ONE_WAY_NETWORKS, 5), *LEAKY_NETWORKS])
def test_equals_the_stream(cells: str, readout: str, head: str, tmp_path: Path) -> None:
    net = network(cells, readout, head)
    there = Compiled(net, tmp_path)
    steps = T + 1 if readout == "weighted" else 150
    rng = np.random.default_rng(3)
    for _ in range(2):
        here = net.stream()
        for x in rng.standard_normal((steps, D)).astype(np.float32):
            np.testing.assert_allclose(there.feed(x), here.feed(x), rtol=0, atol=1e-5)
        if readout == "weighted":
            assert there.feed(x) is None
        there.library.reset()


@compiled
@pytest.mark.parametrize("head", ["sigmoid", "softmax"])
def test_logits_of_any_size_give_probabilities(head: str, tmp_path: Path) -> None:
    net = network("relu", "last", head)
    net.parameters["W_ho"] *= 1000
    here, there = net.stream(), Compiled(net, tmp_path)
    for x in np.random.default_rng(3).standard_normal((20, D)):
        np.testing.assert_allclose(there.feed(x), here.feed(x), rtol=0, atol=1e-5)


@compiled
@pytest.mark.skipif(shutil.which("nm") is None, reason="nm, which lists what is in an object file, is not installed")
@pytest.mark.parametrize(("cells", "readout", "head"), [*ONE_WAY_NETWORKS[::7], *LEAKY_NETWORKS[::4]])
def test_bytes_are_those_of_the_object_file(cells: str, readout: str, head: str, tmp_path: Path) -> None:
    net = network(cells, readout, head)
    footprint: Any = rnn.to_c(net, tmp_path / "net.h")
    listed = subprocess.run(
        ["nm", "-S", compile_(net, tmp_path, "-O0", "-c", out="net.o")], capture_output=True, text=True, check=True
    )
    found = {"r": 0, "b": 0}
    for size, kind, name in re.findall(r"^\w+ (\w+) ([rb]) (\w+)$", listed.stdout, re.MULTILINE):
        found[kind] += 4 if name == "net_steps" else int(size, 16)  # an unsigned long has 8 bytes here
    assert footprint == (found["r"], found["b"])
    text = (tmp_path / "net.h").read_text()
    assert f"Constants: {footprint.flash} bytes (flash)" in text
    assert f"scratch memory: {footprint.ram} bytes (RAM)" in text


def test_parameters_come_back_to_the_bit_from_their_decimals(tmp_path: Path) -> None:
    net = network("lstm", "last", "softmax")
    net.parameters["b_o"][:] = [1e-45, -3.4028235e38, 0, 1.1754944e-38]
    rnn.to_c(net, tmp_path / "net.h")
    text = (tmp_path / "net.h").read_text()
    for name in ("W_ih_0", "W_hh_0", "b_h_0", "W_ho", "b_o"):
        numbers = re.search(rf"float net_{name}\[\d+\] = {{[^\n]*\n(.*?)\n}}", text, re.DOTALL)
        assert numbers is not None
        values = [np.float32(each.strip()[:-1]) for each in numbers[1].split(",")]
        np.testing.assert_array_equal(values, net.parameters[name.removesuffix("_0")].ravel())
    assert rnn.to_c(net.astype(np.float64), tmp_path / "net.h")
    assert (tmp_path / "net.h").read_text() == text


def test_nothing_but_ascii_is_written_and_only_once_whole(tmp_path: Path) -> None:
    net = network("gru", "mean", "softmax")
    rnn.to_c(net, tmp_path / "net.h")
    written = (tmp_path / "net.h").read_bytes()
    assert written.isascii()
    assert b"\r" not in written
    net.parameters["W_hh"][0, 0] = np.nan
    with pytest.raises(ValueError, match="W_hh is not finite"):
        rnn.to_c(net, tmp_path / "net.h")
    assert (tmp_path / "net.h").read_bytes() == written
    assert [each.name for each in tmp_path.iterdir()] == ["net.h"]
    with pytest.raises(FileNotFoundError):
        rnn.to_c(network("gru", "mean", "softmax"), tmp_path / "nowhere" / "net.h")


@pytest.mark.parametrize("name", ["my-net.h", "1.h", ".h", "net.c", "net", "net.h.txt", "_net.h", "nét.h", "a\nb.h"])
def test_names_that_are_none_in_c_are_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"expected a name in C, of letters, digits and underscores, and then \.h"):
        rnn.to_c(network("gru", "mean", "softmax"), tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_what_c_cannot_have_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"Bidirectional\(.*\), expected cells of one direction of time for rnn\.to_c"):
        rnn.to_c(network(next(iter(BOTH_WAYS)), "last", "softmax"), tmp_path / "net.h")
    net = network("tanh", "last", "softmax", np.float64)
    net.parameters["W_ho"][0, 0] = 1e300
    with pytest.raises(ValueError, match="W_ho is not finite in float32"):
        rnn.to_c(net, tmp_path / "net.h")
