"""The words the demo is made of: names that say they are made up, places, payers, codes."""

from dataclasses import dataclass
from decimal import Decimal

FIRST_NAMES = [
    "Avery",
    "Riley",
    "Jordan",
    "Casey",
    "Morgan",
    "Drew",
    "Quinn",
    "Rowan",
    "Skyler",
    "Emery",
    "Harper",
    "Sage",
    "Blair",
    "Reese",
    "Parker",
    "Devon",
    "Kendall",
    "Finley",
    "Marlow",
    "Tatum",
    "Hollis",
    "Remy",
    "Nico",
    "Jules",
    "Lou",
    "Max",
    "Wren",
    "Shiloh",
    "Peyton",
    "Ellis",
    "Lennox",
    "Arden",
    "Ivy",
    "Kit",
    "Robin",
    "Dana",
    "Shay",
    "Toby",
    "Noel",
    "Merritt",
    "Oakley",
    "Phoenix",
    "Sutton",
    "Briar",
    "Lane",
]
LAST_NAMES = [
    "Sample",
    "Specimen",
    "Example",
    "Mockford",
    "Testerson",
    "Placeholder",
    "Pretend",
    "Demofield",
    "Invented",
    "Fiction",
    "Notreal",
    "Madeup",
    "Mockwell",
    "Trialman",
    "Exemplar",
    "Sampleton",
    "Testworth",
    "Imagined",
    "Fakeley",
    "Demoson",
    "Examplar",
    "Inventson",
    "Standby",
    "Testino",
    "Pretendsen",
    "Protosen",
    "Fictive",
    "Mockler",
    "Fabled",
    "Standin",
    "Samplwood",
    "Mockton",
    "Untrue",
    "Placebo",
    "Fabricant",
    "Draftley",
    "Stubbs",
    "Specimann",
    "Dummett",
    "Modelle",
]
STREETS = ("Elm Street", "Harbor Road", "Quarry Lane", "Mill Street", "Chapel Hill", "Oak Avenue")


@dataclass(frozen=True)
class Town:
    """Where a practice and its clients live."""

    city: str
    state: str
    zip: str  # nine digits
    area_code: str


@dataclass(frozen=True)
class PracticeIdea:
    """One practice of the demo."""

    name: str
    short_name: str
    mark: str
    town: Town
    clinicians: int
    solo: bool = False
    ssn_biller: bool = False
    note_gate: bool = False
    pays_elsewhere: bool = False
    shows_facility: bool = False


PRACTICES = (
    PracticeIdea(
        "Harbor Lane Counseling", "Harbor Lane", "HL", Town("Portland", "ME", "041011234", "207"), 4
    ),
    PracticeIdea(
        "Juniper Row Therapy", "Juniper Row", "JR", Town("Albany", "NY", "122071001", "518"), 3,
        pays_elsewhere=True,
    ),
    PracticeIdea(
        "Northbank Psychology", "Northbank", "NB", Town("Columbus", "OH", "432151100", "614"), 3
    ),
    PracticeIdea(
        "Quiet Oak Counseling", "Quiet Oak", "QO", Town("Boise", "ID", "837021200", "208"), 2,
        note_gate=True,
    ),
    PracticeIdea(
        "Lantern Street Wellness", "Lantern St", "LS", Town("Tucson", "AZ", "857011300", "520"), 3,
        shows_facility=True,
    ),
    PracticeIdea(
        "Maple Court Family Therapy", "Maple Court", "MC", Town("Des Moines", "IA", "503091400",
        "515"), 2,
    ),
    PracticeIdea(
        "Tidewater Behavioral Group", "Tidewater", "TF", Town("Norfolk", "VA", "235101500", "757"),
        3,
    ),
    PracticeIdea(
        "Robin Ridgeline, LCSW", "Ridgeline", "RB", Town("Denver", "CO", "802021600", "303"), 1,
        solo=True, ssn_biller=True,
    ),
)  # fmt: skip


@dataclass(frozen=True)
class PayerIdea:
    """One payer of the demo with its quirks."""

    name: str
    short_name: str
    electronic_id: str
    prefix: str  # of its member ids
    filing_code: str = "CI"
    filing_days: int = 90
    several_dates: bool = True
    enrollment_needed: bool = False
    era_supported: bool = True
    authorization: bool = False


PAYERS = (
    PayerIdea("Northstar Health", "Northstar", "NSH01", "NSH"),
    PayerIdea("Evergreen Mutual", "Evergreen", "EVG22", "EVG"),
    PayerIdea("Bluefield Plan", "Bluefield", "BFP07", "BFP", filing_code="BL", filing_days=180),
    PayerIdea("Carewell PPO", "Carewell", "CWP44", "CWP", filing_days=120),
    PayerIdea("Meridian Benefit", "Meridian", "MRB19", "MRB", authorization=True),
    PayerIdea("Union Care", "Union", "UNC63", "UNC", filing_days=180, several_dates=False),
    PayerIdea("Summit Health Plan", "Summit", "SMT58", "SMT", filing_days=120),
    PayerIdea(
        "State Medicaid (demo)", "Medicaid", "MCD90", "MCD", filing_code="MC", filing_days=365,
        enrollment_needed=True,
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Session:
    """A kind of session: its code and its fee."""

    code: str
    fee: Decimal
    weight: int


SESSIONS = (
    Session("90837", Decimal("185.00"), 50),
    Session("90834", Decimal("145.00"), 28),
    Session("90832", Decimal("105.00"), 6),
    Session("90791", Decimal("225.00"), 8),
    Session("90847", Decimal("165.00"), 6),
    Session("90853", Decimal("70.00"), 2),
)
DIAGNOSES = ("F411", "F331", "F4323", "F4310", "F321", "F410", "F902", "F419", "F4320", "F429")
ORGANIZATION_TAXONOMY = "261QM0801X"
CLINICIAN_TAXONOMIES = (("LCSW", "1041C0700X"), ("LPC", "101YP2500X"), ("PsyD", "103TC0700X"))
