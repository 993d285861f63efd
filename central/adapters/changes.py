"""Live updates: the deciding thread says which topics changed, each listener hears of them once."""

from __future__ import annotations

import threading
from collections.abc import Iterable


class Listener:
    """One listener of `ChangesHub`."""

    def __init__(self, hub: ChangesHub) -> None:
        self._hub = hub
        self._ready = threading.Condition()
        self._topics: set[str] = set()
        self._closed = False

    def next(self, timeout: float) -> frozenset[str]:
        """Topics changed since the last call; waits at most `timeout` seconds. Empty: nothing, or closed."""
        with self._ready:
            self._ready.wait_for(lambda: self._topics or self._closed, timeout)
            topics = frozenset(self._topics)
            self._topics.clear()
            return topics

    def tell(self, topics: Iterable[str]) -> None:
        """Wake the listener."""
        with self._ready:
            self._topics.update(topics)
            self._ready.notify_all()

    def close(self) -> None:
        """Hear no more; a waiting `next` ends."""
        self._hub.forget(self)
        with self._ready:
            self._closed = True
            self._ready.notify_all()


class ChangesHub:
    """Implements `core.views.Changes`; `tell` never blocks on a slow listener."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: set[Listener] = set()

    def subscribe(self) -> Listener:
        """A new listener, to be closed."""
        listener = Listener(self)
        with self._lock:
            self._listeners.add(listener)
        return listener

    def forget(self, listener: Listener) -> None:
        """Remove a listener."""
        with self._lock:
            self._listeners.discard(listener)

    def tell(self, topics: Iterable[str]) -> None:
        """These topics changed."""
        topics = frozenset(topics)
        if not topics:
            return
        with self._lock:
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener.tell(topics)

    def close(self) -> None:
        """End all listeners."""
        with self._lock:
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener.close()
