"""The error that reaches the user: one sentence, what must hold, what came, where, what to do."""


class UserError(ValueError):
    """Something a user gave (config, file, signal) is wrong; the message is the whole story."""
