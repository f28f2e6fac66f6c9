"""Turn events into calls of what rules name: in this call, or durably by queues that are worked off in the background."""
