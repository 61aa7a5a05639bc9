"""What can go wrong with the servers we start; every message is one line that says what to do, then what is known."""


class EmbeddedError(Exception):
    """An embedded server or its data directory cannot be used; the message is meant for the person at the terminal."""


class DataDirectoryInUse(EmbeddedError):
    """Another process holds the data directory, and two servers on one directory would destroy it."""


class DataDirectoryUnusable(EmbeddedError):
    """The data directory cannot be created, or we may not write in it."""


class EmbeddedServerError(EmbeddedError):
    """A server did not start; the lines after the first are the last ones of its log."""
