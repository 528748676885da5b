"""Hand-written rules of single rows of operation and derived tables: what the row's columns say together.

Rows of captures have theirs in `quality/rules.py`.
"""

from typing import NamedTuple

_LOOK_AT_PROGRAM = "Look at the program that wrote the row, and write it anew."
_LOOK_AT_STEP = "Look at the step of the derived tables that writes it; begin the load again when it is mended."


class RowRule(NamedTuple):
    """A sentence that holds of every row of a table, but for those where `wrong` is true.

    Attributes
    ----------
    wrong : condition in SQL.
    columns : what is shown of a row that contradicts, beside its key.
    meaning, remedy : what it means that the rule does not hold, and what to do.
    """

    name: str
    table: str
    wrong: str
    columns: tuple[str, ...]
    meaning: str
    remedy: str


def _in_order(table: str, earlier: str, later: str) -> RowRule:
    return RowRule(
        f"assert_no_{earlier}_of_{table}_is_after_its_{later}", table, f"{earlier} > {later}", (earlier, later),
        f"A span of time ends before it begins: `{later}` is earlier than `{earlier}`.", _LOOK_AT_STEP,
    )  # fmt: skip


ROW_RULES = (
    RowRule(
        "assert_no_run_ends_before_it_begins", "runs", "finished_at < started_at", ("started_at", "finished_at"),
        "A run ended before it began: the clocks of two machines differ, or one was set back.", "Set the clocks, and run again.",
    ),
    RowRule(
        "assert_every_stage_accounts_for_what_came_in", "stage_outcomes", "in_count <> out_count + quarantined_count",
        ("in_count", "out_count", "quarantined_count"),
        "A stage took in more or less than went on and was quarantined: something was lost or doubled in it.",
        "Look at the stage's files in staging and at its rejections; run it again.",
    ),
    RowRule(
        "assert_no_stage_outcome_has_more_absences_than_news", "stage_outcomes", "absence_count > new_count", ("new_count", "absence_count"),
        "More inputs are said to be absences than were new.", "Look at the outcomes of `capture` in staging; run it again.",
    ),
    RowRule(
        "assert_no_check_fails_for_more_than_it_looked_at", "quality_results", "failed_count > checked_count", ("checked_count", "failed_count"),
        "A check failed for more rows than it looked at: shares of failures would be above one.", _LOOK_AT_PROGRAM,
    ),
    RowRule(
        "assert_a_check_holds_where_nothing_failed_and_nowhere_else", "quality_results", "is_success <> (failed_count = 0)",
        ("is_success", "failed_count"), "A result says that the check holds and names failures, or the reverse.", _LOOK_AT_PROGRAM,
    ),
    RowRule(
        "assert_every_rejection_has_a_reason", "quarantine", "len(reasons) = 0", ("reasons",),
        "Something was set aside without a reason: nobody can tell what to mend.",
        "Let the stage that rejected it name a slug of `broadsheet reasons`.",
    ),
    RowRule(
        "assert_every_rejection_says_what_was_rejected", "quarantine",
        "case scope when 'input' then input_path is null when 'page' then capture_id is null "
        "else nullif(table_name, '') is null or row_key is null end",
        ("scope", "input_path", "capture_id", "table_name", "row_key"),
        "A rejection lacks what it is of (an input's path, a page's capture, a row's table and key): it could not be replayed.",
        "Let the stage that rejected it say so.",
    ),
    RowRule(
        "assert_only_what_was_rejected_again_has_a_successor", "quarantine_outcomes",
        "successor_id is not null and (quarantine_outcome <> 'replayed_rejected' or successor_id = quarantine_id)",
        ("quarantine_outcome", "successor_id"),
        "A rejection that is settled, or the rejection itself, is said to have taken its place.", _LOOK_AT_PROGRAM,
    ),
    RowRule(
        "assert_every_dismissal_has_a_note", "quarantine_outcomes", "quarantine_outcome = 'dismissed' and trim(note) = ''",
        ("quarantine_outcome", "note"), "A rejection was dismissed without saying why.", "Dismiss it again, with `--note`.",
    ),
    RowRule(
        "assert_no_state_was_built_from_itself", "snapshots", "parent_snapshot_id = snapshot_id", ("parent_snapshot_id",),
        "A published state names itself as the one before.", _LOOK_AT_PROGRAM,
    ),
    _in_order("current_versions", "first_captured_at", "last_captured_at"),
    _in_order("headline_feed_widths", "first_observed_at", "last_observed_at"),
    _in_order("headline_spells", "first_observed_at", "last_observed_at"),
    _in_order("headline_feed_days", "first_observed_at", "last_observed_at"),
    _in_order("feed_days", "first_observed_at", "last_observed_at"),
    _in_order("reprint_clusters", "first_published_at", "last_published_at"),
    RowRule(
        "assert_a_headline_is_resolved_where_one_full_headline_is_known_and_nowhere_else", "headline_resolutions",
        "(resolution_status = 'resolved') <> (full_headline is not null)", ("resolution_status", "full_headline"),
        "A headline is called resolved without the full one behind it, or has one although it is not: a candidate was picked silently.",
        _LOOK_AT_STEP,
    ),
    RowRule(
        "assert_no_text_is_a_reprint_of_itself", "reprint_pairs", "text_id = other_text_id", (),
        "A text is paired with itself.", _LOOK_AT_STEP,
    ),
    RowRule(
        "assert_no_site_day_has_more_article_captures_than_captures", "site_days", "article_capture_count > capture_count",
        ("capture_count", "article_capture_count"), "More captures of a day show an article than there are.", _LOOK_AT_STEP,
    ),
)  # fmt: skip
