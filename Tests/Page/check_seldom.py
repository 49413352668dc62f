"""What seldom happens: a token, an empty table, trouble, a daemon that goes away. Always against serve.py."""
import json

import serve
from support import ASK, TAME, Visit, accessible, check, post, ready, same, search


@check("A daemon that asks for a token is given one, and a wrong one is named")
def _(browser, _):
    server = serve.start("token")
    with Visit(browser, server.base, errors=False) as page:
        page.until("document.querySelector('#ask').open", "the token is asked for")
        accessible(page, "asking for a token")
        page.type("wrong")
        page.press("Enter")
        page.until("document.querySelector('#wrong').textContent && document.querySelector('#ask').open", "the wrong token is refused")
        page.press("Escape")
        page.until("document.querySelector('#state').textContent === 'Locked'", "not now")
        page.click("#sentence button")
        page.until("document.querySelector('#ask').open", "asked again")
        page.type(serve.TOKEN)
        page.press("Enter")
        ready(page)
        search(page, ASK, TAME)
        page.send("Page.reload")
        page.until("document.querySelectorAll('#hits h3').length === 10", "results after a reload")
        same(page.run("document.querySelector('#ask').open"), False, "asked again after a reload")
        same([url for url in page.requests() if serve.TOKEN in url], [], "the token in an address")


@check("An empty table, no table, nothing embedded yet, trouble and a search that fails are told in words")
def _(browser, _):
    for scene, words in (("empty", "Nothing here yet"), ("none", "No table yet"), ("unfilled", "No row is embedded yet")):
        server = serve.start(scene)
        with Visit(browser, server.base) as page:
            page.until(f"document.querySelector('#blank').textContent.includes({json.dumps(words)})", words)
            accessible(page, f"in the scene {scene}")
            if scene == "empty":
                post(server.base, "insert", topic="Swing", category="rhythm", title="The first of all rows", description="Swing it.")
                page.until("document.querySelector('#blank').textContent.includes('Ask in your own words')", "the first row opens the search")
                page.until("document.querySelector('#canvas').getAttribute('aria-label').includes('1 row')", "the first row is on the map")
            server.shutdown()
    server = serve.start("degraded")
    with Visit(browser, server.base) as page:
        ready(page)
        page.until("document.querySelector('#state').textContent === 'Degraded' && document.querySelector('#sentence').textContent.includes('refuses the key')", "the trouble is told")
        accessible(page, "degraded")
    server = serve.start("failing")
    with Visit(browser, server.base, errors=False) as page:
        ready(page)
        page.press("/")
        page.type("swing")
        page.until("document.querySelector('#blank').textContent.includes('The index is being rebuilt')", "the error is told")
        accessible(page, "failing")
        server.world.scene = "quiet"
        page.run("document.querySelector('#blank button').click()")
        page.until("document.querySelectorAll('#hits h3').length === 10", "trying again helps")


@check("A daemon that goes away is called offline, and everything goes on when it is back")
def _(browser, _):
    server = serve.start()
    port = server.server_address[1]
    with Visit(browser, server.base, errors=False) as page:
        ready(page)
        search(page, ASK, TAME)
        server.stop()
        page.until("document.querySelector('#state').textContent === 'Offline'", "offline")
        accessible(page, "offline")
        again = serve.start("quiet", port)
        page.until("document.querySelector('#state').textContent === 'Idle'", "back")
        post(again.base, "insert", topic="Swing", category="rhythm", title="A row after the restart", description="Swing it.")
        page.until("document.querySelector('#feed').textContent.includes('A row after the restart')", "rows come again")
