"""Why the registry refuses: one exception, one list of stable codes.

``Refused`` is the only error the domain raises at a caller who asked for something the rules forbid. Everything else that
escapes the domain is a defect. The API answers with a refusal as data; the command line prints its sentence.

    Exception
    └── Refused          code, message, field
"""

from __future__ import annotations

from enum import StrEnum
from typing import Self


class RefusalCode(StrEnum):
    """Stable, documented reasons; the value is what a program reads, the member's docstring what the documents print."""

    def __new__(cls, value: str, meaning: str = "", way_out: str = "") -> Self:
        """Bind a code to what it means and what helps, one sentence each."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.meaning = meaning
        member.way_out = way_out
        return member

    meaning: str
    way_out: str

    # who may act
    UNAUTHENTICATED = (
        "UNAUTHENTICATED",
        "Nobody is signed in: the request carries no token, or one that is not believed, and then `reason` says why.",
        "Send a valid token as `Authorization: Bearer <token>`.",
    )
    NOT_PERMITTED = (
        "NOT_PERMITTED",
        "The actor's role does not allow this action.",
        "Sign in with one of the roles that the sentence names.",
    )
    OUTSIDE_JURISDICTION = (
        "OUTSIDE_JURISDICTION",
        "The actor's authority has no jurisdiction over this case on this day.",
        "Let a reviewer of the responsible authority, or of one above it, decide.",
    )
    OWN_CASE = (
        "OWN_CASE",
        "Nobody decides a case they submitted or are the holder of.",
        "Let another reviewer decide.",
    )
    SAME_OFFICER = (
        "SAME_OFFICER",
        "A second officer must confirm what the first proposed.",
        "Let another officer confirm.",
    )
    OFFICER_UNKNOWN = (
        "OFFICER_UNKNOWN",
        "It is not known who the officer is, so nobody can tell that it is not their own case.",
        "Let an administrator register them with `registerOfficer`, or the identity provider state `holder`.",
    )
    SAME_ADMINISTRATOR = (
        "SAME_ADMINISTRATOR",
        "A second administrator must issue what the first proposed.",
        "Let another administrator issue or publish it.",
    )
    UNKNOWN_AUTHORITY = (
        "UNKNOWN_AUTHORITY",
        "No authority with this code exists on this day.",
        "Choose one from `authorities`.",
    )

    # what was submitted
    INVALID_INPUT = (
        "INVALID_INPUT",
        "A value is malformed: too long, empty, or with characters that no text needs.",
        "Correct the field that is named.",
    )
    BEFORE_COMMENCEMENT = (
        "BEFORE_COMMENCEMENT",
        "Nothing is recognised on a day before the notice came into force (2023-11-01).",
        "Choose that day or a later one.",
    )
    CERTIFICATE_EXPIRED = (
        "CERTIFICATE_EXPIRED",
        "The certificate had expired on the day of submission.",
        "Renew the certificate and submit the valid one.",
    )
    CERTIFICATE_NOT_YET_ISSUED = (
        "CERTIFICATE_NOT_YET_ISSUED",
        "The certificate is dated after the day of submission.",
        "Correct the day of issue.",
    )
    CERTIFICATE_DATES_CONTRADICT = (
        "CERTIFICATE_DATES_CONTRADICT",
        "The certificate expires before it was issued.",
        "Correct the two days.",
    )
    CERTIFICATE_ALREADY_CLAIMED = (
        "CERTIFICATE_ALREADY_CLAIMED",
        "The certificate already supports a live recognition.",
        "Withdraw the other case, or correct the certificate's number.",
    )
    IDEMPOTENCY_KEY_REUSED = (
        "IDEMPOTENCY_KEY_REUSED",
        "The key was used for a submission with other content.",
        "Send new content under a new key; repeat a submission with the very same content.",
    )

    # the course of a case
    UNKNOWN_CASE = (
        "UNKNOWN_CASE",
        "No such case, or none that the actor may see.",
        "Check the identifier or number, and who you are signed in as.",
    )
    STALE_VERSION = (
        "STALE_VERSION",
        "The case changed since it was read; read it again and decide anew.",
        "Read the case again, and decide anew with its version.",
    )
    CASE_CLOSED = (
        "CASE_CLOSED",
        "The case has ended; its state stays as it is.",
        "Submit a new case; a title that stands is undone by revocation.",
    )
    NOT_MATCHED = (
        "NOT_MATCHED",
        "The case has no confirmed catalog entry.",
        "Confirm the match first.",
    )
    TITLE_OPEN = (
        "TITLE_OPEN",
        "The entry awards by grade and no grade has been confirmed.",
        "Confirm the match with its grade first.",
    )
    WRONG_STATE = (
        "WRONG_STATE",
        "The action does not fit the state the case is in.",
        "Read the case again; the sentence says what it waits for.",
    )
    UNKNOWN_ENTRY = (
        "UNKNOWN_ENTRY",
        "The governing catalog version has no entry with this number.",
        "Choose an entry that the version has.",
    )
    ENTRY_WITHDRAWN = (
        "ENTRY_WITHDRAWN",
        "The governing catalog version withdrew this entry.",
        "Choose an entry that the version still has.",
    )
    UNKNOWN_GRADE = (
        "UNKNOWN_GRADE",
        "The entry awards no title for this grade.",
        "Choose one of the entry's grades, or leave the grade out.",
    )
    REVOCATION_NOT_PROPOSED = (
        "REVOCATION_NOT_PROPOSED",
        "No revocation of this title is proposed.",
        "Propose the revocation first.",
    )
    REVOCATION_ALREADY_PROPOSED = (
        "REVOCATION_ALREADY_PROPOSED",
        "A revocation of this title is proposed already.",
        "Let another officer confirm the one that is proposed.",
    )

    # the catalog
    UNKNOWN_CATALOG = (
        "UNKNOWN_CATALOG",
        "No catalog with this code exists.",
        "Choose one from `catalogs`.",
    )
    NO_VERSION_IN_FORCE = (
        "NO_VERSION_IN_FORCE",
        "No version of the catalog is in force on this day.",
        "Choose a later day.",
    )
    CATALOG_EXISTS = (
        "CATALOG_EXISTS",
        "A catalog with this code exists already.",
        "Amend the catalog that is there, or choose another code.",
    )
    UNKNOWN_PROPOSAL = (
        "UNKNOWN_PROPOSAL",
        "No such proposal of a catalog.",
        "Look it up in `catalogProposals`.",
    )
    PROPOSAL_CLOSED = (
        "PROPOSAL_CLOSED",
        "The proposed catalog was published or discarded already.",
        "Propose another catalog to publish more.",
    )
    UNKNOWN_AMENDMENT = (
        "UNKNOWN_AMENDMENT",
        "No such amendment.",
        "Look it up in `amendments`.",
    )
    AMENDMENT_CLOSED = (
        "AMENDMENT_CLOSED",
        "The amendment was issued or discarded already.",
        "Propose a new amendment to change more.",
    )
    STALE_BASE_VERSION = (
        "STALE_BASE_VERSION",
        "The catalog has a newer version than the one the amendment is based on.",
        "Look at what changed since, and propose anew against the latest version.",
    )
    EFFECTIVE_TOO_EARLY = (
        "EFFECTIVE_TOO_EARLY",
        "Only an erratum may take effect before the day of its issue.",
        "Choose a later day, or mark the amendment as an erratum.",
    )
    ENTRY_EXISTS = (
        "ENTRY_EXISTS",
        "An entry with this number exists or once existed; a number is used anew only where its entry is renumbered.",
        "Add the entry under a higher number.",
    )
    CHANGE_INVALID = (
        "CHANGE_INVALID",
        "A change lacks its entry, names one it must not, or changes nothing.",
        "Correct the change that the sentence names.",
    )
    LEVEL_NOT_AWARDED = (
        "LEVEL_NOT_AWARDED",
        "An entry awards a title of a level that its notice does not let the catalog award.",
        "Correct the level, or state the levels that the notice awards.",
    )
    ENDS_TOO_EARLY = (
        "ENDS_TOO_EARLY",
        "A catalog does not end before the amendment that ends it takes effect.",
        "Choose that day or a later one.",
    )
    NO_CHANGES = (
        "NO_CHANGES",
        "An amendment changes at least one entry, alias or word, or ends the catalog.",
        "Add at least one change.",
    )
    DUPLICATE_CHANGE = (
        "DUPLICATE_CHANGE",
        "An amendment names an entry once, and adds or withdraws an alias once.",
        "Put both into one change.",
    )
    NAME_UNLISTED = (
        "NAME_UNLISTED",
        "An alias says that the catalog does not list the very name under which an entry is added or amended.",
        "Withdraw the alias that the sentence names, in the same amendment.",
    )
    NAME_UNREADABLE = (
        "NAME_UNREADABLE",
        "A name holds no word that matching reads; no certificate would ever match it.",
        "Write the name as certificates show it.",
    )

    # what a recorded history shows and no live command can bring about
    DAY_MISMATCH = (
        "DAY_MISMATCH",
        "A business day is not the day of recording.",
        "None for the live registry; an auditor asks who wrote the event.",
    )
    OTHER_HOLDER = (
        "OTHER_HOLDER",
        "An event of a case is about another person than the case.",
        "None for the live registry; an auditor asks who wrote the event.",
    )
    TERMS_CHANGED = (
        "TERMS_CHANGED",
        "What was confirmed or issued is not what was proposed.",
        "None for the live registry; an auditor asks who wrote the event.",
    )
    OTHER_VERSION = (
        "OTHER_VERSION",
        "A match names another version than the one that governs the case.",
        "Match the case under the version that governs it.",
    )
    NUMBER_SKIPPED = (
        "NUMBER_SKIPPED",
        "A version's number does not follow the one before it.",
        "None for the live registry; an auditor asks who wrote the event.",
    )

    # persons
    UNKNOWN_HOLDER = (
        "UNKNOWN_HOLDER",
        "No such holder.",
        "Check the reference.",
    )
    HOLDER_ERASED = (
        "HOLDER_ERASED",
        "The holder's personal data was erased; nothing more can be recorded about them.",
        "Submit anew, to start over under a new reference.",
    )
    HOLDER_RESTRICTED = (
        "HOLDER_RESTRICTED",
        "The holder's personal data is kept and not processed; no decision is taken about them.",
        "Ask a privacy officer to lift the restriction.",
    )

    # evidence files
    EVIDENCE_MISMATCH = (
        "EVIDENCE_MISMATCH",
        "A file in the store is not the one that the case states.",
        "State the file as it was uploaded, or upload it anew.",
    )


class Refused(Exception):
    """The domain's answer to a request that the rules forbid.

    ``code`` is stable and documented in ``docs/errors.md``; ``message`` is one sentence for a person, naming the way
    out and holding no personal data; ``field`` names the input it is about, if one.
    """

    def __init__(self, code: RefusalCode, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field

    def __reduce__(self) -> tuple[type[Refused], tuple[RefusalCode, str, str | None]]:
        """Keep code and field when a refusal crosses a process."""
        return type(self), (self.code, self.message, self.field)
