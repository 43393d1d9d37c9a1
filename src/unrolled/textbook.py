"""The report's network, an LSTM and a GRU, term by term as printed: slow on purpose, what the fast pages must equal.

Columns are samples, as in the report: X_t is (D_in, m), A_t is (D_hid, m), Y is (D_out, m). What has a time is a dict,
so that ``A[t]`` is A_t and ``A[0]`` is A_0. Equations (1) to (3) and the seven lines of section 2.3 carry their
numbers, here and on the fast pages; the LSTM's are (L1) to (L16), the GRU's (G1) to (G16). There are no options, no
checks, and nothing but NumPy.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Steps = dict[int, Array]

# ----------------------------------------------------------------------------------------------- the report's network


def sigmoid(Z: Array) -> Array:
    """Return the logistic function ``1 / (1 + exp(-Z))`` of each element.

    Its derivative, in terms of its value s, is ``s (1 - s)``.

    Parameters
    ----------
    Z : ndarray, any shape

    Returns
    -------
    ndarray, same shape

    See Also
    --------
    forward : Equation (2).

    Examples
    --------
    >>> sigmoid(np.array([-np.log(3), 0, np.log(3)])).round(2).tolist()
    [0.25, 0.5, 0.75]
    """
    return np.asarray(1 / (1 + np.exp(-Z)))


def extended(M: Array) -> Array:
    """Add a row of ones below: it meets the last column of a weight matrix, the biases.

    Parameters
    ----------
    M : ndarray, shape (n, m)

    Returns
    -------
    ndarray, shape (n + 1, m)

    See Also
    --------
    matrices : The matrices whose last columns are biases.

    Examples
    --------
    >>> extended(np.array([[5.0, 6.0]])).tolist()
    [[5.0, 6.0], [1.0, 1.0]]
    """
    return np.vstack([M, np.ones((1, M.shape[1]))])


def forward(W_ih: Array, W_hh: Array, W_ho: Array, X: Steps) -> tuple[Steps, Array]:
    """Compute every hidden state and the prediction, equations (1) and (2).

    Parameters
    ----------
    W_ih : ndarray, shape (D_hid, D_in + 1)
        Input-to-hidden weights; the last column are biases.
    W_hh : ndarray, shape (D_hid, D_hid)
        Hidden-to-hidden weights.
    W_ho : ndarray, shape (D_out, D_hid + 1)
        Hidden-to-output weights; the last column are biases.
    X : dict of ndarray, shape (D_in, m)
        ``X[t]`` for t = 1, ..., T_x.

    Returns
    -------
    A : dict of ndarray, shape (D_hid, m)
        ``A[t]`` for t = 0, ..., T_x, where ``A[0]`` is zero.
    Y_pred : ndarray, shape (D_out, m)

    See Also
    --------
    backward : The gradients.
    columns, matrices : From the library's arrays to these.

    Examples
    --------
    >>> W_ih, W_hh, W_ho = np.array([[1.0, 0.0]]), np.array([[1.0]]), np.array([[1.0, 0.0], [-1.0, 0.0]])
    >>> A, Y_pred = forward(W_ih, W_hh, W_ho, {1: np.array([[0.0]]), 2: np.array([[1.0]])})
    >>> A[1].item(), round(A[2].item(), 3)  # tanh(0) and tanh(1)
    (0.0, 0.762)
    >>> Y_pred.round(3).tolist()
    [[0.682], [0.318]]
    """
    T_x, m = len(X), X[1].shape[1]
    A = {0: np.zeros((len(W_hh), m))}
    for t in range(1, T_x + 1):
        A[t] = np.tanh(W_ih @ extended(X[t]) + W_hh @ A[t - 1])  # (1)
    Y_pred = sigmoid(W_ho @ extended(A[T_x]))  # (2)
    return A, Y_pred


def loss(Y: Array, Y_pred: Array) -> Any:
    """Compute the multi-category cross-entropy, equation (3), averaged over the batch.

    Parameters
    ----------
    Y : ndarray, shape (D_out, m)
        The ground truth, one-hot columns.
    Y_pred : ndarray, shape (D_out, m)

    Returns
    -------
    scalar

    See Also
    --------
    forward : The prediction.
    backward : The gradients.

    Examples
    --------
    >>> round(loss(np.array([[1.0], [0.0]]), np.array([[0.5], [0.5]])).item(), 3)  # 2 log 2
    1.386
    """
    E = -np.sum(Y * np.log(Y_pred) + (1 - Y) * np.log(1 - Y_pred), axis=0)  # (3)
    return E.mean()


def backward(
    W_ih: Array, W_hh: Array, W_ho: Array, X: Steps, Y: Array, A: Steps, Y_pred: Array
) -> tuple[Array, Array, Array, Steps]:
    """Compute the gradients by back-propagation through time, section 2.3.

    Parameters
    ----------
    W_ih, W_hh, W_ho, X
        As for :func:`forward`.
    Y : ndarray, shape (D_out, m)
        The ground truth, one-hot columns.
    A, Y_pred
        What :func:`forward` returned.

    Returns
    -------
    dW_ih, dW_hh, dW_ho : ndarray
        The gradients of :func:`loss` in the three matrices, in their shapes.
    dA : dict of ndarray, shape (D_hid, m)
        ``dA[t]`` is the report's dE/dA^(t), t = 1, ..., T_x, of each sample's own E: the 1 / m comes with the weights.

    See Also
    --------
    forward : What it goes back through.
    update : What the gradients are for.

    Notes
    -----
    The inner dot of line 3 is the elementwise product that lines 4 and 5 print as a star. Line 1 has no derivative of
    the sigmoid: its s (1 - s), times the derivative of (3), is ``Y_pred - Y``.

    Examples
    --------
    >>> W_ih, W_hh, W_ho = np.array([[1.0, 0.0]]), np.array([[1.0]]), np.array([[1.0, 0.0], [-1.0, 0.0]])
    >>> X, Y = {1: np.array([[0.0]]), 2: np.array([[1.0]])}, np.array([[1.0], [0.0]])
    >>> dW_ih, dW_hh, dW_ho, dA = backward(W_ih, W_hh, W_ho, X, Y, *forward(W_ih, W_hh, W_ho, X))
    >>> dW_ih.round(3).tolist(), dW_hh.round(3).tolist()  # A_1 is 0, so W_hh did nothing
    ([[-0.267, -0.535]], [[0.0]])
    >>> dA[2].round(3).tolist()
    [[-0.637]]
    """
    T_x, m = len(X), Y.shape[1]
    A_ext, W_ho_tilde = extended(A[T_x]), W_ho[:, :-1]
    dA, dW_ih, dW_hh = {}, np.zeros_like(W_ih), np.zeros_like(W_hh)

    dA[T_x] = W_ho_tilde.T @ (Y_pred - Y)  # section 2.3, line 1
    dW_ho = 1 / m * (Y_pred - Y) @ A_ext.T  # section 2.3, line 2
    for t in range(T_x - 1, 0, -1):
        dA[t] = W_hh.T @ (dA[t + 1] * (1 - A[t + 1] ** 2))  # section 2.3, line 3
    for t in range(1, T_x + 1):
        dW_ih_t = 1 / m * (dA[t] * (1 - A[t] ** 2)) @ extended(X[t]).T  # section 2.3, line 4
        dW_ih = dW_ih + dW_ih_t  # section 2.3, line 6
    for t in range(2, T_x + 1):
        dW_hh_t = 1 / m * (dA[t] * (1 - A[t] ** 2)) @ A[t - 1].T  # section 2.3, line 5
        dW_hh = dW_hh + dW_hh_t  # section 2.3, line 7
    return dW_ih, dW_hh, dW_ho, dA


def update(W: Array, dW: Array, eta: float) -> Array:
    """Return ``W - eta dE/dW``, a step of gradient descent (the updates of section 2.3).

    Parameters
    ----------
    W, dW : ndarray, of one shape
        A weight matrix and its gradient.
    eta : float
        The learning rate.

    Returns
    -------
    ndarray, same shape

    See Also
    --------
    backward : The gradients.
    unrolled.rnn.SGD : The library's.

    Examples
    --------
    >>> update(np.array([[1.0, 2.0]]), np.array([[10.0, -10.0]]), 0.1).tolist()
    [[0.0, 3.0]]
    """
    return W - eta * dW


# --------------------------------------------------------------------------------- from the library's arrays to these


def columns(X: Array) -> Steps:
    """Turn a batch-first array into the report's X_1, ..., X_T, whose columns are samples.

    Parameters
    ----------
    X : ndarray, shape (m, T, D)

    Returns
    -------
    dict of ndarray, shape (D, m)

    See Also
    --------
    matrices : The parameters likewise.

    Examples
    --------
    >>> X = columns(np.zeros((30, 150, 3)))
    >>> list(X)[0], list(X)[-1], X[1].shape
    (1, 150, (3, 30))
    """
    return {t: X[:, t - 1, :].T for t in range(1, X.shape[1] + 1)}


def matrices(parameters: dict[str, Array]) -> tuple[Array, Array, Array]:
    """Turn the library's parameters into the report's three matrices, whose last columns are the biases.

    Parameters
    ----------
    parameters : dict of ndarray
        ``W_ih`` (H, D), ``W_hh`` (H, H), ``b_h`` (H,), ``W_ho`` (C, H) and ``b_o`` (C,).

    Returns
    -------
    W_ih : ndarray, shape (H, D + 1)
    W_hh : ndarray, shape (H, H)
    W_ho : ndarray, shape (C, H + 1)

    See Also
    --------
    columns : The samples likewise.

    Examples
    --------
    >>> from unrolled import rnn
    >>> net = rnn.ManyToOne(rnn.Tanh(50), n_inputs=3, n_classes=6, rng=0)
    >>> [W.shape for W in matrices(net.parameters)]
    [(50, 4), (50, 50), (6, 51)]
    """
    W_ih = np.column_stack([parameters["W_ih"], parameters["b_h"]])
    W_ho = np.column_stack([parameters["W_ho"], parameters["b_o"]])
    return W_ih, parameters["W_hh"], W_ho


def loss_and_gradients(parameters: dict[str, Array], X: Array, Y: Array) -> tuple[Any, dict[str, Array]]:
    """Compute what ``rnn.ManyToOne.loss_and_gradients`` does for the report's network.

    Parameters
    ----------
    parameters : dict of ndarray
        As for :func:`matrices`.
    X : ndarray, shape (m, T, D)
    Y : ndarray, shape (m, C)
        One-hot rows.

    Returns
    -------
    E : scalar
    gradients : dict of ndarray
        With the names and shapes of the parameters.

    See Also
    --------
    unrolled.rnn.ManyToOne.loss_and_gradients : The fast one.

    Examples
    --------
    >>> from unrolled import rnn
    >>> net = rnn.ManyToOne(rnn.Tanh(4), n_inputs=3, n_classes=2, rng=0, dtype=np.float64)
    >>> X = np.random.default_rng(0).standard_normal((5, 6, 3))
    >>> E, gradients = loss_and_gradients(net.parameters, X, np.eye(2)[[0, 1, 0, 1, 1]])
    >>> fast_E, fast = net.loss_and_gradients(X, [0, 1, 0, 1, 1])
    >>> all(np.allclose(fast[name], gradients[name], rtol=1e-12, atol=1e-15) for name in fast)
    True
    """
    (W_ih, W_hh, W_ho), X_t = matrices(parameters), columns(X)
    A, Y_pred = forward(W_ih, W_hh, W_ho, X_t)
    dW_ih, dW_hh, dW_ho, _ = backward(W_ih, W_hh, W_ho, X_t, Y.T, A, Y_pred)
    gradients = {
        "W_ih": dW_ih[:, :-1],
        "W_hh": dW_hh,
        "b_h": dW_ih[:, -1],
        "W_ho": dW_ho[:, :-1],
        "b_o": dW_ho[:, -1],
    }
    return loss(Y.T, Y_pred), gradients


# ------------------------------------------------------------------------------------------------------------ the LSTM


def lstm_forward(parameters: dict[str, Array], X: Steps) -> dict[str, Steps]:
    """Compute every gate, memory and state of a long short-term memory.

    ::

        [Z_i; Z_f; Z_g; Z_o] = W_ih X_t + W_hh A_{t-1} + b_h    (L1)
        i_t = sigmoid(Z_i)                                      (L2)
        f_t = sigmoid(Z_f)                                      (L3)
        g_t = tanh(Z_g)                                         (L4)
        o_t = sigmoid(Z_o)                                      (L5)
        c_t = f_t * c_{t-1} + i_t * g_t                         (L6)
        A_t = o_t * tanh(c_t)                                   (L7)

    Parameters
    ----------
    parameters : dict of ndarray
        ``W_ih`` (4 H, D), ``W_hh`` (4 H, H) and ``b_h`` (4 H,), blocks of rows in the order i, f, g, o.
    X : dict of ndarray, shape (D, m)
        ``X[t]`` for t = 1, ..., T.

    Returns
    -------
    dict of dict of ndarray, shape (H, m)
        "i", "f", "g", "o" by t = 1, ..., T, and "c", "A" by t = 0, ..., T, which begin at zero.

    See Also
    --------
    lstm_backward : The gradients.
    unrolled.rnn.LSTM : The fast page.

    References
    ----------
    S. Hochreiter, J. Schmidhuber, "Long short-term memory", Neural Computation 9 (1997); the equations are PyTorch's.

    Examples
    --------
    >>> p = {"W_ih": np.zeros((4, 1)), "W_hh": np.zeros((4, 1)), "b_h": np.array([0.0, 0.0, 1.0, 0.0])}
    >>> states = lstm_forward(p, {1: np.array([[7.0]]), 2: np.array([[7.0]])})
    >>> round(states["g"][2].item(), 3), round(states["c"][2].item(), 3)  # half of half of g_1, and half of g_2
    (0.762, 0.571)
    """
    W_ih, W_hh, b_h = parameters["W_ih"], parameters["W_hh"], parameters["b_h"][:, None]
    zero = np.zeros((W_hh.shape[1], X[1].shape[1]))
    i, f, g, o, c, A = {}, {}, {}, {}, {0: zero}, {0: zero}
    for t in range(1, len(X) + 1):
        Z_i, Z_f, Z_g, Z_o = np.split(W_ih @ X[t] + W_hh @ A[t - 1] + b_h, 4)  # (L1)
        i[t] = sigmoid(Z_i)  # (L2)
        f[t] = sigmoid(Z_f)  # (L3)
        g[t] = np.tanh(Z_g)  # (L4)
        o[t] = sigmoid(Z_o)  # (L5)
        c[t] = f[t] * c[t - 1] + i[t] * g[t]  # (L6)
        A[t] = o[t] * np.tanh(c[t])  # (L7)
    return {"i": i, "f": f, "g": g, "o": o, "c": c, "A": A}


def lstm_backward(
    parameters: dict[str, Array], X: Steps, states: dict[str, Steps], dA_T: Array
) -> tuple[dict[str, Array], Steps, Steps]:
    """Compute the gradients of a long short-term memory by back-propagation through time.

    With dE/dA_T given, and nothing that comes from step T + 1, for t = T, ..., 1::

        dE/dc_t = dE/dA_t * o_t * (1 - tanh(c_t)^2) + dE/dc_{t+1} * f_{t+1}    (L8)
        dE/dZ_i = dE/dc_t * g_t * i_t * (1 - i_t)                              (L9)
        dE/dZ_f = dE/dc_t * c_{t-1} * f_t * (1 - f_t)                          (L10)
        dE/dZ_g = dE/dc_t * i_t * (1 - g_t^2)                                  (L11)
        dE/dZ_o = dE/dA_t * tanh(c_t) * o_t * (1 - o_t)                        (L12)
        dE/dA_{t-1} = W_hh^T delta_t                                           (L13)
        dE/dW_ih = sum over t of delta_t X_t^T                                 (L14)
        dE/dW_hh = sum over t of delta_t A_{t-1}^T                             (L15)
        dE/db_h = sum over t, and over the samples, of delta_t                 (L16)

    where delta_t is [dE/dZ_i; dE/dZ_f; dE/dZ_g; dE/dZ_o].

    Parameters
    ----------
    parameters, X
        As for :func:`lstm_forward`.
    states : dict of dict of ndarray
        What :func:`lstm_forward` returned.
    dA_T : ndarray, shape (H, m)
        dE/dA_T.

    Returns
    -------
    gradients : dict of ndarray
        With the names and shapes of the parameters.
    dA : dict of ndarray, shape (H, m)
        dE/dA_t.
    delta : dict of ndarray, shape (4 H, m)
        delta_t, t = 1, ..., T.

    See Also
    --------
    lstm_forward : What it goes back through.
    unrolled.rnn.LSTM : The fast page.

    Examples
    --------
    >>> p = {"W_ih": np.zeros((4, 1)), "W_hh": np.zeros((4, 1)), "b_h": np.array([0.0, 0.0, 1.0, 0.0])}
    >>> X = {1: np.array([[7.0]]), 2: np.array([[7.0]])}
    >>> gradients, dA, delta = lstm_backward(p, X, lstm_forward(p, X), np.ones((1, 1)))
    >>> gradients["b_h"].round(3).tolist()
    [0.105, 0.035, 0.116, 0.129]
    >>> (gradients["W_ih"] / 7).round(3).ravel().tolist()  # every input is 7
    [0.105, 0.035, 0.116, 0.129]
    """
    i, f, g, o, c, A = (states[name] for name in ("i", "f", "g", "o", "c", "A"))
    W_hh, T = parameters["W_hh"], len(X)
    dW_ih, dW_hh, db_h = (np.zeros_like(parameters[name]) for name in ("W_ih", "W_hh", "b_h"))
    dA, delta, from_next = {T: dA_T}, {}, np.zeros_like(dA_T)
    for t in range(T, 0, -1):
        dc = dA[t] * o[t] * (1 - np.tanh(c[t]) ** 2) + from_next  # (L8)
        from_next = dc * f[t]  # which dE/dc_{t-1} takes from here
        dZ_i = dc * g[t] * i[t] * (1 - i[t])  # (L9)
        dZ_f = dc * c[t - 1] * f[t] * (1 - f[t])  # (L10)
        dZ_g = dc * i[t] * (1 - g[t] ** 2)  # (L11)
        dZ_o = dA[t] * np.tanh(c[t]) * o[t] * (1 - o[t])  # (L12)
        delta[t] = np.vstack([dZ_i, dZ_f, dZ_g, dZ_o])
        dA[t - 1] = W_hh.T @ delta[t]  # (L13)
        dW_ih = dW_ih + delta[t] @ X[t].T  # (L14)
        dW_hh = dW_hh + delta[t] @ A[t - 1].T  # (L15)
        db_h = db_h + delta[t].sum(axis=1)  # (L16)
    return {"W_ih": dW_ih, "W_hh": dW_hh, "b_h": db_h}, dA, delta


# ------------------------------------------------------------------------------------------------------------- the GRU


def gru_forward(parameters: dict[str, Array], X: Steps) -> dict[str, Steps]:
    """Compute every gate and state of a gated recurrent unit, whose reset comes after the product.

    ::

        [Z_r; Z_z; Z_n] = W_ih X_t + b_h           (G1)
        [U_r; U_z; U_n] = W_hh A_{t-1}             (G2)
        r_t = sigmoid(Z_r + U_r)                   (G3)
        z_t = sigmoid(Z_z + U_z)                   (G4)
        h_t = U_n + b_hn                           (G5)
        n_t = tanh(Z_n + r_t * h_t)                (G6)
        A_t = (1 - z_t) * n_t + z_t * A_{t-1}      (G7)

    Parameters
    ----------
    parameters : dict of ndarray
        ``W_ih`` (3 H, D), ``W_hh`` (3 H, H) and ``b_h`` (3 H,), blocks of rows in the order r, z, n, and ``b_hn`` (H,).
    X : dict of ndarray, shape (D, m)
        ``X[t]`` for t = 1, ..., T.

    Returns
    -------
    dict of dict of ndarray, shape (H, m)
        "r", "z", "h", "n" by t = 1, ..., T, and "A" by t = 0, ..., T, which begins at zero.

    See Also
    --------
    gru_backward : The gradients.
    unrolled.rnn.GRU : The fast page.

    References
    ----------
    K. Cho et al., "Learning phrase representations using RNN encoder-decoder", EMNLP 2014; the equations are PyTorch's.

    Examples
    --------
    >>> p = {"W_ih": np.zeros((3, 1)), "W_hh": np.zeros((3, 1)), "b_h": np.array([0.0, 0.0, 1.0]), "b_hn": np.zeros(1)}
    >>> states = gru_forward(p, {1: np.array([[7.0]]), 2: np.array([[7.0]])})
    >>> round(states["n"][2].item(), 3), round(states["A"][2].item(), 3)  # half of half of n_1, and half of n_2
    (0.762, 0.571)
    """
    W_ih, W_hh = parameters["W_ih"], parameters["W_hh"]
    b_h, b_hn = parameters["b_h"][:, None], parameters["b_hn"][:, None]
    r, z, h, n, A = {}, {}, {}, {}, {0: np.zeros((W_hh.shape[1], X[1].shape[1]))}
    for t in range(1, len(X) + 1):
        Z_r, Z_z, Z_n = np.split(W_ih @ X[t] + b_h, 3)  # (G1)
        U_r, U_z, U_n = np.split(W_hh @ A[t - 1], 3)  # (G2)
        r[t] = sigmoid(Z_r + U_r)  # (G3)
        z[t] = sigmoid(Z_z + U_z)  # (G4)
        h[t] = U_n + b_hn  # (G5)
        n[t] = np.tanh(Z_n + r[t] * h[t])  # (G6)
        A[t] = (1 - z[t]) * n[t] + z[t] * A[t - 1]  # (G7)
    return {"r": r, "z": z, "h": h, "n": n, "A": A}


def gru_backward(
    parameters: dict[str, Array], X: Steps, states: dict[str, Steps], dA_T: Array
) -> tuple[dict[str, Array], Steps, Steps]:
    """Compute the gradients of a gated recurrent unit by back-propagation through time.

    With dE/dA_T given, for t = T, ..., 1::

        dE/dZ_n = dE/dA_t * (1 - z_t) * (1 - n_t^2)                         (G8)
        dE/dZ_z = dE/dA_t * (A_{t-1} - n_t) * z_t * (1 - z_t)               (G9)
        dE/dh_t = dE/dZ_n * r_t                                             (G10)
        dE/dZ_r = dE/dZ_n * h_t * r_t * (1 - r_t)                           (G11)
        dE/dA_{t-1} = dE/dA_t * z_t + W_hh^T [dE/dZ_r; dE/dZ_z; dE/dh_t]    (G12)
        dE/dW_ih = sum over t of delta_t X_t^T                              (G13)
        dE/dW_hh = sum over t of [dE/dZ_r; dE/dZ_z; dE/dh_t] A_{t-1}^T      (G14)
        dE/db_h = sum over t, and over the samples, of delta_t              (G15)
        dE/db_hn = sum over t, and over the samples, of dE/dh_t             (G16)

    where delta_t is [dE/dZ_r; dE/dZ_z; dE/dZ_n].

    Parameters
    ----------
    parameters, X
        As for :func:`gru_forward`.
    states : dict of dict of ndarray
        What :func:`gru_forward` returned.
    dA_T : ndarray, shape (H, m)
        dE/dA_T.

    Returns
    -------
    gradients : dict of ndarray
        With the names and shapes of the parameters.
    dA : dict of ndarray, shape (H, m)
        dE/dA_t.
    delta : dict of ndarray, shape (3 H, m)
        delta_t, t = 1, ..., T.

    See Also
    --------
    gru_forward : What it goes back through.
    unrolled.rnn.GRU : The fast page.

    Examples
    --------
    >>> p = {"W_ih": np.zeros((3, 1)), "W_hh": np.zeros((3, 1)), "b_h": np.array([0.0, 0.0, 1.0]), "b_hn": np.zeros(1)}
    >>> X = {1: np.array([[7.0]]), 2: np.array([[7.0]])}
    >>> gradients, dA, delta = gru_backward(p, X, gru_forward(p, X), np.ones((1, 1)))
    >>> dA[1].item()  # z_2, since W_hh is zero
    0.5
    >>> gradients["b_h"].round(3).tolist()
    [0.0, -0.19, 0.315]
    """
    r, z, h, n, A = (states[name] for name in ("r", "z", "h", "n", "A"))
    W_hh, T = parameters["W_hh"], len(X)
    dW_ih, dW_hh, db_h, db_hn = (np.zeros_like(parameters[name]) for name in ("W_ih", "W_hh", "b_h", "b_hn"))
    dA, delta = {T: dA_T}, {}
    for t in range(T, 0, -1):
        dZ_n = dA[t] * (1 - z[t]) * (1 - n[t] ** 2)  # (G8)
        dZ_z = dA[t] * (A[t - 1] - n[t]) * z[t] * (1 - z[t])  # (G9)
        dh = dZ_n * r[t]  # (G10)
        dZ_r = dZ_n * h[t] * r[t] * (1 - r[t])  # (G11)
        dU, delta[t] = np.vstack([dZ_r, dZ_z, dh]), np.vstack([dZ_r, dZ_z, dZ_n])
        dA[t - 1] = dA[t] * z[t] + W_hh.T @ dU  # (G12)
        dW_ih = dW_ih + delta[t] @ X[t].T  # (G13)
        dW_hh = dW_hh + dU @ A[t - 1].T  # (G14)
        db_h = db_h + delta[t].sum(axis=1)  # (G15)
        db_hn = db_hn + dh.sum(axis=1)  # (G16)
    return {"W_ih": dW_ih, "W_hh": dW_hh, "b_h": db_h, "b_hn": db_hn}, dA, delta
