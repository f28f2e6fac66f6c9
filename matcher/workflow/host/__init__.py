"""Run executions of workflows: durable, many at a time, from any process that shares their store."""
