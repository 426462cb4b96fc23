// A file system in memory that counts calls, fails on demand and forgets at a power loss what was
// not synced.
//
// Its power loss is harsher than a real disk's: a name is kept only when its folder was synced,
// bytes only when their file was. What survives here survives everywhere.
#ifndef HFGET_TESTS_FAKES_MEMORY_FILE_SYSTEM_H_
#define HFGET_TESTS_FAKES_MEMORY_FILE_SYSTEM_H_

#include <algorithm>
#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/synchronization/mutex.h"
#include "daemon/base/file_system.h"
#include "daemon/base/status.h"

namespace hfget::testing {

// Thread: any.
class MemoryFileSystem final : public FileSystem {
 public:
  // What a crash takes away.
  enum class Lose {
    kNothing,            // kill -9: the kernel lives on
    kUnsyncedData,       // names survive, bytes that were not synced do not
    kUnsyncedEverything  // bytes and names
  };

  // ---- For tests ----

  // Calls of one kind ("PRead", "Rename", "SyncDirectory", …), or of all kinds.
  int calls(const std::string& operation) const {
    absl::MutexLock lock(&mu_);
    const auto found = calls_.find(operation);
    return found == calls_.end() ? 0 : found->second;
  }
  int calls() const {
    absl::MutexLock lock(&mu_);
    int sum = 0;
    for (const auto& [operation, count] : calls_) sum += count;
    return sum;
  }
  void ResetCalls() {
    absl::MutexLock lock(&mu_);
    calls_.clear();
  }

  // The next `times` calls of `operation` on a path that contains `path_part` fail.
  void Fail(std::string operation, std::string path_part, absl::Status status, int times = 1) {
    absl::MutexLock lock(&mu_);
    faults_.push_back({std::move(operation), std::move(path_part), std::move(status), times});
  }
  // What failed is well again.
  void Mend() {
    absl::MutexLock lock(&mu_);
    faults_.clear();
  }
  // Allocate of more than this answers RESOURCE_EXHAUSTED.
  void set_free_space(ByteCount bytes) {
    absl::MutexLock lock(&mu_);
    free_space_ = bytes;
  }
  // Allocate takes no memory: a file has its length and no bytes.
  void set_hollow() {
    absl::MutexLock lock(&mu_);
    hollow_ = true;
  }
  // DeviceOf says another number for what is below.
  void set_other_device(std::string path) {
    absl::MutexLock lock(&mu_);
    other_device_ = std::move(path);
  }
  // What new modification times are; each is a millisecond later than the one before.
  void set_now(absl::Time now) {
    absl::MutexLock lock(&mu_);
    now_ = now;
  }

  // After `changes` more changing calls the power is gone: every call fails until Crash().
  void LosePowerAfter(int changes) {
    absl::MutexLock lock(&mu_);
    changes_left_ = changes;
  }
  bool power_lost() const {
    absl::MutexLock lock(&mu_);
    return changes_left_ < 0;
  }
  // The machine, or only the process (kNothing), is gone and back: open files are dead, locks free.
  void Crash(Lose lose = Lose::kUnsyncedEverything) {
    absl::MutexLock lock(&mu_);
    changes_left_ = std::numeric_limits<int>::max();
    faults_.clear();
    ++epoch_;
    Forget(*root_, lose);
  }

  // A file that was there before the test began: folders are made, all is synced.
  void Put(const std::string& path, absl::string_view data) {
    absl::MutexLock lock(&mu_);
    std::shared_ptr<Node> folder = root_;
    for (const std::string& name : Split(ParentPath(path))) {
      std::shared_ptr<Node>& child = folder->synced_entries[name];
      if (child == nullptr) child = folder->entries[name];
      if (child == nullptr) child = NewNode(Kind::kFolder);
      folder->entries[name] = child;
      folder = child;
    }
    std::shared_ptr<Node> file = NewNode(Kind::kFile);
    file->data = file->synced_data = std::string(data);
    const std::string name = Split(path).back();
    folder->entries[name] = folder->synced_entries[name] = std::move(file);
  }
  // Somebody else overwrites bytes of a file, on the disk at once.
  void Alter(const std::string& path, ByteCount offset, absl::string_view data) {
    absl::MutexLock lock(&mu_);
    const Place place = Resolve(path, true);
    if (place.node == nullptr) return;
    ++place.node->opens;
    place.node->modified = Tick();
    const size_t end = static_cast<size_t>(offset) + data.size();
    for (std::string* bytes : {&place.node->data, &place.node->synced_data}) {
      if (bytes->size() < end) bytes->resize(end);
      std::copy(data.begin(), data.end(), bytes->begin() + offset);
    }
  }
  // Somebody else removes it, whatever it is and holds.
  void Drop(const std::string& path) {
    absl::MutexLock lock(&mu_);
    const Place place = Resolve(path, false);
    if (place.node == nullptr) return;
    place.folder->entries.erase(place.name);
    place.folder->synced_entries.erase(place.name);
  }
  // Somebody else cuts a file off.
  void Truncate(const std::string& path, ByteCount size) {
    absl::MutexLock lock(&mu_);
    const Place place = Resolve(path, true);
    if (place.node == nullptr) return;
    ++place.node->opens;
    place.node->modified = Tick();
    for (std::string* bytes : {&place.node->data, &place.node->synced_data}) {
      bytes->resize(std::min(bytes->size(), static_cast<size_t>(size)));
    }
  }
  // The content, or "<none>", without counting.
  std::string Content(const std::string& path) const {
    absl::MutexLock lock(&mu_);
    const Place place = Resolve(path, true);
    return place.node != nullptr && place.node->kind == Kind::kFile ? place.node->data : "<none>";
  }
  // What of it a power loss would leave, when the name is left.
  std::string SyncedContent(const std::string& path) const {
    absl::MutexLock lock(&mu_);
    const Place place = Resolve(path, true);
    return place.node != nullptr && place.node->kind == Kind::kFile ? place.node->synced_data
                                                                    : "<none>";
  }
  bool Exists(const std::string& path) const {
    absl::MutexLock lock(&mu_);
    return Resolve(path, false).node != nullptr;
  }
  // Every file ("path"), link ("path -> target") and empty folder ("path/"), sorted.
  std::vector<std::string> Tree() const {
    absl::MutexLock lock(&mu_);
    std::vector<std::string> lines;
    Describe(*root_, "", lines);
    return lines;
  }

  // ---- FileSystem ----

  absl::StatusOr<std::unique_ptr<File>> OpenForWrite(const std::string& path) override {
    absl::MutexLock lock(&mu_);
    const Place place = Resolve(path, false);
    const bool makes = place.node == nullptr;
    HFGET_RETURN_IF_ERROR(makes ? Change("OpenForWrite", path) : Call("OpenForWrite", path));
    if (place.folder == nullptr) return NotThere("open", path);
    std::shared_ptr<Node> node = place.node;
    if (makes) {
      node = NewNode(Kind::kFile);
      place.folder->entries[place.name] = node;
    }
    if (node->kind != Kind::kFile)
      return absl::InternalError("open " + path + ": not a regular file");
    return std::make_unique<OpenFile>(this, std::move(node), path, epoch_);
  }
  absl::StatusOr<std::unique_ptr<File>> OpenForRead(const std::string& path) override {
    absl::MutexLock lock(&mu_);
    HFGET_RETURN_IF_ERROR(Call("OpenForRead", path));
    const Place place = Resolve(path, true);
    if (place.node == nullptr) return NotThere("open", path);
    return std::make_unique<OpenFile>(this, place.node, path, epoch_);
  }
  absl::StatusOr<FileInfo> Stat(const std::string& path) override {
    return Info("Stat", path, true);
  }
  absl::StatusOr<FileInfo> LStat(const std::string& path) override {
    return Info("LStat", path, false);
  }
  absl::StatusOr<std::string> ReadFile(const std::string& path, ByteCount max_bytes) override {
    absl::MutexLock lock(&mu_);
    HFGET_RETURN_IF_ERROR(Call("ReadFile", path));
    const Place place = Resolve(path, true);
    if (place.node == nullptr || place.node->kind != Kind::kFile) return NotThere("read", path);
    if (static_cast<ByteCount>(place.node->data.size()) > max_bytes) {
      return absl::OutOfRangeError("read " + path + ": too long");
    }
    return place.node->data;
  }
  absl::Status WriteFileAtomically(const std::string& path, absl::string_view data,
                                   bool durable) override {
    absl::MutexLock lock(&mu_);
    HFGET_RETURN_IF_ERROR(Change("WriteFileAtomically", path));
    const Place place = Resolve(path, false);
    if (place.folder == nullptr) return NotThere("write", path);
    if (place.node != nullptr && place.node->kind == Kind::kFolder) return IsFolder("write", path);
    std::shared_ptr<Node> node = NewNode(Kind::kFile);
    node->data = std::string(data);
    if (durable) node->synced_data = node->data;
    place.folder->entries[place.name] = std::move(node);
    return absl::OkStatus();
  }
  absl::Status MakeDirectories(const std::string& path) override {
    absl::MutexLock lock(&mu_);
    const Place there = Resolve(path, true);
    const bool exists = there.node != nullptr && there.node->kind == Kind::kFolder;
    HFGET_RETURN_IF_ERROR(exists ? Call("MakeDirectories", path) : Change("MakeDirectories", path));
    std::string so_far;
    for (const std::string& name : Split(path)) {
      absl::StrAppend(&so_far, "/", name);
      const Place place = Resolve(so_far, true);
      if (place.folder == nullptr) return absl::FailedPreconditionError("make the folder " + so_far + ": links lead in a circle");
      if (place.node == nullptr) {
        place.folder->entries[place.name] = NewNode(Kind::kFolder);
      } else if (place.node->kind != Kind::kFolder) {
        return absl::FailedPreconditionError("make the folder " + so_far + ": not a folder");
      }
    }
    return absl::OkStatus();
  }
  absl::Status Rename(const std::string& from, const std::string& to) override {
    absl::MutexLock lock(&mu_);
    HFGET_RETURN_IF_ERROR(Change("Rename", to));
    const Place source = Resolve(from, false);
    const Place target = Resolve(to, false);
    if (source.node == nullptr) return NotThere("rename", from);
    if (target.folder == nullptr) return NotThere("rename to", to);
    if (target.node != nullptr && target.node->kind == Kind::kFolder) return IsFolder("rename", to);
    source.folder->entries.erase(source.name);
    target.folder->entries[target.name] = source.node;
    return absl::OkStatus();
  }
  absl::Status Symlink(const std::string& target, const std::string& path) override {
    absl::MutexLock lock(&mu_);
    HFGET_RETURN_IF_ERROR(Change("Symlink", path));
    const Place place = Resolve(path, false);
    if (place.folder == nullptr) return NotThere("link", path);
    if (place.node != nullptr && place.node->kind == Kind::kFolder) return IsFolder("link", path);
    std::shared_ptr<Node> node = NewNode(Kind::kLink);
    node->data = node->synced_data = target;
    place.folder->entries[place.name] = std::move(node);
    return absl::OkStatus();
  }
  absl::StatusOr<std::string> ReadLink(const std::string& path) override {
    absl::MutexLock lock(&mu_);
    HFGET_RETURN_IF_ERROR(Call("ReadLink", path));
    const Place place = Resolve(path, false);
    if (place.node == nullptr) return NotThere("read the link", path);
    if (place.node->kind != Kind::kLink) return absl::InternalError(path + " is not a link");
    return place.node->data;
  }
  absl::Status Remove(const std::string& path) override {
    absl::MutexLock lock(&mu_);
    HFGET_RETURN_IF_ERROR(Change("Remove", path));
    const Place place = Resolve(path, false);
    if (place.node == nullptr) return absl::OkStatus();
    if (place.node->kind == Kind::kFolder) return IsFolder("remove", path);
    place.folder->entries.erase(place.name);
    return absl::OkStatus();
  }
  absl::Status RemoveDirectoryIfEmpty(const std::string& path) override {
    absl::MutexLock lock(&mu_);
    HFGET_RETURN_IF_ERROR(Change("RemoveDirectoryIfEmpty", path));
    const Place place = Resolve(path, false);
    if (place.node == nullptr || !place.node->entries.empty()) return absl::OkStatus();
    if (place.node->kind != Kind::kFolder) return absl::InternalError(path + " is not a folder");
    place.folder->entries.erase(place.name);
    return absl::OkStatus();
  }
  absl::StatusOr<std::vector<std::string>> List(const std::string& path) override {
    absl::MutexLock lock(&mu_);
    HFGET_RETURN_IF_ERROR(Call("List", path));
    const Place place = Resolve(path, true);
    if (place.node == nullptr || place.node->kind != Kind::kFolder) return NotThere("list", path);
    std::vector<std::string> names;
    for (const auto& [name, node] : place.node->entries) names.push_back(name);
    return names;
  }
  absl::Status SyncDirectory(const std::string& path) override {
    absl::MutexLock lock(&mu_);
    HFGET_RETURN_IF_ERROR(Change("SyncDirectory", path));
    const Place place = Resolve(path, true);
    if (place.node == nullptr || place.node->kind != Kind::kFolder) return NotThere("sync", path);
    place.node->synced_entries = place.node->entries;
    return absl::OkStatus();
  }
  absl::StatusOr<ByteCount> FreeSpace(const std::string& path) override {
    absl::MutexLock lock(&mu_);
    HFGET_RETURN_IF_ERROR(Call("FreeSpace", path));
    return free_space_;
  }
  absl::StatusOr<uint64_t> DeviceOf(const std::string& path) override {
    absl::MutexLock lock(&mu_);
    HFGET_RETURN_IF_ERROR(Call("DeviceOf", path));
    return !other_device_.empty() && absl::StartsWith(path, other_device_) ? 2 : 1;
  }
  absl::StatusOr<std::unique_ptr<FileLock>> TryLock(const std::string& path) override {
    HFGET_RETURN_IF_ERROR(MakeDirectories(ParentPath(path)));
    absl::MutexLock lock(&mu_);
    HFGET_RETURN_IF_ERROR(Call("TryLock", path));
    const Place place = Resolve(path, false);
    std::shared_ptr<Node>& node = place.folder->entries[place.name];
    if (node == nullptr) node = NewNode(Kind::kFile);
    if (node->locked_in == epoch_) return nullptr;
    node->locked_in = epoch_;
    return std::make_unique<Lock>(this, node);
  }

 private:
  enum class Kind { kFile, kFolder, kLink };
  struct Node {
    Kind kind;
    uint64_t inode;
    absl::Time born, modified;
    std::string data;  // of a file, or a link's target
    std::string synced_data;
    std::vector<std::pair<size_t, size_t>> dirty;  // written since the last sync
    ByteCount hollow_size = 0;
    std::map<std::string, std::shared_ptr<Node>> entries;
    std::map<std::string, std::shared_ptr<Node>> synced_entries;
    int opens = 0;
    uint64_t locked_in = 0;  // the epoch in which the lock was taken; 0: free
  };
  // Where a path leads: `node` is null when nothing has that name, `folder` when its parent is
  // missing too.
  struct Place {
    std::shared_ptr<Node> folder;
    std::string name;
    std::shared_ptr<Node> node;
  };
  struct Fault {
    std::string operation, path_part;
    absl::Status status;
    int times;
  };

  class OpenFile final : public File {
   public:
    OpenFile(MemoryFileSystem* fs, std::shared_ptr<Node> node, std::string path, uint64_t epoch)
        : fs_(fs), node_(std::move(node)), path_(std::move(path)), epoch_(epoch), opens_(++node_->opens) {}

    absl::Status PWrite(ByteCount offset, absl::string_view data) override {
      absl::MutexLock lock(&fs_->mu_);
      HFGET_RETURN_IF_ERROR(Change("PWrite"));
      const size_t end = static_cast<size_t>(offset) + data.size();
      if (node_->data.size() < end) node_->data.resize(end);
      std::copy(data.begin(), data.end(), node_->data.begin() + offset);
      node_->dirty.emplace_back(static_cast<size_t>(offset), end);
      node_->modified = fs_->Tick();
      return absl::OkStatus();
    }
    absl::Status PRead(ByteCount offset, absl::Span<char> out) override {
      absl::MutexLock lock(&fs_->mu_);
      HFGET_RETURN_IF_ERROR(fs_->Call("PRead", path_));
      if (static_cast<size_t>(offset) + out.size() > node_->data.size()) {
        return absl::OutOfRangeError("read " + path_ + ": the file ends before");
      }
      std::copy_n(node_->data.begin() + offset, out.size(), out.begin());
      return absl::OkStatus();
    }
    absl::Status Allocate(ByteCount size) override {
      absl::MutexLock lock(&fs_->mu_);
      HFGET_RETURN_IF_ERROR(Change("Allocate"));
      if (size > fs_->free_space_)
        return absl::ResourceExhaustedError("reserve " + path_ + ": disk full");
      fs_->hollow_ ? void(node_->hollow_size = size) : node_->data.resize(static_cast<size_t>(size));
      return absl::OkStatus();
    }
    absl::Status Sync() override {
      absl::MutexLock lock(&fs_->mu_);
      const absl::Status status = Change("Sync");
      // As Linux does it: what could not be written back is clean from now on, and the next sync knows nothing of it.
      const auto dirty = std::exchange(node_->dirty, {});
      if (!status.ok()) return status;
      node_->synced_data.resize(node_->data.size());
      for (const auto& [begin, end] : dirty) {
        std::copy(node_->data.begin() + begin, node_->data.begin() + end, node_->synced_data.begin() + begin);
      }
      return absl::OkStatus();
    }
    void StartWriteback(ByteCount, ByteCount) override {
      absl::MutexLock lock(&fs_->mu_);
      ++fs_->calls_["StartWriteback"];
    }
    void DropCache() override {}
    bool OpenedByOthers() override {
      absl::MutexLock lock(&fs_->mu_);
      return node_->opens != opens_;
    }

   private:
    absl::Status Change(const std::string& operation) ABSL_EXCLUSIVE_LOCKS_REQUIRED(fs_->mu_) {
      if (epoch_ != fs_->epoch_) return absl::UnavailableError("opened before the crash");
      return fs_->Change(operation, path_);
    }

    MemoryFileSystem* const fs_;
    const std::shared_ptr<Node> node_;
    const std::string path_;
    const uint64_t epoch_;
    const int opens_;
  };

  class Lock final : public FileLock {
   public:
    Lock(MemoryFileSystem* fs, std::shared_ptr<Node> node) : fs_(fs), node_(std::move(node)) {}
    ~Lock() override {
      absl::MutexLock lock(&fs_->mu_);
      if (node_->locked_in == fs_->epoch_) node_->locked_in = 0;
    }

   private:
    MemoryFileSystem* const fs_;
    const std::shared_ptr<Node> node_;
  };

  static std::vector<std::string> Split(const std::string& path) {
    return absl::StrSplit(path, '/', absl::SkipEmpty());
  }
  static absl::Status NotThere(absl::string_view what, const std::string& path) {
    return absl::NotFoundError(absl::StrCat(what, " ", path, ": no such file"));
  }
  static absl::Status IsFolder(absl::string_view what, const std::string& path) {
    return absl::InternalError(absl::StrCat(what, " ", path, ": is a folder"));
  }

  absl::Time Tick() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) { return now_ += absl::Milliseconds(1); }

  std::shared_ptr<Node> NewNode(Kind kind) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    auto node = std::make_shared<Node>();
    node->kind = kind;
    node->inode = ++last_inode_;
    node->born = node->modified = Tick();
    return node;
  }

  absl::Status Call(const std::string& operation, const std::string& path)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    ++calls_[operation];
    if (changes_left_ < 0) return absl::UnavailableError("the power is gone");
    for (Fault& fault : faults_) {
      if (fault.times == 0 || fault.operation != operation ||
          !absl::StrContains(path, fault.path_part))
        continue;
      --fault.times;
      return fault.status;
    }
    return absl::OkStatus();
  }
  absl::Status Change(const std::string& operation, const std::string& path)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    if (changes_left_ <= 0) changes_left_ = -1;
    HFGET_RETURN_IF_ERROR(Call(operation, path));
    if (changes_left_ != std::numeric_limits<int>::max()) --changes_left_;
    return absl::OkStatus();
  }

  absl::StatusOr<FileInfo> Info(const std::string& operation, const std::string& path,
                                bool follow) {
    absl::MutexLock lock(&mu_);
    HFGET_RETURN_IF_ERROR(Call(operation, path));
    const Place place = Resolve(path, follow);
    if (place.node == nullptr) return NotThere("look at", path);
    const Node& node = *place.node;
    FileInfo info;
    info.size = std::max(static_cast<ByteCount>(node.data.size()), node.hollow_size);
    info.modified = node.modified;
    info.is_directory = node.kind == Kind::kFolder;
    info.is_symlink = node.kind == Kind::kLink;
    info.device = 1;
    info.inode = node.inode;
    info.born = node.born;
    return info;
  }

  Place Resolve(const std::string& path, bool follow_last) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_) {
    std::vector<std::shared_ptr<Node>> folders = {root_};
    const std::vector<std::string> parts = Split(path);
    std::deque<std::string> names(parts.begin(), parts.end());
    if (names.empty()) return {root_, "", root_};
    for (int links = 0; !names.empty();) {
      const std::string name = names.front();
      names.pop_front();
      if (name == ".") continue;
      if (name == "..") {
        if (folders.size() > 1) folders.pop_back();
        if (names.empty()) return {folders.back(), ".", folders.back()};
        continue;
      }
      const std::shared_ptr<Node> folder = folders.back();
      const auto found = folder->entries.find(name);
      const std::shared_ptr<Node> node = found == folder->entries.end() ? nullptr : found->second;
      const bool last = names.empty();
      if (node != nullptr && node->kind == Kind::kLink && (!last || follow_last)) {
        if (++links > 20) return {};
        const std::vector<std::string> target = Split(node->data);
        if (absl::StartsWith(node->data, "/")) folders.resize(1);
        names.insert(names.begin(), target.begin(), target.end());
        continue;
      }
      if (last) return {folder, name, node};
      if (node == nullptr || node->kind != Kind::kFolder) return {};
      folders.push_back(node);
    }
    return {folders.back(), ".", folders.back()};
  }

  static void Forget(Node& node, Lose lose) {
    if (lose == Lose::kNothing) return;
    node.data = node.synced_data;
    node.dirty.clear();
    if (lose == Lose::kUnsyncedEverything) node.entries = node.synced_entries;
    node.synced_entries = node.entries;
    for (auto& [name, child] : node.entries) Forget(*child, lose);
  }

  static void Describe(const Node& node, const std::string& path, std::vector<std::string>& lines) {
    if (node.kind == Kind::kFile) lines.push_back(path);
    if (node.kind == Kind::kLink) lines.push_back(absl::StrCat(path, " -> ", node.data));
    if (node.kind == Kind::kFolder && node.entries.empty() && !path.empty())
      lines.push_back(path + "/");
    for (const auto& [name, child] : node.entries)
      Describe(*child, absl::StrCat(path, "/", name), lines);
  }

  mutable absl::Mutex mu_;
  std::map<std::string, int> calls_ ABSL_GUARDED_BY(mu_);
  std::vector<Fault> faults_ ABSL_GUARDED_BY(mu_);
  ByteCount free_space_ ABSL_GUARDED_BY(mu_) = 100 * kGiB;
  bool hollow_ ABSL_GUARDED_BY(mu_) = false;
  std::string other_device_ ABSL_GUARDED_BY(mu_);
  int changes_left_ ABSL_GUARDED_BY(mu_) = std::numeric_limits<int>::max();
  uint64_t epoch_ ABSL_GUARDED_BY(mu_) = 1;  // counts crashes
  uint64_t last_inode_ ABSL_GUARDED_BY(mu_) = 100;
  absl::Time now_ ABSL_GUARDED_BY(mu_) = absl::FromUnixSeconds(1767225600);  // 2026-01-01
  std::shared_ptr<Node> root_ ABSL_GUARDED_BY(mu_) = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return NewNode(Kind::kFolder);
  }();
};

}  // namespace hfget::testing

#endif  // HFGET_TESTS_FAKES_MEMORY_FILE_SYSTEM_H_
