"""What scanners, cameras and screens do to the pictures that are tested."""
import cv2
import numpy as np

import drawing

KINDS = ("clean", "scan", "photo", "low resolution", "black and white")


def noisy(noise, picture, sigma):
    return np.clip(picture + noise.normal(0, sigma, picture.shape), 0, 255).astype(np.uint8)


def compressed(picture, quality):
    return cv2.imdecode(
        cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, int(quality)])[1], 1
    )


def light(studio, picture):
    """Uneven light, the shadow of a hand, a colour cast."""
    rng, noise = studio.rng, studio.noise
    height, width = picture.shape[:2]
    field = 1 + drawing.clouds(noise, height, width, 3, rng.uniform(0.05, 0.2))
    if rng.random() < 0.3:
        edge = drawing.clouds(noise, height, width, 2, 1.0)
        shadow = cv2.GaussianBlur((edge > 0).astype(np.float32), (0, 0), rng.uniform(1, 12))
        field = field * (1 - rng.uniform(0.2, 0.55) * shadow[..., None])
    cast = [rng.uniform(0.82, 1.08) for _ in range(3)]
    return np.clip(picture * field * cast, 0, 255).astype(np.uint8)


def degrade(studio, picture, letter):
    """One of KINDS, harder for larger letters; `letter` is their height in pixels."""
    rng, noise = studio.rng, studio.noise
    kind = rng.choices(KINDS, [25, 25, 30, 13, 7])[0]
    if kind == "scan":
        if rng.random() < 0.5:
            picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.3, 0.035 * letter + 0.31))
        picture = noisy(noise, picture, rng.uniform(1, 9))
        picture = compressed(picture, rng.randint(45, 92))
        if rng.random() < 0.5:
            picture = cv2.cvtColor(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    elif kind == "photo":
        picture = light(studio, picture)
        if rng.random() < 0.5:
            picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.3, 0.05 * letter + 0.31))
        elif rng.random() < 0.3:
            length = max(2, round(letter * rng.uniform(0.05, 0.16)))
            kernel = np.zeros((length, length), np.float32)
            if rng.random() < 0.5:
                kernel[length // 2] = 1 / length
            else:
                kernel[:, length // 2] = 1 / length
            picture = cv2.filter2D(picture, -1, kernel)
        picture = noisy(noise, picture, rng.uniform(1, 12))
        picture = compressed(picture, rng.randint(30, 90))
    elif kind == "low resolution":
        factor = min(1.0, rng.uniform(9, 16) / letter)
        height, width = picture.shape[:2]
        small = (max(8, round(width * factor)), max(8, round(height * factor)))
        picture = cv2.resize(picture, small, interpolation=cv2.INTER_AREA)
        if rng.random() < 0.5:
            picture = compressed(picture, rng.randint(50, 90))
        if rng.random() < 0.5:
            picture = cv2.resize(picture, (width, height), interpolation=cv2.INTER_LINEAR)
    elif kind == "black and white":
        grey = cv2.cvtColor(noisy(noise, picture, rng.uniform(0, 12)), cv2.COLOR_BGR2GRAY)
        _, grey = cv2.threshold(grey, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
        picture = cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)
    return picture, kind


def crop_line(studio, picture, box):
    """The line as a text detector cuts it out: 0 to 30 % margin, a little rotated and slanted."""
    rng = studio.rng
    left, top, right, bottom = box
    height = bottom - top
    margin = rng.uniform(0, 0.3) * height
    sides = [margin * rng.uniform(0.4, 1.2) + rng.uniform(-0.04, 0.04) * height for _ in range(4)]
    left, top = left - sides[0], top - sides[1]
    right, bottom = right + sides[2], bottom + sides[3]
    width, height = right - left, bottom - top
    corners = np.float32([[left, top], [right, top], [right, bottom], [left, bottom]])
    if rng.random() < 0.6:
        # A rotation moves the ends of a long line by little more than its own height.
        lift = (
            np.clip(np.tan(np.radians(rng.gauss(0, 1.6))) * width, -0.3 * height, 0.3 * height) / 2
        )
        corners += np.float32([[0, -lift], [0, lift], [0, lift], [0, -lift]])
        slant = rng.gauss(0, 0.1) * height
        corners += np.float32([[slant, 0], [slant, 0], [-slant, 0], [-slant, 0]]) / 2
        corners += studio.noise.uniform(-0.04, 0.04, (4, 2)).astype(np.float32) * height
    size = (max(4, round(width)), max(4, round(height)))
    target = np.float32([[0, 0], [size[0], 0], [size[0], size[1]], [0, size[1]]])
    matrix = cv2.getPerspectiveTransform(corners.astype(np.float32), target)
    return cv2.warpPerspective(
        picture, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
