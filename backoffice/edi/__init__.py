"""X12 in and out: form, never meaning. Standard library only."""
