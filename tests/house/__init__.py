"""The house's own tests: what holds it together, and what would break if it did not."""
