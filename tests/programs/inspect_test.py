"""The tables of `inspect`: sums of their rows, and the counts that others have published."""

import pathlib
import re
import unittest

from program import Result

# Trainable parameters, elements of batch norm's statistics, multiply-adds. Recomputed from the
# frameworks' own graphs (PaddleClas pp_lcnet.py, pp_lcnet_v2.py, timm mobilenetv3.py, ngnquan/PP-LCNet
# pplcnet.py, PaddleOCR rec_lcnetv3.py, rec_lcnetv4.py, deployed); rounded, they are the numbers of
# their documentation.
COUNTS = {
    "PPLCNet_x0_25": (1_521_184, 2_752, 16_773_440),
    "PPLCNet_x0_35": (1_643_090, 3_840, 27_357_832),
    "PPLCNet_x0_5": (1_879_576, 5_472, 44_731_008),
    "PPLCNet_x0_75": (2_357_008, 8_224, 94_786_496),
    "PPLCNet_x1_0": (2_952_520, 10_944, 155_700_480),
    "PPLCNet_x1_5": (4_499_832, 16_416, 334_188_416),
    "PPLCNet_x2_0": (6_521_512, 21_888, 580_194_816),
    "PPLCNet_x2_5": (9_017_560, 27_360, 893_719_680),
    "PPLCNetV2_small": (4_092_840, 9_888, 280_320_896),
    "PPLCNetV2_base": (6_624_232, 16_256, 593_875_456),
    "PPLCNetV2_large": (10_444_200, 24_160, 1_082_089_600),
    "PPLCNetV2_base_ShiTu": (None, None, None),
    "lcnet_035": (1_644_370, 3_840, 27_357_832),
    "lcnet_050": (1_880_856, 5_472, 44_731_008),
    "lcnet_075": (2_358_288, 8_224, 94_786_496),
    "lcnet_100": (2_953_800, 10_944, 155_700_480),
    "lcnet_150": (4_501_112, 16_416, 334_188_416),
    "pytorch_x0_25": (1_522_960, None, None),
    "pytorch_x0_35": (1_646_888, None, None),
    "pytorch_x0_5": (1_881_864, None, None),
    "pytorch_x0_75": (2_359_792, None, None),
    "pytorch_x1_0": (2_955_816, None, None),
    "pytorch_x1_5": (4_504_136, None, None),
    "pytorch_x2_0": (6_526_824, None, None),
    "pytorch_x2_5": (9_023_880, None, None),
    "timm_mobilevit_s": (5_578_632, None, None),
    "lcnet_baseline": (2_952_520, 10_944, 155_700_480),
    "PP-LCNet_x0_25_textline_ori": (242_746, 2_752, 23_214_080),
    "PP-LCNet_x1_0_textline_ori": (1_674_082, 10_944, 292_979_200),
    "PP-LCNet_x0_25_textline_ori_first": (76_602, 2_752, 43_735_296),
    "PP-LCNet_x1_0_doc_ori": (1_676_644, 10_944, 154_425_600),
    "PP-LCNet_x1_0_table_cls": (1_674_082, 10_944, 154_423_040),
    "page_orientation": (367_214, 3_840, 8_685_088),
    "person_exists": (1_674_082, 10_944, 154_423_040),
    "car_exists": (1_674_082, 10_944, 154_423_040),
    "safety_helmet": (1_674_082, 10_944, 154_423_040),
    "code_exists": (1_674_082, 10_944, 154_423_040),
    "clarity_assessment": (1_017_186, 10_944, 153_766_144),
    "image_orientation": (1_018_212, 10_944, 153_767_168),
    "text_image_orientation": (1_676_644, 10_944, 154_425_600),
    "traffic_sign": (1_968_712, 10_944, 154_717_440),
    "language_classification": (1_684_330, 10_944, 292_989_440),
    "textline_orientation": (1_674_082, 10_944, 292_979_200),
    "person_attribute": (1_704_826, 10_944, 151_319_040),
    "vehicle_attribute": (1_695_859, 10_944, 151_310_080),
    "table_attribute": (1_679_206, 10_944, 154_428_160),
    "picodet_xs": (None, None, None),
    "picodet_s": (None, None, None),
    "picodet_s_npu": (None, None, None),
    "picodet_m": (None, None, None),
    "picodet_l": (None, None, None),
    "PPLCNetV3_x0_75_detection": (1_003_744, 32, 936_412_160),
    "PPLCNetV3_x0_95_recognition": (1_320_724, 32, 647_437_440),
    "PPLCNetV4_tiny_detection": (378_756, 0, 883_960_960),
    "PPLCNetV4_small_detection": (2_312_448, 0, 3_273_869_952),
    "PPLCNetV4_medium_detection": (14_085_600, 0, 21_915_635_712),
    "PPLCNetV4_tiny_recognition": (504_332, 0, 160_814_720),
    "PPLCNetV4_small_recognition": (2_676_000, 0, 988_273_152),
    "PPLCNetV4_medium_recognition": (14_315_456, 0, 5_490_638_848),
    "PP-OCRv4_mobile_det": (1_171_601, 128, 2_301_935_744),
    "PP-OCRv4_mobile_rec": (2_688_509, 1_712, 701_701_440),
}
# Rows of tables of other networks, whose figures the compiler compares with what is published.
MODELS = pathlib.Path(__file__).resolve().parents[2] / "include/pplcnet/models"
LIGHTWEIGHT = [name for path in MODELS.glob("*.hpp")
               for name in re.findall(r'_model\("(\w+)"', path.read_text()) if name not in COUNTS]
COUNTS |= dict.fromkeys(LIGHTWEIGHT, (None, None, None))
# Published: millions of parameters (Paddle's with batch norm's statistics) and of FLOPs, top-1 in
# percent. PaddleClas docs/zh_CN/models/ImageNet1k/model_list.md.
PUBLISHED = {
    "PPLCNet_x0_25": ("1.52", "18.25", "51.86"),
    "PPLCNet_x0_35": ("1.65", "29.46", "58.09"),
    "PPLCNet_x0_5": ("1.89", "47.28", "63.14"),
    "PPLCNet_x0_75": ("2.37", "98.82", "68.18"),
    "PPLCNet_x1_0": ("2.96", "160.81", "71.32"),
    "PPLCNet_x1_5": ("4.52", "341.86", "73.71"),
    "PPLCNet_x2_0": ("6.54", "590", "75.18"),
    "PPLCNet_x2_5": ("9.04", "906", "76.6"),
    "PPLCNetV2_base": ("6.6", "604", "-"),
}
HEADS = ["model", "parameters", "statistics", "published", "multiply-adds", "FLOPs", "published",
         "top-1", "weights", "workspace"]
OF_PLAN = ["parameters", "statistics", "multiply-adds", "FLOPs", "weights", "workspace"]
# layer, work, output; parameters, multiply-adds, bytes; buffer
LAYER = re.compile(r"^(\S+) +(\S.*?) +(\d+×\d+×\d+) +(\d+) +(\d+) +(\d+)  (\S.*)$")
TOTALS = re.compile(
    r"^parameters (\d+) \(and (\d+) of batch norm's statistics\), "
    r"multiply-adds (\d+), FLOPs (\d+)\n"
    r"weights (\d+) bytes in memory, workspace (\d+) bytes for each thread that calls forward$",
    re.MULTILINE,
)


class Inspect(unittest.TestCase):
    def setUp(self):
        listing = Result("inspect")
        self.assertEqual(listing.status, 0, listing.complaints)
        rows = [line.split() for line in listing.lines]
        self.assertEqual(rows[0], HEADS)
        self.models = {name: dict(zip(HEADS[1:], rest)) for name, *rest in rows[1:]}
        self.published = {name: (rest[2], rest[5], rest[6]) for name, *rest in rows[1:]}

    def test_it_lists_every_model(self):
        self.assertEqual(set(self.models), set(COUNTS))

    def test_totals_are_those_of_the_layers_the_list_and_the_publications(self):
        for name, listed in self.models.items():
            with self.subTest(name):
                plan = Result("inspect", name)
                self.assertEqual(plan.status, 0, plan.complaints)
                self.assertTrue(plan.lines[0].startswith(name + ": input "))
                totals = TOTALS.search("\n".join(plan.lines))
                self.assertIsNotNone(totals, plan.lines[-2:])
                of_plan = dict(zip(OF_PLAN, totals.groups()))
                self.assertEqual({head: listed[head] for head in OF_PLAN}, of_plan)
                for head, expected in zip(OF_PLAN, COUNTS[name]):
                    self.assertIn(expected, (int(listed[head]), None))

                end = plan.lines.index("", 3)
                layers = [LAYER.match(line) for line in plan.lines[3:end]]
                self.assertNotIn(None, layers, plan.lines)
                self.assertGreater(len(layers), 25)
                column = lambda index: sum(int(layer[index]) for layer in layers)
                self.assertEqual(
                    [column(4), column(5), column(6)],
                    [int(listed[head]) for head in ("parameters", "multiply-adds", "weights")],
                )

    def test_published_figures_are_shown_and_are_ours(self):
        for name, (parameters, flops, top1) in PUBLISHED.items():
            with self.subTest(name):
                self.assertEqual(self.published[name], (parameters, flops, top1))
                listed = self.models[name]
                ours = int(listed["parameters"]) + int(listed["statistics"])
                self.assertAlmostEqual(ours / 1e6, float(parameters),
                                       delta=0.5 * 0.1 ** len(parameters.split(".")[1]))
                ours = int(listed["FLOPs"]) / 1e6
                if "." in flops:
                    self.assertAlmostEqual(ours, float(flops), delta=0.011)
                else:
                    self.assertEqual(int(ours), int(flops))
        for name, (_, flops, _) in self.published.items():
            if name not in LIGHTWEIGHT:
                self.assertEqual(flops == "-", name not in PUBLISHED)

    def test_it_says_what_int8_needs_where_a_network_can_be_in_it(self):
        last = Result("inspect", "PPLCNet_x1_0").lines[-1]
        int8 = re.match(r"in int8 \(see quantise\): weights (\d+) bytes in memory, "
                        r"workspace (\d+) bytes$", last)
        self.assertIsNotNone(int8, last)
        listed = self.models["PPLCNet_x1_0"]
        self.assertLess(3.5 * int(int8[1]), int(listed["weights"]))
        self.assertLess(2 * int(int8[2]), int(listed["workspace"]))
        self.assertNotIn("int8", Result("inspect", "googlenet").lines[-1])

    def test_an_unknown_model_is_an_error(self):
        unknown = Result("inspect", "PPLCNet_x9_9")
        self.assertEqual(unknown.status, 2)
        self.assertEqual(len(unknown.complaints), 1)
        self.assertIn("'PPLCNet_x9_9'", unknown.complaints[0])
        self.assertIn("PPLCNet_x1_0", unknown.complaints[0])

    def test_help_is_no_error(self):
        help_text = Result("inspect", "--help")
        self.assertEqual((help_text.status, help_text.complaints), (0, []))
        for name in self.models:
            self.assertIn(name, " ".join(help_text.lines))


if __name__ == "__main__":
    unittest.main()
