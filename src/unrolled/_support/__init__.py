"""What every part of the library uses and that knows none of them: validation, files, progress, interrupts, threads."""
