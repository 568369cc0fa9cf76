#!/usr/bin/python3
"""Checks the page in Chromium: opened from a file, without a network, with real clicks.

    tests/browser/page_test.py PAGE.html PAGE_ANSWERS PPLCNET [--screenshot FILE.png]

PAGE_ANSWERS and PPLCNET are programs of a build: what the page must answer, and the program.
"""

import argparse
import io
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

try:
    from PIL import Image
    from selenium import webdriver
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys
    from selenium.webdriver.support.ui import WebDriverWait
except ImportError as missing:
    print(f"Skipped: {missing} (apt install python3-selenium python3-pil)")
    sys.exit(77)

PROJECT = pathlib.Path(__file__).resolve().parent.parent.parent
EXAMPLES = PROJECT / "examples"
MOST_BYTES = 1_500_000
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--host-resolver-rules=MAP * ~NOTFOUND", "--window-size=1100,900", "--hide-scrollbars")


def start(folder):
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for flag in (*FLAGS, f"--user-data-dir={folder}/profile"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.chrome.service.Service("/usr/bin/chromedriver")
    driver = webdriver.Chrome(service=service, options=options)
    driver.set_network_conditions(offline=True, latency=0, throughput=1)
    driver.execute_cdp_cmd("Browser.setDownloadBehavior",
                           {"behavior": "allow", "downloadPath": str(folder)})
    return driver


class Page:
    def __init__(self, driver, file):
        self.driver = driver
        self.wait = WebDriverWait(driver, 120, poll_frequency=0.05)
        driver.get(file.as_uri())
        self.wait.until(lambda _: self.one("body").get_attribute("data-ready") is not None)

    def one(self, selector, inside=None):
        return (inside or self.driver).find_element(By.CSS_SELECTOR, selector)

    def all(self, selector, inside=None):
        return (inside or self.driver).find_elements(By.CSS_SELECTOR, selector)

    def choose(self, selector, *files):
        self.one(selector).send_keys("\n".join(map(str, files)))

    def answers(self, tab, count):
        """The newest answers, in the order in which their pictures were chosen."""
        def done(_):
            cards = self.all(f"#answers-{tab} > .answer")[:count]
            return len(cards) == count and all(c.get_attribute("data-state") for c in cards) and cards
        return self.wait.until(done)[::-1]

    def orient(self, *files):
        before = len(self.all("#answers-rotation > .answer"))
        self.choose("#files-rotation", *files)
        self.wait.until(lambda _: len(self.all("#answers-rotation > .answer")) == before + len(files))
        return self.answers("rotation", len(files))

    def drop(self, selector, *files):
        """Drops files as a mouse does."""
        box = self.one(selector)
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", box)
        place = self.driver.execute_script(
            "const b = arguments[0].getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]", box)
        for kind in ("dragEnter", "dragOver", "drop"):
            self.driver.execute_cdp_cmd("Input.dispatchDragEvent", {
                "type": kind, "x": place[0], "y": place[1],
                "data": {"items": [], "files": list(map(str, files)), "dragOperationsMask": 1}})


def printed(*command):
    return subprocess.run([str(part) for part in command], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True).stdout


def expect(what, found, expected):
    if found != expected:
        sys.exit(f"{what}: expected {expected!r}, found {found!r}")


def heat(page, card):
    """How many colours a heat map has, and how many of its pixels are other than the picture's."""
    return page.driver.execute_script("""
        const [picture, heat] = arguments[0].querySelectorAll('canvas');
        const words = (canvas) => new Uint32Array(canvas.getContext('2d').getImageData(
            0, 0, canvas.width, canvas.height).data.buffer);
        const before = words(picture), after = words(heat);
        return [new Set(after).size, after.filter((word, i) => word !== before[i]).length / after.length];
        """, card)


def check_rotation(page, options, kind, files):
    """The page's answers are those of the program's baseline, to the bit."""
    weights = EXAMPLES / "orientation" / {"pages": "page_orientation.safetensors",
                                          "lines": "text_line_orientation.safetensors"}[kind]
    expected = printed(options.page_answers, kind, weights, *files).splitlines()
    lines = ["--lines"] if kind == "lines" else []
    program = [json.loads(line) for line in
               printed(options.pplcnet, "orient", "--json", *lines, *files).splitlines()]
    for file, card, line, known in zip(files, page.orient(*files), expected, program, strict=True):
        angle, confidence, bits, *logits = line.split()
        expect(f"{file.name}: angle", card.get_attribute("data-angle"), angle)
        expect(f"{file.name}: bits of the confidence", card.get_attribute("data-confidence-bits"), bits)
        expect(f"{file.name}: confidence", float(card.get_attribute("data-confidence")), float(confidence))
        expect(f"{file.name}: bits of the logits", card.get_attribute("data-logits").split(), logits)
        expect(f"{file.name}: the program's angle", int(angle), known["angle"])
        expect(f"{file.name}: the confidence that is shown", page.one(".number", card).text,
               f"{known['confidence']:.3f}")
        shown, share = heat(page, card)
        if shown < 500 or share < 0.9:
            sys.exit(f"{file.name}: expected a heat map, found {shown} colours, {share} changed")
    print(f"{kind}: {len(files)} pictures, angle, confidence and logits have the program's bits")


def check_refusals(page, options, folder):
    """What cannot be read gets one sentence: the program's."""
    whole = (EXAMPLES / "line.png").read_bytes()
    damaged = {
        "cut off.png": whole[:3000],
        "bomb.png": whole[:16] + b"\x7f\xff\xff\xff" * 2 + whole[24:],
        "text.jpg": b"this is no picture",
        "empty.png": b"",
        "<b>tags & more<.jpg": (EXAMPLES / "page.jpg").read_bytes()[:200],
        "drawing.svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    }
    files = []
    for name, content in damaged.items():
        files.append(folder / name)
        files[-1].write_bytes(content)
    expected = printed(options.page_answers, "lines",
                       EXAMPLES / "orientation/text_line_orientation.safetensors",
                       *files).splitlines()
    for file, card, sentence in zip(files, page.orient(*files), expected, strict=True):
        expect(f"{file.name}: state", card.get_attribute("data-state"), "failed")
        if file.stat().st_size:
            expect(file.name, card.text, sentence + ".")
        elif "empty" not in card.text:
            sys.exit(f"{file.name}: {card.text}")
    print(f"{len(files)} files that are no pictures get the program's sentence")


def check_large(page, folder):
    """20 megapixels, during which the page answers at once; and a format of the browser's."""
    picture = Image.open(EXAMPLES / "page.jpg").convert("RGB")
    large = folder / "large.jpg"
    picture.resize((4000, 5000), Image.BICUBIC).save(large, quality=90)
    other = folder / "other.webp"
    picture.save(other, lossless=True)
    begun = time.monotonic()
    page.choose("#files-rotation", large)
    slowest = 0
    while not page.all("#answers-rotation > .answer:first-child[data-state]"):
        asked = time.monotonic()
        expect("the page computes", page.driver.execute_script("return 6 * 7"), 42)
        slowest = max(slowest, time.monotonic() - asked)
    if slowest > 1:
        sys.exit(f"the page did not answer for {slowest:.2f} s")
    card, = page.answers("rotation", 1)
    expect("large.jpg", card.get_attribute("data-angle"), "90")
    print(f"20 megapixels: {time.monotonic() - begun:.1f} s in all, decoded in "
          f"{float(card.get_attribute('data-decoding')):.0f} ms, read in "
          f"{float(card.get_attribute('data-reading')):.0f} ms; meanwhile the page answered within "
          f"{1000 * slowest:.0f} ms; {page.one('#state').text}")
    card, = page.orient(other)
    expect("other.webp", card.get_attribute("data-angle"), "90")
    if "by your browser" not in card.text:
        sys.exit(f"other.webp: {card.text}")


def crops(name, count, folder, size):
    picture = Image.open(EXAMPLES / name).convert("RGB")
    width, height = picture.size
    files = []
    for i in range(count):
        left = (width - size) * i // (count - 1)
        top = (height - size) * (i * 3 % count) // (count - 1)
        files.append(folder / f"{pathlib.Path(name).stem}_{i}.png")
        picture.crop((left, top, left + size, top + size)).save(files[-1])
    return files


def check_classes(page, options, folder):
    page.one("#tab-rotation").send_keys(Keys.ARROW_RIGHT)
    expect("the tab by keyboard", page.one("#classes").is_displayed(), True)
    kinds = {"writing": crops("page.jpg", 8, folder, 200), "street": crops("street.png", 8, folder, 200)}
    for group, (name, files) in zip(page.all(".group"), kinds.items(), strict=True):
        label = page.one(".label", group)
        label.clear()
        label.send_keys(name, Keys.TAB)
        page.one("input[type=file]", group).send_keys("\n".join(map(str, files[::2])))
    page.wait.until(lambda _: page.one("#learnt").get_attribute("data-learnt") == "8")
    print(page.one("#learnt").text)
    page.one("#add-class").click()
    expect("a class without pictures", page.one("#files-classes").is_enabled(), False)
    page.all(".group .remove")[2].click()
    page.wait.until(lambda _: page.one("#learnt").get_attribute("data-learnt") == "8")

    others = [file for files in kinds.values() for file in files[1::2]]
    page.drop("#drop-classes", *others)
    cards = page.answers("classes", len(others))
    found = [card.get_attribute("data-label") for card in cards]
    expect("classes", found, ["writing"] * 4 + ["street"] * 4)

    page.one("#save").click()
    saved = folder / "classes.safetensors"
    page.wait.until(lambda _: saved.exists() and saved.stat().st_size > 0)
    lines = printed(options.pplcnet, "classify", "--json", "--weights", saved, *others).splitlines()
    for line, card in zip(lines, cards, strict=True):
        known = json.loads(line)
        expect("the program's label with the saved file", known["predictions"][0]["label"],
               card.get_attribute("data-label"))
        if abs(known["predictions"][0]["score"] - float(card.get_attribute("data-score"))) > 2e-3:
            sys.exit(f"score {card.get_attribute('data-score')}, of the program: {line}")
    print(f"classes: {len(others)} of {len(others)} right; the saved file says the same to the program")


def measure(page):
    for kind, file in (("pages", "page.jpg"), ("lines", "line.png")):
        page.one(f"input[value={kind}] + span").click()
        times = {"reading": [], "decoding": []}
        for _ in range(7):
            card, = page.orient(EXAMPLES / file)
            for part, values in times.items():
                values.append(float(card.get_attribute(f"data-{part}")))
        print(f"{file}: decoded in {statistics.median(times['decoding']):.1f} ms, read in "
              f"{statistics.median(times['reading']):.1f} ms (median of 7)")


def check_quiet(page):
    """Nothing was asked of a network, and nothing may be."""
    loaded = page.driver.execute_script(
        "return performance.getEntriesByType('resource').map(({name}) => name)")
    expect("what was loaded", [name for name in loaded if not name.startswith(("blob:", "data:"))], [])
    refused = page.driver.execute_async_script(
        "fetch('https://example.org').then(() => arguments[0](false), () => arguments[0](true))")
    expect("a request is refused", refused, True)
    problems = [entry["message"] for entry in page.driver.get_log("browser")
                if "example.org" not in entry["message"]]
    expect("messages of the console", problems, [])


def take_screenshot(page, file):
    """Both parts of the page, one below the other."""
    pictures = []
    for tab in ("rotation", "classes"):
        page.one(f"#tab-{tab}").click()
        page.driver.execute_script("document.activeElement.blur(); scrollTo(0, 0)")
        height = page.driver.execute_script("return document.documentElement.scrollHeight")
        page.driver.set_window_size(1100, height + 20)
        time.sleep(0.3)
        pictures.append(Image.open(io.BytesIO(page.driver.get_screenshot_as_png())).convert("RGB"))
    whole = Image.new("RGB", (max(p.width for p in pictures), sum(p.height for p in pictures)))
    top = 0
    for picture in pictures:
        whole.paste(picture, (0, top))
        top += picture.height
    whole.save(file)


def clear(page, tab):
    page.driver.execute_script(f"document.querySelector('#answers-{tab}').replaceChildren()")


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("page", type=pathlib.Path)
    parser.add_argument("page_answers", type=pathlib.Path)
    parser.add_argument("pplcnet", type=pathlib.Path)
    parser.add_argument("--screenshot", type=pathlib.Path)
    options = parser.parse_args()
    size = options.page.stat().st_size
    print(f"{options.page.name}: {size} bytes")
    if size > MOST_BYTES:
        sys.exit(f"expected at most {MOST_BYTES}")
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        driver = start(folder)
        try:
            page = Page(driver, options.page.resolve())
            print(page.one("#state").text)
            check_rotation(page, options, "pages", [EXAMPLES / "page.jpg", EXAMPLES / "street.png",
                                                    EXAMPLES / "pplcnet/lines.png"])
            page.one("input[value=lines] + span").click()
            check_rotation(page, options, "lines",
                           [EXAMPLES / "line.png", EXAMPLES / "orientation/line.png"])
            check_refusals(page, options, folder)
            page.one("input[value=pages] + span").click()
            check_large(page, folder)
            measure(page)
            check_classes(page, options, folder)
            check_quiet(page)
            if options.screenshot:
                page.one("#tab-rotation").click()
                clear(page, "rotation")
                page.orient(EXAMPLES / "line.png")
                page.one("input[value=pages] + span").click()
                page.orient(EXAMPLES / "page.jpg")
                clear(page, "classes")
                page.choose("#files-classes", folder / "page_3.png", folder / "street_3.png")
                page.answers("classes", 2)
                take_screenshot(page, options.screenshot)
        finally:
            driver.quit()


if __name__ == "__main__":
    main()
