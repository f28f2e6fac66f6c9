"""The version, read by the build and by `matcher --version`."""

__version__ = "0.1.0"
