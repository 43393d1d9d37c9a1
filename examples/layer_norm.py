"""An LSTM with layer normalization, a cell of one's own, beside the LSTM on people it has not met.

    python examples/layer_norm.py --data A_DeviceMotion_data.zip

Of each fold's training people of ``unseen_people.py`` a fifth is held out, and the full recipe is trained on the others
with either cell; the people the fold leaves out stay unseen. What is printed is the mean accuracy over the people held
out.
"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from unseen_recipes import BATCH, CHANNELS, CLIP, EPOCHS, FULL, Recipe, augmentation, network, side_by_side
from unseen_windows import MOST, MOTIONSENSE, motionsense, parts

from unrolled import data, rnn
from unrolled.rnn.engine import Recurrence, Rows

EPSILON = 1e-5


@dataclass(frozen=True)
class NormalizedLSTM(Recurrence):
    """An LSTM in which each gate's sum is brought to mean 0 and variance 1 over its units (Ba et al. 2016).

    With S = W_ih X_t + W_hh A_{t-1}, a gate's Z is ``gain (S - mean(S)) / sqrt(var(S) + 1e-5) + shift``; from there on
    it is an LSTM.
    """

    hidden: int
    gates: ClassVar[int] = 4
    arrays: ClassVar[dict[str, int]] = {"N": 4, "spread": 4, "gate": 4, "tanh_C": 1, "dZ": 4}
    further_states: ClassVar[tuple[str, ...]] = ("C",)

    def shapes(self, n_inputs: int) -> dict[str, tuple[int, ...]]:
        """Return the shape of each parameter."""
        H = self.hidden
        return {"W_ih": (4 * H, n_inputs), "W_hh": (4 * H, H), "gain": (4 * H,), "shift": (4 * H,)}

    def initial_biases(self) -> dict[str, Any]:
        """Return what gains begin at, 1, and what shifts do: 0, but the forget gate's 1."""
        return {"gain": np.ones(4 * self.hidden), "shift": np.repeat([0.0, 1.0, 0.0, 0.0], self.hidden)}

    def forward(self, parameters: Any, trace: Rows) -> None:
        """Run the recurrence over a batch of sequences."""
        H, W, U = self.hidden, parameters["W_ih"].T, parameters["W_hh"].T
        for segment in trace.forward_segments():
            for X, seen, N, spread, gate, C_before, C, tanh_C, A in segment.steps(
                "X", "seen", "N", "spread", "gate", "C_before", "C", "tanh_C", "A"
            ):
                S = (X @ W + seen @ U).reshape(-1, 4, H)
                S -= S.mean(2, keepdims=True)
                sd = np.sqrt((S * S).mean(2, keepdims=True) + EPSILON)
                N[...], spread[...] = (S / sd).reshape(N.shape), np.broadcast_to(sd, S.shape).reshape(N.shape)
                Z = N * parameters["gain"] + parameters["shift"]
                gate[...] = 0.5 + 0.5 * np.tanh(0.5 * Z)
                gate[:, 2 * H : 3 * H] = np.tanh(Z[:, 2 * H : 3 * H])
                i, f, g, o = np.split(gate, 4, axis=1)
                C[...] = f * C_before + i * g
                tanh_C[...] = np.tanh(C)
                A[...] = o * tanh_C

    def backward(self, parameters: Any, trace: Rows) -> Any:
        """Go back through time to the gradient of each parameter."""
        H, U, gain = self.hidden, parameters["W_hh"], parameters["gain"]
        dW, dU = np.zeros((4 * H, trace.D + 1), U.dtype), np.zeros_like(U)
        dgain, dshift = np.zeros_like(gain), np.zeros_like(gain)
        names = ("N", "spread", "gate", "C_before", "tanh_C", "dZ", "delta", "dA", "dC")
        for chunk in trace.backward_chunks():
            for N, spread, gate, C_before, tanh_C, dZ, delta, dA, dC in chunk.steps(*names):  # the last step first
                i, f, g, o = np.split(gate, 4, axis=1)
                dC += dA * o * (1 - tanh_C**2)
                dZ[...] = np.hstack(
                    [dC * g * i * (1 - i), dC * C_before * f * (1 - f), dC * i * (1 - g**2), dA * tanh_C * o * (1 - o)]
                )
                dC *= f
                dN, of_gates = (dZ * gain).reshape(-1, 4, H), N.reshape(-1, 4, H)
                dS = dN - dN.mean(2, keepdims=True) - of_gates * (dN * of_gates).mean(2, keepdims=True)
                delta[...] = dS.reshape(N.shape) / spread
                dA[...] = delta @ U
                dgain += (dZ * N).sum(0)
                dshift += dZ.sum(0)
            dW += chunk.outer("delta", "inputs")
            dU += chunk.outer("delta", "seen")
        return {"W_ih": dW[:, :-1], "W_hh": dU, "gain": dgain, "shift": dshift}


def accuracy(
    recipe: Recipe, training: data.Samples, held_out: data.Samples, classes: Sequence[str], seed: int
) -> float:
    """Train on some people, and return the mean accuracy over others."""
    fed = data.Dataset(training, held_out, tuple(classes)).with_channels(CHANNELS).standardized()
    X, X_held_out = (side_by_side(part.X, recipe.steps) for part in (fed.train, fed.test))
    net = network(recipe, X.shape[2], len(classes), seed)
    rnn.train(
        net,
        (X, training.y),
        optimizer=rnn.Adam(recipe.rate),
        schedule=rnn.Cosine(EPOCHS),
        clip=CLIP,
        dropout=rnn.Dropout(layers=recipe.dropout),
        augment=augmentation(recipe, fed),
        batch_size=BATCH,
        epochs=EPOCHS,
        rng=seed,
        progress=False,
    )
    right, people = net.predict(X_held_out) == held_out.y, held_out.person
    assert people is not None
    return float(np.mean([right[people == person].mean() for person in np.unique(people)]))


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the accuracy with either cell, for some folds and seeds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="A_DeviceMotion_data.zip, or its folder")
    parser.add_argument("--folds", type=int, nargs="+", default=[1, 3], help="(default: 1 3)")
    parser.add_argument("--seeds", type=int, default=2, help="how many (default: 2)")
    given = parser.parse_args(arguments)
    source, found = motionsense(given.data), dict[str, list[float]]()
    recipes = (FULL, replace(FULL, name="full, normalized", cell=rnn.Bidirectional(NormalizedLSTM(64))))
    for fold in given.folds:
        training, held_out = parts(source, f"fold {fold}", 0, MOST[MOTIONSENSE])[0].split(0.2, by="person", rng=fold)
        for seed in range(given.seeds):
            for recipe in recipes:
                begun = time.process_time()
                found.setdefault(recipe.name, []).append(accuracy(recipe, training, held_out, source.classes, seed))
                said = f"{found[recipe.name][-1]:.3f} in {time.process_time() - begun:.0f} s"
                print(f"fold {fold}, seed {seed}, {recipe.name}: {said}", flush=True)
    print("; ".join(f"{name}: {np.mean(each):.3f}" for name, each in found.items()))


if __name__ == "__main__":
    main()
