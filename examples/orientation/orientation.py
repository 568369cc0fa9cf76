"""How the orientation of a page or line is found with the networks. This is the reference for C++.

1. Scales: the page is resized (Pillow's bilinear, with antialiasing) so that its longer side is
   each of LONGEST; never by more than ENLARGE, and never so small that the shorter side is
   less than a tile. A scale that comes out within a tenth of the one before is left out.
2. Tiles: a grid of tiles of 128 x 128 that covers the resized page, evenly spaced, without gaps:
   ceil(side / 128) of them along each side. The TILES with most energy are kept.
   Energy is the sum over the tile of min(CLIP, |difference to the pixel on the right| + |difference
   to the pixel below|) of grey = (r + 2 g + b) / 4.
   A line is cut into equal pieces that are at most WIDEST times as wide as high.
3. Predictions: the network sees each tile in four rotations, each piece in two. Of K rotations, the
   prediction for class k in rotation j is evidence of k - j.
4. Evidence: p = softmax(logits); q = (1 - doubt) p + doubt / K; log q is summed.
5. Confidence: softmax(sharpness * sum). The prediction is the largest; `unsure` if its confidence
   is less than SURE.
"""
import numpy as np
import torch
from PIL import Image

import model

LONGEST = (640, 1120, 1960)
ENLARGE = 1.5
TILES = 24
CLIP = 64
WIDEST = 8
PAGES = {"doubt": 0.01, "sharpness": 0.08}
LINES = {"doubt": 0.01, "sharpness": 1.0}
SURE = 0.8
SIDE = model.TILE_SIZE[0]


def scales(width, height):
    """The sizes to which a page is resized."""
    found = []
    for longest in LONGEST:
        factor = min(longest / max(width, height), ENLARGE)
        factor = max(factor, SIDE / min(width, height))
        if not found or factor > 1.1 * found[-1]:
            found.append(factor)
    return [(max(SIDE, round(width * f)), max(SIDE, round(height * f))) for f in found]


def places(length):
    """Where tiles begin along a side."""
    count = -(-length // SIDE)
    if count == 1:
        return [0]
    return [round(i * (length - SIDE) / (count - 1)) for i in range(count)]


def energy(picture):
    """Clipped gradients of every pixel; a tile's energy is their sum."""
    red, green, blue = (picture[..., c].astype(np.int16) for c in range(3))
    grey = (red + 2 * green + blue) // 4
    steps = np.zeros_like(grey)
    steps[:, :-1] += np.abs(grey[:, 1:] - grey[:, :-1])
    steps[:-1] += np.abs(grey[1:] - grey[:-1])
    return np.minimum(steps, CLIP)


def tiles(picture):
    """The tiles of a page, height x width x RGB, that speak for its orientation."""
    kept = []
    page = Image.fromarray(picture)
    for size in scales(*page.size):
        resized = np.asarray(page.resize(size, Image.BILINEAR))
        steps = energy(resized)
        found = [
            (int(steps[y : y + SIDE, x : x + SIDE].sum()), y, x)
            for y in places(size[1])
            for x in places(size[0])
        ]
        found.sort(key=lambda place: -place[0])
        kept += [resized[y : y + SIDE, x : x + SIDE] for _, y, x in found[:TILES]]
    return np.stack(kept)


def pieces(picture):
    """Parts of a line, height x width x RGB."""
    height, width = picture.shape[:2]
    count = -(-width // (WIDEST * height))
    return [picture[:, i * width // count : (i + 1) * width // count] for i in range(count)]


def predictions(net, pictures, rotations):
    """Rotations x pictures x classes: the network's probabilities for pictures in each rotation."""
    with torch.no_grad():
        return np.stack(
            [
                torch.cat(
                    [
                        net(model.tensor(np.ascontiguousarray(part))).softmax(1)
                        for part in np.array_split(
                            np.rot90(pictures, rotation * (4 // rotations), (1, 2)),
                            -(-len(pictures) // 64),
                        )
                    ]
                ).numpy()
                for rotation in range(rotations)
            ]
        )


def confidence(probabilities, doubt, sharpness):
    """The probability of each rotation, from predictions."""
    rotations = len(probabilities)
    logs = np.log((1 - doubt) * probabilities.astype(np.float64) + doubt / rotations).sum(1)
    evidence = sharpness * sum(np.roll(logs[rotation], -rotation) for rotation in range(rotations))
    evidence = np.exp(evidence - evidence.max())
    return evidence / evidence.sum()
