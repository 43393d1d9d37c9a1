"""
Where gradients vanish
======================

The norm of dE/dA at each step, from the last step back, for a tanh network and an LSTM before and after a short
training: what the loss at the end says about what happened earlier.
"""

import numpy as np
from matplotlib import pyplot as plt

from unrolled import data, rnn

movements = data.load_shoulder_exercises()
X, y = movements.train.X[:64], movements.train.y[:64]

fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
for name, cell, color in (("tanh", rnn.Tanh(20), "C0"), ("LSTM", rnn.LSTM(20), "C1")):
    net = rnn.ManyToOne(cell, n_inputs=3, n_classes=7, head=rnn.Softmax(), rng=0)
    for when, line in (("before", ":"), ("after 3 epochs", "-")):
        if line == "-":
            rnn.train(net, movements.train, optimizer=rnn.Adam(0.003), epochs=3, rng=0, progress=False)
        dA = net.backward(net.forward(X), y).dA  # (steps, samples, units)
        norm = np.linalg.norm(dA, axis=(1, 2))
        norm[norm == 0] = np.nan  # what vanished ends at zero
        ax.semilogy(np.arange(len(norm)) - len(norm) + 1, norm, line, color=color, label=f"{name}, {when}")
ax.set(xlabel="steps before the end", ylabel="norm of dE/dA")
ax.legend()
plt.show()
