"""The verbs that work on whole logs: one file each, which declares the verb; the work is done in matcher.cli.NAME."""
