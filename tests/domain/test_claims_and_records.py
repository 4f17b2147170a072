"""A certificate supports one live recognition at a time; fraud is filed for a term (article 4)."""

from datetime import UTC, date, datetime
from itertools import product
from uuid import UUID

import pytest

from domain.claim import CertificateClaim, Claimant, already_claimed
from domain.identifiers import integrity_record_id
from domain.integrity import IntegrityRecord
from domain.refusals import RefusalCode
from tests.claims import claim_id
from tests.domain.cases import CASE, HOLDER, KNOWN
from tests.domain.scenario import Given, Happened, act

OTHER = UUID("9e107d9d-372b-4a4f-8c1e-1f4f9bd3c001")
STREAM = claim_id("Example Institute", "CEE-0042")
RECORD = integrity_record_id(CASE, 5)
MINE = {"case_id": CASE, "holder_ref": HOLDER}
THEIRS = {"case_id": OTHER, "holder_ref": OTHER}
CLAIMED = Happened(CertificateClaim.Claimed, MINE)
RELEASED = Happened(CertificateClaim.Released, {"case_id": CASE})
RECLAIMED = Happened(CertificateClaim.Reclaimed, THEIRS)
NUMBER = "ZJ-2024-0A1B2C3D4E"
OVERTURNED = Happened(IntegrityRecord.Overturned, {"holder_ref": HOLDER, "reason": "the issuer was wrong"})

CLAIM_PASTS = {
    "claimed": (CLAIMED,),
    "released": (CLAIMED, RELEASED),
    "reclaimed": (CLAIMED, RELEASED, RECLAIMED),
}
CLAIM_COMMANDS = {
    "release by its case": lambda claim: claim.release(act(), CASE),
    "release by another case": lambda claim: claim.release(act(), OTHER),
    "reclaim": lambda claim: claim.decide(CertificateClaim.Reclaimed, act(), **THEIRS),
}
CLAIM_TABLE = {
    ("claimed", "release by its case"): [RELEASED],
    ("claimed", "release by another case"): [],
    ("claimed", "reclaim"): RefusalCode.CERTIFICATE_ALREADY_CLAIMED,
    ("released", "release by its case"): [],
    ("released", "release by another case"): [],
    ("released", "reclaim"): [RECLAIMED],
    ("reclaimed", "release by its case"): [],
    ("reclaimed", "release by another case"): [Happened(CertificateClaim.Released, {"case_id": OTHER})],
    ("reclaimed", "reclaim"): RefusalCode.CERTIFICATE_ALREADY_CLAIMED,
}


def noon_of(day):
    """Noon in Shanghai on a day."""
    return datetime(day.year, day.month, day.day, 4, tzinfo=UTC)


def filed(day=date(2024, 5, 6), until=date(2027, 5, 6)):
    """A record of a revocation on a day."""
    return Happened(
        IntegrityRecord.Filed,
        {
            **MINE,
            "case_number": NUMBER,
            "ground": "forged",
            "findings": "denied",
            "filed_on": day,
            "lapses_on": until,
        },
    )


class TestClaim:
    """Uniqueness is the store's; what a claim may become is the claim's."""

    def test_the_table_is_complete(self):
        """Every past of a claim meets every command."""
        assert CLAIM_TABLE.keys() == set(product(CLAIM_PASTS, CLAIM_COMMANDS))

    def test_the_first_claim_starts_the_stream(self):
        """A certificate nobody presented before is claimed by its first case, on the stream of its body and number."""
        outcome = Given(CertificateClaim, STREAM).when(
            lambda _: CertificateClaim.begin(CertificateClaim.Claimed, act(), STREAM, **MINE)
        )
        claim = outcome.then(CLAIMED)
        assert (outcome.aggregate.id, claim.claimants) == (STREAM, (Claimant(CASE, HOLDER),))

    @pytest.mark.parametrize(("past", "command"), CLAIM_TABLE)
    def test_a_command_leads_where_the_table_says(self, past, command):
        """A held certificate is not claimed again; a case that does not hold it releases nothing."""
        result = CLAIM_TABLE[past, command]
        outcome = Given(CertificateClaim, STREAM, *CLAIM_PASTS[past]).when(CLAIM_COMMANDS[command])
        if isinstance(result, RefusalCode):
            outcome.refused(result)
        else:
            outcome.then(*result)

    def test_rule_and_store_refuse_alike(self):
        """The second claim gets one answer, whoever found it, and without the number in it."""
        refusal = already_claimed()
        assert refusal.code is RefusalCode.CERTIFICATE_ALREADY_CLAIMED
        assert "0042" not in refusal.message


class TestRecord:
    """The integrity archive."""

    def file(self, day):
        facts = {"case_id": CASE, "case_number": NUMBER, "revoked_at_version": 5, "holder_ref": HOLDER}
        return Given(IntegrityRecord, RECORD).when(
            lambda _: IntegrityRecord.file(act(at=noon_of(day)), KNOWN, **facts, ground="forged", findings="denied")
        )

    @pytest.mark.parametrize(
        ("day", "until"),
        [
            (date(2024, 5, 6), date(2027, 5, 6)),
            (date(2024, 2, 28), date(2027, 2, 28)),
            (date(2024, 2, 29), date(2027, 2, 28)),
            (date(2024, 3, 1), date(2027, 3, 1)),
            (date(2025, 2, 28), date(2028, 2, 28)),
            (date(2023, 12, 31), date(2026, 12, 31)),
        ],
    )
    def test_stands_for_three_years_to_the_day(self, day, until):
        """记录期限为3年; a record of 29 February ends on 28 February, since three years on there is no 29th."""
        assert KNOWN.rules.integrity.years == 3
        record = self.file(day).then(filed(day, until))
        assert (record.record_id, record.lapses_on, record.overturned) == (RECORD, until, False)

    def test_a_record_is_filed_and_overturned(self):
        """A record is filed and may be overturned; nothing else."""
        assert list(IntegrityRecord.GUARDS) == [IntegrityRecord.Filed, IntegrityRecord.Overturned]

    @pytest.mark.parametrize(("past", "code"), [((filed(),), None), ((filed(), OVERTURNED), RefusalCode.WRONG_STATE)])
    def test_is_overturned_once(self, past, code):
        """Reinstatement marks the record as overturned, once, and it stays to be read."""
        outcome = Given(IntegrityRecord, RECORD, *past).when(
            lambda record: record.overturn(act(), "the issuer was wrong")
        )
        if code is None:
            assert outcome.then(OVERTURNED).overturned
        else:
            outcome.refused(code)

    def test_each_revocation_has_its_own(self):
        """A title revoked, reinstated and revoked again has two records."""
        assert integrity_record_id(CASE, 5) != integrity_record_id(CASE, 8)
