"""What the parts mean by which the registry is kept running."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

OPERATIONS: Final[Mapping[str, Mapping[str, str]]] = {
    "Operations": {
        "": "How the registry runs at this moment.",
        "destroyedKeys": "How many keys of holders were destroyed by an erasure.",
        "unfinishedErasureSince": "When the earliest erasure was made that is not final yet; null where all are.",
        "erasuresFinalBy": "When that erasure is final at the latest: after the next night.",
        "deadlinesMissed": "How many statutory deadlines are on record as missed.",
        "auditFindings": "How many things the last audit found; null before the first.",
        "lastBackupAt": "When the last backup was made; null where none is on record.",
    },
    "ReadModel": {
        "": "A read model, which is filled from the events by itself.",
        "name": "Its name, as the command line knows it.",
        "position": "The position up to which its rows hold what was recorded.",
        "lagEvents": "How many events its rows do not hold yet.",
        "rebuildDue": "Whether its tables are another release's, so that it has to be rebuilt.",
        "lastError": "Why it stands still; null while it goes on.",
    },
    "LogStanding": {
        "": "How far the transparency log is.",
        "origin": "The name of the log.",
        "epoch": "The number of the log's epoch, from 1 on; a restore begins the next.",
        "size": "How many leaves its latest checkpoint has.",
        "rootHash": "The root of that tree, in base 64.",
        "signedAt": "When that checkpoint was signed.",
        "waiting": "How many events wait for their leaves.",
        "waitingSince": "Since when the first of them waits; null where none does.",
    },
    "LogWitness": {
        "": "Somebody outside who confirms that the log only grows.",
        "name": "Its name, as its key states it.",
        "size": "How many leaves it confirmed last; null where it confirmed none of this epoch.",
        "confirmedAt": "When it confirmed them.",
    },
    "MasterKey": {
        "": "A master key, under which the keys of holders are wrapped.",
        "id": "Its name.",
        "wraps": "How many keys of holders it wraps.",
        "state": "How it stands.",
    },
    "MasterKeyState": {
        "": "How a master key stands.",
        "CURRENT": "New keys are wrapped under it.",
        "OLD": "It only opens what it wrapped.",
        "MISSING": "It wraps keys and is not at hand: what it wraps cannot be opened.",
    },
    "AttestationKey": {
        "": "A key of attestations.",
        "kid": "Its name in the key set.",
        "state": "How it stands.",
        "addedAt": "Since when it is there.",
    },
    "AttestationKeyState": {
        "": "How a key of attestations stands.",
        "SIGNS": "It signs what is attested now.",
        "PUBLISHED": "It signs no more, and what it signed is still believed.",
        "WITHDRAWN": "What it signed is believed no more.",
    },
    "MaintenanceKind": {
        "": "What may be asked for; each is done beside the server, and may be asked for again.",
        "CHECK_READ_MODELS": "Fold all events anew and compare the rows with the result; nothing is changed.",
        "REBUILD_READ_MODELS": "Fold all events anew and put the result in place of the rows, which are read throughout.",
        "FINISH_ERASURES": "Bring all keys under a new master key and drop the old ones, so that every erasure is final.",
    },
    "MaintenanceTask": {
        "": "A request for maintenance, and how far it is.",
        "number": "Its number, in the order of the requests.",
        "kind": "What was asked for.",
        "although": "Why it is done although the audit found something; null where nobody said so.",
        "requestedBy": "Whose request it is.",
        "requestedAt": "When it was asked for.",
        "startedAt": "When it was begun, of several times the last; null before.",
        "done": "How much is done.",
        "total": "Of how much; 0 where that is not known yet.",
        "endedAt": "When it came to its end; null before.",
        "succeeded": "Whether all went well; null before its end.",
    },
    "MaintenancePayload": {
        "": "The request, or the refusal.",
        "task": "The request, new or open already; null where it was refused.",
    },
    "Mutation": {
        "requestMaintenance(kind:)": "What to do.",
        "requestMaintenance(although:)": "Why read models are made of events of which the audit found something; needed only then.",
    },
}
