"""The coordinator: takes in the booths' events, encodes, and runs the print queue."""
