"""A passkey device in software: makes and uses passkeys as a browser would send them (WebAuthn).

Attestation "none", ES256. The knobs are what a dishonest device or page would turn.
"""

import hashlib
import json
import os
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import bytes_to_base64url

PRESENT, VERIFIED, HAS_CREDENTIAL = 0x01, 0x04, 0x40


@dataclass
class Device:
    """One passkey; `count` grows with every use unless it never counts."""

    origin: str = "http://localhost:8000"
    rp_id: str = "localhost"
    verifies: bool = True
    counts: bool = True
    count: int = 0
    credential_id: bytes = field(default_factory=lambda: os.urandom(32))
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )

    def make(self, options: str) -> str:
        """Answer the options of a registration."""
        numbers = self.key.public_key().public_numbers()
        public = {
            1: 2,
            3: -7,
            -1: 1,
            -2: numbers.x.to_bytes(32, "big"),
            -3: numbers.y.to_bytes(32, "big"),
        }
        credential = (
            bytes(16)
            + len(self.credential_id).to_bytes(2, "big")
            + self.credential_id
            + cbor2.dumps(public)
        )
        data = self._data(HAS_CREDENTIAL) + credential
        attested = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return self._answer(
            {
                "attestationObject": bytes_to_base64url(attested),
                "clientDataJSON": bytes_to_base64url(self._said("webauthn.create", options)),
            }
        )

    def use(self, options: str) -> str:
        """Answer the options of an authentication."""
        self.count += 1 if self.counts else 0
        data, said = self._data(0), self._said("webauthn.get", options)
        signed = self.key.sign(data + hashlib.sha256(said).digest(), ec.ECDSA(hashes.SHA256()))
        return self._answer(
            {
                "authenticatorData": bytes_to_base64url(data),
                "clientDataJSON": bytes_to_base64url(said),
                "signature": bytes_to_base64url(signed),
                "userHandle": None,
            }
        )

    def _data(self, flags: int) -> bytes:
        flags |= PRESENT | (VERIFIED if self.verifies else 0)
        return (
            hashlib.sha256(self.rp_id.encode()).digest()
            + bytes([flags])
            + self.count.to_bytes(4, "big")
        )

    def _said(self, kind: str, options: str) -> bytes:
        challenge = json.loads(options)["challenge"]
        return json.dumps(
            {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        ).encode()

    def _answer(self, response: dict[str, Any]) -> str:
        name = bytes_to_base64url(self.credential_id)
        return json.dumps(
            {
                "id": name,
                "rawId": name,
                "type": "public-key",
                "response": response,
                "clientExtensionResults": {},
            }
        )
