"""
Instruments
===========

Pictures of what a network does over time: one small network of each kind, on the shoulder exercises.
"""

import numpy as np

from unrolled import data, dynamics, plots, rnn

movements = data.load_shoulder_exercises()
X, y = movements.train.X[::60, ::3], movements.train.y[::60]
nets = {name: rnn.ManyToOne(cell, 3, 7, rng=0) for name, cell in (("tanh", rnn.Tanh(12)), ("GRU", rnn.GRU(12)))}
for net in nets.values():
    rnn.train(net, (X, y), optimizer=rnn.Adam(0.01), epochs=15, rng=0, progress=False)

# %%
# The norm of the gradient over the steps.
ax = plots.gradient_profile({name: dynamics.gradient_profile(net, X, y) for name, net in nets.items()})

# %%
# What the gates of the GRU do over one window.
figure = plots.gates(nets["GRU"], X[0])

# %%
# The eigenvalues of the recurrent weights, and the unit circle.
ax = plots.eigenvalues({"tanh": np.linalg.eigvals(nets["tanh"].parameters["W_hh"])})

# %%
# States of some windows, and where the GRU would rest if it heard nothing more.
states = dynamics.states(nets["GRU"], X)
points = dynamics.fixed_points(nets["GRU"], starts=states[-1])
ax = plots.state_space(states, y, points=points, classes=movements.classes)

# %%
# Lyapunov exponents: below 0, the state forgets where it began.
figure = plots.lyapunov_spectrum({name: dynamics.lyapunov_spectrum(net, X[:8], k=4) for name, net in nets.items()})
