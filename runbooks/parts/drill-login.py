"""A provider of identities and an application for drills of logins. Both run in the folder of the drill.

    drill-login.py provider PORT
    drill-login.py application PORT PROVIDER_PORT

The provider issues tokens to whoever knows what is in `secret`, signed with the key that is in `key`. The application
fetches the key when it starts, and keeps it. Its clock is off by as many seconds as `offset` says, as that of its machine.
"""

import base64
import hashlib
import hmac
import http.server
import json
import pathlib
import sys
import time
import urllib.parse
import urllib.request

what, port, *words = sys.argv[1:]
keys = {}


def read(name):
    """A file of the drill."""
    return pathlib.Path(name).read_text().strip()


def signed(text, key):
    """A text with its signature."""
    return f"{text}.{hmac.new(key.encode(), text.encode(), hashlib.sha256).hexdigest()}"


class Base(http.server.BaseHTTPRequestHandler):
    """What both say."""

    def say(self, status, **body):
        """A JSON answer."""
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *words):
        """Nothing."""


class Provider(Base):
    """OpenID Connect, as far as it is needed."""

    def do_GET(self):
        """The discovery document and the key."""
        if self.path == "/key":
            self.say(200, key=read("key"))
        else:
            self.say(200, issuer="drill")

    def do_POST(self):
        """A token for the credentials of a client."""
        form = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        if form.get("client_secret") != [read("secret")]:
            self.say(401, error="invalid_client")
        else:
            claims = base64.urlsafe_b64encode(json.dumps({"iat": time.time()}).encode()).decode()
            self.say(200, access_token=signed(claims, read("key")))


class Application(Base):
    """GET /me with a token; everything else is a login with a wrong password."""

    def do_GET(self):
        """Hold the token against the key and the clock."""
        if self.path != "/me":
            return self.say(401, error="wrong password")
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        claims = token.partition(".")[0]
        if pathlib.Path("sessions").exists():
            return self.say(500, error="no space left for sessions")
        if token != signed(claims, keys["key"]):
            return self.say(401, error="unknown key")
        issued = json.loads(base64.urlsafe_b64decode(claims))["iat"]
        if abs(time.time() + float(read("offset")) - issued) > 60:
            return self.say(401, error="token used before issued")
        return self.say(200, name="drill")


if what == "application":
    with urllib.request.urlopen(f"http://127.0.0.1:{words[0]}/key", timeout=5) as answer:
        keys.update(json.load(answer))
kind = Provider if what == "provider" else Application
http.server.ThreadingHTTPServer(("127.0.0.1", int(port)), kind).serve_forever()
