// What ONNX Runtime computes of one picture:
//
//   node onnx_runtime.js MODEL HEIGHT WIDTH < float32 > float32
'use strict';
const fs = require('fs');
const ort = require('onnxruntime-node');

(async () => {
  const [model, height, width] = process.argv.slice(2);
  const bytes = fs.readFileSync(0);
  const data = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  const session = await ort.InferenceSession.create(model);
  const input = new ort.Tensor('float32', data, [1, 3, Number(height), Number(width)]);
  const results = await session.run({ [session.inputNames[0]]: input });
  const values = results[session.outputNames[0]].data;
  fs.writeSync(1, Buffer.from(values.buffer, values.byteOffset, values.byteLength));
})();
