"""Aliases are amended like entries: what may come, what may go, and which version has which."""

import pytest

from domain.catalog.amendment import AliasChange, EntryChange
from domain.catalog.catalog import Catalog
from domain.refusals import RefusalCode
from domain.values import Alias, AliasChangeKind, AliasKind
from tests.domain.catalogs import ADDED, AWS, REVISED, WITHDRAWN, add, given, issued, proposed, terms, withdraw
from tests.domain.scenario import ADMINISTRATOR, act

CCNP = Alias(kind=AliasKind.QUALIFICATION, text="CCNP", numbers=(1, 88), ground="an abbreviation")
OTHER = Alias(kind=AliasKind.QUALIFICATION, text="Example Assessor", ground="another one of the same issuer")


def body(text="AWS", issuer="AMAZON", **more):
    return Alias(kind=AliasKind.ISSUING_BODY, text=text, issuer=issuer, ground="its own usage", **more)


def name(text="CEE", *numbers, **more):
    return Alias(kind=AliasKind.QUALIFICATION, text=text, numbers=numbers, ground="an abbreviation", **more)


def comes(alias):
    return AliasChange(kind=ADDED, alias=alias)


def goes(alias, ground="no longer used"):
    return AliasChange(kind=WITHDRAWN, alias=alias.model_copy(update={"ground": ground}))


FIRST = terms(alias_changes=(comes(AWS), comes(CCNP), comes(OTHER)))
PAST = (proposed(2, FIRST), issued(2, 2, FIRST))


def against(*alias_changes, changes=()):
    """What stands against an amendment of version 2."""
    catalog = given(*PAST).when(lambda _: None).then()
    found = list(Catalog.against(catalog, act(ADMINISTRATOR), terms(*changes, base=2, alias_changes=alias_changes)))
    assert all(refusal.message.endswith(".") for refusal in found)
    assert all(refusal.field == "aliasChanges" for refusal in found)
    return [refusal.code for refusal in found]


@pytest.mark.parametrize(
    ("changes", "codes"),
    [
        ([comes(name("CEE", 1))], []),
        ([comes(name("CEE"))], []),
        ([comes(body("Amazon"))], []),
        ([goes(AWS), goes(CCNP), goes(OTHER)], []),
        # what tells an alias apart is all but its ground, and no letter's case
        ([comes(AWS)], [RefusalCode.CHANGE_INVALID]),
        ([comes(body("aws"))], [RefusalCode.CHANGE_INVALID]),
        ([comes(name("ccnp", 88, 1))], [RefusalCode.CHANGE_INVALID]),
        ([comes(body("AWS", "AWELD"))], []),
        ([comes(name("CCNP", 1))], []),
        ([goes(name("CCNP", 1))], [RefusalCode.CHANGE_INVALID]),
        ([goes(body("AWS", "AWELD"))], [RefusalCode.CHANGE_INVALID]),
        ([goes(name("CEE", 1))], [RefusalCode.CHANGE_INVALID]),
        # each once
        ([goes(AWS), goes(AWS, "again")], [RefusalCode.DUPLICATE_CHANGE]),
        ([comes(name("CEE", 1)), comes(name("cee", 1))], [RefusalCode.DUPLICATE_CHANGE]),
        ([goes(AWS), comes(AWS)], []),
        ([AliasChange(kind=REVISED, alias=AWS)], [RefusalCode.CHANGE_INVALID]),
        # a body has a key, a qualification entries
        ([comes(body(issuer=None))], [RefusalCode.CHANGE_INVALID]),
        ([comes(body("Amazon", numbers=(1,)))], [RefusalCode.CHANGE_INVALID]),
        ([comes(name("CEE", 1, issuer="AMAZON"))], [RefusalCode.CHANGE_INVALID]),
        ([comes(name("CEE", 2))], [RefusalCode.UNKNOWN_ENTRY]),
        ([comes(name("CEE", 0, 1, 999))], [RefusalCode.UNKNOWN_ENTRY] * 2),
    ],
)
def test_what_stands_against_a_change_of_aliases(changes, codes):
    """An alias that is added is not there and names what is; one that is withdrawn is there."""
    assert against(*changes) == codes


def test_an_alias_names_entries_of_the_version_it_comes_with():
    """An entry of the same amendment may be named, and one that it withdraws may not."""
    assert against(comes(name("AE", 101)), changes=(add(101),)) == []
    assert against(comes(name("CEE", 1)), changes=(withdraw(1),)) == [RefusalCode.ENTRY_WITHDRAWN]
    assert against(goes(CCNP), changes=(withdraw(1),)) == []


def test_a_proposal_is_refused_for_the_first_and_records_the_rest_whole():
    """The rules of the preview are those of the proposal; what passes is recorded as it was given."""
    bad, good = (
        terms(base=2, alias_changes=(comes(AWS),)),
        terms(base=2, alias_changes=(goes(AWS), comes(body("Amazon")))),
    )
    given(*PAST).when(lambda catalog: catalog.propose(act(ADMINISTRATOR), bad)).refused(RefusalCode.CHANGE_INVALID)
    given(*PAST).when(lambda catalog: catalog.propose(act(ADMINISTRATOR), good)).then(proposed(4, good))


def test_each_version_keeps_its_aliases():
    """What is withdrawn goes, whatever ground is given for it; what is added comes at the end; the past stays."""
    second = terms(base=2, alias_changes=(comes(name("CEE", 1)), goes(CCNP)))
    catalog = given(*PAST, proposed(4, second), issued(4, 3, second)).when(lambda _: None).then()
    assert [catalog.aliases_at(number) for number in (1, 2, 3)] == [
        (),
        (AWS, CCNP, OTHER),
        (AWS, OTHER, name("CEE", 1)),
    ]


def test_a_ground_is_corrected_by_withdrawing_and_adding_anew():
    """Both in one amendment: the alias is there once, with the new ground."""
    better = AWS.model_copy(update={"ground": "its trade name"})
    second = terms(base=2, alias_changes=(comes(better), goes(AWS, "its ground was wrong")))
    catalog = given(*PAST, proposed(4, second), issued(4, 3, second)).when(lambda _: None).then()
    assert catalog.aliases_at(3) == (CCNP, OTHER, better)


def test_a_change_of_aliases_leaves_the_official_text_alone():
    """The entries of the version after are those of the version before."""
    catalog = given(*PAST).when(lambda _: None).then()
    assert catalog.entries_at(2) == catalog.entries_at(1)
    assert [change.effect for change in catalog.latest.alias_changes] == [AliasChangeKind.ADDED] * 3


def test_a_withdrawn_entry_leaves_its_aliases():
    """They name nothing that is listed; an administrator withdraws them, or leaves them to say so."""
    second = terms(EntryChange(kind=WITHDRAWN, number=88), base=2)
    catalog = given(*PAST, proposed(4, second), issued(4, 3, second)).when(lambda _: None).then()
    assert CCNP in catalog.aliases_at(3)
