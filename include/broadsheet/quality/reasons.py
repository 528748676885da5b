"""Every reason for which an input, page or row is marked, with what it means.

Detection says which reasons hold; `policy.yaml` says what follows (warn, quarantine, stop). Slugs are stable: they are stored.
"""

INPUT_REASONS: dict[str, str] = {
    "missing_file": "The manifest or the command line names a file that does not exist.",
    "unreadable": "The file or directory cannot be read (permission, I/O error).",
    "unknown_extension": "The file is none of .txt, .html, .htm, their .gz, .warc, .warc.gz.",
    "empty_file": "There are no bytes.",
    "binary_content": "The bytes are not text (NUL bytes, control characters or a known binary signature).",
    "empty_directory": "The directory holds no file.",
    "not_gzip": "The file is called .gz, but its bytes are not gzip.",
    "truncated_gzip": "The gzip stream ends early or is damaged.",
    "broken_warc_record": "A record of a WARC file is damaged or incomplete.",
    "unknown_coding": "The WARC record's body has a content coding that is not known.",
    "unresolved_revisit": "The WARC record says that the page was unchanged, but the page that it points to is not in the file.",
    "page_too_large": "The page, unpacked, is larger than the limit.",
    "bad_manifest_row": "A row of the manifest cannot be understood; its file is taken without it, or not at all when no path is given.",
}

PAGE_REASONS: dict[str, str] = {
    "http_error": "The response is an error page (status 4xx or 5xx); 404 and 410 of a known URL are no errors but absences.",
    "no_visible_text": "The page has no visible text.",
    "undecodable": "A large share of the characters could not be decoded.",
    "parser_error": "The page kernel failed on this page: a fault of the program, kept with the page so that it can be replayed.",
    "page_timeout": "Reading the page did not end within the setting `page_seconds`; the detail says where it was.",
    "page_crashed": "The process that read the page died of it, twice; the detail says how and where.",
    "page_out_of_memory": "Reading the page took more memory than the setting `page_memory_mb` allows, twice.",
}

ROW_REASONS: dict[str, str] = {
    # what the schema demands
    "wrong_type": "A value cannot be turned into the column's type. The program that wrote the row disagrees with the schema.",
    "null_value": "A column that must have a value has none. Look at the parser's rule for it.",
    "not_allowed": "A value is none of the column's allowed ones: the parser and the schema disagree.",
    "out_of_bounds": "A number is outside of the column's bounds.",
    "pattern_mismatch": "A text does not have the form that the column demands (an id, a URL, a language code).",
    "blank_value": "A text that must say something is blank.",
    "duplicate_key": "Two rows of the batch have the same key; both are set aside, since neither is known to be right.",
    "parent_quarantined": "The row belongs to a row that is quarantined.",
    "part_quarantined": "A part of this is quarantined, and without it the rest would say something wrong, or nothing: an entry of "
    "a feed's state, the only version of an article.",
    # rules across columns
    "headline_missing": "The page has an article's text but no headline was found, so that it gives no article.",
    "page_cut_short": "The page has more blocks than are read: `left_out_char_count` characters are beyond the limit.",
    "page_unfinished": "The page's HTML opens and is never closed: it was cut in transfer, and body and lists may lack their ends. Capture it again.",
    "block_span_mismatch": "A block's span is not as long as its text: spans can no longer be trusted. A fault of the page kernel.",
    "ranks_not_dense": "The ranks of a feed's state do not run 1, 2, 3, …: an entry was lost or doubled.",
    "entry_count_mismatch": "A feed's state has more or fewer entries than it says: one was lost, doubled or filed elsewhere.",
    "headline_twice_in_feed": "A headline with the same URL, or without one, stands at several ranks of a feed's state: the site shows it twice, "
    "or one entry was read twice.",
    "entry_wider_than_limit": "An entry that is called cut is wider than its feed's limit: the limit was learned wrongly.",
    "published_after_capture": "The publication time lies more than a day after the capture (after the run began, where it is unknown): "
    "a wrong date was taken, or the wrong zone.",
    "published_not_as_url": "The URL has a day in it that lies more than two days from the publication time: year, month and day were read in the "
    "wrong order, or another date of the page was taken. Look at `published_at_raw` and `published_at_rule`.",
    "captured_in_future": "The capture time lies more than a day ahead of now: a clock or manifest is wrong. Correct it and deliver the page again.",
    "published_too_early": "The publication time lies before 1990: a number was taken for a date.",
    "capture_time_without_basis": "A capture time has no basis, or a basis has no time. Unknown times are NULL with the basis `none`.",
    "observation_time_without_basis": "The time at which a feed or an absence was observed has no basis, or a basis has no time or bound.",
    "body_missing": "The article has no body text: a photo or video page, or the body was not found.",
    "body_hash_mismatch": "`body_sha256` is not the hash of `body_text`: the text was cut or changed after it was read. Compare it with the "
    "capture's blocks.",
    "body_is_rights_notice": "The body is nothing but the rights notice: the article's text was not found.",
    "headline_is_module_heading": "The headline is the heading of a list on its page: the wrong block was taken.",
    "person_is_module_heading": "A credited person is the heading of a list on the page: the wrong block was taken.",
    "headline_is_site_name": "The headline is the site's own name: the page's headline was not found, or the page is no article.",
    "person_is_outlet": "A credited person has the name of an outlet that pages of the batch credit: one was taken for the other.",
    "headline_too_long": "The headline has more than 200 characters: a paragraph was taken for it, or several headlines for one.",
    "headline_repeated_in_body": "The headline is a paragraph of the body more than once: parts of lists or of the title block are in it.",
    "body_doubled": "The second half of the body is the first once more: the page has the text twice, and both were taken.",
    "markup_in_text": "Headline or body shows HTML tags or entities: the page has escaped its text twice, or something else was taken for text.",
    "mojibake": "Headline or body was decoded with another charset than its own (浣犲ソ for 你好), here or before the capture.",
    "label_in_person": "A person's name has a colon in it: the label of a credit, or a whole line, was taken for a name.",
    "label_in_outlet": "An outlet's name has a colon in it: the label of a credit, or a whole line, was taken for a name.",
    "link_to_own_page": "A related link leads to the page that it stands on.",
    "replacement_characters": "Some characters could not be decoded, here or before the capture.",
    "profile_selector_missed": "Selectors of the site's profile matched nothing on an article (`captures.site_profile_missed` names them) and the "
    "generic path filled in: the site may have a new layout.",
    "low_coverage": "Less than half of the visible text was explained: look at the page's layout.",
    "no_publication_time": "The article shows no publication time, or in a form that is not known.",
    "no_source": "The article credits no outlet.",
    "editor_is_author": "One name is credited as editor and as author of one version; it may be true.",
}

# What is seen of a site's days, whoever loads them: kinds of `incidents`. docs/drift.md has the rules.
INCIDENT_REASONS: dict[str, str] = {
    "new_layout": "A site shows pages of a layout that it had not shown before. Compare the two examples; look whether fields are still read, "
    "and give the site's profile a layout from this day on if not.",
    "fill_rate_dropped": "A field is read on a smaller share of a site's pages than on the days before. Compare the two examples: the site has "
    "moved it, or a change of the parser lost it; then reparse.",
    "coverage_dropped": "Less of the pages' text is explained than on the days before. `broadsheet show PAGE --html` of "
    "the example shows what is not.",
    "module_count_changed": "A site's pages show more or fewer feeds or modules of related links than on the days before: the site changed its "
    "furniture, or headings are no longer known.",
    "feed_length_changed": "Feeds of a site have more or fewer entries than on the days before: the site changed them, or their ends are missed.",
    "feed_width_changed": "A feed cuts its headlines at a width that it did not cut at before: the site has a new layout. What was resolved stays.",
    "feed_silent": "A feed that a site showed day after day was on none of its pages: it was dropped or renamed, or is no longer found.",
    "feed_frozen": "A feed that changed day after day showed one state all day: the site no longer fills it, or pages came from a cache.",
    "volume_dropped": "Far fewer pages of a site came on a day than on the days before: look at the crawl, then at the site.",
    "site_silent": "No page of a site that came day after day came on this day: look at the crawl, then at the site.",
    "freshness_dropped": "Fewer of a site's articles than on the days before were captured within a day of their publication: the crawl lags behind, "
    "pages come from a cache, or times are read wrongly.",
    "duplicates_rose": "More of a site's captures than on the days before have the bytes of another of the day: a batch came twice, or one answer "
    "stands for many pages.",
    "left_out_rose": "More of a site's pages than on the days before are longer than what is read of a page.",
}

BATCH_REASONS: dict[str, str] = {
    "empty_batch": "A run brought no page and no answer that one is gone: look at what should have delivered them.",
    "batch_known": "A run brought nothing that the warehouse did not have: the batch was delivered before, or read again on purpose.",
}

# Rules over all rows, and files as `broadsheet check` finds them.
DELIVERY_REASONS: dict[str, str] = {
    "broken_reference": "A value names a row that its table does not have: deliver the row too, or take the value out where it may be NULL.",
    "contradiction": "Rows of one table, or of two, say what cannot be true together; the check's name says what must hold.",
    "missing_table": "There is no file of a table that was asked for, or that other tables refer to: deliver it as <table>.parquet or <table>/….",
    "unknown_table": "A file's name is that of no table that is delivered as Parquet: rename or remove it. It was not read.",
    "damaged_file": "A file cannot be read as Parquet, in whole or in part: write it anew. Its rows were not checked.",
    "missing_column": "A file lacks a column that must have values: add it. Its rows were not checked.",
    "missing_nullable_column": "A file lacks a column that may be NULL, as one of an earlier program does; it was taken for NULL in all rows.",
    "unknown_column": "A file has a column that the table does not have; it was not read. Rename it, or leave it out.",
}

BY_SCOPE = {
    "input": INPUT_REASONS,
    "page": PAGE_REASONS,
    "row": ROW_REASONS,
    "batch": {**INCIDENT_REASONS, **BATCH_REASONS},
    "delivery": DELIVERY_REASONS,
}
REASONS: dict[str, str] = {reason: meaning for reasons in BY_SCOPE.values() for reason, meaning in reasons.items()}
# What has one of these cannot go on whatever the policy says: there is nothing to read, or the Parquet schema or a join would break.
NEVER_KEPT = frozenset({*INPUT_REASONS, *PAGE_REASONS, "wrong_type", "null_value", "parent_quarantined", "part_quarantined"})
# What is seen of files, of all rows, or of a batch against the warehouse, so that there is no row to set aside.
OF_THE_BATCH = frozenset({*DELIVERY_REASONS, *INCIDENT_REASONS, *BATCH_REASONS})
