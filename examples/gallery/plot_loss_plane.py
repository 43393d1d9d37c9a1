"""
The loss around a network
=========================

The loss of a small network along its gradient and along the most curved direction of its Hessian. Products with the
Hessian cost one complex backward pass each and are exact, so that direction is found without a single difference.
"""

from unrolled import data, dynamics, plots, rnn

movements = data.load_shoulder_exercises()
X, y = movements.train.X[:60, ::5], movements.train.y[:60]
net = rnn.ManyToOne(rnn.Tanh(6), n_inputs=3, n_classes=7, head=rnn.Softmax(), rng=0)
rnn.train(net, (X, y), optimizer=rnn.SGD(0.1), epochs=40, rng=0, progress=False)

plane = dynamics.loss_slice(net, X, y, ("gradient", "curvature"), span=2.0, n=25)
ax = plots.loss_slice(plane)
