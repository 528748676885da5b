"""Every reason for which an input, page or row is marked: what it means, and what to do about it.

Detection says which reasons hold; `policy.yaml` says what follows (warn, quarantine, stop). Slugs are stable: they are stored.
"""

from typing import NamedTuple


class Reason(NamedTuple):
    """What a reason means, and what a person is to do. Both are sentences."""

    meaning: str
    remedy: str

    @property
    def text(self) -> str:
        return f"{self.meaning} {self.remedy}"


INPUT_REASONS: dict[str, Reason] = {
    "missing_file": Reason(
        "The manifest or the command line names a file that does not exist.", "Correct the path, or deliver the file, and replay the rejection."
    ),
    "unreadable": Reason(
        "The file or directory cannot be read (permission, I/O error).", "Let the user that runs the job read it, look at the disk, and replay."
    ),
    "unknown_extension": Reason(
        "The file is none of .txt, .html, .htm, .xml, .rss, .atom, .rdf, .json, their .gz, .warc, .warc.gz.",
        "Rename it if it is a page after all; dismiss the rejection otherwise.",
    ),
    "not_a_feed": Reason(
        "The file or record is called XML, JSON or a feed, but its content is none of RSS, Atom and JSON Feed: a sitemap, an answer of a program, an "
        "error page.",
        "Dismiss it if it is no feed, and leave such files out of the delivery; fetch the feed again if it should be one.",
    ),
    "empty_file": Reason("There are no bytes.", "Fetch the page again; look at what delivers the files if there are many."),
    "binary_content": Reason(
        "The bytes are not text (NUL bytes, control characters or a known binary signature).",
        "Dismiss it if it is a picture or document; fetch the page again if it should be one.",
    ),
    "empty_directory": Reason("The directory holds no file.", "Look whether the delivery came, and whether the path is right."),
    "not_gzip": Reason(
        "The file is called .gz, but its bytes are not gzip.", "Take .gz off its name if it is a page as it is; else deliver it anew."
    ),
    "truncated_gzip": Reason("The gzip stream ends early or is damaged.", "Deliver the file again: it was cut in transfer."),
    "broken_warc_record": Reason(
        "A record of a WARC file is damaged or incomplete.", "Deliver the file again; the records before and after it were read."
    ),
    "unknown_coding": Reason(
        "The WARC record's body has a content coding that is not known.",
        "Let the crawler ask for gzip, deflate or br, or none, and fetch the page again.",
    ),
    "unresolved_revisit": Reason(
        "The WARC record says that the page was unchanged, but the page that it points to is neither in the raw zone nor in the inputs before it.",
        "Deliver the file that has the page, then replay this one, or fetch the page again.",
    ),
    "page_too_large": Reason(
        "The page, unpacked, is larger than the limit.", "Dismiss it if it is no news page; raise the limit in the settings if it is one."
    ),
    "bad_manifest_row": Reason(
        "A row of the manifest cannot be understood; its file is taken without it, or not at all when no path is given.",
        "Correct the row as the detail says, and deliver it again.",
    ),
    "bad_path_list_line": Reason(
        "A line of a source's path list leads out of the source's `base`; it is passed over, the others are read.",
        "Ask who wrote the list for a right one, or name the file in the source's `paths`; then dismiss the rejection.",
    ),
}

PAGE_REASONS: dict[str, Reason] = {
    "http_error": Reason(
        "The response is an error page (status 4xx or 5xx); 404 and 410 of a known URL are no errors but absences.",
        "Fetch the page again; look at the crawler or at the site if there are many.",
    ),
    "no_visible_text": Reason(
        "The page has no visible text.", "Look whether scripts fill it: capture it rendered then, and dismiss it if it is empty for readers too."
    ),
    "broken_feed": Reason(
        "The XML or JSON of a feed is so broken that not one entry can be read from it; the detail says where.",
        "Fetch the feed again; tell its site if it comes so each time.",
    ),
    "empty_feed": Reason(
        "A feed has no entry, or none with a headline.", "Nothing, where the site has no news in it; look at the feed if it had some before."
    ),
    "undecodable": Reason(
        "A large share of the characters could not be decoded.", "Look at the charset that the response and the page name; capture the page again."
    ),
    "forgotten": Reason(
        "The page says of itself that its URL is one that was forgotten; it came under another URL, or without one.",
        "Repeat `broadsheet forget` for that URL: it takes the page's bytes out of the raw zone, and keeps this URL away too.",
    ),
    "parser_error": Reason(
        "The page kernel failed on this page: a fault of the program, kept with the page so that it can be replayed.",
        "Mend the kernel (the detail has where it failed), and replay.",
    ),
    "page_timeout": Reason(
        "Reading the page did not end within the setting `page_seconds`; the detail says where it was.",
        "Replay when the machine is less busy; mend the kernel if it happens again.",
    ),
    "page_crashed": Reason(
        "The process that read the page died of it, twice; the detail says how and where.",
        "Look whether the machine was short of memory, and replay; mend the kernel if it happens again.",
    ),
    "page_out_of_memory": Reason(
        "Reading the page took more memory than the setting `page_memory_mb` allows, twice.",
        "Raise the setting and replay; mend the kernel if the page is of a common size.",
    ),
}

ROW_REASONS: dict[str, Reason] = {
    # what the schema demands
    "wrong_type": Reason(
        "A value cannot be turned into the column's type.", "Mend the program that wrote the row, or the schema: the two disagree. Then replay."
    ),
    "null_value": Reason("A column that must have a value has none.", "Look at the parser's rule for the column, mend it, and replay."),
    "not_allowed": Reason(
        "A value is none of the column's allowed ones.", "Mend the parser, or allow the value in `fields.py` if it is a new kind; then replay."
    ),
    "out_of_bounds": Reason("A number is outside of the column's bounds.", "Look at where the number was taken from, mend the parser, and replay."),
    "pattern_mismatch": Reason(
        "A text does not have the form that the column demands (an id, a URL, a language code, JSON).",
        "Look at the raw text beside it, mend what makes the value, and replay.",
    ),
    "blank_value": Reason("A text that must say something is blank.", "Look at the page: mend the parser's rule or write a profile; then replay."),
    "duplicate_key": Reason(
        "Two rows of the batch have the same key; both are set aside, since neither is known to be right.",
        "Look at what the two have different: deliver the page once, or mend what makes the key. Then replay.",
    ),
    "parent_quarantined": Reason(
        "The row belongs to a row that is quarantined.", "Mend what the other row is quarantined for: a replay brings both."
    ),
    "part_quarantined": Reason(
        "A part of this is quarantined, and without it the rest would say something wrong, or nothing: an entry of a feed's state, the only version "
        "of an article.",
        "Mend what the part is quarantined for: a replay brings the whole.",
    ),
    # rules across columns
    "headline_missing": Reason(
        "The page has an article's text but no headline was found, so that it gives no article.",
        "Give the site a profile with a selector for its headline, and reparse.",
    ),
    "page_cut_short": Reason(
        "The page has more blocks than are read: `left_out_char_count` characters are beyond the limit.",
        "Look whether the page is one article; nothing is to be done for a page that lists hundreds.",
    ),
    "page_unfinished": Reason(
        "The page's HTML opens and is never closed: it was cut in transfer, and body and lists may lack their ends.", "Capture it again."
    ),
    "block_span_mismatch": Reason(
        "A block's span is not as long as its text: spans can no longer be trusted.", "Mend the page kernel, whose fault it is, and replay."
    ),
    "ranks_not_dense": Reason(
        "The ranks of a feed's state do not run 1, 2, 3, …: an entry was lost or doubled.",
        "Look at the list on the page and at its entries in `page_blocks`; mend how ranks are read, and replay.",
    ),
    "entry_count_mismatch": Reason(
        "A feed's state has more or fewer entries than it says: one was lost, doubled or filed elsewhere.",
        "Look at what came between the parser and this check; deliver state and entries together, or replay.",
    ),
    "headline_twice_in_feed": Reason(
        "A headline with the same URL, or without one, stands at several ranks of a feed's state: the site shows it twice, or one entry was read "
        "twice.",
        "Look at the page; mend how entries are told apart if it shows the headline once.",
    ),
    "entry_wider_than_limit": Reason(
        "An entry that is called cut is wider than its feed's limit: the limit was learned wrongly.",
        "Look whether two lists of the site share a label; a profile that tells them apart lets each have its limit.",
    ),
    "published_after_capture": Reason(
        "The publication time lies more than a day after the capture (after the run began, where it is unknown): a wrong date was taken, or the "
        "wrong zone.",
        "Look at `published_at_raw` and `published_at_rule`; mend the rule or write a profile, and replay.",
    ),
    "published_not_as_url": Reason(
        "The URL has a day in it that lies more than two days from the publication time: year, month and day were read in the wrong order, or "
        "another date of the page was taken.",
        "Look at `published_at_raw` and `published_at_rule`; mend the rule or write a profile, and reparse.",
    ),
    "captured_in_future": Reason(
        "The capture time lies more than a day ahead of now: a clock or manifest is wrong.", "Correct it and deliver the page again."
    ),
    "published_too_early": Reason(
        "The publication time lies before 1990: a number was taken for a date.",
        "Look at `published_at_raw` and `published_at_rule`; mend the rule or write a profile, and replay.",
    ),
    "capture_time_without_basis": Reason(
        "A capture time has no basis, or a basis has no time.",
        "Give both, or neither: unknown times are NULL with the basis `none`. Correct the manifest and deliver the page again.",
    ),
    "observation_time_without_basis": Reason(
        "The time at which a feed or an absence was observed has no basis, or a basis has no time or bound.",
        "Mend what makes the observation: a time with the basis that it is known from, or NULL with `none` or a bound. Then replay.",
    ),
    "body_missing": Reason(
        "The article has no body text: a photo or video page, or the body was not found.",
        "Look at the page; give the site a profile with a selector for its body if it has text, and reparse.",
    ),
    "body_hash_mismatch": Reason(
        "`body_sha256` is not the hash of `body_text`: the text was cut or changed after it was read.",
        "Compare it with the capture's blocks, and let what writes the text make the hash too.",
    ),
    "body_is_rights_notice": Reason(
        "The body is nothing but the rights notice: the article's text was not found.",
        "Give the site a profile with a selector for its body, and replay.",
    ),
    "headline_is_module_heading": Reason(
        "The headline is the heading of a list on its page: the wrong block was taken.",
        "Give the site a profile with a selector for its headline, and replay.",
    ),
    "person_is_module_heading": Reason(
        "A credited person is the heading of a list on the page: the wrong block was taken.",
        "Look at the credit's `credit_raw`; mend the rule or write a profile, and replay.",
    ),
    "headline_is_site_name": Reason(
        "The headline is the site's own name: the page's headline was not found, or the page is no article.",
        "Give the site a profile with a selector for its headline, and reparse.",
    ),
    "person_is_outlet": Reason(
        "A credited person has the name of an outlet that pages of the batch credit: one was taken for the other.",
        "Look at the credit's `credit_raw`; mend the rule or write a profile, and reparse. An outlet may be credited as author.",
    ),
    "headline_too_long": Reason(
        "The headline has more than 200 characters: a paragraph was taken for it, or several headlines for one.",
        "Give the site a profile with a selector for its headline, and reparse.",
    ),
    "headline_repeated_in_body": Reason(
        "The headline is a paragraph of the body more than once: parts of lists or of the title block are in it.",
        "Give the site a profile with a narrower selector for its body, and reparse.",
    ),
    "body_doubled": Reason(
        "The second half of the body is the first once more: the page has the text twice, and both were taken.",
        "Give the site a profile with a selector that matches one of the two, and reparse.",
    ),
    "markup_in_text": Reason(
        "Headline or body shows HTML tags or entities: the page has escaped its text twice, or something else was taken for text.",
        "Look at the page's source; nothing is to be done where readers see the tags too.",
    ),
    "mojibake": Reason(
        "Headline or body was decoded with another charset than its own (浣犲ソ for 你好), here or before the capture.",
        "Look at `charset_basis`; let what delivers the pages leave their bytes as they are, and deliver them again.",
    ),
    "label_in_person": Reason(
        "A person's name has a colon in it: the label of a credit, or a whole line, was taken for a name.",
        "Look at `credit_raw`; add the label to the page kernel's, or write a profile, and reparse.",
    ),
    "label_in_outlet": Reason(
        "An outlet's name has a colon in it: the label of a credit, or a whole line, was taken for a name.",
        "Look at `credit_raw`; add the label to the page kernel's, or write a profile, and reparse.",
    ),
    "link_to_own_page": Reason(
        "A related link leads to the page that it stands on.", "Nothing, where the site links so; look at the page's canonical URL if all links do."
    ),
    "replacement_characters": Reason(
        "Some characters could not be decoded, here or before the capture.",
        "Look at what delivers the pages if a site has many; a few come from the site itself.",
    ),
    "profile_selector_missed": Reason(
        "Selectors of the site's profile matched nothing on an article (`captures.site_profile_missed` names them) and the generic path filled in: "
        "the site may have a new layout.",
        "Look at the page; give the profile a layout from this day on, and reparse.",
    ),
    "low_coverage": Reason(
        "Less than half of the visible text was explained.", "Look at the page's layout: `broadsheet show PAGE --html` shows what was not."
    ),
    "no_publication_time": Reason(
        "The article shows no publication time, or in a form that is not known.",
        "Look at the page; give the site a profile if it shows one, and reparse.",
    ),
    "no_source": Reason("The article credits no outlet.", "Nothing, where the page credits none; give the site a profile if it does, and reparse."),
    "editor_is_author": Reason(
        "One name is credited as editor and as author of one version; it may be true.",
        "Look at `credit_raw` of both; mend the rule if one line was read twice, and reparse.",
    ),
}

# What is seen of a site's days, whoever loads them: kinds of `incidents`. docs/drift.md has the rules.
INCIDENT_REASONS: dict[str, Reason] = {
    "new_layout": Reason(
        "A site shows pages of a layout that it had not shown before.",
        "Compare the two examples; look whether fields are still read, and give the site's profile a layout from this day on if not.",
    ),
    "fill_rate_dropped": Reason(
        "A field is read on a smaller share of a site's pages than on the days before: the site has moved it, or a change of the parser lost it.",
        "Compare the two examples; mend the profile or the parser, then reparse.",
    ),
    "coverage_dropped": Reason(
        "Less of the pages' text is explained than on the days before.", "`broadsheet show PAGE --html` of the example shows what is not."
    ),
    "module_count_changed": Reason(
        "A site's pages show more or fewer feeds or modules of related links than on the days before: the site changed its furniture, or headings "
        "are no longer known.",
        "Compare the two examples; add the new headings to the vocabulary or the profile, and reparse.",
    ),
    "feed_length_changed": Reason(
        "Feeds of a site have more or fewer entries than on the days before: the site changed them, or their ends are missed.",
        "Compare the two examples; mend how the list's end is found if entries are missing, and reparse.",
    ),
    "feed_width_changed": Reason(
        "A feed cuts its headlines at a width that it did not cut at before: the site has a new layout. What was resolved stays.",
        "Look at one of the feed's states; nothing is to be done if it cuts so.",
    ),
    "feed_silent": Reason(
        "A feed that a site showed day after day was on none of its pages: it was dropped or renamed, or is no longer found.",
        "Look at a page of the day; mend the profile if the feed is there, and reparse.",
    ),
    "feed_frozen": Reason(
        "A feed that changed day after day showed one state all day: the site no longer fills it, or pages came from a cache.",
        "Open the site; let the crawler go past the cache if the feed moves there.",
    ),
    "volume_dropped": Reason("Far fewer pages of a site came on a day than on the days before.", "Look at the crawl, then at the site."),
    "site_silent": Reason("No page of a site that came day after day came on this day.", "Look at the crawl, then at the site."),
    "freshness_dropped": Reason(
        "Fewer of a site's articles than on the days before were captured within a day of their publication: the crawl lags behind, pages come from "
        "a cache, or times are read wrongly.",
        "Compare `published_at` with the page of the example; mend crawl or rule.",
    ),
    "duplicates_rose": Reason(
        "More of a site's captures than on the days before have the bytes of another of the day: a batch came twice, or one answer stands for many "
        "pages.",
        "Look at what such captures show: an error page with status 200 means that the site refuses the crawler.",
    ),
    "left_out_rose": Reason(
        "More of a site's pages than on the days before are longer than what is read of a page.",
        "Look at the example's end; nothing is to be done if it is a list.",
    ),
}

BATCH_REASONS: dict[str, Reason] = {
    "empty_batch": Reason("A run brought no page and no answer that one is gone.", "Look at what should have delivered them."),
    "batch_known": Reason(
        "A run brought nothing that the warehouse did not have: the batch was delivered before, or read again on purpose.",
        "Look whether the delivery's path still names an earlier day.",
    ),
    "person_without_credit": Reason(
        "The warehouse has people whom no credit names: credits of theirs were lost, by an earlier program or a step that is wrong.",
        "Read the captures of their sites anew (`broadsheet reparse`): credits that the pages show come back, and people without any go.",
    ),
    "source_silent": Reason(
        "A source that the crawler asks has given no good answer for a day.",
        "Open its front page; ask `broadsheet source preview` what its robots.txt allows; mend its `urls`.",
    ),
    "source_failing": Reason(
        "More than half of what the crawler asked of a source in a day failed.",
        "Look whether the site is down or turns the crawler away; give it a longer `delay`, or ask its people.",
    ),
    "source_barren": Reason(
        "A source that answers has led to no new page for three days.",
        "Look whether its front page shows links that `follow` leaves out, or none without JavaScript; try its feed or sitemap.",
    ),
}

# Rules over all rows, and files as `broadsheet check` finds them.
DELIVERY_REASONS: dict[str, Reason] = {
    "broken_reference": Reason(
        "A value names a row that its table does not have.", "Deliver the row too, or take the value out where it may be NULL."
    ),
    "contradiction": Reason(
        "Rows of one table, or of two, say what cannot be true together; the check's name says what must hold.",
        "Look at the rows and mend the program that wrote them; the load is to be begun again.",
    ),
    "missing_table": Reason(
        "There is no file of a table that was asked for, or that other tables refer to.", "Deliver it as <table>.parquet or <table>/…."
    ),
    "unknown_table": Reason("A file's name is that of no table that is delivered as Parquet. It was not read.", "Rename or remove it."),
    "damaged_file": Reason("A file cannot be read as Parquet, in whole or in part. Its rows were not checked.", "Write it anew."),
    "missing_column": Reason("A file lacks a column that must have values. Its rows were not checked.", "Add the column."),
    "missing_nullable_column": Reason(
        "A file lacks a column that may be NULL, as one of an earlier program does; it was taken for NULL in all rows.",
        "Nothing, if that is right; add the column otherwise.",
    ),
    "unknown_column": Reason("A file has a column that the table does not have; it was not read.", "Rename it, or leave it out."),
}

BY_SCOPE = {
    "input": INPUT_REASONS,
    "page": PAGE_REASONS,
    "row": ROW_REASONS,
    "batch": {**INCIDENT_REASONS, **BATCH_REASONS},
    "delivery": DELIVERY_REASONS,
}
REASONS: dict[str, Reason] = {slug: reason for reasons in BY_SCOPE.values() for slug, reason in reasons.items()}
# What has one of these cannot go on whatever the policy says: there is nothing to read, or the Parquet schema or a join would break.
NEVER_KEPT = frozenset({*INPUT_REASONS, *PAGE_REASONS, "wrong_type", "null_value", "parent_quarantined", "part_quarantined"})
# What is seen of files, of all rows, or of a batch against the warehouse, so that there is no row to set aside.
OF_THE_BATCH = frozenset({*DELIVERY_REASONS, *INCIDENT_REASONS, *BATCH_REASONS})


def told(slug: str) -> str:
    """Meaning and remedy of a reason; nothing for one that an earlier program knew."""
    return REASONS[slug].text if slug in REASONS else ""
