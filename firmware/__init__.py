"""Firmware of the power board. `main.py` is for the board alone; the other files also run under CPython."""
