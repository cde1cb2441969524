"""Chance that is no chance: each named draw is a pure function of the seed and the claim."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import TypeVar

T = TypeVar("T")


class Lots:
    """Draws for one claim. Each draw has a name, so a new one never changes the others."""

    def __init__(self, seed: int, subject: str) -> None:
        self._root = f"{seed}|{subject}"

    def number(self, name: str, first: int, last: int) -> int:
        """A whole number from `first` to `last`, both included."""
        digest = hashlib.sha256(f"{self._root}|{name}".encode()).digest()
        return first + int.from_bytes(digest[:8]) % (last - first + 1)

    def one_in(self, name: str, chances: int) -> bool:
        """True once in `chances` claims."""
        return self.number(name, 1, chances) == 1

    def pick(self, name: str, choices: Sequence[T]) -> T:
        """One of the choices, each as likely as the others."""
        return choices[self.number(name, 0, len(choices) - 1)]

    def days(self, name: str, first: float, last: float) -> float:
        """A number of days, to the hundredth."""
        return self.number(name, round(first * 100), round(last * 100)) / 100

    def weighed(self, name: str, weights: Mapping[T, int]) -> T:
        """One of the keys, as likely as its weight says; the weights sum to more than zero."""
        place = self.number(name, 1, sum(weights.values()))
        for choice, weight in weights.items():
            place -= weight
            if place <= 0:
                return choice
        raise AssertionError("a place beyond the sum of the weights")
