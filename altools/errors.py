"""The error that reaches the user: one sentence, what must hold, what came, where, what to do."""


class UserError(ValueError):
    """Something a user gave (config, file, signal) is wrong; the message is the whole story."""


def first_line(error: BaseException) -> str:
    """Say in one line what another library raised."""
    return (str(error) or type(error).__name__).splitlines()[0][:200]
