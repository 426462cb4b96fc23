// Words of a command line, one a line; and the token that may stand in one.
#include "cli/command_line.h"

#include "absl/strings/str_split.h"
#include "cli/found_token.h"
#include "cli/options.h"
#include "tests/fuzz/fuzz.h"

namespace hfget::fuzz {

FUZZ(input) {
  const std::vector<std::string> words = absl::StrSplit(input, '\n', absl::SkipEmpty());
  const cli::CommandLine parsed = cli::ParseCommandLine(words);
  HOLDS(parsed.options.has_value() + !parsed.help.empty() + !parsed.error.empty() == 1);
  HOLDS(parsed.error.find('\n') == std::string::npos);
  if (parsed.options) HOLDS(parsed.options->pull.max_connections >= 0);
  const auto token = cli::CleanToken(input, "--token");
  // Nothing of a bad one is repeated: they all get the same words.
  if (!token.ok()) return HOLDS(token.status() == cli::CleanToken("\x01", "--token").status());
  for (const unsigned char c : *token) HOLDS(c > ' ' && c < 0x7F);
  HOLDS(cli::CleanToken(*token, "--token").value() == *token);
  const std::string shown = cli::Redacted(*token);
  HOLDS(shown.size() <= 3 + 3 + 4);
}

}  // namespace hfget::fuzz
