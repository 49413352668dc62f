"""Debian's chromium, driven over the DevTools protocol through a pipe: no port, no package."""
import base64
import json
import os
import shutil
import subprocess
import tempfile
import threading
import time


class Failed(AssertionError):
    pass


class Browser:
    def __init__(self):
        binary = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
        if not binary:
            raise SystemExit("there is no chromium: apt-get install chromium")
        self.home = tempfile.mkdtemp(prefix="page-test-")
        to_read, self.out = os.pipe()
        self.inn, to_write = os.pipe()

        def descriptors():  # chromium reads 3 and writes 4
            os.dup2(os.dup(to_read), 63), os.dup2(os.dup(to_write), 64)
            os.dup2(63, 3), os.dup2(64, 4)
        self.process = subprocess.Popen(
            [binary, "--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-extensions",
             "--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage", "--hide-scrollbars", f"--user-data-dir={self.home}", "about:blank"],
            preexec_fn=descriptors, pass_fds=(3, 4, to_read, to_write), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        os.close(to_read), os.close(to_write)
        self.number, self.answers, self.pages, self.news = 0, {}, {}, threading.Condition()
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        rest = b""
        while True:
            try:
                piece = os.read(self.inn, 1 << 16)
            except OSError:
                piece = b""
            if not piece:
                break
            *whole, rest = (rest + piece).split(b"\0")
            with self.news:
                for message in map(json.loads, whole):
                    if "id" in message:
                        self.answers[message["id"]] = message
                    elif message.get("sessionId") in self.pages:
                        self.pages[message["sessionId"]].events.append(message)
                self.news.notify_all()
        with self.news:
            self.process = None if self.process and self.process.poll() is not None else self.process
            self.news.notify_all()

    def send(self, method, session=None, limit=60, **params):
        with self.news:
            self.number += 1
            number = self.number
        message = {"id": number, "method": method, "params": params, **({"sessionId": session} if session else {})}
        os.write(self.out, json.dumps(message).encode() + b"\0")
        with self.news:
            if not self.news.wait_for(lambda: number in self.answers, limit):
                raise Failed(f"chromium did not answer {method}")
            answer = self.answers.pop(number)
        if "error" in answer:
            raise Failed(f"{method}: {answer['error']['message']}")
        return answer["result"]

    def page(self, **options):
        return Page(self, **options)

    def close(self):
        process = self.process
        try:
            self.send("Browser.close", limit=10)
        except (Failed, OSError):
            pass
        if process:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        shutil.rmtree(self.home, ignore_errors=True)


KEYS = {"Enter": ("Enter", 13, "\r"), "Escape": ("Escape", 27, ""), "Tab": ("Tab", 9, ""), "ArrowDown": ("ArrowDown", 40, ""), "ArrowUp": ("ArrowUp", 38, ""),
        "ArrowLeft": ("ArrowLeft", 37, ""), "ArrowRight": ("ArrowRight", 39, ""), "End": ("End", 35, ""), "Home": ("Home", 36, ""), "Backspace": ("Backspace", 8, ""), "/": ("Slash", 191, "/")}
# Counts every shift of the layout, those after a key too, and what the policy of the page refuses.
WATCH = """window.shifts = []; window.refused = [];
new PerformanceObserver(list => { for (const e of list.getEntries()) window.shifts.push({ value: e.value, at: Math.round(e.startTime),
  what: e.sources.map(s => s.node && (s.node.id || s.node.className || s.node.nodeName) + ' ' + JSON.stringify([s.previousRect.toJSON(), s.currentRect.toJSON()])) }); })
  .observe({ type: 'layout-shift', buffered: true });
addEventListener('securitypolicyviolation', e => window.refused.push(e.violatedDirective + ' ' + e.blockedURI));"""


class Page:
    def __init__(self, browser, width=1440, height=900, theme="light", calm=False, scale=1):
        self.browser, self.events = browser, []
        self.context = browser.send("Target.createBrowserContext")["browserContextId"]
        self.target = browser.send("Target.createTarget", url="about:blank", browserContextId=self.context)["targetId"]
        self.session = browser.send("Target.attachToTarget", targetId=self.target, flatten=True)["sessionId"]
        browser.pages[self.session] = self
        for domain in ("Page", "Runtime", "Network", "Log", "DOM", "Accessibility"):
            self.send(f"{domain}.enable")
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=width < 720)
        if width < 720:
            self.send("Emulation.setTouchEmulationEnabled", enabled=True)
        self.send("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": theme},
                                                          {"name": "prefers-reduced-motion", "value": "reduce" if calm else "no-preference"}])
        self.send("Page.addScriptToEvaluateOnNewDocument", source=WATCH)

    def send(self, method, **params):
        return self.browser.send(method, session=self.session, **params)

    def open(self, url):
        self.send("Page.navigate", url=url)
        self.until("document.readyState === 'complete'", "the page is loaded")

    def run(self, script):
        answer = self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise Failed(f"{script[:120]}: {answer['exceptionDetails'].get('exception', {}).get('description')}")
        return answer["result"].get("value")

    def until(self, script, what, limit=60):
        end = time.monotonic() + limit
        while time.monotonic() < end:
            if self.run(f"Boolean({script})"):
                return
            time.sleep(0.05)
        raise Failed(f"did not happen within {limit} s: {what}")

    def press(self, key, shift=False):
        code, number, text = KEYS[key]
        more = {"key": key, "code": code, "windowsVirtualKeyCode": number, "modifiers": 8 if shift else 0}
        self.send("Input.dispatchKeyEvent", type="keyDown", **more, **({"text": text} if text else {}))
        self.send("Input.dispatchKeyEvent", type="keyUp", **more)

    def type(self, text):
        for letter in text:
            self.send("Input.dispatchKeyEvent", type="keyDown", text=letter, key=letter)
            self.send("Input.dispatchKeyEvent", type="keyUp", key=letter)

    def click(self, selector):
        x, y = self.run(f"(() => {{ const e = document.querySelector({json.dumps(selector)}); e.scrollIntoView({{ block: 'nearest' }}); const b = e.getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]; }})()")
        self.click_at(x, y)

    def click_at(self, x, y):
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            self.send("Input.dispatchMouseEvent", type=kind, x=x, y=y, **({} if kind == "mouseMoved" else {"button": "left", "clickCount": 1}))

    def errors(self):
        out = list(self.run("window.refused"))
        for event in self.events:
            params = event["params"]
            if event["method"] == "Runtime.exceptionThrown":
                out.append(params["exceptionDetails"].get("exception", {}).get("description") or params["exceptionDetails"]["text"])
            elif event["method"] == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning", "assert"):
                out.append(str(params["args"]))
            elif event["method"] == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
                out.append(f"{params['entry']['text']} {params['entry'].get('url', '')}")
        return out

    def requests(self):
        return [event["params"]["request"]["url"] for event in self.events if event["method"] == "Network.requestWillBeSent"]

    def shot(self, path, full=False):
        data = self.send("Page.captureScreenshot", format="png", captureBeyondViewport=full)["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def close(self):
        self.browser.send("Target.disposeBrowserContext", browserContextId=self.context)
