"""Journeys of people through the whole product, in a real browser, on the stack of `./dev run`."""
