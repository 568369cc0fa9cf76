#!/usr/bin/env python3
"""Writes networks with synthetic weights as frameworks save them, to a byte where that is possible:

    write.py FOLDER

and a picture. Paddle's pickles and arrays are those of Python and numpy; PyTorch's are Python's, with its classes
stood in for; ONNX is what torch.onnx exports. What a network gives is in tests/goldens/networks.
"""

import collections
import io
import json
import pathlib
import pickle
import struct
import sys
import types
import zlib

import numpy
import onnx
from onnx import helper, numpy_helper
from tensors import blocks, paddle_v1, paddle_v2_small, picture, timm_blocks, timm_lcnet

# ---- safetensors -------------------------------------------------------------------------------

DATA_TYPES = {"float32": "F32", "int64": "I64"}


def safetensors(state):
    """Wide types first, then by name, as the format's own library does."""
    order = sorted(state, key=lambda name: (-state[name].itemsize, name))
    header, end = {"__metadata__": {"format": "pt"}}, 0
    for name in order:
        begin, end = end, end + state[name].nbytes
        header[name] = {"dtype": DATA_TYPES[state[name].dtype.name],
                        "shape": list(state[name].shape), "data_offsets": [begin, end]}  # fmt: skip
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + b"".join(state[name].tobytes() for name in order)


# ---- Paddle ------------------------------------------------------------------------------------


def variable_names(state):
    """Paddle's own names by those of the state dict."""
    numbers, names = {}, {}
    for name, values in state.items():
        module, leaf = name.rsplit(".", 1)
        of_batch_norm = f"{module}._mean" in state
        kind = "batch_norm2d" if of_batch_norm else "linear" if module == "fc" else "conv2d"
        number = numbers.setdefault(kind, {}).setdefault(module, len(numbers[kind]))
        suffix = {"weight": "w_0", "bias": "b_0", "_mean": "w_1", "_variance": "w_2"}[leaf]
        names[name] = f"{kind}_{number}.{suffix}"
    return names


def pdparams(state, protocol):
    saved = {**state, "StructuredToParameterName@@": variable_names(state)}
    return pickle.dumps(saved, protocol=protocol)


def pdparams_of_numpy_2(state):
    """Protocol 4, from a numpy that has renamed its module."""
    content = pdparams(state, 4)
    before, after = b"\x8c\x15numpy.core.multiarray", b"\x8c\x16numpy._core.multiarray"
    frame = content.index(b"\x95") + 1
    (size,) = struct.unpack_from("<Q", content, frame)
    content = content[:frame] + struct.pack("<Q", size + 1) + content[frame + 8 :]
    return content.replace(before, after, 1)


def pdiparams(state):
    """Without names, in the order of Paddle's own."""
    names = variable_names(state)
    content = b""
    for name in sorted(state, key=names.get):
        description = b"\x08\x05"  # float32
        for extent in state[name].shape:
            description += b"\x10" + varint(extent)
        content += struct.pack("<IQII", 0, 0, 0, len(description)) + description
        content += state[name].tobytes()
    return content


def varint(number):
    more = number >> 7
    return bytes([number & 127 | 128]) + varint(more) if more else bytes([number])


def pdiparams_info(state):
    names = variable_names(state)
    return pickle.dumps(
        {names[name]: {"structured_name": name, "stop_gradient": False, "trainable": True}
         if not name.endswith(("._mean", "._variance")) else
         {"structured_name": name, "stop_gradient": True}
         for name in sorted(state, key=names.get)},
        protocol=2,
    )  # fmt: skip


# ---- PyTorch -----------------------------------------------------------------------------------


def stand_in(module, name, bases=(object,)):
    """A class that is pickled as PyTorch's of this name."""
    made = type(name, bases, {"__module__": module})
    setattr(sys.modules.setdefault(module, types.ModuleType(module)), name, made)
    return made


STORAGES = {"float32": stand_in("torch", "FloatStorage"), "int64": stand_in("torch", "LongStorage")}


def rebuild(*_):
    pass


rebuild.__module__, rebuild.__qualname__ = "torch._utils", "_rebuild_tensor_v2"
sys.modules.setdefault("torch._utils", types.ModuleType("torch._utils"))._rebuild_tensor_v2 = rebuild


class Storage:
    def __init__(self, key, values):
        self.key, self.values = key, values


class Tensor:
    def __init__(self, key, values):
        self.storage, self.values = Storage(key, values), values

    def __reduce__(self):
        strides = tuple(stride // self.values.itemsize for stride in self.values.strides)
        return rebuild, (self.storage, 0, self.values.shape, strides, False, collections.OrderedDict())


class Pickler(pickle.Pickler):
    more = ()  # what is said of a storage at the end

    def persistent_id(self, value):
        if not isinstance(value, Storage):
            return None
        return ("storage", STORAGES[value.values.dtype.name], value.key, "cpu", value.values.size,
                *self.more)  # fmt: skip


class LegacyPickler(Pickler):
    more = (None,)


def pickled(value, pickler=Pickler):
    file = io.BytesIO()
    pickler(file, protocol=2).dump(value)
    return file.getvalue()


def modules():
    """timm's modules in their order, each with the version of its state."""

    def names():
        yield from ("", "conv_stem", "bn1", "bn1.drop", "bn1.act", "blocks")
        for stage, index, _, _, _, _, squeeze in timm_blocks(0.5):
            if index == 0:
                yield f"blocks.{stage}"
            leaves = ["", ".conv_dw", ".bn1", ".bn1.drop", ".bn1.act", ".aa", ".se"]
            if squeeze:
                leaves += [".se.conv_reduce", ".se.act1", ".se.conv_expand", ".se.gate"]
            leaves += [".conv_pw", ".bn2", ".bn2.drop", ".bn2.act", ".drop_path"]
            yield from (f"blocks.{stage}.{index}{leaf}" for leaf in leaves)
        yield from ("global_pool", "global_pool.pool", "global_pool.flatten", "conv_head",
                    "norm_head", "act2", "flatten", "classifier")  # fmt: skip

    for name in names():
        yield name, {"version": 2 if name.endswith(("bn1", "bn2")) else 1}


def torch_state(state, keys):
    tensors = collections.OrderedDict(
        (name, Tensor(key, values)) for key, (name, values) in zip(keys, state.items())
    )
    tensors._metadata = collections.OrderedDict(modules())
    return tensors


def torch_zip(value, state, name):
    """An archive of stored entries, whose data begin at multiples of 64 bytes."""
    storages = {str(key): values.tobytes() for key, values in enumerate(state.values())}
    entries = {"data.pkl": pickled(value)}
    entries.update({f"data/{key}": storages[key] for key in sorted(storages)})
    entries["version"] = b"3\n"
    archive, directory = b"", b""
    for entry, data in entries.items():
        path = f"{name}/{entry}".encode()
        padding = -(len(archive) + 34 + len(path)) % 64
        checked = struct.pack("<III", zlib.crc32(data), len(data), len(data))
        directory += b"PK\1\2" + struct.pack("<HHHHHH", 0, 0, 0x0808, 0, 0, 0) + checked
        directory += struct.pack("<HHHHHII", len(path), 0, 0, 0, 0, 0, len(archive)) + path
        archive += b"PK\3\4" + struct.pack("<HHHHHIIIHH", 0, 0x0808, 0, 0, 0, 0, 0, 0, len(path), 4 + padding)
        archive += path + b"FB" + struct.pack("<H", padding) + b"Z" * padding
        archive += data + b"PK\7\x08" + checked
    end, count = len(archive) + len(directory), len(entries)
    return (
        archive + directory
        + b"PK\6\6" + struct.pack("<QHHIIQQQQ", 44, 0x031E, 45, 0, 0, count, count, len(directory), len(archive))
        + b"PK\6\7" + struct.pack("<IQI", 0, end, 1)
        + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, count, count, len(directory), len(archive), 0)
    )  # fmt: skip


def torch_legacy(state):
    """The form before PyTorch 1.6: pickles one after the other, then the storages by address."""
    keys = [str(1012387552 + 416 * i) for i in range(len(state))]
    sizes = {"short": 2, "int": 4, "long": 4}
    heads = [0x1950A86A20F9469CFC6C, 1001,
             {"protocol_version": 1001, "little_endian": True, "type_sizes": sizes}]  # fmt: skip
    content = b"".join(pickled(head) for head in heads)
    content += pickled(torch_state(state, keys), LegacyPickler) + pickled(sorted(keys))
    for _, values in sorted(zip(keys, state.values()), key=lambda entry: entry[0]):
        content += struct.pack("<Q", values.size) + values.tobytes()
    return content


# ---- ONNX --------------------------------------------------------------------------------------


class Exporter:
    """PPLCNet as torch.onnx exports it: with batch norms, or folded into the convolutions."""

    def __init__(self, state, fold):
        self.state, self.fold = state, fold
        self.nodes, self.constants, self.folded = [], {}, {}
        self.number = 276  # of the exporter's first name of its own

    def node(self, operation, name, inputs, **attributes):
        output = f"{name}_output_0" if name != "/fc/Gemm" else "logits"
        self.nodes.append(helper.make_node(operation, inputs, [output], name, **attributes))
        return output

    def constant(self, name):
        self.constants[name] = self.state[name]
        return name

    def convolution(self, path, module, inputs, stride=1):
        weight = self.state[f"{module}.weight"]
        kernel, group = weight.shape[2], weight.shape[0] if weight.shape[1] == 1 else 1
        return self.node("Conv", f"{path}/Conv", inputs, dilations=[1, 1], group=group,
                         kernel_shape=[kernel] * 2, pads=[kernel // 2] * 4,
                         strides=[stride] * 2)  # fmt: skip

    def hardswish(self, path, value):
        gate = self.node("HardSigmoid", f"{path}/HardSigmoid", [value], alpha=1 / 6)
        return self.node("Mul", f"{path}/Mul", [value, gate])

    def conv_bn(self, path, module, value, stride=1):
        weight = self.state[f"{module}.conv.weight"]
        gamma, beta, mean, variance = (
            self.state[f"{module}.bn.{leaf}"] for leaf in ("weight", "bias", "_mean", "_variance")
        )
        if self.fold:
            scale = gamma / numpy.sqrt(variance + numpy.float32(1e-5))
            names = [f"onnx::Conv_{self.number + i}" for i in range(2)]
            self.number += 3
            self.folded[names[0]] = weight * scale[:, None, None, None]
            self.folded[names[1]] = beta - mean * scale
            value = self.convolution(f"{path}/conv", f"{module}.conv", [value, *names], stride)
        else:
            inputs = [value, self.constant(f"{module}.conv.weight")]
            value = self.convolution(f"{path}/conv", f"{module}.conv", inputs, stride)
            parameters = [self.constant(f"{module}.bn.{leaf}")
                          for leaf in ("weight", "bias", "_mean", "_variance")]  # fmt: skip
            value = self.node("BatchNormalization", f"{path}/bn/BatchNormalization",
                              [value, *parameters], epsilon=1e-5, momentum=1.0)  # fmt: skip
        return self.hardswish(f"{path}/act", value)

    def squeeze_excite(self, path, module, value):
        gate = self.node("GlobalAveragePool", f"{path}/avg_pool/GlobalAveragePool", [value])
        for name in ("conv1", "conv2"):
            one = f"{module}.{name}"
            inputs = [gate, self.constant(f"{one}.weight"), self.constant(f"{one}.bias")]
            gate = self.convolution(f"{path}/{name}", one, inputs)
            if name == "conv1":
                gate = self.node("Relu", f"{path}/relu/Relu", [gate])
        gate = self.node("HardSigmoid", f"{path}/hardsigmoid/HardSigmoid", [gate], alpha=1 / 6)
        return self.node("Mul", f"{path}/Mul", [value, gate])

    def file(self, scale):
        value = self.conv_bn("/conv1", "conv1", "x", 2)
        for stage, index, _, _, _, stride, squeeze in blocks(scale):
            module = f"blocks{stage}.{index}"
            path = f"/blocks{stage}/{module}"
            value = self.conv_bn(f"{path}/dw_conv", f"{module}.dw_conv", value, stride)
            if squeeze:
                value = self.squeeze_excite(f"{path}/se", f"{module}.se", value)
            value = self.conv_bn(f"{path}/pw_conv", f"{module}.pw_conv", value)
        value = self.node("GlobalAveragePool", "/avg_pool/GlobalAveragePool", [value])
        value = self.convolution("/last_conv", "last_conv", [value, self.constant("last_conv.weight")])
        value = self.hardswish("/act", value)
        kept = numpy_helper.from_array(numpy.float32(0.8).reshape(()))
        kept = self.node("Constant", "/dropout/Constant", [], value=kept)
        value = self.node("Mul", "/dropout/Mul", [value, kept])
        value = self.node("Flatten", "/flatten/Flatten", [value], axis=1)
        inputs = [value, self.constant("fc.weight"), self.constant("fc.bias")]
        self.node("Gemm", "/fc/Gemm", inputs, alpha=1.0, beta=1.0)
        initializers = [numpy_helper.from_array(values, name)
                        for name, values in {**self.constants, **self.folded}.items()]  # fmt: skip
        graph = helper.make_graph(
            self.nodes, "torch_jit",
            [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1, 3, 224, 224])],
            [helper.make_tensor_value_info("logits", onnx.TensorProto.FLOAT, [1, 1000])],
            initializers)  # fmt: skip
        return helper.make_model(
            graph, producer_name="pytorch", producer_version="1.13.0", ir_version=7,
            opset_imports=[onnx.OperatorSetIdProto(version=13)]).SerializeToString()  # fmt: skip


# ---- PNG ---------------------------------------------------------------------------------------


def png(pixels):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    height, width, _ = pixels.shape
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows, 1))
            + chunk(b"IEND", b""))  # fmt: skip


# ---- Files -------------------------------------------------------------------------------------


def main(folder):
    paddle, timm = paddle_v1(0.25), timm_lcnet(0.5)
    numbered = torch_state(timm, map(str, range(len(timm))))
    checkpoint = {"epoch": 7, "arch": "lcnet_050", "state_dict": numbered}
    files = {
        "pplcnet_x0_25.p2.pdparams": pdparams(paddle, 2),
        "pplcnet_x0_25.p4.pdparams": pdparams(paddle, 4),
        "pplcnet_x0_25.p4.numpy2.pdparams": pdparams_of_numpy_2(paddle),
        "pplcnet_x0_25.pdiparams": pdiparams(paddle),
        "pplcnet_x0_25.pdiparams.info": pdiparams_info(paddle),
        "pplcnet_x0_25_op13.onnx": Exporter(paddle, fold=True).file(0.25),
        "pplcnet_x0_25_op13_bn.onnx": Exporter(paddle, fold=False).file(0.25),
        "pplcnetv2_small_train.p4.pdparams": pdparams(paddle_v2_small(), 4),
        "timm_lcnet_050.safetensors": safetensors(timm),
        "timm_lcnet_050.pth": torch_zip(numbered, timm, "timm_lcnet_050"),
        "timm_lcnet_050.ckpt.pth": torch_zip(checkpoint, timm, "timm_lcnet_050.ckpt"),
        "timm_lcnet_050.legacy.pth": torch_legacy(timm),
        "photo.png": png(picture(640, 427)),
    }
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]))
