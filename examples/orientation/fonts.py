"""Which installed font draws which script, and which fonts are held out.

A family belongs to one split for every script, so that what is tested was never seen. Fontconfig
says which characters a font has: nothing is drawn with a font that lacks one of its characters.
"""
import bisect
import functools
import hashlib
import os
import re
import subprocess

from PIL import ImageFont

import texts

LANGUAGES = {
    "latin": "fr",
    "cyrillic": "ru",
    "greek": "el",
    "chinese": "zh-cn|zh-tw",
    "japanese": "ja",
    "korean": "ko",
    "arabic": "ar",
    "hebrew": "he",
    "devanagari": "hi",
    "bengali": "bn",
    "tamil": "ta",
    "telugu": "te",
    "gujarati": "gu",
    "thai": "th",
}

TEST = re.compile(
    r"EB Garamond|Roboto|PT (Sans|Serif|Mono)|Vollkorn|Old Standard|Fira Code|Inter\b|Courier Prime"
    r"|Cabin|Andika|GFS (Didot|Neohellenic|Solomos)|Play$|Jura|Dosis|B612|Oxygen|Prociono|Comfortaa"
    r"|Amiri|Noto Kufi Arabic|Harmattan|PakType Naskh|Homa|Frank Ruehl|Nachlieli|Shofar"
    r"|Noto Serif (Hebrew|Devanagari|Bengali|Tamil|Telugu|Gujarati|Thai|CJK)|Annapurna|Sarai|Mukti"
    r"|Jamrul|Karla Tamil|Samyak Tamil|Mandali|Suravaram|Ramaraja|Rasa|Yrsa|aakar|Kinnari|Loma"
    r"|Umpush|AR PL (UKai|KaitiM)|AR PL Kaiti|TW.Sung|Smiley Sans|cwTeXYen|BIZ UD|Yusei|Klee"
    r"|MotoyaLMaru|NanumMyeongjo|BM JUA|NanumSquare|UnShinmun"
)
VALID = re.compile(
    r"Open Sans|Manrope|Lobster|Quattrocento|Anonymous Pro|GFS Artemisia|Clear Sans|Sora$|Go( |$)"
    r"|Lateef|Titr|Thabit|Hadasim|Simple CLM|Samanata|Kalimati|^Ani$|TSCu_Times|NTR|Ponnala|padmaa"
    r"|Sawasdee|Tlwg Typo|cwTeXFang|Sawarabi|Oradano|BM HANNA|UnGraphic"
)
# Symbols, outlines, shadows, letters with holes; fonts whose letters of other scripts are fillers.
NEVER = re.compile(
    r"Keyboard|Initial|Symbol|D050000L|esint|Math|Zawgyi|Stam |Rashi|Rampart|"
    r"UKIJ.*(3D|Kawak|Chiwer|Neqish|Kufi|Gul|Tughra|Jelliy|Zilwa|Imaret|Diwani|Junun|Mejnun)|"
    r"Shado|Ostorah|Emoji|Bandal$|Guseul|UnJamo|YetHangul|Ouhod|"
    r"Isabella|Dyuthi|Abogado|Domestic|Aoyagi|Dimnah|Tarablus|Furat|"
    r"Awami|KacstPen|KacstDecorative|KacstArt|Quran|Qurn|Z003|Smallcaps|Caps|TAMu|Eunjin Nakseo"
)
FILLERS = re.compile(
    r"Seto|TW.(Kai|Sung)|^AR PL|MigMix|Migu|VL |GWMono|Caliban|Caslon|WenQuanYi|"
    r"HanaMin|BabelStone|UKIJ CJK|Aerial|Bangwool|Eunjin"
)
# Of display faces: no letters, or letters made of other things.
NOT_LETTERS = re.compile(r"Dingle|Dings?\b|Bats?\b|Blocks|Barcod|Braille|Hand ?sign|Doodl|Icons|Wingdi")
# In these fonts Latin, Cyrillic and Greek are beside the point.
NOT_EUROPEAN = re.compile(
    r"Noto (Sans|Serif|Naskh|Kufi|Nastaliq|Looped|Rashi)( UI)? (?!Display|Mono$)\w|UKIJ|Khmer|"
    r"Myanmar|Ethiop|Padauk|Kacst|Al[A-Z]|Lohit|Samyak|Un[A-Z]|BM |BPG|YOz|"
    r"Ume |IPA|Takao|kiloji|Komatuna|Konatu|Mona$|cwTeX|Hor$|Metal$|Petra|Granada|Graph$|Hani|"
    r"Haramain|Japan|Jet$|Kayrawan|Khalid|"
    r"Mashq|Nada$|Nagham|Nice$|Rasheeq|Rehan|Salem|Sharjah|Sindbad|Tholoth|Cortoba|Electron|Arab$|"
    r"TSCu|PakType|Phetsarath|Manjari|Uroob|Rachana|Meera|Karumbi|Keraleeyam|Gayathri|Chilanka|"
    r"Anjali|Tlwg|Purisa|Sahadeva|Nakula|Sarai|Aksharyogini|Breip|Stick|Reggae|DotGothic|mry"
)


# A letter of each script: some fonts say that they have it, and draw nothing.
LETTERS = {"latin": "a", "cyrillic": "ж", "greek": "α", "chinese": "的", "japanese": "の", "korean": "이",
           "arabic": "ب", "hebrew": "א", "devanagari": "क", "bengali": "ক", "tamil": "க", "telugu": "క",
           "gujarati": "ક", "thai": "ก"}


class Font:
    """A face of a font file; `draws(text)` tells whether it has all characters."""

    def __init__(self, path, index, charset):
        self.path, self.index = path, index
        self.first, self.last, self.inked = [], [], {}
        for part in charset.split():
            first, _, last = part.partition("-")
            self.first.append(int(first, 16))
            self.last.append(int(last or first, 16))

    def has(self, character):
        """Whether it has a glyph, which is not empty where there should be ink."""
        code = ord(character)
        place = bisect.bisect_right(self.first, code) - 1
        if place < 0 or code > self.last[place]:
            return False
        if character not in self.inked:
            self.inked[character] = not character.isalnum() or self._leaves_ink(character)
        return self.inked[character]

    def _leaves_ink(self, character):
        face = ImageFont.truetype(self.path, 40, index=self.index,
                                  layout_engine=ImageFont.Layout.BASIC)
        try:
            return face.getmask(character).getbbox() is not None
        except OSError:  # a font's program that FreeType does not run, at some sizes
            return True

    def draws(self, text):
        return all(self.has(character) for character in text)

    def face(self, size, script):
        shaped = script in texts.SHAPED
        engine = ImageFont.Layout.RAQM if shaped else ImageFont.Layout.BASIC
        return ImageFont.truetype(self.path, size, index=self.index, layout_engine=engine)


def split_of(family):
    return "test" if TEST.search(family) else "valid" if VALID.search(family) else "train"


@functools.lru_cache
def display_files():
    """Files of the packages of display.txt: faces for signs and posters, which lines and pages of
    running text do not have."""
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "display.txt")
    with open(path, encoding="utf-8") as file:
        packages = file.read().split()
    listing = subprocess.run(
        ["dpkg-query", "-L", *packages], capture_output=True, text=True, check=False
    ).stdout
    return frozenset(os.path.realpath(file) for file in listing.splitlines())


def split_of_display(family):
    """By the hash of the family's first word: most families that are relatives share it."""
    value = hashlib.md5(family.split()[0].encode()).digest()[-1]
    return "test" if value < 51 else "valid" if value < 77 else "train"


@functools.lru_cache
def find(display=False):
    """split -> script -> family -> fonts, of running text or of signs and posters."""
    found = {split: {script: {} for script in LANGUAGES} for split in texts.SPLITS}
    for script, languages in LANGUAGES.items():
        seen = set()
        for language in languages.split("|"):
            listing = subprocess.run(
                [
                    "fc-list",
                    f":lang={language}",
                    "-f",
                    "%{file}\t%{index}\t%{family[0]}\t%{charset}\n",
                ],
                capture_output=True,
                text=True,
                check=True,
            ).stdout
            for line in sorted(listing.splitlines()):
                path, index, family, charset = line.split("\t")
                if (os.path.realpath(path) in display_files()) != display:
                    continue
                if (path, index) in seen or NEVER.search(family):
                    continue
                if display and NOT_LETTERS.search(family):
                    continue
                if not path.lower().endswith((".ttf", ".otf", ".ttc")):
                    continue
                if int(index) >= 65536:
                    continue  # an instance of a variable font
                if script in texts.WITH_CASE and (
                    NOT_EUROPEAN.search(family) or FILLERS.search(family)
                ):
                    continue
                if script not in ("chinese", "japanese", "korean") and FILLERS.search(family):
                    continue
                if script == "korean" and re.search("Seto|WenQuanYi|UKIJ", family):
                    continue
                if script == "japanese" and re.search("WenQuanYi|TW.|UKIJ|YOz.*90|LXGW", family):
                    continue
                seen.add((path, index))
                family = re.sub(r"YOz.*", "YOz", re.sub(r"Ume .*", "Ume", family))
                split = split_of_display(family) if display else split_of(family)
                font = Font(path, int(index), charset)
                if font.has(LETTERS[script]):
                    found[split][script].setdefault(family, []).append(font)
    return found


if __name__ == "__main__":
    for DISPLAY in (False, True):
        for SCRIPT in LANGUAGES:
            for SPLIT in texts.SPLITS:
                FAMILIES = find(DISPLAY)[SPLIT][SCRIPT]
                COUNT = sum(map(len, FAMILIES.values()))
                print(SCRIPT, SPLIT, len(FAMILIES), COUNT, "; ".join(FAMILIES))
