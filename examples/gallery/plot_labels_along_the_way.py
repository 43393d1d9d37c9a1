"""
An answer at every step
=======================

Which way is a noisy signal moving? A network that reads both ways labels every step of recordings of different
lengths; below the accuracy of the steps is how often each class is recognized at each.
"""

import numpy as np

from unrolled import plots, rnn

N, T = 300, 60
rng = np.random.default_rng(0)
y = (rng.random((N, T)) < 0.05).cumsum(1) % 3  # rest, up, down, each until the next change
steps = np.array([0.0, 0.3, -0.3])[y] + rng.normal(0, 0.4, (N, T))
X, lengths = steps.cumsum(1)[..., None] / 5, rng.integers(T // 2, T + 1, N)
train, test = slice(0, N - 100), slice(N - 100, N)

net = rnn.ManyToMany(rnn.Bidirectional(rnn.GRU(12)), n_inputs=1, n_classes=3, head=rnn.Softmax(), rng=0)
rnn.train(net, (X[train], y[train], lengths[train]), optimizer=rnn.Adam(0.02), epochs=8, rng=0, progress=False)

predicted = net.predict(X[test], lengths[test])  # -1 after a recording's end
figure = plots.confusion_over_time(y[test], predicted, ["rest", "up", "down"], lengths=lengths[test])
