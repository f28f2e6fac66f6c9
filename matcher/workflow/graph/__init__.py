"""Turn machines, and what their executions did, into pictures."""
