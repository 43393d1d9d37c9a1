"""The problems that need a memory: adding, copying, flip-flops. One function each trains one network with one seed.

Recipes were found with seeds that are not among the five, by their validation samples.
"""

from typing import Any

import numpy as np

from unrolled import data, metrics, rnn

Outcome = dict[str, Any]
"""``value``, what the goal is about; ``curve``, the validation measure epoch by epoch, and ``updates`` an epoch.

Where a training has diverged, ``diverged`` says how; the value is that of the last parameters with a finite loss.
"""

ADDED, BATCH = 4000, 20
"""Training samples of the adding problem, and how many an update sees."""

FLIPPED = 1000
"""Training samples of the flip-flop problem."""

COPIED = 100
"""T of the copy memory problem: how long the ten symbols have to be held."""


def streams(seed: int, n: int = 3) -> list[np.random.Generator]:
    """Return generators for training, validation and test samples, which have nothing in common."""
    return [np.random.default_rng((seed, part)) for part in range(n)]


def remember(net: rnn.Network, T: int, seed: int) -> None:
    """Let the gates begin with memories of 1 to T steps.

    As in C. Tallec and Y. Ollivier, "Can recurrent neural networks warp time?", ICLR 2018: the bias of an LSTM's forget
    gate, of a GRU's z, is log u with u uniform on [1, T - 1]; that of the LSTM's input gate is its negative.
    """
    (cell,), b = net.cells, net.parameters["b_h"]
    H = cell.hidden
    held = np.log(np.random.default_rng((seed, 7)).uniform(1, T - 1, H))
    if isinstance(cell, rnn.LSTM):
        b[:H] = -held
    b[H : 2 * H] = held


def small(shape: tuple[int, ...], rng: np.random.Generator) -> Any:
    """Draw small input weights, for a rectifier network that begins with the identity as W_hh."""
    return rng.normal(0, 0.1, shape)


def measured(history: rnn.History) -> list[float]:
    """Return the validation losses, epoch by epoch."""
    assert history.validation is not None
    return history.validation.loss


def adding(seed: int, cell: rnn.cells.Cell, T: int) -> Outcome:
    """Train on the adding problem: two marked numbers of T are to be summed, and the answer comes at the end."""
    training, validation, test = (
        data.tasks.adding(n, T=T, rng=rng) for n, rng in zip((ADDED, 500, 2000), streams(seed), strict=True)
    )
    gated = not isinstance(cell, rnn.ReLU)
    weights = {"W_hh": rnn.orthogonal} if gated else {"W_hh": rnn.identity, "W_ih": small}
    net = rnn.ManyToOne(cell, n_inputs=2, n_outputs=1, head=rnn.Linear(), initializer=weights, rng=seed)
    if gated:
        remember(net, T, seed)
    epochs, ended = 5 if gated else 20, {}
    try:
        history = rnn.train(
            net,
            training,
            validation=validation,
            optimizer=rnn.Adam(0.01 if gated else 0.0003),
            schedule=rnn.Cosine(epochs),
            clip=rnn.ClipNorm(1.0),
            batch_size=BATCH,
            epochs=epochs,
            rng=seed,
            progress=False,
        )
    except rnn.DivergenceError as divergence:  # an outcome as any other, of the parameters that are kept
        history, ended = divergence.history, {"diverged": str(divergence).partition(";")[0]}
    error = metrics.mean_squared_error(test.y, net.predict(test.X)[:, 0])
    return {"value": error, "curve": measured(history), "updates": ADDED // BATCH, **ended}


def copying(seed: int, H: int) -> Outcome:
    """Copy ten of eight symbols after a hundred blanks, by states that are not trained and a readout in closed form.

    With an orthogonal W_hh and inputs so small that tanh bends nothing, a state holds all that was heard, turned once
    more at each step (Henaff, Szlam and LeCun, "Recurrent orthogonal networks and long-memory tasks", 2016). What was
    heard 110 steps ago is then a linear function of it, always the same, which least squares find. The logits are what
    they say, times a factor that the validation samples choose.
    """
    training, validation, test = (
        data.tasks.copy_memory(n, T=COPIED, rng=rng) for n, rng in zip((300, 100, 500), streams(seed), strict=True)
    )
    weights: dict[str, Any] = {"W_hh": rnn.orthogonal, "W_ih": rnn.uniform(-0.005, 0.005)}
    fitted = rnn.ManyToMany(rnn.Tanh(H), 10, n_outputs=9, initializer=weights, rng=seed, dtype=np.float64)
    rnn.fit_readout(fitted, training.X, np.eye(9)[training.y], ridge=1e-9)
    net = rnn.ManyToMany(rnn.Tanh(H), 10, n_classes=9, head=rnn.Softmax(), rng=seed, dtype=np.float64)

    def loss(factor: float, samples: data.tasks.Task) -> float:
        net.parameters.update({name: W.copy() for name, W in fitted.parameters.items()})
        net.parameters["W_ho"] *= factor
        net.parameters["b_o"] *= factor
        return net.evaluate(samples.X, samples.y)[0]

    factor = min((10.0, 20.0, 40.0, 80.0), key=lambda each: loss(each, validation))
    value = loss(factor, test)
    recalled = float((net.predict(test.X)[:, -10:] == test.y[:, -10:]).mean())
    return {"value": value, "recalled": recalled}


def no_memory() -> float:
    """Return the loss of whoever says blank until the sign, and then guesses."""
    return float(10 * np.log(8) / (COPIED + 20))


def flip_flop(seed: int, cell: rnn.cells.Cell) -> Outcome:
    """Train on the 3-bit flip-flop: the last pulse of each of three lines is to be held."""
    training, validation, test = (
        data.tasks.flip_flop(n, rng=rng) for n, rng in zip((FLIPPED, 200, 500), streams(seed), strict=True)
    )
    net = rnn.ManyToMany(
        cell, n_inputs=3, n_outputs=3, head=rnn.Linear(), initializer={"W_hh": rnn.orthogonal}, rng=seed
    )
    epochs = 20
    history = rnn.train(
        net,
        training,
        validation=validation,
        optimizer=rnn.Adam(0.005),
        schedule=rnn.Cosine(epochs),
        clip=rnn.ClipNorm(1.0),
        batch_size=BATCH,
        epochs=epochs,
        rng=seed,
        progress=False,
    )
    said = net.predict(test.X)
    return {
        "value": float(((said > 0) == (test.y > 0)).mean()),
        "curve": measured(history),
        "updates": FLIPPED // BATCH,
        "truth": test.y[0].tolist(),
        "said": said[0].round(3).tolist(),
        "heard": test.X[0].tolist(),
    }
