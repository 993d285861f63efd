"""The only code of the coordinator that touches the world."""
