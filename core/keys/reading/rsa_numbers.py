"""What the numbers of an RSA private key must have to do with each other (RFC 8017 section 3.2)."""

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateNumbers


def is_one_key(numbers: RSAPrivateNumbers) -> bool:
    """Tell whether these numbers are all of the same key, taking p and q to be primes.

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
