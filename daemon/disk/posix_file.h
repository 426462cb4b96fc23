// An open file of this machine, and the descriptor beneath it.
#ifndef HFGET_DAEMON_DISK_POSIX_FILE_H_
#define HFGET_DAEMON_DISK_POSIX_FILE_H_

#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "daemon/base/file_system.h"
#include "daemon/base/types.h"
#include "daemon/disk/open_watch.h"

namespace hfget::disk {

// Owns: a file descriptor.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor();

  int get() const { return fd_; }

 private:
  int fd_;
};

// open(2) with O_CLOEXEC, tried again after EINTR. `mode` counts only with O_CREAT.
absl::StatusOr<Descriptor> OpenDescriptor(const std::string& path, int flags, unsigned mode = 0);

// Constant but for the bytes beneath.
class PosixFile final : public File {
 public:
  // `watch` is of the same file, or null: then nobody is seen.
  PosixFile(Descriptor descriptor, std::string path, std::unique_ptr<OpenWatch::Watched> watch = nullptr)
      : descriptor_(std::move(descriptor)), path_(std::move(path)), watch_(std::move(watch)) {}

  absl::Status PWrite(ByteCount offset, absl::string_view data) override;
  absl::Status PRead(ByteCount offset, absl::Span<char> out) override;
  absl::Status Allocate(ByteCount size) override;
  absl::Status Sync() override;
  void StartWriteback(ByteCount offset, ByteCount size) override;
  void DropCache() override;
  bool OpenedByOthers() override { return watch_ != nullptr && watch_->opened(); }

 private:
  absl::Status CheckFreeSpace(ByteCount size) const;

  const Descriptor descriptor_;
  const std::string path_;  // as opened; for messages
  const std::unique_ptr<OpenWatch::Watched> watch_;
};

}  // namespace hfget::disk

#endif  // HFGET_DAEMON_DISK_POSIX_FILE_H_
