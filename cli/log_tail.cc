#include "cli/log_tail.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <vector>

#include "absl/strings/str_cat.h"

namespace hfget::cli {
namespace {

constexpr off_t kReadBlock = 64 << 10;
constexpr off_t kReadMost = 1 << 20;

off_t BytesIn(int fd) {
  struct stat info;
  return fstat(fd, &info) == 0 ? info.st_size : 0;
}

// Shorter where the file ends, or cannot be read on.
std::string ReadAt(int fd, off_t begin, off_t end) {
  std::string text(std::max<off_t>(end - begin, 0), '\0');
  size_t got = 0;
  while (got < text.size()) {
    const ssize_t n = pread(fd, text.data() + got, text.size() - got, begin + static_cast<off_t>(got));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) break;
    got += n;
  }
  text.resize(got);
  return text;
}

// Puts the file's bytes before `end` in front of `text`, from the back, until that holds all. True: it does.
bool ReadBack(int fd, off_t end, const LogSpan& span, std::string* text) {
  while (end > 0 && !HoldsAll(*text, span)) {
    const off_t begin = std::max<off_t>(end - std::max<off_t>(kReadBlock, text->size()), 0);
    text->insert(0, ReadAt(fd, begin, end));
    end = begin;
  }
  if (end > 0) text->erase(0, text->find('\n') + 1);  // half a line
  return end > 0;
}

// The names that spdlog and logrotate give to the `n`th before.
std::vector<std::string> RotatedNames(const std::string& path, int n) {
  const std::filesystem::path whole(path);
  const std::string stem = (whole.parent_path() / whole.stem()).string();
  return {absl::StrCat(stem, ".", n, whole.extension().string()), absl::StrCat(path, ".", n)};
}

int OpenRotated(const std::string& path, int n) {
  for (const std::string& name : RotatedNames(path, n)) {
    const int fd = open(name.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd >= 0) return fd;
  }
  return -1;
}

}  // namespace

absl::StatusOr<LogTail> LogTail::Open(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  const int error = errno;
  if (fd < 0 && error == ENOENT) return absl::NotFoundError(absl::StrCat(path, " does not exist"));
  if (fd < 0) return absl::PermissionDeniedError(absl::StrCat("cannot read the log ", path, ": ", std::strerror(error)));
  LogTail tail(path, fd);
  struct stat info;
  if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode)) return tail;
  return absl::FailedPreconditionError(absl::StrCat("the log ", path, " is no file that could be read again"));
}

LogTail::~LogTail() {
  if (fd_ >= 0) close(fd_);
}

std::string LogTail::ReadEnd(const LogSpan& span) {
  position_ = BytesIn(fd_);
  std::string text;
  bool all = ReadBack(fd_, position_, span, &text);
  for (int n = 1; !all && !HoldsAll(text, span); ++n) {
    const int fd = OpenRotated(path_, n);
    if (fd < 0) break;
    all = ReadBack(fd, BytesIn(fd), span, &text);
    close(fd);
  }
  return std::string(Wanted(text, span));
}

bool LogTail::FollowRename() {
  struct stat ours, named;
  if (fstat(fd_, &ours) != 0 || stat(path_.c_str(), &named) != 0) return false;
  if (ours.st_dev == named.st_dev && ours.st_ino == named.st_ino) return false;
  const int fd = open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return false;
  close(std::exchange(fd_, fd));
  position_ = 0;
  return true;
}

std::string LogTail::ReadNew() {
  const off_t size = BytesIn(fd_);
  if (size < position_) position_ = 0;  // it was cut
  std::string text = ReadAt(fd_, position_, std::min(size, position_ + kReadMost));
  position_ += static_cast<off_t>(text.size());
  // What was written between this reading and the renaming is read at the next call, from the old file.
  if (text.empty() && BytesIn(fd_) == position_ && FollowRename()) return ReadNew();
  return text;
}

}  // namespace hfget::cli
