from collections.abc import Sequence

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from core.keys import keygen
from core.model import KeyType


@pytest.fixture
def rsa_key(rsa_keys: Sequence[RSAPrivateKey]) -> RSAPrivateKey:
    return rsa_keys[0]


@pytest.fixture(params=KeyType)
def key(request: pytest.FixtureRequest, rsa_key: RSAPrivateKey) -> keygen.PrivateKey:
    return rsa_key if request.param is KeyType.RSA else Ed25519PrivateKey.generate()
