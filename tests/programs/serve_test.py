"""`pplcnet serve`: every way to ask gives the bits of `pplcnet classify`, every wrong request gets its
status and one sentence, and neither slow clients nor those that leave nor SIGTERM disturb others."""

import base64
import collections
import functools
import http.client
import json
import pathlib
import random
import re
import resource
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.parse
import zlib

from damaged_weights import with_huge_tensor
from picture_files import png
from program import DATA, PROGRAMS, ROOT, Result, run_tests, skip_without

MODEL = "PP-LCNet_x0_25_textline_ori"
WEIGHTS = DATA / "models" / "textline_ori_x0_25" / "inference.pdiparams"
PAGE = ROOT / "examples" / "page.jpg"
LINES = [ROOT / "examples" / "line.png", *sorted((DATA / "images").glob("textline_*.png"))]
skip_without(WEIGHTS, PAGE, *LINES)
INFER = f"/v2/models/{MODEL}/infer"
HELP, VERSION = Result("--help").lines, Result("--version").lines[0].split()[1]
if not any(line.split()[:1] == ["serve"] for line in HELP):
    skip_without(pathlib.Path("/usr/include/httplib.h"))


class Server:
    """A server on a free port. At the end it is asked to stop, and must do so without an error."""

    answers = collections.Counter()  # of all servers, by status

    def __init__(self, *arguments, workers=2, weights=WEIGHTS):
        self.process = subprocess.Popen(
            [PROGRAMS / "pplcnet", "serve", "--weights", weights, "--port", "0", "--workers",
             str(workers), *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.name, address = self.process.stdout.readline().split(" on http://")
        self.host, port = address.rsplit(":", 1)
        self.port = int(port)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.count_answers()
        self.process.send_signal(signal.SIGTERM)
        self.end(0)

    def count_answers(self):
        for sample, count in self.metrics().items():
            if status := re.fullmatch(r'pplcnet_answers_total\{status="(\d+)"\}', sample):
                self.answers[status[1]] += int(count)

    def end(self, status):
        _, complaints = self.process.communicate(timeout=30)
        assert (self.process.returncode, complaints) == (status, ""), (
            self.process.returncode, complaints)

    def ask(self, method, path, body=None, headers=(), connection=None):
        """The status, the headers and the body of an answer."""
        own = connection or http.client.HTTPConnection(self.host.strip("[]"), self.port, timeout=20)
        try:
            own.request(method, path, body, dict(headers))
            answer = own.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            if not connection:
                own.close()

    def json(self, path, body, headers=()):
        if not isinstance(body, bytes):
            body = json.dumps(body).encode()
        status, _, content = self.ask("POST", path, body, headers)
        assert status == 200, (status, content)
        return json.loads(content)

    def send(self, data, leave=True):
        """What comes for bytes, after which the client says that there are no more."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=20) as client:
            try:
                client.sendall(data)
                if leave:
                    client.shutdown(socket.SHUT_WR)
                return b"".join(iter(lambda: client.recv(65536), b""))
            except (ConnectionResetError, BrokenPipeError):
                return b""

    def metrics(self):
        """All samples, by name and labels; asked for again while there are too many connections."""
        deadline = time.monotonic() + 10
        while True:
            status, headers, content = self.ask("GET", "/metrics")
            if status != 503 or time.monotonic() > deadline:
                break
            time.sleep(0.01)
        assert status == 200 and headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        samples, types = {}, {}
        for line in content.decode().splitlines():
            if line.startswith("# TYPE "):
                _, _, name, kind = line.split(" ")
                types[name] = kind
            elif not line.startswith("# HELP "):
                value = r'"(?:[^"\\]|\\["\\n])*"'
                sample = re.fullmatch(rf'([a-z0-9_]+)(\{{[a-z]+={value}(?:,[a-z]+={value})*\}})? (\S+)', line)
                base = re.sub("_(bucket|sum|count)$", "", sample[1])
                assert sample[1] in types or types[base] == "histogram", line
                samples[sample[1] + (sample[2] or "")] = float(sample[3])
        assert content.endswith(b"\n")
        return samples


def base64_of(path):
    return base64.b64encode(path.read_bytes()).decode()


@functools.cache
def input_of(path):
    """The tensor that a network gets of a picture: [3][80][160] numbers of four bytes."""
    with tempfile.TemporaryDirectory() as folder:
        assert Result("parity", "--weights", WEIGHTS, path, "--write", folder).status == 0
        npy = (pathlib.Path(folder) / "input.npy").read_bytes()
    return npy[-3 * 80 * 160 * 4 :]


class Answers(unittest.TestCase):
    """Those of a server that is not pressed."""

    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.classified = [line.encode() for line in
                          Result("classify", "--json", "--weights", WEIGHTS, *LINES).lines]
        cls.predictions = [json.loads(line)["predictions"] for line in cls.classified]
        cls.probabilities = [[{one["class_id"]: one["score"] for one in picture}[i] for i in (0, 1)]
                             for picture in cls.predictions]

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__()

    def test_a_picture_as_it_is(self):
        for path, line in zip(LINES, self.classified):
            for kind in ("image/png", "application/octet-stream", None):
                headers = {"Content-Type": kind} if kind else {}
                status, answer, content = self.server.ask("POST", "/predict", path.read_bytes(), headers)
                self.assertEqual((status, answer["Content-Type"]), (200, "application/json"))
                self.assertEqual(content, b"{" + line[line.index(b'"predictions"'):] + b"\n")
        one = self.server.json("/predict?top_k=1", LINES[0].read_bytes())
        self.assertEqual(one["predictions"], self.predictions[0][:1])
        self.assertEqual(self.server.json("/predict?topk=1", LINES[0].read_bytes()), one)
        whole = f"http://127.0.0.1:{self.server.port}/predict?top_k=1"  # as a proxy is asked
        self.assertEqual(self.server.json(whole, LINES[0].read_bytes()), one)

    def test_a_body_in_chunks_or_compressed(self):
        chunks = (LINES[0].read_bytes()[i : i + 1000] for i in range(0, 10**6, 1000))
        _, _, content = self.server.ask("POST", "/predict", (c for c in chunks if c))
        self.assertEqual(json.loads(content)["predictions"], self.predictions[0])
        found = self.server.json("/predict", zlib.compress(LINES[1].read_bytes()),
                                 {"Content-Encoding": "deflate"})
        self.assertEqual(found["predictions"], self.predictions[1])

    def test_several_pictures_in_a_form(self):
        body = b"".join(
            b'--edge\r\nContent-Disposition: form-data; name="f"; filename="%s"\r\n'
            b"Content-Type: image/png\r\n\r\n%s\r\n" % (path.name.encode(), path.read_bytes())
            for path in LINES) + b"--edge--\r\n"
        found = self.server.json("/predict", body, {"Content-Type": "multipart/form-data; boundary=edge"})
        self.assertEqual(found, {"pictures": [
            {"file": path.name, "predictions": predictions}
            for path, predictions in zip(LINES, self.predictions)]})

    def test_forms_as_various_clients_write_them(self):
        picture = LINES[0].read_bytes()
        for boundary, head, file in [
            ("edge", b'content-disposition: form-data;name=a', "a"),
            ('"a b:c"; charset=utf-8', b'Content-Disposition: form-data; name="a"; filename="b \\"c\\".png"',
             'b "c".png'),
            ("edge", b'Content-Disposition: form-data; filename="";\tNAME="x;y=z"', "x;y=z"),
            ("edge", b"X: y\r\nContent-Disposition: form-data; filename=\xc3\xa4.png; name=f\r\nA: b", "\u00e4.png"),
            ("edge", b"Content-Type: image/png", ""),
        ]:
            edge = boundary.split(";")[0].strip('"').encode()
            body = (b"preamble\r\n--" + edge + b" \t\r\n" + head + b"\r\n\r\n" + picture + b"\r\n--" + edge
                    + b"\r\n\r\n" + picture + b"\r\n--" + edge + b"-- epilogue")
            found = self.server.json("/predict", body,
                                     {"Content-Type": "Multipart/Form-Data; boundary=" + boundary})
            self.assertEqual(found, {"pictures": [
                {"file": name, "predictions": self.predictions[0]} for name in (file, "")]})

    def test_a_form_takes_time_in_proportion_to_its_length(self):
        head = b'Content-Disposition: form-data; name="' + b'";filename="' * 600 + b'" x'
        body = (b"--edge\r\n" + head + b"\r\n\r\n\r\n") * 1000 + b"--edge--"
        begin = time.monotonic()
        status, _, _ = self.server.ask("POST", "/predict", body,
                                       {"Content-Type": "multipart/form-data; boundary=edge"})
        self.assertEqual(status, 400)
        self.assertLess(time.monotonic() - begin, 5)

    def test_clients_of_paddle_serving(self):
        images = [base64_of(path) for path in LINES]
        for path in ("/imagenet/prediction", "/predict"):
            found = self.server.json(path, {"key": [f"image_{i}" for i in range(len(images))],
                                            "value": images})
            best = [predictions[0] for predictions in self.predictions]
            self.assertEqual(found, {
                "err_no": 0, "err_msg": "", "key": ["label", "prob"],
                "value": [str([one["label"] for one in best]), str([one["score"] for one in best])],
                "tensors": []})

    def test_clients_of_paddlehub_serving(self):
        url, headers = "/predict/clas_system", {"Content-type": "application/json"}
        expected = [{"class_ids": [one["class_id"] for one in predictions],
                     "scores": [one["score"] for one in predictions],
                     "label_names": [one["label"] for one in predictions]}
                    for predictions in self.predictions]
        pictures = {"images": [base64_of(path) for path in LINES]}
        tensors = b"".join(map(input_of, LINES))
        arrays = {"images": base64.b64encode(tensors).decode(),
                  "revert_params": {"shape": [len(LINES), 3, 80, 160], "dtype": "float32"}}
        for body in (pictures, arrays):
            found = self.server.json(url, body, headers)
            self.assertEqual((found["status"], found["msg"]), ("000", ""))
            self.assertEqual(found["results"]["prediction"], expected)
            self.assertGreater(found["results"]["elapse"], 0)
        several_lines = {"images": [base64.encodebytes(path.read_bytes()).decode() for path in LINES]}
        found = self.server.json(url, several_lines, headers)
        self.assertEqual(found["results"]["prediction"], expected)
        found = self.server.json(url, {**pictures, "top_k": 1}, headers)
        self.assertEqual([one["class_ids"] for one in found["results"]["prediction"]],
                         [one["class_ids"][:1] for one in expected])

    def test_the_open_inference_protocol_describes_the_model(self):
        for path, expected in [
            ("/v2", {"name": "pplcnet", "version": VERSION, "extensions": ["binary_tensor_data"]}),
            ("/v2/health/live", {"live": True}),
            ("/v2/health/ready", {"ready": True}),
            (f"/v2/models/{MODEL}/ready", {"name": MODEL, "ready": True}),
            (f"/v2/models/{MODEL}", {
                "name": MODEL, "versions": ["1"], "platform": "pplcnet",
                "inputs": [{"name": "image", "datatype": "BYTES", "shape": [-1]},
                           {"name": "input", "datatype": "FP32", "shape": [-1, 3, 80, 160]}],
                "outputs": [{"name": "probabilities", "datatype": "FP32", "shape": [-1, 2]}]}),
        ]:
            status, headers, content = self.server.ask("GET", path)
            self.assertEqual((status, headers["Content-Type"]), (200, "application/json"))
            self.assertEqual(json.loads(content), expected)
            if MODEL in path:
                version = path.replace(MODEL, MODEL + "/versions/1")
                self.assertEqual(self.server.ask("GET", version)[::2], (200, content))

    def expected_output(self, data):
        return {"name": "probabilities", "datatype": "FP32", "shape": [len(LINES), 2], **data}

    def test_the_open_inference_protocol_in_json(self):
        count = len(LINES)
        flat = sum(self.probabilities, [])
        numbers = [list(struct.unpack(f"<{3 * 80 * 160}f", input_of(path))) for path in LINES]
        nested = [[[plane[row : row + 160] for row in range(0, 80 * 160, 160)]
                   for plane in (one[:12800], one[12800:25600], one[25600:])] for one in numbers]
        image = {"name": "image", "datatype": "BYTES", "shape": [count],
                 "data": [base64_of(path) for path in LINES]}
        tensor = {"name": "input", "datatype": "FP32", "shape": [count, 3, 80, 160]}
        for request in (
            {"inputs": [image]},
            {"id": "42", "inputs": [image], "outputs": [{"name": "probabilities"}]},
            {"id": "42", "inputs": [{**tensor, "data": sum(numbers, [])}], "parameters": {}},
            {"inputs": [{**tensor, "data": nested}]},
        ):
            found = self.server.json(INFER, request, {"Content-Type": "application/json"})
            identity = {"id": request["id"]} if "id" in request else {}
            self.assertEqual(found, {"model_name": MODEL, **identity,
                                     "outputs": [self.expected_output({"data": flat})]})
        version = INFER.replace("/infer", "/versions/1/infer")
        self.assertEqual(self.server.json(version, request), found)

    def test_the_open_inference_protocol_with_binary_tensors(self):
        count = len(LINES)
        flat = struct.pack(f"<{2 * count}f", *sum(self.probabilities, []))
        pictures = b"".join(struct.pack("<I", len(data)) + data
                            for data in (path.read_bytes() for path in LINES))
        tensors = b"".join(map(input_of, LINES))
        for name, kind, shape, binary in (("image", "BYTES", [count], pictures),
                                          ("input", "FP32", [count, 3, 80, 160], tensors)):
            for wanted in ({"parameters": {"binary_data_output": True}},
                           {"outputs": [{"name": "probabilities", "parameters": {"binary_data": True}}]}):
                text = json.dumps({
                    "inputs": [{"name": name, "datatype": kind, "shape": shape,
                                "parameters": {"binary_data_size": len(binary)}}], **wanted}).encode()
                status, headers, content = self.server.ask(
                    "POST", INFER, text + binary,
                    {"Content-Type": "application/octet-stream",
                     "Inference-Header-Content-Length": str(len(text))})
                self.assertEqual((status, headers["Content-Type"]), (200, "application/octet-stream"))
                length = int(headers["Inference-Header-Content-Length"])
                self.assertEqual(json.loads(content[:length])["outputs"], [self.expected_output(
                    {"parameters": {"binary_data_size": len(flat)}})])
                self.assertEqual(content[length:], flat)

    def test_what_is_counted(self):
        before = self.server.metrics()
        self.server.json("/predict", LINES[0].read_bytes())
        self.assertEqual(self.server.ask("GET", "/healthz")[2], b"ok\n")
        self.assertEqual(self.server.ask("HEAD", "/healthz")[2], b"")
        self.assertEqual(self.server.ask("GET", "/nothing")[0], 404)
        after = self.server.metrics()
        name = "pplcnet_prediction_duration_seconds"
        for sample, more in [('pplcnet_answers_total{status="200"}', 4),
                             ('pplcnet_answers_total{status="404"}', 1), (name + "_count", 1),
                             (name + '_bucket{le="+Inf"}', 1), ("pplcnet_pictures_total", 1),
                             ("pplcnet_connections_turned_away_total", 0)]:
            self.assertEqual(after[sample] - before.get(sample, 0), more, sample)
        self.assertGreater(after[name + "_sum"], before[name + "_sum"])
        buckets = [count for sample, count in after.items() if sample.startswith(name + "_bucket")]
        self.assertEqual(buckets, sorted(buckets))
        for sample, value in [("pplcnet_queue_length", 0), ("pplcnet_workers", 2),
                              ("pplcnet_workers_busy", 0)]:
            self.assertEqual(after[sample], value)

    def refusals(self):
        """Wrong requests: the status, a word of the sentence, method, path, body, headers."""
        picture, typed = LINES[0].read_bytes(), lambda kind: {"Content-Type": kind}
        form = typed("multipart/form-data; boundary=edge")
        tensor = lambda **other: {"inputs": [{"name": "input", "datatype": "FP32",
                                              "shape": [1, 3, 80, 160], "data": [0.5], **other}]}
        image = lambda **other: {"inputs": [{"name": "image", "datatype": "BYTES", "shape": [1],
                                             "data": ["AAAA"], **other}]}
        length = {"Inference-Header-Content-Length": "9999"}
        for path in ("/", "/predict/", "/predict/a/b", "//prediction", "/v2/models", "/%00"):
            yield 404, "there are /predict", "GET", path, None, {}
        yield 404, MODEL, "POST", "/v2/models/other/infer", b"{}", {}
        yield 404, MODEL, "POST", f"/v2/models/{MODEL}/versions/2/infer", b"{}", {}
        for method in ("GET", "PUT", "DELETE", "PATCH", "OPTIONS"):
            yield 405, "expected POST", method, "/predict", None, {}
        yield 405, "expected GET", "POST", "/healthz", b"", {}
        yield 405, "expected GET", "DELETE", "/v2/health/live", None, {}
        yield 415, "Content-Type", "POST", "/predict", picture, typed("text/html")
        yield 415, "Content-Type", "POST", INFER, b"{}", typed("image/png")
        yield 415, "Content-Encoding", "POST", "/predict", picture, {"Content-Encoding": "zstd"}
        yield 400, "empty", "POST", "/predict", b"", {}
        yield 400, "it is truncated", "POST", "/predict", picture[:-100], {}
        yield 400, "neither JPEG nor PNG", "POST", "/predict", b"Hello", {}
        yield 400, "it is GIF", "POST", "/predict", b"GIF89a", typed("image/gif")
        yield 400, "top_k", "POST", "/predict?top_k=0", picture, {}
        yield 400, "top_k", "POST", "/predict?top_k=two", picture, {}
        yield 400, "damaged", "POST", "/predict", picture, {"Content-Encoding": "gzip"}
        yield 400, "damaged", "POST", "/predict", picture, form
        for body in (b"--edge", b"--edge\r\n\r\nHello", b"--edge\r\nA: b\r\n--edge--", b"--edge\r\n--edge--",
                     b"--edge\r\n\r\nHello\r\n--edge", b"--edgy\r\n\r\nHello\r\n--edgy--"):
            yield 400, "damaged", "POST", "/predict", body, form
        yield 400, "no parts", "POST", "/predict", b"--edge--", form
        yield 400, "b.png: not a picture", "POST", "/predict", (
            b'--edge\r\nContent-Disposition: form-data; name="a"; filename="a.png"\r\n\r\n' + picture
            + b'\r\n--edge\r\nContent-Disposition: form-data; name="b"; filename="b.png"\r\n\r\n\r\n--edge--'), form
        yield 400, "damaged", "POST", "/predict", picture, typed("multipart/form-data")
        for body in (b"{", b'{"key":', b"[" * 5000, b'{"a": 1e999}', b'{"a": "\xff"}'):
            yield 400, "JSON", "POST", "/predict", body, typed("application/json")
        nested = b'{"key":' + b"[" * 5000 + b"]" * 5000 + b"}"
        yield 400, "nested", "POST", "/predict", nested, {}
        for body, word in [
            ([], "expected a JSON object"), ({}, '"images"'), ({"images": []}, "no pictures"),
            ({"images": [1]}, "images[0]: expected base64"), ({"images": ["*"]}, "character 0"),
            ({"images": ["QQQQQ"]}, "middle of a byte"), ({"images": ["AAAA"]}, "images[0]: not a picture"),
            ({"value": ["AAAA"]}, "as many"), ({"key": ["a"], "value": []}, "as many"),
            ({"key": ["a"], "value": "AAAA"}, "as many"), ({"images": "AAAA"}, "dtype"),
            ({"images": "AAAA", "revert_params": {"dtype": "float32", "shape": {}}}, "shape"),
            ({"images": "AAAA", "revert_params": {"dtype": "float32", "shape": [1, 3, 80, 160]}}, "bytes"),
            ({"images": ["AAAA"], "top_k": -1}, "top_k"),
        ]:
            yield 400, word, "POST", "/predict", json.dumps(body).encode(), typed("application/json")
        for body, word in [
            ({}, "one tensor"), ({"inputs": [{}, {}]}, "one tensor"), ({"inputs": [3]}, "no tensor"),
            ({"inputs": [{"name": "x"}]}, "no tensor 'x'"), (tensor(datatype="FP16"), "FP32"),
            (tensor(shape=[1, 3, 80]), "shape"), (tensor(shape=[0, 3, 80, 160]), "shape"),
            (tensor(shape=[-1, 3, 80, 160]), "shape"), (tensor(), "1 numbers"),
            (tensor(data=["a"]), "finite"), (tensor(data=[1e300]), "finite"), (tensor(data=None), "finite"),
            (tensor(parameters={"binary_data_size": 4}), "binary_data_size"),
            (image(), "image[0]: not a picture"), (image(data="AAAA"), "1 strings"),
            (image(shape=[2]), "2 strings"), (image(shape=2), "shape"), (image(datatype="FP32"), "BYTES"),
            ({**image(), "outputs": [{"name": "y"}]}, "no tensor 'y'"), ({**image(), "outputs": 1}, "array"),
        ]:
            yield 400, word, "POST", INFER, json.dumps(body).encode(), {}
        yield 400, "Inference-Header-Content-Length", "POST", INFER, b"{}", length
        two = json.dumps(image()).encode()
        yield 400, "JSON", "POST", INFER, two + b"AB", {}
        yield 400, "image[0]", "POST", INFER, two, {"Inference-Header-Content-Length": str(len(two))}

    def test_a_wrong_request_gets_its_status_and_one_sentence(self):
        for status, word, *request in self.refusals():
            with self.subTest(word=word, request=[str(part)[:80] for part in request]):
                found, headers, content = self.server.ask(*request)
                answer = json.loads(content)
                self.assertEqual((found, list(answer)), (status, ["error"]), content)
                self.assertIn(word, answer["error"])
                self.assertEqual(headers["Content-Type"], "application/json")
                self.assertEqual("Allow" in headers, status == 405)
        self.assertEqual(self.server.json("/predict", LINES[0].read_bytes())["predictions"],
                         self.predictions[0])

    def test_damaged_lines_and_headers(self):
        for status, data in [
            (400, b"GET /healthz\r\n\r\n"), (400, b"FETCH /healthz HTTP/1.1\r\n\r\n"),
            (400, b"GET /healthz HTTP/3.0\r\n\r\n"), (400, b"\x16\x03\x01\x02\0\x01\0\r\n\r\n"),
            (400, b"GET /healthz HTTP/1.1\r\nHost: a\r\n"), (411, b"POST /predict HTTP/1.1\r\n\r\n"),
            (414, b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n\r\n"),
            (431, b"GET /healthz HTTP/1.1\r\n" + b"A: b\r\n" * 9000),
            (400, b"GET /healthz HTTP/1.1\r\nA: " + b"b" * 9000 + b"\r\n\r\n"),
            (416, b"GET /healthz HTTP/1.1\r\nRange: bytes=5-1\r\n\r\n"),
            (400, b"POST /predict HTTP/1.1\r\nContent-Length: -1\r\n\r\n"),
            (400, b"POST /predict HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"),
            (400, b"POST /predict HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
            (400, b"POST /predict HTTP/1.1\r\nTransfer-Encoding: zip\r\n\r\n"),
            (400, b"POST /predict HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"),
            (400, b"POST /predict HTTP/1.1\r\nContent-Length : 1\r\n\r\na"),
            (400, b"GET /healthz HTTP/1.1\r\nA: b\r\n Transfer-Encoding: chunked\r\n\r\n"),
            (400, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
            (413, b"POST /predict HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n"),
            (413, b"POST /predict HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 99999999\r\n\r\n"),
            (404, b"POST /other HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n"),
            (400, b"POST /predict HTTP/1.1\r\nContent-Length: 100\r\n\r\nshort"),
        ]:
            with self.subTest(data[:70]):
                head, content = self.server.send(data).split(b"\r\n\r\n")
                self.assertEqual(int(head.split(b" ")[1]), status, head)
                self.assertIn(b"Connection: close", head)
                self.assertEqual(list(json.loads(content)), ["error"])

    def test_a_thousand_malformed_requests(self):
        chance = random.Random(19)
        pieces = [b"POST /predict HTTP/1.1\r\n", b"GET /metrics HTTP/1.1\r\n", b"Content-Length: 40\r\n",
                  b"POST " + INFER.encode() + b" HTTP/1.1\r\n", b"Transfer-Encoding: chunked\r\n", b"\r\n",
                  b"Content-Type: multipart/form-data; boundary=edge\r\n", b"--edge\r\n", b"--edge--\r\n",
                  b'Content-Disposition: form-data; name="' + b"a" * 7000 + b'"\r\n', b"28\r\n", b"0\r\n",
                  b"Content-Type: application/json\r\n", b'{"inputs":[{"name":"image","shape":[1]',
                  b"Expect: 100-continue\r\n", b"Content-Encoding: gzip\r\n", LINES[0].read_bytes()[:300]]
        allowed = {200, 400, 404, 405, 411, 413, 414, 415, 416, 431}
        seen = set()
        for _ in range(1000):
            data = bytearray(b"".join(chance.choices(pieces[:2] + pieces[3:4]))
                             + b"".join(chance.choices(pieces, k=chance.randrange(1, 9))))
            for _ in range(chance.randrange(4)):
                data[chance.randrange(len(data))] = chance.randrange(256)
            answer = self.server.send(bytes(data[: chance.randrange(1, 2 * len(data))]))
            for status in re.findall(rb"^HTTP/1\.1 (\d+) ", answer, re.MULTILINE):
                seen.add(int(status))
        self.assertLessEqual(seen - {100}, allowed)
        self.assertGreaterEqual(seen, {200, 400, 411})
        self.assertEqual(self.server.json("/predict", LINES[0].read_bytes())["predictions"],
                         self.predictions[0])

    def test_a_connection_is_used_again(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=20)
        for i in range(20):
            wrong = i % 3 == 2  # whose body is read all the same
            status, _, _ = self.server.ask("POST", "/predict", b"no" if wrong else LINES[0].read_bytes(),
                                           connection=connection)
            self.assertEqual(status, 400 if wrong else 200)
            if i == 0:
                own = connection.sock
            self.assertIs(connection.sock, own)
        connection.close()
        old = self.server.send(b"GET /healthz HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", leave=False)
        self.assertIn(b"Connection: close\r\n", old)
        two = self.server.send(b"GET /healthz HTTP/1.1\r\n\r\n" * 2)
        self.assertEqual(two.count(b"HTTP/1.1 200 OK"), 2)

    def test_cut_connections_are_forgotten(self):
        head = b"POST /predict HTTP/1.1\r\nContent-Length: 30000\r\n\r\n"
        for size in (10, len(head), 20000):
            with socket.create_connection(("127.0.0.1", self.server.port)) as client:
                client.sendall((head + bytes(30000))[:size])
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        with socket.create_connection(("127.0.0.1", self.server.port)) as client:  # takes no answer
            client.sendall(head.replace(b"30000", b"%d" % PAGE.stat().st_size) + PAGE.read_bytes())
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.assertEqual(self.server.ask("GET", "/healthz")[0], 200)


class Addresses(unittest.TestCase):
    def test_names_of_models(self):
        name = 'Straße "1/2" \\n\t\u202e'
        with Server("--name", name) as server:
            path = "/v2/models/" + urllib.parse.quote(name, safe="/")
            self.assertEqual(json.loads(server.ask("GET", path)[2])["name"], name)
            self.assertEqual(json.loads(server.ask("GET", path + "/ready")[2])["ready"], True)
            escaped = name.replace("\\", r"\\").replace('"', r"\"")
            info = [sample for sample in server.metrics() if sample.startswith("pplcnet_info")]
            self.assertEqual(info, [f'pplcnet_info{{version="{VERSION}",model="{escaped}"}}'])

    @unittest.skipUnless(socket.has_dualstack_ipv6(), "there is no IPv6")
    def test_ipv6(self):
        with Server("--host", "::1") as server:
            self.assertEqual(server.host, "[::1]")
            found = server.json("/predict", LINES[0].read_bytes())
            self.assertEqual(list(found), ["predictions"])


class Damage(unittest.TestCase):
    def test_what_is_no_number_is_no_answer(self):
        with tempfile.TemporaryDirectory() as folder:
            damaged = pathlib.Path(folder) / "damaged.safetensors"
            with_huge_tensor(ROOT / "examples" / "orientation" / "text_line_orientation.safetensors",
                             "conv1.weight", damaged)
            tensor = {"inputs": [{"name": "input", "shape": [1, 3, 80, 160], "datatype": "FP32",
                                  "data": [0.5] * (3 * 80 * 160)}]}
            with Server(weights=damaged) as server:
                for path, body in (("/predict", LINES[0].read_bytes()), (INFER, json.dumps(tensor))):
                    status, _, content = server.ask("POST", path, body)
                    self.assertEqual(status, 500, content)
                    self.assertIn("output is no finite number", json.loads(content)["error"])


class Limits(unittest.TestCase):
    def test_bytes_and_pixels(self):
        with Server("--max-bytes", "30000", "--max-pixels", "1000") as server:
            for body in (bytes(30001), (bytes(20000) for _ in range(2))):
                status, _, content = server.ask("POST", "/predict", body)
                self.assertEqual((status, list(json.loads(content))), (413, ["error"]))
            bomb = zlib.compress(bytes(10**7))
            status, _, _ = server.ask("POST", "/predict", bomb, {"Content-Encoding": "deflate"})
            self.assertEqual(status, 413)
            large = server.send(b"POST /predict HTTP/1.1\r\nContent-Length: 9000000\r\n\r\n" + bytes(9 * 10**6))
            self.assertEqual(large[:13], b"HTTP/1.1 413 ")
            status, _, content = server.ask("POST", "/predict", png(1001, 1))
            self.assertEqual(status, 400)
            self.assertIn(b"more than the 1000 that are allowed", content)
            self.assertEqual(server.ask("POST", "/predict", png(1000, 1))[0], 200)

    def test_slow_clients(self):
        with Server("--timeout", "1.5", workers=1) as server:
            head = b"POST /predict HTTP/1.1\r\nContent-Length: 1000\r\n\r\n"
            clients, begin = [], time.monotonic()
            for data in (b"", b"POST /pre", head[:40], head, head + bytes(500)):
                client = socket.create_connection(("127.0.0.1", server.port), timeout=20)
                client.sendall(data)
                clients.append((data, client))
            self.assertEqual(server.ask("POST", "/predict", LINES[0].read_bytes())[0], 200)
            for data, client in clients:
                answer = client.recv(65536)
                self.assertLess(time.monotonic() - begin, 20)
                self.assertEqual(answer[:13], b"HTTP/1.1 408 " if data else b"", data)
                client.close()
            drip = socket.create_connection(("127.0.0.1", server.port), timeout=20)
            begin = time.monotonic()
            with self.assertRaises((BrokenPipeError, ConnectionResetError)):
                while time.monotonic() - begin < 20:
                    drip.sendall(b"G")
                    time.sleep(0.1)
            drip.close()

    def test_too_many_requests(self):
        pages = (b"--edge\r\n\r\n" + PAGE.read_bytes() + b"\r\n") * 30 + b"--edge--"
        form, statuses = {"Content-Type": "multipart/form-data; boundary=edge"}, []
        with Server("--queue", "1", workers=1) as server:
            threads = [threading.Thread(target=lambda: statuses.append(
                server.ask("POST", "/predict", pages, form)[0])) for _ in range(2)]
            for thread, sample in zip(threads, ("pplcnet_workers_busy", "pplcnet_queue_length")):
                thread.start()
                while server.metrics()[sample] != 1:
                    self.assertTrue(thread.is_alive())
            status, headers, content = server.ask("POST", "/predict", PAGE.read_bytes())
            self.assertEqual((status, headers["Retry-After"], list(json.loads(content))), (503, "1", ["error"]))
            for thread in threads:
                thread.join()
            self.assertEqual(statuses, [200, 200])
            self.assertEqual(server.metrics()['pplcnet_answers_total{status="503"}'], 1)

    def test_memory_that_ends(self):
        with Server("--max-bytes", "100000000", workers=1) as server:
            self.assertEqual(server.ask("POST", "/predict", LINES[0].read_bytes())[0], 200)
            status = pathlib.Path(f"/proc/{server.process.pid}/status").read_text()
            used = 1024 * int(re.search(r"^VmSize:\s+(\d+)", status, re.MULTILINE)[1])
            if used > 2**40:
                self.skipTest("the address sanitizer has its own ways with memory")
            before = resource.prlimit(server.process.pid, resource.RLIMIT_AS)
            for spare in (0, 10**6, 9 * 10**6, 18 * 10**6):
                resource.prlimit(server.process.pid, resource.RLIMIT_AS, (used + spare, before[1]))
                statuses = set()
                for body in (bytes(30 * 10**6), json.dumps({"images": ["A" * 20 * 10**6]}).encode(), b"GIF89a"):
                    try:
                        statuses.add(server.ask("POST", "/predict", body)[0])
                    except OSError:  # there was no memory for an answer
                        pass
                self.assertLessEqual(statuses, {400, 503})
                self.assertIsNone(server.process.poll())
            resource.prlimit(server.process.pid, resource.RLIMIT_AS, before)
            self.assertEqual(server.ask("POST", "/predict", LINES[0].read_bytes())[0], 200)
            self.assertGreater(server.metrics()['pplcnet_answers_total{status="503"}'], 0)

    def test_too_many_connections(self):
        with Server("--connections", "2") as server:
            idle = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(2)]
            status, headers, content = server.ask("GET", "/healthz")
            self.assertEqual((status, headers["Retry-After"]), (503, "1"))
            self.assertEqual(list(json.loads(content)), ["error"])
            for client in idle:
                client.close()
            self.assertGreater(server.metrics()["pplcnet_connections_turned_away_total"], 0)


def begin_request(server, length):
    """A connection that the server has taken, which awaits the body of a request."""
    client = socket.create_connection(("127.0.0.1", server.port), timeout=20)
    client.sendall(b"POST /predict HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n" % length)
    assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
    return client


class End(unittest.TestCase):
    def test_what_has_been_asked_is_answered(self):
        server, answered, wrong = Server(), [], []

        def ask():
            while True:
                connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
                try:
                    connection.request("POST", "/predict", LINES[0].read_bytes())
                    answer = connection.getresponse()
                except OSError:
                    return  # nothing new is accepted
                try:
                    answered.append((answer.status, bool(json.loads(answer.read()))))
                except Exception as problem:  # half an answer
                    wrong.append(problem)
                    return
                finally:
                    connection.close()

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        while len(answered) < 100:
            time.sleep(0.01)
        server.process.send_signal(signal.SIGTERM)
        for thread in threads:
            thread.join()
        server.end(0)
        self.assertEqual((set(answered), wrong), ({(200, True)}, []))

    def test_a_request_that_is_coming_is_awaited(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            server, picture = Server(), LINES[0].read_bytes()
            client, idle = begin_request(server, len(picture)), begin_request(server, 4)
            idle.sendall(b"none")
            self.assertEqual(idle.recv(65536)[:13], b"HTTP/1.1 400 ")
            server.process.send_signal(number)
            self.assertEqual(idle.recv(1), b"")
            with self.assertRaises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", server.port))
            client.sendall(picture)
            answer = b"".join(iter(lambda: client.recv(65536), b""))
            self.assertTrue(answer.startswith(b"HTTP/1.1 200 OK\r\n"), answer)
            self.assertIn(b"Connection: close\r\n", answer)
            server.end(0)
            client.close()
            idle.close()

    def test_a_second_signal_ends_at_once(self):
        server = Server("--timeout", "60")
        with begin_request(server, 9):
            server.process.send_signal(signal.SIGTERM)
            with self.assertRaises(subprocess.TimeoutExpired):
                server.process.wait(timeout=0.5)
            server.process.send_signal(signal.SIGTERM)
            server.end(128 + signal.SIGTERM)

    def test_an_address_that_cannot_be_taken(self):
        with Server() as server:
            result = Result("serve", "--weights", WEIGHTS, "--port", server.port)
            self.assertEqual((result.status, result.lines), (1, []))
            self.assertEqual(result.complaints, [f"pplcnet serve: 127.0.0.1:{server.port}: cannot be "
                                                 "listened on: Address already in use"])
        result = Result("serve", "--weights", WEIGHTS, "--host", "no.such.host.invalid", "--port", 0)
        self.assertEqual((result.status, len(result.complaints)), (1, 1))

    def test_only_a_server_needs_what_speaks_http(self):
        with tempfile.TemporaryDirectory() as folder:
            alone = shutil.copy(PROGRAMS / "pplcnet", folder)
            subprocess.run([alone, "--version"], check=True, stdout=subprocess.DEVNULL)
            done = subprocess.run([alone, "serve", "--weights", WEIGHTS], capture_output=True, text=True, timeout=60)
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertRegex(done.stderr, f"^pplcnet serve: {folder}/pplcnet_http.so: .*\n$")


def tearDownModule():
    print("answers by status:", ", ".join(f"{status}: {n}" for status, n in sorted(Server.answers.items())))


if __name__ == "__main__":
    run_tests()
