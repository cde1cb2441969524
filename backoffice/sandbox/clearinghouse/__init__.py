"""The sandbox clearinghouse: a real HTTP server that speaks Claim.MD's API. Never in production."""
