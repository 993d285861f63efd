"""Open pages hear of every change, and none waits for another."""

from __future__ import annotations

import threading

from central.adapters.changes import ChangesHub


def test_a_listener_hears_what_changed_since_it_last_asked() -> None:
    hub = ChangesHub()
    one, two = hub.subscribe(), hub.subscribe()
    hub.tell({"booths"})
    hub.tell({"booths", "print"})
    assert one.next(1.0) == {"booths", "print"}
    assert one.next(0.0) == frozenset()
    assert two.next(1.0) == {"booths", "print"}


def test_a_waiting_listener_is_woken_and_a_closed_one_ends() -> None:
    hub = ChangesHub()
    listener = hub.subscribe()
    heard: list[frozenset[str]] = []
    thread = threading.Thread(target=lambda: heard.extend([listener.next(30.0), listener.next(30.0)]))
    thread.start()
    hub.tell({"print"})
    hub.close()
    thread.join(10.0)
    assert not thread.is_alive()
    assert heard[0] | heard[1] == {"print"}
