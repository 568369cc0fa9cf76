// What ONNX Runtime computes of one picture after another:
//
//   node onnx_runtime.js < lines of MODEL, HEIGHT, WIDTH and PICTURE, with tabs between
//
// PICTURE is a file of float32.
// Each line is answered with the first output, as JSON.
'use strict';
const fs = require('fs');
const readline = require('readline');
const ort = require('onnxruntime-node');

const OPTIONS = { intraOpNumThreads: 1 }; // more of them spin while they wait

(async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const [model, height, width, picture] = line.split('\t');
    const bytes = fs.readFileSync(picture);
    const data = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
    const session = await ort.InferenceSession.create(model, OPTIONS);
    const input = new ort.Tensor('float32', data, [1, 3, Number(height), Number(width)]);
    const results = await session.run({ [session.inputNames[0]]: input });
    console.log(JSON.stringify(Array.from(results[session.outputNames[0]].data)));
    await session.release();
  }
})();
