"""What the page is for: searching, seeing what happens, by keyboard and by touch."""
import json
import time

import serve
from support import ASK, FIRST, SIZES, TAME, Target, Visit, accessible, check, eventually, expect, post, ready, same, search, visit


@check("The right row is first as one types, and nothing on the page moves, at three sizes")
def _(browser, target):
    for name, (width, height) in SIZES.items():
        with visit(browser, target, width=width, height=height) as page:
            ready(page)
            search(page, target.query, target.expect)
            same(page.run("document.querySelectorAll('#hits li').length > 0"), True, f"results on the {name}")
            for letter in "xx":
                page.type(letter)
            for _ in range(2):
                page.press("Backspace")
            page.until(f"{FIRST} === {json.dumps(target.expect)} && !document.querySelector('[data-busy]')", "the results are back")
            page.press("ArrowDown")
            page.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 50))))")
            same(page.run("window.shifts"), [], f"shifts of the layout on the {name}")


@check("A row that is inserted meanwhile appears by itself: in the list, on the map, among the results, without a shift")
def _(browser, target):
    target = target if target.real else Target()
    with visit(browser, target) as page:
        ready(page)
        search(page, target.query, target.expect)
        page.run("document.activeElement.blur()")
        title = f"Soften harsh esses, take {int(time.time())}"
        before = page.run("document.querySelector('#canvas').getAttribute('aria-label')")
        target.insert(title)
        page.until(f"document.querySelector('#feed').textContent.includes({json.dumps(title)})", "the row is in the list of what was just embedded")
        page.until(f"document.querySelector('#canvas').getAttribute('aria-label') !== {json.dumps(before)}", "the map has one row more")
        if not target.real:
            page.until(f"[...document.querySelectorAll('#hits li')].some(e => e.textContent.includes({json.dumps(title)}) && e.querySelector('.new'))", "the row is among the results")
        same(page.run("window.shifts"), [], "shifts of the layout")


@check("While somebody reads the results, new ones are offered, not pushed in between")
def _(browser, _):
    server = serve.start()
    with Visit(browser, server.base) as page:
        ready(page)
        search(page, ASK, TAME)
        page.press("ArrowDown")
        page.press("ArrowDown")
        before = page.run("document.querySelector('#hits').textContent")
        post(server.base, "insert", topic="Sibilance", category="dynamics", title="Esses, softened", description="Soften harsh esses, harsh sibilance, harsh consonants with a de-esser.")
        page.until("!document.querySelector('#update').hidden", "a button offers the new match")
        same(page.run("document.querySelector('#hits').textContent"), before, "the results")
        page.run("document.querySelector('#update').click()")
        page.until("document.querySelector('#hits').textContent.includes('Esses, softened')", "the new match is shown")


@check("The page is one request of under 100 KB, and asks for nothing but its own API")
def _(browser, target):
    with visit(browser, target) as page:
        ready(page)
        search(page, target.query, target.expect)
        same([url for url in page.requests() if not url.startswith((f"{target.base}/api/", "data:"))], [f"{target.base}/"], "requests")
        size = page.run("performance.getEntriesByType('navigation')[0].decodedBodySize")
        expect(0 < size < 100_000, f"the page has {size} bytes")
        source = page.run("fetch('/').then(answer => answer.text())")
        for word in (" style=", "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "@import", "url("):
            expect(word not in source, f"the page has {word}")


@check("Fast typing asks seldom, and an old answer never replaces a newer one")
def _(browser, _):
    server = serve.start("slow")
    with Visit(browser, server.base) as page:
        ready(page)
        page.press("/")
        page.type("swing")
        eventually(lambda: post(server.base, "searches"), lambda now: now["active"] > 0, "the search for swing is under way")
        page.run("document.querySelector('#q').select()")
        page.type(ASK)
        page.until(f"{FIRST} === {json.dumps(TAME)} && !document.querySelector('[data-busy]')", "the answer to the last question")
        asked = eventually(lambda: post(server.base, "searches"), lambda now: now["active"] == 0, "every answer is given")["searches"]
        page.run("new Promise(done => setTimeout(() => requestAnimationFrame(done), 200))")
        same(page.run(FIRST), TAME, "the first result when the older answers are there too")
        expect(asked < len("swing" + ASK) / 2, f"{asked} searches for {len('swing' + ASK)} letters")
        same(page.run("window.shifts"), [], "shifts of the layout")


@check("Chips, mode, the exact switch and filters say what they do and do it; the address keeps it all")
def _(browser, _):
    server = serve.start()
    with Visit(browser, server.base) as page:
        ready(page)
        search(page, ASK, TAME)
        expect("through the index music_knowledge_embedding_hnsw" in page.run("document.querySelector('#way').textContent"), "the way of the search is not told")
        page.click("#exact")
        page.until("document.querySelector('#way').textContent.includes('every row')", "exact")
        page.run("[...document.querySelectorAll('.chip')].find(e => e.textContent === 'mixing').click()")
        page.until("[...document.querySelectorAll('#hits .tag')].length === 10 && [...document.querySelectorAll('#hits .tag')].every(e => e.textContent === 'mixing')", "only mixing")
        page.click("#filters-button")
        page.run("document.querySelector('#filters-panel input[type=number]').focus()")
        page.type("0.9")
        page.until("document.querySelector('#filters-count').textContent === '1' && decodeURIComponent(location.hash).includes('filter.confidence.gte=0.9') && !document.querySelector('[data-busy]')", "the filter is in the address")
        page.press("Escape")
        same(page.run("document.activeElement.id"), "filters-button", "the focus after Escape")
        address, shown = page.run("location.hash"), page.run("document.querySelector('#hits').textContent")
        page.send("Page.reload")
        page.until("document.readyState === 'complete' && document.querySelectorAll('#hits h3').length === 10", "results after a reload")
        same(page.run("[document.querySelector('#q').value, document.querySelector('#exact').checked, location.hash]"), [ASK, True, address], "after a reload")
        same(page.run("document.querySelector('#hits').textContent"), shown, "the results after a reload")
        page.run("document.querySelector('[value=text]').click()")
        page.until("document.querySelector('#way').textContent.includes('by words') || document.querySelector('#blank').textContent.includes('Nothing for')", "by words")


@check("A day that is the last one counts to its end, and is shown as a day when the filters are opened again")
def _(browser, _):
    server = serve.start()
    with Visit(browser, server.base) as page:
        ready(page)
        search(page, ASK, TAME)
        page.click("#filters-button")
        for end, day in (("from", "2026-01-01"), ("to", "2026-11-20")):
            page.run(f"(e => {{ e.value = '{day}'; e.dispatchEvent(new Event('input')); }})(document.querySelector('[aria-label=\"created_at {end}\"]'))")
        page.until("(hash => hash.includes('filter.created_at.gte=2026-01-01') && !hash.includes('2026-01-01T') && hash.includes('filter.created_at.lte=2026-11-20T23:59:59.999999'))(decodeURIComponent(location.hash))", "both days are in the address")
        page.press("Escape")
        page.click("#filters-button")
        same(page.run("[...document.querySelectorAll('#filters-panel input[type=date]')].map(e => e.value)"), ["2026-01-01", "2026-11-20"], "the days")


@check("Two tables without a category: no chips, and the address says which one is looked at")
def _(browser, _):
    server = serve.start("plain")
    with Visit(browser, server.base) as page:
        ready(page)
        search(page, ASK, TAME)
        same(page.run("document.querySelectorAll('.chip').length"), 0, "chips")
        page.run("(e => { e.value = 'public.lyrics'; e.dispatchEvent(new Event('change')); })(document.querySelector('#table'))")
        page.until(f"location.hash.includes('table=public.lyrics') && {FIRST} === {json.dumps(TAME)}", "the other table is searched")
        page.send("Page.reload")
        page.until("document.readyState === 'complete' && document.querySelector('#table').value === 'public.lyrics'", "the table after a reload")
        accessible(page, "without a category")
        same(page.run("window.shifts"), [], "shifts of the layout")


@check("The parts that matched are marked, and what a row says is never markup")
def _(browser, _):
    server = serve.start()
    nasty = "<img src=x onerror=\"document.title='caught'\"> \U0001f3b8 harsh <b>esses</b>"
    with Visit(browser, server.base) as page:
        ready(page)
        post(server.base, "insert", topic="Sibilance", category="<script>1</script>", title=nasty, description=f"{nasty}, harsh consonants and esses softened")
        page.until("document.querySelector('#feed').textContent.includes('onerror')", "the row is in the list")
        page.press("/")
        page.type("harsh esses softened")
        page.until("document.querySelector('#hits').textContent.includes('onerror')", "the row is found")
        same(page.run("document.querySelectorAll('#hits img, #hits b b, #feed img, #chips script').length"), 0, "elements made from a row")
        slot = f"[...document.querySelectorAll('#hits li')].find(e => e.querySelector('h3').textContent === {json.dumps(nasty)})"
        same(page.run(f"[...{slot}.querySelectorAll('h3 mark')].map(e => e.textContent)"), ["harsh", "esses"], "marks in the title, after a character of two units")
        page.run(f"{slot}.querySelector('button').click()")
        page.until("document.querySelector('#row').open", "the row is open")
        same(page.run("document.querySelectorAll('#row img, #row b').length"), 0, "elements made from a row")


@check("Everything is done from the keyboard: slash, arrows, Enter, Escape, and the tabs")
def _(browser, target):
    with visit(browser, target) as page:
        ready(page)
        search(page, target.query, target.expect)
        focus = "document.activeElement"
        page.press("ArrowDown")
        same(page.run(f"{focus}.textContent"), target.expect, "the first result has the focus")
        page.press("ArrowDown")
        same(page.run(f"[...document.querySelectorAll('#hits h3 button')].indexOf({focus})"), 1, "the second result has the focus")
        page.press("ArrowUp")
        page.press("Enter")
        page.until("document.querySelector('#row').open", "Enter opens the row")
        expect(page.run(f"document.querySelector('#row').contains({focus})"), "the focus is not in the row")
        page.press("Escape")
        page.until("!document.querySelector('#row').open", "Escape closes the row")
        same(page.run(f"{focus}.textContent"), target.expect, "the focus returns")
        page.press("ArrowUp")
        same(page.run(f"{focus}.id"), "q", "up from the first result")
        page.press("Escape")
        same(page.run("document.querySelector('#q').value + location.hash"), "", "Escape empties the search and the address")
        page.run("document.querySelector('#t-search').focus()")
        page.press("ArrowRight")
        same(page.run(f"{focus}.id"), "t-quality", "right from the first tab")
        page.until("document.querySelector('.figures article')", "quality is shown")
        page.press("/")
        same(page.run(f"{focus}.id + document.querySelector('#explore').hidden"), "qfalse", "slash leads back to the search")


@check("The map can be walked with the arrow keys, zoomed, tapped, and read as words")
def _(browser, target):
    with visit(browser, target) as page:
        ready(page)
        page.run("document.querySelector('#canvas').focus()")
        page.press("ArrowRight")
        one = page.run("document.querySelector('#picked strong').textContent")
        page.until(f"document.querySelector('#say').textContent.includes({json.dumps(one)})", "the row is said")
        moved = False
        for key in ("ArrowRight", "ArrowDown", "ArrowLeft", "ArrowUp"):
            page.press(key)
            moved = moved or page.run("document.querySelector('#picked strong').textContent") != one
        expect(moved, "arrows do not move")
        page.press("Escape")
        same(page.run("document.querySelector('#picked strong')"), None, "Escape lets go")
        page.run("document.querySelector('.words summary').click()")
        page.until("document.querySelectorAll('#words tbody tr').length > 0", "the map in words")
        page.click("[data-zoom=in]")
        expect(page.run("document.querySelector('#plane').hasAttribute('data-zoomed')"), "no zoom")
    with visit(browser, target, address="/#tab=map", width=375, height=812) as page:
        ready(page)
        page.run("document.querySelector('#canvas').scrollIntoView({ block: 'center' })")
        x, y, width, height = page.run("(b => [b.x, b.y, b.width, b.height])(document.querySelector('#canvas').getBoundingClientRect())")
        for step in range(60):
            page.click_at(x + width * (0.1 + 0.8 * (step * 7 % 20) / 20), y + height * (0.1 + 0.7 * (step * 3 % 20) / 20))
            if page.run("Boolean(document.querySelector('#picked strong'))"):
                break
        expect(page.run("Boolean(document.querySelector('#picked strong'))"), "no row was tapped")
