"""The supply: told at once, never invented from silence."""

from __future__ import annotations

from dataclasses import replace

from contract.messages import DeviceChanged, DeviceState, Supply, SupplyChanged
from edge.core import controller
from edge.core.commands import Lamp, SendTelemetry, SetLamps
from edge.core.events import (
    Contact,
    ContactChanged,
    DeviceFault,
    DeviceLost,
    DeviceOnline,
    FrameRejected,
    LinkUp,
    UpsReading,
    WokeUp,
)
from tests.unit.edge.core.booth import Booth

OL = UpsReading(
    "ups", 229.0, 229.0, 229.0, 30.0, 50.0, 27.4, 25.0,
    utility_fail=False, battery_low=False, bypass=False, failed=False, offline_type=True,
    testing=False, shutting_down=False, beeper=False, charge_pct=100.0, status="OL",
)  # fmt: skip
OB = replace(OL, input_v=0.0, utility_fail=True, status="OB")


def supplies(booth: Booth) -> list[Supply]:
    return [body.supply for body in booth.heard(SupplyChanged)]


def test_an_outage_is_told_after_the_debounce_and_a_bounce_is_not() -> None:
    booth = Booth(mains_debounce_s=0.05)
    booth.see(ContactChanged(Contact.MAINS, True))
    booth.see(ContactChanged(Contact.MAINS, False), 1.0)
    booth.see(ContactChanged(Contact.MAINS, True), 0.02)
    booth.see(WokeUp(), 1.0)
    assert supplies(booth) == [Supply.ON_MAINS]
    booth.see(ContactChanged(Contact.MAINS, False), 1.0)
    assert controller.next_wakeup(booth.state) == booth.now + 0.05
    booth.see(WokeUp(), 0.05)
    assert supplies(booth) == [Supply.ON_MAINS, Supply.ON_BATTERY]


def test_a_ups_on_battery_is_believed_even_if_the_contact_still_holds() -> None:
    booth = Booth()
    booth.see(ContactChanged(Contact.MAINS, True))
    booth.see(OB, 1.0)
    assert supplies(booth)[-1] is Supply.ON_BATTERY
    assert booth.heard(SupplyChanged)[-1].input_v == 0.0


def test_an_outage_is_never_told_beside_the_volts_of_before() -> None:
    booth = Booth()
    booth.see(LinkUp(1))
    booth.see(ContactChanged(Contact.MAINS, True))
    booth.see(OL, 1.0)
    booth.see(ContactChanged(Contact.MAINS, False), 0.5)
    sent = [command for command in booth.see(WokeUp(), 0.05) if isinstance(command, SendTelemetry)]
    told = booth.heard(SupplyChanged)[-1]
    assert (told.supply, told.input_v, told.ups_status) == (Supply.ON_BATTERY, None, "")
    assert told.charge_pct == 100.0, "the battery is as full as it was a moment ago"
    assert sent[0].metrics["input.voltage"] is None
    again = [command for command in booth.see(OB, 0.5) if isinstance(command, SendTelemetry)]
    assert again[0].metrics["input.voltage"] == 0.0, "the UPS has spoken: told at once"


def test_losing_the_ups_is_not_an_outage() -> None:
    booth = Booth()
    booth.see(ContactChanged(Contact.MAINS, True))
    booth.see(OL)
    booth.see(DeviceLost("ups", "no answer", "check the cable"), 5.0)
    booth.see(WokeUp(), 60.0)
    assert supplies(booth) == [Supply.ON_MAINS]
    assert controller.metrics(booth.state, booth.now)["battery.charge"] is None


def test_an_old_reading_is_not_believed_for_ever() -> None:
    booth = Booth(ups_stale_s=10.0)
    booth.see(ContactChanged(Contact.MAINS, True))
    booth.see(OB)
    booth.see(WokeUp(), 11.0)
    assert supplies(booth)[-1] is Supply.ON_MAINS
    due = controller.next_wakeup(booth.state)
    assert due is None or due > booth.now


def test_the_same_supply_after_a_restart_is_not_told_again() -> None:
    booth = Booth()
    booth.see(ContactChanged(Contact.MAINS, True))
    booth.power_cut()
    booth.see(ContactChanged(Contact.MAINS, True))
    assert supplies(booth) == [Supply.ON_MAINS]


def test_an_outage_that_ended_the_program_is_told_by_the_next_start() -> None:
    booth = Booth()
    booth.see(ContactChanged(Contact.MAINS, True))
    booth.power_cut()
    booth.see(ContactChanged(Contact.MAINS, False))
    assert supplies(booth)[-1] is Supply.ON_BATTERY


def test_a_device_is_told_once_per_change_with_its_remedy() -> None:
    booth = Booth()
    fault = DeviceFault("printer", ("media-empty",), "feeder empty", "refill the feeder")
    for event in (DeviceOnline("printer"), fault, fault, DeviceOnline("printer"), DeviceOnline("stranger")):
        booth.see(event)
    told = booth.heard(DeviceChanged)
    assert [body.state for body in told] == [DeviceState.OK, DeviceState.FAULT, DeviceState.OK]
    assert told[1].remedy == "refill the feeder"


def test_trouble_lights_red_and_health_puts_it_out() -> None:
    booth = Booth()
    lost = booth.see(DeviceLost("printer", "no answer", "switch it on"))
    assert SetLamps(frozenset({Lamp.RED, Lamp.GREEN})) in lost
    assert SetLamps(frozenset({Lamp.GREEN})) in booth.see(DeviceOnline("printer"))


def test_rejected_frames_are_counted_for_the_technician_and_not_stored() -> None:
    booth = Booth()
    before = booth.last
    for _ in range(3):
        booth.see(FrameRejected("ups", "bad length", b"("))
    assert booth.last == before
    assert controller.metrics(booth.state, booth.now)["device.ups.rejected"] == 3


def test_an_idle_booth_sleeps() -> None:
    booth = Booth()
    booth.see(ContactChanged(Contact.MAINS, True))
    assert controller.next_wakeup(booth.state) is None
    booth.see(LinkUp(1))
    due = controller.next_wakeup(booth.state)
    assert due is not None and due >= booth.now + 3.0
