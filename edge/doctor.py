"""Tries everything a booth needs and says what is wrong and what to do: `python -m edge.doctor CONFIG [--lang en]`."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Final

from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion

from contract.topics import down_filter
from edge import assembly
from edge.adapters import mqtt
from edge.adapters.gpio import Gpio, GpioError
from edge.adapters.items import PortClosed, PortData, PortOpened
from edge.adapters.store import SqliteStore, StoreError
from edge.config import Config, ConfigError, load
from edge.core.events import (
    BoardReading,
    DeviceFault,
    DeviceLost,
    DeviceOnline,
    Event,
    GensetReading,
    UpsReading,
)
from edge.core.journal import ROW_TYPES

#: How long (s) a device may take to answer.
PATIENCE_S: Final = 8.0
ROOM: Final = 500 * 1024 * 1024
#: Kinds that are told with what they measure.
MEASURING: Final = frozenset({"megatec", "upsd", "dse", "powerboard"})

_TEXTS: Final = {
    "id": {
        "ok": "baik",
        "bad": "SALAH",
        "file": "berkas loket",
        "data": "penyimpanan",
        "broker": "broker",
        "pins": "pin GPIO",
        "remedy": "perbaikan",
        "all": "Semua baik.",
        "some": "{n} hal perlu diperbaiki.",
        "read": "dapat dipakai, {n} alat",
        "free": "{n} MiB kosong, {events} peristiwa menunggu koordinator",
        "running": "program loket sedang berjalan; hentikan dahulu agar alat dan pin dapat dicoba",
        "connected": "tersambung, {host}:{port}",
        "levels": "dapat dipakai",
        "answers": "menjawab",
        "silent": "tidak menjawab dalam {s:.0f} detik",
        "power": "Periksa daya dan kabel alat, lalu port di berkas loket",
        "stop": "systemctl stop loket-edge, lalu ulangi",
        "nobody": "kunci contoh, bukan milik siapa pun",
        "keys": "Tulis kunci publik koordinator (loket keys)",
        "halt": "perintah booth.halt tidak ada: {command}",
        "ups": "{status}, masuk {input}, keluar {output}, beban {load}, baterai {battery} ({charge})",
        "genset": "mesin {engine}, mode {mode}, {rpm} rpm, bahan bakar {fuel}, aki {battery}, alarm: {alarms}",
        "auto": "Pilih mode AUTO pada pengendali genset",
        "board": "PLN {mains}, genset {genset}, aki {battery}, kontak: {contacts}, relai: {relays}",
    },
    "en": {
        "ok": "ok",
        "bad": "WRONG",
        "file": "booth file",
        "data": "storage",
        "broker": "broker",
        "pins": "GPIO pins",
        "remedy": "remedy",
        "all": "All is well.",
        "some": "{n} to be put right.",
        "read": "usable, {n} devices",
        "free": "{n} MiB free, {events} events wait for the coordinator",
        "running": "the booth program is running; end it first so that devices and pins can be tried",
        "connected": "connected, {host}:{port}",
        "levels": "usable",
        "answers": "answers",
        "silent": "no answer within {s:.0f} seconds",
        "power": "Check the device's power and cable, then its port in the booth file",
        "stop": "systemctl stop loket-edge, then try again",
        "nobody": "an example key that is nobody's",
        "keys": "Write the coordinator's public key (loket keys)",
        "halt": "the command of booth.halt is not there: {command}",
        "ups": "{status}, input {input}, output {output}, load {load}, battery {battery} ({charge})",
        "genset": "engine {engine}, mode {mode}, {rpm} rpm, fuel {fuel}, battery {battery}, alarms: {alarms}",
        "auto": "Set the genset's controller to AUTO",
        "board": "mains {mains}, genset {genset}, battery {battery}, contacts: {contacts}, relays: {relays}",
    },
}


@dataclass(frozen=True, slots=True)
class Finding:
    """What was tried, and how it went; `remedy` is empty when all is well."""

    subject: str
    what: str
    remedy: str = ""


def examine(path: Path | str, language: str = "id", patience_s: float = PATIENCE_S) -> list[Finding]:
    """Try the booth of a booth file. Nothing is printed, sent or recorded; a missing database is not made."""
    texts = _TEXTS[language]
    try:
        config = load(path)
    except ConfigError as error:
        return [
            Finding(texts["file"], f"{p.key} = {p.value}: {p.what}" if p.key else p.what, p.remedy)
            for p in error.problems
        ]
    found = [Finding(texts["file"], texts["read"].format(n=len(config.device)))]
    for key, value in (("keys.seal", config.keys.seal), ("keys.command", config.keys.command)):
        if not value.strip("0"):
            found.append(Finding(texts["file"], f"{key}: {texts['nobody']}", texts["keys"]))
    if config.booth.halt and shutil.which(config.booth.halt[0]) is None:
        found.append(Finding(texts["file"], texts["halt"].format(command=config.booth.halt[0]), "which systemctl"))
    storage, running = _storage(config, texts)
    found.append(storage)
    if not running:
        found.append(_pins(config, texts))
        found += _devices(config, texts, patience_s)
    found.append(_broker(config, texts, patience_s))
    return found


def _storage(config: Config, texts: dict[str, str]) -> tuple[Finding, bool]:
    """The data folder, and whether a booth program is running on it."""
    folder = config.booth.data
    place = folder if folder.is_dir() else next(p for p in folder.parents if p.is_dir())
    if not os.access(place, os.W_OK | os.X_OK):
        return Finding(texts["data"], f"{place}: {os.strerror(errno.EACCES)}", f"sudo chown loket {place}"), False
    if _locked(folder / "booth.lock"):
        return Finding(texts["data"], texts["running"], texts["stop"]), True
    events = 0
    if (folder / "booth.db").exists():
        try:
            store = SqliteStore(folder, ROW_TYPES)
            try:
                loaded = store.load()
            finally:
                store.close()
        except StoreError as error:
            return Finding(texts["data"], error.what, error.remedy), False
        events = loaded.last - loaded.first + 1
    free = shutil.disk_usage(place).free
    what = texts["free"].format(n=free // 1024 // 1024, events=events)
    return Finding(texts["data"], what, "" if free >= ROOM else f"df -h {place}"), False


def _locked(lock: Path) -> bool:
    try:
        with lock.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _pins(config: Config, texts: dict[str, str]) -> Finding:
    try:
        gpio = Gpio(assembly.pins(config), lambda _item: None)
    except GpioError as error:
        what, _, remedy = str(error).rpartition(". ")
        return Finding(texts["pins"], what, remedy)
    try:
        levels = ", ".join(f"{contact.value}={'1' if on else '0'}" for contact, on in gpio.levels().items())
        return Finding(texts["pins"], f"{texts['levels']} {levels}".strip())
    finally:
        gpio.close()


def _devices(config: Config, texts: dict[str, str], patience_s: float) -> list[Finding]:
    """All devices at once, by the booth's own drivers and ports."""
    inbox: SimpleQueue[object] = SimpleQueue()
    drivers = {device.name: assembly.driver(device) for device in config.device}
    ports = {device.name: assembly.port(device, inbox.put) for device in config.device}
    sessions: dict[str, int] = {}
    verdicts: dict[str, Finding] = {}
    waiting = set(drivers)
    measuring = {device.name for device in config.device if device.kind in MEASURING}

    def heard(name: str, events: list[Event]) -> None:
        for event in events:
            match event:
                case DeviceOnline(details=details):
                    told = ", ".join(f"{key} {value}" for key, value in details.items())
                    verdicts[name] = Finding(name, told or texts["answers"])
                    waiting.difference_update({name} - measuring)
                case DeviceFault(error=error, remedy=remedy) | DeviceLost(error=error, remedy=remedy):
                    verdicts[name] = Finding(name, error, remedy or texts["power"])
                    waiting.discard(name)
                case UpsReading() | GensetReading() | BoardReading() if name in waiting:
                    waiting.discard(name)
                    verdicts[name] = measured(name, verdicts.get(name), event, texts)
        data = drivers[name].outgoing()
        if data and name in sessions:
            ports[name].write(sessions[name], data)

    for port in ports.values():
        port.start()
    deadline = time.monotonic() + patience_s
    while waiting and (now := time.monotonic()) < deadline:
        for name, driver in drivers.items():
            due = driver.next_wakeup()
            if due is not None and due <= now:
                heard(name, driver.wakeup(now))
        try:
            item = inbox.get(timeout=0.05)
        except Empty:
            continue
        match item:
            case PortOpened(device=name, session=session):
                sessions[name] = session
                heard(name, drivers[name].opened(now))
            case PortData(device=name, data=data):
                heard(name, drivers[name].receive(data, now))
            case PortClosed(device=name, error=error):
                sessions.pop(name, None)
                heard(name, drivers[name].closed(now, error))
    for port in ports.values():
        port.stop()
    silent = texts["silent"].format(s=patience_s)
    return [verdicts.get(name, Finding(name, silent, texts["power"])) for name in drivers]


def measured(
    name: str, known: Finding | None, reading: UpsReading | GensetReading | BoardReading, texts: dict[str, str]
) -> Finding:
    """One line of what a device of the power plant says: who it is (`known`), and its figures."""

    def of(value: float | None, unit: str) -> str:
        return "-" if value is None else f"{value:g} {unit}"

    remedy = ""
    match reading:
        case UpsReading():
            what = texts["ups"].format(
                status=reading.status or "-",
                input=of(reading.input_v, "V"),
                output=of(reading.output_v, "V"),
                load=of(reading.load_pct, "%"),
                battery=of(reading.battery_v, "V"),
                charge=of(reading.charge_pct, "%"),
            )
        case GensetReading():
            remedy = texts["auto"] if reading.mode not in (None, "auto") else ""
            what = texts["genset"].format(
                engine=reading.engine or "-",
                mode=reading.mode or "-",
                rpm="-" if reading.rpm is None else f"{reading.rpm:g}",
                fuel=of(reading.fuel_pct, "%"),
                battery=of(reading.battery_v, "V"),
                alarms=", ".join(f"{alarm.name} ({alarm.severity})" for alarm in reading.alarms) or "-",
            )
        case BoardReading():
            what = texts["board"].format(
                mains=of(reading.mains_v, "V"),
                genset=of(reading.genset_v, "V"),
                battery=of(reading.battery_v, "V"),
                contacts=", ".join(sorted(reading.active)) or "-",
                relays=", ".join(sorted(reading.relays)) or "-",
            )
    return Finding(name, f"{known.what}; {what}" if known else what, remedy)


def _broker(config: Config, texts: dict[str, str], patience_s: float) -> Finding:
    """Connect and subscribe as the booth would, under a name of our own so that the booth stays connected."""
    given = assembly.broker(config)
    answer: list[str] = []
    done = threading.Event()

    def connected(client: Client, _data: Any, _flags: Any, code: Any, _properties: Any) -> None:
        if code.is_failure:
            answer.append(str(code))
            done.set()
        else:
            client.subscribe(down_filter(config.booth.id), qos=1)

    def subscribed(_client: Client, _data: Any, _mid: int, codes: Any, _properties: Any) -> None:
        answer.extend(str(code) for code in codes if code.is_failure)
        done.set()

    name = f"{config.booth.id}-doctor"
    client = Client(CallbackAPIVersion.VERSION2, client_id=name, protocol=MQTTv5, reconnect_on_failure=False)
    client.connect_timeout = patience_s
    client.on_connect, client.on_subscribe = connected, subscribed
    client.on_disconnect = lambda *_: done.set()
    subject = texts["broker"]
    try:
        mqtt.secure(client, given)
        client.connect(given.host, given.port)
    except (OSError, ValueError) as error:
        what, _, remedy = mqtt.explain(error).rpartition(": ")
        return Finding(subject, f"{given.host}:{given.port}: {what}", remedy)
    client.loop_start()
    answered = done.wait(patience_s)
    client.disconnect()
    client.loop_stop()
    if answer or not answered:
        what = answer[0] if answer else texts["silent"].format(s=patience_s)
        return Finding(subject, f"{given.host}:{given.port}: {what}", "Check the broker's log, ACL and certificates")
    return Finding(subject, texts["connected"].format(host=given.host, port=given.port))


def table(findings: list[Finding], language: str = "id") -> str:
    """Findings as a table of plain text."""
    texts = _TEXTS[language]
    width = max(len(finding.subject) for finding in findings)
    state = max(len(texts["ok"]), len(texts["bad"]))
    lines = []
    for finding in findings:
        word = texts["bad"] if finding.remedy else texts["ok"]
        lines.append(f"{finding.subject:{width}}  {word:{state}}  {finding.what}")
        if finding.remedy:
            lines.append(f"{'':{width}}  {'':{state}}  -> {texts['remedy']}: {finding.remedy}")
    wrong = sum(1 for finding in findings if finding.remedy)
    lines.append(texts["some"].format(n=wrong) if wrong else texts["all"])
    return "\n".join(lines) + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Examine a booth; the exit code: 0 all is well, 1 something is wrong, 64 usage."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    language = "id"
    if "--lang" in given:
        at = given.index("--lang")
        language = given[at + 1] if at + 1 < len(given) else ""
        del given[at : at + 2]
    if len(given) != 1 or given[0].startswith("-") or language not in _TEXTS:
        sys.stderr.write("usage: python -m edge.doctor CONFIG [--lang id|en]\n")
        return os.EX_USAGE
    findings = examine(given[0], language)
    sys.stdout.write(table(findings, language))
    return 1 if any(finding.remedy for finding in findings) else 0


if __name__ == "__main__":
    sys.exit(main())
