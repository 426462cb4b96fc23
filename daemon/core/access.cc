#include "daemon/core/access.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace hfget::core {
namespace {

constexpr uint32_t kRoot = 0;
constexpr uint32_t kOthersMayWrite = 0022;

}  // namespace

std::optional<Caller> Admit(const PeerUser& peer, const AllowedUsers& allowed) {
  if (peer.uid == allowed.own_uid || peer.uid == kRoot) return Caller{};
  const bool in_group = std::any_of(peer.groups.begin(), peer.groups.end(),
                                    [&](uint32_t group) { return allowed.groups.count(group) > 0; });
  if (!in_group && allowed.users.count(peer.uid) == 0) return std::nullopt;
  return Caller{absl::StrCat("user ", peer.uid)};
}

bool MaySee(const Caller& caller, absl::string_view owner) { return caller.trusted() || caller.name == owner; }

bool MayManage(const Caller& caller) { return caller.trusted(); }

bool MayUseOwnToken(absl::string_view owner, bool shared) { return owner.empty() || shared; }

const std::string* RootOf(absl::string_view path, const std::vector<std::string>& roots) {
  for (const std::string& root : roots) {
    if (path == root || root == "/" || absl::StartsWith(path, absl::StrCat(root, "/"))) return &root;
  }
  return nullptr;
}

bool OnlyOursToChange(uint32_t owner, uint32_t mode, uint32_t own_uid) {
  return (owner == own_uid || owner == kRoot) && (mode & kOthersMayWrite) == 0;
}

}  // namespace hfget::core
