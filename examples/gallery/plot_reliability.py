"""
Do the probabilities mean what they say?
========================================

Of all windows that the network calls 90 % sure, are 90 % right? A temperature fitted on validation people brings what
it says nearer to what is so; no answer changes.
"""

from unrolled import data, metrics, plots, rnn

movements = data.load_shoulder_exercises()
train, validation = movements.train.split(0.25, by="person", rng=0)
net = rnn.ManyToOne(rnn.GRU(24), n_inputs=3, n_classes=7, head=rnn.Softmax(), rng=0)
rnn.train(net, train, optimizer=rnn.Adam(0.01), epochs=6, clip=rnn.ClipNorm(1.0), rng=0, progress=False)

temperature = metrics.fit_temperature(validation.y, net.predict_proba(validation.X))
says = net.predict_proba(movements.test.X)
figure = plots.reliability(
    {
        "as trained": (movements.test.y, says),
        f"temperature {temperature:.2f}": (movements.test.y, metrics.tempered(says, temperature)),
    }
)
