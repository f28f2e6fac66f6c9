"""Targets that ship, each with an extra of its own: `log`, `http` (http), `sqs`, `sns`, `eventbridge` (aws), `cloudevents`.

They fit the Target protocol, as those of others do, and the router does not know them. `conformance` has the tests that
every target should pass.
"""
