"""Signatures, against the example of the Standard Webhooks specification and against its rules."""

from __future__ import annotations

import base64
import hashlib
import hmac

from catalog.webhooks.signing import headers, new_secret, signature

# From the reference libraries of the specification.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
MESSAGE_ID = "msg_p5jXN8AQM9LWM0D4loKWxJek"
TIMESTAMP = 1614265330
BODY = b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_signature_is_that_of_the_specification_s_example():
    assert signature(SECRET, message_id=MESSAGE_ID, timestamp=TIMESTAMP, body=BODY) == SIGNATURE


def test_new_secret_is_of_the_form_and_length_that_receivers_take():
    secret = new_secret()
    assert secret.startswith("whsec_")
    assert 24 <= len(base64.b64decode(secret.removeprefix("whsec_"))) <= 64
    assert new_secret() != secret


def test_body_that_was_changed_has_another_signature():
    other = signature(SECRET, message_id=MESSAGE_ID, timestamp=TIMESTAMP, body=BODY + b" ")
    assert other != SIGNATURE


def test_message_is_signed_with_each_of_the_secrets():
    secrets = [SECRET, new_secret()]
    sent = headers(secrets, message_id=MESSAGE_ID, timestamp=TIMESTAMP, body=BODY)
    signatures = sent["webhook-signature"].split(" ")
    assert len(signatures) == 2
    for secret, signed in zip(secrets, signatures, strict=True):
        key = base64.b64decode(secret.removeprefix("whsec_"))
        content = f"{MESSAGE_ID}.{TIMESTAMP}.".encode() + BODY
        digest = hmac.new(key, content, hashlib.sha256).digest()
        assert signed == f"v1,{base64.b64encode(digest).decode()}"
