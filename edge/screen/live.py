"""Live updates: who has a page open is sent those of its parts that have changed, by server-sent events."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import suppress
from typing import Final

from starlette.responses import StreamingResponse

TICK_S: Final = 5.0
"""A page hears from the booth at least this often, so that it can tell a dead connection from a quiet booth."""
_GAP_S: Final = 0.15
"""Between two updates of one page: a burst of steps is one update."""

Parts = Callable[[], Mapping[str, str]]
"""Makes the present parts of a page: id of the element -> its whole HTML, the element itself included."""


class Over(Exception):  # noqa: N818 - an end, not an error
    """Raised by `parts`: this page may not be shown any more; the stream ends, and the browser asks anew."""


class Live:
    """Wakes the open pages. Every call is made on the screen's event loop."""

    def __init__(self) -> None:
        self._open: set[asyncio.Event] = set()
        self._ended = False

    def __len__(self) -> int:
        """How many pages listen."""
        return len(self._open)

    def wake(self) -> None:
        """Something that is shown has changed."""
        for woken in self._open:
            woken.set()

    def end(self) -> None:
        """Let every stream end."""
        self._ended = True
        self.wake()

    def response(self, parts: Parts, now: Callable[[], float]) -> StreamingResponse:
        """The stream of one page, for `EventSource` (see static/screen.js).

        Events: `parts` with JSON {id: html} of what differs from what was sent last (all of them at first);
        `tick` with the booth's clock (Unix seconds). `parts` is called again at every tick, so that ages go on.
        """
        stream = self._stream(parts, now)
        return StreamingResponse(stream, media_type="text/event-stream", headers={"x-accel-buffering": "no"})

    async def _stream(self, parts: Parts, now: Callable[[], float]) -> AsyncIterator[str]:
        woken = asyncio.Event()
        self._open.add(woken)
        sent: dict[str, str] = {}
        try:
            while not self._ended:
                try:
                    made = parts()
                except Over:
                    return
                fresh = {name: html for name, html in made.items() if sent.get(name) != html}
                sent |= fresh
                changed = f"event: parts\ndata: {json.dumps(fresh, ensure_ascii=False)}\n\n" if fresh else ""
                yield f"{changed}event: tick\ndata: {now():.3f}\n\n"
                await asyncio.sleep(_GAP_S)
                with suppress(TimeoutError):
                    await asyncio.wait_for(woken.wait(), TICK_S)
                woken.clear()
        finally:
            self._open.discard(woken)
