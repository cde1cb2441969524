"""Writes the ICD-10-CM list that rules ship, from the CDC's release in a development package.

Run by hand when a release comes: `python -m backoffice.sandbox.icd10_data`, after raising
simple-icd-10-cm and the three lines below. The package is MIT, its data public domain.
"""

import re
import sys
from datetime import date
from pathlib import Path

import simple_icd_10_cm

from backoffice.rules import icd10

RELEASE = "April 2026"
# The fiscal year of the release. Codes added on April 1 count as known from October on, which
# lets a claim through that a payer would question; the CDC withdraws none in April [assumed].
FIRST_DAY = date(2025, 10, 1)
LAST_DAY = date(2026, 9, 30)
_CODE = re.compile(r"[A-Z]\w\w(?:\.\w+)?")  # chapters are numbers, blocks have a dash


def release() -> icd10.Icd10Release:
    """Return the development package's release: leaves are billable, what has leaves is not."""
    # By their form, not by asking the package for blocks: a block of one category has its name.
    codes = [code for code in simple_icd_10_cm.get_all_codes() if _CODE.fullmatch(code)]
    leaves = frozenset(_plain(code) for code in codes if simple_icd_10_cm.is_leaf(code))
    return icd10.Icd10Release(
        name=RELEASE,
        first_day=FIRST_DAY,
        last_day=LAST_DAY,
        billable=leaves,
        categories=frozenset(map(_plain, codes)) - leaves,
    )


def main() -> None:
    """Write the data file in its place among the rules."""
    target = Path(icd10.__file__).parent / "data" / icd10.RELEASE_FILE
    target.write_bytes(icd10.write_release(release()))
    sys.stderr.write(f"{target.name}: {target.stat().st_size} bytes\n")


def _plain(code: str) -> str:
    return code.replace(".", "")


if __name__ == "__main__":
    main()
