"""The layers of `layers.cpp` as torch knows layers: half as much again as fast as its own."""
import ctypes
import os
import subprocess

import torch

_SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "layers.cpp")


def _library():
    """Compiled for this machine, beside the source unless it is there already."""
    path = _SOURCE[:-4] + ".so"
    if not os.path.exists(path) or os.path.getmtime(path) < os.path.getmtime(_SOURCE):
        part = f"{path}.{os.getpid()}"
        command = "g++ -std=c++20 -O3 -march=native -ffp-contract=fast -shared -fPIC".split()
        subprocess.run([*command, "-o", part, _SOURCE], check=True)
        os.rename(part, path)
    return ctypes.CDLL(path)


_LIBRARY = _library()


def _call(name, *arguments):
    """Tensors go as addresses, whole numbers as int64, other numbers as float."""
    native = []
    for value in arguments:
        if isinstance(value, torch.Tensor):
            native.append(ctypes.c_void_p(value.data_ptr()))
        else:
            native.append(
                ctypes.c_float(value) if isinstance(value, float) else ctypes.c_int64(value)
            )
    getattr(_LIBRARY, f"pplcnet_{name}")(*native)


def _last(x):
    """Channels last, which is how the layers want their pictures."""
    return x.contiguous(memory_format=torch.channels_last)


def _empty(*shape):
    return torch.empty(shape, memory_format=torch.channels_last)


class _Depthwise(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight, stride):
        x, weight = _last(x), weight.contiguous()
        pictures, channels, rows, columns = x.shape
        ctx.save_for_backward(x, weight)
        ctx.sizes = (pictures, rows, columns, channels, *stride)
        y = _empty(pictures, channels, (rows - 1) // stride[0] + 1, (columns - 1) // stride[1] + 1)
        _call("depthwise_forward", x, weight, weight.shape[2], *ctx.sizes, y)
        return y

    @staticmethod
    def backward(ctx, gradient):
        x, weight = ctx.saved_tensors
        dx, dweight = torch.empty_like(x), torch.empty_like(weight)
        gradient = _last(gradient)
        _call("depthwise_backward", x, weight, gradient, weight.shape[2], *ctx.sizes, dx, dweight)
        return dx, dweight, None


class _Pointwise(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight):
        x, weight = _last(x), weight.contiguous()
        pictures, inputs, rows, columns = x.shape
        ctx.save_for_backward(x, weight)
        y = _empty(pictures, weight.shape[0], rows, columns)
        _call("pointwise_forward", x, weight, pictures * rows * columns, inputs, y.shape[1], y)
        return y

    @staticmethod
    def backward(ctx, gradient):
        x, weight = ctx.saved_tensors
        gradient = _last(gradient)
        dx, dweight = torch.empty_like(x), torch.empty(weight.shape)
        pixels = x.numel() // x.shape[1]
        _call(
            "pointwise_backward", x, weight, gradient, pixels, x.shape[1], len(weight), dx, dweight
        )
        return dx, dweight


class _NormHardswish(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, gamma, beta, epsilon):
        x = _last(x)
        channels = x.shape[1]
        mean, variance = torch.empty(channels), torch.empty(channels)
        y = torch.empty_like(x)
        pixels = x.numel() // channels
        _call("norm_forward", x, gamma, beta, epsilon, pixels, channels, mean, variance, y)
        ctx.save_for_backward(x, gamma, beta, mean, variance)
        ctx.epsilon = epsilon
        ctx.mark_non_differentiable(mean, variance)
        return y, mean, variance

    @staticmethod
    def backward(ctx, gradient, _mean, _variance):
        x, gamma, beta, mean, variance = ctx.saved_tensors
        channels = x.shape[1]
        gradient = _last(gradient)
        dx, dgamma, dbeta = torch.empty_like(x), torch.empty(channels), torch.empty(channels)
        _call(
            "norm_backward",
            *(x, gamma, beta, ctx.epsilon, mean, variance, gradient),
            *(x.numel() // channels, channels, dx, dgamma, dbeta),
        )
        return dx, dgamma, dbeta, None


depthwise = _Depthwise.apply  # (x, weight, stride)
pointwise = _Pointwise.apply  # (x, weight)
norm_hardswish = _NormHardswish.apply  # (x, gamma, beta, epsilon); also mean and variance


def conv_norm_hardswish(conv, norm, x):
    """What a convolution without bias, batch norm and hardswish do in training."""
    if conv.groups == conv.in_channels:
        x = depthwise(x, conv.weight, conv.stride)
    elif conv.kernel_size == (1, 1):
        x = pointwise(x, conv.weight)
    else:
        x = conv(x)
    y, mean, variance = norm_hardswish(x, norm.weight, norm.bias, norm.eps)
    with torch.no_grad():
        pixels = x.numel() // x.shape[1]
        norm.running_mean.lerp_(mean, norm.momentum)
        norm.running_var.lerp_(variance * (pixels / (pixels - 1)), norm.momentum)
        norm.num_batches_tracked += 1
    return y
