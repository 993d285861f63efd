"""Sealing capture bytes to the coordinator, and signing commands: X25519 + ChaCha20-Poly1305, Ed25519.

A sealed box is `MAGIC | ephemeral public key (32) | ciphertext and tag`. The key is HKDF-SHA256 over the shared
secret, salted with both public keys; it is used once, so the nonce is zero (RFC 7748, 8439, 5869; the
construction of libsodium's sealed box with another cipher). The sealer keeps no secret: it cannot open its own box.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MAGIC = b"LKS1"
OVERHEAD = len(MAGIC) + 32 + 16
_NONCE = bytes(12)


class SealError(ValueError):
    """The sealed bytes are not for this key, or were altered."""


def _key(shared: bytes, ephemeral: bytes, recipient: bytes) -> bytes:
    return HKDF(SHA256(), 32, salt=ephemeral + recipient, info=b"loket seal v1").derive(shared)


def seal(plain: bytes, recipient: bytes, label: bytes) -> bytes:
    """Seal `plain` for the raw X25519 public key `recipient`; `label` must be given again to open it."""
    ephemeral = X25519PrivateKey.generate()
    public = ephemeral.public_key().public_bytes_raw()
    shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(recipient))
    return MAGIC + public + ChaCha20Poly1305(_key(shared, public, recipient)).encrypt(_NONCE, plain, label)


def unseal(sealed: bytes, private: bytes, label: bytes) -> bytes:
    """Open a sealed box with the raw X25519 private key. Raises SealError when altered or not ours."""
    if sealed[:4] != MAGIC or len(sealed) < OVERHEAD:
        raise SealError("not a sealed box of Loket (wrong beginning or too short)")
    key = X25519PrivateKey.from_private_bytes(private)
    public = sealed[4:36]
    try:
        shared = key.exchange(X25519PublicKey.from_public_bytes(public))
        recipient = key.public_key().public_bytes_raw()
        return ChaCha20Poly1305(_key(shared, public, recipient)).decrypt(_NONCE, sealed[36:], label)
    except (InvalidTag, ValueError) as error:
        raise SealError(f"sealed box {label.decode(errors='replace')!r}: altered, or sealed to another key") from error


def sign(payload: bytes, private: bytes) -> str:
    """Ed25519 signature, hex, with a raw private key."""
    return Ed25519PrivateKey.from_private_bytes(private).sign(payload).hex()


def verify(payload: bytes, signature: str, public: bytes) -> bool:
    """Whether `signature` (hex) over `payload` was made with the key of `public` (raw)."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(bytes.fromhex(signature), payload)
    except (InvalidSignature, ValueError):
        return False
    return True


def new_seal_pair() -> tuple[bytes, bytes]:
    """A fresh X25519 (private, public) pair, raw."""
    key = X25519PrivateKey.generate()
    return key.private_bytes_raw(), key.public_key().public_bytes_raw()


def new_sign_pair() -> tuple[bytes, bytes]:
    """A fresh Ed25519 (private, public) pair, raw."""
    key = Ed25519PrivateKey.generate()
    return key.private_bytes_raw(), key.public_key().public_bytes_raw()


def public_of(private: bytes) -> bytes:
    """The raw Ed25519 public key of a raw private one. Raises ValueError when it is none."""
    return Ed25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()
