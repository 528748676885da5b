"""Every reason for which an input, page or row is marked, with what it means.

Detection says which reasons hold; `policy.yaml` says what follows (warn, quarantine, stop). Slugs are stable: they are stored.
"""

REASONS: dict[str, str] = {
    # inputs
    "missing_file": "The manifest or the command line names a file that does not exist.",
    "unreadable": "The file or directory cannot be read (permission, I/O error).",
    "unknown_extension": "The file is none of .txt, .html, .htm, their .gz, .warc, .warc.gz.",
    "empty_file": "There are no bytes.",
    "binary_content": "The bytes are not text (NUL bytes, control characters or a known binary signature).",
    "truncated_gzip": "The gzip stream ends early or is damaged.",
    "broken_warc_record": "A record of a WARC file is damaged or incomplete.",
    "not_a_page": "The WARC record is a response, but not of a page (image, script, feed, …).",
    "unresolved_revisit": "The WARC record says that the page was unchanged, but the page that it points to is not in the file.",
    "page_too_large": "The page, unpacked, is larger than the limit.",
    "bad_manifest_row": "A row of the manifest cannot be understood; its file is taken without it, or not at all when no path is given.",
    # pages
    "http_error": "The response is an error page (status 4xx or 5xx).",
    "no_visible_text": "The page has no visible text.",
    "undecodable": "A large share of the characters could not be decoded.",
    "parser_error": "The page kernel failed on this page: a fault of the program, kept with the page so that it can be replayed.",
    "replacement_characters": "Some characters could not be decoded, here or before the capture.",
    # rows
    "parent_quarantined": "The row belongs to a row that is quarantined.",
}
