"""The only code of the booth that touches the world."""
