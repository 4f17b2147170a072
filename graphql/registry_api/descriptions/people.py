"""Holders, officers and authorities; who read what; the registry's own record and its proofs; lists."""

from collections.abc import Mapping
from typing import Final

PEOPLE: Final[Mapping[str, Mapping[str, str]]] = {
    "Holder": {
        "": "Who a case or title is about; what the viewer may not see, and what was erased, is null.",
        "name": "The name as in the identity document.",
        "idType": "The kind of identity document.",
        "idNumber": "The number of the identity document.",
        "erased": "Whether the person's data was erased for good.",
        "restricted": "Whether the person's data is kept and not processed; only privacy officers see such data.",
    },
    "HolderInput": {
        "": "A person, by identity document.",
    },
    "HolderFile": {
        "": "What the registry holds of one person, and whether it is processed.",
        "erased": "Whether the person's data was erased for good.",
        "restricted": "Whether the person's data is kept and not processed.",
    },
    "Actor": {
        "subject": "Who it was, as the token named them.",
        "role": "In which role they acted.",
        "authorityCode": "The code of the authority for which they acted; null where their role has none.",
    },
    "Role": {
        "": "Who somebody is to the registry.",
        "APPLICANT": "Submits cases, and follows their own.",
        "REVIEWER": "Decides cases for an authority.",
        "ADMINISTRATOR": "Proposes and issues amendments of catalogs.",
        "AUDITOR": "Reads everything, persons masked until a reason is given, and decides nothing.",
        "VERIFIER": "Asks which titles somebody holds.",
        "PRIVACY_OFFICER": "Answers to persons for their data: restricts and erases it.",
        "SYSTEM": "The registry itself, and systems that act for it.",
    },
    "Authority": {
        "code": "The code of the authority: that of its division, and its kind.",
        "name": "The official name.",
        "kind": "Which kind of body it is.",
        "divisionCode": "The six-digit code of its division (GB/T 2260).",
    },
    "AuthorityKind": {
        "": "Which kind of body decides.",
        "ECONOMY_AND_INFORMATION": "A bureau of economy and information technology (经信局).",
        "HUMAN_RESOURCES": "A bureau of human resources and social security (人力社保局).",
        "PROVINCIAL_UNIT": "A body of the province that decides its own cases and no others (省级有关单位).",
    },
    "Access": {
        "": "One request that showed personal data in clear: who, when, why, of whom and which kinds of fields; no values.",
        "number": "Its number in the record of accesses.",
        "actor": "Who read.",
        "client": "The client through which it came, if known.",
        "requestId": "The identifier of the request.",
        "reason": "Why, as the reader said; else their role and the operation.",
        "operation": "The fields at the root of the operation.",
        "holders": "Whose data was shown, by reference.",
        "fields": "Which kinds of fields were shown.",
    },
    "AccessConnection": {"": "A page of accesses."},
    "AccessEdge": {"": "An access in a list."},
    "Mutation": {
        "registerOfficer(subject:)": "The officer, as the identity provider names them.",
        "registerOfficer(identity:)": "The identity document that says who they are.",
    },
    "AuditEvent": {
        "data(full:)": "Whether long lists and texts are shown whole.",
        "position": "Its place in the registry's one total order.",
        "streamId": "The stream that it belongs to.",
        "streamType": "What kind of thing the stream is about.",
        "type": "What happened, as a stable name such as `recognition-case.approved`.",
        "actor": "Who did it.",
        "summary": "What happened, in one sentence without personal data.",
        "data": "The event's own facts; personal data reads as null where the viewer may not see it, and after erasure.",
        "version": "Its place in its own stream, from 1 on.",
    },
    "AuditEventConnection": {"": "A page of events."},
    "AuditEventEdge": {"": "An event in a list."},
    "RegistryStatus": {
        "": "How far the side that is read is behind the side that is written.",
        "position": "The position of the last event that was recorded.",
        "projectedPosition": "The position up to which answers include what was recorded.",
        "lagEvents": "How many events lie between the two.",
        "logSize": "How many leaves the transparency log has.",
    },
    "Checkpoint": {
        "size": "How many leaves the log has.",
        "rootHash": "The root of its tree.",
        "note": "The signed note, whole (C2SP signed-note and tlog-checkpoint).",
    },
    "InclusionProof": {
        "position": "The position of the event.",
        "leafIndex": "The number of its leaf, from 0 on.",
        "leafHash": "The hash of its leaf.",
        "hashes": "The hashes from the leaf up to the root.",
        "checkpoint": "The checkpoint in whose tree it is.",
    },
    "ConsistencyProof": {
        "fromSize": "The size of the earlier log.",
        "toSize": "The size of the later log.",
        "hashes": "The hashes that lead from the earlier root to the later.",
    },
    "Node": {"id": "Names it in the whole registry."},
    "PageInfo": {
        "hasNextPage": "Whether there are rows after this page, as far as that is known.",
        "hasPreviousPage": "Whether there are rows before this page, as far as that is known.",
        "startCursor": "The cursor of the first row: pass it as `before` for the page before; null for an empty page.",
        "endCursor": "The cursor of the last row: pass it as `after` for the page after; null for an empty page.",
    },
}
"""By type and field; a type's own text stands under the empty name."""
