#include "cli/sources_text.h"

#include "absl/strings/str_split.h"
#include "cli/text.h"
#include "gmock/gmock.h"

namespace hfget::cli {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Le;
using ::testing::Not;
using ::testing::ResultOf;
using ::testing::StartsWith;

using Sources = google::protobuf::RepeatedPtrField<v1::Source>;

constexpr char kEndpoint[] = "https://hub.example/hugging-face/behind/a/path/that/fills/most/of/it";

// The widest that each column can hold.
v1::Source Widest(const std::string& name) {
  v1::Source source;
  source.set_name(name);
  source.set_endpoint(kEndpoint);
  source.set_state("quarantined");
  source.set_reason("it sent wrong bytes for weights.bin, pieces 3 to 17");
  source.set_score(1023.0 * (1 << 20));
  source.set_rate_bytes_per_sec(int64_t{1023} << 20);
  source.mutable_latency()->set_seconds(12);
  source.set_success(1);
  source.set_token_policy("if-proven");
  return source;
}

Sources Listed(std::vector<v1::Source> sources) { return {sources.begin(), sources.end()}; }

std::vector<std::string> Lines(const std::string& text) {
  return absl::StrSplit(text, '\n', absl::SkipEmpty());
}

SourcesStyle OfWidth(int width) { return {.width = width, .color = false, .unicode = true}; }

TEST(SourcesTextTest, FitsTheTerminalWhateverASourceIsNamed) {
  const Sources sources = Listed({Widest("modelscope"), Widest(std::string(64, 'n'))});
  for (const int width : {1, 20, 50, 80, 100, 200}) {
    for (const bool color : {false, true}) {
      const SourcesStyle style = {.width = width, .color = color, .unicode = true};
      EXPECT_THAT(Lines(SourcesText(sources, style)), Each(ResultOf(DisplayWidth, Le(width))))
          << width;
    }
  }
}

TEST(SourcesTextTest, ShortensTheNameRatherThanTheFigures) {
  const std::string text = SourcesText(Listed({Widest(std::string(64, 'n'))}), OfWidth(80));
  EXPECT_THAT(Lines(text)[1], AllOf(StartsWith("nnnnn"), HasSubstr("…  quarantined  1023 MiB/s"),
                                    HasSubstr("100 %  unproven")));
}

TEST(SourcesTextTest, LeavesABuiltInNameWholeIn80Columns) {
  EXPECT_THAT(Lines(SourcesText(Listed({Widest("modelscope")}), OfWidth(80)))[1],
              StartsWith("modelscope  quarantined"));
}

TEST(SourcesTextTest, CutsNothingWithoutATerminal) {
  const std::string name(64, 'n');
  const std::string text = SourcesText(Listed({Widest(name)}), SourcesStyle());
  EXPECT_THAT(text, AllOf(HasSubstr(name), HasSubstr("pieces 3 to 17\n"), Not(HasSubstr("…")),
                          Not(HasSubstr("\x1b"))));
}

TEST(SourcesTextTest, MarksACutWithWhatTheTerminalCanShow) {
  const SourcesStyle ascii = {.width = 40, .color = false, .unicode = false};
  EXPECT_THAT(SourcesText(Listed({Widest("tuna")}), ascii),
              AllOf(HasSubstr("~"), Not(HasSubstr("…"))));
}

TEST(SourcesTextTest, PaintsTheStateAndDimsTheWordsBelow) {
  v1::Source good = Widest("ok");  // the name of a source may be that of a state
  good.set_state("ok");
  v1::Source off = Widest("tuna");
  off.set_state("off");
  const SourcesStyle style = {.width = 80, .color = true, .unicode = true};
  const auto lines = Lines(SourcesText(Listed({good, off, Widest("pai")}), style));
  EXPECT_THAT(lines[1], StartsWith("ok    \x1b[32mok\x1b[0m  "));
  EXPECT_THAT(lines[2], StartsWith("\x1b[2m  https://hub.example"));
  EXPECT_THAT(lines[3], StartsWith("tuna  \x1b[2moff\x1b[0m  "));
  EXPECT_THAT(lines[5], StartsWith("pai   \x1b[33mquarantined\x1b[0m  "));
}

TEST(SourcesTextTest, ShowsNoControlSequenceOfAStranger) {
  v1::Source source = Widest("a\x1b[31mb");
  source.set_state("\x1b[2Jok");
  source.set_reason("said \x1b]0;x\a\nand more");
  v1::ExplainSourceResponse explained;
  *explained.mutable_source() = source;
  explained.add_lines()->set_why("\x1b[2J\nforged");
  EXPECT_THAT(SourcesText(Listed({source}), OfWidth(80)), Not(HasSubstr("\x1b")));
  EXPECT_EQ(Lines(SourcesText(Listed({source}), SourcesStyle())).size(), 3);
  EXPECT_THAT(ExplanationText(explained), Not(HasSubstr("\x1b")));
  EXPECT_EQ(Lines(ExplanationText(explained)).size(), 2);
}

TEST(TokenWordTest, SaysTheVerdictOnlyWhereItDecides) {
  v1::Source source = Widest("pai");
  EXPECT_EQ(TokenWord(source), "unproven");
  source.set_token_verdict(v1::TOKEN_VERDICT_NOT_SEEN_TO_FORWARD);
  EXPECT_EQ(TokenWord(source), "dropped");
  source.set_token_verdict(v1::TOKEN_VERDICT_FORWARDS);
  EXPECT_EQ(TokenWord(source), "proven");
  source.set_token_policy("never");
  EXPECT_EQ(TokenWord(source), "never");
}

}  // namespace
}  // namespace hfget::cli
