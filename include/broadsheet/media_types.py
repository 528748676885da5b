"""What a capture holds, as `captures.media_type` says it: told by its content, by its name or declaration only where that says nothing."""

HTML, PLAIN = "text/html", "text/plain"
RSS = "application/rss+xml"  # RDF of RSS 0.9 and 1.0 too
ATOM = "application/atom+xml"
JSON_FEED = "application/feed+json"
FEED_FILES = (RSS, ATOM, JSON_FEED)
ALL = (HTML, PLAIN, *FEED_FILES)
# Of these a declaration in the first line tells the charset.
WITH_DECLARATION = (HTML, RSS, ATOM)
