"""Networks in timm's habit: tensors in, tensors or a pyramid of feature maps out."""

import os
from collections.abc import Sequence
from typing import Optional, Union

from numpy import float32
from numpy.typing import NDArray

from pplcnet import _pplcnet
from pplcnet.pictures import Format, Pictures


class FeatureInfo:
    """What the feature maps of a model are, as timm's `feature_info`."""

    def __init__(self, names: list[str], channels: list[int], reductions: list[int]) -> None:
        self._names, self._channels, self._reductions = names, channels, reductions

    def module_name(self) -> list[str]:
        return list(self._names)

    def channels(self) -> list[int]:
        return list(self._channels)

    def reduction(self) -> list[int]:
        return list(self._reductions)


class Model:
    """A network that is called with tensors, float32 [batch][3][height][width] that are normalised,
    or with pictures, which are resized and normalised as the model was trained."""

    def __init__(self, network: _pplcnet.Network, outputs: list[tuple[str, int, int]],
                 features_only: bool) -> None:
        self._network, self._features_only = network, features_only
        self._layers = [layer for _, layer, _ in outputs]
        self.feature_info = FeatureInfo([name for name, _, _ in outputs],
                                        [network.shape(layer)[0] for layer in self._layers],
                                        [stride for _, _, stride in outputs])
        self._different = list(dict.fromkeys(self._layers))

    def __call__(self, x: Pictures, format: Format = "rgb") -> Union[NDArray[float32],
                                                                     list[NDArray[float32]]]:
        """Returns the list of feature maps, [batch][channels][height][width], if the model is
        for `features_only`; otherwise the logits, or without a classifier the embedding. Of one
        picture that is no batch, they have no axis for it."""
        found = self._network.run(x, self._different, format, False)
        if not self._features_only:
            return found[0].reshape(found[0].shape[:-2])
        arrays = dict(zip(self._different, found))
        return [arrays[layer] for layer in self._layers]


def create_model(model_name: str, pretrained: bool = False,
                 checkpoint_path: Union[str, os.PathLike[str]] = "", *,
                 num_classes: Optional[int] = None, features_only: bool = False,
                 out_indices: Optional[Sequence[int]] = None,
                 img_size: Union[int, tuple[int, int], None] = None, threads: int = 1) -> Model:
    """Returns a model as timm's function of this name does: its logits, with num_classes=0 its
    embedding, with features_only=True its feature maps, of which `out_indices` chooses some.
    `img_size` is another height and width of tensors than the model was trained with.
    `checkpoint_path` is the file of its weights, in any format; nothing is downloaded."""
    if not checkpoint_path:
        raise ValueError(f"{model_name}: expected a checkpoint_path, for " +
                         ("weights are not downloaded" if pretrained else
                          "without weights there is nothing to compute"))
    network = _pplcnet.Network(os.fsencode(checkpoint_path), model_name, b"", "", "any", False,
                               threads, (img_size, img_size) if isinstance(img_size, int) else
                               img_size)
    if num_classes not in (None, 0, network.classes):
        raise ValueError(f"{model_name}: expected the {network.classes} classes of "
                         f"{os.fspath(checkpoint_path)}, or 0, found num_classes={num_classes}")
    if not features_only:
        word = "embedding" if num_classes == 0 else "logits"
        return Model(network, [(word, network.find_layer(word), 1)], False)
    stages = network.stages
    indices = range(len(stages)) if out_indices is None else out_indices
    for index in indices:
        if not -len(stages) <= index < len(stages):
            raise ValueError(f"{model_name}: expected out_indices of {len(stages)} feature maps, "
                             f"found {index}")
    return Model(network, [stages[index] for index in indices], True)
