"""Which action each field at the root of the schema is: the policy says by role who may, this says what is asked for.

That of a query stands on the query itself (``refusals.answering``), which declares it here. ``None`` is for fields whose answer
depends on what is named: they show what the actor may see, and null otherwise.
"""

from __future__ import annotations

from typing import Final

from application.access import Action

FIELDS: Final[dict[str, Action | None]] = {
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
    "proposeAnnulment": Action.DECIDE,
    "confirmAnnulment": Action.DECIDE,
    "declineProposal": Action.DECIDE,
    "giveNotice": Action.DECIDE,
    "answerProposal": Action.ACCOMPANY,
    "surrenderTitle": Action.ACCOMPANY,
    "reinstateTitle": Action.DECIDE,
    "confirmReinstatement": Action.DECIDE,
    "reassessTitle": Action.DECIDE,
    "recordReview": Action.DECIDE,
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
    "requestMaintenance": Action.MAINTAIN,
    "events": Action.FOLLOW_EVENTS,
    "titleChanges": Action.FOLLOW_TITLES,
}
"""Fields of queries, mutations and subscriptions alike. The gate asks it before a field looks at its input; one that is not here cannot be declared."""


def declare(field: str, action: Action | None) -> None:
    """Say which action a field is. Raises ``ValueError`` where that is said already."""
    if field in FIELDS:
        raise ValueError(f"the field {field} has its action already")
    FIELDS[field] = action


def public_fields() -> frozenset[str]:
    """Fields of the root of a query that answer everybody the same, with a token or without: the catalog, and the schema itself."""
    catalog = (name for name, action in FIELDS.items() if action is Action.READ_CATALOG)
    return frozenset({"__typename", "__schema", "__type", *catalog})
