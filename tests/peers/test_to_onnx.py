"""What is written for ONNX passes its checker and says in onnxruntime what the network says."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from exchanged import LEAKY_BOTH_WAYS, LEAKY_NETWORKS, NETWORKS, C, D, assert_says, batch, network

from unrolled import rnn

onnx = pytest.importorskip("onnx", reason="onnx is not installed (pip install 'unrolled[peers]')")
runtime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed (pip install 'unrolled[peers]')")


def session(path: Path) -> Any:
    options = runtime.SessionOptions()
    options.log_severity_level, options.intra_op_num_threads = 4, 1
    return runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


LEAKY = [*LEAKY_NETWORKS, *((each, "mean", "numbers") for each in LEAKY_BOTH_WAYS)]


@pytest.mark.parametrize(("cells", "readout", "head"), [*NETWORKS, *LEAKY])
def test_equals_the_network(cells: str, readout: str, head: str, tmp_path: Path) -> None:
    net, (X, lengths) = network(cells, readout, head), batch()
    for with_lengths in (True, False):
        rnn.to_onnx(net, tmp_path / "net.onnx", lengths=with_lengths)
        onnx.checker.check_model(str(tmp_path / "net.onnx"), full_check=True)
        there = session(tmp_path / "net.onnx")
        assert [each.name for each in there.get_inputs()] == ["X", "sequence_lens"][: 1 + with_lengths]
        (said,) = there.get_outputs()
        assert said.name == ("numbers" if net.answers == "numbers" else "probabilities")
        for m, T in ((6, 11), (1, 11), (3, 5), (1, 1)):
            few = np.minimum(lengths[:m], T)
            given = {"X": X[:m, :T]} | ({"sequence_lens": few.astype(np.int32)} if with_lengths else {})
            (Y_hat,) = there.run(None, given)
            assert Y_hat.shape == ((m, C) if net.answers_once else (m, T, C))
            assert_says(Y_hat, net, X[:m, :T], few if with_lengths else None, 1e-5)


@pytest.mark.parametrize("readout", ["last", "mean", "mean and max", "weighted", "each step"])
def test_what_stands_after_the_last_step_is_not_read(readout: str, tmp_path: Path) -> None:
    net, (X, lengths) = network("two alike both ways", readout, "softmax"), batch()
    rnn.to_onnx(net, tmp_path / "net.onnx")
    there = session(tmp_path / "net.onnx")
    for n, length in enumerate(lengths):
        X[n, length:] = 1e6
    X = np.concatenate([X, np.full((len(X), 4, D), -1e6, np.float32)], axis=1)  # more than EveryStep has weights
    (Y_hat,) = there.run(None, {"X": X, "sequence_lens": lengths.astype(np.int32)})
    np.testing.assert_allclose(Y_hat, net.predict_proba(X, lengths), rtol=0, atol=1e-5)


def test_more_steps_than_weights_are_an_error_of_the_runtime(tmp_path: Path) -> None:
    rnn.to_onnx(network("tanh", "weighted", "softmax"), tmp_path / "net.onnx")
    X, lengths = np.zeros((2, 13, D), np.float32), np.array([13, 1], np.int32)
    with pytest.raises(Exception, match="indices element out of data bounds"):
        session(tmp_path / "net.onnx").run(None, {"X": X, "sequence_lens": lengths})


def test_a_hundred_and_fifty_steps(tmp_path: Path) -> None:
    X = np.random.default_rng(0).standard_normal((30, 150, 3)).astype(np.float32)
    for cell in (rnn.Tanh(50), rnn.LSTM(50), rnn.GRU(50)):
        net = rnn.ManyToOne(cell, 3, 7, rng=0, dtype=np.float64)
        rnn.to_onnx(net, tmp_path / "net.onnx", lengths=False)
        (Y_hat,) = session(tmp_path / "net.onnx").run(None, {"X": X})
        np.testing.assert_allclose(Y_hat, net.predict_proba(X), rtol=0, atol=1e-5)


def test_the_opset_is_the_one_in_which_the_recurrences_are_as_they_are_today(tmp_path: Path) -> None:
    rnn.to_onnx(network("three kinds", "weighted", "softmax"), tmp_path / "net.onnx")
    model = onnx.load(str(tmp_path / "net.onnx"))
    (opset,) = model.opset_import
    assert {onnx.defs.get_schema(name).since_version for name in ("RNN", "LSTM", "GRU")} == {opset.version}
    assert model.ir_version == onnx.helper.find_min_ir_version_for(model.opset_import)
    assert model.producer_name == "unrolled"


def test_it_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    net, path = network("gru", "mean", "softmax", np.float64), tmp_path / "net.onnx"
    rnn.to_onnx(net, path)
    written = path.read_bytes()
    net.parameters["b_h"][0] = 1e300
    with pytest.raises(ValueError, match=re.escape("B of layer 0 is not finite in float32")):
        rnn.to_onnx(net, path)
    assert path.read_bytes() == written
    assert [each.name for each in tmp_path.iterdir()] == ["net.onnx"]
    with pytest.raises(OSError, match="is not a regular file"):
        rnn.to_onnx(network("gru", "mean", "softmax"), tmp_path)
