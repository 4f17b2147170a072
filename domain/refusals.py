"""Why the registry refuses: one exception, one list of stable codes.

``Refused`` is the only error the domain raises at a caller who asked for something the rules forbid. Everything else that
escapes the domain is a defect. The API answers with a refusal as data; the command line prints its sentence.

    Exception
    └── Refused          code, said, field
"""

from __future__ import annotations

from enum import StrEnum

from domain.messages import Language, Message, tell


class Documented(StrEnum):
    """Codes of which the catalogue of messages says what each means and what helps."""

    @property
    def meaning(self) -> Message:
        """What the code means, in one sentence."""
        return tell(f"{self.value}.meaning")

    @property
    def way_out(self) -> Message:
        """What helps, in one sentence."""
        return tell(f"{self.value}.way_out")


class RefusalCode(Documented):
    """Stable, documented reasons; the value is what a program reads. What each means stands in ``messages/refusal_codes.toml``."""

    # who may act
    UNAUTHENTICATED = "UNAUTHENTICATED"
    NOT_PERMITTED = "NOT_PERMITTED"
    OUTSIDE_JURISDICTION = "OUTSIDE_JURISDICTION"
    BEYOND_COMPETENCE = "BEYOND_COMPETENCE"
    OWN_CASE = "OWN_CASE"
    SAME_OFFICER = "SAME_OFFICER"
    OFFICER_UNKNOWN = "OFFICER_UNKNOWN"
    SAME_ADMINISTRATOR = "SAME_ADMINISTRATOR"
    UNKNOWN_AUTHORITY = "UNKNOWN_AUTHORITY"

    # what was submitted
    INVALID_INPUT = "INVALID_INPUT"
    BEFORE_COMMENCEMENT = "BEFORE_COMMENCEMENT"
    CERTIFICATE_EXPIRED = "CERTIFICATE_EXPIRED"
    CERTIFICATE_NOT_YET_ISSUED = "CERTIFICATE_NOT_YET_ISSUED"
    CERTIFICATE_DATES_CONTRADICT = "CERTIFICATE_DATES_CONTRADICT"
    CERTIFICATE_ALREADY_CLAIMED = "CERTIFICATE_ALREADY_CLAIMED"
    CERTIFICATE_HOLDS_TITLE = "CERTIFICATE_HOLDS_TITLE"
    ENTRY_ALREADY_CLAIMED = "ENTRY_ALREADY_CLAIMED"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"

    # the course of a case
    UNKNOWN_CASE = "UNKNOWN_CASE"
    STALE_VERSION = "STALE_VERSION"
    CASE_CLOSED = "CASE_CLOSED"
    NOT_MATCHED = "NOT_MATCHED"
    TITLE_OPEN = "TITLE_OPEN"
    WRONG_STATE = "WRONG_STATE"
    UNKNOWN_ENTRY = "UNKNOWN_ENTRY"
    ENTRY_WITHDRAWN = "ENTRY_WITHDRAWN"
    UNKNOWN_GRADE = "UNKNOWN_GRADE"
    PROPOSAL_PENDING = "PROPOSAL_PENDING"
    NOTHING_PROPOSED = "NOTHING_PROPOSED"
    NOTICE_NOT_GIVEN = "NOTICE_NOT_GIVEN"
    HEARING_OPEN = "HEARING_OPEN"
    TITLE_STANDS = "TITLE_STANDS"
    NO_EVIDENCE = "NO_EVIDENCE"
    EXPERIENCE_NOT_COVERED = "EXPERIENCE_NOT_COVERED"

    # the catalog
    UNKNOWN_CATALOG = "UNKNOWN_CATALOG"
    NO_VERSION_IN_FORCE = "NO_VERSION_IN_FORCE"
    CATALOG_EXISTS = "CATALOG_EXISTS"
    UNKNOWN_PROPOSAL = "UNKNOWN_PROPOSAL"
    PROPOSAL_CLOSED = "PROPOSAL_CLOSED"
    UNKNOWN_AMENDMENT = "UNKNOWN_AMENDMENT"
    AMENDMENT_CLOSED = "AMENDMENT_CLOSED"
    STALE_BASE_VERSION = "STALE_BASE_VERSION"
    EFFECTIVE_TOO_EARLY = "EFFECTIVE_TOO_EARLY"
    ENTRY_EXISTS = "ENTRY_EXISTS"
    CHANGE_INVALID = "CHANGE_INVALID"
    LEVEL_NOT_AWARDED = "LEVEL_NOT_AWARDED"
    ENDS_TOO_EARLY = "ENDS_TOO_EARLY"
    NO_CHANGES = "NO_CHANGES"
    DUPLICATE_CHANGE = "DUPLICATE_CHANGE"
    NAME_UNLISTED = "NAME_UNLISTED"
    NAME_UNREADABLE = "NAME_UNREADABLE"

    # what a recorded history shows and no live command can bring about
    DAY_MISMATCH = "DAY_MISMATCH"
    OTHER_HOLDER = "OTHER_HOLDER"
    TERMS_CHANGED = "TERMS_CHANGED"
    OTHER_VERSION = "OTHER_VERSION"
    NUMBER_SKIPPED = "NUMBER_SKIPPED"

    # periods
    WORKING_DAYS_UNKNOWN = "WORKING_DAYS_UNKNOWN"

    # persons
    UNKNOWN_HOLDER = "UNKNOWN_HOLDER"
    HOLDER_ERASED = "HOLDER_ERASED"
    HOLDER_RESTRICTED = "HOLDER_RESTRICTED"
    RETENTION_REQUIRED = "RETENTION_REQUIRED"

    # evidence files
    EVIDENCE_MISMATCH = "EVIDENCE_MISMATCH"


class Refused(Exception):
    """The domain's answer to a request that the rules forbid.

    ``code`` is stable and documented in ``docs/errors.md``; ``said`` is one sentence for a person, naming the way out and
    holding no personal data, and ``message`` the same in English; ``field`` names the input it is about, if one.
    """

    def __init__(self, code: RefusalCode, said: Message, field: str | None = None) -> None:
        super().__init__(code, said, field)
        self.code = code
        self.said = said
        self.field = field

    @property
    def message(self) -> str:
        """The sentence in English, for logs and for who asks in no language."""
        return self.text(Language.EN)

    def text(self, language: Language) -> str:
        """The sentence in a language."""
        return self.said.text(language)

    def __str__(self) -> str:
        """As ``message``."""
        return self.message
