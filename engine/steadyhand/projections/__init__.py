"""What people read of a run: pure folds over its events."""
