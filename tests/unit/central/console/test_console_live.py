"""Open pages hear of every change at once, and never hold up the end of the coordinator."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from central.console.app import ConsoleSettings
from central.console.server import PortTakenError, Server
from tests.tools.console_demo import BATTERY, calm_world
from tests.tools.console_world import BOOTH, World


@contextmanager
def served(world: World) -> Iterator[Server]:
    server = Server(world, world, world, ConsoleSettings(port=0))
    server.start()
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def listening(server: Server, topics: str) -> Iterator[Iterator[str]]:
    """Names of the events of one open page, as they come."""
    with (
        httpx.Client(base_url=server.address, timeout=20) as client,
        client.stream("GET", "/live", params={"topics": topics}) as answer,
    ):
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield (line.removeprefix("event: ") for line in answer.iter_lines() if line.startswith("event: "))


def until(names: Iterator[str], wanted: str) -> list[str]:
    seen = []
    for name in names:
        seen.append(name)
        if name == wanted:
            return seen
    raise AssertionError(f"the stream ended without {wanted}: {seen}")


def test_a_page_hears_of_a_change_of_its_booth() -> None:
    world = calm_world()
    with served(world) as server, listening(server, f"booths,booth:{BOOTH}") as names:
        until(names, "tick")
        world.happen(BATTERY)
        until(names, f"booth:{BOOTH}")


def test_a_page_is_told_everything_once_at_first_so_that_nothing_is_missed() -> None:
    with served(calm_world()) as server, listening(server, "print,booths") as names:
        assert until(names, "tick") == ["booths", "print", "tick"]


def test_a_page_hears_nothing_of_what_it_does_not_show() -> None:
    world = calm_world()
    with served(world) as server, listening(server, "print") as names:
        until(names, "tick")
        world.happen(BATTERY)
        world.tell("print")
        assert until(names, "print") == ["print"]


@pytest.mark.parametrize("topics", ["", "a\nevent: forged", ",,,", "x" * 300])
def test_no_topic_can_forge_an_event(topics: str) -> None:
    with served(calm_world()) as server, listening(server, topics) as names:
        assert "forged" not in until(names, "tick")


def test_many_open_pages_leave_room_for_others() -> None:
    world = calm_world()
    with served(world) as server, httpx.Client(base_url=server.address, timeout=20) as client:
        limits = httpx.Limits(max_connections=None)
        with httpx.Client(base_url=server.address, timeout=20, limits=limits) as crowd:
            requests = [crowd.build_request("GET", "/live", params={"topics": "booths"}) for _ in range(60)]
            answers = [crowd.send(request, stream=True) for request in requests]
            assert client.get("/").status_code == 200
            for answer in answers:
                answer.close()


def test_the_server_ends_while_pages_are_open() -> None:
    with served(calm_world()) as server, listening(server, "booths") as names:
        until(names, "tick")
        server.stop()
        assert not [thread for thread in threading.enumerate() if thread.name in ("console", "console-live")]
        assert list(names) == []


def test_open_pages_end_when_the_coordinator_closes_its_changes() -> None:
    world = calm_world()
    with served(world) as server, listening(server, "booths") as names:
        until(names, "tick")
        for listener in list(world.listeners):
            listener.end()
        assert list(names) == []


def test_a_taken_port_is_told_with_the_remedy() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        world = calm_world()
        server = Server(world, world, world, ConsoleSettings(port=other.getsockname()[1]))
        with pytest.raises(PortTakenError, match="set another port"):
            server.start()
