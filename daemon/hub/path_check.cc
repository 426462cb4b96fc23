#include "daemon/hub/path_check.h"

#include <algorithm>
#include <initializer_list>

#include "absl/hash/hash.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "daemon/hub/utf8.h"

namespace hfget::hub {
namespace {

constexpr size_t kMaxPathBytes = 4000;
constexpr size_t kMaxComponentBytes = 255;
// Each is a folder to be made, and to be told from the files of the listing.
constexpr int kMaxComponents = 100;

absl::Status Refuse(absl::string_view path, absl::string_view why) {
  return absl::InvalidArgumentError(absl::StrCat("the path \"", Printable(path), "\" ", why));
}

// Empty: nothing is wrong with it.
absl::string_view WrongWithText(absl::string_view path) {
  char32_t c;
  for (size_t pos = 0; pos < path.size();) {
    if (!NextCodePoint(path, pos, c)) return "is not UTF-8";
    if (IsControl(c)) return "holds a control character";
    if (c == '\\') return "holds a backslash";
  }
  return "";
}

absl::string_view WrongWithComponent(absl::string_view component) {
  if (component.empty()) return "has an empty component";
  if (component == "." || component == "..") return "has a component . or ..";
  if (component.size() > kMaxComponentBytes) return "has a component longer than 255 bytes";
  if (absl::EqualsIgnoreCase(component, ".git")) return "has a component .git";
  return "";
}

bool IsUnder(absl::string_view path, absl::string_view folder) {
  return absl::StartsWithIgnoreCase(path, folder) &&
         (path.size() == folder.size() || path[folder.size()] == '/');
}

// Characters that change how the text around them is shown, or break the line.
bool IsDeceptive(char32_t c) {
  return (c >= 0x200B && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) ||
         (c >= 0x2066 && c <= 0x2069) || c == 0xFEFF;
}

// One character of `text` at `pos`, as it may be shown.
std::string ShowNext(absl::string_view text, size_t& pos) {
  const size_t begin = pos;
  char32_t c = 0;
  if (!NextCodePoint(text, pos, c))
    pos = begin + 1;
  else if (!IsControl(c) && !IsDeceptive(c))
    return std::string(text.substr(begin, pos - begin));
  std::string shown;
  for (const char byte : text.substr(begin, pos - begin)) {
    absl::StrAppend(&shown, "\\x", absl::Hex(static_cast<unsigned char>(byte), absl::kZeroPad2));
  }
  return shown;
}

}  // namespace

absl::Status CheckPath(absl::string_view path) {
  if (path.empty()) return absl::InvalidArgumentError("a path is empty");
  if (path.size() > kMaxPathBytes) return Refuse(path, "is longer than 4,000 bytes");
  if (path[0] == '/') return Refuse(path, "is absolute");
  if (const auto why = WrongWithText(path); !why.empty()) return Refuse(path, why);
  for (const absl::string_view component : absl::StrSplit(path, '/')) {
    if (const auto why = WrongWithComponent(component); !why.empty()) return Refuse(path, why);
  }
  if (std::count(path.begin(), path.end(), '/') >= kMaxComponents) {
    return Refuse(path, "is nested in more than 100 folders");
  }
  // Temporary files of ours begin so, too.
  if (absl::StartsWithIgnoreCase(path, ".hfget") || IsUnder(path, ".cache/huggingface")) {
    return Refuse(path, "is in a folder that downloaders keep for themselves");
  }
  return absl::OkStatus();
}

absl::Status PathSet::Add(absl::string_view path) {
  const size_t hash = absl::HashOf(path);
  if (folders_.contains(hash)) return Refuse(path, "is listed as a file and as a folder");
  if (!files_.insert(hash).second) return Refuse(path, "is listed twice");
  absl::string_view folder = path;
  for (size_t slash; (slash = folder.rfind('/')) != absl::string_view::npos;) {
    folder = folder.substr(0, slash);
    const size_t of_folder = absl::HashOf(folder);
    if (files_.contains(of_folder)) return Refuse(folder, "is listed as a file and as a folder");
    if (!folders_.insert(of_folder).second) break;  // then its parents are known, too
    if (folders_.size() > max_folders_) {
      return absl::ResourceExhaustedError(
          absl::StrCat("the listing has more than ", max_folders_, " folders"));
    }
  }
  return absl::OkStatus();
}

std::string Printable(absl::string_view text, size_t max) {
  constexpr absl::string_view kCut = "…";
  std::string out;
  size_t fits = 0;  // as far as `out` may stay when the mark has to follow
  for (size_t pos = 0; pos < text.size();) {
    out += ShowNext(text, pos);
    if (out.size() > max) {
      out.resize(std::min(fits, max));
      return fits + kCut.size() <= max ? absl::StrCat(out, kCut) : out;
    }
    if (out.size() + kCut.size() <= max) fits = out.size();
  }
  return out;
}

}  // namespace hfget::hub
