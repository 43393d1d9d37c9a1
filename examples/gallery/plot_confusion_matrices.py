"""
Confusion matrices
==================

Which movements are taken for which: a row a true class, a column an answer. In percent of each true class.
"""

from unrolled import data, plots, rnn

movements = data.load_shoulder_exercises()
net = rnn.ManyToOne(rnn.GRU(16), n_inputs=3, n_classes=7, readout=rnn.Mean(), head=rnn.Softmax(), rng=0)
rnn.train(net, movements.train, optimizer=rnn.Adam(0.01), epochs=3, clip=rnn.ClipNorm(1.0), rng=0, progress=False)

predicted = net.predict(movements.test.X)
ax = plots.confusion_matrix(
    movements.test.y, predicted, movements.classes, normalize="true", title="two people it has not seen"
)
