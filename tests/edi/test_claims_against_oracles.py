"""Every claim file we write, of every shape, is taken by pyx12 and by x12sdk, and by ourselves."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import groupby

import pytest

from backoffice.edi import claim_837
from backoffice.rules import scrub
from backoffice.rules.claim_facts import ClaimFacts, Sex
from backoffice.services.claim_files import claim_file, claim_of, facts_in
from tests.edi import oracles
from tests.edi.shapes import (
    NOW,
    TODAY,
    Shape,
    all_shapes,
    billing_of,
    claim_of_shape,
    coverage,
    header,
)

TIMES = 3
Made = list[tuple[Shape, ClaimFacts]]


def _made() -> Made:
    shapes = list(all_shapes())
    return [
        (shape, claim_of_shape(shape, number, seed))
        for seed in range(TIMES)
        for number, shape in enumerate(shapes)
    ]


def _files(made: Made) -> Iterator[tuple[list[ClaimFacts], bytes]]:
    """One file for each billing provider: four files in all."""
    ordered = sorted(made, key=lambda each: str(billing_of(each[0])))
    groups = groupby(ordered, key=lambda each: billing_of(each[0]))
    for number, (_, members) in enumerate(groups, start=1):
        claims = [claim for _, claim in members]
        yield claims, claim_file(claims, header=header(number), now=NOW).data


@pytest.fixture(scope="module")
def made() -> Made:
    return _made()


@pytest.fixture(scope="module")
def files(made: Made) -> list[tuple[list[ClaimFacts], bytes]]:
    return list(_files(made))


def test_every_shape_is_there_three_times(made: Made, capsys: pytest.CaptureFixture[str]) -> None:
    table = coverage(made)

    with capsys.disabled():
        print(f"\n{table}")  # noqa: T201 (the coverage table is wanted in the run's output)
    assert table.startswith("768 shapes, 2304 claims, each shape 3 times")


@pytest.mark.slow
@pytest.mark.parametrize("number", range(4))
def test_both_oracles_take_every_claim(
    files: list[tuple[list[ClaimFacts], bytes]], number: int
) -> None:
    claims, data = files[number]

    assert oracles.pyx12_errors(data) == []
    assert oracles.x12sdk_errors(data) == []
    assert data.count(b"~CLM*") == len(claims) == 576


def test_our_own_check_takes_every_claim(files: list[tuple[list[ClaimFacts], bytes]]) -> None:
    for _, data in files:
        assert claim_837.validate(data) == ()


def test_our_own_scrub_takes_every_claim(made: Made) -> None:
    for _, claim in made[::5]:
        assert not scrub.has_errors(scrub.scrub(claim, on=TODAY))


def test_what_was_written_is_read_back(files: list[tuple[list[ClaimFacts], bytes]]) -> None:
    for claims, data in files:
        written = [claim_of(claim, submitter_phone=header().contact_phone) for claim in claims]

        assert list(claim_837.read(data)) == written


def test_billing_facts_survive_the_way_out_and_in(
    files: list[tuple[list[ClaimFacts], bytes]],
) -> None:
    """But for what the format has no place for: a person's days and address where the guide
    does not want them, and the billing phone that is the submitter's."""
    for claims, data in files:
        for ours, theirs in zip(claims, facts_in(data), strict=True):
            assert _comparable(ours) == _comparable(theirs)


def _comparable(claim: ClaimFacts) -> ClaimFacts:
    insured = claim.coverage.insured
    if claim.coverage.relationship != "18":
        insured = replace(insured, birth_date=None, sex=None, address=None)
    others = tuple(
        replace(
            other,
            coverage=replace(
                other.coverage,
                insured=replace(other.coverage.insured, birth_date=None, sex=None),
            ),
        )
        for other in claim.others
    )
    return replace(
        claim,
        billing=replace(claim.billing, phone=""),
        coverage=replace(claim.coverage, insured=insured),
        others=others,
    )


def test_sex_unknown_is_lawful_though_x12sdk_does_not_know_it() -> None:
    claim = claim_of_shape(next(all_shapes()), 1)
    unknown = replace(claim.patient, sex=Sex.UNKNOWN)
    claim = replace(claim, patient=unknown, coverage=replace(claim.coverage, insured=unknown))

    data = claim_file([claim], header=header(), now=NOW).data

    assert b"*U~" in data
    assert oracles.pyx12_errors(data) == []
    assert claim_837.validate(data) == ()
