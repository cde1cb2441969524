"""The portal before a real Chromium: ways in, the idle warning, and every page there is."""
