"""The memory bench: the booth's real program and drivers, and simulated devices, in virtual time."""
