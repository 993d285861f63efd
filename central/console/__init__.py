"""The technicians' console: booths, timelines, print queue, dead letters."""
