"""The tables of the projection ``registry``: which view each holds, its key, and the indexes its questions need.

A table's columns are its view's (see ``shapes``).
"""

from __future__ import annotations

from typing import Any, Final

from application.projections.projection import Index, ScopeColumns, Table
from application.views import (
    AliasView,
    AmendmentView,
    CaseView,
    CatalogProposalView,
    CatalogView,
    EntryView,
    HolderFileView,
    IntegrityRecordView,
    TitleView,
    VersionView,
)

_TITLE_SCOPE: Final = ScopeColumns("responsible_code", "submitted_by", "holder_ref", "holder_restricted")
_SCOPE: Final = ScopeColumns("authority_code", "submitted_by", "holder_ref", "holder_restricted")
CASES: Final = Table(
    "cases",
    CaseView,
    ("case_id",),
    (
        Index(("case_number",)),
        Index(("submitted_at DESC", "case_id DESC")),
        Index(("status", "submitted_at DESC", "case_id DESC")),
        Index(("authority_code", "submitted_at DESC", "case_id DESC")),
        Index(("submitted_by", "submitted_at DESC", "case_id DESC")),
        Index(("decided_by_subject", "submitted_at DESC", "case_id DESC")),
        Index(("holder_ref",)),
        Index(
            ("catalog_code", "submitted_at", "case_id"), "status IN ('SUBMITTED', 'MATCHED', 'SUPPLEMENT_REQUESTED')"
        ),
        Index(("catalog_code", "status", "entry_number")),
        Index(("due_first",), "due_first IS NOT NULL"),
        Index(("due_last",), "due_last IS NOT NULL"),
        Index(("review_until",), "review_until IS NOT NULL"),
        Index(("unrecorded_due",), "unrecorded_due IS NOT NULL"),
        Index(("submitted_at DESC", "case_id DESC"), "deadline_missed"),
        Index(("submitted_at DESC", "case_id DESC"), "deadline_suspended"),
        Index(("claim_id",)),
    ),
    scope=_SCOPE,
)
TITLES: Final = Table(
    "titles",
    TitleView,
    ("title_id",),
    (
        Index(("holder_ref",)),
        Index(("case_id",)),
        Index(("case_number",)),
        Index(("position",)),
        Index(("recognized_on DESC", "title_id DESC")),
        Index(("status", "recognized_on DESC", "title_id DESC")),
        Index(("field", "recognized_on DESC", "title_id DESC")),
        Index(("title", "recognized_on DESC", "title_id DESC")),
        Index(("authority_code", "recognized_on DESC", "title_id DESC")),
        Index(("responsible_code", "recognized_on DESC", "title_id DESC")),
        Index(("submitted_by",)),
        Index(("catalog_code", "entry_number")),
    ),
    scope=_TITLE_SCOPE,
)
CATALOGS: Final = Table("catalogs", CatalogView, ("code",), (Index(("catalog_id",)), Index(("position",))))
CATALOG_VERSIONS: Final = Table("catalog_versions", VersionView, ("catalog_code", "number"))
CATALOG_ENTRIES: Final = Table(
    "catalog_entries",
    EntryView,
    ("catalog_code", "number", "from_version"),
    (Index(("catalog_code", "from_version", "until_version")),),
)
CATALOG_ALIASES: Final = Table(
    "catalog_aliases",
    AliasView,
    ("catalog_code", "place"),
)
AMENDMENTS: Final = Table("amendments", AmendmentView, ("amendment_id",), (Index(("catalog_code", "status")),))
CATALOG_PROPOSALS: Final = Table(
    "catalog_proposals", CatalogProposalView, ("proposal_id",), (Index(("proposed_at DESC", "proposal_id DESC")),)
)
INTEGRITY_RECORDS: Final = Table(
    "integrity_records",
    IntegrityRecordView,
    ("record_id",),
    (Index(("case_id",)), Index(("holder_ref",)), Index(("filed_on DESC", "record_id DESC"))),
)
HOLDERS: Final = Table("holders", HolderFileView, ("ref",))
TABLES: Final[tuple[Table[Any], ...]] = (
    CASES,
    TITLES,
    CATALOGS,
    CATALOG_VERSIONS,
    CATALOG_ENTRIES,
    CATALOG_ALIASES,
    AMENDMENTS,
    CATALOG_PROPOSALS,
    INTEGRITY_RECORDS,
    HOLDERS,
)
"""Every table of the projection."""
