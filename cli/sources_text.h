// Sources as people read them.
#ifndef HFGET_CLI_SOURCES_TEXT_H_
#define HFGET_CLI_SOURCES_TEXT_H_

#include <string>

#include "absl/strings/string_view.h"
#include "google/protobuf/repeated_field.h"
#include "hfget/v1/hfget.pb.h"

namespace hfget::cli {

struct SourcesStyle {
  int width = 0;  // columns of the terminal; 0: there is none, nothing is cut
  bool color = false;
  bool unicode = true;  // else a cut is marked in ASCII
};

// Two lines a source: its figures, then its endpoint and why it is not "ok". No line is wider than
// the terminal; within 80 columns the figures of a source are whole, and a name as far as there is
// room.
std::string SourcesText(const google::protobuf::RepeatedPtrField<v1::Source>& sources,
                        const SourcesStyle& style);

// What, value and why of each line, in columns.
std::string ExplanationText(const v1::ExplainSourceResponse& explained);

// Of the state of a source.
absl::string_view StateColor(const std::string& state);

// "always", "never", "proven", "dropped" (seen not to forward), "unproven".
std::string TokenWord(const v1::Source& source);
// The last three of these.
std::string VerdictWord(v1::TokenVerdict verdict);

}  // namespace hfget::cli

#endif  // HFGET_CLI_SOURCES_TEXT_H_
