"""Tells which key of a JWKS verifies how many lines, as an auditor would who has the contract, and no code of ours.

The keys are read by joserfc, whose thumbprints must be their ids, and used by cryptography.
"""

import base64
import json
import pathlib
import sys

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from joserfc.jwk import KeySet

folder = pathlib.Path(sys.argv[1])
keys = KeySet.import_key_set(json.loads((folder / "jwks.json").read_text())).keys
for key in keys:
    if key.kid != key.thumbprint():
        sys.exit(f"FAULT: the kid {key.kid} is not the thumbprint of its key, {key.thumbprint()}")
    if key.is_private or key.as_dict().keys() != {"kty", "alg", "kid", "crv", "x"}:
        sys.exit(f"FAULT: key {key.kid} has members {sorted(key.as_dict())}")


def split(line):
    """The signed bytes of a line of any format, and its signature."""
    if line.startswith(b'{"event":') and line.endswith(b'"}}'):
        line = line[len(b'{"event":') : -1]
    if line.startswith(b"{"):
        head, _, sig = line.rpartition(b',"sig":"')
        return head + b"}", sig.removesuffix(b'"}')
    head, _, sig = line.rpartition(b" sig=")
    return head, sig


def verifies(key, signed, sig):
    public = key.public_key
    assert isinstance(public, Ed25519PublicKey)
    try:
        public.verify(base64.urlsafe_b64decode(sig + b"=="), signed)
    except InvalidSignature:
        return False
    return True


told = {"first": keys[0].kid, "keys": {key.kid: 0 for key in keys}, "none": 0}
for line in (folder / "lines.ndjson").read_bytes().splitlines():
    for key in keys:
        if verifies(key, *split(line)):
            told["keys"][key.kid] += 1
            break
    else:
        told["none"] += 1
print(json.dumps(told))
