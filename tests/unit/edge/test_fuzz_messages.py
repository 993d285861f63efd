"""Whatever a broker delivers, the booth goes on: forged, mangled, or signed and senseless."""

from __future__ import annotations

import random
from datetime import timedelta

from contract import messages, topics
from contract.messages import Ack, CommandDone, IdentifyCommand, Outcome, PrintChanged, SettleCommand, SignedCommand
from contract.sealing import new_sign_pair, sign
from edge.adapters import inbound
from edge.core.commands import Prune
from edge.core.events import Acked, CommandForged, CommandReceived, Contact, ContactChanged, PrinterReady
from tests.tools.fuzz import inputs, rounds
from tests.unit.edge.core.booth import T0, Booth, print_command

PRIVATE, PUBLIC = new_sign_pair()
EPOCH = "aa11bb22cc33"
#: A booth lives for so many inputs.
LIFE = 500


def signed(payload: bytes) -> bytes:
    text = payload.decode("utf-8", "replace")
    return SignedCommand(payload=text, signature=sign(text.encode(), PRIVATE)).model_dump_json().encode()


def plain() -> list[bytes]:
    """The text of right commands."""
    bodies = (
        print_command(),
        print_command("job-2", 2),
        SettleCommand(job="job-1", attempt=1, found="spoiled", person="Siti"),
        IdentifyCommand(),
    )
    return [
        messages.Command(id=f"c{n}", booth="b1", issued=T0, expires=T0 + timedelta(hours=1), body=body)
        .model_dump_json()
        .encode()
        for n, body in enumerate(bodies)
    ]


def acks() -> list[bytes]:
    return [
        Ack(epoch=EPOCH, seq=seq, packets=packets).model_dump_json().encode()
        for seq, packets in ((1, {}), (2, {"e-1": 3}), (0, {}), (2**40, {"e-1": 0}))
    ]


def lively() -> Booth:
    """A booth that prints."""
    booth = Booth()
    booth.see(ContactChanged(Contact.MAINS, True))
    booth.start_print("job-1", 7)
    return booth


def test_fuzz_no_message_upsets_the_booth() -> None:
    """Commands are mutated before they are signed (a coordinator with a bug) and after (everybody else)."""
    chance = random.Random(1)
    sources = {
        "ack": inputs(acks(), rounds(), seed=2),
        "signed": inputs(plain(), rounds(), seed=3),
        "forged": inputs([signed(payload) for payload in plain()], rounds(), seed=4),
    }
    heard: set[object] = set()
    booth = lively()
    for number in range(rounds()):
        if number % LIFE == 0:
            booth = lively()
        for name, source in sources.items():
            payload = next(source)
            topic = topics.of("b1", topics.ACK if name == "ack" else topics.COMMAND)
            payload = signed(payload) if name == "signed" else payload
            found = inbound.decode(topic, payload, "b1", PUBLIC, T0.timestamp())
            heard.add(type(found))
            if not isinstance(found, inbound.Malformed):
                commands = booth.see(found, 0.01)
                heard |= {type(command) for command in commands}
        if chance.random() < 0.01:
            booth.see(PrinterReady("printer", chance.randrange(20)))
    assert heard >= {inbound.Malformed, Acked, CommandReceived, CommandForged, Prune}
    assert booth.heard(CommandDone) and booth.heard(PrintChanged)


def test_fuzz_no_altered_command_is_taken_for_ours() -> None:
    """Of all mutated envelopes only those that still hold a right text and its signature are believed."""
    originals = {payload.decode() for payload in plain()}
    for payload in inputs([signed(text) for text in plain()], rounds(), seed=5):
        found = inbound.decode(topics.of("b1", topics.COMMAND), payload, "b1", PUBLIC, T0.timestamp())
        if isinstance(found, CommandReceived):
            assert SignedCommand.model_validate_json(payload).payload in originals


def test_a_forged_command_is_answered_once_and_carried_out_never() -> None:
    booth = lively()
    before = len(booth.rows)
    booth.see(CommandForged("c-9", "the signature is not the coordinator's"))
    assert [body.outcome for body in booth.heard(CommandDone)][-1] is Outcome.FORGED
    assert len(booth.rows) == before
