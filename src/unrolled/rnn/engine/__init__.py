"""Time and memory: the order of steps, which samples have one, chunks, buffers. It knows no equation."""
