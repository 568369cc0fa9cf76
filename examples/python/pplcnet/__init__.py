"""PP-LCNet and other lightweight networks on CPUs.

Pictures are arrays of numpy, read where they lie whatever their strides: uint8
[height][width][3] of the format "rgb" or "bgr", with alpha "rgba" or "bgra", or [height][width],
which is grey; an array with one more axis, in front, is many of them. The name of a file (JPEG,
PNG or BMP) is a picture, too, and so are the bytes of one. Many pictures are a list, or such an
array, and are computed in as many threads as was said when the network was opened; while
anything is computed, other threads of Python go on, and they may share all that is here.

What is wrong with an argument or in a file is a ValueError, a file that is missing a
FileNotFoundError, each with one sentence.
"""

from pplcnet._pplcnet import __version__, read_picture
from pplcnet.classifier import Classifier, Orientation, Prediction, orient
from pplcnet.finders import Detection, Detector, Segmenter, TextLine, TextReader
from pplcnet.models import FeatureInfo, Model, create_model
from pplcnet.pictures import Format, Picture, Pictures

__all__ = [
    "Classifier", "Detection", "Detector", "FeatureInfo", "Format", "Model", "Orientation",
    "Picture", "Pictures", "Prediction", "Segmenter", "TextLine", "TextReader", "__version__",
    "create_model", "orient", "read_picture",
]
