from typing import Any

import numpy as np
import pytest
from differences import relative_difference

from unrolled import dynamics, rnn

rng = np.random.default_rng(0)
X, Y = rng.standard_normal((5, 9, 2)), np.array([0, 1, 2, 1, 0])
LENGTHS = [9, 3, 7, 9, 1]


def network(cell: Any, **how: Any) -> rnn.ManyToOne:
    return rnn.ManyToOne(cell, 2, 3, rng=1, dtype=np.float64, **how)


@pytest.mark.parametrize("cell", [rnn.Tanh(5), rnn.LSTM(4), rnn.GRU(4)], ids=str)
@pytest.mark.parametrize("readout", [rnn.Last(), rnn.Mean()], ids=str)
def test_norms_are_those_of_what_the_backward_pass_records(cell: Any, readout: Any) -> None:
    net = network(cell, readout=readout)
    backward = net.backward(net.forward(X), Y)
    profile = dynamics.gradient_profile(net, X, Y)
    np.testing.assert_allclose(profile.norms["A"], np.linalg.norm(backward.dA, axis=2), rtol=1e-13)
    of_gates = [norms for name, norms in profile.norms.items() if name.startswith("delta")]
    assert len(of_gates) == cell.gates
    whole = np.sqrt(sum(norms**2 for norms in of_gates))
    np.testing.assert_allclose(whole, np.linalg.norm(backward.delta, axis=2), rtol=1e-12)
    assert profile.loss == backward.loss
    norm = np.sqrt(sum((g**2).sum() for g in backward.gradients.values()))
    assert profile.gradient_norm == pytest.approx(norm)
    np.testing.assert_allclose(profile.of_batch(), np.linalg.norm(backward.dA, axis=(1, 2))[::-1], rtol=1e-13)


@pytest.mark.parametrize("lengths", [None, LENGTHS])
@pytest.mark.parametrize("both", [False, True])
def test_an_lstms_dc_goes_on_to_the_gradient_in_its_first_state(lengths: Any, both: bool) -> None:
    net = network(rnn.Bidirectional(rnn.LSTM(4)) if both else rnn.LSTM(4), readout=rnn.Mean())
    forward = net.forward(X, lengths)
    dstate = net.backward(forward, Y).dstate
    profile = dynamics.gradient_profile(net, X, Y, lengths)
    trace: Any = forward.traces[0]
    f = forward.batch.unpack((trace.forwards if both else trace).f)
    (gate,) = (network(rnn.LSTM(4)).parameters["b_h"][4:8],)
    assert (gate == 1).all()
    # dE/dc_0 = dE/dc_1 * f_1: between the least and the largest f_1 times as long
    first = profile.norms["C"][0]
    last = np.linalg.norm(dstate["C"], axis=1)
    assert (first * f[0].min(axis=1) <= last * (1 + 1e-12)).all()
    assert (last <= first * f[0].max(axis=1) * (1 + 1e-12)).all()
    if both:
        assert (profile.norms["C_reverse"][0] > 0).all()


@pytest.mark.parametrize("cell", [rnn.LSTM(1), rnn.Bidirectional(rnn.LSTM(1))], ids=str)
def test_of_one_unit_dc_is_known_to_the_last_digit(cell: Any) -> None:
    net = network(cell, readout=rnn.Mean())
    forward = net.forward(X, LENGTHS)
    dstate = net.backward(forward, Y).dstate
    profile = dynamics.gradient_profile(net, X, Y, LENGTHS)
    trace: Any = forward.traces[0]
    f = forward.batch.unpack(trace.forwards.f if hasattr(trace, "forwards") else trace.f)
    np.testing.assert_allclose(profile.norms["C"][0] * f[0, :, 0], np.abs(dstate["C"][:, 0]), rtol=1e-12)
    if hasattr(trace, "forwards"):
        f = forward.batch.unpack(trace.backwards.f[::-1])[np.array(LENGTHS) - 1, range(5), 0]
        ends = profile.from_end("C_reverse")[0]
        np.testing.assert_allclose(ends * f, np.abs(dstate["C_reverse"][:, 0]), rtol=1e-12)


def test_every_layer_and_direction_has_its_names() -> None:
    net = network([rnn.LSTM(2), rnn.Bidirectional(rnn.GRU(2)), rnn.ReLU(3)])
    profile = dynamics.gradient_profile(net, X, Y)
    of_gru = ["A_l1", "delta_r_l1", "delta_z_l1", "delta_n_l1"]
    assert list(profile.norms) == [
        *["A", "C", "delta_i", "delta_f", "delta_g", "delta_o"],
        *of_gru,
        *[name + "_reverse" for name in of_gru],
        *["A_l2", "delta_l2"],
    ]
    assert profile.last_layer == "A_l2"
    assert dynamics.gradient_profile(network(rnn.Bidirectional(rnn.Tanh(2))), X, Y).last_layer == "A"
    text = str(profile)
    assert all(name in text for name in profile.norms)


def test_each_sample_is_as_if_alone_whatever_its_length() -> None:
    net = network([rnn.GRU(3), rnn.Tanh(3)])
    padded = X.copy()
    padded[1, 3:] = np.nan
    profile = dynamics.gradient_profile(net, padded, Y, LENGTHS)
    for i, length in enumerate(LENGTHS):
        alone = dynamics.gradient_profile(net, X[i : i + 1, :length], Y[i : i + 1])
        for name, norms in profile.norms.items():
            assert relative_difference(5 * norms[:length, i], alone.norms[name][:, 0]) < 1e-12
            assert np.isnan(norms[length:, i]).all()
            back = profile.from_end(name)[:, i]
            assert (back[:length] == norms[:length, i][::-1]).all()
            assert np.isnan(back[length:]).all()


def test_memory_is_where_less_than_a_fraction_is_left() -> None:
    """One unit and no input: dE/dA shrinks by w at each step, to the digit."""
    net = rnn.ManyToOne(rnn.Tanh(1), 1, 2, rng=0, dtype=np.float64)
    net.parameters["W_hh"][...] = 0.5
    profile = dynamics.gradient_profile(net, np.zeros((2, 20, 1)), [0, 1], [20, 4])
    np.testing.assert_allclose(profile.from_end()[:4, 1] / profile.from_end()[0, 1], 0.5 ** np.arange(4))
    assert profile.memory(0.3).tolist() == [2, 2]
    assert profile.memory(0.01).tolist() == [7, 4]  # 0.5^7 < 0.01; the other is over before that
    np.testing.assert_allclose(profile.of_batch()[5], profile.from_end()[5, 0])


def test_quantiles_are_over_samples_and_classes() -> None:
    profile = dynamics.gradient_profile(network(rnn.Tanh(4)), X, Y, LENGTHS)
    norms = profile.from_end()
    low, middle, high = profile.quantiles()
    assert (low[:9] <= middle[:9]).all()
    assert (middle <= high).all()
    np.testing.assert_allclose(profile.quantiles(0.5, label=1)[0, :3], np.median(norms[:3][:, [1, 3]], axis=1))
    np.testing.assert_allclose(profile.quantiles([1.0], label=2)[0, :7], norms[:7, 2])
    assert np.isnan(profile.quantiles(0.5, label=2)[0, 7:]).all()


@pytest.mark.parametrize("lengths", [None, LENGTHS])
@pytest.mark.parametrize("cell", [rnn.LSTM(4), [rnn.GRU(3), rnn.Tanh(4)], rnn.Bidirectional(rnn.GRU(3))], ids=str)
def test_answers_at_every_step_and_numbers_have_profiles_too(cell: Any, lengths: Any) -> None:
    many = rnn.ManyToMany(cell, n_inputs=2, n_classes=3, rng=1, dtype=np.float64)
    numbers = rnn.ManyToOne(cell, n_inputs=2, n_outputs=2, head=rnn.Linear(), rng=1, dtype=np.float64)
    asked: list[tuple[rnn.Network, np.ndarray]] = [(many, rng.integers(0, 3, (5, 9))), (numbers, X[:, 0])]
    for net, y in asked:
        backward = net.backward(net.forward(X, lengths), y)
        profile = dynamics.gradient_profile(net, X, y, lengths)
        assert profile.loss == backward.loss
        if not isinstance(cell, rnn.Bidirectional):
            np.testing.assert_allclose(
                np.nan_to_num(profile.norms[profile.last_layer]), np.linalg.norm(backward.dA, axis=2), rtol=1e-13
            )
        over = np.arange(9)[:, None] >= np.array([9] * 5 if lengths is None else lengths)
        assert all((np.isnan(norms) == over).all() for norms in profile.norms.values())
        assert profile.y is None
        with pytest.raises(ValueError, match="label is 1, expected None: of these samples none has one class"):
            profile.quantiles(label=1)


def test_bad_input_is_stopped_at_the_door() -> None:
    profile = dynamics.gradient_profile(network(rnn.Tanh(4)), X, Y)
    with pytest.raises(ValueError, match=r"label is 7, expected one that samples have: \[0, 1, 2\]"):
        profile.quantiles(label=7)
    with pytest.raises(ValueError, match="fraction is 0, expected a finite number above 0"):
        profile.memory(0)
    with pytest.raises(ValueError, match="y holds"):
        dynamics.gradient_profile(network(rnn.Tanh(4)), X, [9] * 5)
