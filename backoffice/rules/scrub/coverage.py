"""Judges of whose coverage pays: patient, insured, relationship, payer (2000B to 2010CA)."""

from datetime import date

from backoffice.rules.claim_facts import (
    ClaimFacts,
    CoverageFacts,
    PayerFacts,
    PayerOrder,
    PersonFacts,
    Sex,
)
from backoffice.rules.codes import (
    BENEFITS_ASSIGNED,
    FILING_CODES,
    MEDICARE_FILING_CODES,
    MEDICARE_SECONDARY_TYPES,
    PAYER_TURNS,
    RELATIONSHIPS,
    RELEASE_OF_INFORMATION,
    SELF,
)
from backoffice.rules.dates import birth_date_is_possible
from backoffice.rules.identifiers import fits_pattern
from backoffice.rules.payer_rules import PayerScrubRules
from backoffice.rules.scrub.codes import ScrubCode
from backoffice.rules.scrub.findings import Place, found
from backoffice.rules.scrub.parties import address_findings, given_name_findings, name_findings
from backoffice.rules.scrub.texts import (
    LONGEST_ID,
    LONGEST_NAME,
    LONGEST_SUFFIX,
    Findings,
    code_findings,
    words_findings,
)

_C = ScrubCode
_RELATIONSHIP = Place("Relationship to insured", "Box 6, SBR02 or PAT01")


def coverage_findings(facts: ClaimFacts, rules: PayerScrubRules, on: date) -> Findings:
    """Judge the claim's own coverage and the people on it."""
    coverage = facts.coverage
    yield from _people(facts, on)
    yield from member_findings(coverage, "", "Box 1a, 2010BA NM109")
    pattern = rules.member_id_pattern
    if coverage.member_id and not fits_pattern(coverage.member_id, pattern):
        yield found(_C.MEMBER_ID_PATTERN, Place("Member ID", "Box 1a, 2010BA NM109"))
    yield from payer_findings(coverage.payer, "", "2010BB")
    yield from _plan(coverage)
    yield from subscription_findings(coverage, "", "2000B")


def subscription_findings(coverage: CoverageFacts, whose: str, loop: str) -> Findings:
    """Judge a coverage's turn, group and assignments; `whose` is "Other payer 1" or nothing."""
    if coverage.order not in PAYER_TURNS:
        yield found(_C.CODE_UNKNOWN, Place(named(whose, "Payer order"), f"{loop} SBR01"))
    group = Place(named(whose, "Group number"), f"Box 11, {loop} SBR03")
    yield from code_findings(coverage.group_number, group)
    name = Place(named(whose, "Group name"), f"Box 11c, {loop} SBR04")
    yield from words_findings(coverage.group_name, name, LONGEST_NAME)
    if coverage.group_number and coverage.group_name:
        yield found(_C.GROUP_NAME_BESIDE_NUMBER, name)
    yield from _assignments(coverage, whose)


def member_findings(coverage: CoverageFacts, whose: str, where: str) -> Findings:
    """Judge a member id: there, of two characters at least, letters and digits."""
    place = Place(named(whose, "Member ID"), where)
    member_id = coverage.member_id
    if not member_id.strip():
        yield found(_C.MEMBER_ID_MISSING, place)
        return
    yield from code_findings(member_id, place, LONGEST_ID)
    if len(member_id) < 2:
        yield found(_C.MEMBER_ID_SHORT, place)
    elif not member_id.isalnum():
        yield found(_C.MEMBER_ID_SEPARATED, place)


def payer_findings(payer: PayerFacts, whose: str, loop: str) -> Findings:
    """Judge a payer's name, id and kind of plan."""
    yield from name_findings(payer.name, Place(named(whose, "Payer name"), f"{loop} NM103"))
    place = Place(named(whose, "Payer ID"), f"{loop} NM109")
    if not payer.payer_id.strip():
        yield found(_C.PAYER_ID_MISSING, place)
    yield from code_findings(payer.payer_id, place, LONGEST_ID)
    if payer.filing_code and payer.filing_code not in FILING_CODES:
        yield found(_C.CODE_UNKNOWN, Place(named(whose, "Kind of plan"), "SBR09"))


def person_findings(person: PersonFacts, who: str, where: str) -> Findings:
    """Judge a person's names."""
    yield from name_findings(person.last_name, Place(f"{who} last name", f"{where} NM103"))
    first = Place(f"{who} first name", f"{where} NM104")
    yield from given_name_findings(person.first_name, person.middle_name, first)
    suffix = Place(f"{who} name suffix", f"{where} NM107")
    yield from words_findings(person.suffix, suffix, LONGEST_SUFFIX)


def named(whose: str, name: str) -> str:
    """Return a value's name with whose it is before it: "Other payer 1 member ID"."""
    return f"{whose} {name[0].lower()}{name[1:]}" if whose else name


def _people(facts: ClaimFacts, on: date) -> Findings:
    coverage = facts.coverage
    if not coverage.relationship:
        yield found(_C.RELATIONSHIP_MISSING, _RELATIONSHIP)
    elif coverage.relationship not in RELATIONSHIPS:
        yield found(_C.CODE_UNKNOWN, _RELATIONSHIP)
    if coverage.relationship == SELF:
        yield from person_findings(facts.patient, "Client", "Box 2, 2010BA")
        yield from _particulars(facts.patient, "2010BA", on)
        if not _same_person(facts.patient, coverage.insured):
            yield found(_C.CLIENT_IS_NOT_THE_INSURED, _RELATIONSHIP)
        return
    yield from person_findings(facts.patient, "Client", "Box 2, 2010CA")
    yield from _particulars(facts.patient, "2010CA", on)
    yield from _insured(coverage.insured, on)
    if _is_evidently(facts.patient, coverage.insured):
        yield found(_C.CLIENT_IS_THE_INSURED, _RELATIONSHIP)


def _particulars(person: PersonFacts, loop: str, on: date) -> Findings:
    """The patient's birth date, sex and address must be there."""
    birth = Place("Client birth date", f"Box 3, {loop} DMG02")
    if person.birth_date is None:
        yield found(_C.BIRTH_DATE_MISSING, birth)
    elif not birth_date_is_possible(person.birth_date, on):
        yield found(_C.BIRTH_DATE_IMPOSSIBLE, birth)
    if person.sex not in set(Sex):
        yield found(_C.SEX_MISSING, Place("Client sex", f"Box 3, {loop} DMG03"))
    address = Place("Client address", f"Box 5, {loop} N3, N4")
    yield from address_findings(person.address, address)


def _insured(insured: PersonFacts, on: date) -> Findings:
    """The insured who isn't the patient needs a name only; what else is given must be right."""
    yield from person_findings(insured, "Insured", "Box 4, 2010BA")
    if insured.birth_date is not None and not birth_date_is_possible(insured.birth_date, on):
        yield found(_C.BIRTH_DATE_IMPOSSIBLE, Place("Insured birth date", "Box 11a, 2010BA DMG02"))
    if insured.address is not None:
        place = Place("Insured address", "Box 7, 2010BA N3, N4")
        yield from address_findings(insured.address, place)


def _plan(coverage: CoverageFacts) -> Findings:
    place = Place("Why Medicare is second", "2000B SBR05")
    second = coverage.order != PayerOrder.PRIMARY
    asked = second and coverage.payer.filing_code in MEDICARE_FILING_CODES
    if asked and not coverage.insurance_type:
        yield found(_C.MEDICARE_TYPE_MISSING, place)
    elif asked and coverage.insurance_type not in MEDICARE_SECONDARY_TYPES:
        yield found(_C.CODE_UNKNOWN, place)
    elif coverage.insurance_type and not asked:
        yield found(_C.MEDICARE_TYPE_UNEXPECTED, place)
    if not coverage.payer.filing_code:
        yield found(_C.MISSING, Place("Kind of plan", "2000B SBR09"))


def _assignments(coverage: CoverageFacts, whose: str) -> Findings:
    if coverage.assignment_of_benefits not in BENEFITS_ASSIGNED:
        where = "Box 13, CLM08 or OI03"
        yield found(_C.CODE_UNKNOWN, Place(named(whose, "Assignment of benefits"), where))
    if coverage.release_of_information not in RELEASE_OF_INFORMATION:
        where = "Box 12, CLM09 or OI06"
        yield found(_C.CODE_UNKNOWN, Place(named(whose, "Release of information"), where))


def _same_person(patient: PersonFacts, insured: PersonFacts) -> bool:
    births = {patient.birth_date, insured.birth_date} - {None}
    return _name(patient) == _name(insured) and len(births) < 2


def _is_evidently(patient: PersonFacts, insured: PersonFacts) -> bool:
    """Same name and same known birth date: a name alone may be a parent's."""
    born = patient.birth_date
    return born is not None and born == insured.birth_date and _name(patient) == _name(insured)


def _name(person: PersonFacts) -> tuple[str, str]:
    return person.last_name.strip().casefold(), person.first_name.strip().casefold()
