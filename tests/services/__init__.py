"""The tests of the services floor."""
