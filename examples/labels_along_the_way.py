"""A label at every step: which way a noisy signal is moving, from recordings of different lengths."""

import matplotlib.pyplot as plt
import numpy as np

from unrolled import plots, rnn

N, T, EPOCHS = 600, 80, 15
rng = np.random.default_rng(0)
y = (rng.random((N, T)) < 0.05).cumsum(1) % 3  # rest, up, down, each until the next change
steps = np.array([0.0, 0.3, -0.3])[y] + rng.normal(0, 0.4, (N, T))
X, lengths = steps.cumsum(1)[..., None] / 5, rng.integers(T // 2, T + 1, N)
train, test = slice(0, N - 100), slice(N - 100, N)

net = rnn.ManyToMany(rnn.Bidirectional(rnn.LSTM(16)), n_inputs=1, n_classes=3, head=rnn.Softmax(), rng=0)
rnn.train(net, (X[train], y[train], lengths[train]), optimizer=rnn.Adam(0.01), epochs=EPOCHS, rng=0)

loss, accuracy = net.evaluate(X[test], y[test], lengths[test])
print(f"loss {loss:.3f}, accuracy of the steps {accuracy:.3f}")
predicted = net.predict(X[test], lengths[test])  # (N, T); -1 after a recording's end
plots.confusion_over_time(y[test], predicted, ["rest", "up", "down"], lengths=lengths[test])
plt.savefig("labels_along_the_way.png")
