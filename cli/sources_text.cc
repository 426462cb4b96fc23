#include "cli/sources_text.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "cli/format.h"
#include "cli/paint.h"
#include "cli/pull_text.h"
#include "cli/table.h"
#include "cli/text.h"

namespace hfget::cli {
namespace {

using Sources = google::protobuf::RepeatedPtrField<v1::Source>;

constexpr absl::string_view kIndent = "  ";
constexpr int kMinName = 8;

std::string OrDash(bool known, std::string text) { return known ? text : "-"; }

absl::string_view Mark(const SourcesStyle& style) { return style.unicode ? "…" : "~"; }

std::string Cut(const std::string& line, const SourcesStyle& style) {
  return style.width > 0 ? CutEnd(line, style.width, Mark(style)) : line;
}

std::string SecondLine(const v1::Source& source, const SourcesStyle& style) {
  std::string line = absl::StrCat(kIndent, source.endpoint());
  if (!source.reason().empty()) {
    absl::StrAppend(&line, source.endpoint().empty() ? "" : ": ", source.reason());
  }
  return Paint(style.color, kDim, Cut(Printable(line), style));
}

std::string Figures(const Sources& sources, const std::vector<std::string>& names) {
  using enum Align;
  Table table({kLeft, kLeft, kRight, kRight, kRight, kRight, kLeft});
  table.Add({"NAME", "STATE", "SCORE", "RATE", "1ST BYTE", "SUCCESS", "TOKEN"});
  for (int i = 0; i < sources.size(); ++i) {
    const v1::Source& source = sources[i];
    const auto latency = absl::ToInt64Milliseconds(DurationOf(source.latency()));
    table.Add({names[i], source.state(),
               OrDash(source.score() > 0, FormatRate(static_cast<int64_t>(source.score()))),
               OrDash(source.rate_bytes_per_sec() > 0, FormatRate(source.rate_bytes_per_sec())),
               OrDash(source.has_latency() && latency > 0, absl::StrFormat("%d ms", latency)),
               absl::StrFormat("%.0f %%", 100 * source.success()), TokenWord(source)});
  }
  return table.ToString();
}

int WidestOf(const std::vector<std::string>& texts) {
  int widest = 0;
  for (const std::string& text : texts) widest = std::max(widest, DisplayWidth(text));
  return widest;
}

std::vector<std::string> LinesOf(const std::string& text) {
  return absl::StrSplit(text, '\n', absl::SkipEmpty());
}

// The longest names give up what the table is too wide; the figures stay whole.
void CutNames(const Sources& sources, const SourcesStyle& style, std::vector<std::string>* names) {
  const int excess = WidestOf(LinesOf(Figures(sources, *names))) - style.width;
  if (style.width <= 0 || excess <= 0) return;
  const int room = std::max(kMinName, WidestOf(*names) - excess);
  for (std::string& name : *names) name = CutEnd(name, room, Mark(style));
}

// `line` begins with the name and the state, as Printable.
std::string PaintState(const std::string& line, const std::string& name, const v1::Source& source) {
  const std::string state = Printable(source.state());
  const size_t at = line.find(state, name.size());
  if (at == std::string::npos) return line;  // cut away
  return absl::StrCat(line.substr(0, at), Paint(true, StateColor(state), state),
                      line.substr(at + state.size()));
}

}  // namespace

std::string TokenWord(const v1::Source& source) {
  return source.token_policy() == "if-proven" ? VerdictWord(source.token_verdict()) : source.token_policy();
}

std::string VerdictWord(v1::TokenVerdict verdict) {
  switch (verdict) {
    case v1::TOKEN_VERDICT_FORWARDS:
      return "proven";
    case v1::TOKEN_VERDICT_NOT_SEEN_TO_FORWARD:
      return "dropped";
    default:
      return "unproven";
  }
}

absl::string_view StateColor(const std::string& state) {
  if (state == "ok") return kGreen;
  return state == "off" || state == "unverified" ? kDim : kYellow;
}

std::string SourcesText(const Sources& sources, const SourcesStyle& style) {
  std::vector<std::string> names;
  for (const v1::Source& source : sources) names.push_back(Printable(source.name()));
  CutNames(sources, style, &names);
  const std::vector<std::string> lines = LinesOf(Figures(sources, names));
  std::string text = absl::StrCat(Cut(lines[0], style), "\n");
  for (int i = 0; i < sources.size(); ++i) {
    const std::string line = Cut(lines[i + 1], style);
    absl::StrAppend(&text, style.color ? PaintState(line, names[i], sources[i]) : line, "\n",
                    SecondLine(sources[i], style), "\n");
  }
  return text;
}

std::string ExplanationText(const v1::ExplainSourceResponse& explained) {
  Table table({Align::kLeft, Align::kLeft, Align::kLeft});
  for (const v1::Explanation& line : explained.lines()) {
    table.Add({line.what(), line.value(), line.why()});
  }
  return absl::StrCat(Printable(explained.source().name()), "\n", table.ToString());
}

}  // namespace hfget::cli
