"""A mail server that keeps what it takes, read by Python's own mail reader.

Usage: server.py FOLDER CERTIFICATE KEY. Says `{"starttls": PORT, "implicit": PORT, "clear": PORT}` on one line, then serves until
its standard input ends. Mail number N is N.eml in FOLDER, and what was read of it N.json.
"""

import asyncio
import email
import email.policy
import json
import logging
import pathlib
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult

# Clients that leave in the middle are what is tested.
logging.disable(logging.CRITICAL)
FOLDER = pathlib.Path(sys.argv[1])
mails = 0
connections = 0


def authenticated(server, session, envelope, mechanism, data):
    # Not handled: the server itself answers what follows from it.
    return AuthResult(success=data.login == b"shop" and data.password == "旅".encode(), handled=False)


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("nobody@"):
            return "550 5.1.1 <nobody>: no such user"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server, session, envelope):
        global mails
        mails += 1
        raw = envelope.original_content
        (FOLDER / f"{mails}.eml").write_bytes(raw)
        read = email.message_from_bytes(raw, policy=email.policy.default)
        seen = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "tls": session.ssl is not None or server.transport.get_extra_info("sslcontext") is not None,
            "authenticated": session.authenticated,
            "connections": connections,
            "defects": [repr(defect) for part in read.walk() for defect in part.defects],
            "type": read.get_content_type(),
            "headers": [[name, str(value)] for name, value in read.items()],
            "parts": [[part.get_content_type(), part.get_content().replace("\r\n", "\n")] for part in read.iter_parts()],
            "longest_line": max(len(line) for line in raw.split(b"\r\n")),
            "bare": raw.replace(b"\r\n", b"").count(b"\r") + raw.replace(b"\r\n", b"").count(b"\n"),
        }
        (FOLDER / f"{mails}.json").write_text(json.dumps(seen, ensure_ascii=False))
        return f"250 2.0.0 Ok: queued as MAIL{mails}"


async def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[2], sys.argv[3])
    loop = asyncio.get_running_loop()

    async def port(tls=None, **options):
        def make():
            global connections
            connections += 1
            return SMTP(Handler(), hostname="relay.test", loop=loop, authenticator=authenticated, **options)

        server = await loop.create_server(make, "127.0.0.1", 0, ssl=tls)
        return server.sockets[0].getsockname()[1]

    ports = {
        "starttls": await port(tls_context=context, require_starttls=True, auth_required=True),
        "implicit": await port(tls=context, auth_require_tls=False),
        "clear": await port(),
    }
    print(json.dumps(ports), flush=True)
    await loop.run_in_executor(None, sys.stdin.read)


asyncio.run(main())
