"""
What the units do
=================

Every hidden state is an array: the states of a trained network over one window of one exercise, and below it the
probabilities as they change while the window is heard.
"""

from matplotlib import pyplot as plt

from unrolled import data, rnn

movements = data.load_shoulder_exercises()
net = rnn.ManyToOne(rnn.GRU(24), n_inputs=3, n_classes=7, readout=rnn.EveryStep(), head=rnn.Softmax(), rng=0)
rnn.train(net, movements.train, optimizer=rnn.Adam(0.01), epochs=3, clip=rnn.ClipNorm(1.0), rng=0, progress=False)

window = movements.test.X[:1]
forward = net.forward(window)
stream = net.stream()
heard = [stream.feed(step) for step in window[0]]

fig, axes = plt.subplots(3, 1, figsize=(8, 7), sharex=True, layout="constrained")
axes[0].plot(window[0])
axes[0].set(ylabel="acceleration,\nstandardized")
axes[1].imshow(forward.A[1:, 0].T, aspect="auto", cmap="RdBu", vmin=-1, vmax=1, interpolation="nearest")
axes[1].set(ylabel="hidden unit")
for k, name in enumerate(movements.classes):
    true = k == movements.test.y[0]
    axes[2].plot([p[k] for p in heard], lw=2.5 if true else 1, label=name + (" (true)" if true else ""))
axes[2].set(xlabel="step (1/50 s)", ylabel="probability", ylim=(0, 1))
axes[2].legend(fontsize="x-small", ncols=2)
plt.show()
