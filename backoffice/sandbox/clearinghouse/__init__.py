"""The sandbox clearinghouse: a real HTTP server that speaks Claim.MD's API. Never in production."""

from backoffice.sandbox.clearinghouse.server import SandboxClearinghouse
from backoffice.sandbox.clearinghouse.world import Options

__all__ = ["Options", "SandboxClearinghouse"]
