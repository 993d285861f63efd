"""The booth program: `python -m edge CONFIG`.

Exit codes: 0 ended by SIGTERM or SIGINT, 64 usage, 65 the database's content, 69 pins or screen, 70 a bug, 74 disk,
75 already running, 76 halted: the UPS cuts the output soon, and restores it, 78 booth file.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from queue import SimpleQueue
from types import FrameType
from typing import Any, Final

from edge import assembly
from edge.adapters.gpio import Gpio, GpioError
from edge.adapters.items import Stop
from edge.adapters.mqtt import MqttLink
from edge.adapters.receipts import ReceiptBox
from edge.adapters.signals import Signals
from edge.adapters.store import SqliteStore, StoreError
from edge.assembly_hall import People, ScreenError
from edge.config import Config, ConfigError, load
from edge.core import controller, journal
from edge.runtime import Booth, Identity, run

HALTED: Final = 76

log = logging.getLogger("loket.edge")


class Core:
    """`edge.core` as the runtime wants it."""

    restore = staticmethod(controller.restore)
    step = staticmethod(controller.step)
    next_wakeup = staticmethod(controller.next_wakeup)
    changes = staticmethod(journal.changes)


def main(arguments: list[str] | None = None) -> int:
    """Run the booth of a booth file until SIGTERM or SIGINT; the exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    if len(given) != 1 or given[0].startswith("-"):
        sys.stderr.write("usage: python -m edge CONFIG (the booth file, such as hardware/booths/bangkalan.toml)\n")
        return os.EX_USAGE
    try:
        config = load(given[0])
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
        return os.EX_CONFIG
    log_to_stderr(config)
    threading.excepthook = _thread_failed
    try:
        store = SqliteStore(config.booth.data, journal.ROW_TYPES)
        try:
            halted = _serve(config, store)
        finally:
            store.close()
    except StoreError as error:
        log.critical("%s", error)
        return error.exit_code
    except (GpioError, ScreenError) as error:
        log.critical("%s", error)
        return os.EX_UNAVAILABLE
    if halted:
        _halt(config)
        return HALTED
    log.info("booth %s ended", config.booth.id)
    return os.EX_OK


def _halt(config: Config) -> None:
    """The machine halts before the output is cut; the database is closed already."""
    command = config.booth.halt
    if not command:
        log.warning("booth %s halts: the program ends, the machine stays on until the output is cut", config.booth.id)
        return
    log.warning("booth %s halts: %s", config.booth.id, " ".join(command))
    try:
        done = subprocess.run(command, check=False, stdin=subprocess.DEVNULL, timeout=20)
    except (OSError, subprocess.TimeoutExpired) as error:
        log.critical("the machine was not halted: %s. Correct booth.halt in the booth file", error)
        return
    if done.returncode:
        log.critical("%s failed with exit code %d: may the booth's user do this?", command[0], done.returncode)


def _machine() -> str:
    """Linux's id of this run of the machine; empty where there is none."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _serve(config: Config, store: SqliteStore) -> bool:
    """Put the booth together, run it, take it apart. True: it is to be halted."""
    inbox: SimpleQueue[object] = SimpleQueue()
    boot = os.urandom(6).hex()
    keys = bytes.fromhex(config.keys.seal), bytes.fromhex(config.keys.command)
    identity = Identity(config.booth.name, program_version(), boot, *keys, machine=_machine(), key=store.key)
    people = People(config, store.key, inbox.put)
    gpio = Gpio(assembly.pins(config), inbox.put)
    link = MqttLink(config.booth.id, boot, assembly.broker(config), inbox.put)
    ports = {device.name: assembly.port(device, inbox.put) for device in config.device}
    drivers = [assembly.driver(device) for device in config.device]
    signals = Signals(gpio)
    receipts = ReceiptBox(config.booth.data, config.booth.id, store.epoch, keys[1], inbox.put)
    settings = config.settings(store.epoch, officers=bool(people.officers.names() or people.officers.trouble()))
    booth = Booth(settings, identity, Core(), store, link, drivers, ports, signals, plant=gpio, hall=people.hall)

    def stop(_number: int, _frame: FrameType | None) -> None:
        inbox.put(Stop())

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    try:
        people.start()
        booth.start(time.monotonic())
        gpio.read()
        for port in ports.values():
            port.start()
        link.start()
        receipts.start()
        run(booth, inbox)
    finally:
        people.stop()
        for port in ports.values():
            port.stop()
        link.stop()
        receipts.stop()
        gpio.close()
    return booth.halted


def program_version() -> str:
    """Version of the installed program."""
    try:
        return version("loket")
    except PackageNotFoundError:
        return "unknown"


def log_to_stderr(config: Config) -> None:
    """One line per fact. Under journald, which has the time already, without time stamps."""
    stamps = config.booth.log_time == "always" or (
        config.booth.log_time == "auto" and "JOURNAL_STREAM" not in os.environ
    )
    form = "%(asctime)s %(levelname)s %(name)s: %(message)s" if stamps else "%(levelname)s %(name)s: %(message)s"
    logging.basicConfig(stream=sys.stderr, level=config.booth.log.upper(), format=form)


def _thread_failed(failure: Any) -> None:
    """A bug in a reader's thread must not leave a booth that looks alive: end, so that systemd starts it anew."""
    name = failure.thread.name if failure.thread else "?"
    log.critical("the thread %s failed", name, exc_info=(failure.exc_type, failure.exc_value, failure.exc_traceback))
    os._exit(os.EX_SOFTWARE)


if __name__ == "__main__":
    sys.exit(main())
