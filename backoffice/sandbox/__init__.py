"""What a laptop lacks, each a real server on loopback. Only the command line imports it."""
