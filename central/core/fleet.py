"""How urgently a booth needs a person: problem before attention before good."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from contract.messages import DeviceState, Supply

Worst = Literal["problem", "attention", "good"]

ORDER: dict[Worst, int] = {"problem": 0, "attention": 1, "good": 2}

#: A battery below this charge is no longer a pause but a problem, per cent.
LOW_CHARGE = 30.0


def worst(
    online: bool,
    supply: Supply,
    charge: float | None,
    devices: Iterable[DeviceState],
    door_open: bool | None,
    uncertain: int,
    lost: int,
) -> Worst:
    """The booth's place in the overview. `charge`: of the UPS, per cent, None when unknown."""
    low = supply is Supply.ON_BATTERY and charge is not None and charge < LOW_CHARGE
    if not online or low or lost or uncertain or any(state is not DeviceState.OK for state in devices):
        return "problem"
    if supply is not Supply.ON_MAINS or door_open:
        return "attention"
    return "good"
