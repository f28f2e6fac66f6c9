"""Turn what waits in a store into calls of targets, until each has taken its events or they are dead letters."""
