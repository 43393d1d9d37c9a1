"""A cell of one's own, the minimal gated unit: written, checked, trained, saved and loaded."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from unrolled import data, rnn
from unrolled.rnn.engine import Recurrence, Rows


@dataclass(frozen=True)
class MGU(Recurrence):
    """A GRU of one gate, f: ``A_t = (1 - f_t) * A_{t-1} + f_t * n_t`` (Zhou et al., IJAC 13, 2016)."""

    hidden: int
    gates: ClassVar[int] = 2  # blocks of H rows in W_ih, W_hh and b_h: f, n
    arrays: ClassVar[dict[str, int]] = {"f": 1, "fA": 1, "n": 1, "dZ_f": 1, "dZ_n": 1}  # of H numbers a step

    def forward(self, parameters: Any, trace: Rows) -> None:
        """Run the recurrence over a batch of sequences."""
        (W_f, W_n), (U_f, U_n), (b_f, b_n) = (np.split(parameters[name], 2) for name in ("W_ih", "W_hh", "b_h"))
        for segment in trace.forward_segments():
            for X, A_before, seen, f, fA, n, A in segment.steps("X", "A_before", "seen", "f", "fA", "n", "A"):
                f[...] = 1 / (1 + np.exp(-(X @ W_f.T + seen @ U_f.T + b_f)))
                fA[...] = f * seen  # A_{t-1} as dropout lets it be seen
                n[...] = np.tanh(X @ W_n.T + fA @ U_n.T + b_n)
                A[...] = (1 - f) * A_before + f * n

    def backward(self, parameters: Any, trace: Rows) -> Any:
        """Go back through time to the gradient of each parameter."""
        U_f, U_n = np.split(parameters["W_hh"], 2)
        dW, dU_f, dU_n = np.zeros((2 * self.hidden, trace.D + 1), U_f.dtype), np.zeros_like(U_f), np.zeros_like(U_n)
        names = ("A_before", "seen", "f", "n", "dZ_f", "dZ_n", "delta", "dA", "dseen")
        for chunk in trace.backward_chunks():
            for A_before, seen, f, n, dZ_f, dZ_n, delta, dA, dseen in chunk.steps(*names):  # the last step first
                dZ_n[...] = dA * f * (1 - n**2)
                dfA = dZ_n @ U_n
                dZ_f[...] = (dA * (n - A_before) + dfA * seen) * f * (1 - f)
                delta[...] = np.hstack([dZ_f, dZ_n])
                dseen[...] = dZ_f @ U_f + dfA * f
                dA *= 1 - f  # to which the engine adds dseen
            dW += chunk.outer("delta", "inputs")  # inputs have a column of ones for b_h
            dU_f, dU_n = dU_f + chunk.outer("dZ_f", "seen"), dU_n + chunk.outer("dZ_n", "fA")
        return {"W_ih": dW[:, :-1], "W_hh": np.vstack([dU_f, dU_n]), "b_h": dW[:, -1]}


def main(epochs: int = 10) -> float:
    """Show that it is a cell like any other; return its accuracy on two people it has not seen."""
    print(rnn.check_cell(MGU(5)))
    movements = data.load_shoulder_exercises()
    net = rnn.ManyToOne(MGU(32), n_inputs=3, n_classes=7, head=rnn.Softmax(), rng=0)
    rnn.train(net, movements.train, optimizer=rnn.Adam(0.01), epochs=epochs, clip=rnn.ClipNorm(1.0), rng=0)
    net.save("mgu.h5")
    return rnn.load("mgu.h5", parts=[MGU]).evaluate(movements.test.X, movements.test.y)[1]


if __name__ == "__main__":
    print(f"accuracy {main():.3f}")
