"""The power's flat telemetry: NUT's names where NUT has one; what is not known fresh is None."""

from __future__ import annotations

from contract.messages import AlarmState
from edge.core import alarms, battery, conditions, energy, genset, power, upkeep
from edge.core.energy import Answer, Kind, Need
from edge.core.events import Contact, Relay
from edge.core.plant_state import State, upkeep_figures
from edge.core.plant_state import given as given_times
from edge.core.settings import Settings

Figures = dict[str, float | int | str | bool | None]


def of(state: State, now: float, settings: Settings) -> Figures:
    """All figures of the supply and, where the booth has them, of UPS, genset and board."""
    figures: Figures = {
        "supply": state.supply.value,
        "supply.since_s": None if state.power.since == float("-inf") else round(now - state.power.since),
        "mains.contact": power.level(state.power, Contact.MAINS),
        "mains.volts": conditions.mains_volts(state.power, now, settings),
        "mains.dips": state.power.dips,
        "alarms.unacknowledged": alarms.count(state.alarms, AlarmState.UNACKNOWLEDGED, AlarmState.RETURNED),
        "alarms.active": len(alarms.active(state.alarms)),
    }
    figures |= {f"{name}.quality": word.value for name, word in power.qualities(state.power, now, settings).items()}
    figures |= _jobs(state, settings)
    if settings.ups is not None:
        figures |= _ups(state, now, settings)
    if settings.genset is not None:
        figures |= _genset(state, now, settings)
    if settings.board is not None:
        report = power.board(state.power, now, settings)
        figures |= {
            "board.trips": report.deadman_trips if report else None,
            "board.bad_frames": report.bad_frames if report else None,
            "board.resets": report.watchdog_resets if report else None,
        }
    return figures


def _ups(state: State, now: float, settings: Settings) -> Figures:
    ups = power.fresh(state.power, now, settings)
    line = ups if power.same_moment(state.power) else None
    left = battery.left(state.battery, now, settings.energy)
    load = power.told_by(ups, "load_pct")
    return {
        "ups.status": line.status if line else None,
        "ups.load": load,
        "ups.realpower": None if load is None else round(load / 100 * settings.energy.rated_w, 1),
        "ups.temperature": power.told_by(ups, "temperature_c"),
        "input.voltage": power.told_by(line, "input_v"),
        "input.frequency": power.told_by(line, "frequency_hz"),
        "output.voltage": power.told_by(line, "output_v"),
        "battery.voltage": power.told_by(ups, "battery_v"),
        "battery.charge": ups.charge_pct if ups else None,
        "battery.runtime": round(left.seconds) if left and ups else None,
        "battery.health": left.health_pct if left else None,
        "energy.seconds": round(left.seconds) if left else None,
        "energy.confidence": left.confidence if left else None,
        "energy.age_s": round(left.age_s, 1) if left else None,
        "shed.stage": state.shutdown.shed,
        "shutdown.stage": state.shutdown.stage,
    }


def _genset(state: State, now: float, settings: Settings) -> Figures:
    given = settings.genset
    assert given is not None
    reading, report = power.engine(state.power, now, settings), power.board(state.power, now, settings)
    usage = upkeep_figures(state, now, settings)
    assert usage is not None
    volts = reading.volts if reading and reading.volts is not None else report.genset_v if report else None
    starter = reading.battery_v if reading and reading.battery_v is not None else report.battery_v if report else None
    wall = None if state.wall is None else now + state.wall
    due = upkeep.exercise_in_h(state.upkeep, wall, given)
    relays = state.relays if state.relays is not None else genset.SAFE
    return {
        "genset.phase": state.genset.phase.value,
        "genset.attempt": state.genset.attempt,
        "genset.attempts": given_times(state, settings).attempts,
        "genset.verified": power.verified(state.power, now, settings),
        "genset.running": power.running(state.power, now, settings),
        "genset.volts": volts,
        "genset.hertz": reading.hertz if reading else None,
        "genset.rpm": reading.rpm if reading else None,
        "genset.fuel_pct": _rounded(usage.fuel_pct),
        "genset.fuel_hours": _rounded(usage.fuel_h),
        "genset.fuel_measured": usage.measured,
        "genset.oil_kpa": reading.oil_kpa if reading else None,
        "genset.coolant_c": reading.coolant_c if reading else None,
        "genset.battery_v": starter,
        "genset.run_hours": _rounded(usage.run_h),
        "genset.service_hours": _rounded(usage.service_h),
        "genset.mode": reading.mode if reading else None,
        "genset.exercise_due_h": _rounded(due),
        "ats.position": power.position(state.power),
        "relay.genset_start": Relay.GENSET_START in relays,
        "relay.ats_inhibit": Relay.ATS_INHIBIT in relays,
    }


def _jobs(state: State, settings: Settings) -> Figures:
    figures: Figures = {}
    for kind, answer in ((Kind.RECORD, state.may_record), (Kind.PRINT, state.may_print)):
        wanted: Need = energy.need(state.energy, kind, settings.energy)
        figures |= {
            f"may.{kind.value}": answer.reason,
            f"may.{kind.value}_in_s": _wait(answer),
            f"need.{kind.value}_s": round(wanted.expected_s),
            f"need.{kind.value}_w": round(wanted.expected_w),
        }
    return figures


def _wait(answer: Answer) -> float | None:
    return None if answer.wait_s is None else round(answer.wait_s)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
