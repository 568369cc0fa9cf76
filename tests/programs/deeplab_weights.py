"""DeepLabV3+ with random weights: none are published."""

from random_weights import write_state_dict


def write_weights(path, classes):
    """A state dict with Paddle's names."""
    write_state_dict(path, "deeplabv3p_lcnet_x0_5.json", ["head.decoder.conv"], classes)
