"""What the coordinator's one deciding thread does with what came: one turn, one transaction."""
