"""Keys of a simulated coordinator; they guard nothing."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

SEAL_PRIVATE = b"\x11" * 32
COMMAND_PRIVATE = b"\x22" * 32
SEAL_PUBLIC = X25519PrivateKey.from_private_bytes(SEAL_PRIVATE).public_key().public_bytes_raw()
COMMAND_PUBLIC = Ed25519PrivateKey.from_private_bytes(COMMAND_PRIVATE).public_key().public_bytes_raw()
