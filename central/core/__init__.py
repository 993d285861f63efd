"""Pure rules of the coordinator."""
