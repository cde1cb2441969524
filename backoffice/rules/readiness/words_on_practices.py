"""Findings of a practice, its billing profiles, clinicians and locations, in words."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from backoffice.rules.readiness.codes import FindingCode
from backoffice.rules.readiness.kinds import FindingKind, Kinds, entered_on, supplied_by
from backoffice.rules.readiness.vocabulary import Screen, Subject, Supplier

_C = FindingCode
_practice = Kinds(Subject.PRACTICE, Supplier.PRACTICE)
_profile = Kinds(Subject.BILLING_PROFILE, Supplier.PRACTICE)
_clinician = Kinds(Subject.CLINICIAN, Supplier.CLINICIAN)
_location = Kinds(Subject.LOCATION, Supplier.PRACTICE)

_REGISTRY = "Copy it from the NPI registry"
_ALL_PARTS = "Enter street, city, state and ZIP"
_NINE = "Look up the ZIP+4 at the post office and enter nine digits"

WORDS_ON_PRACTICES: Final[Mapping[FindingCode, FindingKind]] = MappingProxyType(
    {
        _C.PRACTICE_BILLING_OFF: _practice.missing(
            "billing_is_on", "Insurance billing", "Insurance billing is switched off",
            "No claim may leave for a practice that does not bill insurance",
            "Switch insurance billing on",
        ),
        _C.PRACTICE_NAME_MISSING: _practice.missing(
            "name", "Practice name", "The practice's name is missing",
            "Payers and clients know the practice by it", "Enter the practice's legal name",
        ),
        _C.PRACTICE_PHONE_MISSING: _practice.warning(
            "phone", "Phone", "The practice's phone is missing",
            "A payer with a question calls it", "Enter area code and number",
        ),
        _C.PRACTICE_PHONE_MALFORMED: _practice.warning(
            "phone", "Phone", "The practice's phone is no phone number",
            "A payer with a question calls it", "Enter area code and number",
        ),
        _C.PRACTICE_ADDRESS_INCOMPLETE: _practice.warning(
            "address", "Address", "The practice's address is missing or incomplete",
            "Enrollment forms must match what the payer has on file", _ALL_PARTS,
        ),
        _C.PRACTICE_TIME_ZONE_UNKNOWN: supplied_by(
            _practice.missing(
                "time_zone", "Time zone", "The practice's time zone is not known",
                "Dates of service are days where the practice is", "Choose the time zone",
            ),
            Supplier.US,
        ),
        _C.PRACTICE_LOCATION_MISSING: _practice.warning(
            "locations", "Locations", "The practice has no location",
            "The place of service comes from the location", "Add the office or telehealth location",
        ),
        _C.PRACTICE_PROFILE_MISSING: supplied_by(
            _practice.missing(
                "billing_profiles", "Billing profiles", "The practice has no billing profile",
                "A claim says who bills it (Box 33)", "Add a billing profile",
            ),
            Supplier.US,
        ),
        _C.PROFILE_NAME_MISSING: _profile.missing(
            "name", "Name", "The billing provider's name is missing",
            "The payer matches it with the NPI and the tax id (Box 33)",
            "Enter the name as the payer has it on file",
        ),
        _C.PROFILE_FIRST_NAME_MISSING: _profile.missing(
            "first_name", "First name", "The billing provider's first name is missing",
            "A person bills with both names (Box 33)", "Enter the first name",
        ),
        _C.PROFILE_NPI_MISSING: _profile.missing(
            "npi", "NPI", "The billing NPI is missing",
            "Payers know the billing provider by it (Box 33a)", _REGISTRY,
        ),
        _C.PROFILE_NPI_MALFORMED: _profile.missing(
            "npi", "NPI", "The billing NPI is wrong: its digits don't check",
            "A wrong NPI is refused before anybody reads the claim (Box 33a)", _REGISTRY,
        ),
        _C.PROFILE_TAX_ID_MISSING: _profile.missing(
            "tax_id", "Tax ID", "The tax ID is missing",
            "Every claim carries the EIN or SSN of the billing provider (Box 25)",
            "Enter the EIN or SSN",
        ),
        _C.PROFILE_TAX_ID_MALFORMED: _profile.missing(
            "tax_id", "Tax ID", "The tax ID is not nine digits",
            "The payer matches it with the NPI (Box 25)", "Enter the EIN or SSN again",
        ),
        _C.PROFILE_TAX_ID_KIND_MISSING: _profile.missing(
            "tax_id_kind", "EIN or SSN", "Whether the tax ID is an EIN or an SSN is missing",
            "The claim says which of the two it is (Box 25)", "Choose EIN or SSN",
        ),
        _C.PROFILE_SSN_OF_ORGANIZATION: _profile.warning(
            "tax_id_kind", "EIN or SSN", "An organization bills with an SSN",
            "Payers know organizations by their EIN (Box 25)",
            "Enter the EIN, or bill as an individual",
        ),
        _C.PROFILE_TAXONOMY_MISSING: _profile.missing(
            "taxonomy", "Taxonomy", "The billing taxonomy is missing",
            "Many payers decide by it; for a group it is that of the group NPI", _REGISTRY,
        ),
        _C.PROFILE_TAXONOMY_MALFORMED: _profile.missing(
            "taxonomy", "Taxonomy", "The billing taxonomy is not ten characters ending in X",
            "A code of another form is refused", _REGISTRY,
        ),
        _C.PROFILE_ADDRESS_MISSING: _profile.missing(
            "address", "Billing address", "The billing address is missing",
            "Every claim carries it (Box 33)", _ALL_PARTS,
        ),
        _C.PROFILE_ADDRESS_INCOMPLETE: _profile.missing(
            "address", "Billing address", "The billing address is incomplete",
            "Every claim carries all of it (Box 33)", _ALL_PARTS,
        ),
        _C.PROFILE_ADDRESS_MALFORMED: _profile.missing(
            "address", "Billing address", "The billing address has a wrong state or ZIP",
            "Clearinghouses check both (Box 33)", "Enter the two-letter state and the ZIP again",
        ),
        _C.PROFILE_ZIP_NOT_NINE: _profile.missing(
            "address.zip", "Billing address, ZIP", "The billing ZIP has only five digits",
            "The billing provider's ZIP needs all nine (Box 33)", _NINE,
        ),
        _C.PROFILE_POST_OFFICE_BOX: _profile.missing(
            "address.line1", "Billing address, street", "The billing address is a post office box",
            "Payers want the street here; payments may still go to the box",
            "Enter the street here and the box as pay-to address",
        ),
        _C.PROFILE_PHONE_MISSING: _profile.warning(
            "phone", "Phone", "The billing phone is missing",
            "A payer with a question calls it (Box 33)", "Enter area code and number",
        ),
        _C.PROFILE_PHONE_MALFORMED: _profile.missing(
            "phone", "Phone", "The billing phone is no phone number",
            "Clearinghouses refuse an area or exchange that begins with 0 or 1",
            "Enter area code and number, or leave it empty",
        ),
        _C.PROFILE_PAY_TO_INCOMPLETE: _profile.missing(
            "pay_to", "Pay-to address", "The pay-to address is incomplete or wrong",
            "Payments go there", "Complete it, or leave all of it empty",
        ),
        _C.CLINICIAN_NAME_MISSING: supplied_by(
            _clinician.missing(
                "last_name", "Last name", "The clinician's last name is missing",
                "A claim names who saw the client (Box 31)", "Enter the last name",
            ),
            Supplier.PRACTICE,
        ),
        _C.CLINICIAN_FIRST_NAME_MISSING: supplied_by(
            _clinician.missing(
                "first_name", "First name", "The clinician's first name is missing",
                "A claim names who saw the client (Box 31)", "Enter the first name",
            ),
            Supplier.PRACTICE,
        ),
        _C.CLINICIAN_NPI_MISSING: _clinician.missing(
            "npi", "Personal NPI", "The clinician's personal NPI is missing",
            "Every clinician has an own one, type 1 (Box 24J)", _REGISTRY,
        ),
        _C.CLINICIAN_NPI_MALFORMED: _clinician.missing(
            "npi", "Personal NPI", "The clinician's NPI is wrong: its digits don't check",
            "A wrong NPI is refused before anybody reads the claim (Box 24J)", _REGISTRY,
        ),
        _C.CLINICIAN_NPI_OF_ORGANIZATION: _clinician.missing(
            "npi", "Personal NPI", "The clinician has the organization's NPI",
            "A person's NPI is type 1, an organization's type 2 (Box 24J)",
            "Enter the clinician's own NPI",
        ),
        _C.CLINICIAN_TAXONOMY_MISSING: _clinician.missing(
            "taxonomy", "Taxonomy", "The clinician's taxonomy is missing",
            "Many payers decide by it", _REGISTRY,
        ),
        _C.CLINICIAN_TAXONOMY_MALFORMED: _clinician.missing(
            "taxonomy", "Taxonomy", "The clinician's taxonomy is not ten characters ending in X",
            "A code of another form is refused", _REGISTRY,
        ),
        _C.CLINICIAN_SUPERVISOR_MISSING: supplied_by(
            _clinician.missing(
                "supervisor", "Supervisor", "The supervisor is missing",
                "Supervised services name the supervisor", "Choose the supervisor",
            ),
            Supplier.PRACTICE,
        ),
        _C.CLINICIAN_SUPERVISOR_NPI: supplied_by(
            _clinician.missing(
                "supervisor.npi", "Supervisor's NPI", "The supervisor's NPI is missing or wrong",
                "Supervised services name the supervisor by NPI", _REGISTRY,
            ),
            Supplier.PRACTICE,
        ),
        _C.LOCATION_NAME_MISSING: _location.missing(
            "name", "Location name", "The location's name is missing",
            "A claim names the place when it shows one (Box 32)", "Enter the location's name",
        ),
        _C.LOCATION_PLACE_MISSING: _location.missing(
            "place_of_service", "Place of service", "The location's place of service is missing",
            "Every service says where it happened (Box 24B)", "Choose the place of service",
        ),
        _C.LOCATION_PLACE_UNKNOWN: _location.missing(
            "place_of_service", "Place of service", "The location's place of service is no code",
            "Only the public codes are taken (Box 24B)", "Choose the place of service",
        ),
        _C.LOCATION_BOX_32_OFF: entered_on(
            _location.missing(
                "facility_shown", "Show Box 32", "Box 32 is off for a place elsewhere",
                "When services happen away from the billing address the claim says where (Box 32)",
                "Switch Box 32 on in the billing profile",
            ),
            Screen.BILLING_PROFILE,
        ),
        _C.LOCATION_ADDRESS_MISSING: _location.missing(
            "address", "Address", "The location's address is missing",
            "A claim that shows Box 32 carries the address", _ALL_PARTS,
        ),
        _C.LOCATION_TELEHEALTH_ADDRESS: _location.missing(
            "address", "Address", "The telehealth location has no physical address",
            "A telehealth claim that shows Box 32 is denied without one",
            "Enter a physical address, or switch Box 32 off",
        ),
        _C.LOCATION_ADDRESS_INCOMPLETE: _location.missing(
            "address", "Address", "The location's address is incomplete",
            "A claim that shows Box 32 carries all of it", _ALL_PARTS,
        ),
        _C.LOCATION_ADDRESS_MALFORMED: _location.missing(
            "address", "Address", "The location's address has a wrong state or ZIP",
            "Clearinghouses check both (Box 32)", "Enter the two-letter state and the ZIP again",
        ),
        _C.LOCATION_ZIP_NOT_NINE: _location.missing(
            "address.zip", "Address, ZIP", "The location's ZIP has only five digits",
            "A service facility's ZIP needs all nine (Box 32)", _NINE,
        ),
        _C.LOCATION_POST_OFFICE_BOX: _location.missing(
            "address.line1", "Address, street", "The location is a post office box",
            "Nobody is seen in a post office box (Box 32)", "Enter the street address",
        ),
        _C.LOCATION_NPI_MALFORMED: _location.missing(
            "npi", "Facility NPI", "The location's NPI is wrong: its digits don't check",
            "A wrong NPI is refused (Box 32a)", "Correct it, or leave it empty",
        ),
    }
)  # fmt: skip
