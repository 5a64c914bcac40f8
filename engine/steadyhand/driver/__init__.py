"""The only loop with hands: decide, append, perform."""
