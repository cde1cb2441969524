"""The servers a laptop lacks, each a real one on loopback: start, wait until ready, stop."""
