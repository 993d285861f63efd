"""The coordinator's settings: one TOML file, checked before anything starts."""

from __future__ import annotations

import difflib
import ipaddress
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from argon2 import extract_parameters
from argon2.exceptions import InvalidHashError
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from contract.messages import BoothId, Id


class ConfigError(ValueError):
    """A setting is wrong. The text names the file, the key, the value and what to write."""

    def __init__(self, file: Path, key: str, value: object, remedy: str) -> None:
        self.file, self.key, self.value, self.remedy = file, key, value, remedy
        shown = "" if value is None else f" = {value!r}"
        super().__init__(f"{file}: {key}{shown}: {remedy}" if key else f"{file}: {remedy}")


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


Port = Annotated[int, Field(ge=1, le=65_535)]


class CoordinatorSection(_Section):
    """Who this coordinator is and where it keeps its data."""

    id: Id
    data: Path
    accept_unknown: bool = False
    """Take booths that are not listed."""
    promise_h: float = Field(default=24.0, gt=0)
    """Service promise from print-ready to printed, hours."""


class BrokerSection(_Section):
    """The MQTT broker. Without TLS only on this machine, unless `insecure` says otherwise."""

    host: str = "127.0.0.1"
    port: Port = 1883
    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None
    insecure: bool = False


class KeysSection(_Section):
    """Files with the private keys: 64 hex digits or 32 raw bytes."""

    seal_private: Path
    command_private: Path


class CentreSection(_Section):
    """The national centre's gateway."""

    url: Annotated[str, Field(pattern=r"^https?://[^/\s]+")]
    timeout_s: float = Field(default=30.0, gt=0, le=600)
    health_s: float = Field(default=30.0, gt=0)
    """How often it is asked whether it answers."""


class ConsoleSection(_Section):
    """The technicians' web console."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 8080
    language: Literal["id", "en"] = "id"
    password_hash: str | None = None
    public: bool = False
    """Show the public's pages (`/papan`, `/status/...`) without the password."""
    complaints: Annotated[str, Field(max_length=300)] = ""
    """Where complaints go in this regency, beside the national addresses."""


class DatabaseSection(_Section):
    """Where the rows are; without a URL, SQLite in the data folder."""

    url: str | None = None


class BoothSection(_Section):
    """One booth that is expected. `blanks`: unprinted cards given to it."""

    id: BoothId
    name: str = ""
    blanks: Annotated[int, Field(ge=0)] = 0


class Config(_Section):
    """The whole file."""

    coordinator: CoordinatorSection
    broker: BrokerSection = BrokerSection()
    keys: KeysSection
    centre: CentreSection
    console: ConsoleSection = ConsoleSection()
    database: DatabaseSection = DatabaseSection()
    booth: tuple[BoothSection, ...] = ()

    @property
    def booths(self) -> dict[str, tuple[str, int]]:
        """Booth -> (name, blanks)."""
        return {booth.id: (booth.name or booth.id, booth.blanks) for booth in self.booth}


def load(path: Path) -> Config:
    """Read and check a file. Relative paths in it are relative to it. Raises ConfigError."""
    path = Path(path)
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        remedy = f"cannot be read ({error.strerror}): check the path and its rights"
        raise ConfigError(path, "", None, remedy) from error
    except UnicodeDecodeError as error:
        raise ConfigError(path, "", None, "is not UTF-8 text: save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(path, "", None, f"is not TOML: {error}") from error
    try:
        config = Config.model_validate(raw)
    except ValidationError as error:
        raise _told(path, raw, error) from error
    config = _located(config, path.parent)
    _check(path, config)
    return config


def read_key(path: Path) -> bytes:
    """The 32 bytes of a private key: raw, or as 64 hex digits. Raises ValueError or OSError."""
    data = path.read_bytes()
    if len(data) == 32:
        return data
    raw = bytes.fromhex(data.decode("ascii").strip())
    if len(raw) != 32:
        raise ValueError(f"{len(raw)} bytes instead of 32")
    return raw


def _located(config: Config, folder: Path) -> Config:
    """The same settings with absolute paths."""

    def absolute(value: Path | None) -> Path | None:
        return None if value is None else (folder / value.expanduser()).absolute()

    broker, keys = config.broker, config.keys
    return config.model_copy(
        update={
            "coordinator": config.coordinator.model_copy(update={"data": absolute(config.coordinator.data)}),
            "broker": broker.model_copy(
                update={name: absolute(getattr(broker, name)) for name in ("ca", "cert", "key")}
            ),
            "keys": keys.model_copy(
                update={name: absolute(getattr(keys, name)) for name in ("seal_private", "command_private")}
            ),
        }
    )


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _check(path: Path, config: Config) -> None:
    """What one value alone does not show."""
    console, broker = config.console, config.broker
    if console.password_hash is not None:
        try:
            extract_parameters(console.password_hash)
        except InvalidHashError as error:
            remedy = "is no argon2 hash: make one with `loket password`"
            raise ConfigError(path, "console.password_hash", console.password_hash, remedy) from error
    elif not is_loopback(console.host):
        remedy = (
            "the console would be open to the network without a password: write host = \"127.0.0.1\", or set "
            "password_hash to what `loket password` prints"
        )
        raise ConfigError(path, "console.host", console.host, remedy)
    if not is_loopback(broker.host) and broker.ca is None and not broker.insecure:
        remedy = "a broker on another machine needs TLS: set ca, cert and key, or insecure = true on a trusted wire"
        raise ConfigError(path, "broker.host", broker.host, remedy)
    if (broker.cert is None) != (broker.key is None):
        raise ConfigError(path, "broker.cert", None, "cert and key belong together: set both or none")
    for name in ("ca", "cert", "key"):
        file = getattr(broker, name)
        if file is not None and not file.is_file():
            raise ConfigError(path, f"broker.{name}", str(file), "there is no such file: check the path")
    for name in ("seal_private", "command_private"):
        file = getattr(config.keys, name)
        try:
            read_key(file)
        except OSError as error:
            remedy = f"cannot be read ({error.strerror}): make the keys with `loket keys DIR`"
            raise ConfigError(path, f"keys.{name}", str(file), remedy) from error
        except ValueError as error:
            remedy = f"is no key ({error}): it must hold 64 hex digits; make the keys with `loket keys DIR`"
            raise ConfigError(path, f"keys.{name}", str(file), remedy) from error
    seen: set[str] = set()
    for index, booth in enumerate(config.booth):
        if booth.id in seen:
            raise ConfigError(path, f"booth.{index}.id", booth.id, "this booth is listed twice: remove one of them")
        seen.add(booth.id)
    if config.coordinator.data.exists() and not config.coordinator.data.is_dir():
        raise ConfigError(path, "coordinator.data", str(config.coordinator.data), "is not a folder: name a folder")


def _told(path: Path, raw: dict[str, Any], error: ValidationError) -> ConfigError:
    """The first fault, with the nearest known key for an unknown one."""
    first = error.errors(include_url=False)[0]
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        known = _known(first["loc"][:-1])
        near = difflib.get_close_matches(str(first["loc"][-1]), known, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"known here: {', '.join(known)}"
        return ConfigError(path, key, None, f"this key is not known; {hint}")
    if first["type"] == "missing":
        return ConfigError(path, key, None, "this key is missing: add it")
    return ConfigError(path, key, first.get("input"), first["msg"])


def _known(place: tuple[int | str, ...]) -> list[str]:
    """Keys that may stand in a section."""
    if not place:
        return list(Config.model_fields)
    if place[0] == "booth":
        return list(BoothSection.model_fields)
    section = Config.model_fields[str(place[0])].annotation
    return list(section.model_fields) if isinstance(section, type) and issubclass(section, BaseModel) else []
