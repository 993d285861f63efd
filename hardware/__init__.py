"""The physical booth, its stand-ins, and the rig that tries them."""
