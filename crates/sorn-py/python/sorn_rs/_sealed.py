"""Bytes with a checksum, as pickles hold them: a pickle itself does not notice damage."""

import hashlib
import pickle

SIZE = 16


def seal(payload):
    """`payload` with its checksum."""
    return bytes(payload) + hashlib.blake2b(payload, digest_size=SIZE).digest()


def unseal(name, sealed):
    """What `seal` was given; ValueError if it is not whole."""
    if not isinstance(sealed, (bytes, bytearray)):
        raise TypeError(f"{name}: expected the bytes of a pickle, found {type(sealed).__name__}")
    payload, checksum = bytes(sealed[:-SIZE]), sealed[-SIZE:]
    if hashlib.blake2b(payload, digest_size=SIZE).digest() != checksum:
        raise ValueError(f"{name}: expected a pickle as it was written, found damaged bytes")
    return payload


def dump(values):
    """An object as sealed bytes."""
    return seal(pickle.dumps(values, protocol=5))


def load(name, sealed):
    """What `dump` was given."""
    return pickle.loads(unseal(name, sealed))
