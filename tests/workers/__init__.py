"""The tests of the workers floor."""
