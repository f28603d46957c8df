"""RemoteError and TemporaryFailure: why a file was not downloaded."""


class RemoteError(ValueError):
    """A file can't be downloaded; the message shows no address and no credentials."""


class TemporaryFailure(Exception):
    """One try failed, and another may not.

    Parameters
    ----------
    reason : str
        What went wrong.

    pause : float, default=0.0
        The seconds that the server asks to wait.
    """

    def __init__(self, reason, pause=0.0):
        super().__init__(reason)
        self.pause = pause
