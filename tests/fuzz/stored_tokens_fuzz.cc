// The file of tokens that huggingface_hub shares with us: whatever is in it must still be there after we have written it.
#include "cli/stored_tokens.h"

#include "tests/fuzz/fuzz.h"

namespace hfget::fuzz {

FUZZ(input) {
  const std::string name = cli::TokenName(input, "otherwise");
  HOLDS(!name.empty() && name != "DEFAULT" && name.size() <= 200);
  const cli::TokensByName one = {{name, {{"hf_token", "hf_x"}}}};
  const auto kept = cli::ParseStoredTokens(cli::FormatStoredTokens(one));
  HOLDS(kept.ok() && *kept == one);
  const auto tokens = cli::ParseStoredTokens(input);
  if (!tokens.ok()) return HOLDS(IsOneLine(tokens.status().message()));
  const auto again = cli::ParseStoredTokens(cli::FormatStoredTokens(*tokens));
  HOLDS(again.ok() && *again == *tokens);
}

}  // namespace hfget::fuzz
