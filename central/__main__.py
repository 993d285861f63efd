"""The coordinator: `python -m central CONFIG`."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType

from central.adapters.centre import Centre
from central.adapters.changes import ChangesHub
from central.adapters.mqtt import Link
from central.adapters.store import Store, sqlite_url
from central.adapters.views import StoreViews
from central.bundles import Imports
from central.config import Config, ConfigError, load, read_key
from central.console.server import Server
from central.console.settings import ConsoleSettings
from central.deciding.coordinator import Coordinator
from central.runtime import Calls, Deciding, Inbox, settings, wall

log = logging.getLogger("loket.central")


def main(arguments: list[str] | None = None) -> int:
    """Run until SIGTERM or Ctrl-C. 2: the settings are wrong."""
    parser = argparse.ArgumentParser(prog="central", description=__doc__)
    parser.add_argument("config", type=Path, help="the coordinator's TOML file")
    chosen = parser.parse_args(arguments)
    stamp = "" if "JOURNAL_STREAM" in os.environ else "%(asctime)s "
    logging.basicConfig(level=logging.INFO, format=f"{stamp}%(levelname)s %(name)s: %(message)s", stream=sys.stderr)
    for noisy in ("httpx", "alembic"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    try:
        config = load(chosen.config)
        config.coordinator.data.mkdir(parents=True, exist_ok=True)
    except ConfigError as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 2
    except OSError as error:
        key, value = "coordinator.data", str(config.coordinator.data)
        print(ConfigError(chosen.config, key, value, f"cannot be made: {error.strerror}"), file=sys.stderr)  # noqa: T201
        return 2
    return run(config)


def run(config: Config) -> int:
    """Start everything, wait, end everything."""
    store = Store.open(config.database.url or sqlite_url(config.coordinator.data))
    inbox, changes = Inbox(), ChangesHub()
    broker = config.broker
    tls = None
    if broker.ca is not None:
        tls = (str(broker.ca), str(broker.cert) if broker.cert else None, str(broker.key) if broker.key else None)
    link = Link(config.coordinator.id, broker.host, broker.port, inbox.put, tls)
    centre = Centre(config.centre.url, config.centre.timeout_s)
    calls = Calls(store, centre, read_key(config.keys.seal_private), inbox, config.centre.health_s)
    chosen = settings(
        config.booths,
        read_key(config.keys.command_private),
        config.coordinator.accept_unknown,
        config.coordinator.promise_h * 3600.0,
    )
    coordinator = Coordinator(store, chosen, time.monotonic(), wall())
    imports = Imports(
        config.coordinator.data, store, inbox.put, chosen.command_key, config.booths, chosen.accept_unknown
    )
    deciding = Deciding(coordinator, inbox, link, calls.put, changes)
    server = _console(config, StoreViews(store, wall), inbox, changes)

    def end(_signal: int, _frame: FrameType | None) -> None:
        deciding.end()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    try:
        server.start()
    except OSError as error:
        print(f"{error} ([console] port in the configuration)", file=sys.stderr)  # noqa: T201
        store.close()
        return 2
    calls.start()
    imports.start()
    link.start()
    log.info("coordinator %s runs; its console is at %s", config.coordinator.id, server.address)
    try:
        deciding.run()
    finally:
        link.stop()
        imports.stop()
        calls.stop()
        server.stop()
        changes.close()
        centre.close()
        store.close()
    return 0


def _console(config: Config, views: StoreViews, actions: Inbox, changes: ChangesHub) -> Server:
    """The console, in this process: it sees a change as soon as it is committed."""
    chosen = config.console
    console = ConsoleSettings(
        host=chosen.host,
        port=chosen.port,
        language=chosen.language,
        password_hash=chosen.password_hash,
        public=chosen.public,
        complaints=chosen.complaints,
    )
    return Server(views, actions, changes, console)


if __name__ == "__main__":
    sys.exit(main())
