"""Claims for tests without a key: the stream of a certificate's claim, as the keyed digest would tell certificates apart."""

from uuid import UUID, uuid5

from domain.identifiers import NAMESPACE
from domain.text import identifying_form, number_form


def claim_id(issuing_body: str, certificate_number: str) -> UUID:
    """The same for every spelling of body and number, another for any other certificate."""
    return uuid5(NAMESPACE, f"{identifying_form(issuing_body)}\n{number_form(certificate_number)}")
