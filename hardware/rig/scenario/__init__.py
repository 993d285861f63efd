"""Scenarios: what fails when at a booth, and what must hold; one file runs unchanged on every bench."""
