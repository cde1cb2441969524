"""The format's own codes that our readers and writers act on: who, which number, which day."""

from enum import StrEnum


class Entity(StrEnum):
    """Whose name an NM1 or N1 is (NM101, N101)."""

    SUBMITTER = "41"
    RECEIVER = "40"
    BILLING_PROVIDER = "85"
    PAY_TO = "87"
    SUBSCRIBER = "IL"
    PATIENT = "QC"
    PAYER = "PR"
    REFERRING_PROVIDER = "DN"
    PRIMARY_CARE_PROVIDER = "P3"
    RENDERING_PROVIDER = "82"
    SUPERVISING_PROVIDER = "DQ"
    SERVICE_FACILITY = "77"
    PAYEE = "PE"  # an 835's payee; in an 837 the pay-to plan
    CORRECTED_SUBSCRIBER = "74"
    CROSSOVER_CARRIER = "TT"


class EntityType(StrEnum):
    """A person or not (NM102)."""

    PERSON = "1"
    ORGANIZATION = "2"


class IdKind(StrEnum):
    """What kind of number an NM109 or N104 holds (NM108, N103)."""

    NPI = "XX"
    MEMBER = "MI"
    PAYER = "PI"
    PLAN = "XV"
    TAX = "FI"
    ELECTRONIC_TRANSMITTER = "46"
    UNIQUE_HEALTH_ID = "II"


class Level(StrEnum):
    """What an HL level is about (HL03)."""

    SOURCE = "20"  # 837: billing provider; 277CA: the one who answers
    RECEIVER = "21"
    PROVIDER = "19"
    SUBSCRIBER = "22"
    DEPENDENT = "23"
    PATIENT = "PT"


class Reference(StrEnum):
    """What number a REF holds (REF01)."""

    EIN = "EI"
    SSN = "SY"
    PAYEE_TAX_ID = "TJ"
    PRIOR_AUTHORIZATION = "G1"
    REFERRAL = "9F"
    PAYER_CLAIM_CONTROL_NUMBER = "F8"
    CLEARINGHOUSE_TRACE = "D9"
    MEDICAL_RECORD = "EA"
    LINE_CONTROL_NUMBER = "6R"
    PAYER_CLAIM_NUMBER_IN_277 = "1K"
    LINE_ITEM_IN_277 = "FJ"
    RECEIVER_ID = "EV"


class DateKind(StrEnum):
    """Which day a DTP or DTM is (DTP01, DTM01)."""

    SERVICE = "472"
    ADJUDICATION = "573"
    ACCIDENT = "439"
    STATEMENT_FROM = "232"
    STATEMENT_TO = "233"
    SERVICE_FROM = "150"
    SERVICE_TO = "151"
    CLAIM_RECEIVED = "050"
    COVERAGE_EXPIRES = "036"
    PRODUCTION = "405"


class AmountKind(StrEnum):
    """What an AMT is (AMT01)."""

    PATIENT_PAID = "F5"
    PAYER_PAID = "D"
    REMAINING_PATIENT = "EAF"
    ALLOWED = "B6"


class DiagnosisKind(StrEnum):
    """Which place a diagnosis has in an HI (HI01-1, HI02-1): ICD-10-CM only."""

    PRINCIPAL = "ABK"
    OTHER = "ABF"


class Guide(StrEnum):
    """Implementation guides by their 5010 identifiers (GS08, ST03)."""

    CLAIM = "005010X222A1"
    REMITTANCE = "005010X221A1"
    ACKNOWLEDGEMENT = "005010X231A1"
    CLAIM_ACKNOWLEDGEMENT = "005010X214"


FUNCTIONAL_GROUP = {"837": "HC", "835": "HP", "999": "FA", "277": "HN"}
"""The functional identifier (GS01) that each transaction set (ST01) travels under."""
