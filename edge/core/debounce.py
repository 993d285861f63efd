"""A contact that bounces: a new level counts only when it has held for a time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Debounced:
    """Level of a contact; None until it was read once. `since` is when a differing level was first seen."""

    level: bool | None = None
    since: float | None = None


UNREAD = Debounced()


def seen(contact: Debounced, level: bool, now: float) -> Debounced:
    """The contact was read. The first reading of all is believed at once."""
    if contact.level is None:
        return Debounced(level)
    if level == contact.level:
        return Debounced(level)
    return contact if contact.since is not None else Debounced(contact.level, now)


def settled(contact: Debounced, hold_s: float, now: float) -> Debounced:
    """The contact after `hold_s` seconds without a further edge."""
    if contact.since is not None and now >= contact.since + hold_s:
        return Debounced(not contact.level)
    return contact


def due(contact: Debounced, hold_s: float) -> float | None:
    """When `settled` will change the level."""
    return None if contact.since is None else contact.since + hold_s
