#include "cli/text.h"

#include "gtest/gtest.h"

namespace hfget::cli {
namespace {

TEST(PrintableTest, NeverLetsAControlSequenceThrough) {
  EXPECT_EQ(Printable("a\x1b[31mb"), "a?[31mb");
  EXPECT_EQ(Printable("a\xc2\x9b"
                      "31mb"),
            "a?31mb");  // the one-byte CSI as UTF-8
  EXPECT_EQ(Printable("ok\xe2\x80\xae"
                      "txt.exe"),
            "ok?txt.exe");  // right-to-left override
  EXPECT_EQ(Printable(absl::string_view("a\0b", 3)), "a?b");
  EXPECT_EQ(Printable("one\ntwo\tthree\r"), "one two three?");
}

TEST(PrintableTest, ReplacesWhatIsNoUtf8) {
  EXPECT_EQ(Printable("a\xff"
                      "b"),
            "a?b");
  EXPECT_EQ(Printable("cut \xe6\x97"), "cut ??");
}

TEST(DisplayWidthTest, CountsColumns) {
  EXPECT_EQ(DisplayWidth("abc"), 3);
  EXPECT_EQ(DisplayWidth("日本"), 4);
  EXPECT_EQ(DisplayWidth("e\xcc\x81"), 1);  // e + combining acute
  EXPECT_EQ(DisplayWidth("\x1b[36m━━\x1b[0m\x1b[2m─\x1b[0m"), 3);
  EXPECT_EQ(DisplayWidth(""), 0);
}

TEST(CutTest, NeverExceedsTheColumnsAndNeverSplitsACharacter) {
  const std::string text = "模型/日本語-e\xcc\x81-file.bin";
  for (int columns = 0; columns < 40; ++columns) {
    for (const std::string& cut : {CutEnd(text, columns, "…"), CutStart(text, columns, "…")}) {
      EXPECT_LE(DisplayWidth(cut), columns);
      EXPECT_EQ(Printable(cut), cut);
    }
  }
}

TEST(CutTest, KeepsTheEndOfAPath) {
  EXPECT_EQ(CutStart("unet/diffusion.safetensors", 14, "…"), "…n.safetensors");
  EXPECT_EQ(CutEnd("unet/diffusion.safetensors", 8, "~"), "unet/di~");
  EXPECT_EQ(CutEnd("short", 8, "~"), "short");
}

TEST(PadTest, PadsByColumns) {
  EXPECT_EQ(PadRight("日", 4), "日  ");
  EXPECT_EQ(PadLeft("日", 4), "  日");
  EXPECT_EQ(PadLeft("wide", 2), "wide");
}

TEST(WrapTest, BreaksAtSpacesAndNowhereElse) {
  EXPECT_EQ(Wrap("one two three", 7), (std::vector<std::string>{"one two", "three"}));
  EXPECT_EQ(Wrap("a https://long.example/path b", 6), (std::vector<std::string>{"a", "https://long.example/path", "b"}));
  EXPECT_EQ(Wrap("one two", 0), std::vector<std::string>{"one two"});
  EXPECT_EQ(Wrap("", 5), std::vector<std::string>{""});
}

}  // namespace
}  // namespace hfget::cli
