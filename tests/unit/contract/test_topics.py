"""Topics: every name that is written can be read again, and nothing else is taken for one."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract import topics
from tests.tools.fuzz import rounds

BOOTHS = st.from_regex(topics.BOOTH_ID, fullmatch=True)


@given(booth=BOOTHS, topic=st.sampled_from(topics.ALL))
def test_a_topic_that_is_written_is_read_back(booth: str, topic: topics.Topic) -> None:
    item = "0123456789ab-1" if topic is topics.PACKET else None
    assert topics.parse(topics.of(booth, topic, item)) == (booth, topic, item)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "loket",
        "loket/v1/bangkalan/up",
        "loket/v2/bangkalan/up/event",
        "homeassistant/v1/bangkalan/up/event",
        "loket/v1/bangkalan/up/event/more",
        "loket/v1/bangkalan/up/packet",
        "loket/v1/bangkalan/up/packet/",
        "loket/v1/bangkalan/up/packet/a/b",
        "loket/v1/bangkalan/up/rumour",
        "loket/v1//up/event",
        "loket/v1/Bangkalan/up/event",
        "loket/v1/+/up/event",
        "loket/v1/bangkalan\n/up/event",
        "loket/v1/" + "a" * 41 + "/up/event",
        "/loket/v1/bangkalan/up/event",
        topics.coordinator_state("main"),
    ],
)
def test_a_name_that_is_not_ours_is_not_taken_for_a_booths(name: str) -> None:
    assert topics.parse(name) is None


def test_only_what_must_outlive_a_connection_is_retained() -> None:
    assert {topic.leaf for topic in topics.ALL if topic.retain} == {"up/state", "up/info"}


def test_only_telemetry_may_be_lost() -> None:
    assert [topic.leaf for topic in topics.ALL if topic.qos != 1] == ["up/telemetry"]


def test_fuzz_any_name_is_answered_and_what_is_accepted_is_written_the_same() -> None:
    chance = random.Random(1)
    words = [
        "loket",
        "v1",
        "bangkalan",
        "up",
        "down",
        "event",
        "packet",
        "state",
        "ack",
        "",
        "+",
        "#",
        "\n",
        "é",
        "a" * 41,
    ]
    accepted = 0
    for _ in range(rounds()):
        name = "/".join(chance.choice(words) for _ in range(chance.randint(0, 8)))
        if chance.random() < 0.5:
            name = "/".join(["loket", "v1", *(chance.choice(words) for _ in range(chance.randint(2, 4)))])
        if (parsed := topics.parse(name)) is not None:
            accepted += 1
            assert topics.of(*parsed) == name
    assert accepted
