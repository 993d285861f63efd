"""The booth proves who it is by its certificate, and believes only a broker of its own authority."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from queue import SimpleQueue

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from edge import doctor
from edge.adapters import mqtt
from edge.core.events import LinkUp
from tests.integration.edge.bench import BOOTH, Broker, Program, until
from tests.integration.needs import needs_program


class Authority:
    """Makes certificates; PEM files `<name>.pem` and `<name>.key` in a folder."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._name, self._key = folder, name, Ed25519PrivateKey.generate()
        self.pem = self.certify(name, self._key, authority=True)

    def certify(self, name: str, key: Ed25519PrivateKey | None = None, authority: bool = False) -> Path:
        key = key or Ed25519PrivateKey.generate()
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder(
            issuer_name=_name(self._name),
            subject_name=_name(name),
            public_key=key.public_key(),
            serial_number=x509.random_serial_number(),
            not_valid_before=now - timedelta(hours=1),
            not_valid_after=now + timedelta(days=1),
        )
        address = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
        builder = builder.add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        certificate = builder.add_extension(address, critical=False).sign(self._key, None)
        secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (self._folder / f"{name}.key").write_bytes(secret)
        path = self._folder / f"{name}.pem"
        path.write_bytes(certificate.public_bytes(Encoding.PEM))
        return path


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    one = Authority(tmp_path, "authority")
    one.certify("broker")
    one.certify(BOOTH)
    return one


@pytest.fixture
def broker(tmp_path: Path, authority: Authority) -> Iterator[Broker]:
    """As on a site: certificates required, the name in them is the user's."""
    for secret in tmp_path.glob("*.key"):
        secret.chmod(0o644)
    for folder in (tmp_path, *list(tmp_path.parents)[:2]):
        folder.chmod(0o755)  # mosquitto gives up root before it reads its files
    extra = (
        f"cafile {authority.pem}\ncertfile {tmp_path}/broker.pem\nkeyfile {tmp_path}/broker.key\n"
        "require_certificate true\nuse_identity_as_username true\nallow_anonymous false\n"
    )
    one = Broker(needs_program("mosquitto", "mosquitto"), tmp_path, extra)
    one.start()
    yield one
    one.kill()


def test_a_booth_with_its_certificate_connects(
    broker: Broker, authority: Authority, booth_file: Path, tmp_path: Path, start: Callable[[], Program]
) -> None:
    tls = f'ca = "authority.pem"\ncert = "{BOOTH}.pem"\nkey = "{BOOTH}.key"\n'
    booth_file.write_text(booth_file.read_text().replace("[keys]", f"{tls}[keys]"))
    program = start()
    until(lambda: "connected to the broker" in program.log.read_text(), "the booth connects")
    assert program.end() == os.EX_OK


def _link(broker: Broker, ca: Path, cert: Path | None) -> mqtt.Broker:
    return mqtt.Broker("127.0.0.1", broker.port, ca, cert, cert.with_suffix(".key") if cert else None)


def test_a_broker_of_another_authority_is_not_believed(
    broker: Broker, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    stranger = Authority(tmp_path, "stranger")
    inbox: SimpleQueue[object] = SimpleQueue()
    link = mqtt.MqttLink(BOOTH, "boot", _link(broker, stranger.pem, tmp_path / f"{BOOTH}.pem"), inbox.put)
    link.start()
    until(lambda: "its certificate is not trusted" in caplog.text, "the booth says why")
    link.stop()
    assert inbox.empty()


def test_a_booth_without_a_certificate_gets_no_connection(broker: Broker, tmp_path: Path, authority: Authority) -> None:
    inbox: SimpleQueue[object] = SimpleQueue()
    link = mqtt.MqttLink(BOOTH, "boot", _link(broker, authority.pem, None), inbox.put)
    link.start()
    until(lambda: link._generation >= 2, "the booth tries again")
    link.stop()
    assert not any(isinstance(inbox.get(), LinkUp) for _ in range(inbox.qsize()))


def test_the_doctor_tells_a_certificate_that_is_not_trusted(
    broker: Broker, booth_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GPIOZERO_PIN_FACTORY", "mock")
    Authority(tmp_path, "stranger")
    tls = f'ca = "stranger.pem"\ncert = "{BOOTH}.pem"\nkey = "{BOOTH}.key"\n'
    booth_file.write_text(booth_file.read_text().replace("[keys]", f"{tls}[keys]"))
    found = {finding.subject: finding for finding in doctor.examine(booth_file, "en", 2.0)}
    assert "not trusted" in found["broker"].what
    assert "check ca" in found["broker"].remedy
