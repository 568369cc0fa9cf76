#!/usr/bin/env python3
"""Copies reference data without what no test compares, and with nine digits, which tell one float32
from another: the copy has the same schema and is read by the same tests.

    compact.py FOLDER FILE.json...      writes FOLDER/FILE.json for each

tests/goldens/networks/ are made so from what the networks' own code computed in double precision,
tests/image/pixels/ from what OpenCV and Pillow did to pictures, synthetic ones and photos.
"""

import json
import pathlib
import sys

UNUSED = {
    # of networks: what float32 makes of it, and statistics
    "f32", "f32_max_abs_err", "f32_err_over_maxabs", "f32_err_over_std", "top5", "top5_min_gap",
    "mean", "std_population", "state_dict_entries",
    # of pictures: filters that no preprocessing has, and where the formula is written
    "rule",
    "cv2_area_224x224_u8", "cv2_lanczos_224x224_u8",
    "pil_lanczos_224x224_u8",
}


def compact(value):
    if isinstance(value, dict):
        return {key: compact(entry) for key, entry in value.items() if key not in UNUSED}
    if isinstance(value, list):
        return [compact(entry) for entry in value]
    return float(f"{value:.9g}") if isinstance(value, float) else value


def main(folder, *files):
    for file in map(pathlib.Path, files):
        text = json.dumps(compact(json.loads(file.read_text())), separators=(",", ":"))
        for first_key in ('{"name":', '{"seed":'):  # a stage or a picture, a line
            text = text.replace(first_key, "\n" + first_key)
        (pathlib.Path(folder) / file.name).write_text(text + "\n")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
