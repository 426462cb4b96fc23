#include "daemon/disk/posix_file.h"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/str_cat.h"
#include "daemon/base/status.h"

namespace hfget::disk {
namespace {

// What one write call takes. A kernel with large folios gives each call's bytes a block of memory of up to their size. Blocks up to
// 32 KiB come from those that this processor has freed last; larger ones from memory that a hypervisor may have taken back, and then
// must fill with zeros anew: 2 GiB by 1 MiB took seven times as long. Where that is not so, both are as fast.
constexpr size_t kWriteBytes = 32 * kKiB;

// Calls `call` until something other than a signal ends it.
template <typename Call>
auto Uninterrupted(Call call) {
  decltype(call()) result;
  do {
    result = call();
  } while (result < 0 && errno == EINTR);
  return result;
}

}  // namespace

Descriptor::~Descriptor() {
  if (fd_ >= 0) close(fd_);
}

absl::StatusOr<Descriptor> OpenDescriptor(const std::string& path, int flags, unsigned mode) {
  const int fd = Uninterrupted([&] { return open(path.c_str(), flags | O_CLOEXEC, mode); });
  if (fd < 0) return ErrnoStatus(errno, "open", path);
  return Descriptor(fd);
}

absl::Status PosixFile::PWrite(ByteCount offset, absl::string_view data) {
  while (!data.empty()) {
    const ssize_t written =
        Uninterrupted([&] { return pwrite(descriptor_.get(), data.data(), std::min(data.size(), kWriteBytes), offset); });
    if (written < 0) return ErrnoStatus(errno, "write", path_);
    if (written == 0) return ErrnoStatus(ENOSPC, "write", path_);
    data.remove_prefix(static_cast<size_t>(written));
    offset += written;
  }
  return absl::OkStatus();
}

absl::Status PosixFile::PRead(ByteCount offset, absl::Span<char> out) {
  while (!out.empty()) {
    const ssize_t got =
        Uninterrupted([&] { return pread(descriptor_.get(), out.data(), out.size(), offset); });
    if (got < 0) return ErrnoStatus(errno, "read", path_);
    if (got == 0) {
      return absl::OutOfRangeError(
          absl::StrCat("read ", path_, ": the file ends at byte ", offset));
    }
    out.remove_prefix(static_cast<size_t>(got));
    offset += got;
  }
  return absl::OkStatus();
}

// The free space is looked at first, because a fallocate that fails has filled the disk for
// everybody by then. fallocate(2) itself, not posix_fallocate: glibc emulates the latter by writing
// every block where it is not supported.
absl::Status PosixFile::Allocate(ByteCount size) {
  HFGET_RETURN_IF_ERROR(CheckFreeSpace(size));
  if (size > 0) {
    if (Uninterrupted([&] { return fallocate(descriptor_.get(), 0, 0, size); }) == 0) {
      return absl::OkStatus();
    }
    const bool unsupported = errno == EOPNOTSUPP || errno == EINVAL || errno == ENOSYS;
    if (!unsupported)
      return ErrnoStatus(errno, absl::StrCat("reserve ", size, " bytes for"), path_);
  }
  if (Uninterrupted([&] { return ftruncate(descriptor_.get(), size); }) != 0) {
    return ErrnoStatus(errno, "set the length of", path_);
  }
  return absl::OkStatus();
}

absl::Status PosixFile::CheckFreeSpace(ByteCount size) const {
  struct statvfs fs;
  if (fstatvfs(descriptor_.get(), &fs) != 0)
    return ErrnoStatus(errno, "look at the disk of", path_);
  const auto free = static_cast<ByteCount>(fs.f_bavail * fs.f_frsize);
  if (size <= free) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat("reserve ", size, " bytes for ", path_, ": only ", free, " bytes are free"));
}

absl::Status PosixFile::Sync() {
  if (Uninterrupted([&] { return fdatasync(descriptor_.get()); }) != 0) {
    return ErrnoStatus(errno, "sync", path_);
  }
  return absl::OkStatus();
}

// A hint: when the kernel refuses it, Sync has more to do, nothing else changes.
void PosixFile::StartWriteback(ByteCount offset, ByteCount size) {
  (void)sync_file_range(descriptor_.get(), offset, size, SYNC_FILE_RANGE_WRITE);
}

void PosixFile::DropCache() { (void)posix_fadvise(descriptor_.get(), 0, 0, POSIX_FADV_DONTNEED); }

}  // namespace hfget::disk
