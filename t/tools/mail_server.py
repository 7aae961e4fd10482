#!/usr/bin/env python3
"""A mail server for tests: takes mail, and writes what it took to a folder, one JSON file a mail.

mail_server.py PORT FOLDER [--cert FILE --key FILE] [--login USER:PASSWORD]

With a certificate it wants STARTTLS first. Recipients are answered by their names: refused... for good, umlaut... so
too, in ISO 8859-1, later... with "come back later" the first time; everybody else is taken.
"""
import argparse
import email
import email.policy
import hashlib
import json
import os
import signal
import ssl

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword


class Server(SMTP):
    async def push(self, status):
        await super().push(status.encode("latin-1") if isinstance(status, str) else status)


class ServerController(Controller):
    def factory(self):
        return Server(self.handler, **self.SMTP_kwargs)


class Box:
    def __init__(self, folder):
        self.folder = folder
        self.taken = 0
        self.put_off = set()

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address.startswith("refused"):
            return "550 5.1.1 nobody of that name"
        if address.startswith("umlaut"):
            return "550 5.1.1 Empf\u00e4nger unbekannt"
        if address.startswith("later") and address not in self.put_off:
            self.put_off.add(address)
            return "451 4.7.1 come back later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        attachments = [
            {
                "name": part.get_filename(),
                "type": part.get_content_type(),
                "sha256": hashlib.sha256(part.get_payload(decode=True)).hexdigest(),
            }
            for part in message.iter_attachments()
        ]
        mail = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "headers": {name.lower(): str(value) for name, value in message.items()},
            "text": message.get_body(("plain",)).get_content(),
            "attachments": attachments,
            "tls": session.ssl is not None,
            "login": session.auth_data.login.decode() if session.auth_data else None,
        }
        self.taken += 1
        path = os.path.join(self.folder, f"{os.getpid()}-{self.taken}.json")
        with open(path + ".new", "w", encoding="utf-8") as out:
            json.dump(mail, out)
        os.rename(path + ".new", path)
        return "250 taken"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("folder")
    parser.add_argument("--cert")
    parser.add_argument("--key")
    parser.add_argument("--login")
    options = parser.parse_args()
    ways = {}
    if options.cert:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(options.cert, options.key)
        ways.update(tls_context=context, require_starttls=True)
    if options.login:
        user, password = options.login.split(":", 1)

        def authenticate(server, session, envelope, mechanism, data):
            good = isinstance(data, LoginPassword) and (data.login, data.password) == (user.encode(), password.encode())
            return AuthResult(success=good, auth_data=data)

        ways.update(authenticator=authenticate, auth_required=True, auth_require_tls=bool(options.cert))
    controller = ServerController(Box(options.folder), hostname="127.0.0.1", port=options.port, **ways)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    controller.start()
    print("ready", flush=True)
    signal.sigwait({signal.SIGTERM})
    controller.stop()


main()
