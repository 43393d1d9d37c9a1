"""Networks to and from other libraries and runtimes; each of them is imported only when it is called for."""
