#include "cli/sources_text.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "cli/format.h"
#include "cli/pull_text.h"
#include "cli/table.h"
#include "cli/text.h"

namespace hfget::cli {
namespace {

constexpr absl::string_view kIndent = "  ";

std::string OrDash(bool known, std::string text) { return known ? text : "-"; }

std::string SecondLine(const v1::Source& source, int width) {
  std::string line = absl::StrCat(kIndent, source.endpoint());
  if (!source.reason().empty()) absl::StrAppend(&line, source.endpoint().empty() ? "" : ": ", source.reason());
  line = Printable(line);
  return width > 0 ? CutEnd(line, width, "…") : line;
}

}  // namespace

std::string TokenWord(const v1::Source& source) {
  if (source.token_policy() != "if-proven") return source.token_policy();
  switch (source.token_verdict()) {
    case v1::TOKEN_VERDICT_FORWARDS:
      return "proven";
    case v1::TOKEN_VERDICT_NOT_SEEN_TO_FORWARD:
      return "dropped";
    default:
      return "unproven";
  }
}

std::string SourcesText(const google::protobuf::RepeatedPtrField<v1::Source>& sources, int width) {
  using enum Align;
  Table table({kLeft, kLeft, kRight, kRight, kRight, kRight, kLeft});
  table.Add({"NAME", "STATE", "SCORE", "RATE", "1ST BYTE", "SUCCESS", "TOKEN"});
  for (const v1::Source& source : sources) {
    const auto latency = absl::ToInt64Milliseconds(DurationOf(source.latency()));
    table.Add({source.name(), source.state(),
               OrDash(source.score() > 0, FormatRate(static_cast<int64_t>(source.score()))),
               OrDash(source.rate_bytes_per_sec() > 0, FormatRate(source.rate_bytes_per_sec())),
               OrDash(source.has_latency() && latency > 0, absl::StrFormat("%d ms", latency)),
               absl::StrFormat("%.0f %%", 100 * source.success()), TokenWord(source)});
  }
  // The figures' columns, with a line of words below each.
  const std::vector<std::string> lines = absl::StrSplit(table.ToString(), '\n', absl::SkipEmpty());
  std::string text = absl::StrCat(lines[0], "\n");
  for (int i = 0; i < sources.size(); ++i) {
    absl::StrAppend(&text, lines[i + 1], "\n", SecondLine(sources[i], width), "\n");
  }
  return text;
}

std::string ExplanationText(const v1::ExplainSourceResponse& explained) {
  Table table({Align::kLeft, Align::kLeft, Align::kLeft});
  for (const v1::Explanation& line : explained.lines()) table.Add({line.what(), line.value(), line.why()});
  return absl::StrCat(Printable(explained.source().name()), "\n", table.ToString());
}

}  // namespace hfget::cli
