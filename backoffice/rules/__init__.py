"""The rules of billing, pure: facts in, findings or decisions out. Standard library only."""
