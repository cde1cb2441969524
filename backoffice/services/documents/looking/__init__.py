"""What each kind of file says of itself, read from its bytes alone: nothing is decoded or run."""
