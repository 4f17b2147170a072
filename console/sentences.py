"""What a person reads of an error, wherever in the registry it was raised, and the exit code it ends with."""

from __future__ import annotations

from pydantic import ValidationError

from application.attestation import NotAttested
from application.ports import AccessNotRecorded
from application.queries import ProjectionBehind
from catalog.faults import SourceRefused
from console.http import GraphQLFailed
from console.language import spoken
from console.talk import REFUSED, UNUSABLE
from domain.merkle import TransparencyError
from domain.messages import system_reason, tell
from domain.refusals import Refused
from infrastructure.attestation.errors import AttestationKeyError
from infrastructure.backup.errors import BackupError
from infrastructure.configuration import ConfigurationError
from infrastructure.identity import DevelopmentKeyError, TokenRefused
from infrastructure.identity_provider import IdentityProviderError
from infrastructure.log.errors import LogRefusal
from infrastructure.postgres.errors import DatabaseUnavailableError
from infrastructure.postgres.sqlstates import outage_of
from infrastructure.projections.errors import ProjectionFailure
from infrastructure.sealing.errors import SealingError


def sentence_of(error: BaseException) -> tuple[str, int] | None:
    """One sentence and an exit code; None for a defect of the registry itself."""
    match error:
        case NotAttested():
            return error.text(spoken()), REFUSED
        case Refused():
            return f"{error.text(spoken())} ({error.code.value})", REFUSED
        case (
            DatabaseUnavailableError()
            | SealingError()
            | IdentityProviderError()
            | DevelopmentKeyError()
            | AttestationKeyError()
            | LogRefusal()
            | TransparencyError()
        ):
            return tell("said.coded", said=error.said, code=error.code).text(spoken()), UNUSABLE
        case TokenRefused() | ConfigurationError() | BackupError():
            return f"{error.text(spoken())} ({error.code})", UNUSABLE
        case SourceRefused():
            return error.text(spoken()), UNUSABLE
        case ProjectionFailure():
            return tell("failure.read_models_stand", reason=error.said).text(spoken()), REFUSED
        case ProjectionBehind():
            return tell("failure.read_models_behind").text(spoken()), UNUSABLE
        case AccessNotRecorded():
            return tell("failure.access_not_recorded").text(spoken()), REFUSED
        case GraphQLFailed():
            return error.text(spoken()), error.ends
        case _:
            message = _of_the_call(error) or _of_an_outage(error)
            return None if message is None else (message, UNUSABLE)


def _of_the_call(error: BaseException) -> str | None:
    match error:
        case ValidationError() if error.title == "Settings":
            faults = "; ".join(
                f"{_variable(each['loc'])}: {each['msg'].removeprefix('Value error, ')}"
                for each in error.errors(include_input=False)
            )
            return tell("failure.setting", faults=faults).text(spoken())
        case UnicodeError():
            return tell("failure.encoding").text(spoken())
        case OSError():
            return _system(error)
        case MemoryError():
            return tell("failure.memory").text(spoken())
        case _:
            return None


def _of_an_outage(error: BaseException) -> str | None:
    outage = outage_of(error)
    return None if outage is None else tell("failure.outage", outage=outage).text(spoken())


def _system(error: OSError) -> str:
    what = system_reason(error)
    file = error.filename
    said = tell("failure.file", reason=what, file=str(file)) if file else tell("failure.system", reason=what)
    return said.text(spoken())


def _variable(location: tuple[int | str, ...]) -> str:
    name = str(location[0]) if location else "settings"
    return name if name.startswith("DATABASE") else f"RECOGNITION_{name.upper()}"
