"""Turn workflow definitions into every fault in them, with AWS's diagnostic codes."""
