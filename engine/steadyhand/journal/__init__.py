"""The append-only store of what happened. Reached by the driver and the desk only."""
