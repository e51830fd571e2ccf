"""Makes private keys of the numbers in their files, once it is certain that all are of one key."""

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import (
    RSAPrivateKey,
    RSAPrivateNumbers,
    RSAPublicNumbers,
    rsa_crt_dmp1,
    rsa_crt_dmq1,
)

from core.keys import EncodingError, HalvesDisagree, UnsupportedKey, ssh_types
from core.keys.encoding.sshwire import Reader, WireError
from core.keys.keygen import PrivateKey
from core.keys.public_key import SSH_NAMES, PublicKey, RSASizeError, check_rsa_numbers


def rsa_key(
    e: int, n: int, d: int, p: int, q: int, iqmp: int, exponents: tuple[int, int] | None = None
) -> RSAPrivateKey:
    """Return the RSA key of these numbers, named as in RFC 8017 section 3.2.

    `exponents` are d mod p-1 and d mod q-1, where a format holds them. Sizes are looked at before
    anything is computed: what is computed takes microseconds for those that are taken.

    Raises:
        UnsupportedKey: it is of a size that is not taken.
        EncodingError: they are those of no key.
        HalvesDisagree: they are not all of one key.
    """
    try:
        check_rsa_numbers(e, n)
    except RSASizeError as error:
        raise UnsupportedKey("RSA", error.fragment) from None
    except ValueError:
        raise EncodingError("its numbers are those of no RSA key") from None
    if min(p, q) < 3 or max(d, p, q, iqmp, *(exponents or ())) > n:
        raise EncodingError("its numbers are those of no RSA key")
    dmp1, dmq1 = exponents or (rsa_crt_dmp1(d, p), rsa_crt_dmq1(d, q))
    numbers = RSAPrivateNumbers(p, q, d, dmp1, dmq1, iqmp, RSAPublicNumbers(e, n))
    if not _is_one_key(numbers):
        raise HalvesDisagree
    try:
        # The validation that is skipped takes 50 ms with the interpreter lock held.
        return numbers.private_key(unsafe_skip_rsa_key_validation=True)
    except ValueError:
        raise EncodingError("its numbers are those of no RSA key") from None


def ed25519_key(seed: bytes, point: bytes) -> Ed25519PrivateKey:
    """Return the ED25519 key of a seed, whose point must be this one.

    Raises:
        EncodingError: the seed is not 32 bytes.
        HalvesDisagree: the point is that of another key.
    """
    if len(seed) != 32:
        raise EncodingError("its private half is not 32 bytes")
    private_key = Ed25519PrivateKey.from_private_bytes(seed)
    if private_key.public_key().public_bytes_raw() != point:
        raise HalvesDisagree
    return private_key


def public_half(private_key: PrivateKey) -> PublicKey:
    """Return the public half, computed from the private one."""
    if isinstance(private_key, RSAPrivateKey):
        numbers = private_key.public_key().public_numbers()
        return PublicKey.from_rsa_numbers(numbers.e, numbers.n)
    return PublicKey.from_ed25519_point(private_key.public_key().public_bytes_raw())


def public_key(blob: bytes) -> PublicKey:
    """Return the public key of the SSH wire blob in a private key file.

    Raises:
        UnsupportedKey: it is of a type that is not taken.
        EncodingError: it is damaged, or of a size that is not taken.
    """
    try:
        name = Reader(blob).string()
    except WireError:
        raise EncodingError("its public half is damaged") from None
    check_type(name)
    try:
        return PublicKey.from_blob(blob)
    except RSASizeError as error:
        raise UnsupportedKey("RSA", error.fragment) from None
    except ValueError:
        raise EncodingError("its public half is damaged") from None


def check_type(name: bytes) -> None:
    """Insist that the SSH name of a key type is one that is taken.

    Raises:
        UnsupportedKey: it is a known one that is not.
        EncodingError: it is not the name of a key type at all.
    """
    text = name.decode("ascii", "replace")
    if text in SSH_NAMES.values():
        return
    if usual := ssh_types.usual_name(text):
        raise UnsupportedKey(usual)
    raise EncodingError("it names a type of key that is unknown, so it may be damaged")


def _is_one_key(numbers: RSAPrivateNumbers) -> bool:
    """Return whether these are all of one key (RFC 8017 section 3.2), taking p and q to be primes.

    It takes microseconds. Only a key put together on purpose, of factors that are not prime, gets
    through; damage and halves of different keys do not.
    """
    e, n = numbers.public_numbers.e, numbers.public_numbers.n
    p, q = numbers.p, numbers.q
    return (
        p > 2
        and q > 2
        and p * q == n
        and numbers.iqmp < p
        and numbers.iqmp * q % p == 1
        and all(
            exponent == numbers.d % (prime - 1) and e * exponent % (prime - 1) == 1
            for prime, exponent in ((p, numbers.dmp1), (q, numbers.dmq1))
        )
    )
