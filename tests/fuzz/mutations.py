"""Damage to bytes, drawn from a seeded generator: the same generator gives the same damage."""

import re
import struct
from collections.abc import Callable
from random import Random

Mutation = Callable[[bytes, bytes, Random], bytes]

NUMBER = re.compile(rb"-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
ODD_NUMBERS = (
    *(b"0", b"-0", b"-1", b"1.5", b"1e5", b"1e39", b"-1e39", b"1e308", b"1e309", b"1e-400", b"99999999999999999999"),
    *(b"nan", b"-nan", b"inf", b"-inf", b"Infinity", b"NaN", b"null", b"true", b"", b" ", b".", b"-", b"+1", b"--1"),
    *(b"1_0", b"0x10", b"1d5", b"1,5", b"'1'", b'"1"', b"1;", b"1j", b"[1]", b"{}", b"9" * 400, b"9" * 5000),
    *("\u0663".encode(), "\u00bd".encode(), b"65536", b"65537", b"2147483648", b"9223372036854775808", b"1e18"),
)
ODD_TEXTS = (
    *(b"\0", b"\n", b"\r", b"\r\n", b"\n\n", b",", b",,", b";", b"\t", b'"', b"'", b"#", b":", b"?", b"@", b"\\", b"/"),
    *(b"\xff", b"\xef\xbb\xbf", b"\xff\xfe", b"\x1a", b"../", b"%s", b"{", b"[", b"\xc2\x85", b"\xe2\x80\xa8"),
)
ODD_INTEGERS = (
    0,
    1,
    2,
    3,
    7,
    8,
    16,
    127,
    255,
    2**15,
    2**16 - 1,
    2**31 - 1,
    2**31,
    2**32 - 1,
    2**63 - 1,
    2**63,
    2**64 - 1,
)


def flip(content: bytes, _: bytes, rng: Random) -> bytes:
    """Flip one to eight bits."""
    damaged = bytearray(content)
    for _i in range(rng.choice((1, 1, 1, 2, 8))):
        damaged[rng.randrange(len(damaged))] ^= 1 << rng.randrange(8)
    return bytes(damaged)


def overwrite(content: bytes, _: bytes, rng: Random) -> bytes:
    """Overwrite a run with zeros, ones or anything."""
    start, size = rng.randrange(len(content)), rng.choice((1, 1, 2, 4, 8, 16, 64))
    run = rng.choice((bytes(size), b"\xff" * size, rng.randbytes(size)))
    return content[:start] + run + content[start + size :]


def integer(content: bytes, _: bytes, rng: Random) -> bytes:
    """Overwrite a binary integer with one at the edge of what it can be."""
    code, size = rng.choice((("B", 1), ("H", 2), ("I", 4), ("Q", 8)))
    value = rng.choice((*ODD_INTEGERS, rng.randrange(len(content)))) % 256**size
    start = rng.randrange(len(content))
    return content[:start] + struct.pack("<" + code, value) + content[start + size :]


def truncate(content: bytes, _: bytes, rng: Random) -> bytes:
    """Cut the end off."""
    return content[: rng.randrange(len(content))]


def insert(content: bytes, _: bytes, rng: Random) -> bytes:
    """Put bytes in between."""
    start = rng.randrange(len(content) + 1)
    return content[:start] + rng.randbytes(rng.choice((1, 2, 8, 100))) + content[start:]


def drop(content: bytes, _: bytes, rng: Random) -> bytes:
    """Take a run out."""
    start = rng.randrange(len(content))
    return content[:start] + content[start + rng.choice((1, 2, 8, 100)) :]


def duplicate(content: bytes, _: bytes, rng: Random) -> bytes:
    """Copy a run to another place: put in between, or over what stands there."""
    size = rng.choice((1, 4, 8, 40, 512))
    source, target = rng.randrange(len(content)), rng.randrange(len(content))
    run = content[source : source + size]
    return content[:target] + run + content[target + rng.choice((0, len(run))) :]


def splice(content: bytes, other: bytes, rng: Random) -> bytes:
    """Begin as one file and end as another, or have a run of the other in the one."""
    start = rng.randrange(len(content))
    if rng.random() < 0.5:
        return content[:start] + other[min(start, len(other)) :]
    size = rng.choice((8, 64, 512))
    return content[:start] + other[start : start + size] + content[start + size :]


def number(content: bytes, _: bytes, rng: Random) -> bytes:
    """Replace a number in a text by an odd one, or change a digit, a sign or an exponent."""
    found = list(NUMBER.finditer(content))
    if not found:
        return content
    place = rng.choice(found)
    old = place.group()
    new = rng.choice((rng.choice(ODD_NUMBERS), b"-" + old, old + b"e9", old + b"e999", old + b"0" * 30, old[:-1]))
    return content[: place.start()] + new + content[place.end() :]


def odd_text(content: bytes, _: bytes, rng: Random) -> bytes:
    """Put an odd character in between, or in the place of another."""
    start = rng.randrange(len(content) + 1)
    return content[:start] + rng.choice(ODD_TEXTS) + content[start + rng.randrange(2) :]


def lines(content: bytes, other: bytes, rng: Random) -> bytes:
    """Take out, repeat, exchange or borrow a line, or end it otherwise."""
    rows = content.split(b"\n")
    i, j = rng.randrange(len(rows)), rng.randrange(len(rows))
    what = rng.randrange(6)
    if what == 0:
        del rows[i]
    elif what == 1:
        rows.insert(j, rows[i])
    elif what == 2:
        rows[i], rows[j] = rows[j], rows[i]
    elif what == 3:
        rows[i] = rng.choice(other.split(b"\n"))
    elif what == 4:
        rows[i] += rng.choice((b"\r", b",", b" ", b";", b"\t"))
    else:
        rows[i] = rows[i] * rng.choice((2, 50))
    return b"\n".join(rows)


def nothing_left(_: bytes, __: bytes, rng: Random) -> bytes:
    """Be empty, blank or noise."""
    return rng.choice((b"", b"\n", b" ", b"\0" * 512, rng.randbytes(700)))


BINARY: tuple[Mutation, ...] = (*(flip, overwrite, integer) * 3, truncate, insert, drop, duplicate, splice)
TEXT: tuple[Mutation, ...] = (
    *(number,) * 6,
    *(odd_text, lines) * 3,
    *(flip, overwrite, truncate, insert, drop, duplicate, splice, nothing_left),
)


def mutate(content: bytes, other: bytes, kinds: tuple[Mutation, ...], rng: Random) -> bytes:
    """Apply one to three kinds of damage.

    Parameters
    ----------
    content : bytes
        Of a valid file.
    other : bytes
        Of another, for what mixes two.
    kinds : tuple of Mutation
        To draw from.
    rng : random.Random

    Returns
    -------
    bytes
    """
    for _ in range(rng.choice((1, 1, 2, 3))):
        if content:
            content = rng.choice(kinds)(content, other, rng)
    return content
