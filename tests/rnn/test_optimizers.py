import numpy as np
import pytest

from unrolled import rnn


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_sgd_takes_the_reports_step_in_place_and_in_the_parameters_dtype(dtype: type) -> None:
    W: np.ndarray = np.array([[1.0, -2.0]], dtype)
    G: np.ndarray = np.array([[0.5, 4.0]], dtype)
    parameters, gradients = {"W": W}, {"W": G}
    sgd = rnn.SGD(0.1)
    sgd.update(parameters, gradients, sgd.start(parameters))
    assert parameters["W"] is W
    assert W.dtype == dtype
    np.testing.assert_allclose(W, [[0.95, -2.4]], rtol=1e-6)
    np.testing.assert_array_equal(gradients["W"], np.array([[0.5, 4.0]], dtype))


@pytest.mark.parametrize("rate", [0.0, -0.1, np.nan, np.inf])
def test_sgd_refuses_a_rate_that_cannot_be(rate: float) -> None:
    with pytest.raises(ValueError, match="expected a finite number above 0"):
        rnn.SGD(rate)
