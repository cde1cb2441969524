"""The format: written, read, checked, and held against other people's validators."""
