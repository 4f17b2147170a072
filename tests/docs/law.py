"""``docs/law.md``: article or rule, guard, events, test, printed from the guards: ``python -m tests.docs.law``.

Which test holds a guard stands here; everything else is read from ``GUARDS``.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from domain.streams import AGGREGATES
from tests.sources import ROOT

PAGE: Final = ROOT / "docs" / "law.md"
_RULES, _DECISIONS, _SUBMISSION = "test_case_rules", "test_case_decisions", "test_submission"
_ENDINGS, _CLAIMS, _CATALOG = "test_title_endings", "test_claims_and_records", "test_catalog"
_EDITIONS: Final = "test_catalog_editions"
_IMPORTED: Final = "test_imported"
HELD_BY: Final[Mapping[str, tuple[str, str]]] = {
    "administrators_only": (_CATALOG, "test_administrators_and_the_registry"),
    "entries_sound": (_CATALOG, "test_numbers_each_entry_once_and_awards_something"),
    "on_the_latest_version": (_CATALOG, "test_a_command_leads_where_the_table_says"),
    "not_before_its_day": (_CATALOG, "test_only_an_erratum_reaches_back"),
    "changes_something": (_CATALOG, "test_each_names_an_entry_that_is_there_or_for_added_is_not"),
    "changes_sound": (_CATALOG, "test_each_names_an_entry_that_is_there_or_for_added_is_not"),
    "alias_changes_sound": ("test_catalog_aliases", "test_what_stands_against_a_change_of_aliases"),
    "word_changes_sound": ("test_catalog_words", "test_what_stands_against_a_change_of_words"),
    "ends_after_it_began": (_EDITIONS, "test_a_catalog_does_not_end_before_the_amendment_takes_effect"),
    "levels_awarded": (_EDITIONS, "test_levels_are_those_that_the_notice_awards"),
    "amendment_open": (_CATALOG, "test_a_command_leads_where_the_table_says"),
    "another_administrator": (_CATALOG, "test_the_proposer_does_not_issue"),
    "issued_as_proposed": ("test_guards", "test_what_no_command_can_bring_about_is_refused_all_the_same"),
    "next_number": ("test_guards", "test_a_version_whose_number_does_not_follow_is_refused"),
    "an_administrator": ("test_catalog_proposal", "test_one_administrator_proposes_and_another_publishes"),
    "terms_sound": ("test_catalog_proposal", "test_everything_against_it_is_told_at_once"),
    "proposal_open": ("test_catalog_proposal", "test_a_closed_proposal_stays_closed"),
    "not_its_proposer": ("test_catalog_proposal", "test_the_proposer_does_not_publish"),
    "administrators_import": (_IMPORTED, "test_two_administrators_bring_it_in"),
    "another_than_signed": (_IMPORTED, "test_two_administrators_bring_it_in"),
    "decided_before_now": (_IMPORTED, "test_the_rules_of_its_days_hold"),
    "waives_what_it_may": (_IMPORTED, "test_who_signs_is_an_administrator_and_waives_no_other_rule"),
    "begun_once": (_IMPORTED, "test_a_file_is_signed_by_one_and_brought_in_by_another"),
    "under_way": (_IMPORTED, "test_a_file_is_signed_by_one_and_brought_in_by_another"),
    "submitters_only": (_SUBMISSION, "test_who_submits"),
    "after_commencement": (_SUBMISSION, "test_nothing_is_recognised_before_commencement"),
    "dates_agree": (_SUBMISSION, "test_the_certificate_is_valid_on_the_day"),
    "issued_by_now": (_SUBMISSION, "test_the_certificate_is_valid_on_the_day"),
    "still_valid": (_SUBMISSION, "test_a_certificate_expires_at_midnight_in_shanghai"),
    "experience_is_past": (_SUBMISSION, "test_experience_lies_in_the_past_in_order"),
    "authority_exists": (_SUBMISSION, "test_the_authority_exists_on_the_day"),
    "dated_as_recorded": (_DECISIONS, "test_a_title_is_recognised_on_the_day_in_shanghai"),
    "registry_only": (_RULES, "test_nobody_matches_in_the_registrys_name"),
    "undecided": (_DECISIONS, "test_an_amendment_never_changes_a_decided_case"),
    "same_holder": ("test_replay_audit", "test_every_guard_of_the_live_command_is_asked_again"),
    "reviewers_only": (_RULES, "test_no_other_role_decides"),
    "within_jurisdiction": (_RULES, "test_jurisdiction_runs_downwards"),
    "not_own_case": (_RULES, "test_nobody_decides_their_own_case"),
    "still_open": ("test_case_table", "test_a_command_leads_where_the_table_says"),
    "under_governing_version": (_DECISIONS, "test_a_match_is_made_under_the_governing_version"),
    "entry_listed": (_DECISIONS, "test_a_match_names_an_entry_of_its_version"),
    "grade_known": (_DECISIONS, "test_the_grade_is_one_the_entry_knows"),
    "moved_once": ("test_case_table", "test_a_command_leads_where_the_table_says"),
    "not_asked_already": ("test_replay_audit", "test_a_second_supplement_request_is_found"),
    "another_than_reopened": (_ENDINGS, "test_an_ended_title_is_not_given_back_by_one_officer"),
    "submitter_or_reviewer": (_RULES, "test_who_completes_and_withdraws"),
    "adds_evidence": (_DECISIONS, "test_a_supplement_adds_something"),
    "another_authority": (_DECISIONS, "test_a_transfer_names_another_authority"),
    "nothing_awaited": ("test_case_table", "test_a_command_leads_where_the_table_says"),
    "matched": (_DECISIONS, "test_the_grade_decides_the_title"),
    "title_settled": (_DECISIONS, "test_the_grade_decides_the_title"),
    "another_than_overrode": (_ENDINGS, "test_who_overrode_the_rule_set_does_not_approve"),
    "evidence_or_opinion": (_ENDINGS, "test_evidence_or_an_opinion"),
    "valid_or_opinion": (_ENDINGS, "test_a_certificate_that_expired_meanwhile"),
    "within_competence": (_RULES, "test_a_level_that_is_not_its_own_is_refused"),
    "months_in_a_life": (_DECISIONS, "test_experience_counts_for_consistent_work_only"),
    "counted_where_consistent": (_DECISIONS, "test_experience_counts_for_consistent_work_only"),
    "within_submitted_experience": (_ENDINGS, "test_no_more_months_than_were_submitted"),
    "no_title_stands": (_ENDINGS, "test_a_title_stands_while_its_decision_is_taken_anew"),
    "title_stands": ("test_case_table", "test_a_command_leads_where_the_table_says"),
    "nothing_proposed": ("test_case_table", "test_a_command_leads_where_the_table_says"),
    "proposed_before": (_ENDINGS, "test_it_is_confirmed_as_what_it_was_proposed_as"),
    "notice_once": ("test_case_table", "test_a_command_leads_where_the_table_says"),
    "served_by_now": (_ENDINGS, "test_notice_lies_between_proposal_and_record"),
    "answer_period_kept": ("test_replay_audit", "test_a_bad_history_is_named"),
    "holder_only": (_ENDINGS, "test_only_the_holder_speaks_for_the_holder"),
    "notice_given": (_ENDINGS, "test_nobody_ends_a_title_unheard"),
    "answered_once": ("test_case_table", "test_a_command_leads_where_the_table_says"),
    "says_something": (_ENDINGS, "test_an_answer_says_something_or_waives"),
    "another_officer": (_ENDINGS, "test_one_officer_does_not"),
    "holder_heard": (_ENDINGS, "test_the_period_runs_through_its_last_day"),
    "confirmed_as_proposed": (_ENDINGS, "test_an_ending_keeps_its_ground_after_later_proposals"),
    "title_ended": ("test_case_table", "test_a_command_leads_where_the_table_says"),
    "did_not_end_it": (_ENDINGS, "test_who_ended_it_does_not_take_part"),
    "effective_while_it_stood": (_ENDINGS, "test_it_holds_from_today_unless_another_day_is_named"),
    "decision_to_review": ("test_case_table", "test_a_command_leads_where_the_table_says"),
    "reviewed_by_now": (_ENDINGS, "test_a_review_lies_between_decision_and_record"),
    "leads_somewhere": ("test_case_table", "test_a_command_leads_where_the_table_says"),
    "missed_by_now": ("test_case_table", "test_a_command_leads_where_the_table_says"),
    "unclaimed": (_CLAIMS, "test_a_command_leads_where_the_table_says"),
    "claimed_before": (_CLAIMS, "test_a_command_leads_where_the_table_says"),
    "another_person": (_CLAIMS, "test_a_command_leads_where_the_table_says"),
    "with_evidence": (_CLAIMS, "test_a_command_leads_where_the_table_says"),
    "not_claimed_by_this_case": (_CLAIMS, "test_a_command_leads_where_the_table_says"),
    "no_other_title": ("test_claims", "test_a_title_that_stands_must_end_first"),
    "claimed_by_this_case": (_CLAIMS, "test_a_command_leads_where_the_table_says"),
    "entry_unclaimed": ("test_claims", "test_one_person_has_one_live_recognition_of_an_entry"),
    "entry_claimed_by_this_case": ("test_claims", "test_a_match_moved_by_hand_frees_the_entry_it_left"),
    "due_days_given": ("test_deadlines", "test_a_stated_last_day_is_the_one_that_the_rules_give"),
    "prolonged_by_the_wait": (
        "test_deadlines",
        "test_deciding_is_suspended_while_a_supplement_is_awaited_and_prolonged_by_its_working_days",
    ),
    "privacy_officers_only": ("test_holder", "test_restriction_begins_and_ends_once"),
    "still_present": ("test_holder", "test_erasure_is_for_good_and_recorded_once"),
    "processed": ("test_holder", "test_restriction_begins_and_ends_once"),
    "not_processed": ("test_holder", "test_restriction_begins_and_ends_once"),
    "erased_before": ("test_holder", "test_erasure_is_for_good_and_recorded_once"),
    "term_kept": (_CLAIMS, "test_stands_for_three_years_to_the_day"),
    "not_overturned": (_CLAIMS, "test_is_overturned_once"),
    "administrators_register": ("test_rights", "test_nobody_decides_their_own_case_under_a_friends_name"),
    "of_somebody_else": ("test_rights", "test_nobody_decides_their_own_case_under_a_friends_name"),
}
"""For each guard the file and the test that hold it."""
_HEAD: Final = """# The law in the software

For each article of the notice, or other ground, the rule that keeps it, the events that it guards and the test that holds it. What
each rule says stands in [rules](rules.md); the Chinese terms in the [glossary](glossary.md). Periods, levels by authority, retention
and what else differs between provinces are read from [`catalog/jurisdiction.toml`](../catalog/jurisdiction.toml), each with its source.

Printed by `python -m tests.docs.law` from the lists of guards; a test keeps it so, and every rule in it.
"""


def rows() -> list[tuple[str, str, str, str]]:
    """Ground, guard, events, test; by ground, the notice's own first."""
    grounds: dict[str, str] = {}
    events: defaultdict[str, list[str]] = defaultdict(list)
    for aggregate in AGGREGATES:
        for kind, guards in aggregate.GUARDS.items():
            for each in guards:
                grounds[each.name] = each.ground
                if kind.TOPIC not in events[each.name]:
                    events[each.name].append(kind.TOPIC)
    return sorted(
        (
            (ground, name, _listed(events[name]), "::".join(HELD_BY[name]))
            for name, ground in grounds.items()
            if name in HELD_BY
        ),
        key=lambda row: (not row[0].startswith(("article", "closing", "catalog")), row),
    )


def guards() -> frozenset[str]:
    """The names of all guards."""
    return frozenset(each.name for aggregate in AGGREGATES for listed in aggregate.GUARDS.values() for each in listed)


def tests() -> Mapping[str, str]:
    """The source of the files of tests, by their name."""
    found: defaultdict[str, str] = defaultdict(str)
    for path in (ROOT / "tests").rglob("test_*.py"):
        found[path.stem] += path.read_text(encoding="utf-8")
    return found


def is_there(file: str, test: str, sources: Mapping[str, str]) -> bool:
    """Whether a file has a test of this name."""
    return re.search(rf"^\s*def {re.escape(test)}\(", sources.get(file, ""), re.MULTILINE) is not None


def page() -> str:
    """The whole page."""
    lines = ["| Ground | Rule | Events | Held by |", "|---|---|---|---|"]
    lines += [f"| {ground} | `{name}` | {events} | `{test}` |" for ground, name, events, test in rows()]
    return _HEAD + "\n" + "\n".join(lines) + "\n"


def _listed(topics: list[str]) -> str:
    shown = [f"`{each}`" for each in topics[:3]]
    more = len(topics) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
