"""What all xdist workers of one run agree on: where its servers live, whose end ends them."""

from pathlib import Path

import pytest

FOLDER = pytest.StashKey[Path]()
"""The folder of this run's servers; empty until a test asks for them."""

CONTROLLER = pytest.StashKey[int]()
"""The process that the servers end with: pytest itself, not a worker."""
