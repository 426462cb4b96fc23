#include "cli/roff.h"

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

namespace hfget::cli {

std::string RoffText(absl::string_view text) {
  // groff prints the bare characters as typographic ones, which no shell understands.
  return absl::StrReplaceAll(
      text, {{"\\", "\\e"}, {"-", "\\-"}, {"'", "\\(aq"}, {"`", "\\(ga"}, {"^", "\\(ha"}, {"~", "\\(ti"}, {"\n", " "}});
}

std::string RoffBold(absl::string_view text) { return absl::StrCat("\\fB", RoffText(text), "\\fR"); }

std::string RoffItalic(absl::string_view text) { return absl::StrCat("\\fI", RoffText(text), "\\fR"); }

RoffPage::RoffPage(absl::string_view name, int section, absl::string_view version) {
  const std::string title = RoffText(absl::AsciiStrToUpper(name));
  absl::StrAppend(&text_, ".TH \"", title, "\" \"", section, "\" \"\" \"", RoffText(version), "\" \"hfget\"\n");
}

void RoffPage::Line(absl::string_view markup) {
  // A dot at the front of a line would make it a request.
  absl::StrAppend(&text_, absl::StartsWith(markup, ".") ? "\\&" : "", markup, "\n");
}

void RoffPage::Section(absl::string_view title) { absl::StrAppend(&text_, ".SH \"", RoffText(title), "\"\n"); }

void RoffPage::Subsection(absl::string_view title) { absl::StrAppend(&text_, ".SS \"", RoffText(title), "\"\n"); }

void RoffPage::Paragraph(absl::string_view markup) {
  absl::StrAppend(&text_, ".PP\n");
  Line(markup);
}

void RoffPage::Item(absl::string_view term, absl::string_view markup) {
  absl::StrAppend(&text_, ".TP\n");
  Line(term);
  Line(markup);
}

void RoffPage::Code(absl::string_view text) {
  absl::StrAppend(&text_, ".PP\n.RS 4\n.nf\n");
  for (const absl::string_view line : absl::StrSplit(text, '\n')) Line(RoffText(line));
  absl::StrAppend(&text_, ".fi\n.RE\n");
}

}  // namespace hfget::cli
