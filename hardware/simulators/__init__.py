"""Stand-ins for the booth's devices, each written from its maker's manual alone."""
