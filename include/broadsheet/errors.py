"""The three kinds of errors, never mixed.

Bad data is an answer about one page or row: it goes to quarantine and the batch goes on. A transient error may succeed on
retry. Everything else is a fault of code or configuration and fails the run.
"""


class BroadsheetError(Exception):
    """Base of the errors that Broadsheet raises on purpose."""


class BadInput(BroadsheetError):
    """One input, page or row cannot be used.

    Attributes
    ----------
    reason : stable slug from `broadsheet.quality.reasons`, e.g. ``empty_file``.
    detail : what was seen, for a person.
    """

    def __init__(self, reason: str, detail: str = ""):
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail


class TransientError(BroadsheetError):
    """The same call may succeed later (a lock held by another writer, a full disk, a network hiccup)."""


class TakenOver(TransientError):
    """Another working directory publishes what this one was about to."""


class ConfigurationError(BroadsheetError):
    """A setting, policy or manifest is wrong; the message names the file or key and what is expected."""


class BatchStopped(BroadsheetError):
    """The quality policy says that this batch must not be published; nothing was changed.

    Attributes
    ----------
    findings : one sentence per failed check.
    """

    def __init__(self, findings: list[str]):
        super().__init__("; ".join(findings))
        self.findings = findings
