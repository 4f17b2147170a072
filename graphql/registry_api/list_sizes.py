"""How many items the lists of the schema count as where nobody asks for a page, and which input lists may be long.

The numbers are what such a list holds at the most in a registry that has run for years, not what is usual. A test holds this to the
schema: a list has a page, or stands here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from application.catalogs import MOST_CHANGES

LIST_SIZES: Final[Mapping[str, int]] = {
    "Query.catalogs": 10,
    "Query.authorities": 250,
    "Query.amendments": 50,
    "Query.catalogProposals": 20,
    "Query.titles": 10,
    "Query.statistics": 100,
    "Query.auditSample": 100,
    "Catalog.versions": 20,
    "Catalog.entryHistory": 20,
    "CatalogVersion.changes": 20,
    "CatalogVersion.aliasChanges": 20,
    "CatalogVersion.wordChanges": 20,
    "CatalogEntry.awards": 3,
    "CatalogProposal.entries": 200,
    "CatalogProposal.notes": 50,
    "EntryChange.fields": 12,
    "Amendment.changes": 20,
    "Amendment.aliasChanges": 20,
    "Amendment.wordChanges": 20,
    "AmendmentPreview.changes": 50,
    "AmendmentPreview.aliasChanges": 50,
    "AmendmentPreview.wordChanges": 50,
    "AmendmentPreview.refusals": 50,
    "AmendmentPreview.notes": 50,
    "AmendmentPreview.changesSince": 20,
    "CatalogPreview.refusals": 50,
    "CatalogPreview.notes": 50,
    "AmendmentPayload.changesSince": 20,
    "RecognitionCase.deadlines": 5,
    "RecognitionCase.evidence": 20,
    "RecognitionCase.candidates": 15,
    "RecognitionCase.warnings": 5,
    "MatchResult.candidates": 15,
    "HolderFile.cases": 20,
    "Operations.readModels": 5,
    "Operations.masterKeys": 10,
    "Operations.attestationKeys": 10,
    "Operations.maintenance": 10,
    "LogStanding.witnesses": 10,
}
"""Lists of objects by ``Type.field``; the rows of a connection count by the page that its field asks for."""

FIELD_COSTS: Final[Mapping[str, int]] = {
    "Query.__schema": 2_000,
    "Query.matchCertificate": 200,
    "Query.verifyTitle": 20,
    "Query.verifyTitle(asOf)": 300,
    "Query.verifyTitles": 20,
    "Query.verifyTitles(asOf)": 3_000,
    "Query.titles": 10,
    "Query.titles(asOf)": 300,
    "Query.case(asOf)": 300,
    "Query.case(atVersion)": 300,
    "Query.previewAmendment": 2_000,
    "Query.previewCatalog": 2_000,
    "CatalogProposal.notes": 100,
    "Query.checkpoint": 10,
    "Query.inclusionProof": 50,
    "Query.consistencyProof": 50,
    "Query.auditSample": 300,
    "Query.rederive": 500,
    "RecognitionCase.warnings": 20,
    "AuditEvent.data": 20,
    "AuditEvent.stored": 20,
    "CaseEvent.data": 5,
    "CaseEvent.state": 5,
}
"""Fields that are more work than reading one value: how many values they count as; and arguments that ask for the past, which is worked out from events."""

LONG_LISTS: Final[Mapping[str, int]] = {
    "changes": MOST_CHANGES + 1,  # one more than is taken, so that the refusal is the amendment's own
    "aliasChanges": MOST_CHANGES + 1,
    "wordChanges": MOST_CHANGES + 1,
    "entries": 10_000,
    "questions": 501,  # one more than is taken, so that the refusal says how many are
    "aliases": MOST_CHANGES + 1,
}
"""Input lists that hold an office's whole list; others hold at most ``Limits.list`` items."""
