"""One event of every class with every field filled, from which golden files are written once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

from domain.base import Act, Event
from domain.case.case import RecognitionCase
from domain.case.events import CertificateClaimMoved, Matched
from domain.catalog.amendment import AmendmentTerms
from domain.catalog.catalog import Catalog
from domain.catalog.proposal import CatalogProposal, CatalogTerms
from domain.claim import CertificateClaim
from domain.decision_import import DecisionImport
from domain.entry_claim import EntryClaim
from domain.holder import Holder
from domain.identifiers import entry_claim_id, holder_stream, imported_case_id, integrity_record_id
from domain.integrity import IntegrityRecord
from domain.officer import Officer
from domain.values import Actor, AliasChangeKind, ClosingRule, MatchOutcome, Provenance, ReviewOutcome, Role, TitleLevel
from tests.claims import claim_id
from tests.domain import cases, catalogs
from tests.domain.scenario import Happened

BY = Provenance(
    actor=Actor(
        subject="golden",
        role=Role.REVIEWER,
        authority_code="330106-HR",
        holder_ref=UUID("3f333df6-90a4-4fda-8dd3-9485d27cee36"),
    ),
    on_behalf_of="somebody",
    client="golden-files",
    request_id="request-1",
)
AT = datetime(2024, 5, 6, 4, 30, 15, 123456, tzinfo=UTC)
TERMS = AmendmentTerms(
    base_version=1,
    notice=catalogs.NOTICE.model_copy(
        update={"number": "浙人社发〔2024〕1号", "levels": tuple(TitleLevel), "departments": ("甲厅", "乙厅")}
    ),
    effective_from=date(2024, 6, 1),
    erratum=True,
    rematch_pending=True,
    changes=(catalogs.add(101), catalogs.RENUMBERED, catalogs.withdraw(88)),
    alias_changes=(catalogs.alias(catalogs.ADDED),),
    word_changes=(catalogs.word(AliasChangeKind.ADDED),),
    ends_on=date(2029, 12, 31),
)
CATALOG = CatalogTerms(
    code="example-further",
    name="目录（其他领域）",
    notice=catalogs.NOTICE.model_copy(update={"number": "浙人社发〔2024〕2号"}),
    effective_from=date(2024, 7, 1),
    entries=(catalogs.PLAIN, catalogs.GRADED),
    aliases=(catalogs.AWS,),
    vocabulary=(catalogs.PRO,),
)
MATCHED = cases.noted(
    Matched,
    catalog_code=cases.CATALOG,
    catalog_version=1,
    entry_number=88,
    grade="1级",
    outcome=MatchOutcome.CONFIDENT,
    candidates=(
        cases.CANDIDATE,
        cases.CANDIDATE.model_copy(update={"catalog_code": "example-further", "catalog_version": 1}),
    ),
    rule_set="rules-1",
    reason="the same body",
)


def examples() -> Iterator[Event]:
    """An example of every event class of the domain, at its present version."""
    case = [
        cases.submitted(certificate=cases.CERTIFICATE.model_copy(update={"grade": "1级"}), catalog_asked=cases.CATALOG),
        cases.listed(),
        MATCHED,
        cases.REQUESTED,
        cases.SUPPLEMENTED,
        cases.TRANSFERRED,
        replace(cases.APPROVED, facts={**cases.APPROVED.facts, "opinion": "the issuer's register shows it"}),
        replace(cases.REJECTED, facts={**cases.REJECTED.facts, "code": cases.ELSEWHERE}),
        replace(cases.WITHDRAWN, facts={**cases.WITHDRAWN.facts, "code": ClosingRule.HOLDER_ERASED}),
        cases.REMATCH,
        cases.PROPOSED,
        cases.ERROR_PROPOSED,
        cases.NOTICED,
        cases.ANSWERED,
        cases.DECLINED,
        cases.REVOKED,
        cases.ANNULLED,
        replace(cases.SURRENDERED, facts={**cases.SURRENDERED.facts, "code": ClosingRule.HOLDER_ERASED}),
        cases.BACK_PROPOSED,
        cases.REINSTATED,
        cases.REASSESSED,
        cases.reviewed(ReviewOutcome.OVERTURNED, reopens=True),
        cases.MISSED,
        cases.noted(CertificateClaimMoved, claim_id=cases.OTHER_CLAIM),
    ]
    catalog = [
        catalogs.published(aliases=(catalogs.AWS,), vocabulary=(catalogs.PRO,)),
        catalogs.proposed(2, TERMS),
        catalogs.issued(2, 2, TERMS),
        catalogs.discarded(2),
    ]
    proposal = [
        Happened(CatalogProposal.Proposed, {"terms": CATALOG}),
        Happened(CatalogProposal.Published, {}),
        Happened(CatalogProposal.Discarded, {"reason": "withdrawn by the department"}),
    ]
    parties = {"case_id": cases.CASE, "holder_ref": cases.HOLDER}
    claim = [
        Happened(CertificateClaim.Claimed, parties),
        Happened(CertificateClaim.Released, {"case_id": cases.CASE}),
        Happened(CertificateClaim.Reclaimed, parties),
        Happened(CertificateClaim.Contested, {**parties, "files": 2}),
        Happened(CertificateClaim.Retaken, parties),
        Happened(CertificateClaim.Awarded, {"case_id": cases.CASE}),
        Happened(CertificateClaim.Forfeited, {"case_id": cases.CASE}),
    ]
    entry = [
        Happened(EntryClaim.Claimed, parties),
        Happened(EntryClaim.Released, {"case_id": cases.CASE}),
        Happened(EntryClaim.Reclaimed, {"case_id": cases.CASE}),
    ]
    term = {"case_number": "ZJ-2024-0A1B2C3D4E", "filed_on": date(2024, 2, 29), "lapses_on": date(2027, 2, 28)}
    record = [
        Happened(IntegrityRecord.Filed, {**parties, "ground": "forged", "findings": "the issuer denies it", **term}),
        Happened(IntegrityRecord.Overturned, {"holder_ref": cases.HOLDER, "reason": "the issuer was wrong"}),
    ]
    basis = {"holder_ref": cases.HOLDER, "legal_basis": "PIPL article 47"}
    holder = [
        Happened(Holder.Opened, {"holder_ref": cases.HOLDER}),
        Happened(Holder.Restricted, basis),
        Happened(Holder.RestrictionLifted, basis),
        Happened(Holder.Erased, basis),
        Happened(Holder.DestructionCompleted, {"holder_ref": cases.HOLDER, "evidence_files": 2}),
    ]
    brought = [
        Happened(DecisionImport.Signed, {"sha256": "cd" * 32, "rows": 9, "waived": ("evidence_or_opinion",)}),
        Happened(DecisionImport.Begun, {}),
        Happened(DecisionImport.Finished, {"imported": 8, "refused": 1}),
    ]
    officer = [Happened(Officer.Registered, {"subject": "officer.x"}), Happened(Officer.RegisteredAnew, {})]
    for stream, topic, happened in [
        (cases.CASE, RecognitionCase.TOPIC, case),
        (imported_case_id(cases.IMPORT, 7), RecognitionCase.TOPIC, [cases.imported()]),
        (cases.IMPORT, DecisionImport.TOPIC, brought),
        (catalogs.STREAM, Catalog.TOPIC, catalog),
        (UUID("b8f6f3a5-5b55-4b8e-9d39-1c8a2f6f0d11"), CatalogProposal.TOPIC, proposal),
        (claim_id("Example Institute", "CEE-0042"), CertificateClaim.TOPIC, claim),
        (entry_claim_id(cases.HOLDER, cases.CATALOG, 88, "1级"), EntryClaim.TOPIC, entry),
        (integrity_record_id(cases.CASE, 5), IntegrityRecord.TOPIC, record),
        (holder_stream(cases.HOLDER), Holder.TOPIC, holder),
        (UUID("7c1a4948-8507-566c-9ef7-f3bc309a07b6"), Officer.TOPIC, officer),
    ]:
        for version, each in enumerate(happened, 1):
            yield replace(each, act=Act(BY, AT)).at(stream, version, topic)
