"""E2 is writing this file (01:58)."""
