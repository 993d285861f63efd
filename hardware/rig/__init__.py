"""The bench: runs the real programs against simulated hardware and injects faults."""
