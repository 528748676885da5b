"""4 Quality: reasons, row checks, suites, policy and quarantine."""
