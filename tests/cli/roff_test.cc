#include "cli/roff.h"

#include "gtest/gtest.h"

namespace hfget::cli {
namespace {

TEST(RoffTest, NothingInATextIsMarkup) {
  EXPECT_EQ(RoffText("a\\fBb"), "a\\efBb");
  EXPECT_EQ(RoffText("two\nlines"), "two lines");
  EXPECT_EQ(RoffText("org/name …"), "org/name …");
}

TEST(RoffTest, WhatIsTypedCanBeCopiedIntoAShell) {
  EXPECT_EQ(RoffText("--local-dir '~/a' `b` ^"), "\\-\\-local\\-dir \\(aq\\(ti/a\\(aq \\(gab\\(ga \\(ha");
}

TEST(RoffTest, FontsEnd) {
  EXPECT_EQ(RoffBold("-q"), "\\fB\\-q\\fR");
  EXPECT_EQ(RoffItalic("DIR"), "\\fIDIR\\fR");
}

TEST(RoffTest, ALineThatBeginsWithADotIsNoRequest) {
  RoffPage page("x", 1, "x 1");
  page.Paragraph(RoffText(".cache is a folder"));
  page.Item(RoffText("'quoted"), RoffText("..."));
  page.Code("one\n.two");
  EXPECT_EQ(page.text(),
            ".TH \"X\" \"1\" \"\" \"x 1\" \"hfget\"\n"
            ".PP\n\\&.cache is a folder\n"
            ".TP\n\\(aqquoted\n\\&...\n"
            ".PP\n.RS 4\n.nf\none\n\\&.two\n.fi\n.RE\n");
}

}  // namespace
}  // namespace hfget::cli
