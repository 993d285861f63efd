"""The booth controller: reads the devices, decides, commits, acts."""
