"""Writes what a run needs to start: keys, the booth file, the coordinator's file, the broker's file, the plant."""

from __future__ import annotations

import json
import os
import tomllib
from pathlib import Path
from typing import Any

from contract.sealing import new_seal_pair, new_sign_pair
from hardware.rig.places import Places, write_json
from hardware.rig.scenario.stage import BoothPlan, contacts_of, power_of

BOOTH = Path(__file__).resolve().parent.parent / "booths" / "bangkalan.toml"

#: The booth of `loket run`: everything that power can have, with times that a person who watches can wait for.
DEMO = BoothPlan(
    desk=True,
    genset="dse",
    board=True,
    power={
        "genset": {
            "start_delay_s": 5.0,
            "crank_s": 10.0,
            "rest_s": 10.0,
            "warm_up_s": 5.0,
            "transfer_s": 5.0,
            "mains_steady_s": 15.0,
            "cool_down_s": 15.0,
            "stop_s": 30.0,
            "service_h": 500.0,
        },
    },
    plant={"engine_factor": 2.0},
)

#: Pins (BCM) of the power plant where no power board has them, as in hardware/wiring.md.
_CONTACTS = {"genset_running": 22, "genset_fault": 23, "fuel_low": 24, "ats_mains": 25, "ats_genset": 16}
_RELAYS = {"genset_start": 4, "ats_inhibit": {"pin": 18, "active_high": False}, "shed_1": 9, "shed_2": 11}
_GENSET, _BOARD = "usb-FTDI_FT232R_USB_UART_DSE-if00-port0", "usb-Loket_power_board-if00"

#: What a booth without a front desk does not have.
_DESK_TABLES, _DESK_DEVICES = ("desk", "screen", "speaker", "officers"), ("escpos", "zfm")

#: iotcore keeps each filter's messages in a ring of segments in memory. In flight are at most 20 events and 20 packet
#: parts of 64 KiB per booth; 16 MiB hold that many times over, and bound the broker's memory.
_BROKER = """\
id = 0

[router]
id = 0
max_connections = 1000
max_outgoing_packet_count = 200
max_segment_size = 2097152
max_segment_count = 8

[v5.1]
name = "v5-1"
listen = "127.0.0.1:{port}"
next_connection_delay_ms = 1

[v5.1.connections]
connection_timeout_ms = 60000
max_payload_size = 1048576
max_inflight_count = 100
dynamic_filters = true
"""


def toml(value: dict[str, Any], prefix: str = "") -> str:
    """TOML text of tables, lists of tables, and plain values (a table within a list of tables is written inline)."""
    plain, tables = [], []
    for key, item in value.items():
        if isinstance(item, dict) and not prefix:
            tables.append(f"\n[{key}]\n{toml(item, f'{key}.')}")
        elif isinstance(item, list) and item and all(isinstance(each, dict) for each in item):
            tables += [f"\n[[{key}]]\n{toml(each, f'{key}.')}" for each in item]
        else:
            plain.append(f"{key} = {_value(item)}\n")
    return "".join(plain) + "".join(tables)


def _value(item: Any) -> str:
    if isinstance(item, dict):
        return "{ " + ", ".join(f"{key} = {_value(each)}" for key, each in item.items()) + " }"
    if isinstance(item, list | tuple):
        return "[" + ", ".join(map(_value, item)) + "]"
    if isinstance(item, Path):
        item = str(item)
    return json.dumps(item, ensure_ascii=False)


def make_keys(folder: Path) -> dict[str, str]:
    """Public keys of the run as hex; the private ones are made once, hex in files that only the owner reads."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    public: dict[str, str] = {}
    for name, make in (("seal", new_seal_pair), ("command", new_sign_pair)):
        private_file, public_file = folder / f"{name}.private", folder / f"{name}.public"
        if not (private_file.exists() and public_file.exists()):
            private, shown = make()
            public_file.write_text(shown.hex() + "\n")
            private_file.unlink(missing_ok=True)
            with os.fdopen(os.open(private_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                file.write(private.hex() + "\n")
        public[name] = public_file.read_text().strip()
    return public


def _equip(booth: dict[str, Any], plan: BoothPlan | None) -> None:
    """Put the plan's power equipment into a booth file's tables, in place of what stands there."""
    named = _CONTACTS.keys() | _RELAYS.keys()
    booth["gpio"] = {name: pin for name, pin in booth["gpio"].items() if name not in named}
    booth["device"] = [one for one in booth["device"] if one["kind"] not in ("dse", "powerboard")]
    if plan is None:
        booth["power"] = {"print_on_battery": False}
        return
    power = power_of(plan)
    if "ups_poll_s" in power:
        next(one for one in booth["device"] if one["kind"] == "megatec")["poll_s"] = power.pop("ups_poll_s")
    if plan.genset != "none" and not plan.board:
        low = {"active_high": False, "pull": "up"}
        wired = contacts_of(plan)
        booth["gpio"] |= {name: {"pin": pin} | low for name, pin in _CONTACTS.items() if name in wired} | _RELAYS
    if plan.genset == "dse":
        booth["device"].append({"name": "genset", "kind": "dse", "port": _GENSET})
        power["genset"]["device"] = "genset"
    if plan.board:
        booth["device"].append({"name": "board", "kind": "powerboard", "port": _BOARD})
    booth["power"] = power


def _furnish(booth: dict[str, Any], desk: bool, places: Places, ports: dict[str, int]) -> None:
    """The front desk, open at every hour and its calls as files; or everything of it away."""
    if not desk:
        for table in _DESK_TABLES:
            del booth[table]
        booth["gpio"] = {name: pin for name, pin in booth["gpio"].items() if not name.startswith("ticket_")}
        booth["device"] = [one for one in booth["device"] if one["kind"] not in _DESK_DEVICES]
        return
    booth["desk"] |= {
        "opens": "00:00",
        "closes": "24:00",
        "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
        "capacity": 999,
        "status_url": f"http://127.0.0.1:{ports['console']}/status/",
    }
    booth["screen"]["port"] = ports["screen"]
    booth["speaker"] |= {"output": "folder", "folder": places.calls}
    booth["officers"]["required"] = False


def write(places: Places, ports: dict[str, int], plan: BoothPlan | None = None) -> None:
    """Write all files of a run. `ports`: console, broker, centre, and one per SBI device (by its name); with
    a front desk: screen.

    Without a `plan` the booth has a UPS and a mains contact alone, begins no card on battery, and has no front desk.
    """
    public = make_keys(places.keys)
    booth = tomllib.loads(BOOTH.read_text(encoding="utf-8"))
    _equip(booth, plan)
    desk = plan is not None and plan.desk
    _furnish(booth, desk, places, ports)
    booth["booth"]["data"] = places.edge_data
    booth["broker"] = {"host": "127.0.0.1", "port": ports["broker"]}
    booth["keys"] = public
    for device in booth["device"]:
        if device["kind"] == "sbi":
            device["port"] = f"socket://127.0.0.1:{ports[device['name']]}"
        else:
            device["port"] = places.devices / Path(device["port"]).name
    central = {
        "coordinator": {"id": "mpp-bangkalan", "data": places.central_data},
        "broker": {"host": "127.0.0.1", "port": ports["broker"]},
        "keys": {
            "seal_private": places.keys / "seal.private",
            "command_private": places.keys / "command.private",
        },
        "centre": {"url": f"http://127.0.0.1:{ports['centre']}"},
        "console": {"host": "127.0.0.1", "port": ports["console"], "language": "id"}
        | ({"public": True} if desk else {}),
        "booth": [{"id": booth["booth"]["id"], "name": booth["booth"]["name"], "blanks": 500}],
    }
    for folder in (places.edge_data, places.central_data, places.bench_data, places.logs, places.devices):
        folder.mkdir(parents=True, exist_ok=True)
    for path, text in (
        (places.booth_file, toml(booth)),
        (places.central_file, toml(central)),
        (places.broker_file, _BROKER.format(port=ports["broker"])),
    ):
        path.write_text(text.lstrip(), encoding="utf-8")
    plan = plan or BoothPlan()
    write_json(places.plant, {"genset": plan.genset, "printer": plan.printer, "plant": dict(plan.plant)})
