#include "cli/written_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"

namespace hfget::cli {
namespace {

namespace fs = std::filesystem;

absl::Status Failed(const std::string& path) { return absl::ErrnoToStatus(errno, absl::StrCat("cannot write ", path)); }

absl::Status WriteAll(int fd, absl::string_view data, const std::string& path) {
  while (!data.empty()) {
    const ssize_t n = write(fd, data.data(), data.size());
    if (n < 0 && errno != EINTR) return Failed(path);
    if (n > 0) data.remove_prefix(static_cast<size_t>(n));
  }
  return absl::OkStatus();
}

// Renaming over it would put a file in the place of a device.
bool IsStream(const std::string& path) {
  struct stat found {};
  return stat(path.c_str(), &found) == 0 && !S_ISREG(found.st_mode) && !S_ISDIR(found.st_mode);
}

absl::Status WriteStream(const std::string& path, absl::string_view data) {
  const int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (fd < 0) return Failed(path);
  const absl::Status status = WriteAll(fd, data, path);
  close(fd);
  return status;
}

std::string Resolved(const std::string& path) {
  std::error_code error;
  const fs::path whole = fs::weakly_canonical(path, error);
  return error ? path : whole.string();
}

mode_t SharedMode() {
  const mode_t mask = umask(0);
  umask(mask);
  return 0666 & ~mask;
}

struct Temporary {
  int fd = -1;
  std::string path;
};

absl::StatusOr<Temporary> MakeTemporary(const std::string& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) {
    errno = EISDIR;
    return Failed(path);
  }
  Temporary temporary{-1, absl::StrCat(path, ".XXXXXX")};
  temporary.fd = mkostemp(temporary.path.data(), O_CLOEXEC);  // mode 0600
  if (temporary.fd < 0) return Failed(path);
  return temporary;
}

absl::Status Fill(int fd, absl::string_view data, const std::string& path, Secrecy secrecy) {
  if (secrecy == Secrecy::kShared && fchmod(fd, SharedMode()) != 0) return Failed(path);
  if (absl::Status status = WriteAll(fd, data, path); !status.ok()) return status;
  return fsync(fd) == 0 ? absl::OkStatus() : Failed(path);
}

}  // namespace

absl::Status WriteWholeFile(const std::string& named, absl::string_view data, Secrecy secrecy) {
  if (IsStream(named)) return WriteStream(named, data);
  const std::string path = Resolved(named);
  const absl::StatusOr<Temporary> temporary = MakeTemporary(path);
  if (!temporary.ok()) return temporary.status();
  absl::Status status = Fill(temporary->fd, data, path, secrecy);
  close(temporary->fd);
  if (status.ok() && rename(temporary->path.c_str(), path.c_str()) != 0) status = Failed(path);
  if (!status.ok()) unlink(temporary->path.c_str());
  return status;
}

absl::Status CheckWritable(const std::string& path) {
  if (IsStream(path)) {
    return access(path.c_str(), W_OK) == 0 ? absl::OkStatus() : absl::InvalidArgumentError(Failed(path).message());
  }
  const absl::StatusOr<Temporary> temporary = MakeTemporary(Resolved(path));
  if (!temporary.ok()) return absl::InvalidArgumentError(temporary.status().message());
  close(temporary->fd);
  unlink(temporary->path.c_str());
  return absl::OkStatus();
}

}  // namespace hfget::cli
