"""The booth file: TOML, checked in full before anything starts; each mistake is told with its remedy."""

from __future__ import annotations

import difflib
import ipaddress
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import Field, ValidationError, model_validator

from contract.messages import BoothId, Modality
from edge.config_base import MisfitError, Table
from edge.config_desk import Desk, Officers, Recording, Screen, Speaker
from edge.config_devices import MODELS, SINGLE, AnyDevice, Device
from edge.config_gpio import Gpio
from edge.config_power import Genset, Power
from edge.core.settings import DEFAULT_THRESHOLDS, Settings

KINDS: Final = tuple(MODELS)
_HEX_KEY = re.compile(r"^[0-9a-fA-F]{64}$")


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake of a booth file. `key` is dotted; `value` is as written, shortened."""

    key: str
    value: str
    what: str
    remedy: str


class ConfigError(Exception):
    """The booth file cannot be used; `problems` names each key, its value and what to write."""

    def __init__(self, path: Path, problems: list[Problem]) -> None:
        self.path = path
        self.problems = problems
        lines = []
        for problem in problems:
            where = f"{problem.key} = {problem.value}: " if problem.key and problem.value else ""
            where = where or (f"{problem.key}: " if problem.key else "")
            lines.append(f"{path}: {where}{problem.what}. {problem.remedy}")
        super().__init__("\n".join(lines))


#: Beyond a device's own time-out (s): its answer comes, and the judge has a look at it.
GRACE_S = 13.0

#: The power board's own bounds (firmware/interlock.py): what it would refuse is refused here, before an outage.
BOARD_CRANK_S, BOARD_CRANKS = 15.0, 3


class Booth(Table):
    """Who the booth is, and where its database lies (relative paths: from the booth file's folder).

    `halt`: the command that halts the machine once the UPS has been told to cut its output, such as
    ["systemctl", "poweroff"]; without it the program ends with exit code 76.
    """

    id: BoothId
    name: Annotated[str, Field(min_length=1, max_length=200)]
    data: Path
    log: Literal["debug", "info", "warning", "error"] = "info"
    log_time: Literal["auto", "always", "never"] = "auto"
    """`auto`: no time stamps under journald, which has its own."""
    halt: tuple[Annotated[str, Field(min_length=1)], ...] = ()


class Broker(Table):
    """The MQTT broker. `ca`, `cert`, `key`: PEM files; with `ca` the connection is TLS."""

    host: Annotated[str, Field(min_length=1)] = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535)] = 1883
    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None
    insecure: bool = False

    @model_validator(mode="after")
    def _safe(self) -> Broker:
        if (self.cert is None) != (self.key is None):
            raise MisfitError("a certificate and its key go together", "Write both cert and key, or neither", "cert")
        if self.cert is not None and self.ca is None:
            raise MisfitError("a client certificate without the broker's authority", "Write ca = the PEM file", "ca")
        if self.ca is None and not self.insecure and not _is_loopback(self.host):
            raise MisfitError(
                "the broker is on another machine and the connection would be in the clear",
                "Write ca (and cert, key) for TLS; insecure = true accepts the risk",
                "host",
            )
        return self


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Keys(Table):
    """Public keys of the coordinator: 64 hex digits, or the name of a file that holds them."""

    seal: str
    command: str


class Link(Table):
    """The connection to the coordinator. `*_limit`: events and recordings that may wait for it; then none begins."""

    window: Annotated[int, Field(ge=1, le=100)] = 20
    resend_s: Annotated[float, Field(ge=0.5, le=60)] = 3.0
    outbox_limit: Annotated[int, Field(ge=100, le=10_000_000)] = 100_000
    packets_limit: Annotated[int, Field(ge=10, le=10_000)] = 500


class Config(Table):
    """A checked booth file."""

    booth: Booth
    broker: Broker = Broker()
    keys: Keys
    gpio: Gpio = Gpio()
    recording: Recording = Recording()
    desk: Desk | None = None
    screen: Screen | None = None
    speaker: Speaker | None = None
    officers: Officers = Officers()
    power: Power = Power()
    link: Link = Link()
    device: tuple[Annotated[AnyDevice, Field(discriminator="kind")], ...] = ()

    @model_validator(mode="after")
    def _fits(self) -> Config:
        names: set[str] = set()
        ports: dict[str, str] = {}
        single: dict[str, str] = {}
        for at, device in enumerate(self.device):
            key = f"device[{at + 1}]"
            if device.name in names:
                raise MisfitError(f"two devices are called {device.name!r}", "Rename one of them", f"{key}.name")
            if device.port in ports:
                raise MisfitError(
                    f"{device.port} is already the port of {ports[device.port]!r}",
                    "Each device has a port of its own (ls -l /dev/serial/by-id)",
                    f"{key}.port",
                )
            what = SINGLE.get(device.kind)
            if what in single:
                raise MisfitError(
                    f"{single[what]!r} is already the booth's {what}",
                    f"A booth has one {what}: remove one",
                    f"{key}.kind",
                )
            names.add(device.name)
            ports[device.port] = device.name
            if what:
                single[what] = device.name
        self._check_takes()
        self._check_plant(self._named("dse"), self._named("powerboard"))
        return self

    def _named(self, *kinds: str) -> str | None:
        return next((device.name for device in self.device if device.kind in kinds), None)

    def _check_plant(self, controller: str | None, board: str | None) -> None:
        """A genset can be started, it can be seen to run, and one device alone has the relays."""
        given = self.power.genset
        if board and (relays := self.gpio.relays()):
            raise MisfitError(
                f"the power board {board!r} has the relays",
                "Wire the relays to the board, and remove them from [gpio]",
                f"gpio.{relays[0]}",
            )
        if given is not None and given.device not in (None, controller):
            raise MisfitError(
                "no device of kind dse has this name",
                "Write the name of the genset's controller, or leave it out",
                "power.genset.device",
            )
        if given is None:
            if self.gpio.genset_start is not None and controller is None:
                raise MisfitError(
                    "a start relay without a genset",
                    "Add the table [power.genset]; it may be empty",
                    "gpio.genset_start",
                )
            return
        if not (controller or board or self.gpio.genset_start):
            raise MisfitError(
                "nothing can start the genset",
                "Add its controller (kind dse), a power board, or gpio.genset_start",
                "power.genset",
            )
        if board and not controller and (given.crank_s > BOARD_CRANK_S or given.attempts > BOARD_CRANKS):
            raise MisfitError(
                f"the power board cranks at most {BOARD_CRANKS} times {BOARD_CRANK_S:g} s, and refuses more",
                f"Write crank_s of at most {BOARD_CRANK_S:g} and attempts of at most {BOARD_CRANKS}",
                "power.genset",
            )
        if not (controller or board or self.gpio.genset_running):
            raise MisfitError(
                "nothing tells whether the genset runs",
                "Wire its running contact to gpio.genset_running, or add its controller or a power board",
                "power.genset",
            )

    def _check_takes(self) -> None:
        taken: dict[Modality, str] = {}
        for at, device in enumerate(self.device):
            for modality in getattr(device, "takes", ()):
                if modality in taken:
                    raise MisfitError(
                        f"{modality} is already taken by {taken[modality]!r}",
                        "Name each modality at one device",
                        f"device[{at + 1}].takes",
                    )
                taken[modality] = device.name
        missing = [modality.value for modality in self.recording.order if modality not in taken]
        if missing and self.device:
            raise MisfitError(
                f"no device takes {', '.join(missing)}",
                "Add a device whose takes names it, or leave it out of recording.order",
                "recording.order",
            )

    def settings(self, epoch: str, officers: bool = False) -> Settings:
        """What the booth's decisions need to know; `epoch` is the database's. `officers`: some are registered."""
        controller = self._named("dse")
        genset = self.power.genset or (Genset() if controller else None)
        return Settings(
            booth=self.booth.id,
            epoch=epoch,
            kinds={device.name: device.kind for device in self.device},
            capture_devices={m: device.name for device in self.device for m in getattr(device, "takes", ())},
            ups=self._named("megatec", "upsd"),
            printer=self._named("evolis"),
            order=self.recording.order,
            thresholds={**DEFAULT_THRESHOLDS, **self.recording.thresholds},
            attempts=self.recording.attempts,
            attempts_of=self.recording.attempts_of,
            nfiq2=self.recording.nfiq2,
            capture_s=self.recording.capture_s,
            capture_s_of=self.recording.capture_s_of,
            capture_grace_s=GRACE_S,
            outbox_limit=self.link.outbox_limit,
            packets_limit=self.link.packets_limit,
            window=self.link.window,
            resend_s=self.link.resend_s,
            mains_debounce_s=self.power.mains_debounce_s,
            ups_stale_s=self.power.ups_stale_s,
            print_on_battery=self.power.print_on_battery,
            board=self._named("powerboard"),
            board_stale_s=self.power.board_stale_s,
            genset_stale_s=self.power.genset_stale_s,
            mains_v=self.power.mains_v,
            mains_low_pct=self.power.mains_low_pct,
            dip_s=self.power.dip_s,
            genset=genset.settings(controller) if genset else None,
            energy=self.power.energy.settings(),
            wired=self.gpio.contacts() | frozenset(self.gpio.relays()),
            desk=self.desk.settings(self._named("escpos")) if self.desk is not None else None,
            officers=officers and self.officers.required,
            finger=self._named("zfm"),
        )


def load(path: Path | str) -> Config:
    """Read and check a booth file. Raises ConfigError with every mistake that was found."""
    path = Path(path)
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        what = f"the booth file cannot be read ({error.strerror})"
        raise ConfigError(path, [Problem("", "", what, "Check the name and who may read it")]) from error
    except UnicodeDecodeError as error:
        raise ConfigError(path, [Problem("", "", "the booth file is not UTF-8", "Save it as UTF-8 text")]) from error
    except tomllib.TOMLDecodeError as error:
        remedy = "Correct that line; texts stand in quotes, tables in [brackets]"
        raise ConfigError(path, [Problem("", "", f"not TOML: {error}", remedy)]) from error
    try:
        config = Config.model_validate(raw)
    except ValidationError as error:
        raise ConfigError(path, [_explain(raw, dict(item)) for item in error.errors()]) from error
    return _resolve(path, config)


def _resolve(path: Path, config: Config) -> Config:
    """Take paths from the booth file's folder, read key files."""
    folder, problems = path.resolve().parent, []
    files: dict[str, Path | None] = {}
    for name in ("ca", "cert", "key"):
        given: Path | None = getattr(config.broker, name)
        files[name] = None if given is None else folder / given
        if given is not None and not (folder / given).is_file():
            problems.append(Problem(f"broker.{name}", str(given), "there is no such file", "Put the PEM file there"))
    keys: dict[str, str] = {}
    for name in ("seal", "command"):
        value = getattr(config.keys, name)
        keys[name] = value.lower()
        if _HEX_KEY.match(value):
            continue
        remedy = "Write the coordinator's public key as 64 hex digits, or a file that holds them"
        try:
            keys[name] = (folder / value).read_text(encoding="utf-8").strip().lower()
        except (OSError, ValueError):
            problems.append(Problem(f"keys.{name}", _shown(value), "neither 64 hex digits nor a readable file", remedy))
            continue
        if not _HEX_KEY.match(keys[name]):
            problems.append(Problem(f"keys.{name}", _shown(value), "the file holds no key of 64 hex digits", remedy))
    if problems:
        raise ConfigError(path, problems)
    return config.model_copy(
        update={
            "booth": config.booth.model_copy(update={"data": folder / config.booth.data}),
            "broker": config.broker.model_copy(update=files),
            "keys": Keys(**keys),
            "speaker": config.speaker.placed(folder) if config.speaker is not None else None,
        }
    )


# --- what pydantic found, in words ---------------------------------------------------------------------


def _explain(raw: dict[str, Any], error: dict[str, Any]) -> Problem:
    loc = [part for part in error["loc"] if part not in KINDS or not _follows_device(error["loc"], part)]
    key, value = _dotted(loc), _shown(error.get("input"))
    kind, context = error["type"], error.get("ctx", {})
    trouble = context.get("error")
    if isinstance(trouble, MisfitError):
        if trouble.key:
            full = trouble.key if not loc else f"{key}.{trouble.key}"
            return Problem(full, _shown(_at(raw, full)), trouble.what, trouble.remedy)
        return Problem(key, value, trouble.what, trouble.remedy)
    if kind == "extra_forbidden":
        return Problem(key, value, "unknown key", _nearest(str(loc[-1]), _known(list(error["loc"])[:-1])))
    if kind == "missing":
        table = f"[{_dotted(loc[:-1])}]" if loc[:-1] else "the file"
        return Problem(key, "", "missing", f"Add {loc[-1]} to {table}")
    if kind == "union_tag_invalid":
        given = str(_at(raw, f"{key}.kind"))
        return Problem(f"{key}.kind", _shown(given), "unknown kind of device", _nearest(given, KINDS))
    if kind == "union_tag_not_found":
        return Problem(f"{key}.kind", "", "missing", f"Add kind, one of: {', '.join(KINDS)}")
    if kind == "enum" or kind == "literal_error":
        names = [name.strip(" '\"") for name in re.split(r",| or ", str(context.get("expected", "")))]
        return Problem(key, value, "not one of the words that are possible here", _nearest(str(error["input"]), names))
    if loc and loc[-1] == "id":
        remedy = "Write 1..40 small letters, digits and hyphens, such as bangkalan-1"
        return Problem(key, value, "not a booth id", remedy)
    message = str(error["msg"])
    return Problem(key, value, "wrong value", message.replace("Input should be", "It should be"))


def _follows_device(loc: tuple[Any, ...], part: Any) -> bool:
    return len(loc) > 2 and loc[0] == "device" and loc[2] == part


def _dotted(loc: list[Any]) -> str:
    text = ""
    for part in loc:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}"
    return text.removeprefix(".")


def _at(raw: Any, key: str) -> Any:
    for part in re.findall(r"[^.\[\]]+", key):
        try:
            raw = raw[int(part) - 1] if isinstance(raw, list) else raw[part]
        except (KeyError, IndexError, TypeError, ValueError):
            return None
    return raw


def _shown(value: Any) -> str:
    if value is None:
        return ""
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _known(loc: list[Any]) -> tuple[str, ...]:
    """Names that are possible in the table at `loc`."""
    model: Any = Config
    for part in loc:
        if isinstance(part, int):
            continue
        if part in KINDS:
            model = MODELS[part]
        elif part == "device":
            model = Device
        else:
            field = model.model_fields.get(part)
            options = [field.annotation, *getattr(field.annotation, "__args__", ())] if field else []
            model = next((item for item in options if isinstance(item, type) and issubclass(item, Table)), Table)
    return tuple(model.model_fields)


def _nearest(given: str, known: tuple[str, ...] | list[str]) -> str:
    close = difflib.get_close_matches(given, known, n=1, cutoff=0.5)
    guess = f"Did you mean {close[0]}? " if close else ""
    return f"{guess}Known: {', '.join(known)}"
