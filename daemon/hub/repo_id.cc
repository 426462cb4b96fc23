#include "daemon/hub/repo_id.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "daemon/base/status.h"
#include "daemon/hub/path_check.h"
#include "daemon/hub/url.h"
#include "daemon/hub/utf8.h"

namespace hfget::hub {
namespace {

constexpr size_t kMaxNameBytes = 96;
constexpr size_t kMaxRevisionBytes = 255;

absl::Status BadName(absl::string_view name, absl::string_view rule) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", Printable(name), "\" is not the name of a repo: ", rule));
}

absl::Status BadRevision(absl::string_view revision, absl::string_view rule) {
  return absl::InvalidArgumentError(
      absl::StrCat("\"", Printable(revision), "\" is not a revision: ", rule));
}

absl::Status BadSpec(absl::string_view text, absl::string_view rule) {
  return absl::InvalidArgumentError(absl::StrCat("\"", Printable(text), "\": ", rule));
}

bool IsWordCharacter(char c) { return absl::ascii_isalnum(c) || c == '_'; }

absl::Status CheckNamePart(absl::string_view name, absl::string_view part) {
  if (part.empty()) return BadName(name, "a part of it is empty; write org/name");
  if (part.size() > kMaxNameBytes)
    return BadName(name, "a part of it is longer than 96 characters");
  const bool known = std::all_of(part.begin(), part.end(),
                                 [](char c) { return IsWordCharacter(c) || c == '-' || c == '.'; });
  if (!known) return BadName(name, "only letters, digits, \"-\", \"_\" and \".\" are allowed");
  if (!IsWordCharacter(part.front()) || !IsWordCharacter(part.back())) {
    return BadName(name, "a part of it begins or ends with \"-\" or \".\"");
  }
  return absl::OkStatus();
}

// What git-check-ref-format refuses anywhere in a name.
absl::string_view WrongWithRevision(absl::string_view revision) {
  if (revision.empty()) return "it is empty";
  if (revision.size() > kMaxRevisionBytes) return "it is longer than 255 bytes";
  if (revision.front() == '-') return "it begins with \"-\"";
  if (revision == "@" || absl::StrContains(revision, "@{"))
    return "\"@\" alone and \"@{\" are git's";
  if (absl::StrContains(revision, "..")) return "it holds \"..\"";
  if (revision.find_first_of(" ~^:?*[\\") != absl::string_view::npos) {
    return "spaces and ~ ^ : ? * [ \\ are not allowed";
  }
  char32_t c;
  for (size_t pos = 0; pos < revision.size();) {
    // A record of the store holds UTF-8 alone: one with other bytes could not be read again.
    if (!NextCodePoint(revision, pos, c)) return "it is not UTF-8";
    if (IsControl(c)) return "it holds a control character";
  }
  return "";
}

absl::string_view WrongWithRevisionPart(absl::string_view part) {
  if (part.empty()) return "a part of it is empty";
  if (part.front() == '.' || part.back() == '.') return "a part of it begins or ends with \".\"";
  if (absl::EndsWith(part, ".lock")) return "a part of it ends with \".lock\"";
  return "";
}

absl::Status NoSpaces(absl::string_view text) {
  return BadSpec(text, "only models and datasets can be pulled from ModelScope");
}

// Takes "models/", "datasets/" or "spaces/" off the front.
absl::Status TakeType(absl::string_view text, absl::string_view& rest, RepoSpec& spec) {
  for (const RepoType type : {RepoType::kModel, RepoType::kDataset, RepoType::kSpace}) {
    const std::string prefix = absl::StrCat(TypePlural(type), "/");
    if (!absl::ConsumePrefix(&rest, prefix)) continue;
    if (type == RepoType::kSpace && spec.repo.hub == Hub::kModelScope) return NoSpaces(text);
    spec.repo.type = type;
    spec.type_given = true;
    return absl::OkStatus();
  }
  const bool studio = spec.repo.hub == Hub::kModelScope && absl::StartsWith(rest, "studios/");
  if (studio) return NoSpaces(text);
  for (const absl::string_view other : {"kernels/", "buckets/"}) {
    if (absl::StartsWith(rest, other)) {
      return BadSpec(text, "only models, datasets and spaces can be pulled");
    }
  }
  return absl::OkStatus();
}

size_t WordLength(absl::string_view text) {
  const auto end = std::find_if_not(
      text.begin(), text.end(), [](char c) { return IsWordCharacter(c) || c == '-' || c == '.'; });
  return end - text.begin();
}

// The length of "refs/pr/N" or "refs/convert/name" at the front of "rev/path"; such a revision
// holds slashes. 0: none.
size_t SpecialRefLength(absl::string_view text) {
  absl::string_view rest = text;
  size_t word = 0;
  if (absl::ConsumePrefix(&rest, "refs/pr/")) {
    word = std::find_if_not(rest.begin(), rest.end(), absl::ascii_isdigit) - rest.begin();
  } else if (absl::ConsumePrefix(&rest, "refs/convert/")) {
    word = WordLength(rest);
  }
  if (word == 0 || (word < rest.size() && rest[word] != '/')) return 0;
  return text.size() - rest.size() + word;
}

// "rev[/path]", where the revision may spell its slashes as %2F.
void TakeRevisionAndPath(absl::string_view text, RepoSpec& spec) {
  size_t length = SpecialRefLength(text);
  if (length == 0) length = std::min(text.find('/'), text.size());
  spec.revision = Decode(text.substr(0, length));
  text.remove_prefix(length);
  absl::ConsumePrefix(&text, "/");
  spec.path = std::string(text);
}

// Splits "[org/]name[@rev][/path]". An "@" behind the name belongs to a file.
absl::Status TakeLocation(absl::string_view text, absl::string_view location, RepoSpec& spec) {
  const size_t first = location.find('/');
  const size_t second = first == absl::string_view::npos ? first : location.find('/', first + 1);
  const size_t at = location.find('@');
  if (at != absl::string_view::npos && at < second) {
    spec.repo.name = std::string(location.substr(0, at));
    TakeRevisionAndPath(location.substr(at + 1), spec);
    if (spec.revision.empty()) return BadSpec(text, "there is no revision after \"@\"");
    return absl::OkStatus();
  }
  spec.repo.name = std::string(location.substr(0, second));
  if (second != absl::string_view::npos) spec.path = std::string(location.substr(second + 1));
  return absl::OkStatus();
}

std::optional<Hub> HubOfHost(absl::string_view host) {
  absl::ConsumePrefix(&host, "www.");
  if (host == "huggingface.co" || host == "hf.co") return Hub::kHuggingFace;
  if (host == "modelscope.cn" || host == "modelscope.ai") return Hub::kModelScope;
  return std::nullopt;
}

// A decoded "/" stays "%2F", so that "feature%2Fx" is still one part for TakeRevisionAndPath.
std::string DecodePart(absl::string_view part) {
  return absl::StrReplaceAll(Decode(part), {{"/", "%2F"}});
}

bool IsOneOf(absl::string_view word, std::initializer_list<absl::string_view> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// How many parts of a page's path, from `at`, say what kind of page it is; 0: not one that names
// files.
size_t RouteLength(Hub hub, const std::vector<std::string>& parts, size_t at) {
  if (hub == Hub::kHuggingFace) {
    return IsOneOf(parts[at], {"tree", "blob", "resolve", "raw", "blame"}) ? 1 : 0;
  }
  const bool view = parts[at] == "file" && at + 1 < parts.size() && parts[at + 1] == "view";
  if (view) return 2;
  // These two show the whole repo, so that nothing may follow.
  const bool whole = IsOneOf(parts[at], {"summary", "files"}) && at + 1 == parts.size();
  return whole || parts[at] == "resolve" ? 1 : 0;
}

// Turns the page of a repo, a folder or a file into what "hf://" would say.
absl::StatusOr<std::string> LocationOfPage(absl::string_view text, Hub hub,
                                           absl::string_view path) {
  std::vector<std::string> parts;
  for (const absl::string_view part : absl::StrSplit(path, '/', absl::SkipEmpty())) {
    parts.push_back(DecodePart(part));
  }
  const bool typed = !parts.empty() &&
                     (IsOneOf(parts[0], {"models", "datasets", "spaces", "kernels", "buckets"}) ||
                      (parts[0] == "studios" && hub == Hub::kModelScope));
  const size_t name_end = typed ? 3 : 2;
  if (parts.size() < name_end) return BadSpec(text, "this page is not one of a repo (org/name)");
  std::string location = absl::StrJoin(parts.begin(), parts.begin() + name_end, "/");
  if (parts.size() == name_end) return location;
  const size_t route = RouteLength(hub, parts, name_end);
  if (route == 0) {
    return BadSpec(text, hub == Hub::kHuggingFace
                             ? "only pages of a repo, a folder or a file (tree, blob, resolve) "
                               "name something to pull"
                             : "only pages of a repo or a file (summary, files, resolve, "
                               "file/view) name something to pull");
  }
  const auto rest = parts.begin() + name_end + route;
  if (rest == parts.end()) return location;
  return absl::StrCat(location, "@", absl::StrJoin(rest, parts.end(), "/"));
}

absl::StatusOr<std::string> LocationOfUrl(absl::string_view text, Hub& hub) {
  const std::string absolute =
      absl::StrContains(text, "://") ? std::string(text) : absl::StrCat("https://", text);
  HFGET_ASSIGN_OR_RETURN(const Url url, ParseUrl(absolute));
  const std::optional<Hub> known = HubOfHost(url.host);
  if (!known) {
    return BadSpec(text,
                   "pages of modelscope.cn and huggingface.co only; for another hub write "
                   "org/name and configure it as a source");
  }
  hub = *known;
  return LocationOfPage(text, hub, url.path);
}

bool LooksLikeUrl(absl::string_view text) {
  if (absl::StrContains(text, "://")) return true;
  for (const char* host : {"huggingface.co/", "hf.co/", "modelscope.cn/", "modelscope.ai/",
                           "www.huggingface.co/", "www.modelscope.cn/", "www.modelscope.ai/"}) {
    if (absl::StartsWithIgnoreCase(text, host)) return true;
  }
  return false;
}

absl::Status CheckSpec(absl::string_view text, const RepoSpec& spec) {
  HFGET_RETURN_IF_ERROR(CheckRepoName(spec.repo.name));
  const absl::string_view owner = absl::string_view(spec.repo.name).substr(0, spec.repo.name.find('/'));
  // No hub has such an owner, and "datasets/x" would mean another repo when it is typed again.
  const bool type_as_owner = IsOneOf(owner, {"models", "datasets", "spaces", "kernels", "buckets"});
  if (type_as_owner && owner.size() < spec.repo.name.size()) {
    return BadSpec(text, absl::StrCat("\"", owner, "\" is a type of repo, not the owner of one"));
  }
  if (spec.repo.hub == Hub::kModelScope && !absl::StrContains(spec.repo.name, '/')) {
    return BadSpec(text, "a repo of ModelScope is always org/name");
  }
  if (!spec.revision.empty()) HFGET_RETURN_IF_ERROR(CheckRevision(spec.revision));
  if (!spec.path.empty()) {
    absl::string_view path = spec.path;
    absl::ConsumeSuffix(&path, "/");  // a folder
    HFGET_RETURN_IF_ERROR(Annotate(CheckPath(path), Printable(text)));
  }
  return absl::OkStatus();
}

}  // namespace

absl::string_view TypeName(RepoType type) {
  constexpr std::array<const char*, 3> kNames = {"model", "dataset", "space"};
  return kNames[static_cast<size_t>(type)];
}

absl::string_view TypePlural(RepoType type) {
  constexpr std::array<const char*, 3> kNames = {"models", "datasets", "spaces"};
  return kNames[static_cast<size_t>(type)];
}

absl::string_view WebPrefix(RepoType type) {
  constexpr std::array<const char*, 3> kPrefixes = {"", "datasets/", "spaces/"};
  return kPrefixes[static_cast<size_t>(type)];
}

std::string ShownName(const RepoId& repo) { return repo.hub == Hub::kHuggingFace ? repo.name : DisplayName(repo); }

std::string DisplayName(const RepoId& repo) {
  const absl::string_view scheme = repo.hub == Hub::kModelScope ? "modelscope://" : "";
  return absl::StrCat(scheme, WebPrefix(repo.type), repo.name);
}

absl::string_view DefaultRevision(Hub hub) { return hub == Hub::kModelScope ? "master" : "main"; }

absl::Status CheckRepoName(absl::string_view name) {
  const std::vector<absl::string_view> parts = absl::StrSplit(name, '/');
  if (parts.size() > 2) return BadName(name, "write org/name, and the type with --type");
  for (const absl::string_view part : parts) HFGET_RETURN_IF_ERROR(CheckNamePart(name, part));
  if (absl::StrContains(name, "--") || absl::StrContains(name, "..")) {
    return BadName(name, "\"--\" and \"..\" are not allowed");
  }
  if (absl::EndsWith(name, ".git")) return BadName(name, "it ends with \".git\"");
  return absl::OkStatus();
}

absl::StatusOr<RepoSpec> ParseRepoSpec(absl::string_view text) {
  absl::string_view rest = text;
  std::string location;
  RepoSpec spec;
  if (absl::ConsumePrefix(&rest, "modelscope://")) spec.repo.hub = Hub::kModelScope;
  const bool scheme = spec.repo.hub == Hub::kModelScope || absl::ConsumePrefix(&rest, "hf://");
  const bool url = !scheme && LooksLikeUrl(rest);
  if (url) {
    HFGET_ASSIGN_OR_RETURN(location, LocationOfUrl(rest, spec.repo.hub));
    rest = location;
  }
  HFGET_RETURN_IF_ERROR(TakeType(text, rest, spec));
  HFGET_RETURN_IF_ERROR(TakeLocation(text, rest, spec));
  if (!scheme && !url && !spec.path.empty()) {
    return BadSpec(text,
                   "too many parts; write org/name and the files after it, or hf://org/name/path");
  }
  HFGET_RETURN_IF_ERROR(CheckSpec(text, spec));
  return spec;
}

absl::Status CheckRevision(absl::string_view revision) {
  if (const auto why = WrongWithRevision(revision); !why.empty()) return BadRevision(revision, why);
  for (const absl::string_view part : absl::StrSplit(revision, '/')) {
    if (const auto why = WrongWithRevisionPart(part); !why.empty()) {
      return BadRevision(revision, why);
    }
  }
  return absl::OkStatus();
}

bool IsFullCommit(absl::string_view revision) {
  return revision.size() == 40 && std::all_of(revision.begin(), revision.end(), [](char c) {
           return absl::ascii_isdigit(c) || (c >= 'a' && c <= 'f');
         });
}

}  // namespace hfget::hub
