class ProviderFailed(Exception):
    """What went wrong between us and a provider; `rule` for the log, the text for a person. Holds no secret."""

    def __init__(self, words: str, *, rule: str) -> None:
        super().__init__(words)
        self.rule = rule
