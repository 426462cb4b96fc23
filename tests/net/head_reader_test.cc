#include "daemon/net/head_reader.h"

#include "gtest/gtest.h"

namespace hfget::net {
namespace {

using State = HeadReader::State;

State TakeAll(HeadReader& reader, std::initializer_list<absl::string_view> lines) {
  State state = State::kReading;
  for (absl::string_view line : lines) state = reader.Take(line);
  return state;
}

TEST(HeadReaderTest, ReadsStatusAndFields) {
  HeadReader reader;
  EXPECT_EQ(
      TakeAll(reader, {"HTTP/1.1 206 Partial Content\r\n", "ETag: \"x\" \r\n", "X-A:\r\n", "\r\n"}),
      State::kFinal);
  EXPECT_EQ(reader.head().status, 206);
  EXPECT_EQ(reader.head().headers.Get("etag"), "\"x\"");
  EXPECT_NE(reader.head().headers.Find("x-a"), nullptr);
}

TEST(HeadReaderTest, SkipsInterimAnswersWithTheirFields) {
  HeadReader reader;
  EXPECT_EQ(TakeAll(reader, {"HTTP/1.1 103 Early Hints\r\n", "Link: </x>\r\n", "\r\n"}),
            State::kReading);
  EXPECT_EQ(TakeAll(reader, {"HTTP/1.1 200 OK\r\n", "A: b\r\n", "\r\n"}), State::kFinal);
  EXPECT_EQ(reader.head().status, 200);
  EXPECT_EQ(reader.head().headers.Find("link"), nullptr);
}

TEST(HeadReaderTest, AFieldMayLookLikeAStatusLine) {
  HeadReader reader;
  EXPECT_EQ(TakeAll(reader, {"HTTP/1.1 200 OK\r\n", "HTTP/1.1 500 X: y\r\n", "\r\n"}),
            State::kFinal);
  EXPECT_EQ(reader.head().status, 200);
}

TEST(HeadReaderTest, JoinsFoldedLines) {
  HeadReader reader;
  TakeAll(reader,
          {"HTTP/1.1 200 OK\r\n", " before any field\r\n", "Link: <a>,\r\n", "\t<b>\r\n", "\r\n"});
  EXPECT_EQ(reader.head().headers.Get("link"), "<a>, <b>");
}

TEST(HeadReaderTest, IgnoresLinesWithoutAName) {
  HeadReader reader;
  EXPECT_EQ(TakeAll(reader, {"HTTP/1.0 404\r\n", "no colon\r\n", ": no name\r\n", "\n"}),
            State::kFinal);
  EXPECT_EQ(reader.head().status, 404);
  EXPECT_TRUE(reader.head().headers.fields.empty());
}

TEST(HeadReaderTest, RefusesWhatHasNoStatusLine) {
  for (absl::string_view line :
       {"<html>\r\n", "HTTP/1.1\r\n", "HTTP/1.1 abc\r\n", "HTTP/1.1 42 \r\n", "\r\n", ""}) {
    HeadReader reader;
    EXPECT_EQ(reader.Take(line), State::kBroken) << line;
    EXPECT_EQ(reader.Take("HTTP/1.1 200 OK\r\n"), State::kBroken);
  }
}

TEST(HeadReaderTest, RefusesAnUpgrade) {
  HeadReader reader;
  EXPECT_EQ(TakeAll(reader, {"HTTP/1.1 101 Switching Protocols\r\n", "\r\n"}), State::kBroken);
}

TEST(HeadReaderTest, IgnoresTrailers) {
  HeadReader reader;
  TakeAll(reader, {"HTTP/1.1 200 OK\r\n", "\r\n"});
  EXPECT_EQ(TakeAll(reader, {"ETag: late\r\n", "\r\n"}), State::kDone);
  EXPECT_EQ(reader.head().headers.Find("etag"), nullptr);
}

TEST(HeadReaderTest, CountsEverythingAgainstTheCap) {
  const std::string field = "A: " + std::string(1000, 'x') + "\r\n";
  HeadReader fields, interim, trailers;
  State last = State::kReading;
  fields.Take("HTTP/1.1 200 OK\r\n");
  for (int i = 0; i < 300; ++i) last = fields.Take(field);
  EXPECT_EQ(last, State::kBroken);
  for (int i = 0; i < 300; ++i)
    last = TakeAll(interim, {"HTTP/1.1 102 Processing\r\n", field, "\r\n"});
  EXPECT_EQ(last, State::kBroken);
  TakeAll(trailers, {"HTTP/1.1 200 OK\r\n", "\r\n"});
  for (int i = 0; i < 300; ++i) last = trailers.Take(field);
  EXPECT_EQ(last, State::kBroken);
}

// Source: RFC 9110 §5.5, RFC 9112 §5.1.
TEST(HeadReaderTest, AValueHoldsNothingThatEndsALineElsewhere) {
  HeadReader reader;
  TakeAll(reader, {"HTTP/1.1 200 OK\r\n", "A: b\rc\r\n", absl::string_view("D: e\0f\r\n", 8), "G: \0\r\n",
                   "H: i\r\n", " j\rk\r\n", "\r\n"});
  EXPECT_EQ(reader.head().headers.Get("a"), "b c");
  EXPECT_EQ(reader.head().headers.Get("d"), "e f");
  EXPECT_EQ(reader.head().headers.Get("h"), "i j k");
}

TEST(HeadReaderTest, ANameWithSpaceInItIsNone) {
  HeadReader reader;
  TakeAll(reader, {"HTTP/1.1 200 OK\r\n", "A b: c\r\n", "D\x01: e\r\n", " : f\r\n", "G : h\r\n", "\r\n"});
  ASSERT_EQ(reader.head().headers.fields.size(), 1u);
  EXPECT_EQ(reader.head().headers.Get("g"), "h");
}

}  // namespace
}  // namespace hfget::net
