"""
A training, looked into along the way
=====================================

A recorder measures a network while it is trained, and changes nothing: the gradient's norm, the sharpness of the loss
beside the line above which plain descent is unstable, spectral radii, and how far back in time the gradient reaches.
"""

from unrolled import data, dynamics, plots, rnn

movements = data.load_shoulder_exercises()
X, y = movements.train.X[::6, ::3], movements.train.y[::6]
net = rnn.ManyToOne(rnn.Tanh(12), n_inputs=3, n_classes=7, rng=0)
recorder = dynamics.Recorder(X[:40], y[:40])
history = rnn.train(net, (X, y), optimizer=rnn.SGD(0.1), epochs=25, on_epoch=recorder, rng=0, progress=False)

figure = plots.recorded(recorder.record, history, learning_rate=0.1)
