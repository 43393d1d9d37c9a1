"""Letters: a network learns Python from the standard library's own source, and writes some."""

import sysconfig
from pathlib import Path

import numpy as np

from unrolled import rnn

SIZE, HIDDEN, EPOCHS = 1_000_000, 128, 3
sources = sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))
text = "".join(path.read_text(encoding="utf-8", errors="ignore") for path in sources)[: SIZE + SIZE // 10]
alphabet = sorted(set(text))
codes = np.searchsorted(alphabet, list(text))  # the number of each letter

# 32 readers side by side, each of its own part of the text; the target is the next letter.
rows = 32
X, test = codes[: SIZE - SIZE % rows].reshape(rows, -1), codes[SIZE:][None]
D = len(alphabet)
net = rnn.ManyToMany(rnn.GRU(HIDDEN), n_inputs=D, n_classes=D, head=rnn.Softmax(), rng=0)
rnn.train(
    net,
    (X[:, :-1], X[:, 1:]),
    stateful=True,
    bptt_steps=50,
    optimizer=rnn.Adam(0.002),
    clip=rnn.ClipNorm(1.0),
    batch_size=rows,
    epochs=EPOCHS,
    rng=0,
)

loss, accuracy = net.evaluate(test[:, :-1], test[:, 1:])
print(f"{loss / np.log(2):.3f} bits a letter on text it has not read, accuracy {accuracy:.3f}")
begun = [[alphabet.index(letter) for letter in "def "]]
print("def " + "".join(alphabet[n] for n in rnn.generate(net, begun, 300, temperature=0.7, rng=0)[0]))
