// Sources as people read them.
#ifndef HFGET_CLI_SOURCES_TEXT_H_
#define HFGET_CLI_SOURCES_TEXT_H_

#include <string>

#include "google/protobuf/repeated_field.h"
#include "hfget/v1/hfget.pb.h"

namespace hfget::cli {

// Two lines a source: its figures within 80 columns, then its endpoint and why it is not "ok", cut to `width`; 0: uncut.
std::string SourcesText(const google::protobuf::RepeatedPtrField<v1::Source>& sources, int width);

// What, value and why of each line, in columns.
std::string ExplanationText(const v1::ExplainSourceResponse& explained);

// "always", "never", "proven", "dropped" (seen not to forward), "unproven".
std::string TokenWord(const v1::Source& source);

}  // namespace hfget::cli

#endif  // HFGET_CLI_SOURCES_TEXT_H_
