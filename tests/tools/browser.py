"""A page in headless Chromium, driven through its pipes: browser.py AXE.min.js PAGE.html... [--shot FOLDER]

Each page in light and dark colours, 360 and 1280 pixels wide: prints what axe-core finds, errors of the console, requests,
and pages that are wider than the window; then the page without scripts. Non-zero where there is anything."""

import base64
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile


class Browser:
    def __init__(self):
        to_read, self.to = os.pipe()
        self.come, from_write = os.pipe()
        self.folder = tempfile.mkdtemp()
        program = shutil.which("chromium") or shutil.which("google-chrome")

        def descriptors():
            os.dup2(to_read, 30)
            os.dup2(from_write, 31)
            os.dup2(30, 3)
            os.dup2(31, 4)

        self.process = subprocess.Popen(
            [program, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-dev-shm-usage",
             "--disable-background-networking", "--no-first-run", "--remote-debugging-pipe",
             "--user-data-dir=" + self.folder],
            preexec_fn=descriptors, pass_fds=(3, 4), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        self.number, self.rest, self.events, self.session = 0, b"", [], None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(domain + ".enable")

    def receive(self):
        while b"\0" not in self.rest:
            more = os.read(self.come, 1 << 20)
            if not more:
                raise RuntimeError("the browser has ended")
            self.rest += more
        message, self.rest = self.rest.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive()
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(method + ": " + str(answer["error"]))
                return answer["result"]
            self.events.append(answer)

    def open(self, page, width, scheme):
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False)
        self.events = []
        self.call("Page.navigate", url=pathlib.Path(page).resolve().as_uri())
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(self.receive())

    def value(self, expression):
        found = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in found:
            raise RuntimeError(str(found["exceptionDetails"]))
        return found["result"].get("value")

    def shot(self, path):
        height = self.value("document.documentElement.scrollHeight")
        width = self.value("innerWidth")
        clip = {"x": 0, "y": 0, "width": width, "height": min(height, 12000), "scale": 1}
        image = self.call("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)
        path.write_bytes(base64.b64decode(image["data"]))

    def close(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def problems_of(events):
    """Console, exceptions, and requests for anything but the page."""
    pages = 0
    for event in events:
        method, about = event.get("method"), event.get("params", {})
        if method in ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"):
            yield "console: " + json.dumps(about)[:300]
        if method == "Network.requestWillBeSent":
            url = about["request"]["url"]
            pages += url.startswith("file:")
            if pages > 1 or not url.startswith(("file:", "data:")):
                yield "request: " + url[:200]


def violations_of(browser, axe):
    browser.value(axe + "; 0")
    found = browser.value("axe.run(document, {resultTypes: ['violations']}).then(r => JSON.stringify(r.violations))")
    for violation in json.loads(found):
        places = [" ".join(map(str, node["target"])) for node in violation["nodes"][:3]]
        yield "axe: %s: %s at %s" % (violation["id"], violation["help"], "; ".join(places))


def check(browser, axe, page, shots):
    for scheme in ("light", "dark"):
        for width in (360, 1280):
            where = "%s, %s, %d pixels" % (page, scheme, width)
            browser.open(page, width, scheme)
            wide = browser.value("document.documentElement.scrollWidth")
            if wide > width:
                yield "%s: the page is %d pixels wide" % (where, wide)
            if shots:
                name = "%s-%s-%d.png" % (pathlib.Path(page).stem, scheme, width)
                browser.shot(shots / name)
            for problem in list(problems_of(browser.events)) + list(violations_of(browser, axe)):
                yield where + ": " + problem
    yield from check_script(browser, page)


def check_script(browser, page):
    """That it sorts, changes the colours and reads values; and that the page is complete without it."""
    browser.open(page, 1280, "light")
    before = browser.value("getComputedStyle(document.body).backgroundColor")
    browser.value("document.getElementById('report-theme').click()")
    if browser.value("getComputedStyle(document.body).backgroundColor") == before:
        yield page + ": the button does not change the colours"
    charts = browser.value("JSON.parse(document.getElementById('report-values').textContent).length")
    sliders = browser.value("document.querySelectorAll('.read input').length")
    if charts and not sliders:
        yield page + ": no chart can be read"
    if sliders:
        browser.value("var s = document.querySelector('.read input'); s.value = 0; s.dispatchEvent(new Event('input'))")
        if ": " not in (browser.value("document.querySelector('.read output').textContent") or ""):
            yield page + ": a chart shows no value"
    tables = browser.value("document.querySelectorAll('table.sortable').length")
    if tables:
        order = ("[...document.querySelector('table.sortable').tBodies[0].rows].map(r => Number(r.cells[1].textContent))")
        for turn in (1, -1):
            browser.value("document.querySelectorAll('table.sortable thead th button')[1].click()")
            numbers = browser.value(order)
            if None not in numbers and numbers != sorted(numbers, reverse=turn < 0):
                yield page + ": a table is not sorted: %s" % numbers[:5]
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    browser.open(page, 1280, "light")
    root = browser.call("DOM.getDocument", depth=0)["root"]["nodeId"]
    main = browser.call("DOM.querySelector", nodeId=root, selector="main")["nodeId"]
    without = browser.call("DOM.getOuterHTML", nodeId=main)["outerHTML"]
    browser.call("Emulation.setScriptExecutionDisabled", value=False)
    source = pathlib.Path(page).read_text(encoding="utf-8")
    if without.count("<svg") != source.count("<svg") or without.count("<table") != source.count("<table"):
        yield page + ": without scripts the page lacks drawings or tables"


def main():
    arguments = sys.argv[1:]
    shots = None
    if "--shot" in arguments:
        at = arguments.index("--shot")
        shots = pathlib.Path(arguments[at + 1])
        del arguments[at:at + 2]
    axe = pathlib.Path(arguments[0]).read_text(encoding="utf-8")
    browser, found = Browser(), 0
    try:
        for page in arguments[1:]:
            for problem in check(browser, axe, page, shots):
                print(problem, flush=True)
                found += 1
    finally:
        browser.close()
    print("%d problems" % found)
    return found > 0


if __name__ == "__main__":
    sys.exit(main())
