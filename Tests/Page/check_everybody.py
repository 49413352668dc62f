"""That the page is for everybody: with a screen reader, without a mouse, on a small window, seeing fewer colours."""
import json

from colours import too_close
from support import FIRST, SIZES, Target, accessible, check, expect, ready, same, search, visit


@check("Names, roles, contrast, targets, headings and identifiers are right, at three sizes and in both themes")
def _(browser, target):
    for size, (width, height) in SIZES.items():
        for theme in ("light", "dark"):
            with visit(browser, target, width=width, height=height, theme=theme, calm=True) as page:
                ready(page)
                accessible(page, f"at first, {size}, {theme}")
                search(page, target.query, target.expect)
                accessible(page, f"with results, {size}, {theme}")
                page.run("document.querySelector('#filters-button').click(); document.querySelector('.chip')?.click(); document.querySelector('.words summary').click()")
                page.until("!document.querySelector('[data-busy]')", "the results are there")
                accessible(page, f"with filters, {size}, {theme}")
                page.run("document.querySelector('.chip')?.click(); document.querySelector('#filters-button').click()")
                page.until(f"{FIRST} === {json.dumps(target.expect)}", "the results are back")
                page.run("document.querySelector('#hits h3 button').click()")
                page.until("document.querySelector('#row').open", "the row is open")
                accessible(page, f"a row, {size}, {theme}")
                page.press("Escape")
                if size == "phone":
                    page.run("document.querySelector('#t-map').click()")
                    accessible(page, f"the map, {size}, {theme}")
                page.run("document.querySelector('#t-quality').click()")
                page.until("document.querySelector('.figures article')", "quality is shown")
                page.run("document.querySelectorAll('.figures details').forEach(e => { e.open = true; })")
                accessible(page, f"quality, {size}, {theme}")


@check("Landmarks and roles are those a screen reader leads by")
def _(browser, target):
    with visit(browser, target) as page:
        ready(page)
        roles = [node.get("role", {}).get("value") for node in page.send("Accessibility.getFullAXTree")["nodes"] if not node["ignored"]]
        for role in ("banner", "main", "contentinfo", "search", "tablist", "tab", "tabpanel", "region", "searchbox", "switch", "application", "status"):
            expect(role in roles, f"there is no {role}")


@check("Tab goes through the page in its order, the focus is always seen, and none of it is a trap")
def _(browser, target):
    for size, (width, height) in SIZES.items():
        with visit(browser, target, width=width, height=height, calm=True) as page:
            ready(page)
            search(page, target.query, target.expect)
            page.run("document.querySelector('#skip').focus()")
            count = page.run("look.order()")
            for step in range(count):
                at = page.run("look.focus()")
                same(at["at"], step, f"place of {at['what']} in the order, {size}")
                expect(at["visible"] or "skip" in at["what"], f"the focus is not seen on {at['what']}, {size}")
                expect(at["inside"] or "skip" in at["what"], f"the focus is outside of the window on {at['what']}, {size}")
                page.press("Tab")


@check("The eight categories are told apart with every kind of colour blindness, or by their shapes")
def _(browser, target):
    for theme in ("light", "dark"):
        with visit(browser, target, theme=theme) as page:
            same(too_close(page.run("look.palette()")), [], f"colours that look alike, {theme}")


@check("A small window of 320 pixels, and one that is wide, need no scrolling to the side")
def _(browser, target):
    for width, height in ((320, 640), (719, 400), (720, 400), (1100, 700), (2200, 1200)):
        with visit(browser, target, width=width, height=height) as page:
            ready(page)
            search(page, target.query, target.expect)
            same(page.run("look.rules()"), [], f"at {width}")
            page.run("document.querySelector('#t-quality').click()")
            page.until("document.querySelector('.figures article')", "quality is shown")
            same(page.run("look.rules()"), [], f"quality at {width}")


@check("Who wants less motion gets none")
def _(browser, target):
    target = target if target.real else Target()
    with visit(browser, target, calm=True) as page:
        ready(page)
        search(page, target.query, target.expect)
        if not target.real:
            target.insert("Less motion, softer esses")
            page.until("document.querySelector('#feed').textContent.includes('Less motion')", "the row is in the list")
        same(page.run("document.getAnimations().filter(a => a.playState === 'running' && a.effect.getComputedTiming().activeDuration > 10).length"), 0, "animations that run")


@check("The theme follows the system until it is chosen, and the choice is kept")
def _(browser, target):
    ground = "getComputedStyle(document.body).backgroundColor"
    with visit(browser, target, theme="dark") as page:
        ready(page)
        dark = page.run(ground)
        page.click("#theme")
        light = page.run(ground)
        expect(dark != light, "the theme does not change")
        page.send("Page.reload")
        page.until("document.readyState === 'complete'", "reloaded")
        same(page.run(ground), light, "the theme after a reload")
