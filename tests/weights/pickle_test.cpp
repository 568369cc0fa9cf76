#include "pplcnet/weights/pickle/pickle.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "weights/contents.hpp"
#include "weights/pickles.hpp"

namespace pplcnet_test::pickle_test {
namespace {

using pplcnet::PickleReader;
using pplcnet::PickleValues;
using pplcnet::pickle::Kind;
using pplcnet::pickle::Value;

/// A pickle, read; it must outlive the object.
struct Read {
  explicit Read(const std::string& contents)
      : values{.file = bytes_of(contents), .containers = {}, .storages = {}} {
    pplcnet::MemoryBudget budget(contents.size());
    PickleReader reader(values, 0, "x", budget);
    problem = reader.read(value).message();
    end = reader.position();
  }

  PickleValues values;
  Value value;
  std::string problem;
  std::size_t end = 0;
};

TEST(PickleTest, EveryKindOfValueIsRead) {
  const std::string contents =
      pickled::pickle("](N\x88\x89K\xffM\xff\xffJ\xfe\xff\xff\xff\x8a" + std::string("\0", 1) +
                      "\x8a\x01\x80\x8a\x08" + u64(1ull << 63) + "G" + u64(0) + "X" + u32(1) +
                      "a\x8c\x02" + "bc\x8d" + u64(1) + "dU\x01" + "eT" + u32(1) + "fC\x01gB" +
                      u32(1) + "h\x8e" + u64(1) + "i\x96" + u64(1) + "j)N\x85NN\x86NNN\x87(t]}e");
  const Read read(contents);
  ASSERT_EQ(read.problem, "");
  EXPECT_EQ(read.end, contents.size());
  ASSERT_EQ(read.value.kind, Kind::list);
  const auto items = read.values.items(read.value);
  const std::pair<Kind, std::int64_t> numbers[] = {
      {Kind::none, 0},      {Kind::boolean, 1},     {Kind::boolean, 0},
      {Kind::integer, 255}, {Kind::integer, 65535}, {Kind::integer, -2},
      {Kind::integer, 0},   {Kind::integer, -128},  {Kind::integer, INT64_MIN},
      {Kind::real, 0},
  };
  std::size_t i = 0;
  for (const auto& [kind, number] : numbers) {
    EXPECT_EQ(items[i].kind, kind) << i;
    EXPECT_EQ(items[i++].number, number) << i;
  }
  for (const std::string text : {"a", "bc", "d"}) {
    EXPECT_EQ(items[i].kind, Kind::text) << text;
    EXPECT_EQ(read.values.text(items[i++]), text);
  }
  for (const std::string text : {"e", "f", "g", "h", "i", "j"}) {
    EXPECT_EQ(items[i].kind, Kind::bytes) << text;
    EXPECT_EQ(read.values.text(items[i++]), text);
  }
  for (const std::size_t size : {0u, 1u, 2u, 3u, 0u}) {
    EXPECT_EQ(items[i].kind, Kind::tuple) << i;
    EXPECT_EQ(read.values.items(items[i++]).size(), size);
  }
  EXPECT_EQ(items[i++].kind, Kind::list);
  EXPECT_EQ(items[i++].kind, Kind::dict);
  EXPECT_EQ(items.size(), i);
}

TEST(PickleTest, ContainersGrowAndAreShared) {
  const Read dict(
      pickled::pickle("}(" + pickled::text("a") + "K\x01u" + pickled::text("b") + "K\x02s"));
  ASSERT_EQ(dict.problem, "");
  EXPECT_EQ(dict.values.items(dict.value).size(), 4u);
  EXPECT_EQ(dict.values.items(dict.value)[3].number, 2);
  // A pair of one list, which grows after the pair's first half was there.
  const Read pair(
      pickled::pickle("]q\x07h\x07K\x01"
                      "a(K\x02K\x03"
                      "e\x86"));
  ASSERT_EQ(pair.problem, "");
  const auto halves = pair.values.items(pair.value);
  ASSERT_EQ(halves.size(), 2u);
  EXPECT_EQ(halves[0].number, halves[1].number);
  const auto list = pair.values.items(halves[0]);
  ASSERT_EQ(list.size(), 3u);
  EXPECT_EQ(list[2].number, 3);
}

TEST(PickleTest, AListMayContainItself) {
  const Read read(pickled::pickle("]\x94h" + std::string("\0", 1) + "a"));
  ASSERT_EQ(read.problem, "");
  const Value inside = read.values.items(read.value)[0];
  EXPECT_EQ(inside.kind, Kind::list);
  EXPECT_EQ(inside.number, read.value.number);
}

TEST(PickleTest, NothingIsReadThatRunsPrograms) {
  const std::pair<std::string, std::string> names[] = {
      {"os", "system"},        {"posix", "system"},
      {"builtins", "eval"},    {"builtins", "exec"},
      {"__builtin__", "eval"}, {"subprocess", "Popen"},
      {"builtins", "getattr"}, {"numpy", "load"},
      {"torch", "load"},       {"torch.serialization", "load"},
      {"os.path", "join"},     {"a.class", "method.__import__"},
      {"builtins", ""},
  };
  for (const auto& [module, name] : names) {
    const std::string expected = "x: wants to call '" + module + "." + name + "', which is refused";
    const std::string arguments = pickled::tuple({pickled::text("true")});
    EXPECT_EQ(
        Read(pickled::pickle(pickled::call(pickled::global(module, name), arguments))).problem,
        expected);
    EXPECT_EQ(Read(pickled::pickle(pickled::text(module) + pickled::text(name) + "\x93" +
                                   arguments + "R"))
                  .problem,
              expected);
    EXPECT_EQ(Read(pickled::pickle(pickled::global(module, name))).problem, expected);  // or named
    EXPECT_EQ(Read(pickled::pickle("(" + pickled::text("true") + "i" + module + "\n" + name + "\n"))
                  .problem,
              expected);
  }
}

/// Objects beside the tensors are names and what they were made of.
TEST(PickleTest, NothingIsCalledThatIsNotKnown) {
  const std::pair<std::string, std::string> names[] = {
      {"numpy.core.multiarray", "scalar"},
      {"argparse", "Namespace"},
      {"collections", "OrderedDict "},
      {"builtins", "set"},
      {"__builtin__", "set"},
      {"", ""},
      {"a\n", "b"},
  };
  const std::string arguments = pickled::tuple({pickled::text("true")});
  const std::string state = pickled::dict({{"lr", pickled::none}});
  for (const auto& [module, name] : names) {
    SCOPED_TRACE(name);
    const std::string dotted = pickled::text(module) + pickled::text(name) + "\x93";
    for (const std::string& object :
         {dotted + arguments + "R", dotted + arguments + "\x81" + state + "b",
          dotted + arguments + "R(" + pickled::text("key") + "Nu",  // a dict of its own class
          dotted + arguments + "R(NNe"}) {                          // a list of its own class
      const std::string pickle = pickled::pickle(object);
      const Read read(pickle);
      ASSERT_EQ(read.problem, "");
      EXPECT_TRUE(read.values.is_foreign_object(read.value));
      EXPECT_EQ(read.values.text(read.values.items(read.value)[0]), name);
    }
    if (module.find('\n') != module.npos) continue;
    const std::string pickle = pickled::pickle(pickled::global(module, name));
    const Read read(pickle);
    ASSERT_EQ(read.problem, "");
    EXPECT_EQ(read.value.kind, Kind::foreign);
    EXPECT_EQ(read.values.text(read.value), name);
  }
}

TEST(PickleTest, HostilePicklesAreRefusedInOneSentence) {
  const std::string ordered_dict = pickled::global("collections", "OrderedDict");
  const std::string deep(1'000'000, '(');
  std::string nested;
  for (int i = 0; i < 300'000; ++i) nested += "]";
  for (int i = 0; i < 299'999; ++i) nested += "a";
  const std::string memory =
      "x: expected to need at most 4 times the memory of the file, found more";
  const HostileCase cases[] = {
      {"", "x: byte 0 of the pickle: expected 1 more bytes, found 0"},
      {"\x80", "byte 0 of the pickle: expected 1 more bytes, found 0"},
      {"\x80\x01N.", "byte 0 of the pickle: expected protocol 2 to 5, found 1"},
      {"\x80\x06N.", "expected protocol 2 to 5, found 6"},
      {pickled::pickle(""), "byte 2 of the pickle: expected one value in the end, found 0"},
      {pickled::pickle("NN"), "expected one value in the end, found 2"},
      {pickled::pickle("N("), "expected one value in the end, found 1"},
      // Opcodes
      {pickled::pickle("icollections\nOrderedDict\n"),
       "byte 2 of the pickle: expected an opcode that weights need, found 105"},
      {pickled::pickle("I1\n"), "expected an opcode that weights need, found 73"},
      {pickled::pickle("N0"), "found 48"},
      {pickled::pickle("Pos\n"), "found 80"},
      {pickled::pickle("\x81"), "expected 2 values, found 0"},
      {pickled::pickle("\x92"), "found 146"},
      {pickled::pickle("\x82\x01"), "found 130"},  // the extension registry
      {pickled::pickle("\x97"), "found 151"},
      {pickled::pickle(std::string("\0", 1)), "found 0"},
      // Sizes
      {"\x80\x02X" + u32(~0u) + "abc",
       "byte 2 of the pickle: expected 4294967295 more bytes, found 3"},
      {"\x80\x02T" + u32(~0u) + "abc", "expected 4294967295 more bytes, found 3"},
      {"\x80\x04\x8d" + u64(~0ull) + "abc", "expected 18446744073709551615 more bytes, found 3"},
      {"\x80\x04\x8e" + u64(1ull << 63) + "abc",
       "expected 9223372036854775808 more bytes, found 3"},
      {"\x80\x02\x8a\xff" + std::string(300, '\1'),
       "expected an integer of at most 8 bytes, found 255"},
      {"\x80\x02"
       "cos",
       "expected 3 more bytes, found 2"},
      // The stack
      {pickled::pickle("\x85"), "expected 1 values, found 0"},
      {pickled::pickle("NN(\x86"), "expected 2 values, found 0"},  // not those below a mark
      {pickled::pickle("t"), "expected a mark, found none"},
      {pickled::pickle("e"), "expected a mark, found none"},
      {pickled::pickle("(e"), "expected 1 values, found 0"},
      {pickled::pickle("]("
                       "(Ne"),
       "expected 2 values, found 1"},
      {pickled::pickle("}Na"), "expected a list to add to, found a dict"},
      {pickled::pickle(")Na"), "expected a list to add to, found a tuple"},
      {pickled::pickle("]NNs"), "expected a dict to add to, found a list"},
      {pickled::pickle("}(NNNu"), "expected a value for each key"},
      // The memo
      {pickled::pickle("h\x01"), "expected 1 in the memo, found nothing"},
      {pickled::pickle("j" + u32(~0u)), "expected 4294967295 in the memo, found nothing"},
      {pickled::pickle("q\x01"), "expected 1 values, found 0"},
      {pickled::pickle("Nr" + u32(~0u)), memory},
      // Calls
      {pickled::pickle("NNR"), "expected a function and a tuple, found None and None"},
      {pickled::pickle(ordered_dict + "]R"),
       "expected a function and a tuple, found a function and a list"},
      {pickled::pickle(ordered_dict + "N\x85R"), "expected an empty OrderedDict"},
      {pickled::pickle("NNb"), "expected an object that has a state, found None"},
      {pickled::pickle(pickled::dtype("f4") + "Nb"), "expected an object without a state"},
      {pickled::pickle("\x93"), "expected 2 values, found 0"},
      {pickled::pickle("NN\x93"), "expected two texts"},
      // Much for few bytes
      {std::string(1'000'000, 'N'), memory},
      {"\x80\x02" + deep, memory},
      {"\x80\x02" + std::string(1'000'000, ']'), memory},
      {"\x80\x02N" + std::string(1'000'000, '\x94'), memory},
      {"\x80\x02" + nested + ".", memory},
  };
  for (const auto& [contents, expected] : cases) {
    const Read read(contents);
    EXPECT_NE(read.problem.find(expected), read.problem.npos)
        << "found:    " << read.problem << "\nexpected: " << expected;
    EXPECT_EQ(read.problem.rfind("x: ", 0), 0u) << read.problem;
    EXPECT_LT(read.problem.size(), 300u) << read.problem;
  }
}

TEST(PickleTest, ManyReferencesToOneThingTakeNoMemory) {
  std::string lists = "](]\x94";  // each list holds the one before ten times
  for (std::size_t i = 0; i < 200; ++i) {
    lists += "](";
    for (int k = 0; k < 10; ++k) lists += "j" + pickled::u32(i);
    lists += "e\x94";
  }
  const Read read(pickled::pickle(lists + "e"));
  EXPECT_EQ(read.problem, "");
  EXPECT_EQ(read.values.items(read.value).size(), 201u);
}

}  // namespace
}  // namespace pplcnet_test::pickle_test
