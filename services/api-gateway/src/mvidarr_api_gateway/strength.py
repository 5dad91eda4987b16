"""Which passwords are taken: long ones that nobody guesses first (NIST SP 800-63B).

Length is what counts. Which characters are in it is everybody's own business: rules about that
make passwords that are hard to remember and easy to guess.
"""

from mvidarr_common.errors import Invalid
from mvidarr_common.messages.ids import name_key

SHORTEST = 12
FEWEST = 5
"""Different characters."""

COMMON = (
    "passwort", "password", "passw0rd", "p@ssw0rd", "p@ssword", "mvidarr", "qwerty", "qwertz",
    "azerty", "asdfghjkl", "zxcvbnm", "yxcvbnm", "1q2w3e4r5t6y", "1qaz2wsx3edc", "qazwsxedc",
    "1234567890", "0987654321", "9876543210", "abcdefghijkl", "letmein", "welcome", "iloveyou",
    "administrator", "admin", "changeme", "default", "secret", "sunshine", "princess", "football",
    "baseball", "dragon", "monkey", "superman", "batman", "trustno1", "whatever", "musicvideo",
    "jellyfin", "changeit", "rootroot", "hello", "login", "master", "access", "test", "guest",
)  # fmt: skip
"""What the passwords that are tried first are made of."""


def require_good(password: str, username: str) -> None:
    """Raise Invalid for a password that is guessed soon."""
    plain, name = name_key(password), name_key(username)
    if len(password) < SHORTEST:
        raise _weak(f"A password has {SHORTEST} characters or more.")
    if len(set(plain)) < FEWEST:
        raise _weak("The password repeats the same few characters.")
    if _rest(plain, (name,)) < SHORTEST // 2 and name in plain:
        raise _weak("The password is the user's name and little else.")
    if _rest(plain, COMMON) < SHORTEST // 2:
        raise _weak("The password is one of those that are tried first.")


def _rest(password: str, words: tuple[str, ...]) -> int:
    """How much remains without these words, and digits and signs at the end of it."""
    rest = password
    for word in sorted(words, key=len, reverse=True):
        rest = rest.replace(word, "") if word else rest
    if rest == password:
        return len(password)
    return len(rest.strip("0123456789!?.,-_*#@$ "))


def _weak(sentence: str) -> Invalid:
    return Invalid("invalid_password", sentence)
