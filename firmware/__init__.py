"""Firmware of the power board; nothing yet but its place in the import rules."""
