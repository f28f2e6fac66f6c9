"""Turn workflow definitions in the Amazon States Language into executions."""
