"""The tests of the web floor."""
