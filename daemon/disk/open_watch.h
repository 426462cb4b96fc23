// Tells whether anybody else has opened a file that is being written here.
#ifndef HFGET_DAEMON_DISK_OPEN_WATCH_H_
#define HFGET_DAEMON_DISK_OPEN_WATCH_H_

#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"

namespace hfget::disk {

// inotify(7), one instance for all files. Best effort: where it is not to be had (no instances left, a network file system,
// whose other machines it does not see), nobody is ever seen. Thread: any.
class OpenWatch {
 public:
  class Watched {
   public:
    Watched(OpenWatch& owner, int wd) : owner_(owner), wd_(wd) {}
    ~Watched() { owner_.Remove(wd_); }
    Watched(const Watched&) = delete;
    Watched& operator=(const Watched&) = delete;

    bool opened() { return owner_.Opened(wd_); }

   private:
    OpenWatch& owner_;  // outlives it
    const int wd_;
  };

  OpenWatch();
  ~OpenWatch();
  OpenWatch(const OpenWatch&) = delete;
  OpenWatch& operator=(const OpenWatch&) = delete;

  // Watches from now on. null: it cannot be.
  std::unique_ptr<Watched> Add(const std::string& path);

 private:
  bool Opened(int wd);
  void Remove(int wd);
  void Drain() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  struct Entry {
    int watchers = 0;  // inotify gives one number to one inode, however often it is asked for
    bool opened = false;
  };

  const int fd_;
  absl::Mutex mu_;
  absl::flat_hash_map<int, Entry> entries_ ABSL_GUARDED_BY(mu_);
};

}  // namespace hfget::disk

#endif  // HFGET_DAEMON_DISK_OPEN_WATCH_H_
