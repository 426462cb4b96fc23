#include "cli/stored_tokens.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "cli/found_token.h"
#include "cli/hub_settings.h"
#include "cli/written_file.h"

namespace hfget::cli {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxFileBytes = 1 << 20;
constexpr size_t kMaxNameBytes = 200;

absl::Status Failed(absl::string_view doing, const std::string& path) {
  return absl::ErrnoToStatus(errno, absl::StrCat("cannot ", doing, " ", path));
}

absl::Status MakeFolder(const fs::path& folder) {
  std::error_code error;
  if (folder.empty() || fs::is_directory(folder, error)) return absl::OkStatus();
  if (absl::Status parent = MakeFolder(folder.parent_path()); !parent.ok()) return parent;
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return Failed("make the folder", folder);
  return absl::OkStatus();
}

absl::Status WriteSecret(const std::string& path, absl::string_view data) {
  std::error_code error;
  const fs::path whole = fs::weakly_canonical(path, error);  // the folder of what a link stands for
  if (absl::Status made = MakeFolder((error ? fs::path(path) : whole).parent_path()); !made.ok()) return made;
  return WriteWholeFile(path, data, Secrecy::kOwner);
}

absl::Status RemoveFile(const std::string& path) {
  if (unlink(path.c_str()) == 0 || errno == ENOENT || errno == ENOTDIR) return absl::OkStatus();
  return Failed("remove", path);
}

absl::Status BadLine(int line, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("line ", line, " ", why));
}

bool IsComment(absl::string_view line) { return line[0] == '#' || line[0] == ';'; }

}  // namespace

absl::StatusOr<TokensByName> ParseStoredTokens(absl::string_view text) {
  TokensByName tokens;
  TokenFields* fields = nullptr;
  std::string* value = nullptr;  // that an indented line goes on with
  int number = 0;
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    ++number;
    const absl::string_view words = absl::StripAsciiWhitespace(line);
    if (words.empty() || IsComment(words)) continue;
    if (absl::ascii_isspace(line[0]) && value != nullptr) {
      absl::StrAppend(value, "\n", words);
      continue;
    }
    if (words.front() == '[' && words.back() == ']' && words.size() > 2) {
      const auto [section, is_new] =
          tokens.emplace(std::string(words.substr(1, words.size() - 2)), TokenFields());
      if (!is_new) return BadLine(number, "names a token for the second time");
      fields = &section->second;
      value = nullptr;
      continue;
    }
    const size_t end = words.find_first_of("=:");
    if (fields == nullptr || end == 0 || end == absl::string_view::npos) {
      return BadLine(number, "is neither a [name] nor a key = value");
    }
    const absl::string_view key = absl::StripTrailingAsciiWhitespace(words.substr(0, end));
    const auto [field, is_new] = fields->emplace(
        absl::AsciiStrToLower(key), absl::StripLeadingAsciiWhitespace(words.substr(end + 1)));
    if (!is_new) return BadLine(number, "has a key for the second time");
    value = &field->second;
  }
  tokens.erase("DEFAULT");  // to Python, not a section but what all have
  return tokens;
}

std::string FormatStoredTokens(const TokensByName& tokens) {
  std::string text;
  for (const auto& [name, fields] : tokens) {
    absl::StrAppend(&text, "[", name, "]\n");
    for (const auto& [key, value] : fields) {
      absl::StrAppend(&text, key, " = ", absl::StrReplaceAll(value, {{"\n", "\n\t"}}), "\n");
    }
    absl::StrAppend(&text, "\n");
  }
  return text;
}

std::string TokenName(absl::string_view name, const std::string& otherwise) {
  std::string out(absl::StripAsciiWhitespace(name.substr(0, kMaxNameBytes)));
  for (char& c : out) {
    if (absl::ascii_iscntrl(static_cast<unsigned char>(c))) c = ' ';
  }
  return out.empty() || out == "DEFAULT" ? otherwise : out;
}

StoredTokens::StoredTokens(const Environment& env)
    : token_path_(TokenPath(env)), stored_path_(StoredTokensPath(env)) {}

absl::StatusOr<TokensByName> StoredTokens::Read() const {
  errno = 0;
  std::ifstream file(stored_path_, std::ios::binary);
  if (!file.is_open()) {
    if (errno == ENOENT || errno == ENOTDIR) return TokensByName();
    return Failed("read", stored_path_);
  }
  const std::string text(std::istreambuf_iterator<char>(file), {});
  if (text.size() > kMaxFileBytes) {
    return absl::FailedPreconditionError(absl::StrCat(stored_path_, " is too long to hold tokens"));
  }
  absl::StatusOr<TokensByName> tokens = ParseStoredTokens(text);
  if (tokens.ok()) return tokens;
  return absl::FailedPreconditionError(absl::StrCat(stored_path_, ": ", tokens.status().message(),
                                                    ": mend it, or move it away and log in anew"));
}

std::string StoredTokens::Active() const {
  std::ifstream file(token_path_, std::ios::binary);
  if (!file.is_open()) return "";
  const std::string text(std::istreambuf_iterator<char>(file), {});
  return CleanToken(text, token_path_).value_or("");
}

// One at a time, and not while huggingface_hub refreshes a token of the file.
absl::Status StoredTokens::Change(const std::function<absl::Status(TokensByName*)>& change) const {
  if (absl::Status made = MakeFolder(fs::path(stored_path_).parent_path()); !made.ok()) return made;
  const int lock = open((stored_path_ + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  const absl::Cleanup unlock = [lock] { close(lock); };
  if (lock >= 0) flock(lock, LOCK_EX);  // where there are no locks, we do without
  absl::StatusOr<TokensByName> tokens = Read();
  if (!tokens.ok()) return tokens.status();
  if (absl::Status changed = change(&*tokens); !changed.ok()) return changed;
  return WriteSecret(stored_path_, FormatStoredTokens(*tokens));
}

absl::Status StoredTokens::Add(const std::string& name, const std::string& token) const {
  const absl::Status stored = Change([&](TokensByName* tokens) {
    (*tokens)[name] = {{"hf_token", token}};  // what belonged to an older one of this name goes
    return absl::OkStatus();
  });
  return stored.ok() ? WriteSecret(token_path_, token) : stored;
}

absl::Status StoredTokens::Remove(const std::string& name) const {
  std::string token;
  const absl::Status removed = Change([&](TokensByName* tokens) {
    const auto it = tokens->find(name);
    if (it == tokens->end()) {
      return absl::NotFoundError(
          absl::StrCat("no token is named \"", name, "\": hfget auth list shows them"));
    }
    token = it->second["hf_token"];
    tokens->erase(it);
    return absl::OkStatus();
  });
  if (!removed.ok() || token.empty() || token != Active()) return removed;
  return RemoveFile(token_path_);
}

absl::Status StoredTokens::RemoveAll() const {
  absl::Status removed = RemoveFile(token_path_);
  removed.Update(RemoveFile(stored_path_));
  return removed;
}

}  // namespace hfget::cli
