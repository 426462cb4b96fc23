#include "daemon/disk/temporary_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <atomic>
#include <cerrno>
#include <cstdint>
#include <optional>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/file_system.h"
#include "daemon/base/status.h"

namespace hfget::disk {
namespace {

std::string FixedBeside(const std::string& path) {
  const uint64_t name = XXH3_64bits(path.data(), path.size());
  return JoinPath(ParentPath(path), absl::StrCat(".hfget-", absl::Hex(name, absl::kZeroPad16), ".tmp"));
}

bool Locked(const Descriptor& file) { return flock(file.get(), LOCK_EX | LOCK_NB) == 0; }

bool IsNamed(const Descriptor& file, const std::string& path) {
  struct stat held, named;
  return fstat(file.get(), &held) == 0 && lstat(path.c_str(), &named) == 0 &&
         held.st_ino == named.st_ino && held.st_dev == named.st_dev;
}

// The file was made just now by this call: nothing that somebody has put there is ever written to.
std::optional<Descriptor> MakeFixed(const std::string& path) {
  absl::StatusOr<Descriptor> made =
      OpenDescriptor(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0644);
  if (!made.ok()) return std::nullopt;
  if (Locked(*made)) {
    // Between the two calls another may have taken it for one that was left behind.
    if (IsNamed(*made, path)) return *std::move(made);
  } else if (errno != EWOULDBLOCK) {
    (void)unlink(path.c_str());  // no locks here
  }
  return std::nullopt;
}

// True: a dead process had left it, and it is gone.
bool RemoveLeftBehind(const std::string& path) {
  const absl::StatusOr<Descriptor> left = OpenDescriptor(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  return left.ok() && Locked(*left) && IsNamed(*left, path) && unlink(path.c_str()) == 0;
}

}  // namespace

std::string UniqueBeside(const std::string& path) {
  static const uint64_t run = std::random_device()();
  static std::atomic<uint64_t> count{0};
  return JoinPath(ParentPath(path),
                  absl::StrCat(".hfget-", absl::Hex(run), "-", count.fetch_add(1), ".tmp"));
}

absl::StatusOr<TemporaryFile> MakeTemporaryBeside(const std::string& path) {
  std::string name = FixedBeside(path);
  std::optional<Descriptor> fixed = MakeFixed(name);
  if (!fixed && RemoveLeftBehind(name)) fixed = MakeFixed(name);
  if (fixed) return TemporaryFile{*std::move(fixed), std::move(name)};
  name = UniqueBeside(path);
  HFGET_ASSIGN_OR_RETURN(Descriptor unique,
                         OpenDescriptor(name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0644));
  return TemporaryFile{std::move(unique), std::move(name)};
}

}  // namespace hfget::disk
