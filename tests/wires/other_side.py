"""The other side, by libraries that others wrote: Twilio's own, a reader of JSON Web Tokens, that of Standard Webhooks.

Reads one JSON object from standard input, whose `ask` says what is wanted, and prints one.
"""

import email
import email.policy
import json
import sys


def twilio(ask):
    from twilio.request_validator import RequestValidator

    validator = RequestValidator(ask["token"])
    return {"signature": validator.compute_signature(ask["url"], {k: v for k, v in ask["params"]})}


def webhook(ask):
    from standardwebhooks.webhooks import Webhook

    headers = {name: ask[name] for name in ("webhook-id", "webhook-timestamp", "webhook-signature")}
    return {"payload": Webhook(ask["secret"]).verify(ask["body"], headers)}


def key(_):
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return {"private": private.decode(), "public": public.decode()}


def token(ask):
    import jwt

    options = {"verify_exp": False, "verify_iat": False, "require": ["iss", "aud", "iat", "exp", "scope"]}
    claims = jwt.decode(ask["token"], ask["public"], algorithms=["RS256"], audience=ask["audience"], options=options)
    return {"claims": claims, "head": jwt.get_unverified_header(ask["token"])}


def mail(ask):
    read = email.message_from_string(ask["text"], policy=email.policy.default)
    part = lambda kind: read.get_body((kind,)).get_content()
    return {
        "headers": {name: str(value) for name, value in read.items()},
        "plain": part("plain"),
        "html": part("html"),
        "defects": [str(defect) for defect in read.defects],
    }


ask = json.load(sys.stdin)
print(json.dumps({"twilio": twilio, "webhook": webhook, "key": key, "token": token, "mail": mail}[ask["ask"]](ask)))
