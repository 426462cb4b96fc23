// The markup of man pages (man(7)). Pure.
#ifndef HFGET_CLI_ROFF_H_
#define HFGET_CLI_ROFF_H_

#include <string>

#include "absl/strings/string_view.h"

namespace hfget::cli {

// `text` as it stands, on one line: nothing in it is markup, and a hyphen can be copied into a shell.
std::string RoffText(absl::string_view text);
std::string RoffBold(absl::string_view text);
std::string RoffItalic(absl::string_view text);

// A page as it is written, part by part. What is handed over is markup already.
class RoffPage {
 public:
  // ".TH"; no date, so that equal builds make equal pages.
  RoffPage(absl::string_view name, int section, absl::string_view version);

  void Section(absl::string_view title);
  void Subsection(absl::string_view title);
  void Paragraph(absl::string_view markup);
  // A term with its explanation indented below it.
  void Item(absl::string_view term, absl::string_view markup);
  // Lines as they are, in a font of equal widths where there is one.
  void Code(absl::string_view text);

  const std::string& text() const { return text_; }

 private:
  void Line(absl::string_view markup);

  std::string text_;
};

}  // namespace hfget::cli

#endif  // HFGET_CLI_ROFF_H_
