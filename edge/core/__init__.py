"""Decisions of the booth: pure functions of (state, event, now)."""
