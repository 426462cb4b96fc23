#include "daemon/disk/open_watch.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <cstddef>

namespace hfget::disk {

OpenWatch::OpenWatch() : fd_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {}

OpenWatch::~OpenWatch() {
  if (fd_ >= 0) close(fd_);
}

std::unique_ptr<OpenWatch::Watched> OpenWatch::Add(const std::string& path) {
  if (fd_ < 0) return nullptr;
  absl::MutexLock lock(&mu_);
  const int wd = inotify_add_watch(fd_, path.c_str(), IN_OPEN | IN_DONT_FOLLOW);
  if (wd < 0) return nullptr;
  ++entries_[wd].watchers;
  return std::make_unique<Watched>(*this, wd);
}

bool OpenWatch::Opened(int wd) {
  absl::MutexLock lock(&mu_);
  Drain();
  return entries_[wd].opened;
}

void OpenWatch::Remove(int wd) {
  absl::MutexLock lock(&mu_);
  if (--entries_[wd].watchers > 0) return;
  entries_.erase(wd);
  (void)inotify_rm_watch(fd_, wd);  // fails when the file is gone, and the watch with it
  Drain();                          // so that the queue does not fill with the farewells of files nobody asks about
}

void OpenWatch::Drain() {
  alignas(inotify_event) char bytes[4096];
  for (;;) {
    const ssize_t got = read(fd_, bytes, sizeof bytes);
    if (got <= 0) return;
    for (ssize_t at = 0; at < got;) {
      const auto* event = reinterpret_cast<const inotify_event*>(bytes + at);
      at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
      if ((event->mask & IN_Q_OVERFLOW) != 0) {
        for (auto& [wd, entry] : entries_) entry.opened = true;
      }
      const auto found = entries_.find(event->wd);
      if (found != entries_.end() && (event->mask & IN_OPEN) != 0) found->second.opened = true;
    }
  }
}

}  // namespace hfget::disk
