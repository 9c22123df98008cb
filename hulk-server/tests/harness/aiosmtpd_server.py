"""An SMTP server for one test, which can also misbehave.

    aiosmtpd_server.py PORT DIRECTORY [USER PASSWORD]

The file DIRECTORY/mode, which may change at any time, says what it does:

    normal   accepts every mail
    hang     accepts connections and never answers
    closed   answers 554 instead of a greeting
    refuse   answers 550 to RCPT
    busy     answers 451 to the first two mails, and then accepts
    drop     closes the connection when the mail's text begins

With USER and PASSWORD, mail is accepted only after a log-in with them. Each accepted mail becomes a file
DIRECTORY/mails/NUMBER.json, and DIRECTORY/connections has a byte for each connection. The server prints a
line once it listens, and ends when its standard input does.
"""

import asyncio
import email
import email.policy
import json
import logging
import os
import sys
import threading
import warnings
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult, syntax

DIRECTORY = Path(sys.argv[2])
LOGIN = tuple(word.encode() for word in sys.argv[3:5])
BUSY_TIMES = 2


def mode():
    return (DIRECTORY / "mode").read_text()


def keep(envelope):
    """Writes a mail aside and renames it, so that the test never reads half of one."""
    message = email.message_from_bytes(envelope.content, policy=email.policy.default)
    text = message.get_body(("plain",))
    record = {
        "to": message["to"],
        "from": message["from"],
        "subject": message["subject"],
        "text": text.get_content().replace("\r\n", "\n") if text else "",
        "message_id": message["message-id"],
        "recipients": envelope.rcpt_tos,
    }
    mails = DIRECTORY / "mails"
    name = f"{len(list(mails.iterdir())):06}"
    aside = DIRECTORY / name
    aside.write_text(json.dumps(record))
    os.replace(aside, mails / f"{name}.json")


class Handler:
    busy = 0

    async def handle_RCPT(self, server, session, envelope, address, options):
        if mode() == "refuse":
            return "550 5.1.1 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if mode() == "busy" and self.busy < BUSY_TIMES:
            self.busy += 1
            return "451 4.3.0 try again later"
        keep(envelope)
        return "250 OK"


class Server(SMTP):
    @syntax("DATA")
    async def smtp_DATA(self, arg):
        if mode() == "drop":
            await self.push("354 End data with <CR><LF>.<CR><LF>")
            self.transport.close()
        else:
            await super().smtp_DATA(arg)


class Silent(asyncio.Protocol):
    """Reads, and never answers."""


class Closed(asyncio.Protocol):
    """Refuses every connection, as RFC 5321 wants it of a host that takes no mail."""

    def connection_made(self, transport):
        transport.write(b"554 5.3.2 no service here\r\n")
        transport.close()


def authenticate(server, session, envelope, mechanism, login):
    success = (login.login, login.password) == LOGIN
    # Unless it is "handled", aiosmtpd answers 535.
    return AuthResult(success=success, handled=False)


def connected(handler):
    with open(DIRECTORY / "connections", "ab") as connections:
        connections.write(b".")
    if mode() == "hang":
        return Silent()
    if mode() == "closed":
        return Closed()
    login = {}
    if LOGIN:
        login = {"auth_required": True, "auth_require_tls": False, "authenticator": authenticate}
    return Server(handler, hostname="localhost", enable_SMTPUTF8=True, **login)


def end_with_input():
    sys.stdin.buffer.read()
    os._exit(0)


async def main():
    handler = Handler()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: connected(handler), "127.0.0.1", int(sys.argv[1]))
    threading.Thread(target=end_with_input, daemon=True).start()
    print("listening", flush=True)
    await server.serve_forever()


# That a password is accepted without TLS is on purpose.
warnings.simplefilter("ignore")
logging.getLogger("mail.log").setLevel(logging.CRITICAL)
asyncio.run(main())
