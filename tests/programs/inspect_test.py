"""The tables of `inspect`: sums of their rows, and the counts that others have published."""

import re
import unittest

from program import Result

# Trainable parameters, elements of batch norm's statistics, multiply-adds. Recomputed from the
# frameworks' own graphs (PaddleClas pp_lcnet.py, timm mobilenetv3.py, ngnquan/PP-LCNet pplcnet.py);
# rounded, they are the numbers of their documentation.
COUNTS = {
    "PPLCNet_x0_25": (1_521_184, 2_752, 16_773_440),
    "PPLCNet_x0_35": (1_643_090, 3_840, 27_357_832),
    "PPLCNet_x0_5": (1_879_576, 5_472, 44_731_008),
    "PPLCNet_x0_75": (2_357_008, 8_224, 94_786_496),
    "PPLCNet_x1_0": (2_952_520, 10_944, 155_700_480),
    "PPLCNet_x1_5": (4_499_832, 16_416, 334_188_416),
    "PPLCNet_x2_0": (6_521_512, 21_888, 580_194_816),
    "PPLCNet_x2_5": (9_017_560, 27_360, 893_719_680),
    "lcnet_035": (1_644_370, 3_840, 27_357_832),
    "lcnet_050": (1_880_856, 5_472, 44_731_008),
    "lcnet_075": (2_358_288, 8_224, 94_786_496),
    "lcnet_100": (2_953_800, 10_944, 155_700_480),
    "lcnet_150": (4_501_112, 16_416, 334_188_416),
    "pytorch_x1_0": (2_955_816, None, None),
    "PP-LCNet_x0_25_textline_ori": (242_746, 2_752, 23_214_080),
    "PP-LCNet_x1_0_textline_ori": (1_674_082, 10_944, 292_979_200),
    "PP-LCNet_x0_25_textline_ori_first": (76_602, 2_752, 43_735_296),
    "PP-LCNet_x1_0_doc_ori": (1_676_644, 10_944, 154_425_600),
}
# layer, work, output; parameters, multiply-adds, bytes; buffer
LAYER = re.compile(r"^(\S+) +(\S.*?) +(\d+×\d+×\d+) +(\d+) +(\d+) +(\d+)  (\S.*)$")
TOTALS = re.compile(
    r"^parameters (\d+) \(and (\d+) of batch norm's statistics\), multiply-adds (\d+)\n"
    r"weights (\d+) bytes in memory, workspace (\d+) bytes for each thread that calls forward$",
    re.MULTILINE,
)


class Inspect(unittest.TestCase):
    def setUp(self):
        listing = Result("inspect")
        self.assertEqual(listing.status, 0, listing.complaints)
        rows = [line.split() for line in listing.lines]
        self.assertEqual(rows[0], ["model", "parameters", "multiply-adds", "weights", "workspace"])
        self.models = {name: tuple(map(int, numbers)) for name, *numbers in rows[1:]}

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
                parameters, statistics, multiply_adds, weights, workspace = map(
                    int, totals.groups()
                )
                self.assertEqual((parameters, multiply_adds, weights, workspace), listed)
                for found, published in zip((parameters, statistics, multiply_adds), COUNTS[name]):
                    self.assertIn(published, (found, None))

                layers = [LAYER.match(line) for line in plan.lines[3:-3]]
                self.assertNotIn(None, layers, plan.lines)
                self.assertGreater(len(layers), 30)
                column = lambda index: sum(int(layer[index]) for layer in layers)
                self.assertEqual((column(4), column(5), column(6)), listed[:3])

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
