"""Collects sentences and words of many scripts from Debian packages, and writes lines with them.

`python3 texts.py FOLDER OUT` reads the packages that `packages.sh` unpacked into FOLDER and writes
a pickle: split -> script -> (sentences, words). A text belongs to one split only, by its hash.
"""
import collections
import glob
import gettext
import gzip
import hashlib
import html
import math
import pickle
import re
import sys

SPLITS = ("train", "valid", "test")

# Script: languages (as LibreOffice calls them), and the characters that make a text one of it.
SCRIPTS = {
    "latin": ("en en-US de fr es it pt_BR pl cs hu ro sv da nl fi tr vi id", "A-Za-zÀ-ỹ"),
    "cyrillic": ("ru uk bg", "\u0400-\u04ff"),
    "greek": ("el", "\u0370-\u03ff\u1f00-\u1fff"),
    "chinese": ("zh_CN zh_TW", "\u4e00-\u9fff"),
    "japanese": ("ja", "\u3040-\u30ff\u4e00-\u9fff"),
    "korean": ("ko", "\uac00-\ud7a3"),
    "arabic": ("ar fa ug", "\u0600-\u06ff"),
    "hebrew": ("he", "\u0590-\u05ff"),
    "devanagari": ("hi mr ne", "\u0900-\u097f"),
    "bengali": ("bn", "\u0980-\u09ff"),
    "tamil": ("ta", "\u0b80-\u0bff"),
    "telugu": ("te", "\u0c00-\u0c7f"),
    "gujarati": ("gu", "\u0a80-\u0aff"),
    "thai": ("th", "\u0e00-\u0e7f"),
}
RIGHT_TO_LEFT = ("arabic", "hebrew")
WITHOUT_SPACES = ("chinese", "japanese", "thai")
WITH_CASE = ("latin", "cyrillic", "greek")
SHAPED = ("arabic", "hebrew", "devanagari", "bengali", "tamil", "telugu", "gujarati", "thai")
MARKS = re.compile("[\u0e31\u0e34-\u0e3a\u0e47-\u0e4e]")  # of Thai: they belong to what is before

FRAMES = ("({})", '"{}"', "- {}", "• {}", "{}.", "{} ...", "[{}]", "{}!", "1. {}", "{}:")
UNITS = "kg g ml cm mm km l kWh MB GB °C % m² pcs".split()
SENTENCES_PER_LANGUAGE = 12000

# Rotated by 180 degrees these look like themselves or each other in some typeface.
UNDECIDED = set(
    "0125689 HINOSXZMWEBlIosxzunbqdpmw|/\\-_=+.,:;~*#%()[]{}<>'\"`^•·–—…°ΗΙΝΟΞΖΧΦΘосхнНОФХИЖО"
    "一二三十口日田中申串回王工口曰目且米亜井丼品晶車亞ーニ〇エロハへりくノ응를근믐믄은음를ㅇㅣㅡ문곰논국"
)


def clean(text):
    text = html.unescape(re.sub(r"<[^>]*>", " ", text))
    text = re.sub(
        r"%[-#0-9.*]*[A-Za-z$]+|\$\{?[A-Za-z]+\}?|[~_&|]|\{[^}]*\}|[\x00-\x1f\u200b-\u200f"
        r"\u202a-\u202e\u2066-\u2069\ufeff]",
        " ",
        text,
    )
    return re.sub(r"\s+", " ", text).strip()


def split_of(text):
    value = hashlib.md5(text.encode()).digest()[-1]
    return "train" if value < 180 else "valid" if value < 206 else "test"


def paragraphs(folder, language):
    """Texts of one language: messages of LibreOffice, pages of handbooks and of help."""
    for path in sorted(
        glob.glob(f"{folder}/usr/lib/libreoffice/program/resource/{language}/*/*.mo")
    ):
        with open(path, "rb") as file:
            for text in gettext.GNUTranslations(file)._catalog.values():
                yield clean(text)
    dashed = language.replace("_", "-")
    pages = (
        glob.glob(f"{folder}/usr/share/doc/debian-handbook/html/{dashed}*/*.html")
        + glob.glob(f"{folder}/usr/share/doc/installation-guide-amd64/{language}/*.html")
        + glob.glob(f"{folder}/usr/share/debian-reference/*.{dashed.lower()}.html")
        + glob.glob(f"{folder}/usr/share/libreoffice/help/{dashed}/text/*/*/*.html")
        + glob.glob(f"{folder}/usr/share/libreoffice/help/{dashed}/text/*/*.html")
    )
    for path in sorted(pages)[:1500]:
        with open(path, encoding="utf-8", errors="ignore") as file:
            page = re.sub(r"(?s)<(script|style|pre|head)\b.*?</\1>", " ", file.read())
        for text in re.findall(r"(?s)<(?:p|li|td|h\d)\b[^>]*>(.*?)</(?:p|li|td|h\d)>", page):
            yield clean(text)


def dictionary_words(folder, language):
    short = language.split("_")[0]
    for path in sorted(glob.glob(f"{folder}/usr/share/hunspell/{short}_[A-Z][A-Z].dic"))[:2]:
        for encoding in ("utf-8", "koi8-r", "iso-8859-7"):
            try:
                with open(path, encoding=encoding) as file:
                    yield from (line.split("/")[0].strip() for line in file)
                break
            except UnicodeDecodeError:
                continue


def collect(folder):
    corpus = {split: {script: ([], []) for script in SCRIPTS} for split in SPLITS}
    for script, (languages, characters) in SCRIPTS.items():
        own = re.compile(f"[{characters}]")
        for language in languages.split():
            found, words = {}, collections.Counter()
            for text in paragraphs(folder, language):
                letters = text.replace(" ", "")
                if len(letters) < 4 or len(own.findall(letters)) < 0.7 * len(letters):
                    continue
                found.setdefault(text[:400])
                if script not in WITHOUT_SPACES:
                    tokens = re.split(r'[\s.,:;!?()"«»\[\]/]+', text)
                    words.update(word for word in tokens if own.match(word))
            # By hash: a choice that does not depend on the order of files.
            texts = sorted(found, key=lambda t: hashlib.md5(t.encode()).digest())
            for text in texts[:SENTENCES_PER_LANGUAGE]:
                corpus[split_of(text)][script][0].append(text)
            plain = set(words)
            if script != "thai":
                plain.update(w for w in dictionary_words(folder, language) if own.match(w))
            plain = sorted(
                (w for w in plain if 2 <= len(w) <= 24),
                key=lambda w: hashlib.md5(w.encode()).digest(),
            )
            for word in plain[:30000]:
                corpus[split_of(word)][script][1].append(word)
    return corpus


def decidable(text):
    """Whether enough characters of `text` tell up from down."""
    letters = [c for c in text if not c.isspace()]
    telling = sum(c not in UNDECIDED for c in letters)
    return len(letters) >= 2 and telling >= max(2, 0.25 * len(letters))


class Writer:
    """Texts of one script and split, chosen by `rng`."""

    def __init__(self, corpus, split, script, rng):
        self.script, self.rng = script, rng
        self.sentences, self.words = corpus[split][script]
        self.latin_words = corpus[split]["latin"][1]
        self.spaces = script not in WITHOUT_SPACES

    def sentence(self):
        return self.rng.choice(self.sentences)

    def piece(self, length):
        """About `length` characters of running text."""
        rng = self.rng
        text = self.sentence()
        while len(text) < length:
            text += " " + self.sentence()
        if not self.spaces:
            text = text.replace(" ", "") if self.script != "thai" else text
            start = rng.randrange(max(1, len(text) - length + 1))
            while start and MARKS.match(text[start]):
                start -= 1
            end = start + length
            while end < len(text) and MARKS.match(text[end]):
                end += 1
            return text[start:end].strip()
        tokens = text.split()
        start, size, end = rng.randrange(len(tokens)), 0, 0
        if rng.random() < 0.4:
            start = 0
        tokens = tokens[start:] or tokens
        while end < len(tokens) and (not end or size + len(tokens[end]) <= length):
            size += len(tokens[end]) + 1
            end += 1
        return " ".join(tokens[:end])[: max(length + 12, 12)]

    def phrase(self, low=1, high=4):
        """Some words: a heading, a label, a cell."""
        rng = self.rng
        count = rng.randint(low, high)
        if not self.words:
            return self.piece(rng.randint(2, 3) * count)
        if rng.random() < 0.5:
            return " ".join(rng.choice(self.words) for _ in range(count))
        return self.piece(rng.randint(4, 9) * count)

    def number(self):
        """Prices, dates, quantities, times, identifiers."""
        rng = self.rng
        whole = int(math.exp(rng.uniform(0, 14)))
        kind = rng.randrange(11)
        if kind == 0:
            return f'{rng.choice("$€£¥₹")}{whole / 100:,.2f}'
        if kind == 1:
            return f'{whole / 100:.2f} {rng.choice(["€", "EUR", "USD", "kr", "zł", "CHF"])}'
        if kind == 2:
            return f"{rng.randint(1, 28):02}.{rng.randint(1, 12):02}.{rng.randint(1950, 2039)}"
        if kind == 3:
            return f"{rng.randint(1950, 2039)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"
        if kind == 4:
            return f"{rng.randint(0, 23)}:{rng.randint(0, 59):02}"
        if kind == 5:
            return f"{whole / rng.choice([1, 10, 100]):g} {rng.choice(UNITS)}"
        if kind == 6:
            return "+%d %d %d %d" % tuple(rng.randint(10, 999) for _ in range(4))
        if kind == 7:
            letters = rng.choice("ABCDEFGHJKLPRT") + rng.choice("ABDEFGKLPRT")
            return f"{letters}-{rng.randint(100, 99999)}"
        if kind == 8:
            return f"{rng.randint(1, 9)} x {whole / 100:.2f}"
        if kind == 9:
            return f'{rng.choice(["No.", "Tel.", "ID", "Ref.", "Art.", "p."])} {whole}'
        return f"{whole:,}"

    def spelling(self, text):
        """Capitals now and then, as headings and signs have them."""
        if self.script in WITH_CASE:
            value = self.rng.random()
            if value < 0.12:
                return text.upper()
            if value < 0.2:
                return text.title()
        return text

    def line(self):
        """One line as text detectors find them: 2 to about 60 characters."""
        rng = self.rng
        for _ in range(100):
            value = rng.random()
            length = round(math.exp(rng.uniform(math.log(3), math.log(60 if self.spaces else 42))))
            if value < 0.62:
                text = self.spelling(self.piece(length))
            elif value < 0.78:
                text = self.spelling(self.phrase(1, 3))
            elif value < 0.84:
                text = self.number()
            elif value < 0.92:
                text = self.phrase(1, 2) + rng.choice([" ", ": ", " - ", ", "]) + self.number()
            elif value < 0.96:
                text = f"{self.phrase(1, 2)} {rng.choice(self.latin_words)}"
                if rng.random() < 0.5:
                    text = f"{rng.choice(self.latin_words)} {text}"
            else:
                text = rng.choice(FRAMES).format(self.piece(length))
            text = text.strip()
            if 2 <= len(text) <= 75 and decidable(text):
                return text
        return self.sentence()[:40]


def load(path):
    with open(path, "rb") as file:
        return pickle.load(file)


if __name__ == "__main__":
    CORPUS = collect(sys.argv[1])
    for SCRIPT in SCRIPTS:
        print(SCRIPT, *(tuple(map(len, CORPUS[split][SCRIPT])) for split in SPLITS))
    with open(sys.argv[2], "wb") as OUT:
        pickle.dump(CORPUS, OUT)
