"""Keeps photographs without text, found in FOLDER, small: `python3 pictures.py FOLDER OUT`."""
import glob
import os
import pickle
import re
import sys

import cv2

import texts

LONGEST = 1000


def main():
    found = {}
    for path in sorted(glob.glob(f"{sys.argv[1]}/**/*.*", recursive=True)):
        if not path.lower().endswith((".jpg", ".jpeg", ".png")) or os.path.getsize(path) < 60000:
            continue
        name = re.sub(r"_?\d+x\d+|screenshot|contents|images(_dark)?", "", path.rsplit(".", 1)[0])
        if name in found:
            continue
        picture = cv2.imread(path)
        if picture is None or min(picture.shape[:2]) < 400:
            continue
        factor = min(1, LONGEST / max(picture.shape[:2]))
        picture = cv2.resize(picture, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        found[name] = (
            texts.split_of(name),
            cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 92])[1],
        )
    with open(sys.argv[2], "wb") as file:
        pickle.dump(list(found.values()), file)
    print(len(found), [sum(s == split for s, _ in found.values()) for split in texts.SPLITS])


if __name__ == "__main__":
    main()
