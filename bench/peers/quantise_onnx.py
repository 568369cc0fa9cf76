#!/usr/bin/python3
"""Quantises the model that peers_onnx wrote, as ONNX Runtime's quantize_static does: QDQ, uint8
activations with one scale, int8 weights with one for each output channel; calibrated with its
picture.

  quantise_onnx.py FOLDER NETWORK      FOLDER/NETWORK.int8.onnx and FOLDER/NETWORK.table.int8.onnx
"""

import json
import pathlib
import shutil
import subprocess
import sys

import numpy
import onnx
from onnx import helper, numpy_helper

QUANTISED = {"Conv", "Gemm", "Mul", "Add", "GlobalAveragePool", "Flatten", "Reshape"}
MICROSOFT = "com.microsoft"


def ranges_of(model, folder, network):
    """Least and largest value of each tensor, by name, for the picture."""
    watched = onnx.ModelProto()
    watched.CopyFrom(model)
    known = {output.name for output in watched.graph.output}
    for node in watched.graph.node:
        if node.output[0] not in known:
            watched.graph.output.append(onnx.ValueInfoProto(name=node.output[0]))
    onnx.save(watched, str(folder / f"{network}.watched.onnx"))
    script = pathlib.Path(__file__).with_name("ranges.js")
    return json.loads(subprocess.run(["node", script, folder, network], check=True,
                                     stdout=subprocess.PIPE).stdout)


class Quantisation:
    """Makes a model in bytes of one in floats. `tables`: hardswish is a lookup table and a product
    of bytes; otherwise it is computed in floats, as quantize_static leaves it."""

    def __init__(self, model, ranges, tables):
        self.model, self.ranges, self.tables = model, ranges, tables
        self.weights = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
        self.outputs = {output.name for output in model.graph.output}
        self.before_relu = {node.input[0] for node in model.graph.node if node.op_type == "Relu"}
        self.nodes, self.constants, self.scales, self.done = [], {}, {}, set()
        for node in model.graph.node:
            if node.op_type in ("Conv", "Gemm"):
                self.add_layer(node)
            elif node.op_type == "HardSwish" and self.tables:
                self.add_hardswish(node)
            else:
                self.add_other(node)
            name = node.output[0]
            if node.op_type in QUANTISED and name not in self.outputs | self.before_relu:
                self.as_bytes(name)

    def constant(self, name, values):
        self.constants[name] = numpy_helper.from_array(values, name)
        return name

    def add(self, operation, inputs, output, **attributes):
        self.nodes.append(helper.make_node(operation, inputs, [output], output, **attributes))
        return output

    def scale_of(self, name):
        """Names of the scale and zero point of a tensor; 0 is exact."""
        low, high = (f(0, bound) for f, bound in zip((min, max), self.ranges[name]))
        self.scales[name] = max(high - low, 1e-6) / 255
        return [self.constant(name + ".scale", numpy.float32(self.scales[name])),
                self.constant(name + ".zero", numpy.uint8(round(-low / self.scales[name])))]

    def as_bytes(self, name):
        """A tensor as bytes, and their scale and zero point; of constants as well."""
        if name in self.weights and name not in self.ranges:
            self.ranges[name] = [float(self.weights[name].min()), float(self.weights[name].max())]
        if name not in self.scales:
            self.add("QuantizeLinear", [name] + self.scale_of(name), name + ".bytes")
        return [name + ".bytes", name + ".scale", name + ".zero"]

    def rounded(self, name):
        """A tensor, rounded to bytes and back."""
        bytes_ = self.as_bytes(name)
        if name not in self.done:
            self.done.add(name)
            self.add("DequantizeLinear", bytes_, name + ".rounded")
        return name + ".rounded"

    def add_layer(self, node):
        """Adds a convolution or a dense layer, whose bias is int32."""
        source, weight, bias = node.input
        values = self.weights[weight]
        largest = numpy.abs(values.reshape(len(values), -1)).max(axis=1)
        scales = (numpy.maximum(largest, 1e-9) / 127).astype(numpy.float32)
        by_channel = scales.reshape((-1,) + (1,) * (values.ndim - 1))
        inputs = [self.rounded(source)]
        bias_scales = (scales * self.scales[source]).astype(numpy.float32)
        for name, type_, integers, scale in (
                (weight, numpy.int8, values / by_channel, scales),
                (bias, numpy.int32, self.weights[bias] / bias_scales, bias_scales)):
            parts = [self.constant(name + ".integers", numpy.rint(integers).astype(type_)),
                     self.constant(name + ".scales", scale),
                     self.constant(name + ".zeros", numpy.zeros(len(scale), type_))]
            inputs.append(self.add("DequantizeLinear", parts, name + ".real", axis=0))
        self.copy(node, inputs)

    def add_hardswish(self, node):
        """Adds x · clip(x / 6 + 1/2, 0, 1): the second is a table of x's bytes, as bytes saturate."""
        source, name = node.input[0], node.output[0]
        self.add("QLinearLeakyRelu",
                 self.as_bytes(source) + [self.constant("sixth", numpy.float32(6 / 255)),
                                          self.constant("half", numpy.uint8(128))],
                 name + ".gate", domain=MICROSOFT, alpha=1.0)
        gate = [name + ".gate", self.constant("one", numpy.float32(1 / 255)),
                self.constant("none", numpy.uint8(0))]
        self.add("QLinearMul", self.as_bytes(source) + gate + self.scale_of(name), name + ".bytes",
                 domain=MICROSOFT)

    def add_other(self, node):
        """Adds a node that is in bytes if its operation can be; otherwise it reads floats."""
        is_float = {name: name not in self.weights or self.weights[name].dtype == numpy.float32
                    for name in node.input}
        self.copy(node, [self.rounded(name)
                         if is_float[name] and (name in self.scales or node.op_type in QUANTISED)
                         else name for name in node.input])

    def copy(self, node, inputs):
        copy = onnx.NodeProto()
        copy.CopyFrom(node)
        copy.input[:] = inputs
        self.nodes.append(copy)

    def result(self):
        used = {name for node in self.nodes for name in node.input}
        kept = [tensor for tensor in self.model.graph.initializer
                if tensor.name in used and tensor.name not in self.constants]
        graph = helper.make_graph(self.nodes, "int8", list(self.model.graph.input),
                                  list(self.model.graph.output),
                                  kept + list(self.constants.values()))
        result = helper.make_model(graph, opset_imports=[
            helper.make_opsetid("", self.model.opset_import[0].version),
            helper.make_opsetid(MICROSOFT, 1)])
        result.ir_version = self.model.ir_version
        return result


def main():
    folder, network = pathlib.Path(sys.argv[1]), sys.argv[2]
    model = onnx.load(str(folder / f"{network}.onnx"))
    ranges = ranges_of(model, folder, network)
    for name, tables in (("int8", False), ("table.int8", True)):
        result = Quantisation(model, dict(ranges), tables).result()
        onnx.save(result, str(folder / f"{network}.{name}.onnx"))
        shutil.copy(folder / f"{network}.f32", folder / f"{network}.{name}.f32")


if __name__ == "__main__":
    main()
