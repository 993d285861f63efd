"""The `[power]` tables of a booth file: the supply, the genset and its sequence, the battery and what jobs need."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from contract.messages import Id
from edge.config_base import MisfitError, Table
from edge.core.settings import EnergySettings, GensetSettings, Settings

_GENSET = GensetSettings()
_ENERGY = EnergySettings()
_BOOTH = Settings("", "", {}, {})

Short = Annotated[float, Field(gt=0, le=600)]
Long = Annotated[float, Field(gt=0, le=86_400)]
Delay = Annotated[float, Field(ge=0, le=3_600)]
Watts = Annotated[float, Field(ge=0, le=100_000)]


class Genset(Table):
    """A genset and its sequence; times in seconds. `device`: its controller, where the booth file has one."""

    device: Id | None = None
    start_delay_s: Delay = _GENSET.start_delay_s
    crank_s: Annotated[float, Field(ge=1, le=30)] = _GENSET.crank_s
    rest_s: Annotated[float, Field(ge=1, le=300)] = _GENSET.rest_s
    attempts: Annotated[int, Field(ge=1, le=10)] = _GENSET.attempts
    warm_up_s: Delay = _GENSET.warm_up_s
    transfer_s: Short = _GENSET.transfer_s
    mains_steady_s: Delay = _GENSET.mains_steady_s
    cool_down_s: Delay = _GENSET.cool_down_s
    stop_s: Short = _GENSET.stop_s
    retry_s: Long = _GENSET.retry_s
    exercise_days: Annotated[float, Field(ge=0, le=366)] = _GENSET.exercise_days
    exercise_s: Long = _GENSET.exercise_s
    exercise_hours: tuple[Annotated[int, Field(ge=0, le=24)], Annotated[int, Field(ge=0, le=24)]] = (
        _GENSET.exercise_hours
    )
    utc_offset_h: Annotated[float, Field(ge=-12, le=14)] = _GENSET.utc_offset_h
    volts: Annotated[float, Field(ge=90, le=480)] = _GENSET.volts
    volts_band_pct: Annotated[float, Field(gt=0, le=30)] = _GENSET.volts_band_pct
    hertz: Annotated[float, Field(ge=45, le=65)] = _GENSET.hertz
    hertz_band: Annotated[float, Field(gt=0, le=10)] = _GENSET.hertz_band
    rpm_running: Annotated[float, Field(ge=100, le=4_000)] = _GENSET.rpm_running
    fuel_low_pct: Annotated[float, Field(ge=0, le=90)] = _GENSET.fuel_low_pct
    tank_l: Annotated[float, Field(gt=0, le=100_000)] = _GENSET.tank_l
    burn_l_h: Annotated[float, Field(gt=0, le=1_000)] = _GENSET.burn_l_h
    service_h: Annotated[float, Field(gt=0, le=10_000)] = _GENSET.service_h
    battery_low_v: Annotated[float, Field(ge=5, le=60)] = _GENSET.battery_low_v
    oil_low_kpa: Annotated[float, Field(ge=0, le=1_000)] = _GENSET.oil_low_kpa
    coolant_hot_c: Annotated[float, Field(ge=50, le=150)] = _GENSET.coolant_hot_c

    @model_validator(mode="after")
    def _fits(self) -> Genset:
        if self.exercise_hours[0] >= self.exercise_hours[1]:
            raise MisfitError(
                "the exercise would begin after its end",
                "Write the first and the last local hour, such as [8, 15]",
                "exercise_hours",
            )
        return self

    def settings(self, device: str | None) -> GensetSettings:
        """As the decisions know it; `device`: the controller that the booth file has."""
        return GensetSettings(**{**self.model_dump(), "device": self.device or device})


class Energy(Table):
    """The battery's type plate and what jobs need; seconds and watts."""

    rated_w: Annotated[float, Field(gt=0, le=100_000)] = _ENERGY.rated_w
    full_load_s: Long = _ENERGY.full_load_s
    half_load_s: Long = _ENERGY.half_load_s
    recharge_s: Annotated[float, Field(gt=0, le=604_800)] = _ENERGY.recharge_s
    margin: Annotated[float, Field(ge=1, le=10)] = _ENERGY.margin
    reserve_s: Delay = _ENERGY.reserve_s
    record_s: Long = _ENERGY.record_s
    record_w: Watts = _ENERGY.record_w
    print_s: Long = _ENERGY.print_s
    print_w: Watts = _ENERGY.print_w
    shed_1_s: Annotated[float, Field(ge=0, le=86_400)] = _ENERGY.shed_1_s
    shed_2_s: Annotated[float, Field(ge=0, le=86_400)] = _ENERGY.shed_2_s
    shutdown_s: Long = _ENERGY.shutdown_s
    steady_s: Delay = _ENERGY.steady_s
    closing_s: Annotated[float, Field(gt=0, le=600)] = _ENERGY.closing_s
    off_s: Annotated[float, Field(ge=12, le=600)] = _ENERGY.off_s
    back_min: Annotated[int, Field(ge=1, le=9_999)] = _ENERGY.back_min

    @model_validator(mode="after")
    def _fits(self) -> Energy:
        checks = (
            (
                self.half_load_s > self.full_load_s,
                "a battery lasts longer at half load than at full load",
                "Write the two runtimes of the UPS's data sheet, at 50 % and at 100 %",
                "half_load_s",
            ),
            (
                self.shed_2_s < self.shed_1_s,
                "the more needed loads would be switched off first",
                f"Write less than shed_1_s ({self.shed_1_s:g})",
                "shed_2_s",
            ),
            (
                self.shutdown_s < self.shed_2_s,
                "the booth would shut down before the loads are switched off",
                f"Write less than shed_2_s ({self.shed_2_s:g})",
                "shutdown_s",
            ),
            (
                self.closing_s + self.off_s < self.shutdown_s,
                "the battery may be empty before the output is cut",
                f"Write more than closing_s + off_s ({self.closing_s + self.off_s:g})",
                "shutdown_s",
            ),
        )
        for good, what, remedy, key in checks:
            if not good:
                raise MisfitError(what, remedy, key)
        return self

    def settings(self) -> EnergySettings:
        """As the decisions know it."""
        return EnergySettings(**self.model_dump())


class Power(Table):
    """Supply of the booth; times in seconds, `mains_v` in volts.

    `print_on_battery`: the card printer hangs on the UPS, so that a card may be begun on battery if the energy
    suffices. `mains_low_pct`: volts this far below `mains_v` are an outage. `dip_s`: an absence shorter than this is
    no outage. `*_stale_s`: how old the last word of a source may be.
    """

    mains_debounce_s: Annotated[float, Field(ge=0, le=10)] = _BOOTH.mains_debounce_s
    mains_v: Annotated[float, Field(ge=90, le=480)] = _BOOTH.mains_v
    mains_low_pct: Annotated[float, Field(ge=5, le=60)] = _BOOTH.mains_low_pct
    dip_s: Annotated[float, Field(ge=0.1, le=10)] = _BOOTH.dip_s
    ups_stale_s: Annotated[float, Field(ge=2, le=600)] = _BOOTH.ups_stale_s
    board_stale_s: Annotated[float, Field(ge=1, le=600)] = _BOOTH.board_stale_s
    genset_stale_s: Annotated[float, Field(ge=2, le=600)] = _BOOTH.genset_stale_s
    print_on_battery: bool = _BOOTH.print_on_battery
    genset: Genset | None = None
    energy: Energy = Energy()

    @model_validator(mode="after")
    def _fits(self) -> Power:
        if self.mains_debounce_s >= self.dip_s:
            raise MisfitError(
                "a dip would be over before the contact is believed",
                f"Write more than mains_debounce_s ({self.mains_debounce_s:g})",
                "dip_s",
            )
        return self
