// The rules of the API's door: who may come in, and what those may do who are not the daemon's own user.
#ifndef HFGET_DAEMON_CORE_ACCESS_H_
#define HFGET_DAEMON_CORE_ACCESS_H_

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace hfget::core {

// Who makes a call. One name is one client: its pulls, limits and rights go by it.
struct Caller {
  // Empty: the user that the daemon runs as, or root, who could read the daemon's memory anyhow. Else a guest: "user 1000",
  // "certificate CN=ci", "token".
  std::string name;

  bool trusted() const { return name.empty(); }
};

// The other end of a Unix socket, by the kernel's word.
struct PeerUser {
  uint32_t uid = 0;
  std::vector<uint32_t> groups;  // all of them
};

struct AllowedUsers {
  uint32_t own_uid = 0;       // of the daemon
  std::set<uint32_t> users;   // besides that one and root
  std::set<uint32_t> groups;  // likewise, whoever is in one of them
};

// nullopt: a stranger, to whom the door stays shut.
std::optional<Caller> Admit(const PeerUser& peer, const AllowedUsers& allowed);

// `owner`: who asked for a pull, as Caller::name. A pull that one may not see does not exist for one: it is not listed, watched,
// cancelled or joined.
bool MaySee(const Caller& caller, absl::string_view owner);

// What holds for everybody: sources switched off or asked, the daemon's own account.
bool MayManage(const Caller& caller);

// Whether a pull of `owner` without a token of its own is given the daemon's.
bool MayUseOwnToken(absl::string_view owner, bool shared);

// The folder of `roots` that `path` is, or lies below; nullptr: none. REQUIRES: all absolute, without links and "..".
const std::string* RootOf(absl::string_view path, const std::vector<std::string>& roots);

// Whether nobody but the daemon and root can put a link in the place of something in a folder of this owner and mode: what was
// found out about a path through it stays true.
bool OnlyOursToChange(uint32_t owner, uint32_t mode, uint32_t own_uid);

}  // namespace hfget::core

#endif  // HFGET_DAEMON_CORE_ACCESS_H_
