"""The rules of billing, held to their sentences: no database, no clock, no network."""
