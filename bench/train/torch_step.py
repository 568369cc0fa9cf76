"""Steps of training in PyTorch, as bench/train/compare.py asks for them: the same networks, batches
and arithmetic as in step.cpp, by the means that PyTorch's own pages recommend."""

import argparse
import sys
import time

import torch
from torch import nn

# Stage, kernel, input and output channels at scale 1, stride, squeeze-excite: Table 1 of the paper.
BLOCKS = [(2, 3, 16, 32, 1, False), (3, 3, 32, 64, 2, False), (3, 3, 64, 64, 1, False),
          (4, 3, 64, 128, 2, False), (4, 3, 128, 128, 1, False), (5, 3, 128, 256, 2, False),
          *[(5, 5, 256, 256, 1, False)] * 5, (6, 5, 256, 512, 2, True), (6, 5, 512, 512, 1, True)]


def divisible(value, divisor=8):
    rounded = max(divisor, int(value + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * value else rounded


def conv_bn(inputs, outputs, kernel, stride, groups=1):
    return nn.Sequential(nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups,
                                   bias=False), nn.BatchNorm2d(outputs), nn.Hardswish())


class SqueezeExcite(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.down = nn.Conv2d(channels, channels // 4, 1)
        self.up = nn.Conv2d(channels // 4, channels, 1)

    def forward(self, x):
        factors = torch.relu(self.down(x.mean((2, 3), keepdim=True)))
        return x * nn.functional.hardsigmoid(self.up(factors))


def pplcnet(scale, classes, strides):
    width = lambda channels: divisible(channels * scale)
    layers = [conv_bn(3, width(16), 3, strides[0])]
    seen = set()
    for stage, kernel, inputs, outputs, stride, excite in BLOCKS:
        if stride == 2 and stage not in seen:
            stride = strides[stage - 2]
        seen.add(stage)
        layers.append(conv_bn(width(inputs), width(inputs), kernel, stride, width(inputs)))
        if excite:
            layers.append(SqueezeExcite(width(inputs)))
        layers.append(conv_bn(width(inputs), width(outputs), 1, 1))
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1),
                         nn.Conv2d(width(512), 1280, 1, bias=False), nn.Hardswish(),
                         nn.Dropout(0.2), nn.Flatten(), nn.Linear(1280, classes))


NETWORKS = {
    "x0_25_textline": (lambda: pplcnet(0.25, 2, [2, (2, 1), (2, 1), (2, 1), (2, 1)]), (80, 160), 2, 32),
    "x0_5": (lambda: pplcnet(0.5, 1000, [2] * 5), (224, 224), 1000, 16),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("network", choices=NETWORKS)
    parser.add_argument("threads", type=int)
    parser.add_argument("layout", choices=["nchw", "channels_last"])
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(0)
    make, size, classes, batch = NETWORKS[options.network]
    network, pictures = make().train(), torch.randn(batch, 3, *size)
    labels = torch.arange(batch) % classes
    if options.layout == "channels_last":
        network = network.to(memory_format=torch.channels_last)
        pictures = pictures.to(memory_format=torch.channels_last)
    optimiser = torch.optim.SGD(network.parameters(), lr=0.01, momentum=0.9, weight_decay=3e-5)
    loss_of = nn.CrossEntropyLoss(label_smoothing=0.1)

    def step():
        optimiser.zero_grad(set_to_none=True)
        loss = loss_of(network(pictures), labels)
        loss.backward()
        optimiser.step()
        return loss.item()

    print(step(), flush=True)
    step()
    for line in sys.stdin:
        seconds = []
        while sum(seconds) < float(line):
            start = time.perf_counter()
            step()
            seconds.append(time.perf_counter() - start)
        print(sorted(seconds)[len(seconds) // 2], min(seconds), flush=True)


if __name__ == "__main__":
    main()
