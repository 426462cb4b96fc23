#include "cli/context.h"

#include "absl/strings/str_cat.h"
#include "cli/error_detail.h"
#include "cli/json.h"
#include "cli/text.h"

namespace hfget::cli {
namespace {

v1::ErrorCause CauseOf(ExitCode code) {
  switch (code) {
    case ExitCode::kUsage:
      return v1::ERROR_CAUSE_INVALID;
    case ExitCode::kNotFound:
      return v1::ERROR_CAUSE_NOT_FOUND;
    case ExitCode::kUnauthorized:
      return v1::ERROR_CAUSE_UNAUTHORIZED;
    default:
      return v1::ERROR_CAUSE_INTERNAL;
  }
}

}  // namespace

void PrintError(Context& context, absl::string_view text) {
  context.err << absl::StrCat("hfget: ", Printable(text), "\n") << std::flush;
}

void PrintNote(Context& context, const Options& options, absl::string_view text) {
  if (options.quiet || options.json) return;
  context.err << absl::StrCat(Printable(text), "\n") << std::flush;
}

ExitCode Fail(Context& context, const Options& options, const absl::Status& status) {
  const ExitCode code = ExitCodeOf(status);
  PrintError(context, status.message());
  const auto detail = DetailOf(status);
  if (options.json) context.out << ErrorJson(detail ? detail->cause() : CauseOf(code), status.message()) << "\n";
  return code;
}

}  // namespace hfget::cli
