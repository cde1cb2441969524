"""The outside world: a Protocol, the real one, the in-memory one."""
