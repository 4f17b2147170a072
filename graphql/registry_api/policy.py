"""Which action each field at the root of the schema is: the policy says by role who may, this says what is asked for.

``None`` is for fields whose answer depends on what is named: they show what the actor may see, and null otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from application.access import Action

FIELDS: Final[Mapping[str, Action | None]] = {
    "node": None,
    "nodes": None,
    "catalogs": Action.READ_CATALOG,
    "catalog": Action.READ_CATALOG,
    "authorities": Action.READ_CATALOG,
    "matchCertificate": Action.MATCH,
    "amendments": Action.READ_CASES,
    "previewAmendment": Action.AMEND_CATALOG,
    "previewCatalog": Action.AMEND_CATALOG,
    "catalogProposals": Action.READ_CASES,
    "titles": Action.READ_TITLES,
    "titleList": Action.READ_TITLES,
    "verifyTitle": Action.VERIFY_TITLE,
    "case": Action.READ_CASES,
    "cases": Action.READ_CASES,
    "auditLog": Action.READ_AUDIT_LOG,
    "accessLog": Action.READ_ACCESS_LOG,
    "holderFile": Action.READ_HOLDER_FILE,
    "checkpoint": Action.READ_LOG_PROOFS,
    "inclusionProof": Action.READ_LOG_PROOFS,
    "consistencyProof": Action.READ_LOG_PROOFS,
    "status": Action.READ_STATUS,
    "submitCase": Action.SUBMIT,
    "supplementCase": Action.ACCOMPANY,
    "withdrawCase": Action.ACCOMPANY,
    "confirmMatch": Action.DECIDE,
    "requestSupplement": Action.DECIDE,
    "transferCase": Action.DECIDE,
    "approveCase": Action.DECIDE,
    "rejectCase": Action.DECIDE,
    "proposeRevocation": Action.DECIDE,
    "confirmRevocation": Action.DECIDE,
    "reinstateTitle": Action.DECIDE,
    "proposeAmendment": Action.AMEND_CATALOG,
    "issueAmendment": Action.AMEND_CATALOG,
    "discardAmendment": Action.AMEND_CATALOG,
    "proposeCatalog": Action.AMEND_CATALOG,
    "publishCatalog": Action.AMEND_CATALOG,
    "discardCatalog": Action.AMEND_CATALOG,
    "eraseHolder": Action.ERASE,
    "restrictHolder": Action.RESTRICT,
    "liftRestriction": Action.RESTRICT,
    "registerOfficer": Action.REGISTER_OFFICER,
    "events": Action.FOLLOW_EVENTS,
    "titleChanges": Action.FOLLOW_TITLES,
}
"""Fields of queries, mutations and subscriptions alike. The gate asks it before a field looks at its input; one that is not here cannot be declared."""

PUBLIC_FIELDS: Final = frozenset(
    {"__typename", "__schema", "__type", *(name for name, action in FIELDS.items() if action is Action.READ_CATALOG)}
)
"""Fields of the root of a query that answer everybody the same, with a token or without: the catalog, and the schema itself."""
