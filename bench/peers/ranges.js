// Prints the least and the largest value of each output of a model, as JSON, for quantise_onnx.py.
//
//   node ranges.js FOLDER NETWORK      FOLDER/NETWORK.watched.onnx, FOLDER/NETWORK.f32
'use strict';
const fs = require('fs');
const ort = require('onnxruntime-node');

const [folder, network] = process.argv.slice(2);

function rangeOf(values) {
  return [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
}

async function main() {
  const bytes = fs.readFileSync(`${folder}/${network}.f32`);
  const values = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  const session = await ort.InferenceSession.create(`${folder}/${network}.watched.onnx`);
  const [name] = session.inputNames;
  const input = new ort.Tensor('float32', values, session.inputMetadata[0].shape);
  const ranges = { [name]: rangeOf(values) };
  for (const [output, { data }] of Object.entries(await session.run({ [name]: input })))
    ranges[output] = rangeOf(data);
  console.log(JSON.stringify(ranges));
}
main();
