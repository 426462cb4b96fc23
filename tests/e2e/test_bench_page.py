"""The page of hfget bench --html in a real browser: says nothing on the console, shows its charts, fits narrow and wide windows, can be
read in light and dark, prints, and stays text whatever a hub calls itself."""

import re
import subprocess

import chromium
import pytest
from e2e_world import BUILD

pytestmark = pytest.mark.skipif(chromium.BINARY is None, reason="chromium is not installed")
PAGES = ["bench", "history", "hostile"]
WIDTHS = [400, 1600]


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    subprocess.run([BUILD / "tests/bench_page_sample", folder], check=True)
    return folder


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    browser = chromium.Chromium(tmp_path_factory.mktemp("chromium"))
    yield browser
    browser.close()


def open_page(browser, pages, name: str, width: int, scheme: str = "light"):
    browser.open((pages / f"{name}.html").as_uri(), width, scheme=scheme)


@pytest.mark.parametrize("width", [*WIDTHS, 700, 961])
@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_complained_of_and_nothing_sticks_out(browser, pages, name, width):
    open_page(browser, pages, name, width)
    browser.ask("document.querySelectorAll('details').forEach(d => d.open = true)")
    assert browser.ask("document.documentElement.scrollWidth") <= width
    assert browser.ask("document.compatMode") == "CSS1Compat"
    assert not browser.complaints()


# How much of each chart can be seen: marks that have a size, within their picture.
MARKS = """[...document.querySelectorAll('figure')].map(figure => [...figure.querySelectorAll('svg:not(.key)')].map(svg => {
  const frame = svg.getBoundingClientRect();
  const marks = [...svg.querySelectorAll('.line, .mark, .part')].map(mark => mark.getBoundingClientRect());
  const inside = marks.filter(m => m.width + m.height > 2 && m.left >= frame.left - 8 && m.right <= frame.right + 8
                                   && m.top >= frame.top - 8 && m.bottom <= frame.bottom + 8);
  return {all: marks.length, inside: inside.length, width: frame.width, height: frame.height};
}))"""


@pytest.mark.parametrize("width", WIDTHS)
def test_three_charts_with_marks_that_can_be_seen(browser, pages, width):
    open_page(browser, pages, "bench", width)
    figures = browser.ask(MARKS)
    assert [len(charts) for charts in figures] == [4, 1, 1]  # a panel for each source that brought bytes
    for chart in (c for charts in figures for c in charts):
        assert chart["all"] == chart["inside"] > 0, figures
        assert chart["width"] > 200 and chart["height"] > 100, figures
    open_page(browser, pages, "history", width)
    assert [len(charts) for charts in browser.ask(MARKS)] == [5]


# No text may be too small to read, nor stand on another.
TEXTS = """[...document.querySelectorAll('svg')].flatMap(svg => {
  const texts = [...svg.querySelectorAll('text')].filter(t => t.textContent)
    .map(t => ({text: t.textContent, box: t.getBoundingClientRect()}));
  const bad = texts.filter(t => t.box.height < 11).map(t => 'small: ' + t.text);
  for (let i = 0; i < texts.length; i++) for (let j = 0; j < i; j++) {
    const a = texts[i].box, b = texts[j].box;
    const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left), high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    if (wide > 1 && high > 4) bad.push('on each other: ' + texts[i].text + ' / ' + texts[j].text);
  }
  return bad;
})"""


@pytest.mark.parametrize("width", [*WIDTHS, 700])
@pytest.mark.parametrize("name", ["bench", "history"])
def test_the_words_of_charts_can_be_read(browser, pages, name, width):
    open_page(browser, pages, name, width)
    assert browser.ask(TEXTS) == []


# Every text against what is behind it, every mark against its card (WCAG 2.2, 1.4.3 and 1.4.11).
CONTRAST = r"""(() => {
  const parse = text => { const m = text.match(/[\d.]+/g).map(Number); return {rgb: m.slice(0, 3), alpha: m.length > 3 ? m[3] : 1}; };
  const light = rgb => { const [r, g, b] = rgb.map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
                         return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const ratio = (a, b) => { const [x, y] = [light(a), light(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); };
  const behind = element => { for (let e = element; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor);
                                                                              if (c.alpha === 1) return c.rgb; } return [255, 255, 255]; };
  const paint = (element, property, kind, on, what) =>
    note(kind, ratio(parse(getComputedStyle(element)[property]).rgb, behind(element.closest(on))), what);
  const worst = {text: [99, ''], mark: [99, '']};
  const note = (kind, value, what) => { if (value < worst[kind][0]) worst[kind] = [value, what]; };
  for (const element of document.querySelectorAll('main *')) {
    const style = getComputedStyle(element);
    const says = [...element.childNodes].some(n => n.nodeType === 3 && n.textContent.trim());
    if (element.matches('svg text')) paint(element, 'fill', 'text', 'figure', element.textContent);
    else if (element.matches('.mark, .part')) paint(element, 'fill', 'mark', 'figure', element.outerHTML);
    else if (element.matches('.line:not(.faint):not(.context), .axis')) paint(element, 'stroke', 'mark', 'figure', element.outerHTML);
    else if (element.matches('.fill')) paint(element, 'backgroundColor', 'mark', 'section', element.outerHTML);
    else if (says && !element.closest('svg')) note('text', ratio(parse(style.color).rgb, behind(element)), element.textContent);
  }
  return worst;
})()"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_light_and_dark_have_contrast(browser, pages, name, scheme):
    open_page(browser, pages, name, 1200, scheme)
    dark = browser.ask("getComputedStyle(document.body).backgroundColor") == "rgb(15, 18, 22)"
    assert dark == (scheme == "dark")
    worst = browser.ask(CONTRAST)
    assert worst["text"][0] >= 4.5 and worst["mark"][0] >= 3, worst


@pytest.mark.parametrize("name", PAGES)
def test_it_prints_in_light_with_every_sample(browser, pages, name):
    open_page(browser, pages, name, 1200, "dark")
    pdf = browser.pdf()
    assert pdf.startswith(b"%PDF-") and len(pdf) > 20000
    count = len(re.findall(rb"/Type\s*/Page\b", pdf))
    assert 1 <= count <= 20, count
    browser.call("Emulation.setEmulatedMedia", media="print", features=[{"name": "prefers-color-scheme", "value": "dark"}])
    assert browser.ask("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_what_a_hub_says_stays_text(browser, pages):
    open_page(browser, pages, "hostile", 1200)
    assert browser.ask("document.querySelectorAll('script, img, iframe, main [onerror]').length") == 0
    assert browser.ask("document.title").startswith("Mirror throughput: <img src=x onerror=alert(1)>")
    assert browser.ask("document.querySelectorAll('figure').length") == 3
    assert "<script>document.title='run'</script>" in browser.ask("document.querySelector('.lead').textContent")


def test_it_is_one_file(pages):
    for name in PAGES[:2]:
        page = (pages / f"{name}.html").read_text()
        links = re.findall(r'(?:src|href)\s*=\s*["\']?([^"\'> ]+)', page) + re.findall(r"url\(([^)]*)\)", page)
        assert links == ["data:,"]
        assert "<script" not in page
