"""Who may do what: the table is whole, and the lines that matter are drawn where they should be."""

import pytest

from backoffice.rules.roles import (
    BROKEN_GLASS,
    GRANTS,
    PRACTICE_ROLES,
    REACH,
    SHOWN,
    STAFF_ROLES,
    STEP_UP,
    TO_SEE_IN_FULL,
    Identifier,
    Permission,
    Reach,
    Role,
    Shown,
    may,
    reach_of,
    shown_to,
)

CHANGES_BILLING = frozenset(
    {
        Permission.EDIT_PRACTICES,
        Permission.EDIT_PAYERS,
        Permission.EDIT_ENROLLMENTS,
        Permission.EDIT_CLIENTS,
        Permission.EDIT_APPOINTMENTS,
        Permission.IMPORT_FILES,
        Permission.EDIT_CLAIMS,
        Permission.SUBMIT_CLAIMS,
        Permission.VOID_CLAIMS,
        Permission.RESOLVE_SUBMISSIONS,
        Permission.POST_PAYMENTS,
        Permission.REVERSE_POSTINGS,
        Permission.WRITE_OFF,
        Permission.CLOSE_MONTHS,
        Permission.ATTRIBUTE_FILES,
    }
)


def test_every_role_has_its_permissions_and_its_reach() -> None:
    assert set(GRANTS) == set(Role)
    assert set(REACH) == set(Role)


def test_every_role_is_either_staff_or_of_a_practice() -> None:
    assert set(Role) == STAFF_ROLES | PRACTICE_ROLES
    assert not STAFF_ROLES & PRACTICE_ROLES


def test_every_permission_is_given_to_somebody() -> None:
    assert frozenset().union(*GRANTS.values()) == set(Permission)


@pytest.mark.parametrize("role", sorted(PRACTICE_ROLES))
def test_a_practices_people_see_claims_but_change_no_billing(role: Role) -> None:
    assert may(role, Permission.SEE_CLAIMS)
    assert not GRANTS[role] & CHANGES_BILLING


@pytest.mark.parametrize("role", sorted(PRACTICE_ROLES))
def test_internal_notes_are_the_houses_own(role: Role) -> None:
    assert not may(role, Permission.WRITE_INTERNAL_NOTES)


@pytest.mark.parametrize("role", sorted(PRACTICE_ROLES))
def test_nobody_of_a_practice_reaches_beyond_it(role: Role) -> None:
    assert reach_of(role) in {Reach.OWN_PRACTICE, Reach.OWN_CLIENTS}


def test_a_clinician_reaches_own_clients_only_and_an_owner_the_practice() -> None:
    assert reach_of(Role.CLINICIAN) is Reach.OWN_CLIENTS
    assert reach_of(Role.PRACTICE_OWNER) is Reach.OWN_PRACTICE


def test_a_biller_reaches_assigned_practices_and_an_administrator_every_one() -> None:
    assert reach_of(Role.BILLER) is Reach.ASSIGNED_PRACTICES
    assert reach_of(Role.ADMINISTRATOR) is Reach.EVERY_PRACTICE


def test_an_auditor_reads_the_record_and_writes_nothing() -> None:
    seen = GRANTS[Role.AUDITOR]

    assert Permission.SEE_AUDIT in seen
    assert all(permission.value.startswith("see_") for permission in seen)


def test_practice_billing_staff_read_only() -> None:
    writes = {p for p in GRANTS[Role.PRACTICE_BILLING] if not p.value.startswith("see_")}

    assert writes == {Permission.SEND_MESSAGES, Permission.ADD_DOCUMENTS}


def test_writing_off_and_reversing_need_a_lead() -> None:
    for permission in (Permission.WRITE_OFF, Permission.REVERSE_POSTINGS):
        allowed = {role for role in Role if may(role, permission)}

        assert allowed == {Role.BILLER_LEAD, Role.ADMINISTRATOR}


def test_only_an_administrator_manages_the_houses_people_and_files_without_a_practice() -> None:
    for permission in (
        Permission.MANAGE_USERS,
        Permission.ATTRIBUTE_FILES,
        Permission.ASSIGN_PRACTICES,
    ):
        assert {role for role in Role if may(role, permission)} == {Role.ADMINISTRATOR}


def test_a_lead_may_all_that_a_biller_may() -> None:
    assert GRANTS[Role.BILLER] < GRANTS[Role.BILLER_LEAD]


def test_each_role_and_identifier_is_decided_and_nobody_sees_all_unasked() -> None:
    for role in Role:
        assert set(SHOWN[role]) == set(Identifier), role
        whole = {kind for kind, shown in SHOWN[role].items() if shown is Shown.FULL}
        assert whole <= {Identifier.MEMBER_ID}, role


def test_somebody_with_two_roles_sees_as_much_as_the_one_that_sees_more() -> None:
    both = [Role.CLINICIAN, Role.PRACTICE_OWNER]

    assert shown_to(both, Identifier.MEMBER_ID) is Shown.FULL
    assert shown_to(both, Identifier.SSN) is Shown.MASKED
    assert shown_to([], Identifier.MEMBER_ID) is Shown.NONE


def test_breaking_the_glass_opens_nothing_that_writes_or_shows_an_identifier_whole() -> None:
    assert GRANTS[Role.AUDITOR] >= BROKEN_GLASS
    assert not BROKEN_GLASS & set(TO_SEE_IN_FULL.values())
    assert set(TO_SEE_IN_FULL.values()) <= STEP_UP
