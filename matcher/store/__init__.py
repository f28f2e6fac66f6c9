"""Keep accepted events, deliveries and records until they are done: protocols, in memory, and in SQLite files."""
