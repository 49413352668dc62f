// What page_test.py looks at inside the page: contrast, names, targets, references. Nothing here belongs to the page.
(() => {
  const parse = text => {
    const n = text.match(/[\d.]+/g).map(Number);
    return text.startsWith('color(srgb') ? [n[0] * 255, n[1] * 255, n[2] * 255, n[3] ?? 1] : [n[0], n[1], n[2], n[3] ?? 1];
  };
  const over = (top, under) => [0, 1, 2].map(i => top[i] * top[3] + under[i] * (1 - top[3])).concat(1);
  const light = ([r, g, b]) => [r, g, b].map(v => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }).reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const ratio = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); };
  const ground = element => {
    const layers = [];
    for (let e = element; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c[3]) layers.push(c); if (c[3] === 1) break; }
    return layers.reverse().reduce((under, top) => over(top, under), [255, 255, 255, 1]);
  };
  const seen = e => e.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && !e.closest('.vh, [hidden]');
  const where = e => `${e.tagName.toLowerCase()}${e.id ? `#${e.id}` : ''}${typeof e.className === 'string' && e.className ? `.${e.className.split(' ').join('.')}` : ''} "${(e.textContent || '').trim().slice(0, 30)}"`;
  const scope = () => document.querySelector('dialog[open]') || document.body;
  const tabbable = () => [...scope().querySelectorAll('a[href], button, input, select, summary, [tabindex]')].filter(e => e.tabIndex >= 0 && e.checkVisibility() && !e.disabled);
  const radios = list => list.filter(e => e.type !== 'radio' || e.checked);
  window.look = {
    contrast() {
      const bad = [], walk = document.createTreeWalker(scope(), NodeFilter.SHOW_TEXT);
      for (let node = walk.nextNode(); node; node = walk.nextNode()) {
        const e = node.parentElement;
        if (!node.data.trim() || !seen(e) || e.matches('script, style, noscript, option')) continue;
        const style = getComputedStyle(e), under = ground(e), r = ratio(over(parse(style.color), under), under);
        const big = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && Number(style.fontWeight) >= 700);
        if (r < (big ? 3 : 4.5)) bad.push(`${r.toFixed(2)} ${where(e)}`);
      }
      for (const e of scope().querySelectorAll('input[placeholder]')) if (seen(e)) { const under = ground(e), r = ratio(over(parse(getComputedStyle(e, '::placeholder').color), under), under); if (r < 4.5) bad.push(`${r.toFixed(2)} placeholder of ${where(e)}`); }
      return bad;
    },
    // What is not text and has to be seen: the categories, the edges of fields, icons, bars, the ring of the focus.
    graphics() {
      const bad = [], probe = document.createElement('i');
      document.body.append(probe);
      const value = name => { probe.style.color = `var(--${name})`; return parse(getComputedStyle(probe).color); };
      for (const name of ['c0', 'c1', 'c2', 'c3', 'c4', 'c5', 'c6', 'c7', 'edge', 'accent', 'good', 'fair', 'bad', 'soft'])
        for (const under of ['bg', 'surface']) { const r = ratio(value(name), value(under)); if (r < 3) bad.push(`${name} on ${under}: ${r.toFixed(2)}`); }
      probe.remove();
      return bad;
    },
    palette() { const probe = document.createElement('i'); document.body.append(probe); const out = [0, 1, 2, 3, 4, 5, 6, 7].map(i => { probe.style.color = `var(--c${i})`; return parse(getComputedStyle(probe).color).slice(0, 3); }); probe.remove(); return out; },
    targets(least) {
      return tabbable().filter(e => !e.matches('.skip')).map(e => [e, e.matches('label input') ? e.parentElement : e]).map(([e, box]) => [e, box.getBoundingClientRect()])
        .filter(([, b]) => b.width < least - 0.5 || b.height < least - 0.5).map(([e, b]) => `${Math.round(b.width)}x${Math.round(b.height)} ${where(e)}`);
    },
    ids() {
      const bad = [], all = [...document.querySelectorAll('[id]')].map(e => e.id);
      for (const id of new Set(all)) if (all.filter(one => one === id).length > 1) bad.push(`twice: ${id}`);
      for (const name of ['aria-labelledby', 'aria-describedby', 'aria-controls', 'for'])
        for (const e of document.querySelectorAll(`[${name}]`)) for (const id of e.getAttribute(name).split(/\s+/)) if (!document.getElementById(id)) bad.push(`${name} of ${where(e)}: no ${id}`);
      return bad;
    },
    headings() {
      const bad = [], list = [...document.querySelectorAll('h1, h2, h3, h4, h5, h6')].filter(e => e.checkVisibility() && !e.closest('dialog')).map(e => [Number(e.tagName[1]), where(e)]);
      if (list.filter(([level]) => level === 1).length !== 1) bad.push('not exactly one h1');
      list.forEach(([level, what], i) => { if (i && level > list[i - 1][0] + 1) bad.push(`h${level} after h${list[i - 1][0]}: ${what}`); });
      return bad;
    },
    rules() {
      const bad = [];
      if (document.documentElement.lang !== 'en') bad.push('no language');
      if (!document.title) bad.push('no title');
      if (/user-scalable\s*=\s*no|maximum-scale/.test(document.querySelector('meta[name=viewport]').content)) bad.push('zoom is forbidden');
      for (const e of document.querySelectorAll('[tabindex]')) if (e.tabIndex > 0) bad.push(`positive tabindex: ${where(e)}`);
      for (const e of document.querySelectorAll('svg')) if (!e.closest('[aria-hidden=true]') && !(e.getAttribute('role') === 'img' && e.getAttribute('aria-label'))) bad.push(`a picture without words: ${where(e.parentElement)}`);
      for (const e of document.querySelectorAll('[aria-hidden=true]')) for (const inner of [e, ...e.querySelectorAll('*')]) if (inner.tabIndex >= 0 && inner.matches('a, button, input, select, [tabindex]')) bad.push(`hidden, yet to be reached: ${where(inner)}`);
      for (const e of document.querySelectorAll('*')) for (const a of e.attributes) if (a.name.startsWith('on')) bad.push(`${a.name} on ${where(e)}`);
      for (const list of document.querySelectorAll('ul, ol')) for (const child of list.children) if (child.tagName !== 'LI') bad.push(`in a list: ${where(child)}`);
      for (const tab of document.querySelectorAll('[role=tab]')) if (!tab.hasAttribute('aria-selected') || !document.getElementById(tab.getAttribute('aria-controls'))) bad.push(`a tab: ${where(tab)}`);
      if (document.documentElement.scrollWidth > innerWidth + 1) bad.push(`wider than the window: ${document.documentElement.scrollWidth} of ${innerWidth}`);
      return bad;
    },
    order() { window.expected = radios(tabbable()); return window.expected.length; },
    // Where the focus is in that order, and whether it can be seen.
    focus() {
      const e = document.activeElement, ring = style => style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
      const visible = ring(getComputedStyle(e)) || (e.matches('.seg input') && ring(getComputedStyle(e.nextElementSibling))) || (e.closest('.hit') && ring(getComputedStyle(e.closest('.hit'), '::before')));
      const b = e.getBoundingClientRect();
      return { at: window.expected.indexOf(e), what: where(e), visible: Boolean(visible), inside: b.bottom > 0 && b.top < innerHeight };
    },
  };
})();
