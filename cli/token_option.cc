#include "cli/token_option.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace hfget::cli {
namespace {

absl::StatusOr<FoundToken> OfStandardInput(Context& context) {
  absl::StatusOr<std::string> line = context.ask_secret("Token (it is not shown): ", context.err);
  if (!line.ok()) return line.status();
  absl::StatusOr<std::string> token = CleanToken(*line, "standard input");
  if (!token.ok()) return token.status();
  if (token->empty()) return absl::InvalidArgumentError("standard input holds no token");
  FoundToken found;
  found.token = *std::move(token);
  found.origin = "standard input";
  found.given = true;
  return found;
}

}  // namespace

absl::StatusOr<FoundToken> TakeToken(Context& context, const Options& options) {
  const TokenOptions& token = options.token;
  if (token.file == "-") return OfStandardInput(context);
  const std::string file =
      token.file.empty() ? "" : AbsolutePath(context.cwd, context.env.ExpandUser(token.file));
  absl::StatusOr<FoundToken> found = FindToken(context.env, token.token, file);
  if (found.ok() && !found->warning.empty()) {
    PrintNote(context, options, absl::StrCat("warning: ", found->warning));
  }
  return found;
}

void WarnOfVisibleToken(Context& context, const Options& options, absl::string_view variable) {
  if (options.token.token.empty()) return;
  PrintNote(context, options,
            absl::StrCat("warning: --token can be seen in the process list and in the shell's history; ", variable,
                         " and --token-file cannot"));
}

}  // namespace hfget::cli
