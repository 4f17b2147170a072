"""A catalog brings the names of its issuing bodies along, since matching knows bodies by aliases."""

from application.issuers import GROUND, carried, own_spellings
from catalog.aliases import load_aliases
from catalog.notice import load_official_catalog
from catalog.vocabulary import official_vocabulary
from domain.matching import Matcher
from domain.values import AliasKind, MatchOutcome
from tests.domain.cases import PLAIN

WORDS = official_vocabulary()
BODY = "示例职业资格委员会（Example Council of Qualifications）"


def test_a_body_that_nobody_knows_gets_a_key_of_its_own():
    """Its Chinese and its other name share it; under either the entry is matched, and without them it was not."""
    entry = PLAIN.model_copy(update={"qualification_name": "Certified Sample Assessor", "issuing_body": BODY})
    aliases = own_spellings([BODY, BODY], (), WORDS)
    assert [(alias.text, alias.kind, alias.ground) for alias in aliases] == [
        ("示例职业资格委员会", AliasKind.ISSUING_BODY, GROUND),
        ("Example Council of Qualifications", AliasKind.ISSUING_BODY, GROUND),
    ]
    assert len({alias.issuer for alias in aliases}) == 1
    for body in ("示例职业资格委员会", "Example Council of Qualifications", BODY):
        assert Matcher([entry], aliases, WORDS).match(entry.qualification_name, body).outcome is MatchOutcome.EXACT
        assert Matcher([entry], (), WORDS).match(entry.qualification_name, body).entry is None


def test_a_known_body_s_new_name_keeps_its_key():
    """One of its names is known, so the other is another name of the same body."""
    [alias] = own_spellings(["全美焊接技术联合会（American Welding Society）"], load_aliases(), WORDS)
    known = {each.issuer for each in load_aliases() if each.text == "American Welding Society"}
    assert (alias.text, {alias.issuer}) == ("全美焊接技术联合会", known)


def test_the_official_bodies_are_known_already():
    """The shipped aliases name each of them, so amending an entry adds none."""
    bodies = [entry.issuing_body for entry in load_official_catalog().entries]
    assert own_spellings(bodies, load_aliases(), WORDS) == ()


def test_what_other_catalogs_call_a_body_is_carried_along():
    """All its names, and nobody else's."""
    aliases = carried(["思科（Cisco）"], load_aliases(), WORDS)
    assert {"思科", "Cisco"} <= {alias.text for alias in aliases}
    assert len({alias.issuer for alias in aliases}) == 1
    assert carried([BODY], load_aliases(), WORDS) == ()
