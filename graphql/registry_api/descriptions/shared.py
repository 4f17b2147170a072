"""What means the same wherever it stands."""

from collections.abc import Mapping
from typing import Final

from domain.identity_numbers import IdentityKind
from domain.messages import Language

SHARED: Final[Mapping[str, str]] = {
    # lists
    "edges": "The rows of the page, each with its cursor.",
    "nodes": "The rows of the page.",
    "pageInfo": "Where the page lies in its list.",
    "totalCount": "How many rows the whole list has.",
    "cursor": "Names the row's place in the list: pass it as `after` or `before`.",
    "node": "The row.",
    # answers of mutations
    "position": "The registry's position after what was recorded: pass it as `atLeast` to read what was just written.",
    "refusal": "Why nothing was recorded; null where something was.",
    # what many things have
    "actor": "Who acted.",
    "awards": "The titles it leads to: one, or one a grade.",
    "catalogCode": "The code of the catalog.",
    "code": "The code by which it is named everywhere.",
    "effectiveFrom": "The day from which it is in force.",
    "entryNumber": "The number of the entry in the catalog.",
    "field": "The field of the economy, as 数字经济, 装备制造 or 材料.",
    "grade": "The grade within the qualification, as 2级; null where there is none.",
    "ground": "Why it holds, or no longer does.",
    "level": "The level of the title.",
    "name": "The name.",
    "number": "The number in the catalog; a version and a number name one qualification.",
    "noticeNumber": "The official number of the notice; null where it is not known.",
    "noticeTitle": "The title of the notice.",
    "recordedAt": "The instant at which the registry recorded it.",
    "reason": "The reason that was given; null where there is none, or where the viewer may not see it.",
    "sha256": "The SHA-256 digest of the file's bytes, in hexadecimal.",
    "mediaType": "The media type of the file, as `application/pdf`.",
    "size": "How many bytes the file has.",
    "title": "The professional title, as 工程师.",
    "qualificationName": "The name of the qualification in its own language, verbatim from the notice.",
    "translatedName": "The Chinese name of the qualification, verbatim from the notice.",
    "idType": "The kind of identity document: "
    + ", ".join(f"`{each}` ({each.called.text(Language.ZH)})" for each in IdentityKind)
    + ".",
    "idNumber": "The number of the identity document, in any usual spelling. "
    + " ".join(f"`{each}`: {each.form}." for each in IdentityKind),
    "issuingBody": "The body that issues the certificate.",
    "version": "Its place in the history of its own case or stream, from 1 on.",
    "versionNumber": "The number of the catalog's version.",
    "changes": "What it does to entries.",
    # arguments
    "(after:)": "Only what comes after this: the `endCursor` of the page before.",
    "(amendmentId:)": "The identifier of the amendment.",
    "(asOf:)": "As the registry knew it at this instant; now, where nothing is given.",
    "(atLeast:)": "Wait, for some seconds at most, until the answer includes this position.",
    "(authorityCode:)": "The code of an authority.",
    "(before:)": "Only what comes before this: the `startCursor` of the page after.",
    "(caseId:)": "The identifier of the case; of the case itself, not of a past state.",
    "(caseNumber:)": "The number of the case.",
    "(catalogCode:)": "The code of a catalog.",
    "(code:)": "The code of a catalog.",
    "(expectedVersion:)": "The version of the case that the decision is about: refused where the case has moved on.",
    "(filter:)": "Only what meets every condition given.",
    "(first:)": "At most so many rows, from the beginning or after `after`; 200 at most. Not together with `last`.",
    "(id:)": "An identifier, as the registry gave it.",
    "(input:)": "What is to be recorded.",
    "(last:)": "At most so many rows, from the end or before `before`; 200 at most. Not together with `first`.",
    "(legalBasis:)": "The legal basis on which it is done, for the record.",
    "(number:)": "The number of an entry.",
    "(proposalId:)": "The identifier of the proposed catalog.",
    "(reason:)": "Why, for the record and for whoever it concerns.",
    "(ref:)": "The reference of the holder, as `Holder.ref` gives it.",
}
"""By field, or by argument as ``(argument:)``."""
