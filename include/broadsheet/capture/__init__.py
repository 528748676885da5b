"""1 Capture: files and WARC records -> raw zone and capture records."""
