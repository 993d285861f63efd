"""Steps of the database's shape, run at every start."""
