"""Benchmarks: one written question a file, seeded data, and the answer checked before it is timed."""
