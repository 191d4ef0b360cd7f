"""The work that is done once for all processes: capture, chunks, vectors."""
