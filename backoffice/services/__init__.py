"""Use cases: session first, never a commit, no Flask."""
