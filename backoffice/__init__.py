"""Cleanclaim: the back office of a medical billing service."""
