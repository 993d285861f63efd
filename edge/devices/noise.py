"""Noise on a line, told once per portion of bytes: a loose plug must not flood the booth with events."""

from __future__ import annotations

from edge.core.events import Event, FrameRejected


def told_once(events: list[Event]) -> list[Event]:
    """The events without all but the first FrameRejected."""
    first = next((event for event in events if isinstance(event, FrameRejected)), None)
    return [event for event in events if event is first or not isinstance(event, FrameRejected)]
