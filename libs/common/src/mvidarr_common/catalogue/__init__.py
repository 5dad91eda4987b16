"""The catalogue of messages, for people (`markdown`) and for tools (`asyncapi`), from the registry.

What is written in the classes is all there is: nothing about a message is documented elsewhere.
"""

from .asyncapi import asyncapi
from .entries import Entry, Field, entries, parts
from .markdown import markdown

__all__ = ["Entry", "Field", "asyncapi", "entries", "markdown", "parts"]
