"""From a checked booth file to drivers, lines and keys: what the program and the doctor have in common."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from edge.adapters.gpio import Line as Pin
from edge.adapters.mqtt import Broker
from edge.adapters.serial_port import Line, SerialPort
from edge.config import Config
from edge.config_devices import AnyDevice
from edge.config_gpio import Input
from edge.devices import Device

#: A service of this controller that was silent for so long (s) is asked on a new connection.
RENEW_S = 4.0


def driver(device: AnyDevice) -> Device:
    """The driver of a device. Only the modules that a booth needs are loaded."""
    match device.kind:
        case "megatec":
            from edge.devices.megatec import Megatec

            return Megatec(device.name, poll_s=device.poll_s)
        case "upsd":
            from edge.devices.upsd import Upsd

            return Upsd(device.name, device.ups, device.poll_s, device.username, device.password)
        case "dse":
            from edge.devices.dse import Dse

            return Dse(device.name, device.unit, device.poll_s)
        case "powerboard":
            from edge.devices.powerboard import PowerBoard

            return PowerBoard(device.name, device.deadman_s)
        case "scanner":
            from edge.devices.scanner import Scanner

            return Scanner(device.name, mode=device.mode)
        case "topaz":
            from edge.devices.topaz import Topaz

            return Topaz(device.name)
        case "evolis":
            from edge.devices.evolis import Evolis

            return Evolis(device.name)
        case "sbi":
            from edge.devices.sbi import Sbi

            return Sbi(device.name, port=int(device.port.rpartition(":")[2]), takes=device.takes, utc=_utc)
        case "escpos":
            from edge.devices.escpos import Escpos

            return Escpos(device.name, device.width, device.baud)
        case "zfm":
            from edge.devices.zfm import Zfm

            return Zfm(device.name, device.password)
        case "vc0706":
            from edge.devices.vc0706 import Vc0706

            return Vc0706(device.name)


def _utc() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def port(device: AnyDevice, put: Callable[[object], None]) -> SerialPort:
    """The port of a device, not started. Topaz is 8O1; a Megatec UPS wants DTR on and RTS off (it feeds on them)."""
    line = Line(device.baud, "O" if device.kind == "topaz" else "N", dtr=True, rts=device.kind != "megatec")
    return SerialPort(device.name, device.port, line, put, RENEW_S if device.kind in ("sbi", "upsd") else 0.0)


def pins(config: Config) -> dict[str, Pin]:
    """The wired pins by name."""
    return {
        name: Pin(line.pin, line.active_high, line.pull if isinstance(line, Input) else "none")
        for name, line in config.gpio.wired()
    }


def broker(config: Config) -> Broker:
    """Where the broker is."""
    given = config.broker
    return Broker(given.host, given.port, given.ca, given.cert, given.key)
