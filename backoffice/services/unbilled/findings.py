"""Writes what subjects lack, and adds it up on the appointments that rest on them."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from backoffice.models.base import new_id
from backoffice.rules.readiness import Finding, FindingCode, Subject, Weight

# The one word a held appointment shows; all others show their subject.
_HELD_WORDS: Mapping[FindingCode, str] = {
    FindingCode.APPOINTMENT_NOTE_UNSIGNED: "note_unsigned",
    FindingCode.APPOINTMENT_DUPLICATE: "duplicate",
    FindingCode.APPOINTMENT_AUTH_MISSING: "authorization",
    FindingCode.APPOINTMENT_AUTH_OUTSIDE_DATES: "authorization",
    FindingCode.APPOINTMENT_AUTH_USED_UP: "authorization",
}
RESTS_ON: Mapping[Subject, str] = {
    Subject.PRACTICE: "practice_id",
    Subject.BILLING_PROFILE: "profile_id",
    Subject.CLINICIAN: "clinician_id",
    Subject.LOCATION: "facility_id",
    Subject.CLIENT: "client_id",
    Subject.POLICY: "policy_id",
    Subject.ENROLLMENT: "enrollment_id",
    Subject.AUTHORIZATION: "authorization_id",
    Subject.APPOINTMENT: "id",
}
"""The column of appointments that names each kind of subject it rests on."""


@dataclass(frozen=True)
class Judged:
    """One subject and all that it lacks; no findings means nothing is missing."""

    kind: Subject
    subject_id: UUID
    findings: tuple[Finding, ...]

    def count(self, weight: Weight) -> int:
        """Return how many findings have a weight."""
        return sum(finding.weight is weight for finding in self.findings)

    @property
    def held_for(self) -> str | None:
        """Return the first reason to hold, as the word shown in the queue."""
        for finding in self.findings:
            if finding.weight is Weight.HOLDS:
                return _HELD_WORDS.get(finding.code, self.kind.value)
        return None


_LIFT_FINDINGS = text("""
    DELETE FROM readiness_findings AS old
     WHERE old.practice_id = :practice_id AND old.subject_id = ANY (CAST(:judged AS uuid[]))
       AND NOT EXISTS (
           SELECT FROM unnest(CAST(:subjects AS uuid[]), CAST(:codes AS text[]),
                              CAST(:fields AS text[])) AS new (subject_id, code, field)
            WHERE new.subject_id = old.subject_id AND new.code = old.code
              AND new.field = old.field)
""")
_ADD_FINDINGS = text("""
    INSERT INTO readiness_findings
        (practice_id, id, created_at, subject_kind, subject_id, code, field, supplier, weight)
    SELECT :practice_id, new.id, statement_timestamp(), new.kind, new.subject_id, new.code,
           new.field, new.supplier, new.weight
      FROM unnest(CAST(:ids AS uuid[]), CAST(:kinds AS text[]), CAST(:subjects AS uuid[]),
                  CAST(:codes AS text[]), CAST(:fields AS text[]),
                  CAST(:suppliers AS text[]), CAST(:weights AS text[]))
           AS new (id, kind, subject_id, code, field, supplier, weight)
    ON CONFLICT (practice_id, subject_id, code, field) DO NOTHING
""")
_LIFT_TALLIES = text("""
    DELETE FROM finding_tallies AS old
     WHERE old.practice_id = :practice_id AND old.subject_id = ANY (CAST(:judged AS uuid[]))
       AND NOT EXISTS (SELECT FROM unnest(CAST(:subjects AS uuid[])) AS new (subject_id)
                        WHERE new.subject_id = old.subject_id)
    RETURNING old.subject_id
""")
_SET_TALLIES = text("""
    INSERT INTO finding_tallies AS old
        (practice_id, subject_id, missing_count, held_count, warning_count, held_for)
    SELECT :practice_id, new.*
      FROM unnest(CAST(:subjects AS uuid[]), CAST(:missing AS int[]), CAST(:held AS int[]),
                  CAST(:warning AS int[]), CAST(:held_for AS text[])) AS new
    ON CONFLICT (practice_id, subject_id) DO UPDATE
       SET missing_count = excluded.missing_count, held_count = excluded.held_count,
           warning_count = excluded.warning_count, held_for = excluded.held_for
     WHERE (old.missing_count, old.held_count, old.warning_count)
           IS DISTINCT FROM
           (excluded.missing_count, excluded.held_count, excluded.warning_count)
        OR old.held_for IS DISTINCT FROM excluded.held_for
    RETURNING old.subject_id
""")
# One statement over an index of appointments, each row adding up at most nine tallies by their
# primary key. No join: its plan must not hang on statistics, which after a load are not there yet.
# The states are those of rules.readiness_of: what is missing comes before what waits (a test holds
# the two together).
_SUMMED = """
    SELECT added.*, CASE WHEN missing > 0 THEN 'missing'
                         WHEN held > 0 THEN 'held' ELSE 'ready' END AS readiness
      FROM (SELECT coalesce(sum(tally.missing_count), 0) AS missing,
                   coalesce(sum(tally.held_count), 0) AS held,
                   coalesce(sum(tally.warning_count), 0) AS warning,
                   (array_agg(tally.held_for
                              ORDER BY array_position(subjects.ids, tally.subject_id))
                       FILTER (WHERE tally.held_for IS NOT NULL))[1] AS held_for
              FROM (SELECT ARRAY[kept.id, kept.authorization_id, kept.enrollment_id,
                                 kept.policy_id, kept.client_id, kept.clinician_id,
                                 kept.facility_id, kept.profile_id, kept.practice_id] AS ids
                   ) AS subjects
              LEFT JOIN finding_tallies AS tally
                ON tally.practice_id = :practice_id AND tally.subject_id = ANY (subjects.ids)
           ) AS added
"""
_REFRESH = """
    UPDATE appointments AS kept
       SET (missing_count, held_count, warning_count, held_for, readiness) = ({summed})
     WHERE kept.practice_id = :practice_id AND kept.unbilled
       AND kept.{column} = ANY (CAST(:subjects AS uuid[]))
       AND EXISTS (SELECT FROM ({summed}) AS fresh
                    WHERE (kept.missing_count, kept.held_count, kept.warning_count,
                           kept.held_for, kept.readiness)
                          IS DISTINCT FROM
                          (fresh.missing, fresh.held, fresh.warning, fresh.held_for,
                           fresh.readiness))
"""
_REFRESH_BY = {
    kind: text(_REFRESH.format(column=column, summed=_SUMMED)) for kind, column in RESTS_ON.items()
}


def write_findings(session: Session, practice_id: UUID, judged: Iterable[Judged]) -> set[UUID]:
    """Make the findings and tallies of these subjects what was judged; what holds stays as it is.

    Nothing is written for a subject whose findings did not change. Returns the subjects whose
    tally changed: what rests on them is to be refreshed.
    """
    every = list(judged)
    if not every:
        return set()
    found = [(one, finding) for one in every for finding in one.findings]
    about = {
        "practice_id": practice_id,
        "judged": [one.subject_id for one in every],
        "subjects": [one.subject_id for one, _ in found],
        "codes": [finding.code.value for _, finding in found],
        "fields": [finding.field for _, finding in found],
    }
    session.execute(_LIFT_FINDINGS, about)
    session.execute(
        _ADD_FINDINGS,
        about
        | {
            "ids": [new_id() for _ in found],
            "kinds": [one.kind.value for one, _ in found],
            "suppliers": [finding.supplier.value for _, finding in found],
            "weights": [finding.weight.value for _, finding in found],
        },
    )
    return _write_tallies(session, practice_id, every)


def _write_tallies(session: Session, practice_id: UUID, judged: list[Judged]) -> set[UUID]:
    lacking = [one for one in judged if one.findings]
    subjects = [one.subject_id for one in lacking]
    lifted = session.scalars(
        _LIFT_TALLIES,
        {
            "practice_id": practice_id,
            "judged": [one.subject_id for one in judged],
            "subjects": subjects,
        },
    )
    changed = session.scalars(
        _SET_TALLIES,
        {
            "practice_id": practice_id,
            "subjects": subjects,
            "missing": [one.count(Weight.BLOCKS) for one in lacking],
            "held": [one.count(Weight.HOLDS) for one in lacking],
            "warning": [one.count(Weight.WARNS) for one in lacking],
            "held_for": [one.held_for for one in lacking],
        },
    )
    return {*lifted, *changed}


def refresh(
    session: Session, practice_id: UUID, kind: Subject, subject_ids: Collection[UUID]
) -> None:
    """Add the tallies up on every unbilled appointment that rests on these subjects.

    One indexed statement; it leaves `version` alone, so that nobody's open form goes stale.
    """
    if subject_ids:
        session.execute(
            _REFRESH_BY[kind], {"practice_id": practice_id, "subjects": list(subject_ids)}
        )
