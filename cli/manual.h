// What the manual says beyond the definitions of the command line: variables, files, examples.
#ifndef HFGET_CLI_MANUAL_H_
#define HFGET_CLI_MANUAL_H_

#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace hfget::cli {

struct ManualEntry {
  absl::string_view term;
  absl::string_view text;
};
absl::Span<const ManualEntry> ManualVariables();
absl::Span<const ManualEntry> ManualFiles();

struct ManualExample {
  absl::string_view command;  // of hfget that it is about; empty: of the whole
  absl::string_view line;     // "hfget …", as it is typed
  absl::string_view text;     // what it does
};
absl::Span<const ManualExample> ManualExamples();

}  // namespace hfget::cli

#endif  // HFGET_CLI_MANUAL_H_
