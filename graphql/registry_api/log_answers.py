"""What GraphQL says of the transparency log: its checkpoint and proofs, hashes in base 64 as in the checkpoint itself."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar

from application.transparency import Growth, Inclusion, LogAnswer, LogBehind, LogDeviates, TreeHead
from domain.log.note_keys import to_base64
from registry_api.scalars import Position
from registry_api.types.audit import Checkpoint, ConsistencyProof, InclusionProof
from transport.errors import ApiError, ErrorCode

T = TypeVar("T")


async def from_log(answer: Awaitable[T]) -> T:
    """What the log answers. Raises ``ApiError`` where it has no answer."""
    try:
        return await answer
    except LogBehind as behind:
        raise ApiError(ErrorCode.LOG_BEHIND, behind.said) from None
    except LogDeviates as deviates:
        raise ApiError(ErrorCode.LOG_DEVIATES, deviates.said) from None
    except LogAnswer as none:
        raise ApiError(ErrorCode.BAD_USER_INPUT, none.said) from None


def checkpoint(head: TreeHead) -> Checkpoint:
    """A tree head as GraphQL shows it."""
    return Checkpoint(size=head.size, root_hash=to_base64(head.root), note=head.note.decode())


def inclusion(proof: Inclusion) -> InclusionProof:
    """An inclusion proof as GraphQL shows it."""
    return InclusionProof(
        position=Position(proof.position),
        leaf_index=proof.leaf_index,
        leaf_hash=to_base64(proof.leaf_hash),
        hashes=list(map(to_base64, proof.hashes)),
        checkpoint=checkpoint(proof.head),
    )


def consistency(proof: Growth) -> ConsistencyProof:
    """A consistency proof as GraphQL shows it."""
    return ConsistencyProof(from_size=proof.from_size, to_size=proof.to_size, hashes=list(map(to_base64, proof.hashes)))
