"""Layers of `fused.py` against torch's own: values and gradients.

python3 fused_test.py
"""
import unittest

import torch
import torch.nn.functional as F

import fused


class Fused(unittest.TestCase):
    def expect_same(self, ours, torchs, *inputs):
        torch.manual_seed(0)
        results = []
        weights = None
        for function in (ours, torchs):
            own = [x.clone().requires_grad_() for x in inputs]
            y = function(*own)
            weights = torch.randn_like(y) if weights is None else weights
            results.append((y, *torch.autograd.grad((y * weights).sum(), own)))
        for value, expected in zip(*results):
            self.assertLess((value - expected).abs().max(), 1e-5 * expected.abs().max())

    def test_depthwise(self):
        for channels, kernel, stride, rows, columns in (
            (8, 3, (1, 1), 40, 80),
            (24, 5, (2, 1), 9, 7),
            (88, 3, (2, 2), 8, 8),
            (48, 5, (1, 1), 5, 6),
            (16, 3, (2, 2), 7, 9),
        ):
            self.expect_same(
                lambda x, weight, s=stride: fused.depthwise(x, weight, s),
                lambda x, weight, s=stride, k=kernel: F.conv2d(
                    x, weight, None, s, k // 2, groups=x.shape[1]
                ),
                torch.randn(3, channels, rows, columns),
                torch.randn(channels, 1, kernel, kernel),
            )

    def test_pointwise(self):
        for inputs, outputs in ((8, 8), (24, 48), (88, 184), (128, 128)):
            self.expect_same(
                fused.pointwise,
                F.conv2d,
                torch.randn(3, inputs, 7, 5),
                torch.randn(outputs, inputs, 1, 1),
            )

    def test_norm_and_hardswish(self):
        for channels in (8, 24, 128):
            self.expect_same(
                lambda x, gamma, beta: fused.norm_hardswish(x, gamma, beta, 1e-5)[0],
                lambda x, gamma, beta: F.hardswish(
                    F.batch_norm(x, None, None, gamma, beta, True, 0.1, 1e-5)
                ),
                2 * torch.randn(3, channels, 9, 7) + 1,
                0.5 + torch.rand(channels),
                torch.randn(channels),
            )


if __name__ == "__main__":
    unittest.main()
