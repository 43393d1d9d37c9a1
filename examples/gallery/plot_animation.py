"""
States as they move, and the gradient on its way back
=====================================================

Two animations of a small GRU that has learned four of the exercises a little: its states while it hears some windows,
and then the gradient, which starts at the last step and runs back through time.
"""

import numpy as np

from unrolled import data, dynamics, plots, rnn

movements = data.load_shoulder_exercises()
some = np.flatnonzero(movements.train.y < 4)[::8]
X, y = movements.train.X[some, ::3], movements.train.y[some]
net = rnn.ManyToOne(rnn.GRU(12), n_inputs=3, n_classes=4, rng=0)
rnn.train(net, (X, y), optimizer=rnn.Adam(0.02), epochs=20, clip=rnn.ClipNorm(1.0), rng=0, progress=False)

# %%
# A dot is a window, where it has come to; the trail is its last twelve steps.
animation = plots.animate(
    "states.gif", dynamics.states(net, X), y, classes=movements.classes[:4], most=24, every=3, dpi=60
)

# %%
# Light is large beside the largest number of the step. The line below is the norm of all of it.
dA = net.backward(net.forward(X), y).dA
animation = plots.animate("gradients.gif", dA, y, kind="gradients", most=24, every=3, dpi=60)
