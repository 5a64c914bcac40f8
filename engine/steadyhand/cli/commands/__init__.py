"""The commands, one module each: a few lines of click around one use case and a reporter."""
