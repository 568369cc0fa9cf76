"""What a picture is, and where pictures are."""

import os
from collections.abc import Iterator
from typing import Any, Literal, Union

from numpy.typing import NDArray

from pplcnet import _pplcnet

Format = Literal["rgb", "bgr", "rgba", "bgra", "grey"]
File = Union[str, os.PathLike[str], bytes]
Many = Union[list[Any], tuple[Any, ...]]
#: Pixels of uint8, the name of a file, or its bytes.
Picture = Union[NDArray[Any], File]
#: One, or many: an array with one more axis, or a list.
Pictures = Union[Picture, Many]


def is_name(picture: object) -> bool:
    return isinstance(picture, (str, os.PathLike))


def pictures_in(folder: Union[str, os.PathLike[str]]) -> list[str]:
    """Lists the pictures in a folder and its subfolders, by their names, sorted. Each folder is
    seen once, however many links lead to it."""

    def stop(problem: OSError) -> None:
        raise problem

    found = []
    seen = set()
    for place, folders, files in os.walk(folder, followlinks=True, onerror=stop):
        status = os.stat(place)
        if (status.st_dev, status.st_ino) in seen:
            folders.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        found += [os.path.join(place, file) for file in files
                  if _pplcnet.looks_like_picture(os.fsencode(file))]
    return sorted(found, key=os.fsencode)


def each(pictures: Pictures) -> Iterator[Picture]:
    """Gives pictures one by one: folders are the pictures in them."""
    if isinstance(pictures, (str, os.PathLike)):
        if os.path.isdir(pictures):
            yield from pictures_in(pictures)
        else:
            yield pictures
    elif isinstance(pictures, (list, tuple)):
        for picture in pictures:
            yield from each(picture)
    else:
        yield pictures
