"""PP-LCNet, first generation, with the names and the arithmetic of PaddleClas.

The state dict has Paddle's names but for batch norm's statistics (`export.py` renames those).
After the last convolution features are multiplied by 0.8 at inference, as Paddle's dropout does.
"""
import torch
import torch.nn.functional as F
from torch import nn

import fused

# Kernel, input and output channels at scale 1.0, squeeze-and-excitation; per stage. The first
# block of stages 3 to 6 has a stride.
STAGES = {
    "blocks2": [(3, 16, 32, False)],
    "blocks3": [(3, 32, 64, False), (3, 64, 64, False)],
    "blocks4": [(3, 64, 128, False), (3, 128, 128, False)],
    "blocks5": [(3, 128, 256, False)] + [(5, 256, 256, False)] * 5,
    "blocks6": [(5, 256, 512, True), (5, 512, 512, True)],
}
HEAD = 1280
DROPOUT = 0.2

TEXT_LINE = {"scale": 0.25, "classes": 2, "strides": (2, (2, 1), (2, 1), (2, 1), (2, 1))}
LINE_SIZE = (80, 160)
PAGE_TILE = {"scale": 0.35, "classes": 4, "strides": (2, 2, 2, 2, 2)}
TILE_SIZE = (128, 128)

MEAN = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
DEVIATION = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)


def scaled(channels, scale):
    """Channels times scale, to the nearest multiple of 8 that is not a tenth too small."""
    value = channels * scale
    rounded = max(8, int(value + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * value else rounded


class ConvBN(nn.Module):
    def __init__(self, inputs, outputs, kernel, stride=1, groups=1):
        super().__init__()
        self.conv = nn.Conv2d(
            inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False
        )
        self.bn = nn.BatchNorm2d(outputs)

    def forward(self, x):
        if self.training:
            return fused.conv_norm_hardswish(self.conv, self.bn, x)
        return F.hardswish(self.bn(self.conv(x)))


class SqueezeExcite(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels // 4, 1)
        self.conv2 = nn.Conv2d(channels // 4, channels, 1)

    def forward(self, x):
        gate = self.conv2(F.relu(self.conv1(x.mean((2, 3), keepdim=True))))
        return x * F.hardsigmoid(gate)


class Block(nn.Module):
    def __init__(self, kernel, inputs, outputs, stride, squeeze):
        super().__init__()
        self.dw_conv = ConvBN(inputs, inputs, kernel, stride, groups=inputs)
        self.se = SqueezeExcite(inputs) if squeeze else nn.Identity()
        self.pw_conv = ConvBN(inputs, outputs, 1)

    def forward(self, x):
        return self.pw_conv(self.se(self.dw_conv(x)))


class PPLCNet(nn.Module):
    """The network; while it learns it may have a second classifier, a helper."""

    def __init__(self, scale, classes, strides, helpers=0):
        super().__init__()
        self.conv1 = ConvBN(3, scaled(16, scale), 3, strides[0])
        for index, (stage, blocks) in enumerate(STAGES.items()):
            setattr(
                self,
                stage,
                nn.Sequential(
                    *(
                        Block(
                            kernel,
                            scaled(inputs, scale),
                            scaled(outputs, scale),
                            strides[index] if number == 0 and index > 0 else 1,
                            squeeze,
                        )
                        for number, (kernel, inputs, outputs, squeeze) in enumerate(blocks)
                    )
                ),
            )
        self.last_conv = nn.Conv2d(scaled(512, scale), HEAD, 1, bias=False)
        self.fc = nn.Linear(HEAD, classes)
        self.helper = nn.Linear(HEAD, helpers) if helpers else None
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight)
                if module.bias is not None:
                    nn.init.zeros_(module.bias)

    def forward(self, x):
        x = self.conv1(x)
        for stage in STAGES:
            x = getattr(self, stage)(x)
        x = F.hardswish(self.last_conv(x.mean((2, 3), keepdim=True))).flatten(1)
        x = F.dropout(x, DROPOUT, self.training) * (1 - DROPOUT)
        return (self.fc(x), self.helper(x)) if self.training and self.helper else self.fc(x)


def tensor(pictures):
    """Bytes, pictures x height x width x RGB, as the network wants them."""
    x = torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255
    return ((x - MEAN) / DEVIATION).contiguous(memory_format=torch.channels_last)
