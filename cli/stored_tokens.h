// The tokens that were logged in with, in the files that huggingface_hub reads and writes: all by
// name in "stored_tokens", the one that is used in "token". Source: hf-hub-protocol §4.3.
#ifndef HFGET_CLI_STORED_TOKENS_H_
#define HFGET_CLI_STORED_TOKENS_H_

#include <functional>
#include <map>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cli/environment.h"

namespace hfget::cli {

// What is known of one token: "hf_token", and for a login by browser "refresh_token" and
// "expires_at". Unknown fields are kept.
using TokenFields = std::map<std::string, std::string>;
// By name.
using TokensByName = std::map<std::string, TokenFields>;

// As Python's configparser reads it: "[name]", "key = value" or "key: value", keys in lower case,
// "#" and ";" for comments, indented lines continue a value. Errors: INVALID_ARGUMENT with the line.
absl::StatusOr<TokensByName> ParseStoredTokens(absl::string_view text);
std::string FormatStoredTokens(const TokensByName& tokens);
// What can stand in "[name]"; `otherwise` when nothing of it can.
std::string TokenName(absl::string_view name, const std::string& otherwise);

// Files of mode 0600, replaced as a whole, in folders that are made with 0700. Errors of every
// method name the file and the reason, and never what is in it.
class StoredTokens {
 public:
  explicit StoredTokens(const Environment& env);

  const std::string& token_path() const { return token_path_; }
  const std::string& stored_path() const { return stored_path_; }

  // Empty when there is no file.
  absl::StatusOr<TokensByName> Read() const;
  // The token of token_path; empty: none. One that cannot be read is none.
  std::string Active() const;

  // Stores it under `name`, and makes it the one that is used.
  absl::Status Add(const std::string& name, const std::string& token) const;
  // Takes it away; when it is the one that is used, that too. Errors: NOT_FOUND.
  absl::Status Remove(const std::string& name) const;
  absl::Status RemoveAll() const;

 private:
  absl::Status Change(const std::function<absl::Status(TokensByName*)>& change) const;

  const std::string token_path_;
  const std::string stored_path_;
};

}  // namespace hfget::cli

#endif  // HFGET_CLI_STORED_TOKENS_H_
