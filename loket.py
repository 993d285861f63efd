"""The command line of Loket: starts the programs, checks their settings, makes keys, talks to the rig."""

from __future__ import annotations

import getpass
import os
import sys
import tomllib
from pathlib import Path
from typing import Annotated, NoReturn

import typer

app = typer.Typer(
    name="loket",
    help="KTP-el booths that keep the same-day promise whatever the power does.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

officer = typer.Typer(help="Officers of a booth, and the record of what they did.", no_args_is_help=True)
app.add_typer(officer, name="officer", short_help="Who may sign in at a booth; who did what.")
kit = typer.Typer(help="Recordings of a booth without a network, by USB stick.", no_args_is_help=True)
app.add_typer(kit, name="kit", short_help="Recordings without a network, by USB stick.")

Config = Annotated[Path, typer.Argument(metavar="CONFIG", help="The TOML file with the settings.")]

#: Exit code for what the caller gave wrongly: a file, a key, an option.
BAD_INPUT = 2


def _refuse(message: str) -> NoReturn:
    typer.echo(f"loket: {message}", err=True)
    raise typer.Exit(BAD_INPUT)


def _become(*words: str) -> NoReturn:
    """Replace this process, so that a booth carries no command line in its memory and signals reach the program."""
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", *words])


def _existing(config: Path) -> Path:
    if not config.is_file():
        found = "is a directory" if config.is_dir() else "does not exist"
        _refuse(f"{config} {found}; give the path of a settings file, such as hardware/booths/bangkalan.toml")
    return config


@app.command(short_help="Everything at once, with simulated hardware.")
def run(
    data: Annotated[Path, typer.Option(help="Where everything is kept between runs.")] = Path("var/run"),
    fresh: Annotated[bool, typer.Option("--fresh", help="Start over: forget the data first.")] = False,
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the console on 127.0.0.1.")] = 8080,
) -> None:
    """One booth with simulated hardware, its screen, a broker, the coordinator and its console. Ctrl-C ends all."""
    from hardware.rig.run import run as run_all

    raise typer.Exit(run_all(data, fresh, port))


@app.command(short_help="Run the booth controller.")
def edge(config: Config) -> None:
    """Run the booth controller."""
    _become("edge", str(_existing(config)))


@app.command(
    short_help="Run the coordinator and its console.",
    context_settings={"ignore_unknown_options": True},
)
def central(
    words: Annotated[list[str], typer.Argument(metavar="CONFIG | import CONFIG [--trust KEY] FILE...")],
) -> None:
    """Run the coordinator and its console, or (`import`) take exports of mobile kits in and give their receipts."""
    if words[0] == "import":
        _become("central.importing", *words[1:])
    if len(words) > 1:
        _refuse(f"{words[1]} is one word too many: loket central CONFIG, or loket central import CONFIG FILE...")
    _become("central", str(_existing(Path(words[0]))))


@app.command(short_help="Try each device; say what to do.")
def doctor(config: Config) -> None:
    """Try each device of a booth and say what is wrong and what to do."""
    _become("edge.doctor", str(_existing(config)))


@app.command("check-config", short_help="Is a settings file good?")
def check_config(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Settings of a booth or of the coordinator.")],
) -> None:
    """Say whether a settings file is good; otherwise the file, key, value and what to write."""
    try:
        sections = tomllib.loads(_existing(file).read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        _refuse(f"{file}: not TOML: {error}; correct that line")
    except (OSError, UnicodeDecodeError) as error:
        _refuse(f"{file}: cannot be read: {error}; save it as UTF-8 text that this account may read")
    program = _program_of(sections)
    if program is None:
        _refuse(f"{file}: has neither [booth] (a booth's file) nor [coordinator] (the coordinator's); add one of them")
    problem = _booth_problem(file) if program == "booth" else _coordinator_problem(file)
    if problem is not None:
        _refuse(problem)
    typer.echo(f"{file}: ok, settings of a {program} ({', '.join(sections)})")


def _booth_problem(file: Path) -> str | None:
    from edge.config import ConfigError, load

    try:
        load(file)
    except ConfigError as error:
        return str(error)
    return None


def _coordinator_problem(file: Path) -> str | None:
    from central.config import ConfigError, load

    try:
        load(file)
    except ConfigError as error:
        return str(error)
    return None


def _program_of(sections: dict[str, object]) -> str | None:
    """Whose file it is. The coordinator's has a list of booths, a booth's never names a coordinator."""
    for program in ("coordinator", "booth"):
        if program in sections:
            return program
    return None


@app.command(
    short_help="Act on the simulated hardware.",
    context_settings={"ignore_unknown_options": True, "help_option_names": []},
)
def rig(words: Annotated[list[str] | None, typer.Argument(metavar="WORDS...")] = None) -> None:
    """Act on the simulated hardware of `loket run`: cut the mains, jam the printer (`loket rig` lists all)."""
    if words and words[0] == "scenario":
        from hardware.rig.scenario_command import main as scenario

        raise typer.Exit(scenario(words[1:]))
    from hardware.rig.control import main as control

    raise typer.Exit(control(list(words or [])))


@app.command(short_help="Make the coordinator's keys.")
def keys(directory: Annotated[Path, typer.Argument(metavar="DIR", help="Where the private keys go.")]) -> None:
    """Make the coordinator's keys; prints the public ones for the booths' files. Never overwrites a key."""
    from contract.sealing import new_seal_pair, new_sign_pair

    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    private = {name: directory / f"{name}.private" for name in ("seal", "command")}
    for path in private.values():
        if path.exists():
            _refuse(f"{path} exists; packets may be sealed to it, so move it away yourself before making a new one")
    seal, seal_public = new_seal_pair()
    sign, sign_public = new_sign_pair()
    for path, key in ((private["seal"], seal), (private["command"], sign)):
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(key.hex() + "\n")
    typer.echo(f"Private keys, for the coordinator alone: {private['seal']}, {private['command']}", err=True)
    typer.echo(f'[keys]\nseal = "{seal_public.hex()}"\ncommand = "{sign_public.hex()}"')


@app.command(short_help="Hash a password for the console.")
def password() -> None:
    """Ask for a console password and print its argon2 hash for the coordinator's file."""
    from argon2 import PasswordHasher

    if sys.stdin.isatty():
        first = getpass.getpass("Password: ")
        if first != getpass.getpass("Again: "):
            _refuse("the two passwords differ; type the same one twice")
    else:
        first = sys.stdin.readline().rstrip("\r\n")
    if len(first) < 8:
        _refuse("the password has fewer than 8 characters; choose a longer one")
    typer.echo(PasswordHasher().hash(first))


Name = Annotated[str, typer.Argument(metavar="NAME", help="The officer's name.")]


@officer.command("add")
def officer_add(config: Config, name: Name) -> None:
    """A new officer; asks for the PIN (or reads it from the standard input)."""
    _become("edge.officer", "add", str(_existing(config)), name)


@officer.command("remove")
def officer_remove(config: Config, name: Name) -> None:
    """An officer signs in no more."""
    _become("edge.officer", "remove", str(_existing(config)), name)


@officer.command("pin")
def officer_pin(config: Config, name: Name) -> None:
    """Another PIN for an officer."""
    _become("edge.officer", "pin", str(_existing(config)), name)


@officer.command("list")
def officer_list(config: Config) -> None:
    """Who may sign in."""
    _become("edge.officer", "list", str(_existing(config)))


@officer.command("record")
def officer_record(config: Config) -> None:
    """Print who did what and verify that nothing of it was altered or taken out."""
    _become("edge.officer", "record", str(_existing(config)))


@kit.command("export")
def kit_export(
    config: Config, folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of the USB stick.")]
) -> None:
    """Write all that the coordinator lacks into one signed, numbered file. Nothing is deleted."""
    _become("edge.kit", "export", str(_existing(config)), str(folder))


@kit.command("receipt")
def kit_receipt(
    config: Config, file: Annotated[Path, typer.Argument(metavar="FILE", help="The receipt that the import gave.")]
) -> None:
    """Let go what the coordinator has, as its receipt says."""
    _become("edge.kit", "receipt", str(_existing(config)), str(file))


@kit.command("key")
def kit_key(config: Config) -> None:
    """Print the public key with which this booth signs its exports."""
    _become("edge.kit", "key", str(_existing(config)))


def main() -> None:
    """Entry point of the `loket` command."""
    app()


if __name__ == "__main__":
    main()
