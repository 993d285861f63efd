"""Live updates: one thread listens to the coordinator's changes and tells every open page by server-sent events."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import datetime
from typing import Final

from central.core.views import Changes

TICK_S: Final = 5.0
"""A page hears from the server at least this often, so that it can tell a dead connection from a quiet booth."""

_GAP_S: Final = 0.05
_WAIT_S: Final = 0.5


class _Listener:
    """One open page: the topics it shows and those of them that changed since it was last told."""

    def __init__(self, topics: frozenset[str]) -> None:
        self.topics = topics
        self.changed: set[str] = set(topics)
        self.woken = asyncio.Event()
        self.woken.set()


class Live:
    """Spreads changes to open pages. Started and stopped with the web server's event loop."""

    def __init__(self, changes: Changes) -> None:
        self._changes = changes
        self._listeners: set[_Listener] = set()
        self._ended = threading.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to listen; called on the event loop."""
        self._loop = asyncio.get_running_loop()
        self._ended.clear()
        self._thread = threading.Thread(target=self._pump, name="console-live", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Let every open page's stream end; may be called from any thread, and again."""
        self._ended.set()
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._wake_all)

    async def join(self) -> None:
        """Wait until the listening thread is gone (at most about half a second after `end`)."""
        if self._thread is not None:
            await asyncio.to_thread(self._thread.join, 2.0)

    async def stream(self, topics: frozenset[str], now: Callable[[], datetime]) -> AsyncIterator[str]:
        """Server-sent events of one page: each of `topics` once at first, so that nothing between the page's
        making and its listening is missed; then each that changes; `tick` with the coordinator's clock.
        """
        listener = _Listener(topics)
        self._listeners.add(listener)
        try:
            while not self._ended.is_set():
                with suppress(TimeoutError):
                    await asyncio.wait_for(listener.woken.wait(), TICK_S)
                listener.woken.clear()
                changed, listener.changed = listener.changed, set()
                yield "".join(f"event: {topic}\ndata: changed\n\n" for topic in sorted(changed)) + _tick(now())
                await asyncio.sleep(_GAP_S)
        finally:
            self._listeners.discard(listener)

    def _pump(self) -> None:
        subscription = self._changes.subscribe()
        try:
            while not self._ended.is_set():
                begun = time.monotonic()
                topics = subscription.next(_WAIT_S)
                if not topics and time.monotonic() - begun < _WAIT_S / 2:
                    # Nothing, and not for want of time: the coordinator closed it because it is ending.
                    self.end()
                if topics and self._loop is not None:
                    try:
                        self._loop.call_soon_threadsafe(self._tell, topics)
                    except RuntimeError:  # the loop was closed: the server is gone
                        return
        finally:
            subscription.close()

    def _tell(self, topics: frozenset[str]) -> None:
        for listener in self._listeners:
            changed = topics & listener.topics
            if changed:
                listener.changed |= changed
                listener.woken.set()

    def _wake_all(self) -> None:
        for listener in self._listeners:
            listener.woken.set()


def _tick(now: datetime) -> str:
    return f"event: tick\ndata: {now.timestamp():.3f}\n\n"
