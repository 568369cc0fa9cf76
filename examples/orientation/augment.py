"""Random views of the drawn pictures, for training. `strength` grows from 0 to 1 as it goes on."""
import math

import cv2
import numpy as np

import drawing

LINE_SIZE = (80, 160)  # of the networks' input
TILE_SIZE = (128, 128)


def smear(rng, length):
    """The kernel of a shaking hand."""
    length = max(2, round(length))
    kernel = np.zeros((length, length), np.float32)
    angle = rng.uniform(0, math.pi)
    centre = (length - 1) / 2
    end = (centre * math.cos(angle), centre * math.sin(angle))
    cv2.line(
        kernel,
        (round(centre - end[0]), round(centre - end[1])),
        (round(centre + end[0]), round(centre + end[1])),
        1.0,
    )
    return kernel / kernel.sum()


def optics(picture, rng, noise, letter, strength):
    """Blur, small sizes, noise and JPEG at the picture's own resolution. Bytes to bytes."""
    height, width = picture.shape[:2]
    value = rng.random()
    if value < 0.3:
        picture = cv2.GaussianBlur(picture, (0, 0), 0.3 + rng.random() * 0.055 * letter * strength)
    elif value < 0.4:
        picture = cv2.filter2D(picture, -1, smear(rng, letter * rng.uniform(0.05, 0.2) * strength))
    elif value < 0.65:
        factor = min(1.0, rng.uniform(8, 22) / letter)
        small = (max(8, round(width * factor)), max(8, round(height * factor)))
        way = rng.choice([cv2.INTER_AREA, cv2.INTER_LINEAR, cv2.INTER_CUBIC])
        picture = cv2.resize(picture, small, interpolation=way)
        if rng.random() < 0.4:
            picture = jpeg(picture, rng, strength)
        picture = cv2.resize(
            picture, (width, height), interpolation=rng.choice([cv2.INTER_LINEAR, cv2.INTER_CUBIC])
        )
    elif value < 0.72:
        soft = cv2.GaussianBlur(picture, (0, 0), 1)
        picture = cv2.addWeighted(picture, 1.8, soft, -0.8, 0)
    if rng.random() < 0.35 * strength:
        shape = (height, width, rng.choice([1, 3]))
        grain = noise.normal(0, rng.uniform(2, 18), shape).astype(np.float32)
        picture = np.clip(picture + grain, 0, 255).astype(np.uint8)
    if rng.random() < 0.5:
        picture = jpeg(picture, rng, strength)
    return picture


def jpeg(picture, rng, strength):
    quality = rng.randint(round(90 - 62 * strength), 95)
    return cv2.imdecode(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], 1)


def bilevel(picture, rng, noise):
    """Pure black and white, as fax machines write it: letters fray. Bytes to bytes."""
    grain = noise.normal(0, rng.uniform(0, 14), picture.shape[:2])
    grey = cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY) + grain
    grey = np.clip(grey, 0, 255).astype(np.uint8)
    level, _ = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    _, grey = cv2.threshold(grey, level + rng.gauss(0, 12), 255, cv2.THRESH_BINARY)
    return np.repeat(grey[..., None], 3, 2)


def colour(picture, rng, noise, strength):
    """Light, shadow, contrast, inversion, black and white. Bytes to bytes."""
    height, width = picture.shape[:2]
    if rng.random() < 0.06:
        grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
        _, grey = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
        picture = np.repeat(grey[..., None], 3, 2)
    if rng.random() < 0.2:
        picture = 255 - picture
    if rng.random() < 0.3:
        picture = picture[..., noise.permutation(3)]
    if rng.random() < 0.15:
        picture = np.repeat(
            cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGB2GRAY)[..., None], 3, 2
        )
    out = picture.astype(np.float32)
    if rng.random() < 0.35 * strength:
        out *= 1 + drawing.clouds(noise, height, width, rng.randint(2, 4), rng.uniform(0.05, 0.25))
    if rng.random() < 0.15 * strength:
        edge = drawing.clouds(noise, height, width, rng.randint(2, 3), 1.0)
        shadow = cv2.GaussianBlur((edge > 0).astype(np.float32), (0, 0), rng.uniform(0.5, 8))
        out *= 1 - rng.uniform(0.2, 0.6) * shadow[..., None]
    if rng.random() < 0.6 * strength:
        out = (out - 128) * rng.uniform(0.45, 1.25) + 128 + rng.gauss(0, 20)
    if rng.random() < 0.35 * strength:
        out *= noise.uniform(0.75, 1.15, 3).astype(np.float32)
    if rng.random() < 0.12 * strength:  # something lies on it
        w, h = rng.randint(4, width // 4), rng.randint(4, height // 3)
        x, y = rng.randint(0, width - w), rng.randint(0, height - h)
        out[y : y + h, x : x + w] = noise.uniform(0, 255, 3)
    return np.clip(out, 0, 255).astype(np.uint8)


def line_view(picture, box, rng, noise, strength):
    """An upright view of a line, 80 x 160: squashed as the preset does, without antialiasing."""
    left, top, right, bottom = box
    letter = bottom - top
    rows, columns = LINE_SIZE
    if rng.random() < 0.3 and right - left > 4 * letter:  # a part of the line
        part = letter * drawing.log_uniform(rng, 2.5, max(2.6, (right - left) / letter))
        left += rng.uniform(0, right - left - part)
        right = left + part
    margin = rng.uniform(0, 0.33) * letter
    left, right = left - margin * rng.uniform(0.2, 1.4), right + margin * rng.uniform(0.2, 1.4)
    top, bottom = top - margin * rng.uniform(0.2, 1.3), bottom + margin * rng.uniform(0.2, 1.3)
    if rng.random() < 0.15:  # cut too tightly
        top, bottom = top + rng.uniform(0, 0.08) * letter, bottom - rng.uniform(0, 0.08) * letter
    width, height = right - left, bottom - top
    corners = np.float32([[left, top], [right, top], [right, bottom], [left, bottom]])
    if rng.random() < 0.7 * strength:
        lift = (
            max(-0.4, min(0.4, math.tan(math.radians(rng.gauss(0, 2.2))) * width / height))
            * height
            / 2
        )
        corners += np.float32([[0, -lift], [0, lift], [0, lift], [0, -lift]])
        slant = rng.gauss(0, 0.13) * height / 2
        corners += np.float32([[slant, 0], [slant, 0], [-slant, 0], [-slant, 0]])
        corners += noise.uniform(-0.06, 0.06, (4, 2)).astype(np.float32) * height
    rotated = rng.random() < 0.5  # so that no trace of what follows tells up from down
    if rotated:
        corners = np.roll(corners, 2, axis=0)
    native = rng.random() < 0.1 + 0.55 * strength
    size = (max(8, round(width)), max(8, round(height))) if native else (columns, rows)
    target = np.float32([[0, 0], [size[0], 0], [size[0], size[1]], [0, size[1]]])
    matrix = cv2.getPerspectiveTransform(np.ascontiguousarray(corners, np.float32), target)
    picture = cv2.warpPerspective(
        picture, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    if native:
        picture = optics(picture, rng, noise, letter, strength)
        picture = cv2.resize(picture, (columns, rows), interpolation=cv2.INTER_LINEAR)
    picture = colour(picture, rng, noise, strength)
    return picture[::-1, ::-1] if rotated else picture


def tile_view(picture, facts, rng, noise, strength, largest=60):
    """An upright view of a part of a page, and whether there is text in it.

    Its letters are 8 to `largest` pixels high.
    """
    side, em = TILE_SIZE[0], facts["em"]
    text = facts["text"] * np.uint8(255)
    smallest = max(8, side * em / picture.shape[0])
    factor = drawing.log_uniform(rng, smallest, max(smallest + 1, largest)) / em
    if rng.random() < 0.02:
        factor = side / picture.shape[0]
    if rng.random() < 0.12:
        picture = bilevel(picture, rng, noise)
    way = (
        rng.choice([cv2.INTER_AREA, cv2.INTER_AREA, cv2.INTER_LINEAR])
        if factor < 1
        else rng.choice([cv2.INTER_LINEAR, cv2.INTER_CUBIC])
    )
    picture = cv2.resize(picture, None, fx=factor, fy=factor, interpolation=way)
    rest = max(0, picture.shape[0] - side)
    square = np.float32([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * side / 2
    if rng.random() < 0.75 * strength + 0.1:
        angle = math.radians(rng.gauss(0, 2.5) if rng.random() < 0.85 else rng.uniform(-10, 10))
        square = square @ np.float32(
            [[math.cos(angle), math.sin(angle)], [-math.sin(angle), math.cos(angle)]]
        )
        if rng.random() < 0.4:
            square += noise.uniform(-0.06, 0.06, (4, 2)) * side
        square *= np.float32([math.exp(rng.gauss(0, 0.05)), math.exp(rng.gauss(0, 0.05))])
        if rng.random() < 0.3:  # slanted type
            square = square @ np.float32([[1, 0], [rng.uniform(-0.3, 0.3), 1]])
    target = np.float32([[0, 0], [side, 0], [side, side], [0, side]])
    for _ in range(3):
        corners = square + side / 2 + [rng.uniform(0, rest), rng.uniform(0, rest)]
        matrix = cv2.getPerspectiveTransform(np.float32(corners), target)
        to_text = matrix @ np.diag([4 * factor, 4 * factor, 1])
        covered = (
            cv2.warpPerspective(text, to_text, (side, side), flags=cv2.INTER_NEAREST).mean() / 255
        )
        if covered > 0.06 or facts["script"] == "none":
            break
    rotation = rng.randrange(4)  # so that no trace of what follows tells what is up
    matrix = cv2.getPerspectiveTransform(np.float32(np.roll(corners, rotation, axis=0)), target)
    picture = cv2.warpPerspective(
        picture, matrix, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    if rng.random() < 0.3 + 0.4 * strength:
        picture = optics(picture, rng, noise, em * factor, strength)
    picture = colour(picture, rng, noise, strength)
    return np.rot90(picture, rotation), covered > 0.02
