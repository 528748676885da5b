"""Stage 1: files and WARC records become captures, their bytes go to the raw zone."""
