"""What the checks of the page share: the server that is tested, a page that is open, and what is looked at in it."""
import json
import os
import subprocess
import time
import urllib.request

import serve
from browser import Failed

HERE = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(HERE, "look.js"), encoding="utf-8") as file:
    LOOK = file.read()
SIZES = {"phone": (375, 812), "tablet": (820, 1180), "desktop": (1440, 900)}
ASK = "how can I soften harsh esses?"
TAME = "Tame sibilance with a band that only acts when it must"
FIRST = "document.querySelector('#hits h3')?.textContent"
CHECKS = []


class Target:
    """What is tested: serve.py, or the daemon at BASE."""

    def __init__(self):
        self.base, self.token = os.environ.get("BASE", "").rstrip("/"), os.environ.get("TOKEN")
        self.real = bool(self.base)
        self.query, self.expect = os.environ.get("QUERY", ASK), os.environ.get("EXPECT", TAME)
        if not self.real:
            self.server = serve.start()
            self.base = self.server.base

    def insert(self, title):
        if self.real:
            subprocess.run(os.environ["INSERT"], shell=True, check=True, env={**os.environ, "TITLE": title}, stdout=subprocess.DEVNULL)
        else:
            post(self.base, "insert", topic="Sibilance", category="dynamics", title=title,
                 description="Harsh esses and sibilance: soften the consonants with a de-esser, so that no singer has to lisp.")


def check(sentence):
    def keep(body):
        CHECKS.append((sentence, body))
        return body
    return keep


def post(base, what, **body):
    with urllib.request.urlopen(urllib.request.Request(f"{base}/test/{what}", json.dumps(body).encode(), method="POST")) as answer:
        return json.load(answer)


def eventually(look, holds, what, limit=60):
    end = time.monotonic() + limit
    while not holds(value := look()):
        if time.monotonic() > end:
            raise Failed(f"did not happen within {limit} s: {what}")
        time.sleep(0.05)
    return value


def expect(true, what):
    if not true:
        raise Failed(what)


def same(found, wanted, what):
    expect(found == wanted, f"{what}: {found!r}, not {wanted!r}")


class Visit:
    """A page that is open, and must not have complained when it is closed."""

    def __init__(self, browser, base, address="/", token=None, errors=True, **options):
        self.page, self.errors = browser.page(**options), errors
        if token:
            self.page.send("Page.addScriptToEvaluateOnNewDocument", source=f"sessionStorage.setItem('backfilld.token', {json.dumps(token)})")
        self.page.send("Page.addScriptToEvaluateOnNewDocument", source=LOOK)
        self.page.open(base + address)

    def __enter__(self):
        return self.page

    def __exit__(self, kind, *_):
        if kind is None and self.errors:
            same(self.page.errors(), [], "errors in the console")
        self.page.close()


def visit(browser, target, address="/", **options):
    return Visit(browser, target.base, address, target.token, **options)


def ready(page):
    page.until("document.querySelector('#map-about').textContent && document.querySelector('#version').textContent !== 'backfilld'", "the map and the status are there")


def search(page, text, first):
    page.press("/")
    page.type(text)
    page.until(f"{FIRST} === {json.dumps(first)} && !document.querySelector('[data-busy]')", f"{first!r} is the first result")


def accessible(page, what, least=24):
    for name in ("contrast()", "graphics()", f"targets({least})", "ids()", "headings()", "rules()"):
        same(page.run(f"look.{name}"), [], f"{name} {what}")
    bad = []
    for node in page.send("Accessibility.getFullAXTree")["nodes"]:
        role, name = node.get("role", {}).get("value"), (node.get("name", {}).get("value") or "").strip()
        focusable = any(one["name"] == "focusable" and one["value"].get("value") for one in node.get("properties", []))
        if not node["ignored"] and not name and (focusable and role not in ("RootWebArea", "generic", "dialog") or role in ("button", "link", "textbox", "searchbox", "combobox", "radio", "switch", "tab", "tabpanel", "region", "image", "img", "application", "heading", "dialog")):
            bad.append(role)
    same(bad, [], f"roles without a name {what}")
